/** The files of this machine, over what the platform gives. */
import { type Compression, FileError, type Files, type Platform } from "../core/platform.ts";
import type { FileSystem, OutputFile } from "./file_system.ts";

const PIECE_BYTES = 1024 * 1024;
/** As other programs make files: who may read them, the user's umask says. */
const OUTPUT_MODE = 0o666;

/**
 * The platform's files as a FileSystem. Paths may also be written as `file:///path`. `warn` tells the
 * user something.
 */
export function localFileSystem(
  { files, unpack, packer }: Pick<Platform, "files" | "unpack" | "packer">,
  warn: (message: string) => void = () => undefined,
): FileSystem {
  return {
    info: (path) => attempt(() => files.info(localPath(path))),
    list: (path) => attempt(() => files.list(localPath(path))),
    realPath: (path) => attempt(() => files.realPath(localPath(path))),
    read: (path, from, to) => read(files, localPath(path), from, to),
    readPacked: (path, compression) => readPacked(files, localPath(path), compression, unpack),
    create: (path, compression) =>
      compression === undefined
        ? attempt(() => plainFile(files, localPath(path)))
        : packedFile(files, localPath(path), compression, packer),
    makeFolder: (path, options) =>
      attempt(() => files.makeFolder(localPath(path), { ...options, mode: 0o777 })),
    rename: (from, to) => attempt(() => files.rename(localPath(from), localPath(to))),
    remove: (path) => attempt(() => files.remove(localPath(path))),
    sync: (folder) => syncFolder(files, localPath(folder)),
    warn,
  };
}

/** What is thrown at once becomes a rejected promise. */
// deno-lint-ignore require-await -- it exists to turn a throw into a rejection
async function attempt<T>(act: () => T): Promise<T> {
  return act();
}

/** Some file systems do it by themselves and refuse; not all that is written in may be read. */
async function syncFolder(files: Files, path: string): Promise<void> {
  try {
    await files.syncLater(path);
  } catch (error) {
    const kind = error instanceof FileError ? error.kind : undefined;
    if (kind !== "invalidPath" && kind !== "denied" && kind !== "notGranted") throw error;
  }
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

async function* readPacked(
  files: Files,
  path: string,
  compression: Compression,
  unpack: Platform["unpack"],
): AsyncIterable<Uint8Array> {
  let unpackedBytes = 0;
  try {
    for await (const piece of unpack(compression, read(files, path, 0, Infinity))) {
      unpackedBytes += piece.length;
      yield piece;
    }
  } catch (error) {
    if (error instanceof FileError) throw error;
    const found = error instanceof Error ? error.message : String(error);
    const where = `${compression}: ${found}, after ${unpackedBytes} unpacked bytes`;
    throw new FileError("corrupt", "unpack", path, { cause: new Error(where, { cause: error }) });
  }
}

function plainFile(files: Files, path: string): OutputFile {
  const file = files.create(path, { mode: OUTPUT_MODE });
  return {
    append: (bytes) => attempt(() => file.append(bytes)),
    async close() {
      using _ = file;
      await files.syncLater(path);
    },
  };
}

async function packedFile(
  files: Files,
  path: string,
  compression: Compression,
  packer: Platform["packer"],
): Promise<OutputFile> {
  const file = files.create(path, { mode: OUTPUT_MODE });
  const packing = await packer(compression, (bytes) => file.append(bytes));
  return {
    append: (bytes) => packing.write(bytes),
    async close() {
      try {
        await packing.finish();
        await files.syncLater(path);
      } finally {
        packing[Symbol.dispose]();
        file[Symbol.dispose]();
      }
    },
  };
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
