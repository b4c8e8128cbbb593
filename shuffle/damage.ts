/** What is said when bytes that were written are not the bytes that are read. */
import { RecordError } from "../core/errors.ts";
import { FileError, type Platform, type ReadableFile } from "../core/platform.ts";
import type { PartitionId } from "../core/plan/plan.ts";
import type { ExchangeId } from "../core/task.ts";

/** The map output that a file is: which exchange it belongs to, and which map task made it. */
export type MapOutputOrigin = Readonly<{ exchange: ExchangeId; partition: PartitionId }>;

/** A map output is missing, cut short, changed or not what it should be: it has to be made again. */
export class MapOutputDamaged extends RecordError {
  readonly exchange: ExchangeId;
  /** The partition of the map side. */
  readonly partition: PartitionId;
  /** What was found. */
  readonly detail: string;

  constructor({ exchange, partition }: MapOutputOrigin, detail: string, options?: ErrorOptions) {
    super(
      "CorruptBlock",
      `Cannot read the output of map partition ${partition} of exchange ${exchange}: ${detail}`,
      undefined,
      options,
    );
    this.exchange = exchange;
    this.partition = partition;
    this.detail = detail;
  }
}

/** The error for damage in a file; a MapOutputDamaged where it is a map output. */
export function damaged(
  path: string,
  offset: number,
  detail: string,
  origin?: MapOutputOrigin,
  options?: ErrorOptions,
): RecordError {
  if (origin !== undefined) {
    return new MapOutputDamaged(origin, `${detail} (at byte ${offset} of ${path})`, options);
  }
  return new RecordError(
    "CorruptBlock",
    `Cannot read what lies at byte ${offset} of ${path}: ${detail}`,
    "The file was changed, or the disk is failing; run the job again",
    options,
  );
}

/**
 * Opens a file that was written before. What is gone, or what the disk cannot give, is damaged: a map
 * output is made again, and whoever wrote a spill for itself starts over.
 */
export function openWritten(
  platform: Platform,
  path: string,
  origin: MapOutputOrigin | undefined,
): ReadableFile {
  return new WrittenFile(readingWritten(path, 0, () => platform.files.open(path), origin), origin);
}

/** A file in which a disk that fails is damage. */
class WrittenFile implements ReadableFile {
  readonly path: string;
  readonly bytes: number;
  readonly #file: ReadableFile;
  readonly #origin: MapOutputOrigin | undefined;

  constructor(file: ReadableFile, origin: MapOutputOrigin | undefined) {
    this.path = file.path;
    this.bytes = file.bytes;
    this.#file = file;
    this.#origin = origin;
  }

  readAt(offset: number, into: Uint8Array): number {
    const read = () => this.#file.readAt(offset, into);
    return readingWritten(this.path, offset, read, this.#origin);
  }

  async readAtLater(offset: number, into: Uint8Array): Promise<number> {
    try {
      return await this.#file.readAtLater(offset, into);
    } catch (error) {
      throw lossOf(this.path, offset, error, this.#origin);
    }
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}

/** What `read` gives; where the disk fails, the file is damaged at `offset`. */
export function readingWritten<T>(
  path: string,
  offset: number,
  read: () => T,
  origin?: MapOutputOrigin,
): T {
  try {
    return read();
  } catch (error) {
    throw lossOf(path, offset, error, origin);
  }
}

/**
 * What is not there, and what the disk cannot give (`other`: such as EIO), can be made again; what the
 * system forbids it would forbid again.
 */
function lossOf(
  path: string,
  offset: number,
  error: unknown,
  origin: MapOutputOrigin | undefined,
): unknown {
  const isLost = error instanceof FileError && /^(notFound|isFolder|other)$/.test(error.kind);
  return isLost ? damaged(path, offset, error.message, origin, { cause: error }) : error;
}
