/**
 * Records on their way through a sorter: an array that fills from both ends, is sorted in place, and
 * is then written out in order.
 *
 *     filling    | key, u32 value length, value | ... --> free <-- ... | start, key length |
 *     sorted     | the same                     |     free      | starts | key lengths     |
 *     encoded    | record | record | ...     as in the blocks of a run, and as large as needed
 *
 * Encoding costs little while the piece is in the cache, and saves a cache miss a record later, when
 * many pieces are merged: reading in order is what the processor is good at.
 */
import { copyBytes, getVarint, putRecord, recordBytes, varintBytes } from "./bytes.ts";
import { free } from "./free_memory.ts";
import { sortByKey, type SortScratch } from "./key_sort.ts";
import { SLACK_BYTES } from "./loser_tree.ts";
import type { RunWriter } from "./run.ts";

/** The start of a record and the length of its key. */
const PAIR_BYTES = 8;
/** What a record takes besides key and value: its pair and the length of the value. */
const OVERHEAD_BYTES = PAIR_BYTES + 4;

/** Records in memory. Once `sort` was called none can be added until `clear`. */
export class Piece {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  /** After `sort`: where each key begins and how long it is, in key order. */
  #starts: Uint32Array = new Uint32Array(0);
  #keyLengths: Uint32Array = new Uint32Array(0);
  readonly #recordsMax: number;
  /** The whole array as words, of which the last hold the pairs. */
  readonly #words: Uint32Array;
  #end = 0;
  #records = 0;
  #encodedBytes = SLACK_BYTES;

  /** `bytes`, a multiple of 8: the memory that it takes. It holds `recordsMax` records at most. */
  constructor(bytes: number, recordsMax: number) {
    const buffer = new ArrayBuffer(bytes);
    this.#bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
    this.#words = new Uint32Array(buffer);
    this.#recordsMax = recordsMax;
  }

  /** How large a piece has to be for one record. */
  static bytesFor(keyLength: number, valueLength: number): number {
    return Math.ceil((keyLength + valueLength + OVERHEAD_BYTES) / 8) * 8;
  }

  /** The memory that it takes. */
  get bytes(): number {
    return this.#bytes.length;
  }

  get records(): number {
    return this.#records;
  }

  /** The memory that `encoded` will take. */
  get encodedBytes(): number {
    return this.#encodedBytes;
  }

  /** Takes a record; false where there is no room for it. */
  add(
    bytes: Uint8Array,
    keyAt: number,
    keyLength: number,
    valueAt: number,
    valueLength: number,
  ): boolean {
    const start = this.#end;
    const records = this.#records;
    const end = start + keyLength + 4 + valueLength;
    if (end + (records + 1) * PAIR_BYTES > this.#bytes.length || records === this.#recordsMax) {
      return false;
    }
    copyBytes(this.#bytes, start, bytes, keyAt, keyLength);
    this.#view.setUint32(start + keyLength, valueLength);
    copyBytes(this.#bytes, start + keyLength + 4, bytes, valueAt, valueLength);
    const pair = this.#words.length - 2 * (records + 1);
    this.#words[pair] = start;
    this.#words[pair + 1] = keyLength;
    this.#end = end;
    this.#records = records + 1;
    this.#encodedBytes += recordBytes(keyLength, valueLength);
    return true;
  }

  /** Puts the records in key order, equal keys in the order in which they were added. */
  sort(scratch: SortScratch): void {
    const records = this.#records;
    const words = this.#words;
    const starts = words.subarray(words.length - 2 * records, words.length - records);
    const keyLengths = words.subarray(words.length - records);
    // Parts the pairs, the latest of which stands first.
    const { spareStarts, spareLengths } = scratch;
    for (let i = 0, pair = words.length - 2; i < records; i++, pair -= 2) {
      spareStarts[i] = words[pair]!;
      spareLengths[i] = words[pair + 1]!;
    }
    starts.set(spareStarts.subarray(0, records));
    keyLengths.set(spareLengths.subarray(0, records));
    sortByKey({ bytes: this.#bytes, view: this.#view, starts, keyLengths }, scratch);
    this.#starts = starts;
    this.#keyLengths = keyLengths;
  }

  /** The sorted records, one behind the other, and SLACK_BYTES. */
  encoded(): Uint8Array<ArrayBuffer> {
    const to = new Uint8Array(this.#encodedBytes);
    const bytes = this.#bytes;
    const starts = this.#starts;
    const keyLengths = this.#keyLengths;
    let at = 0;
    for (let i = 0; i < starts.length; i++) {
      const start = starts[i]!;
      const keyLength = keyLengths[i]!;
      const valueLength = this.#view.getUint32(start + keyLength);
      at = putRecord(to, at, bytes, start, keyLength, start + keyLength + 4, valueLength);
    }
    return to;
  }

  /** Writes the sorted records to a run. */
  writeTo(run: RunWriter): void {
    const starts = this.#starts;
    const keyLengths = this.#keyLengths;
    for (let i = 0; i < starts.length; i++) {
      const start = starts[i]!;
      const keyEnd = start + keyLengths[i]!;
      run.write(this.#bytes, start, keyLengths[i]!, keyEnd + 4, this.#view.getUint32(keyEnd));
    }
  }

  /** Gives its memory back; it is not to be used again. */
  release(): void {
    free(this.#bytes);
  }

  /** Forgets all records. */
  clear(): void {
    this.#end = 0;
    this.#records = 0;
    this.#encodedBytes = SLACK_BYTES;
    this.#starts = new Uint32Array(0);
    this.#keyLengths = new Uint32Array(0);
  }
}

/** Writes records that lie one behind the other, with SLACK_BYTES behind them, to a run. */
export function writeEncoded(run: RunWriter, encoded: Uint8Array): void {
  const end = encoded.length - SLACK_BYTES;
  for (let at = 0; at < end;) {
    const keyLength = getVarint(encoded, at);
    at += varintBytes(keyLength);
    const valueLength = getVarint(encoded, at);
    at += varintBytes(valueLength);
    run.write(encoded, at, keyLength, at + keyLength, valueLength);
    at += keyLength + valueLength;
  }
}
