/**
 * Sorted runs in, one sorted sequence out, within memory known in advance.
 *
 *     memory    | slot: a block of run 0 | slot: a block of run 1 | ... | last key of a used-up block |
 *                          │                       │
 *                          └──── LoserTree ────────┘──► next(): the least key, ties from the lower run
 *
 * A slot is as large as the largest block of its run in the range that is read. Where the slots of
 * all runs do not fit, `mergeDown` first merges neighbours into longer runs, in as many passes as
 * it takes. Runs in the order in which they were made, so the merge is stable.
 */
import { assert } from "../core/errors.ts";
import type { Platform, ReadableFile } from "../core/platform.ts";
import { compareBytes } from "../core/key.ts";
import { getVarint, varintBytes } from "./bytes.ts";
import { openWritten } from "./damage.ts";
import { KEY_BYTES_MAX, keyTooLarge, LoserTree, SLACK_BYTES } from "./loser_tree.ts";
import { BLOCK_HEADER_BYTES, BlockReader, blocksOf, type KeyRange, type Run } from "./run.ts";

/**
 * Records in the order of their keys, seen through a window that moves.
 *
 * After `next` returned true, key and value lie in `bytes` (which may be another array each time)
 * until `next` is called again. `close` lets go of files and memory; it may be called at any time.
 */
export interface SortedRecords extends Disposable {
  next(): boolean;
  readonly bytes: Uint8Array;
  readonly keyAt: number;
  readonly keyLength: number;
  readonly valueAt: number;
  readonly valueLength: number;
  /** Whether the key equals that of the record before. */
  readonly sameKey: boolean;
  close(): void;
}

/** Merges runs; equal keys come in the order of the runs. */
export class Merge implements SortedRecords {
  readonly bytes: Uint8Array;
  keyAt = 0;
  keyLength = 0;
  valueAt = 0;
  valueLength = 0;
  sameKey = false;

  readonly #tree: LoserTree;
  readonly #readers: BlockReader[];
  readonly #files = new Map<string, ReadableFile>();
  readonly #range: KeyRange;
  readonly #reservation: Disposable | undefined;
  readonly #slotAt: Float64Array;
  /** Where the next record of each slot begins, and where its block ends. */
  readonly #recordAt: Float64Array;
  readonly #blockEnd: Float64Array;
  readonly #valueLengths: Float64Array;
  /** 1 where no key of the slot's block can lie behind the range. */
  readonly #isInside: Uint8Array;

  /**
   * `memory` is at least `Merge.bytesFor(runs, range)` bytes that the budget has granted; the
   * merge holds nothing else that grows with the data. Opens each file of the runs once; a file
   * may be deleted from then on. `reservation` is given back when the merge is closed.
   */
  constructor(
    platform: Platform,
    runs: readonly Run[],
    range: KeyRange,
    memory: Uint8Array,
    reservation?: Disposable,
  ) {
    this.bytes = memory;
    this.#reservation = reservation;
    this.#range = range;
    this.#slotAt = new Float64Array(runs.length);
    this.#recordAt = new Float64Array(runs.length);
    this.#blockEnd = new Float64Array(runs.length);
    this.#valueLengths = new Float64Array(runs.length);
    this.#isInside = new Uint8Array(runs.length);
    let at = 0;
    for (const [slot, run] of runs.entries()) {
      this.#slotAt[slot] = at;
      at += slotBytesOf(run, range);
    }
    assert(Merge.bytesFor(runs, range) <= memory.length, "a merge was given too little memory");
    this.#tree = new LoserTree(
      { fetch: (slot) => this.#fetch(slot) },
      runs.length,
      memory.subarray(at),
    );
    this.#tree.views.fill(new DataView(memory.buffer, memory.byteOffset, memory.length));
    this.#readers = this.#open(platform, runs, range);
  }

  /** The memory that it takes to merge runs at once. */
  static bytesFor(runs: readonly Run[], range: KeyRange = {}): number {
    return runs.reduce((bytes, run) => bytes + slotBytesOf(run, range), keptBytesFor(runs));
  }

  next(): boolean {
    const slot = this.#tree.next();
    if (slot < 0) {
      this.close();
      return false;
    }
    this.sameKey = this.#tree.sameKey;
    this.keyAt = this.#tree.keyAt[slot]!;
    this.keyLength = this.#tree.keyLength[slot]!;
    this.valueAt = this.keyAt + this.keyLength;
    this.valueLength = this.#valueLengths[slot]!;
    return true;
  }

  close(): void {
    for (const file of this.#files.values()) file[Symbol.dispose]();
    this.#files.clear();
    this.#reservation?.[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Puts the slot's next record of the range into the tree; false when there is none. */
  #fetch(slot: number): boolean {
    const { from, to } = this.#range;
    const isFirst = this.#blockEnd[slot] === 0;
    if (!this.#parse(slot)) return false;
    if (isFirst && from !== undefined) {
      while (this.#compare(slot, from) < 0) {
        if (!this.#parse(slot)) return false;
      }
    }
    return this.#isInside[slot] === 1 || to === undefined || this.#compare(slot, to) < 0;
  }

  #open(platform: Platform, runs: readonly Run[], range: KeyRange): BlockReader[] {
    try {
      return runs.map((run) => {
        let file = this.#files.get(run.path);
        if (file === undefined) {
          file = openWritten(platform, run.path, run.origin);
          this.#files.set(run.path, file);
        }
        return new BlockReader(platform, file, run, range);
      });
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Finds key and value of the slot's next record; false at the end of its run. */
  #parse(slot: number): boolean {
    const bytes = this.bytes;
    let at = this.#recordAt[slot]!;
    if (at === this.#blockEnd[slot]!) {
      at = this.#readBlock(slot);
      if (at < 0) return false;
    }
    let keyLength = bytes[at]!;
    if (keyLength >= 128) keyLength = getVarint(bytes, at);
    at += varintBytes(keyLength);
    let valueLength = bytes[at]!;
    if (valueLength >= 128) valueLength = getVarint(bytes, at);
    at += varintBytes(valueLength);
    if (keyLength > KEY_BYTES_MAX) throw keyTooLarge(keyLength);
    this.#tree.keyAt[slot] = at;
    this.#tree.keyLength[slot] = keyLength;
    this.#valueLengths[slot] = valueLength;
    this.#recordAt[slot] = at + keyLength + valueLength;
    return true;
  }

  /** The next block of the slot's run; returns where its payload begins, -1 at the end. */
  #readBlock(slot: number): number {
    // If the key that won last is of this slot, its bytes are about to be overwritten.
    this.#tree.keepKey(slot);
    const reader = this.#readers[slot]!;
    const slotAt = this.#slotAt[slot]!;
    const length = reader.read(this.bytes, slotAt);
    if (length === 0) return -1;
    this.#blockEnd[slot] = slotAt + length;
    this.#isInside[slot] = reader.isInside ? 1 : 0;
    return slotAt + BLOCK_HEADER_BYTES;
  }

  #compare(slot: number, key: Uint8Array): number {
    const keyAt = this.#tree.keyAt[slot]!;
    return compareBytes(this.bytes, keyAt, this.#tree.keyLength[slot]!, key, 0, key.length);
  }
}

/** A slot holds the largest block of its run that lies in the range. */
export function slotBytesOf(run: Run, range: KeyRange): number {
  const { first, end } = blocksOf(run, range);
  let payloadBytesMax = 0;
  for (let i = first; i < end; i++) {
    payloadBytesMax = Math.max(payloadBytesMax, run.blocks.bytes(i));
  }
  return BLOCK_HEADER_BYTES + payloadBytesMax + SLACK_BYTES;
}

/** Room for the longest key. */
export function keptBytesFor(runs: readonly Run[]): number {
  return runs.reduce((most, run) => Math.max(most, run.keyBytesMax), 0) + SLACK_BYTES;
}
