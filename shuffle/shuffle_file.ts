/**
 * The output of a map task on a local disk: what one executor writes and any other reads.
 *
 *     NAME.data     partition 0: frame | frame | ...   partition 1: frame | ...      ShuffleFileSink
 *                   or sorted runs, as run.ts writes them                            SortedFileSink
 *     frame         u32 CRC32 of what follows, u32 block bytes, u32 records | block
 *
 *     NAME.index    f64 exchange, f64 map partition, f64 attempt, f64 records, f64 data bytes,
 *                   f64 partitions, f64 offset per partition and one for the end,
 *                   u32 magic and version, u32 CRC32 of all before
 *
 * Both are written under other names and put in their places when they are complete, the data
 * first: an index tells that its data is there. Readers check every byte that they use, so that a
 * lost or damaged output is made again instead of giving wrong results.
 */
import { assert } from "../core/errors.ts";
import { FileError, type Platform, type WritableFile } from "../core/platform.ts";
import type { PartitionId } from "../core/plan/plan.ts";
import type { MapOutput } from "../core/task.ts";
import type { BlockSink, RunSink } from "./carrier.ts";
import { MapOutputDamaged, type MapOutputOrigin, openWritten } from "./damage.ts";
import { type OutputIndex, OutputIndexes } from "./output_indexes.ts";
import { openRuns, type Run } from "./run.ts";
import { sampleOf } from "./run_sample.ts";

const FRAME_HEADER_BYTES = 12;
const INDEX_FIELDS = 6;
const MAGIC = 0x31584649; // "IFX1"
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
  readonly #data: string;
  readonly #index: string;

  constructor(place: MapOutputPlace) {
    const { exchange, partition, attempt } = place;
    const { name = `exchange-${exchange}-map-${partition}-${attempt}` } = place;
    this.#place = place;
    this.file = `${place.folder}/${name}.data`;
    this.#data = `${place.root}/${this.file}`;
    this.#index = indexPathOf(this.#data);
  }

  get dataInProgress(): string {
    return `${this.#data}.part`;
  }

  /** Writes the index and puts both files in their places. */
  commit(records: number, dataBytes: number, offsets: readonly number[]): void {
    const { platform, exchange, partition, attempt } = this.#place;
    const fields = [exchange, partition, attempt, records, dataBytes, offsets.length - 1];
    const index = encodeIndex(platform, [...fields, ...offsets]);
    const indexInProgress = `${this.#index}.part`;
    try {
      using file = platform.files.create(indexInProgress, { replace: true });
      file.append(index);
    } catch (error) {
      removeIfThere(platform, indexInProgress);
      throw error;
    }
    platform.files.rename(this.dataInProgress, this.#data);
    platform.files.rename(indexInProgress, this.#index);
  }

  /** Leaves nothing behind of an output that was not committed. */
  discard(): void {
    removeIfThere(this.#place.platform, this.dataInProgress);
  }
}

/** Writes blocks, partition by partition, to one file. Throws a FileError where it cannot. */
export class ShuffleFileSink implements BlockSink {
  readonly kind = "blocks";
  readonly #platform: Platform;
  readonly #files: OutputFiles;
  readonly #data: WritableFile;
  /** Where each partition begins; those that have begun so far. */
  readonly #offsets: number[] = [];
  readonly #partitions: number;
  readonly #header = new DataView(new ArrayBuffer(FRAME_HEADER_BYTES));
  #records = 0;
  #isOpen = true;

  constructor(place: MapOutputPlace, partitions: number) {
    this.#platform = place.platform;
    this.#partitions = partitions;
    this.#files = new OutputFiles(place);
    this.#data = place.platform.files.create(this.#files.dataInProgress, { replace: true });
  }

  write(partition: PartitionId, block: Uint8Array, records: number): void {
    assert(
      partition < this.#partitions && partition >= this.#offsets.length - 1,
      `a block of partition ${partition} came after partition ${this.#offsets.length - 1}`,
    );
    this.#beginUpTo(partition);
    const header = this.#header;
    header.setUint32(4, block.length, true);
    header.setUint32(8, records, true);
    const seed = this.#platform.crc32(new Uint8Array(header.buffer, 4));
    header.setUint32(0, this.#platform.crc32(block, seed), true);
    this.#data.append(new Uint8Array(header.buffer));
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
    this.#data[Symbol.dispose]();
    this.#files.discard();
  }

  #beginUpTo(partition: PartitionId): void {
    while (this.#offsets.length <= partition) this.#offsets.push(this.#data.bytes);
  }
}

/** Takes the sorted runs of a map task as they are, in the one file that `path` names. */
export class SortedFileSink implements RunSink {
  readonly kind = "runs";
  readonly path: string;
  readonly #platform: Platform;
  readonly #files: OutputFiles;
  #isOpen = true;

  constructor(place: MapOutputPlace) {
    this.#platform = place.platform;
    this.#files = new OutputFiles(place);
    this.path = this.#files.dataInProgress;
    // An attempt that was killed may have left its beginnings.
    removeIfThere(this.#platform, this.path);
  }

  /** `runs`: all that lie in the file, which has been sealed and closed. */
  close(runs: readonly Run[]): MapOutput {
    const records = runs.reduce((sum, run) => sum + run.records, 0);
    const { bytes } = this.#platform.files.info(this.path);
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
 * checked; a block is the caller's to keep. `path` is that of the data file; what is `known` of it
 * is not read. Throws a MapOutputDamaged, at the latest at the block that is not what was written.
 */
export function* readPartition(
  platform: Platform,
  path: string,
  origin: MapOutputOrigin,
  partition: PartitionId,
  known = new OutputIndexes(0),
): Generator<Uint8Array, void, undefined> {
  const index = known.index(path, () => readIndex(platform, path, origin));
  const damaged = (detail: string) => new MapOutputDamaged(origin, `${detail} in ${path}`);
  let at = index.offsets[partition] ?? NaN;
  const end = index.offsets[partition + 1] ?? NaN;
  if (!(at <= end)) throw damaged(`there is no partition ${partition}`);
  if (at === end) return;
  using file = openWritten(platform, path, origin);
  if (file.bytes !== index.dataBytes) {
    throw damaged(`there are ${file.bytes} bytes instead of ${index.dataBytes}`);
  }
  const headerBytes = new Uint8Array(FRAME_HEADER_BYTES);
  const header = new DataView(headerBytes.buffer);
  while (at < end) {
    file.readAt(at, headerBytes);
    const blockAt = at + FRAME_HEADER_BYTES;
    const blockBytes = header.getUint32(4, true);
    if (blockAt + blockBytes > end) throw damaged(`the block at byte ${at} is too long`);
    const block = new Uint8Array(blockBytes);
    file.readAt(blockAt, block);
    const seed = platform.crc32(headerBytes.subarray(4));
    if (platform.crc32(block, seed) !== header.getUint32(0, true)) {
      throw damaged(`the checksum of the block at byte ${at} is wrong`);
    }
    yield block;
    at = blockAt + blockBytes;
  }
}

/**
 * The runs of a map output that SortedFileSink has taken. `path` is that of the data file; what is
 * `known` of it is not read. Throws a MapOutputDamaged, and so does reading the runs where a block is
 * not what was written.
 */
export function openSortedOutput(
  platform: Platform,
  path: string,
  origin: MapOutputOrigin,
  known = new OutputIndexes(0),
): readonly Run[] {
  return known.runs(path, () => {
    const { dataBytes } = readIndex(platform, path, origin);
    using file = openWritten(platform, path, origin);
    if (file.bytes !== dataBytes) {
      const detail = `there are ${file.bytes} bytes instead of ${dataBytes} in ${path}`;
      throw new MapOutputDamaged(origin, detail);
    }
    return openRuns(platform, path, origin);
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

function encodeIndex(platform: Platform, numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(8 * numbers.length + 8);
  const view = new DataView(bytes.buffer);
  numbers.forEach((number, i) => view.setFloat64(8 * i, number, true));
  const at = 8 * numbers.length;
  view.setUint32(at, MAGIC, true);
  view.setUint32(at + 4, platform.crc32(bytes.subarray(0, at + 4)), true);
  return bytes;
}

function readIndex(platform: Platform, dataPath: string, origin: MapOutputOrigin): OutputIndex {
  const path = indexPathOf(dataPath);
  const damaged = (detail: string) => new MapOutputDamaged(origin, `${detail}: ${path}`);
  using file = openWritten(platform, path, origin);
  const bytes = new Uint8Array(file.bytes);
  file.readAt(0, bytes);
  const view = new DataView(bytes.buffer);
  const at = bytes.length - 8;
  if (at < 8 * INDEX_FIELDS || at % 8 !== 0 || view.getUint32(at, true) !== MAGIC) {
    throw damaged("the index is cut short or is none");
  }
  if (view.getUint32(at + 4, true) !== platform.crc32(bytes.subarray(0, at + 4))) {
    throw damaged("the checksum of the index is wrong");
  }
  const numbers = new Float64Array(at / 8);
  for (let i = 0; i < numbers.length; i++) numbers[i] = view.getFloat64(8 * i, true);
  if (numbers[0] !== origin.exchange || numbers[1] !== origin.partition) {
    throw damaged(`this is map partition ${numbers[1]} of exchange ${numbers[0]}`);
  }
  return { dataBytes: numbers[4]!, offsets: numbers.subarray(INDEX_FIELDS) };
}

function removeIfThere(platform: Platform, path: string): void {
  try {
    platform.files.remove(path);
  } catch (error) {
    if (!(error instanceof FileError && error.kind === "notFound")) throw error;
  }
}
