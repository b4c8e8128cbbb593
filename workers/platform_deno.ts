/**
 * The system through Deno: the one file of `workers`, beside the two entry points, that names it.
 *
 *     shuffle, io, workers ──► Platform (core/platform.ts) ◄── denoPlatform (this file)
 *
 * What it needs from `Deno` is taken when the module is loaded, so that a task that patches the
 * global object changes nothing for the tasks after it.
 */
import type { PipeCommand } from "../core/plan/ops.ts";
import { FileError } from "../core/platform.ts";
import type {
  Compression,
  FileErrorKind,
  FileInfo,
  Files,
  Packer,
  Platform,
  ReadableFile,
  WritableFile,
} from "../core/platform.ts";
import type { RunningProgram } from "./pipes.ts";
import { unzstd } from "./unzstd.ts";

const { memoryUsage, mkdirSync, open, openSync, readDirSync, realPathSync, removeSync } = Deno;
const { renameSync, SeekMode, statSync } = Deno;
// In a worker, what user code finds says that the task has asked for the time (draws.ts).
const monotonicMs = performance.now.bind(performance);

type Zlib = typeof import("node:zlib");

/** Node's zlib takes some 20 ms to load: not before the first block of a shuffle. */
let zlib: Zlib | undefined;
function loadedZlib(): Zlib {
  zlib ??= process.getBuiltinModule("node:zlib");
  return zlib;
}

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** Errno names (`error.code`), and the names of Deno's classes where it gives no errno. */
const KINDS: Readonly<Record<string, FileErrorKind>> = {
  ENOENT: "notFound",
  ENOTDIR: "notFound",
  EACCES: "denied",
  EPERM: "denied",
  EROFS: "denied",
  NotCapable: "notGranted",
  EEXIST: "exists",
  ENOTEMPTY: "exists",
  ENOSPC: "noSpace",
  EDQUOT: "noSpace",
  EFBIG: "noSpace",
  EMFILE: "tooManyOpen",
  ENFILE: "tooManyOpen",
  EISDIR: "isFolder",
  EINVAL: "invalidPath",
  ENAMETOOLONG: "invalidPath",
  ELOOP: "loop",
};

function kindOf(cause: unknown): FileErrorKind {
  if (!(cause instanceof Error)) return "other";
  const code = (cause as { code?: unknown }).code;
  return KINDS[typeof code === "string" ? code : cause.name] ?? "other";
}

function fileErrorOf(cause: unknown, act: string, path: string): FileError {
  return cause instanceof FileError ? cause : new FileError(kindOf(cause), act, path, { cause });
}

/** Runs one act on a file; what the system throws leaves as a FileError. */
function attempt<T>(act: string, path: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw fileErrorOf(cause, act, path);
  }
}

function infoOf(stat: Deno.FileInfo): FileInfo {
  const changedMs = stat.mtime?.getTime() ?? 0;
  return {
    kind: stat.isFile ? "file" : stat.isDirectory ? "folder" : "other",
    bytes: stat.size,
    version: `${stat.dev}:${stat.ino}:${stat.size}:${changedMs}`,
    identity: `${stat.dev}:${stat.ino}`,
  };
}

/** By code point; JavaScript's own comparison of strings puts U+10000 before U+FFFF. */
function compareNames(a: string, b: string): number {
  const lengthMin = Math.min(a.length, b.length);
  for (let i = 0; i < lengthMin; i++) {
    const unitA = a.charCodeAt(i);
    const unitB = b.charCodeAt(i);
    if (unitA === unitB) continue;
    return lifted(unitA) - lifted(unitB);
  }
  return a.length - b.length;
}

/** Moves surrogates above all other code units, where the code points that they spell belong. */
function lifted(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

class DenoReadableFile implements ReadableFile {
  readonly path: string;
  readonly bytes: number;
  readonly #file: Deno.FsFile;
  /** Where the system's cursor stands: reading on from there needs no seek. */
  #position = 0;
  /** Reads that do not block have a cursor of their own and wait for one another. */
  #laterFile: Promise<Deno.FsFile> | undefined;
  #lastRead: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.path = path;
    this.#file = attempt("open", path, () => openSync(path));
    try {
      const info = attempt("open", path, () => infoOf(this.#file.statSync()));
      if (info.kind === "folder") throw new FileError("isFolder", "open", path);
      this.bytes = info.bytes;
    } catch (error) {
      this.#file.close();
      throw error;
    }
  }

  readAt(offset: number, into: Uint8Array): number {
    return attempt("read", this.path, () => {
      if (offset !== this.#position) this.#file.seekSync(offset, SeekMode.Start);
      let filled = 0;
      while (filled < into.length) {
        const count = this.#file.readSync(into.subarray(filled));
        if (count === null) break;
        filled += count;
      }
      this.#position = offset + filled;
      return filled;
    });
  }

  readAtLater(offset: number, into: Uint8Array): Promise<number> {
    const read = this.#lastRead.then(() => this.#readNow(offset, into));
    this.#lastRead = read.catch(() => undefined);
    return read;
  }

  async #readNow(offset: number, into: Uint8Array): Promise<number> {
    try {
      this.#laterFile ??= open(this.path);
      const file = await this.#laterFile;
      await file.seek(offset, SeekMode.Start);
      let filled = 0;
      while (filled < into.length) {
        const count = await file.read(into.subarray(filled));
        if (count === null) break;
        filled += count;
      }
      return filled;
    } catch (cause) {
      throw fileErrorOf(cause, "read", this.path);
    }
  }

  [Symbol.dispose](): void {
    attempt("close", this.path, () => closeOnce(this.#file));
    const later = this.#laterFile;
    if (later === undefined) return;
    this.#lastRead.then(() => later).then(closeOnce).catch(() => undefined);
  }
}

class DenoWritableFile implements WritableFile {
  readonly path: string;
  readonly #file: Deno.FsFile;
  #bytes = 0;

  constructor(path: string, replace: boolean, mode: number) {
    this.path = path;
    const how = replace ? { create: true, truncate: true } : { createNew: true };
    this.#file = attempt("create", path, () => openSync(path, { write: true, mode, ...how }));
  }

  get bytes(): number {
    return this.#bytes;
  }

  append(bytes: Uint8Array): void {
    attempt("write", this.path, () => {
      let written = 0;
      while (written < bytes.length) {
        const count = this.#file.writeSync(bytes.subarray(written));
        written += count;
        this.#bytes += count;
      }
    });
  }

  [Symbol.dispose](): void {
    attempt("close", this.path, () => closeOnce(this.#file));
  }
}

/** Closes a file that may have been closed before. */
function closeOnce(file: Deno.FsFile): void {
  try {
    file.close();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "BadResource") throw error;
  }
}

/** Who is alive: whoever holds the lock on a file. Each act throws a FileError. */
export interface Locks {
  /** Waits for the lock, blocking the thread; disposing what it returns gives it back. */
  lock(path: string): Disposable;
  /** The same without waiting; undefined if somebody else has it. */
  tryLock(path: string): Disposable | undefined;
  /** Resolves once nobody has it. */
  unlocked(path: string): Promise<void>;
}

const files: Files = {
  info: (path) => attempt("look at", path, () => infoOf(statSync(path))),
  list: (path) =>
    attempt(
      "list",
      path,
      () => Array.from(readDirSync(path), (entry) => entry.name).sort(compareNames),
    ),
  realPath: (path) => attempt("resolve", path, () => realPathSync(path)),
  open: (path) => new DenoReadableFile(path),
  create: (path, options = {}) =>
    new DenoWritableFile(path, options.replace ?? false, options.mode ?? FILE_MODE),
  makeFolder: (path, options = {}) =>
    attempt("make the folder", path, () => {
      mkdirSync(path, {
        recursive: options.parents ?? false,
        mode: options.mode ?? FOLDER_MODE,
      });
    }),
  rename: (from, to) => attempt("rename", from, () => renameSync(from, to)),
  remove: (path) => attempt("remove", path, () => removeSync(path, { recursive: true })),
  syncLater,
};

/** Any handle will do: the system writes out what all of them have written. */
async function syncLater(path: string): Promise<void> {
  try {
    using file = await open(path);
    await file.sync();
  } catch (cause) {
    throw fileErrorOf(cause, "sync", path);
  }
}

/** Locks on files, which the system releases when the isolate that holds one is gone. */
export const denoLocks: Locks = {
  lock(path) {
    const file = attempt("lock", path, () => openSync(path, { write: true }));
    attempt("lock", path, () => file.lockSync(true));
    return { [Symbol.dispose]: () => closeOnce(file) };
  },
  tryLock(path) {
    const file = attempt("lock", path, () => openSync(path, { write: true }));
    if (file.tryLockSync(true)) return { [Symbol.dispose]: () => closeOnce(file) };
    file.close();
    return undefined;
  },
  async unlocked(path) {
    using file = attempt("lock", path, () => openSync(path, { write: true }));
    await file.lock(true);
  },
};

const GUNZIPPED_PIECE_BYTES = 256 * 1024;

async function* gunzip(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  // Most jobs read nothing that is packed: the streams of Node are loaded for those that do.
  const [{ pipeline, Readable }, { createGunzip }] = await Promise.all([
    import("node:stream"),
    import("node:zlib"),
  ]);
  const unpacked = createGunzip({ chunkSize: GUNZIPPED_PIECE_BYTES });
  // What fails on either side ends the other, and is thrown by the iteration.
  pipeline(Readable.from(copied(pieces), { objectMode: false }), unpacked, () => undefined);
  yield* unpacked;
}

async function* unpack(
  compression: Compression,
  pieces: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  switch (compression) {
    case "gzip":
      return yield* gunzip(pieces);
    case "zstd": {
      const { createZstdDecompress } = await import("node:zlib");
      return yield* unzstd(pieces, createZstdDecompress);
    }
  }
}

async function packer(
  compression: Compression,
  put: (bytes: Uint8Array) => void,
): Promise<Packer> {
  const { constants, createGzip, createZstdCompress } = await import("node:zlib");
  // The checksum lets whoever reads it notice what was damaged on the way, as that of gzip does.
  const stream = compression === "gzip"
    ? createGzip()
    : createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  stream.on("error", reject);
  stream.on("data", (bytes) => {
    try {
      put(bytes);
    } catch (error) {
      reject(error);
    }
  });
  const act = (run: (done: () => void) => void) =>
    Promise.race([new Promise<void>((resolve) => run(resolve)), failed]);
  return {
    write: (bytes) => act((done) => stream.write(bytes, () => done())),
    finish: () =>
      act((done) => {
        stream.on("end", done);
        stream.end();
      }),
    [Symbol.dispose]: () => void stream.destroy(),
  };
}

/** Pieces that stay as they are when the next one is asked for: streams read ahead. */
async function* copied(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  for await (const piece of pieces) yield piece.slice();
}

/**
 * Starts a program in a process group of its own, so that what it starts ends with it. Throws a
 * FileError.
 */
export function startProgram(
  { argv: [program, ...args], env }: PipeCommand,
  cwd: string,
): RunningProgram {
  const child = attempt("run", program, () =>
    new Deno.Command(program, {
      args,
      env,
      cwd,
      clearEnv: true,
      detached: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn());
  const input = child.stdin.getWriter();
  // A program that reads no more rejects what it is given: `write` says so.
  input.closed.catch(() => undefined);
  let hasEnded = false;
  return {
    pid: child.pid,
    output: child.stdout,
    errors: child.stderr,
    write: (bytes) => input.write(bytes.slice()),
    endInput: () => input.close().catch(() => undefined),
    ended: child.status.then(({ code, signal }) => {
      hasEnded = true;
      return { code, signal: signal ?? undefined };
    }),
    kill: () => hasEnded || killGroup(child.pid),
  };
}

/** Ends a program with all that it has started. Not ours any more if it has ended. */
export function killGroup(pid: number): void {
  try {
    Deno.kill(-pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** The system through Deno. It may do what the permissions of its process or worker allow. */
export const denoPlatform: Platform = {
  files,
  crc32: (bytes, seed = 0) => loadedZlib().crc32(bytes, seed),
  unpack,
  packer,
  packBlock(compression, block) {
    const { gzipSync, zstdCompressSync } = loadedZlib();
    return compression === "gzip" ? gzipSync(block) : zstdCompressSync(block);
  },
  unpackBlock(compression, packed, bytesMax) {
    const { gunzipSync, zstdDecompressSync } = loadedZlib();
    const unpackAtOnce = compression === "gzip" ? gunzipSync : zstdDecompressSync;
    return unpackAtOnce(packed, { maxOutputLength: bytesMax });
  },
  memory() {
    const { rss, heapUsed } = memoryUsage();
    return { rssBytes: rss, heapUsedBytes: heapUsed };
  },
  monotonicMs,
};
