/**
 * What `shuffle`, `io` and `workers` may ask of the system they run on.
 *
 * workers/platform_deno.ts implements it; nothing else in these folders names `Deno` or `node:`, so
 * another runtime is one more file. Files are read and written synchronously, because a task must
 * not await between two records; the control thread has `readAhead` beside it.
 */

/** Why the system refused: the same words on every runtime. */
export type FileErrorKind =
  | "notFound"
  | "denied" // the operating system's permissions
  | "notGranted" // the runtime's permissions: --allow-read and its like
  | "exists"
  | "noSpace"
  | "tooManyOpen"
  | "isFolder"
  | "invalidPath"
  | "loop"
  | "corrupt" // packed data that is damaged or cut off
  | "other";

/** The system refused an act on a file. */
export class FileError extends Error {
  override readonly name = "FileError";

  constructor(
    readonly kind: FileErrorKind,
    /** What was tried, such as `open`. */
    readonly act: string,
    readonly path: string,
    options?: ErrorOptions,
  ) {
    super(
      `cannot ${act} ${path}: ${(options?.cause as Error | undefined)?.message ?? kind}`,
      options,
    );
  }
}

/**
 * What went wrong first. Where a disk fails, closing and removing files fails as well while an error
 * is on its way; the language then throws a SuppressedError, in which the first one is hidden.
 */
export function firstThrown(error: unknown): unknown {
  let first = error;
  while (first instanceof SuppressedError && first.error instanceof FileError) {
    first = first.suppressed;
  }
  return first;
}

export type FileInfo = Readonly<{
  kind: "file" | "folder" | "other";
  bytes: number;
  /** Tells whether a file is still as it was: device, inode, size and time of change. */
  version: string;
  /** Tells whether it is still the same file, whatever is in it: device and inode. */
  identity: string;
}>;

/** An open file to read from. Positions are absolute. */
export interface ReadableFile extends Disposable {
  readonly path: string;
  readonly bytes: number;
  /** Fills `into` from `offset` on and returns how many bytes there were: fewer only at the end. */
  readAt(offset: number, into: Uint8Array): number;
  /** The same without blocking the thread. */
  readAtLater(offset: number, into: Uint8Array): Promise<number>;
}

/** A new file that grows at its end. */
export interface WritableFile extends Disposable {
  readonly path: string;
  readonly bytes: number;
  /** Writes all of it, or throws a FileError. */
  append(bytes: Uint8Array): void;
}

/** Files and folders, synchronously. Every method throws a FileError. */
export interface Files {
  info(path: string): FileInfo;
  /** The names in a folder, sorted by code point. */
  list(path: string): readonly string[];
  /** The path with every link followed. */
  realPath(path: string): string;
  open(path: string): ReadableFile;
  /** A new file, mode 0600; `exists` if there is one of that name and `replace` is not set. */
  create(path: string, options?: Readonly<{ replace?: boolean; mode?: number }>): WritableFile;
  /** A new folder; `exists` if there is something of that name. */
  makeFolder(path: string, options?: Readonly<{ parents?: boolean; mode?: number }>): void;
  rename(from: string, to: string): void;
  /** A file, or a folder with all that is in it. */
  remove(path: string): void;
  /**
   * Resolves once what a file holds, or which names a folder has, would outlast a power cut. It does
   * not block the thread.
   */
  syncLater(path: string): Promise<void>;
}

/** How bytes are packed. */
export type Compression = "gzip" | "zstd";

/** Packs what is written into one stream; the packed bytes go where its maker said. */
export interface Packer extends Disposable {
  /** Resolves once the bytes have been taken in. */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves once the last packed bytes have been put. */
  finish(): Promise<void>;
}

export type MemoryReading = Readonly<{ rssBytes: number; heapUsedBytes: number }>;

/** The system, as tasks see it. */
export interface Platform {
  readonly files: Files;
  /** CRC-32 (IEEE 802.3) as an unsigned number; `seed` continues an earlier one. */
  crc32(bytes: Uint8Array, seed?: number): number;
  /**
   * The bytes that were packed, in pieces of up to 1 MB; members or frames that follow each other
   * are one. A piece may be overwritten once the next one is asked for. Rejects where the data is
   * damaged or ends too early. For threads that may wait.
   */
  unpack(compression: Compression, pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  /** Packs a stream: `put` gets the packed bytes, in order. For threads that may wait. */
  packer(compression: Compression, put: (bytes: Uint8Array) => void): Promise<Packer>;
  /** Packs a block by itself. */
  packBlock(compression: Compression, block: Uint8Array): Uint8Array;
  /** Unpacks it; throws where it is damaged, or longer than `bytesMax`. */
  unpackBlock(compression: Compression, packed: Uint8Array, bytesMax: number): Uint8Array;
  memory(): MemoryReading;
  /** Milliseconds on a clock that never goes back. */
  monotonicMs(): number;
}
