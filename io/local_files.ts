/** The files of this machine, over what the platform gives. */
import { FileError, type Files, type Platform } from "../core/platform.ts";
import type { FileSystem } from "./file_system.ts";

const PIECE_BYTES = 1024 * 1024;

/** The platform's files as a FileSystem. Paths may also be written as `file:///path`. */
export function localFileSystem(
  { files, gunzip }: Pick<Platform, "files" | "gunzip">,
): FileSystem {
  return {
    info: (path) => attempt(() => files.info(localPath(path))),
    list: (path) => attempt(() => files.list(localPath(path))),
    realPath: (path) => attempt(() => files.realPath(localPath(path))),
    read: (path, from, to) => read(files, localPath(path), from, to),
    readGzip: (path) => readGzip(files, localPath(path), gunzip),
    create: (path) =>
      attempt(() => {
        const file = files.create(localPath(path), { mode: 0o666 });
        return {
          append: (bytes) => attempt(() => file.append(bytes)),
          close: () => attempt(() => file[Symbol.dispose]()),
        };
      }),
    makeFolder: (path, options) =>
      attempt(() => files.makeFolder(localPath(path), { ...options, mode: 0o777 })),
    rename: (from, to) => attempt(() => files.rename(localPath(from), localPath(to))),
    remove: (path) => attempt(() => files.remove(localPath(path))),
  };
}

/** What is thrown at once becomes a rejected promise. */
// deno-lint-ignore require-await -- it exists to turn a throw into a rejection
async function attempt<T>(act: () => T): Promise<T> {
  return act();
}

async function* read(
  files: Files,
  path: string,
  from: number,
  to: number,
): AsyncIterable<Uint8Array> {
  using file = files.open(path);
  const buffer = new Uint8Array(Math.max(0, Math.min(PIECE_BYTES, to - from)));
  for (let at = from; at < to;) {
    const got = await file.readAtLater(at, buffer.subarray(0, Math.min(buffer.length, to - at)));
    if (got === 0) return;
    yield buffer.subarray(0, got);
    at += got;
  }
}

async function* readGzip(
  files: Files,
  path: string,
  gunzip: Platform["gunzip"],
): AsyncIterable<Uint8Array> {
  try {
    yield* gunzip(read(files, path, 0, Infinity));
  } catch (cause) {
    throw cause instanceof FileError ? cause : new FileError("corrupt", "unpack", path, { cause });
  }
}

/** The path itself: what `file:` says about the host is dropped, %-escapes are not touched. */
function localPath(path: string): string {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(path);
  if (scheme === null) return path;
  if (scheme[1] === "file") return path.replace(/^file:(\/\/(localhost)?(?=\/))?/, "");
  if (path.startsWith(`${scheme[0]}//`)) {
    throw new FileError("invalidPath", "use", path, {
      cause: new Error(`there is no file system for ${scheme[0]}//`),
    });
  }
  return path;
}
