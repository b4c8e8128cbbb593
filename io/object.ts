/**
 * Object files as a source and a sink: records with all that the codec keeps of them, such as types,
 * cycles and the classes that are known by name. The format is that of io/object_file.ts.
 *
 *     save     batches ─► BlockPacker ─► block ─► packed, framed ─► part-00000
 *     read     a file, or a range of its frames ─► checked, unpacked ─► records
 */
import { BlockPacker } from "../core/codec/block_packer.ts";
import type { ClassTable } from "../core/codec/binary.ts";
import { decodeBlock } from "../core/codec/codec.ts";
import { checkFrame, FRAME_HEADER_BYTES, readFrameHeader } from "../core/codec/frame.ts";
import { assert, RecordError } from "../core/errors.ts";
import type { Options, Split } from "../core/plan/plan.ts";
import type { Compression } from "../core/platform.ts";
import type { FileSystem } from "./file_system.ts";
import {
  changed,
  type InputFile,
  inputFiles,
  type InputPaths,
  readRange,
  splitSize,
} from "./input_files.ts";
import { joined } from "./joined.ts";
import {
  compressionIn,
  crcAt,
  damaged,
  END_BYTES,
  endOf,
  frameOf,
  frameOffsets,
  HEADER_BYTES,
  headerOf,
  indexOffset,
} from "./object_file.ts";
import { folderSink, type PackedOptions } from "./part_files.ts";
import { PieceReader } from "./piece_reader.ts";
import type { RecordTools } from "./record_tools.ts";
import type { Sink } from "./sink.ts";
import type { Source } from "./source.ts";

/** Options of the object source. */
export type ObjectOptions = Readonly<{
  path: InputPaths;
  /** A file is a split, in the order of the partitions that wrote them. */
  whole?: boolean;
}>;

/**
 * What lies in a file from one byte to another, whole frames: the first range has the header too, the
 * last one the index and the end.
 */
type ObjectRange = Readonly<{
  file: InputFile;
  from: number;
  to: number;
  /** What the header says, for the ranges that do not have it. */
  compression?: Compression | undefined;
}>;

const BATCH_RECORDS_MAX = 1024;
const LENGTH_BYTES = 4;

export const objectSource: Source = {
  format: "object",

  async split(options, { partitionsMin }, files): Promise<readonly Split[]> {
    const { path, whole } = options as ObjectOptions;
    const found = await inputFiles(path, files);
    if (whole) return found.sort(byPartition).map(wholeFile);
    const bytesMax = splitSize(found, partitionsMin);
    const parts: Split[][] = [];
    for (const file of found) {
      parts.push(file.bytes <= bytesMax ? [wholeFile(file)] : await ranges(file, bytesMax, files));
    }
    return parts.flat();
  },

  read: (_options, split, files) => readRange(split.data as ObjectRange, files),

  *decode(_options, split, pieces, tools) {
    assert(tools !== undefined, "an object file is read with nothing to check it");
    const range = split.data as ObjectRange;
    const classes = tools.classes && byNameToo(tools.classes);
    for (const [block, at] of blocksOf(range, pieces, tools)) {
      const records = decoded(block, range.file.path, at, classes);
      for (let from = 0; from < records.length; from += BATCH_RECORDS_MAX) {
        yield records.slice(from, from + BATCH_RECORDS_MAX);
      }
    }
  },
};

/** `part-100000` comes behind `part-99999`, as its partition does. */
function byPartition(a: InputFile, b: InputFile): number {
  return a.path.length - b.path.length || (a.path < b.path ? -1 : 1);
}

function wholeFile(file: InputFile): Split {
  return { bytes: file.bytes, data: { file, from: 0, to: file.bytes } satisfies ObjectRange };
}

/** A file in ranges of whole frames, of about `bytesMax` bytes. */
async function ranges(file: InputFile, bytesMax: number, files: FileSystem): Promise<Split[]> {
  const { path, bytes } = file;
  if (bytes < HEADER_BYTES + END_BYTES) return [wholeFile(file)];
  const header = await bytesOf(file, 0, HEADER_BYTES, files);
  // Whether it is damaged, the task that reads the first range finds out.
  const compression = compressionIn(header, path);
  const indexAt = indexOffset(await bytesOf(file, bytes - END_BYTES, bytes, files), path, bytes);
  const offsets = frameOffsets(await bytesOf(file, indexAt, bytes, files), path, indexAt);
  const splits: Split[] = [];
  let from = 0;
  const close = (to: number): void => {
    const data = { file, from, to, compression } satisfies ObjectRange;
    splits.push({ bytes: to - from, data });
    from = to;
  };
  for (const [i, offset] of offsets.entries()) {
    const end = offsets[i + 1] ?? indexAt;
    if (i > 0 && offset > from && end - from > bytesMax) close(offset);
  }
  close(bytes);
  return splits;
}

async function bytesOf(
  file: InputFile,
  from: number,
  to: number,
  files: FileSystem,
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  for await (const piece of readRange({ file, from, to }, files)) pieces.push(piece.slice());
  return joined(pieces, to - from);
}

/** The blocks of a range, unpacked, each with where its frame begins. */
function* blocksOf(
  range: ObjectRange,
  pieces: Iterable<Uint8Array>,
  tools: RecordTools,
): Generator<[block: Uint8Array, at: number]> {
  const { path } = range.file;
  const { crc32 } = tools.platform;
  const reader = new PieceReader(pieces, range.from);
  const take = (bytes: number): Uint8Array => {
    if (bytes > range.to - reader.at) throw damaged(path, reader.at, "it is cut off or damaged");
    return reader.take(bytes) ?? fail(changed(range.file));
  };
  const compression = range.from === 0
    ? compressionIn(take(Math.min(HEADER_BYTES, range.to)), path, crc32)
    : range.compression;
  const isLast = range.to === range.file.bytes;
  const offsets: number[] = [];
  while (isLast || reader.at < range.to) {
    const { at } = reader;
    const header = readFrameHeader(take(FRAME_HEADER_BYTES));
    const payload = take(header.payloadBytes);
    const check = crcAt(at, crc32);
    checked(() => checkFrame(header, payload, `${path} at byte ${at}`, check), path, at);
    if (header.records === 0) {
      const index = frameOf(payload, 0, at, crc32);
      const end = isLast ? take(END_BYTES) : new Uint8Array(0);
      if (!isLast || reader.at !== range.to) throw damaged(path, at, "its index is not at its end");
      return checkEnd(range, index, end, offsets, at);
    }
    offsets.push(at);
    yield [
      compression === undefined ? payload : unpacked(payload, compression, path, at, tools),
      at,
    ];
  }
}

/** Throws an InputError unless a file ends as one does that has frames at `offsets`. */
function checkEnd(
  range: ObjectRange,
  index: Uint8Array,
  end: Uint8Array,
  offsets: readonly number[],
  at: number,
): void {
  const { path, bytes } = range.file;
  const told = frameOffsets(joined([index, end], index.length + end.length), path, at);
  const isRight = indexOffset(end, path, bytes) === at &&
    offsets.every((offset, i) => told[told.length - offsets.length + i] === offset);
  if (!isRight) throw damaged(path, at, "its index does not fit what is before it");
}

function unpacked(
  payload: Uint8Array,
  compression: Compression,
  path: string,
  at: number,
  { platform }: RecordTools,
): Uint8Array {
  if (payload.length < LENGTH_BYTES) throw damaged(path, at, "a block is too short");
  const bytes = new DataView(payload.buffer, payload.byteOffset).getUint32(0, true);
  const packed = payload.subarray(LENGTH_BYTES);
  return checked(() => platform.unpackBlock(compression, packed, bytes), path, at);
}

function decoded(
  block: Uint8Array,
  path: string,
  at: number,
  classes: ClassTable | undefined,
): unknown[] {
  try {
    return decodeBlock(block, classes);
  } catch (error) {
    // What is not damaged but not known, such as a class, says itself what to do.
    if (!(error instanceof RecordError) || error.code !== "CorruptBlock") throw error;
    throw damaged(path, at, "a block cannot be decoded", { cause: error });
  }
}

function checked<T>(act: () => T, path: string, at: number): T {
  try {
    return act();
  } catch (cause) {
    throw damaged(path, at, "a block is damaged", { cause });
  }
}

function fail(error: Error): never {
  throw error;
}

/** Another program may have written the file, in which a class stood at another place. */
function byNameToo(classes: ClassTable): ClassTable {
  return {
    idOf: (constructor) => classes.idOf(constructor),
    classOf: (id) => classes.classOf(id) ?? classes.classNamed?.(id.split("@", 1)[0]!),
  };
}

/** Blocks of records; `compression` packs each of them. */
export const objectSink: Sink = folderSink("object", encodeObjects);

function* encodeObjects(
  options: Options,
  batches: Iterable<readonly unknown[]>,
  tools: RecordTools | undefined,
): Generator<Uint8Array> {
  assert(tools !== undefined, "an object file is written with nothing to check it");
  const { crc32, packBlock } = tools.platform;
  const { compression } = options as PackedOptions;
  let ready: Uint8Array[] = [headerOf(compression, crc32)];
  let at = HEADER_BYTES;
  const offsets: number[] = [];
  const packer = new BlockPacker((block, records) => {
    const payload = compression === undefined
      ? block
      : withLength(block.length, packBlock(compression, block));
    const frame = frameOf(payload, records, at, crc32);
    offsets.push(at);
    at += frame.length;
    ready.push(frame);
  }, tools.classes);
  for (const batch of batches) {
    packer.add(batch);
    yield* ready;
    ready = [];
  }
  packer.finish();
  yield* ready;
  yield endOf(offsets, at, crc32);
}

function withLength(bytes: number, packed: Uint8Array): Uint8Array {
  const payload = new Uint8Array(LENGTH_BYTES + packed.length);
  new DataView(payload.buffer).setUint32(0, bytes, true);
  payload.set(packed, LENGTH_BYTES);
  return payload;
}
