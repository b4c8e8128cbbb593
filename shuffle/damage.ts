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
  origin: MapOutputOrigin | undefined,
): RecordError {
  if (origin !== undefined) {
    return new MapOutputDamaged(origin, `${detail} (at byte ${offset} of ${path})`);
  }
  return new RecordError(
    "CorruptBlock",
    `Cannot read what lies at byte ${offset} of ${path}: ${detail}`,
    "The file was changed, or the disk is failing; run the job again",
  );
}

/** Opens a file that was written before: a map output that is gone or cannot be read is damaged. */
export function openWritten(
  platform: Platform,
  path: string,
  origin: MapOutputOrigin | undefined,
): ReadableFile {
  if (origin === undefined) return platform.files.open(path);
  return new MapOutputFile(origin, reading(origin, () => platform.files.open(path)));
}

/** The file of a map output: where the disk fails, the output is lost, and is made again elsewhere. */
class MapOutputFile implements ReadableFile {
  readonly path: string;
  readonly bytes: number;
  readonly #origin: MapOutputOrigin;
  readonly #file: ReadableFile;

  constructor(origin: MapOutputOrigin, file: ReadableFile) {
    this.path = file.path;
    this.bytes = file.bytes;
    this.#origin = origin;
    this.#file = file;
  }

  readAt(offset: number, into: Uint8Array): number {
    return reading(this.#origin, () => this.#file.readAt(offset, into));
  }

  async readAtLater(offset: number, into: Uint8Array): Promise<number> {
    try {
      return await this.#file.readAtLater(offset, into);
    } catch (error) {
      throw lossOf(this.#origin, error);
    }
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}

function reading<T>(origin: MapOutputOrigin, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw lossOf(origin, error);
  }
}

/** What is not there, and what the disk cannot give (`other`: such as EIO), can be made again. */
function lossOf(origin: MapOutputOrigin, error: unknown): unknown {
  const isLost = error instanceof FileError && /^(notFound|other)$/.test(error.kind);
  return isLost ? new MapOutputDamaged(origin, error.message, { cause: error }) : error;
}
