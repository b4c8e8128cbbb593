/**
 * The header of a block in a file: enough to skip it, and to notice that it is damaged.
 *
 *     ┌ payload bytes u32 ┬ records u32 ┬ CRC-32 u32 ┬ payload …
 *     └───────────────────┴─────────────┴────────────┘
 *       the checksum is that of these 8 bytes and the payload
 *
 * All little-endian. The checksum covers the counts too, so a flipped length is told from a
 * flipped byte in what it measures only by what disagrees; both are `CorruptBlock`.
 */
import { RecordError } from "../errors.ts";

/** The length of a frame's header. */
export const FRAME_HEADER_BYTES = 12;

const COUNTS_BYTES = 8;

/** CRC-32 (IEEE 802.3) as an unsigned number; `seed` continues an earlier one. */
export type Crc32 = (bytes: Uint8Array, seed?: number) => number;

/** What the header of a frame says. */
export type FrameHeader = Readonly<{ payloadBytes: number; records: number; crc32: number }>;

/** Writes the header of `payload`, `FRAME_HEADER_BYTES` long, into `into` at `at`. */
export function writeFrameHeader(
  into: Uint8Array,
  at: number,
  payload: Uint8Array,
  records: number,
  crc32: Crc32,
): void {
  const view = new DataView(into.buffer, into.byteOffset + at, FRAME_HEADER_BYTES);
  view.setUint32(0, payload.length, true);
  view.setUint32(4, records, true);
  const counts = into.subarray(at, at + COUNTS_BYTES);
  view.setUint32(COUNTS_BYTES, crc32(payload, crc32(counts)), true);
}

/**
 * Reads the header at `at`. Its length is not to be trusted before `checkFrame`: compare it with
 * what the file has left before allocating so much. Throws a RecordError `CorruptBlock` if there are
 * fewer bytes than a header has.
 */
export function readFrameHeader(bytes: Uint8Array, at = 0): FrameHeader {
  const left = bytes.length - at;
  if (left < FRAME_HEADER_BYTES) {
    throw new RecordError(
      "CorruptBlock",
      `Cannot read a block: ${left} bytes are left where its header has ${FRAME_HEADER_BYTES}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, FRAME_HEADER_BYTES);
  return {
    payloadBytes: view.getUint32(0, true),
    records: view.getUint32(4, true),
    crc32: view.getUint32(COUNTS_BYTES, true),
  };
}

/**
 * Throws a RecordError `CorruptBlock` unless `payload` is what `header` describes.
 *
 * @param where the file and position, for the message, such as `map-3.data at byte 4096`
 */
export function checkFrame(
  header: FrameHeader,
  payload: Uint8Array,
  where: string,
  crc32: Crc32,
): void {
  if (payload.length !== header.payloadBytes) {
    throw new RecordError(
      "CorruptBlock",
      `The block in ${where} has ${payload.length} bytes; its header says ${header.payloadBytes}`,
    );
  }
  const counts = new Uint8Array(COUNTS_BYTES);
  const view = new DataView(counts.buffer);
  view.setUint32(0, header.payloadBytes, true);
  view.setUint32(4, header.records, true);
  const found = crc32(payload, crc32(counts));
  if (found !== header.crc32) {
    throw new RecordError(
      "CorruptBlock",
      `The block in ${where} has the checksum ${hex(found)}; its header says ${hex(header.crc32)}`,
    );
  }
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, "0");
}
