/** The hash of a key, over its canonical bytes (key.ts), and the partition that it means. */

/** What the hash of a key starts from. */
export const HASH_SEED = 0;

/**
 * One step of the hash, over the next four bytes of a key as a little-endian integer; the last word
 * is filled up with zeros. Bijective in both arguments, so keys of one word never collide.
 */
export function mixWord(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x9e3779b1);
  return product ^ (product >>> 15);
}

/** The last step of the hash: an integer of 32 bits, which may be negative. */
export function finishHash(hash: number): number {
  const product = Math.imul(hash, 0x85ebca6b);
  return product ^ (product >>> 13);
}

/** The hash of a key's bytes, the same from any alignment and on any machine. */
export function hashBytes(view: DataView, from: number, to: number): number {
  let hash = HASH_SEED;
  let at = from;
  for (; at + 4 <= to; at += 4) hash = mixWord(hash, view.getInt32(at, true));
  if (at < to) {
    let word = 0;
    for (let shift = 0; at < to; at++, shift += 8) word |= view.getUint8(at) << shift;
    hash = mixWord(hash, word);
  }
  return finishHash(hash);
}

/**
 * The partition of a hash. It takes the high bits, and so ascends with the hash as an unsigned
 * number; the slots of a table take the low bits, else the keys of one partition would crowd there.
 */
export function partitionOf(hash: number, partitions: number): number {
  return Math.floor((hash >>> 0) * partitions / 0x100000000);
}
