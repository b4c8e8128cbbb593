/**
 * The canonical bytes of a plain ASCII string (core/key.ts), packed straight into words.
 *
 * Most keys are short ASCII strings. Their bytes are a tag, the characters and a zero; packing them
 * four at a time where the table wants them, and hashing while they pass, costs a quarter of the
 * stores and no copy.
 *
 *     "flint"   40 66 6c 69 | 6e 74 00 00      little-endian words, filled up with zeros
 */
import { finishHash, HASH_SEED, mixWord } from "../core/key_hash.ts";
import { STRING } from "../core/key_tags.ts";

/** The words that a string of so many characters takes if all are ASCII. */
export function asciiKeyWords(chars: number): number {
  return (chars + 5) >> 2;
}

/** The bytes of the key: tag, characters, end. */
export function asciiKeyBytes(chars: number): number {
  return chars + 2;
}

/** What `packAsciiKey` returns for a string that needs the general way. */
export const NOT_PLAIN = 0;

// A byte below 2 would need an escape. Subtracting 2 from each byte of a word borrows there, which
// shows in the byte's highest bit.
const TWOS = 0x02020202;
const HIGH_BITS = 0x80808080;

/**
 * Packs `text` into `words` from `at` on and returns the hash of the key. NOT_PLAIN: `text` has a
 * character outside 02…7F (or its hash happens to be 0, which only costs the detour); the words
 * written then mean nothing.
 */
export function packAsciiKey(text: string, words: Int32Array, at: number): number {
  const chars = text.length;
  let hash = HASH_SEED;
  let seen = 0;
  let borrows = 0;
  let i = 0;
  let word = STRING;
  let shift = 8;
  if (chars >= 3) {
    const a = text.charCodeAt(0);
    const b = text.charCodeAt(1);
    const c = text.charCodeAt(2);
    seen = a | b | c;
    word |= (a << 8) | (b << 16) | (c << 24);
    borrows = word - TWOS;
    words[at++] = word;
    hash = mixWord(hash, word);
    for (i = 3; i + 4 <= chars; i += 4) {
      const a = text.charCodeAt(i);
      const b = text.charCodeAt(i + 1);
      const c = text.charCodeAt(i + 2);
      const d = text.charCodeAt(i + 3);
      seen |= a | b | c | d;
      word = a | (b << 8) | (c << 16) | (d << 24);
      borrows |= word - TWOS;
      words[at++] = word;
      hash = mixWord(hash, word);
    }
    word = 0;
    shift = 0;
  }
  let filled = word; // the last word, with harmless bytes where it ends
  let fill = shift === 0 ? TWOS : 0x02020200;
  if (i < chars) {
    const a = text.charCodeAt(i);
    seen |= a;
    word |= a << shift;
    fill &= ~(0xff << shift);
    if (i + 1 < chars) {
      const b = text.charCodeAt(i + 1);
      seen |= b;
      word |= b << (shift + 8);
      fill &= ~(0xff << (shift + 8));
      if (i + 2 < chars) {
        const c = text.charCodeAt(i + 2);
        seen |= c;
        word |= c << (shift + 16);
        fill &= ~(0xff << (shift + 16));
      }
    }
  }
  filled = word | fill;
  borrows |= filled - TWOS;
  if (seen > 0x7f || (borrows & HIGH_BITS) !== 0) return NOT_PLAIN;
  words[at] = word;
  return finishHash(mixWord(hash, word));
}
