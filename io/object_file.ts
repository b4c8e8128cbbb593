/**
 * The format of object files: records in the blocks that tasks exchange (core/codec), one file a
 * partition. It is Flint's own, and no pickle of Python.
 *
 *     header   "FLINTOBJ" │ version u8: 2 │ compression u8: 0 none, 1 gzip, 2 zstd │ 0 0 │ CRC-32 u32
 *     frame    payload bytes u32 │ records u32 │ CRC-32 u32 │ payload     core/codec/frame.ts
 *              … one a block, about 256 KB each
 *     index    the same with no records; its payload: where each frame begins, u64 each
 *     end      where the index begins u64 │ how many frames it names u64 │ "FLINTEND"
 *
 * All little-endian. The payload of a frame is a block; where the file is compressed, it is how many
 * bytes the block has (u32), and the packed block. The checksum of a frame goes on from that of its
 * offset (u64), so frames that have changed places are found. So each block can be read alone: whoever parts a
 * file reads the index. The checksum of the header covers what is before it. A file without its end was
 * cut off, wherever that happened.
 *
 * A later version of Flint reads what an earlier one wrote, or says that it cannot: the version is
 * that of the frames and of the blocks in them.
 */
import {
  type Crc32,
  FRAME_HEADER_BYTES,
  type FrameHeader,
  readFrameHeader,
  writeFrameHeader,
} from "../core/codec/frame.ts";
import { InputError } from "../core/errors.ts";
import type { Compression } from "../core/platform.ts";

export const HEADER_BYTES = 16;
export const END_BYTES = 24;

const MAGIC = new TextEncoder().encode("FLINTOBJ");
const END_MAGIC = new TextEncoder().encode("FLINTEND");
const VERSION = 2;
const COMPRESSIONS: readonly (Compression | undefined)[] = [undefined, "gzip", "zstd"];
const CHECKED_BYTES = 12;
const OFFSET_BYTES = 8;

/** The first bytes of a file. */
export function headerOf(compression: Compression | undefined, crc32: Crc32): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  header.set(MAGIC);
  header[MAGIC.length] = VERSION;
  header[MAGIC.length + 1] = COMPRESSIONS.indexOf(compression);
  const checksum = crc32(header.subarray(0, CHECKED_BYTES));
  new DataView(header.buffer).setUint32(CHECKED_BYTES, checksum, true);
  return header;
}

/**
 * How the blocks behind a header are packed. `bytes` may be fewer than a header has; the checksum is
 * looked at where there is a `crc32`.
 */
export function compressionIn(
  bytes: Uint8Array,
  path: string,
  crc32?: Crc32,
): Compression | undefined {
  const start = bytes.subarray(0, MAGIC.length);
  if (!start.every((byte, at) => byte === MAGIC[at])) {
    throw new InputError(
      "InputUnsupported",
      `Cannot read ${JSON.stringify(path)}: it is no object file of Flint`,
      "Read what saveAsObjectFile() wrote; text is read by textFile()",
    );
  }
  if (bytes.length < HEADER_BYTES) throw damaged(path, bytes.length, "it is cut off");
  const checksum = new DataView(bytes.buffer, bytes.byteOffset).getUint32(CHECKED_BYTES, true);
  if (crc32 !== undefined && crc32(bytes.subarray(0, CHECKED_BYTES)) !== checksum) {
    throw damaged(path, 0, "its header does not fit its checksum");
  }
  const [version, compression] = bytes.subarray(MAGIC.length);
  if (version !== VERSION || compression! >= COMPRESSIONS.length) {
    throw new InputError(
      "InputUnsupported",
      `Cannot read ${JSON.stringify(path)}: it has version ${version} of object files`,
      `This Flint reads version ${VERSION}: read it with the one that wrote it`,
    );
  }
  return COMPRESSIONS[compression!];
}

/** Checksums of what lies in the frame at `offset`, and is right nowhere else. */
export function crcAt(offset: number, crc32: Crc32): Crc32 {
  const bytes = new Uint8Array(OFFSET_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(offset), true);
  const place = crc32(bytes);
  return (bytes, seed = place) => crc32(bytes, seed);
}

/** A frame around `payload` that is to lie at `offset`. */
export function frameOf(
  payload: Uint8Array,
  records: number,
  offset: number,
  crc32: Crc32,
): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  writeFrameHeader(frame, 0, payload, records, crcAt(offset, crc32));
  frame.set(payload, FRAME_HEADER_BYTES);
  return frame;
}

/** What follows the last frame of a file: the index of the frames at `offsets`, and the end. */
export function endOf(offsets: readonly number[], indexAt: number, crc32: Crc32): Uint8Array {
  const payload = new Uint8Array(offsets.length * OFFSET_BYTES);
  const view = new DataView(payload.buffer);
  offsets.forEach((offset, i) => view.setBigUint64(i * OFFSET_BYTES, BigInt(offset), true));
  const index = frameOf(payload, 0, indexAt, crc32);
  const end = new Uint8Array(index.length + END_BYTES);
  end.set(index);
  const endView = new DataView(end.buffer, index.length);
  endView.setBigUint64(0, BigInt(indexAt), true);
  endView.setBigUint64(OFFSET_BYTES, BigInt(offsets.length), true);
  end.set(END_MAGIC, index.length + 2 * OFFSET_BYTES);
  return end;
}

/**
 * Where the index begins, told from the last `END_BYTES` bytes of a file. The two numbers there have
 * to fit the file, so that no more is read of it than the index.
 */
export function indexOffset(end: Uint8Array, path: string, fileBytes: number): number {
  const at = fileBytes - END_BYTES;
  const view = new DataView(end.buffer, end.byteOffset);
  const offset = Number(view.getBigUint64(0, true));
  const frames = Number(view.getBigUint64(OFFSET_BYTES, true));
  const isEnd = end.subarray(2 * OFFSET_BYTES).every((byte, i) => byte === END_MAGIC[i]);
  const isRight = offset >= HEADER_BYTES &&
    offset + FRAME_HEADER_BYTES + frames * OFFSET_BYTES === at;
  if (!isEnd || !isRight) {
    throw damaged(path, at, "it does not end as an object file does");
  }
  return offset;
}

/**
 * Where the frames begin, told from the index and what follows it. That the offsets are right shows
 * when frames are read from there.
 */
export function frameOffsets(index: Uint8Array, path: string, indexAt: number): number[] {
  const header: FrameHeader = readFrameHeader(index);
  const length = index.length - FRAME_HEADER_BYTES - END_BYTES;
  if (header.records !== 0 || header.payloadBytes !== length || length % OFFSET_BYTES !== 0) {
    throw damaged(path, indexAt, "its index is damaged");
  }
  const view = new DataView(index.buffer, index.byteOffset + FRAME_HEADER_BYTES);
  const offsets: number[] = [];
  for (let at = 0; at < length; at += OFFSET_BYTES) {
    const offset = Number(view.getBigUint64(at, true));
    const isNext = offset > (offsets.at(-1) ?? 0) && offset < indexAt;
    if (!isNext || at === 0 && offset !== HEADER_BYTES) {
      throw damaged(path, indexAt, "its index is damaged");
    }
    offsets.push(offset);
  }
  return offsets;
}

/** The error for a file in which something is wrong at byte `at`. */
export function damaged(
  path: string,
  at: number,
  what: string,
  options?: ErrorOptions,
): InputError {
  return new InputError(
    "CorruptInput",
    `Cannot read ${JSON.stringify(path)}: ${what} (at byte ${at})`,
    "Save it again, or fetch it again",
    options,
  );
}
