/** Byte strings as the loops of this folder need them: compared, copied, and put down as records. */
import { compareBytes } from "../core/key.ts";

/** Up to this many bytes a loop is faster than `set`, whose `subarray` alone costs 15 ns. */
const LOOP_BYTES_MAX = 24;

/** The most bytes that a record takes besides key and value. */
export const RECORD_HEADER_BYTES_MAX = 10;

/** Order by unsigned bytes; a prefix comes before what it begins. Negative, 0 or positive. */
export function compareKeyBytes(a: Uint8Array, b: Uint8Array): number {
  return compareBytes(a, 0, a.length, b, 0, b.length);
}

/** Copies `length` bytes from `from[start]` to `to[at]`. */
export function copyBytes(
  to: Uint8Array,
  at: number,
  from: Uint8Array,
  start: number,
  length: number,
): void {
  if (length <= LOOP_BYTES_MAX) {
    for (let i = 0; i < length; i++) to[at + i] = from[start + i]!;
  } else {
    to.set(from.subarray(start, start + length), at);
  }
}

/** Writes a number below 2^31, seven bits a byte, the lowest first; returns where it ends. */
export function putVarint(to: Uint8Array, at: number, value: number): number {
  while (value >= 128) {
    to[at++] = value & 127 | 128;
    value >>>= 7;
  }
  to[at++] = value;
  return at;
}

/** The number that `putVarint` wrote. */
export function getVarint(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let shift = 0;; shift += 7) {
    const byte = bytes[at++]!;
    value |= (byte & 127) << shift;
    if (byte < 128) return value;
  }
}

/** How many bytes `putVarint` writes for a number. */
export function varintBytes(value: number): number {
  if (value < 2 ** 7) return 1;
  if (value < 2 ** 14) return 2;
  if (value < 2 ** 21) return 3;
  return value < 2 ** 28 ? 4 : 5;
}

/**
 * Writes a record to `to[at]`: varint key length, varint value length, key, value. Key and value
 * lie in `bytes`. Returns where it ends.
 */
export function putRecord(
  to: Uint8Array,
  at: number,
  bytes: Uint8Array,
  keyAt: number,
  keyLength: number,
  valueAt: number,
  valueLength: number,
): number {
  const bodyAt = putVarint(to, putVarint(to, at, keyLength), valueLength);
  copyBytes(to, bodyAt, bytes, keyAt, keyLength);
  copyBytes(to, bodyAt + keyLength, bytes, valueAt, valueLength);
  return bodyAt + keyLength + valueLength;
}

/** How many bytes `putRecord` writes. */
export function recordBytes(keyLength: number, valueLength: number): number {
  return varintBytes(keyLength) + varintBytes(valueLength) + keyLength + valueLength;
}
