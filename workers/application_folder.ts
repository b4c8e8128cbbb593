/**
 * The private folder that an application has in each of its local directories.
 *
 *     /tmp/flint-4711-6f3a…/     mode 0700
 *       owner                    locked by the driver while it lives
 *       broadcast-3
 *       executor-0-0/            what one slot writes: shuffle and spill files
 *
 * Everything that is written on the way lies in there. A folder whose owner file nobody locks is
 * rubbish: the driver is gone, however it ended. Whoever sees that first removes it: the executors
 * that lost their driver, or the next application that starts.
 */
import { FileError, type Platform } from "../core/platform.ts";
import type { Locks } from "./platform_deno.ts";

const OWNER = "owner";
/** What the names of application folders look like. */
const NAME = /^flint-\d+-[0-9a-f]{16}$/;

/** An application's folder in one directory. Disposing it removes it with all that is in it. */
export type ApplicationFolder =
  & Disposable
  & Readonly<{
    path: string;
    /** Gives the folder up without removing it: from now on it is rubbish. */
    abandon: () => void;
  }>;

/** Makes a folder in `directory`. `nonce`: 16 hexadecimal digits. Throws a FileError. */
export function makeApplicationFolder(
  platform: Platform,
  locks: Locks,
  directory: string,
  owner: Readonly<{ pid: number; nonce: string }>,
): ApplicationFolder {
  const { files } = platform;
  const made = `${directory}/flint-new-${owner.nonce}`;
  files.makeFolder(made);
  using file = files.create(`${made}/${OWNER}`);
  file.append(new TextEncoder().encode(`${owner.pid}\n`));
  const lock = locks.lock(`${made}/${OWNER}`);
  const path = `${directory}/flint-${owner.pid}-${owner.nonce}`;
  files.rename(made, path);
  return {
    path,
    abandon: () => lock[Symbol.dispose](),
    [Symbol.dispose]() {
      removeFolder(platform, path);
      lock[Symbol.dispose]();
    },
  };
}

/** Removes what applications that are dead left in `directory`. What cannot be removed stays. */
export function removeAllAbandoned(platform: Platform, locks: Locks, directory: string): void {
  for (const name of listed(platform, directory)) {
    if (NAME.test(name)) removeIfAbandoned(platform, locks, `${directory}/${name}`);
  }
}

/** Removes an application's folder if its owner is gone; true if it is. */
export function removeIfAbandoned(platform: Platform, locks: Locks, path: string): boolean {
  try {
    using lock = locks.tryLock(`${path}/${OWNER}`);
    if (lock === undefined) return false;
    platform.files.remove(path);
    return true;
  } catch (error) {
    // Somebody else's folder, or one that somebody else is removing at this moment.
    if (error instanceof FileError) return error.kind === "notFound";
    throw error;
  }
}

/** Removes a folder in which a process that was just killed may still be writing. */
function removeFolder(platform: Platform, path: string): void {
  const deadlineMs = platform.monotonicMs() + 500;
  for (;;) {
    try {
      return platform.files.remove(path);
    } catch (error) {
      if (error instanceof FileError && error.kind === "notFound") return;
      if (platform.monotonicMs() > deadlineMs) throw error;
    }
  }
}

function listed(platform: Platform, directory: string): readonly string[] {
  try {
    return platform.files.list(directory);
  } catch (error) {
    if (error instanceof FileError) return [];
    throw error;
  }
}
