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
 *
 *     flint-new-6f3a… ─► flint-4711-6f3a… ─► flint-dead-6f3a…
 *     being made         locked: lives       being removed, by anyone, from whatever is left of it
 *
 * A process can die in the middle of each of these, so each has a name. Removing begins with the new
 * name: nothing can be written into the folder by its path any more, and half of it is still rubbish.
 */
import { FileError, type Platform } from "../core/platform.ts";
import type { Locks } from "./platform_deno.ts";

const OWNER = "owner";
const REMOVE_MS_MAX = 500;
/** What the names of application folders look like. */
const NAME = /^flint-(\d+|new|dead)-[0-9a-f]{16}$/;

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
  const path = `${directory}/flint-${owner.pid}-${owner.nonce}`;
  for (;;) {
    files.makeFolder(made);
    let lock: Disposable | undefined;
    try {
      using file = files.create(`${made}/${OWNER}`);
      file.append(new TextEncoder().encode(`${owner.pid}\n`));
      lock = locks.lock(`${made}/${OWNER}`);
      files.rename(made, path);
      return applicationFolder(platform, path, lock);
    } catch (error) {
      lock?.[Symbol.dispose]();
      // An application that starts at this moment took a folder that nobody had locked yet for rubbish.
      if (!isGone(error)) throw error;
    }
  }
}

function applicationFolder(
  platform: Platform,
  path: string,
  lock: Disposable,
): ApplicationFolder {
  return {
    path,
    abandon: () => lock[Symbol.dispose](),
    [Symbol.dispose]() {
      try {
        removeFolder(platform, path);
      } finally {
        lock[Symbol.dispose]();
      }
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
    return removeUnlocked(platform, locks, path);
  } catch (error) {
    // Somebody else's folder, or one that somebody else is removing at this moment.
    if (error instanceof FileError) return error.kind === "notFound";
    throw error;
  }
}

/** Removes a folder unless somebody has its lock. Throws a FileError. */
function removeUnlocked(platform: Platform, locks: Locks, path: string): boolean {
  const state = NAME.exec(path.slice(path.lastIndexOf("/") + 1))?.[1];
  if (state === "dead") return removeFolder(platform, path);
  try {
    using lock = locks.tryLock(`${path}/${OWNER}`);
    return lock !== undefined && removeFolder(platform, path);
  } catch (error) {
    // Its maker died before there was a lock, or makes another one. One that lives had it in time.
    if (isGone(error) && state === "new") return removeFolder(platform, path);
    throw error;
  }
}

/** Removes a folder in which a process that was just killed may still be writing. */
function removeFolder(platform: Platform, path: string): true {
  const { files } = platform;
  const dead = path.replace(/-(\d+|new)-(?=[0-9a-f]+$)/, "-dead-");
  const deadlineMs = platform.monotonicMs() + REMOVE_MS_MAX;
  try {
    if (dead !== path) files.rename(path, dead);
    for (;;) {
      try {
        files.remove(dead);
        return true;
      } catch (error) {
        const wasFilled = error instanceof FileError && error.kind === "exists";
        if (!wasFilled || platform.monotonicMs() > deadlineMs) throw error;
      }
    }
  } catch (error) {
    if (isGone(error)) return true;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof FileError && error.kind === "notFound";
}

function listed(platform: Platform, directory: string): readonly string[] {
  try {
    return platform.files.list(directory);
  } catch (error) {
    if (error instanceof FileError) return [];
    throw error;
  }
}
