/**
 * The output of a map task on a local disk: what one executor writes and any other reads.
 *
 *     NAME.data     header | partition 0: frame | frame | ...   partition 1: ...     ShuffleFileSink
 *                   header | sorted runs, as run.ts writes them                      SortedFileSink
 *     frame         u32 block bytes, u32 records, u32 CRC32 | block
 *                   the checksum is that of the header, the offset of the frame (f64), bytes,
 *                   records and block: a frame is right in its own place alone
 *
 *     NAME.index    header | f64 exchange, f64 map partition, f64 attempt, f64 records,
 *                   f64 data bytes, f64 partitions, u32 CRC32 of all before | f64 offset per
 *                   partition and one for the end, u32 CRC32 that goes on from the first
 *
 *     header        whose file it is (file_header.ts)
 *
 * Both are written under other names and put in their places when they are complete, the data
 * first: an index tells that its data is there. Readers check every byte that they use, and every
 * size before they allocate it, so that a lost or damaged output is made again instead of giving
 * wrong results.
 */
import { assert } from "../core/errors.ts";
import {
  FileError,
  type Platform,
  type ReadableFile,
  type WritableFile,
} from "../core/platform.ts";
import type { PartitionId } from "../core/plan/plan.ts";
import type { MapOutput } from "../core/task.ts";
import type { BlockSink, RunSink } from "./carrier.ts";
import { MapOutputDamaged, type MapOutputOrigin, openWritten } from "./damage.ts";
import { type FileHeader, headerFault, headerFor } from "./file_header.ts";
import { type OutputIndex, OutputIndexes } from "./output_indexes.ts";
import type { ReusedMemory } from "./reused_memory.ts";
import { type KeyRange, openRuns, type Run, sealRuns } from "./run.ts";
import { sampleOf } from "./run_sample.ts";

const FRAME_HEADER_BYTES = 12;
const OFFSET_BYTES = 8;
const CRC_BYTES = 4;
const INDEX_FIELDS = 6;
const INDEX_FIELDS_BYTES = INDEX_FIELDS * OFFSET_BYTES + CRC_BYTES;
/** Bounds for a few hundred partitions need no more, and the driver keeps one sample a map task. */
const SAMPLE_KEYS_MAX = 1000;

/** Which map output a file is to be, and where it goes. */
export type MapOutputPlace =
  & MapOutputOrigin
  & Readonly<{
    platform: Platform;
    /** The application's folder. */
    root: string;
    /** The folder in it that this executor may write to; it exists. */
    folder: string;
    attempt: number;
    /** What the files are called, where they are no map output; `exchange-2-map-0-1` by default. */
    name?: string | undefined;
  }>;

/** The names of an output while it is being written and after. */
class OutputFiles {
  /** Below the application's folder. */
  readonly file: string;
  readonly #place: MapOutputPlace;
  /** How the data file begins. */
  readonly header: FileHeader;
  readonly #data: string;
  readonly #index: string;
  #isDataPlaced = false;

  constructor(place: MapOutputPlace) {
    const { exchange, partition, attempt } = place;
    const { name = `exchange-${exchange}-map-${partition}-${attempt}` } = place;
    this.#place = place;
    this.file = `${place.folder}/${name}.data`;
    this.#data = `${place.root}/${this.file}`;
    this.#index = indexPathOf(this.#data);
    this.header = headerFor(place.platform, this.#data);
  }

  get dataInProgress(): string {
    return `${this.#data}.part`;
  }

  /** The data file, which has its header. What an attempt that was killed left is replaced. */
  create(): WritableFile {
    const file = this.#place.platform.files.create(this.dataInProgress, { replace: true });
    try {
      file.append(this.header.bytes);
    } catch (error) {
      // Both in turn, also where one of them throws.
      using _file = file;
      this.discard();
      throw error;
    }
    return file;
  }

  get #indexInProgress(): string {
    return `${this.#index}.part`;
  }

  /** Writes the index and puts both files in their places. */
  commit(records: number, dataBytes: number, offsets: readonly number[]): void {
    const { platform, exchange, partition, attempt } = this.#place;
    const fields = [exchange, partition, attempt, records, dataBytes, offsets.length - 1];
    const index = encodeIndex(platform, this.#index, fields, offsets);
    {
      using file = platform.files.create(this.#indexInProgress, { replace: true });
      file.append(index);
    }
    platform.files.rename(this.dataInProgress, this.#data);
    this.#isDataPlaced = true;
    platform.files.rename(this.#indexInProgress, this.#index);
  }

  /** Leaves nothing behind of an output that was not committed. */
  discard(): void {
    const { platform } = this.#place;
    removeQuietly(platform, this.dataInProgress);
    removeQuietly(platform, this.#indexInProgress);
    // Not before: what has that name may be an earlier output.
    if (this.#isDataPlaced) removeQuietly(platform, this.#data);
  }
}

/** Writes blocks, partition by partition, to one file. Throws a FileError where it cannot. */
export class ShuffleFileSink implements BlockSink {
  readonly kind = "blocks";
  readonly #files: OutputFiles;
  readonly #data: WritableFile;
  /** Where each partition begins; those that have begun so far. */
  readonly #offsets: number[] = [];
  readonly #partitions: number;
  readonly #frame: FramePlace;
  #records = 0;
  #isOpen = true;

  constructor(place: MapOutputPlace, partitions: number) {
    this.#partitions = partitions;
    this.#files = new OutputFiles(place);
    this.#frame = new FramePlace(place.platform, this.#files.header.seed);
    this.#data = this.#files.create();
  }

  write(partition: PartitionId, block: Uint8Array, records: number): void {
    assert(
      partition < this.#partitions && partition >= this.#offsets.length - 1,
      `a block of partition ${partition} came after partition ${this.#offsets.length - 1}`,
    );
    this.#beginUpTo(partition);
    this.#data.append(this.#frame.headerOf(this.#data.bytes, block, records));
    this.#data.append(block);
    this.#records += records;
  }

  close(): MapOutput {
    this.#beginUpTo(this.#partitions);
    this.#data[Symbol.dispose]();
    this.#files.commit(this.#records, this.#data.bytes, this.#offsets);
    this.#isOpen = false;
    return { file: this.#files.file, records: this.#records, bytes: this.#data.bytes };
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      this.#data[Symbol.dispose]();
    } finally {
      this.#files.discard();
    }
  }

  #beginUpTo(partition: PartitionId): void {
    while (this.#offsets.length <= partition) this.#offsets.push(this.#data.bytes);
  }
}

/** Makes and checks the headers of frames; the one that was read last lies in `read`. */
class FramePlace {
  /** f64 offset; then the header as it lies in the file. */
  readonly #bytes = new Uint8Array(OFFSET_BYTES + FRAME_HEADER_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  readonly #platform: Platform;
  readonly #seed: number;
  /** Where the header of a frame is to be read to. */
  readonly read = this.#bytes.subarray(OFFSET_BYTES);

  /** `seed`: that of the file's header. */
  constructor(platform: Platform, seed: number) {
    this.#platform = platform;
    this.#seed = seed;
  }

  /** What goes before a block that is written at `offset`; good until the next one. */
  headerOf(offset: number, block: Uint8Array, records: number): Uint8Array {
    this.#view.setUint32(OFFSET_BYTES, block.length, true);
    this.#view.setUint32(OFFSET_BYTES + 4, records, true);
    this.#view.setUint32(OFFSET_BYTES + 8, this.#checksum(offset, block), true);
    return this.read;
  }

  /** How long the block behind the header in `read` says to be. */
  get blockBytes(): number {
    return this.#view.getUint32(OFFSET_BYTES, true);
  }

  /** Whether `block` is the one of the header in `read`, which lies at `offset`. */
  isRight(offset: number, block: Uint8Array): boolean {
    return this.#view.getUint32(OFFSET_BYTES + 8, true) === this.#checksum(offset, block);
  }

  #checksum(offset: number, block: Uint8Array): number {
    this.#view.setFloat64(0, offset, true);
    const place = this.#platform.crc32(this.#bytes.subarray(0, OFFSET_BYTES + 8), this.#seed);
    return this.#platform.crc32(block, place);
  }
}

/** Takes the sorted runs of a map task as they are. */
export class SortedFileSink implements RunSink {
  readonly kind = "runs";
  readonly #platform: Platform;
  readonly #files: OutputFiles;
  #isOpen = true;

  constructor(place: MapOutputPlace) {
    this.#platform = place.platform;
    this.#files = new OutputFiles(place);
  }

  create(): WritableFile {
    return this.#files.create();
  }

  seal(file: WritableFile, runs: readonly Run[]): void {
    sealRuns(this.#platform, file, runs, this.#files.header);
  }

  /** `runs`: all that lie in the file, which has been sealed and closed. */
  close(runs: readonly Run[]): MapOutput {
    const records = runs.reduce((sum, run) => sum + run.records, 0);
    const { bytes } = this.#platform.files.info(this.#files.dataInProgress);
    const sample = sampleOf(this.#platform, runs, SAMPLE_KEYS_MAX);
    this.#files.commit(records, bytes, [0]);
    this.#isOpen = false;
    return { file: this.#files.file, records, bytes, sample };
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#files.discard();
  }
}

/**
 * The blocks of one partition of a map output, in the order in which they were written, each
 * checked. Those that are read to the same `memory` are overwritten by the next; else a block is the
 * caller's to keep. `path` is that of the data file; what is `known` of it is not read. Throws a
 * MapOutputDamaged, at the latest at the block that is not what was written.
 */
export function* readPartition(
  platform: Platform,
  path: string,
  origin: MapOutputOrigin,
  partition: PartitionId,
  known = new OutputIndexes(0),
  memory?: ReusedMemory,
): Generator<Uint8Array, void, undefined> {
  const header = headerFor(platform, path);
  const damaged = (detail: string) => new MapOutputDamaged(origin, `${detail} in ${path}`);
  // Frames tell whose they are themselves; so how the file begins need not be read each time.
  const index = known.index(path, () => {
    const found = readIndex(platform, path, origin);
    using file = openData(platform, path, origin, found);
    const fault = headerFault(platform, file, header);
    if (fault !== undefined) throw damaged(fault);
    return found;
  });
  let at = index.offsets[partition] ?? NaN;
  const end = index.offsets[partition + 1] ?? NaN;
  if (!(at <= end && end <= index.dataBytes)) throw damaged(`there is no partition ${partition}`);
  if (at === end) return;
  using file = openData(platform, path, origin, index);
  const frame = new FramePlace(platform, header.seed);
  while (at < end) {
    file.readAt(at, frame.read);
    const blockAt = at + FRAME_HEADER_BYTES;
    const blockEnd = blockAt + frame.blockBytes;
    if (blockEnd > end) throw damaged(`the block at byte ${at} is too long`);
    const block = memory?.take(frame.blockBytes) ?? new Uint8Array(frame.blockBytes);
    file.readAt(blockAt, block);
    if (!frame.isRight(at, block)) {
      throw damaged(`the checksum of the block at byte ${at} is wrong`);
    }
    yield block;
    at = blockEnd;
  }
}

/**
 * The runs of a map output that SortedFileSink has taken, as far as a range needs them. `path` is that
 * of the data file; what is `known` of it is not read. Throws a MapOutputDamaged, and so does reading
 * the runs where a block is not what was written.
 */
export function openSortedOutput(
  platform: Platform,
  path: string,
  origin: MapOutputOrigin,
  range: KeyRange = {},
  known = new OutputIndexes(0),
): readonly Run[] {
  return known.runs(path, range, () => {
    openData(platform, path, origin, readIndex(platform, path, origin))[Symbol.dispose]();
    return openRuns(platform, path, { origin, header: headerFor(platform, path) });
  });
}

/** Deletes a map output; one that is not there is none. */
export function removeOutput(platform: Platform, path: string): void {
  removeIfThere(platform, indexPathOf(path));
  removeIfThere(platform, path);
}

function indexPathOf(dataPath: string): string {
  return dataPath.replace(/\.data$/, ".index");
}

/** The data of an output, as long as its index says. */
function openData(
  platform: Platform,
  path: string,
  origin: MapOutputOrigin,
  { dataBytes }: OutputIndex,
): ReadableFile {
  const file = openWritten(platform, path, origin);
  if (file.bytes === dataBytes) return file;
  file[Symbol.dispose]();
  throw new MapOutputDamaged(
    origin,
    `there are ${file.bytes} bytes instead of ${dataBytes} in ${path}`,
  );
}

function encodeIndex(
  platform: Platform,
  path: string,
  fields: readonly number[],
  offsets: readonly number[],
): Uint8Array {
  const header = headerFor(platform, path);
  const fieldsAt = header.bytes.length;
  const offsetsAt = fieldsAt + INDEX_FIELDS_BYTES;
  const bytes = new Uint8Array(offsetsAt + OFFSET_BYTES * offsets.length + CRC_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(header.bytes);
  fields.forEach((field, i) => view.setFloat64(fieldsAt + OFFSET_BYTES * i, field, true));
  offsets.forEach((offset, i) => view.setFloat64(offsetsAt + OFFSET_BYTES * i, offset, true));
  // Behind a checksum that is part of what it checks every checksum is the same; so it is left out.
  const fieldsCrc = platform.crc32(bytes.subarray(0, offsetsAt - CRC_BYTES));
  view.setUint32(offsetsAt - CRC_BYTES, fieldsCrc, true);
  const end = bytes.length - CRC_BYTES;
  view.setUint32(end, platform.crc32(bytes.subarray(offsetsAt, end), fieldsCrc), true);
  return bytes;
}

function readIndex(platform: Platform, dataPath: string, origin: MapOutputOrigin): OutputIndex {
  const path = indexPathOf(dataPath);
  const damaged = (detail: string) => new MapOutputDamaged(origin, `${detail}: ${path}`);
  using file = openWritten(platform, path, origin);
  const header = headerFor(platform, path);
  const fault = headerFault(platform, file, header);
  if (fault !== undefined) throw damaged(fault);
  const fieldsAt = header.bytes.length;
  const offsetsAt = fieldsAt + INDEX_FIELDS_BYTES;
  const read = (at: number, bytes: number): DataView<ArrayBuffer> => {
    const found = new Uint8Array(bytes);
    file.readAt(at, found);
    return new DataView(found.buffer);
  };
  /** The checksum of bytes that end with it. */
  const isRight = (view: DataView<ArrayBuffer>, seed: number): boolean => {
    const checked = new Uint8Array(view.buffer, 0, view.byteLength - CRC_BYTES);
    return platform.crc32(checked, seed) === view.getUint32(checked.length, true);
  };
  if (file.bytes < offsetsAt) throw damaged("the index is cut short");
  const fields = read(fieldsAt, INDEX_FIELDS_BYTES);
  if (!isRight(fields, platform.crc32(header.bytes))) {
    throw damaged("the checksum of the index is wrong");
  }
  const [exchange, partition, , , dataBytes, partitions] = numbersIn(fields, INDEX_FIELDS);
  if (exchange !== origin.exchange || partition !== origin.partition) {
    throw damaged(`this is map partition ${partition} of exchange ${exchange}`);
  }
  const offsetsBytes = OFFSET_BYTES * (partitions! + 1) + CRC_BYTES;
  if (file.bytes !== offsetsAt + offsetsBytes) {
    throw damaged(`the index has ${file.bytes} bytes instead of ${offsetsAt + offsetsBytes}`);
  }
  const offsets = read(offsetsAt, offsetsBytes);
  const fieldsCrc = fields.getUint32(INDEX_FIELDS_BYTES - CRC_BYTES, true);
  if (!isRight(offsets, fieldsCrc)) throw damaged("the checksum of the index is wrong");
  return { dataBytes: dataBytes!, offsets: numbersIn(offsets, partitions! + 1) };
}

function numbersIn(view: DataView, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => view.getFloat64(OFFSET_BYTES * i, true));
}

function removeIfThere(platform: Platform, path: string): void {
  try {
    platform.files.remove(path);
  } catch (error) {
    if (!(error instanceof FileError && error.kind === "notFound")) throw error;
  }
}

/**
 * Takes away what a failed task has begun. A disk that fails once may do it the second time; what
 * it does not remove goes with the application's folder, and must not hide why the task failed.
 */
export function removeQuietly(platform: Platform, path: string): void {
  try {
    removeIfThere(platform, path);
  } catch {
    try {
      removeIfThere(platform, path);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
    }
  }
}
