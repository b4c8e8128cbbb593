/**
 * The keys of a batch as bytes, and back: text is encoded and decoded many keys at a time, because
 * each call of the runtime's encoder costs as much as a hundred bytes.
 *
 *     pairs ──► KeyBatchWriter ──► 40 key 00 40 key 00 …  ──► each key to where it is sorted
 *     pairs ◄── PairBatchReader ◄─ the same, gathered     ◄── each key from where it was sorted
 *
 * What is gathered is small, so that it stays in the cache, and because V8 keeps the text of all
 * strings of a batch as long as one of them is kept.
 */
import { invertBytes, KeyWriter } from "../core/key.ts";
import { STRING } from "../core/key_tags.ts";
import { KeyReader, readTexts } from "../core/key_reader.ts";
import { copyBytes } from "./bytes.ts";
import { BATCH_RECORDS, pairOf } from "./pairs.ts";

const TEXT_CHARS = 32 * 1024;
const KEYS_BYTES = 64 * 1024;

/** Writes the keys of pairs: strings together, everything else one by one. */
export class KeyBatchWriter {
  readonly #writer = new KeyWriter(KEYS_BYTES);
  readonly #ends = new Uint32Array(BATCH_RECORDS);

  /** The keys written last, one behind the other. The next `write` may replace the array. */
  get bytes(): Uint8Array {
    return this.#writer.bytes;
  }

  /** Where the `i`-th of the keys written last ends; the next one begins there. */
  endOf(i: number): number {
    return this.#ends[i]!;
  }

  /**
   * Writes the keys of `batch` from record `from` on, over what was written before. Returns how many
   * there are: at least one. Throws a RecordError `NotAPair` or `UnhashableKey`.
   */
  write(batch: readonly unknown[], from: number): number {
    this.#writer.end = 0;
    const to = Math.min(batch.length, from + BATCH_RECORDS);
    return this.#writeTexts(batch, from, to) || this.#writeOthers(batch, from, to);
  }

  #writeTexts(batch: readonly unknown[], from: number, to: number): number {
    const texts: string[] = [];
    for (let i = from, chars = 0; i < to && chars < TEXT_CHARS; i++) {
      const key = pairOf(batch[i])[0];
      if (typeof key !== "string") break;
      texts.push(key);
      chars += key.length;
    }
    this.#writer.writeTexts(texts, this.#ends);
    return texts.length;
  }

  #writeOthers(batch: readonly unknown[], from: number, to: number): number {
    const writer = this.#writer;
    let count = 0;
    for (let i = from; i < to && writer.end < KEYS_BYTES; i++) {
      const key = pairOf(batch[i])[0];
      if (typeof key === "string") break;
      writer.write(key);
      this.#ends[count++] = writer.end;
    }
    return count;
  }
}

/** Given for a value: it is the key, and has no bytes of its own. */
export const ITS_KEY = Symbol("its key");

/** Makes pairs of keys' bytes and values: strings are gathered and read together. */
export class PairBatchReader {
  readonly #isInverted: boolean;
  readonly #reader = new KeyReader(new Uint8Array(0));
  #pairs: [key: unknown, value: unknown][] = [];
  /** The first pair whose key is still among the texts. */
  #unread = 0;
  #texts = new Uint8Array(KEYS_BYTES);
  #end = 0;

  /** `isInverted`: the bytes of keys are as `invertBytes` leaves them. */
  constructor(isInverted = false) {
    this.#isInverted = isInverted;
  }

  /** Whether there are pairs enough for a batch. */
  get isFull(): boolean {
    return this.#pairs.length >= BATCH_RECORDS || this.#end >= KEYS_BYTES;
  }

  /** Takes a pair; the key has `length` bytes from `at` on. */
  add(bytes: Uint8Array, at: number, length: number, value: unknown): void {
    if (bytes[at] === (this.#isInverted ? 0xff - STRING : STRING)) {
      this.#gather(bytes, at, length);
      this.#pairs.push([undefined, value]);
      return;
    }
    if (this.#end > 0) this.#readTexts();
    const key = this.#read(bytes, at, length);
    this.#pairs.push([key, value === ITS_KEY ? key : value]);
    this.#unread = this.#pairs.length;
  }

  /** The pairs that were taken, in order; none of them is left. */
  take(): [key: unknown, value: unknown][] {
    if (this.#end > 0) this.#readTexts();
    const pairs = this.#pairs;
    this.#pairs = [];
    this.#unread = 0;
    return pairs;
  }

  #readTexts(): void {
    const bytes = this.#texts.subarray(0, this.#end);
    if (this.#isInverted) invertBytes(bytes, 0, bytes.length);
    for (const text of readTexts(bytes)) {
      const pair = this.#pairs[this.#unread++]!;
      pair[0] = text;
      if (pair[1] === ITS_KEY) pair[1] = text;
    }
    this.#end = 0;
  }

  #read(bytes: Uint8Array, at: number, length: number): unknown {
    const reader = this.#reader;
    if (this.#isInverted) {
      this.#gather(bytes, at, length);
      this.#end = 0;
      bytes = this.#texts;
      at = 0;
      invertBytes(bytes, 0, length);
    }
    reader.bytes = bytes;
    reader.at = at;
    reader.end = at + length;
    return reader.read();
  }

  #gather(bytes: Uint8Array, at: number, length: number): void {
    const end = this.#end + length;
    if (end > this.#texts.length) this.#grow(end);
    copyBytes(this.#texts, this.#end, bytes, at, length);
    this.#end = end;
  }

  #grow(bytes: number): void {
    const larger = new Uint8Array(2 * bytes);
    larger.set(this.#texts.subarray(0, this.#end));
    this.#texts = larger;
  }
}
