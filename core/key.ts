/**
 * Canonical bytes of a key: equality, hash and total order of keys in one encoding.
 *
 * Two keys are equal by value exactly when their bytes are equal, and comparing the bytes as
 * unsigned numbers is the order of the keys. So an exchange needs nothing but bytes to group, hash,
 * partition and sort: in memory, in a run on disk, in another process and in another runtime.
 *
 *     boolean     10 | 11
 *     number      20, the double (8 bytes), 29
 *     bigint      20, the nearest finite double (8 bytes), 28 or 2A, what it lies below or above it
 *     Date        30, its time value as a double (8 bytes)
 *     string      40, WTF-8, 00
 *     Uint8Array  48, bytes, 00
 *     array       50, elements, 00
 *     object      58, (name as a string, value) sorted by name, 00
 *     null        60
 *     undefined   61
 *
 * - **Order**: false < true < numbers and bigints by value < Dates < strings by code point <
 *   Uint8Arrays < arrays element by element < objects < null < undefined. What is a beginning of
 *   the other comes first; NaN follows every number, an invalid Date every Date.
 * - **Doubles** are big-endian with the sign bit flipped, those of negative numbers inverted, so
 *   that their bytes ascend with their value. -0 is the key 0, and every NaN is one key.
 * - **Numbers and bigints** share the double and are parted by what follows it, therefore they lie
 *   among each other by value although 1 and 1n are two keys: 28 (a bigint below the double) < 29
 *   (the number itself) < 2A (a bigint at or above it). The difference of the bigint follows as a
 *   byte count (FF and 4 bytes from 255 on) and its magnitude, all inverted after 28. Rounding is
 *   monotone, so the double decides first; beyond the largest double it is the largest double.
 * - **Text and bytes** write 00 as 01 01 and 01 as 01 02, so that 00 ends them. A lone surrogate is a
 *   code point of its own (WTF-8), never U+FFFD.
 * - **Prefix-free**: no key's bytes begin another's. So keys may follow each other without lengths,
 *   and inverting every byte gives exactly the descending order, also of a part of a compound key.
 *   (FoundationDB's tuples write 00 as 00 FF; there the bytes of "" begin those of "\0".)
 *
 * Objects are for grouping only: an order by property names is what nobody meant. Their own
 * enumerable properties with string names count; an absent and an undefined property differ.
 *
 * The hash is in key_hash.ts; decoding in key_reader.ts; comparing keys that have not been encoded, and what may be sorted
 * together, in key_order.ts; the bits of doubles in ordered_double.ts.
 */
import { isPlainObject, KEY_DEPTH_MAX, tooDeep, unhashable } from "./key_refusal.ts";
import {
  ARRAY,
  BIGINT_ABOVE,
  BIGINT_BELOW,
  BYTES,
  DATE,
  END,
  ESCAPE,
  EXACT_NUMBER,
  FALSE,
  NULL,
  NUMERIC,
  OBJECT,
  STRING,
  TEXTS_JOINT,
  TRUE,
  UNDEFINED,
} from "./key_tags.ts";
import { findEnds } from "./key_texts.ts";
import { orderedHigh, orderedLow } from "./ordered_double.ts";

/** What can be a key. Plain objects can be in grouping, though not in sorting. */
export type Key =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Date
  | Uint8Array
  | readonly Key[]
  | { readonly [name: string]: Key };

/** The length of every key that is a number: tag, double, `EXACT_NUMBER`. */
export const NUMBER_KEY_BYTES = 10;

/** From so many characters on the encoder of the runtime beats a loop over charCodeAt. */
const LONG_STRING_CHARS = 64;
const COUNT_ESCAPE = 0xff;

const utf8 = new TextEncoder();

/**
 * Appends keys to one growing arena.
 *
 * `bytes` is replaced by a larger array when it is full, so a view of it is stale after the next
 * write. Set `end` back to reuse the arena.
 */
export class KeyWriter {
  bytes: Uint8Array<ArrayBuffer>;
  /** Where the next key goes. */
  end = 0;

  constructor(capacity = 1 << 12) {
    this.bytes = new Uint8Array(capacity);
  }

  /**
   * Writes a key to sort or group by and returns where it starts. Throws a RecordError
   * `UnhashableKey` for what is no key, plain objects included; `end` is then where it was.
   */
  write(key: unknown): number {
    return this.#write(key, false);
  }

  /** As `write`, but plain objects are keys too: only for grouping and `distinct`. */
  writeGroupingKey(key: unknown): number {
    return this.#write(key, true);
  }

  /**
   * Writes strings, one behind the other, and notes in `ends` where each of them ends. They are
   * encoded together, which takes a fifth of the time.
   */
  writeTexts(texts: readonly string[], ends: Uint32Array): void {
    const joined = texts.join(TEXTS_JOINT);
    if (texts.length > 0 && joined.isWellFormed()) {
      this.#reserve(3 * joined.length + 2 + 8);
      const { bytes, end } = this;
      bytes[end] = STRING;
      const { written } = utf8.encodeInto(joined, bytes.subarray(end + 1));
      const textsEnd = end + 1 + written;
      bytes[textsEnd] = END;
      if (findEnds(bytes, end, textsEnd + 1, texts, ends)) {
        this.end = textsEnd + 1;
        return;
      }
    }
    for (let i = 0; i < texts.length; i++) {
      this.#string(texts[i]!);
      ends[i] = this.end;
    }
  }

  #write(key: unknown, objects: boolean): number {
    const start = this.end;
    if (typeof key === "string") {
      this.#string(key);
    } else if (typeof key === "number") {
      this.#number(key);
    } else {
      try {
        this.#any(key, objects, key, []);
      } catch (error) {
        this.end = start;
        throw error;
      }
    }
    return start;
  }

  #any(key: unknown, objects: boolean, whole: unknown, path: (string | number)[]): void {
    switch (typeof key) {
      case "string":
        return this.#string(key);
      case "number":
        return this.#number(key);
      case "boolean":
        return this.#byte(key ? TRUE : FALSE);
      case "undefined":
        return this.#byte(UNDEFINED);
      case "bigint":
        return this.#bigint(key);
      case "function":
      case "symbol":
        throw unhashable(key, whole, path);
      case "object":
        if (key === null) return this.#byte(NULL);
        if (path.length >= KEY_DEPTH_MAX) throw tooDeep(whole);
        if (Array.isArray(key)) return this.#array(key, objects, whole, path);
        if (key instanceof Date) return this.#double(DATE, key.getTime());
        if (key instanceof Uint8Array) return this.#bytes(key);
        if (objects && isPlainObject(key)) return this.#object(key, whole, path);
        throw unhashable(key, whole, path);
    }
  }

  #array(
    items: readonly unknown[],
    objects: boolean,
    whole: unknown,
    path: (string | number)[],
  ): void {
    this.#byte(ARRAY);
    for (let i = 0; i < items.length; i++) { // a hole reads as undefined
      const item = items[i];
      if (typeof item === "string") {
        this.#string(item);
      } else if (typeof item === "number") {
        this.#number(item);
      } else {
        path.push(i);
        this.#any(item, objects, whole, path);
        path.pop();
      }
    }
    this.#byte(END);
  }

  #object(object: object, whole: unknown, path: (string | number)[]): void {
    this.#byte(OBJECT);
    for (const name of Object.keys(object).sort()) {
      this.#string(name);
      path.push(name);
      this.#any((object as Record<string, unknown>)[name], true, whole, path);
      path.pop();
    }
    this.#byte(END);
  }

  #number(value: number): void {
    this.#double(NUMERIC, value);
    this.bytes[this.end++] = EXACT_NUMBER; // #double has made room for it
  }

  #double(tag: number, value: number): void {
    this.#reserve(NUMBER_KEY_BYTES);
    const { bytes, end } = this;
    const high = orderedHigh(value);
    const low = orderedLow();
    bytes[end] = tag;
    bytes[end + 1] = high >>> 24;
    bytes[end + 2] = high >>> 16;
    bytes[end + 3] = high >>> 8;
    bytes[end + 4] = high;
    bytes[end + 5] = low >>> 24;
    bytes[end + 6] = low >>> 16;
    bytes[end + 7] = low >>> 8;
    bytes[end + 8] = low;
    this.end = end + 9;
  }

  #bigint(value: bigint): void {
    const near = nearestFinite(value);
    const rest = value - BigInt(near);
    this.#double(NUMERIC, near);
    if (rest < 0n) this.#magnitude(BIGINT_BELOW, -rest, 0xff);
    else this.#magnitude(BIGINT_ABOVE, rest, 0);
  }

  #magnitude(tag: number, magnitude: bigint, flip: number): void {
    let hex = magnitude === 0n ? "" : magnitude.toString(16);
    if (hex.length % 2 === 1) hex = `0${hex}`;
    const count = hex.length / 2;
    this.#reserve(count + 6);
    const { bytes } = this;
    let at = this.end;
    bytes[at++] = tag;
    if (count < COUNT_ESCAPE) {
      bytes[at++] = count ^ flip;
    } else {
      bytes[at++] = COUNT_ESCAPE ^ flip;
      for (let shift = 24; shift >= 0; shift -= 8) bytes[at++] = (count >>> shift) ^ flip;
    }
    for (let i = 0; i < count; i++) {
      bytes[at++] = parseInt(hex.slice(2 * i, 2 * i + 2), 16) ^ flip;
    }
    this.end = at;
  }

  #string(text: string): void {
    const chars = text.length;
    this.#reserve(3 * chars + 2);
    const { bytes } = this;
    let at = this.end;
    bytes[at++] = STRING;
    if (
      chars >= LONG_STRING_CHARS && text.isWellFormed() &&
      !text.includes("\0") && !text.includes("\x01")
    ) {
      at += utf8.encodeInto(text, bytes.subarray(at)).written;
    } else {
      for (let i = 0; i < chars; i++) {
        const unit = text.charCodeAt(i);
        if ((unit - 2) >>> 0 < 0x7e) {
          bytes[at++] = unit; // ASCII that needs no escape
          continue;
        }
        const point = text.codePointAt(i)!;
        if (point > 0xffff) i++;
        at = writeCodePoint(bytes, at, point);
      }
    }
    bytes[at++] = END;
    this.end = at;
  }

  #bytes(key: Uint8Array): void {
    this.#reserve(2 * key.length + 2);
    const { bytes } = this;
    let at = this.end;
    bytes[at++] = BYTES;
    for (let i = 0; i < key.length; i++) {
      const byte = key[i]!;
      if (byte < 2) {
        bytes[at++] = ESCAPE;
        bytes[at++] = byte + 1;
      } else {
        bytes[at++] = byte;
      }
    }
    bytes[at++] = END;
    this.end = at;
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.bytes[this.end++] = byte;
  }

  #reserve(count: number): void {
    const needed = this.end + count;
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, needed));
    larger.set(this.bytes.subarray(0, this.end));
    this.bytes = larger;
  }
}

/** A code point that is no plain ASCII character, as escaped WTF-8; returns where it ends. */
function writeCodePoint(bytes: Uint8Array, at: number, point: number): number {
  if (point < 2) {
    bytes[at++] = ESCAPE;
    bytes[at++] = point + 1;
    return at;
  }
  if (point < 0x800) {
    bytes[at++] = 0xc0 | (point >> 6);
  } else {
    if (point < 0x10000) {
      bytes[at++] = 0xe0 | (point >> 12); // a lone surrogate too
    } else {
      bytes[at++] = 0xf0 | (point >> 18);
      bytes[at++] = 0x80 | ((point >> 12) & 63);
    }
    bytes[at++] = 0x80 | ((point >> 6) & 63);
  }
  bytes[at++] = 0x80 | (point & 63);
  return at;
}

function nearestFinite(value: bigint): number {
  const near = Number(value);
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, near));
}

/** The bytes of one key, plain objects included, in an array of their own. */
export function encodeKey(key: unknown): Uint8Array<ArrayBuffer> {
  const writer = new KeyWriter(64);
  writer.writeGroupingKey(key);
  return writer.bytes.slice(0, writer.end);
}

/** Turns ascending bytes into descending ones and back, in place. */
export function invertBytes(bytes: Uint8Array, from: number, to: number): void {
  for (let i = from; i < to; i++) bytes[i] = ~bytes[i]!;
}

/** The order of two keys' bytes: negative, 0 or positive. */
export function compareBytes(
  a: Uint8Array,
  aAt: number,
  aLength: number,
  b: Uint8Array,
  bAt: number,
  bLength: number,
): number {
  const shorter = aLength < bLength ? aLength : bLength;
  for (let i = 0; i < shorter; i++) {
    const difference = a[aAt + i]! - b[bAt + i]!;
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}
