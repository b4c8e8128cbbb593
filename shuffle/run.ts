/**
 * A run: sorted records on disk, in blocks.
 *
 *     file       run 0 | run 1 | ... | directory | trailer
 *     run        block | block | ...
 *     block      u32 CRC32 of what follows, u32 payload bytes, u32 records | payload
 *     payload    records, one behind the other; a record lies in one block
 *     record     varint key length, varint value length, key, value
 *
 *     directory  per run:   f64 offset, f64 bytes, f64 records, u32 blocks, u32 largest payload,
 *                           u32 longest key
 *                           and its blocks (block_index.ts)
 *     trailer    f64 directory offset, u32 runs, u32 CRC32 of the directory, u32 magic,
 *                u32 CRC32 of the trailer
 *
 * Numbers are little-endian. Keys are opaque and ordered by unsigned bytes. The first key of each
 * block is a sparse index: a reader starts in the middle of a run, so the ranges can be chosen
 * after the run was written, and those very keys are the sample to choose them by. Runs that
 * never leave their process (spills) need no directory; `sealRuns` adds it for other processes.
 *
 * An entry of the index has the checksum of its block, in memory and on disk, so that a block which
 * is whole but lies in the place of another one is found too. Where a file has a header
 * (file_header.ts), the checksums of directory and trailer go on from it: they belong to that file.
 */
import { assert } from "../core/errors.ts";
import type { Platform, ReadableFile, WritableFile } from "../core/platform.ts";
import {
  type BlockEntry,
  type BlockIndex,
  BlockIndexBuilder,
  copiesOf,
  IndexMemory,
} from "./block_index.ts";
import {
  compareKeyBytes,
  putRecord,
  putVarint,
  RECORD_HEADER_BYTES_MAX,
  varintBytes,
} from "./bytes.ts";
import { damaged, type MapOutputOrigin, openWritten } from "./damage.ts";
import { type FileHeader, headerFault } from "./file_header.ts";
import { free } from "./free_memory.ts";

/**
 * The payload that a block is cut at. From 64 KB to 1 MB it makes no difference to a merge of few
 * runs; at 500 runs smaller blocks are faster (cache) and take less memory, one block a run.
 */
export const BLOCK_BYTES = 256 * 1024;
/** What stands before the payload of a block. */
export const BLOCK_HEADER_BYTES = 12;
/** Keys in an index are cut to this length, so that an index stays small beside its run. */
export const INDEX_KEY_BYTES_MAX = 1024;

const RUN_ENTRY_BYTES = 36;
const TRAILER_BYTES = 24;
const MAGIC = 0x334e5552; // "RUN3"

/** The handle of sorted records on disk. `bytes` are those of its blocks, headers included. */
export type Run = Readonly<{
  path: string;
  offset: number;
  bytes: number;
  records: number;
  blocks: BlockIndex;
  /** The largest payload of its blocks. */
  blockBytesMax: number;
  /** The longest of its keys. */
  keyBytesMax: number;
  /** Where it is part of a map output: damage is then a MapOutputDamaged that names it. */
  origin?: MapOutputOrigin;
}>;

/** Keys from `from` on, up to but without `to`; an absent end is open. */
export type KeyRange = Readonly<{ from?: Uint8Array; to?: Uint8Array }>;

/**
 * Appends one run to a file. Records come in the order of their keys, which is the caller's duty.
 *
 * It holds one block: `options.block` where the caller has counted memory for it, else one of
 * `options.blockBytes` (256 KB) of its own. A larger record becomes a block by itself and is
 * written from where it lies. One writer at a time may write to a file.
 */
export class RunWriter {
  readonly #platform: Platform;
  readonly #file: WritableFile;
  readonly #block: Uint8Array;
  readonly #view: DataView;
  readonly #offset: number;
  readonly #blocks = new BlockIndexBuilder();
  #end = BLOCK_HEADER_BYTES;
  #recordsInBlock = 0;
  #records = 0;
  #blockBytesMax = 0;
  #keyBytesMax = 0;
  /** Where the first key of the block lies in it, and how much of it. */
  #firstKeyAt = 0;
  #firstKeyLength = 0;

  constructor(
    platform: Platform,
    file: WritableFile,
    options: Readonly<{ blockBytes?: number; block?: Uint8Array }> = {},
  ) {
    this.#platform = platform;
    this.#file = file;
    this.#offset = file.bytes;
    this.#block = options.block ?? new Uint8Array(options.blockBytes ?? BLOCK_BYTES);
    this.#view = new DataView(this.#block.buffer, this.#block.byteOffset, this.#block.length);
    assert(this.#block.length >= 64, `a block of ${this.#block.length} bytes is too small`);
  }

  /** One record; key and value lie in `bytes`, anywhere. */
  write(
    bytes: Uint8Array,
    keyAt: number,
    keyLength: number,
    valueAt: number,
    valueLength: number,
  ): void {
    if (keyLength > this.#keyBytesMax) this.#keyBytesMax = keyLength;
    const block = this.#block;
    const bytesMost = RECORD_HEADER_BYTES_MAX + keyLength + valueLength;
    if (this.#end + bytesMost > block.length) {
      this.#flush();
      if (this.#end + bytesMost > block.length) {
        this.#writeAlone(bytes, keyAt, keyLength, valueAt, valueLength);
        return;
      }
    }
    if (this.#recordsInBlock === 0) {
      this.#firstKeyAt = this.#end + varintBytes(keyLength) + varintBytes(valueLength);
      this.#firstKeyLength = Math.min(keyLength, INDEX_KEY_BYTES_MAX);
    }
    this.#end = putRecord(block, this.#end, bytes, keyAt, keyLength, valueAt, valueLength);
    this.#recordsInBlock++;
  }

  /** The run is complete; the file stays open for the next one. */
  finish(): Run {
    this.#flush();
    return {
      path: this.#file.path,
      offset: this.#offset,
      bytes: this.#file.bytes - this.#offset,
      records: this.#records,
      blocks: this.#blocks.finish(),
      blockBytesMax: this.#blockBytesMax,
      keyBytesMax: this.#keyBytesMax,
    };
  }

  #flush(): void {
    if (this.#recordsInBlock === 0) return;
    const offset = this.#file.bytes;
    const payloadBytes = this.#end - BLOCK_HEADER_BYTES;
    this.#view.setUint32(4, payloadBytes, true);
    this.#view.setUint32(8, this.#recordsInBlock, true);
    const crc = this.#platform.crc32(this.#block.subarray(4, this.#end));
    this.#view.setUint32(0, crc, true);
    this.#file.append(this.#block.subarray(0, this.#end));
    const keyAt = this.#firstKeyAt;
    const firstKey = this.#block.subarray(keyAt, keyAt + this.#firstKeyLength);
    this.#wrote({ offset, bytes: payloadBytes, records: this.#recordsInBlock, crc, firstKey });
    this.#end = BLOCK_HEADER_BYTES;
    this.#recordsInBlock = 0;
  }

  #writeAlone(
    bytes: Uint8Array,
    keyAt: number,
    keyLength: number,
    valueAt: number,
    valueLength: number,
  ): void {
    const offset = this.#file.bytes;
    const key = bytes.subarray(keyAt, keyAt + keyLength);
    const value = bytes.subarray(valueAt, valueAt + valueLength);
    const keyStart = putVarint(
      this.#block,
      putVarint(this.#block, BLOCK_HEADER_BYTES, keyLength),
      valueLength,
    );
    const payloadBytes = keyStart - BLOCK_HEADER_BYTES + keyLength + valueLength;
    this.#view.setUint32(4, payloadBytes, true);
    this.#view.setUint32(8, 1, true);
    let crc = this.#platform.crc32(this.#block.subarray(4, keyStart));
    crc = this.#platform.crc32(key, crc);
    crc = this.#platform.crc32(value, crc);
    this.#view.setUint32(0, crc, true);
    this.#file.append(this.#block.subarray(0, keyStart));
    this.#file.append(key);
    this.#file.append(value);
    const firstKey = key.subarray(0, INDEX_KEY_BYTES_MAX);
    this.#wrote({ offset, bytes: payloadBytes, records: 1, crc, firstKey });
  }

  #wrote(block: BlockEntry): void {
    this.#blocks.add(block);
    this.#records += block.records;
    this.#blockBytesMax = Math.max(this.#blockBytesMax, block.bytes);
  }
}

/**
 * The blocks that may hold keys of the range, as indexes from `first` up to `end`: two binary
 * searches. Equal keys may straddle blocks, so it begins one block before the first that begins in
 * the range. An index key that was cut is known only to be a prefix: it counts as less than `from`
 * only where it differs from it.
 */
export function blocksOf(run: Run, range: KeyRange): Readonly<{ first: number; end: number }> {
  const { from, to } = range;
  const first = from === undefined
    ? 0
    : Math.max(0, blocksBefore(run, (key) => isSurelyLess(key, from)) - 1);
  const end = to === undefined
    ? run.blocks.length
    : blocksBefore(run, (key) => compareKeyBytes(key, to) < 0);
  return { first, end: Math.max(first, end) };
}

/** The runs that may hold keys of the range, with indexes, in memory of their own, of only that. */
export function withinRange(runs: readonly Run[], range: KeyRange): Run[] {
  const some: Run[] = [];
  const parts: BlockIndex[] = [];
  for (const run of runs) {
    const { first, end } = blocksOf(run, range);
    if (first === end) continue;
    some.push(run);
    parts.push(run.blocks.slice(first, end));
  }
  const own = copiesOf(parts);
  return some.map((run, i) => ({ ...run, blocks: own[i]! }));
}

/** Whether the key that an entry of the index stands for is less than `key`, cut or not. */
function isSurelyLess(indexKey: Uint8Array, key: Uint8Array): boolean {
  if (indexKey.length < INDEX_KEY_BYTES_MAX) return compareKeyBytes(indexKey, key) < 0;
  return compareKeyBytes(indexKey, key.subarray(0, INDEX_KEY_BYTES_MAX)) < 0;
}

/** How many blocks begin with a key for which `isBefore` holds; it holds for the first ones. */
function blocksBefore(run: Run, isBefore: (key: Uint8Array) => boolean): number {
  let low = 0;
  let high = run.blocks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(run.blocks.firstKey(middle))) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Reads the blocks of a run that may hold keys of a range, in order, into memory of the caller. */
export class BlockReader {
  readonly #platform: Platform;
  readonly #file: ReadableFile;
  readonly #run: Run;
  readonly #to: Uint8Array | undefined;
  readonly #end: number;
  #next: number;
  #isInside = false;

  /** `file` is the open file of the run; it stays the caller's, so that runs can share it. */
  constructor(platform: Platform, file: ReadableFile, run: Run, range: KeyRange = {}) {
    this.#platform = platform;
    this.#file = file;
    this.#run = run;
    const { first, end } = blocksOf(run, range);
    this.#next = first;
    this.#end = end;
    this.#to = range.to;
  }

  /** Whether all keys of the block read last are known to lie before the end of the range. */
  get isInside(): boolean {
    return this.#isInside;
  }

  /**
   * Fills `into` from `at` on with the next block, header and all, and returns its length; 0 at
   * the end. The payload begins BLOCK_HEADER_BYTES behind `at`. Throws a RecordError CorruptBlock
   * where the block is not what was written.
   */
  read(into: Uint8Array, at: number): number {
    if (this.#next >= this.#end) return 0;
    const { blocks } = this.#run;
    const entry = blocks.at(this.#next++);
    readBlock(this.#platform, this.#file, this.#run, entry, into, at);
    this.#isInside = this.#to === undefined ||
      this.#next < blocks.length && isSurelyLess(blocks.firstKey(this.#next), this.#to);
    return BLOCK_HEADER_BYTES + entry.bytes;
  }
}

/** Reads one block to `into[at]`, header and all, and checks it. `file` is the file of `run`. */
export function readBlock(
  platform: Platform,
  file: ReadableFile,
  run: Run,
  entry: BlockEntry,
  into: Uint8Array,
  at: number,
): void {
  const corrupt = (detail: string) => damaged(file.path, entry.offset, detail, run.origin);
  const length = BLOCK_HEADER_BYTES + entry.bytes;
  const found = file.readAt(entry.offset, into.subarray(at, at + length));
  if (found < length) throw corrupt(`a block is cut short: ${found} of ${length} bytes`);
  const header = new DataView(into.buffer, into.byteOffset + at, BLOCK_HEADER_BYTES);
  const crc = header.getUint32(0, true);
  if (crc !== platform.crc32(into.subarray(at + 4, at + length))) {
    throw corrupt("the checksum of a block is wrong");
  }
  if (crc !== entry.crc) throw corrupt("a block is not the one that the index names");
}

/** Appends the blocks of a run to another file as they are, each checked on its way. */
export function copyRun(platform: Platform, run: Run, to: WritableFile, memory: Uint8Array): Run {
  using from = openWritten(platform, run.path, run.origin);
  const offset = to.bytes;
  const blocks = new BlockIndexBuilder();
  for (const entry of run.blocks) {
    readBlock(platform, from, run, entry, memory, 0);
    blocks.add({ ...entry, offset: to.bytes });
    to.append(memory.subarray(0, BLOCK_HEADER_BYTES + entry.bytes));
  }
  return { ...run, path: to.path, offset, blocks: blocks.finish() };
}

/**
 * Ends a file of runs with what another process needs to open them: directory and trailer. The runs
 * are all that lies in it behind the `header`.
 */
export function sealRuns(
  platform: Platform,
  file: WritableFile,
  runs: readonly Run[],
  header?: FileHeader,
): void {
  let bytes = TRAILER_BYTES;
  for (const { blocks } of runs) bytes += RUN_ENTRY_BYTES + blocks.encoded.length;
  const directory = new Uint8Array(bytes);
  const view = new DataView(directory.buffer);
  let at = 0;
  for (const run of runs) {
    view.setFloat64(at, run.offset, true);
    view.setFloat64(at + 8, run.bytes, true);
    view.setFloat64(at + 16, run.records, true);
    view.setUint32(at + 24, run.blocks.length, true);
    view.setUint32(at + 28, run.blockBytesMax, true);
    view.setUint32(at + 32, run.keyBytesMax, true);
    directory.set(run.blocks.encoded, at + RUN_ENTRY_BYTES);
    at += RUN_ENTRY_BYTES + run.blocks.encoded.length;
  }
  view.setFloat64(at, file.bytes, true);
  view.setUint32(at + 8, runs.length, true);
  view.setUint32(at + 12, platform.crc32(directory.subarray(0, at), header?.seed), true);
  view.setUint32(at + 16, MAGIC, true);
  const trailer = directory.subarray(at, at + TRAILER_BYTES - 4);
  view.setUint32(at + 20, platform.crc32(trailer, header?.seed), true);
  file.append(directory);
  free(directory);
}

/** How a file of runs begins, if it has to, and whose map output it is, if it is one. */
export type RunFileOptions = Readonly<{ header?: FileHeader; origin?: MapOutputOrigin }>;

/**
 * The runs of a file that `sealRuns` ended, in the order in which they were written. Their indexes share
 * one piece of memory, which is theirs.
 *
 * Throws a RecordError CorruptBlock where the file is not whole (a MapOutputDamaged where its
 * `origin` is given) and a FileError where it cannot be read.
 */
export function openRuns(
  platform: Platform,
  path: string,
  { header, origin }: RunFileOptions = {},
): Run[] {
  using file = openWritten(platform, path, origin);
  const fault = header && headerFault(platform, file, header);
  if (fault !== undefined) throw damaged(path, 0, fault, origin);
  const firstAt = header?.bytes.length ?? 0;
  const trailerAt = file.bytes - TRAILER_BYTES;
  if (trailerAt < firstAt) throw damaged(path, 0, "the file is cut short", origin);
  const trailer = new DataView(new ArrayBuffer(TRAILER_BYTES));
  file.readAt(trailerAt, new Uint8Array(trailer.buffer));
  const trailerCrc = platform.crc32(new Uint8Array(trailer.buffer, 0, 20), header?.seed);
  const directoryAt = trailer.getFloat64(0, true);
  const isTrailer = trailer.getUint32(16, true) === MAGIC &&
    trailer.getUint32(20, true) === trailerCrc;
  if (!isTrailer || directoryAt < firstAt || directoryAt > trailerAt) {
    throw damaged(path, trailerAt, "the file does not end like a file of runs", origin);
  }
  const directory = new Uint8Array(trailerAt - directoryAt);
  file.readAt(directoryAt, directory);
  if (platform.crc32(directory, header?.seed) !== trailer.getUint32(12, true)) {
    throw damaged(path, directoryAt, "the checksum of the directory is wrong", origin);
  }
  const runs = readDirectory(path, directory, trailer.getUint32(8, true), origin);
  if (blocksEnd(runs, firstAt) !== directoryAt) {
    throw damaged(path, directoryAt, "the directory does not fit what is before it", origin);
  }
  return runs;
}

/** Where blocks end that follow each other from `firstAt` on; NaN if they do not. */
function blocksEnd(runs: readonly Run[], firstAt: number): number {
  let at = firstAt;
  for (const { blocks } of runs) {
    for (let i = 0; i < blocks.length; i++) {
      if (blocks.offset(i) !== at) return NaN;
      at += BLOCK_HEADER_BYTES + blocks.bytes(i);
    }
  }
  return at;
}

function readDirectory(
  path: string,
  directory: Uint8Array<ArrayBuffer>,
  runCount: number,
  origin: MapOutputOrigin | undefined,
): Run[] {
  const memory = new IndexMemory(directory);
  const { view } = memory;
  const runs: Run[] = [];
  let at = 0;
  for (let i = 0; i < runCount; i++) {
    const runAt = at;
    const blocks = memory.read(runAt + RUN_ENTRY_BYTES, view.getUint32(runAt + 24, true));
    at += RUN_ENTRY_BYTES + blocks.encoded.length;
    runs.push({
      path,
      offset: view.getFloat64(runAt, true),
      bytes: view.getFloat64(runAt + 8, true),
      records: view.getFloat64(runAt + 16, true),
      blocks,
      blockBytesMax: view.getUint32(runAt + 28, true),
      keyBytesMax: view.getUint32(runAt + 32, true),
      ...(origin && { origin }),
    });
  }
  return runs;
}
