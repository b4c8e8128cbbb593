/**
 * A platform whose files say which disk is full, for what has one place only, such as map outputs.
 * (Spills try the next folder first: SpillManager.)
 */
import { OutputError } from "../core/errors.ts";
import { FileError, type Platform, type WritableFile } from "../core/platform.ts";

/**
 * The same platform, but where no space is left `create` and `append` throw OutputError DiskFull.
 * `found` is told of it.
 */
export function namingFullDisks(
  platform: Platform,
  found: () => void = () => undefined,
): Platform {
  const { files } = platform;
  return {
    crc32: (bytes, seed) => platform.crc32(bytes, seed),
    unpack: (compression, pieces) => platform.unpack(compression, pieces),
    packer: (compression, put) => platform.packer(compression, put),
    packBlock: (compression, block) => platform.packBlock(compression, block),
    unpackBlock: (compression, packed, bytesMax) =>
      platform.unpackBlock(compression, packed, bytesMax),
    memory: () => platform.memory(),
    monotonicMs: () => platform.monotonicMs(),
    files: {
      info: (path) => files.info(path),
      list: (path) => files.list(path),
      realPath: (path) => files.realPath(path),
      open: (path) => files.open(path),
      create: (path, options) =>
        new LimitedFile(writing(path, 0, () => files.create(path, options), found), found),
      makeFolder: (path, options) => files.makeFolder(path, options),
      rename: (from, to) => files.rename(from, to),
      remove: (path) => files.remove(path),
      syncLater: (path) => files.syncLater(path),
    },
  };
}

class LimitedFile implements WritableFile {
  readonly #file: WritableFile;
  readonly #found: () => void;

  constructor(file: WritableFile, found: () => void) {
    this.#file = file;
    this.#found = found;
  }

  get path(): string {
    return this.#file.path;
  }

  get bytes(): number {
    return this.#file.bytes;
  }

  append(bytes: Uint8Array): void {
    writing(this.path, this.bytes + bytes.length, () => this.#file.append(bytes), this.#found);
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}

/** `bytes`: how long the file would have become. */
function writing<T>(path: string, bytes: number, write: () => T, found: () => void): T {
  try {
    return write();
  } catch (error) {
    if (!(error instanceof FileError && error.kind === "noSpace")) throw error;
    found();
    const at = path.lastIndexOf("/");
    throw diskFull(
      `Cannot write to ${path.slice(0, at)}: no space is left; ` +
        `${path.slice(at + 1)} needs ${bytes} bytes`,
      error,
    );
  }
}

/** The error for a local directory on a full disk. `message` names the folder and the bytes. */
export function diskFull(message: string, cause?: Error): OutputError {
  return new OutputError(
    "DiskFull",
    message,
    "Free some space, or name folders on other disks in spark.local.dir",
    cause === undefined ? undefined : { cause },
  );
}
