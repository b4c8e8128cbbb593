/**
 * A block of pairs that can be keyed anew without decoding anything: key bytes and value bytes.
 *
 *     block    u32 pairs | pair, pair, …
 *     pair     varint key length, varint value length, key, value
 *
 * Keys are canonical (core/key.ts), values as value_bytes.ts writes them. A block may begin at any
 * address. It carries neither its length nor a checksum: whoever stores or sends it adds those.
 */
import { RecordError } from "../core/errors.ts";
import { putRecord, RECORD_HEADER_BYTES_MAX } from "./bytes.ts";
import { free } from "./free_memory.ts";
import type { Reservation } from "./memory_budget.ts";

const HEADER_BYTES = 4;
const CAPACITY_MIN = 256;

/** Fills one block after the other, in memory that grows as it is needed. */
export class PairBlockBuilder {
  /** Pairs in the block that is being filled. */
  records = 0;
  /** The length of that block. */
  bytes = HEADER_BYTES;
  #block = new Uint8Array(0);
  readonly #memory: Reservation | undefined;

  /** Grows within `memory` where there is one; without, the caller keeps its blocks small. */
  constructor(memory?: Reservation) {
    this.#memory = memory;
  }

  /** Adds a pair that lies in `bytes`; false: there is no room for it, and nothing was changed. */
  add(
    bytes: Uint8Array,
    keyAt: number,
    keyLength: number,
    valueAt: number,
    valueLength: number,
  ): boolean {
    const most = this.bytes + RECORD_HEADER_BYTES_MAX + keyLength + valueLength;
    if (most > this.#block.length && !this.#grow(most)) return false;
    this.bytes = putRecord(this.#block, this.bytes, bytes, keyAt, keyLength, valueAt, valueLength);
    this.records++;
    return true;
  }

  /** The block, in memory that the next `add` writes to again. */
  finish(): Uint8Array {
    const block = this.#block.subarray(0, this.bytes);
    new DataView(block.buffer).setUint32(0, this.records, true);
    this.records = 0;
    this.bytes = HEADER_BYTES;
    return block;
  }

  /** Gives its memory back. */
  release(): void {
    this.#memory?.shrink(this.#block.length);
    free(this.#block);
    this.#block = new Uint8Array(0);
    this.records = 0;
    this.bytes = HEADER_BYTES;
  }

  #grow(bytes: number): boolean {
    const old = this.#block;
    const length = Math.max(CAPACITY_MIN, old.length * 2, bytes);
    if (this.#memory !== undefined && !this.#memory.tryGrow(length)) return false;
    this.#block = new Uint8Array(length);
    this.#block.set(old.subarray(0, this.bytes));
    this.#memory?.shrink(old.length);
    free(old);
    return true;
  }
}

/** Reads the pairs of a block in order. After `next` returned true, key and value lie in `bytes`. */
export class PairBlockReader {
  readonly bytes: Uint8Array;
  keyAt = 0;
  keyLength = 0;
  valueAt = 0;
  valueLength = 0;
  readonly #records: number;
  #read = 0;
  #at = HEADER_BYTES;

  constructor(block: Uint8Array) {
    this.bytes = block;
    if (block.length < HEADER_BYTES) throw corrupt();
    this.#records = new DataView(block.buffer, block.byteOffset).getUint32(0, true);
  }

  /** Throws a RecordError `CorruptBlock` where the block is not whole. */
  next(): boolean {
    if (this.#read === this.#records) {
      if (this.#at !== this.bytes.length) throw corrupt();
      return false;
    }
    this.#read++;
    this.keyLength = this.#varint();
    this.valueLength = this.#varint();
    this.keyAt = this.#at;
    this.valueAt = this.keyAt + this.keyLength;
    this.#at = this.valueAt + this.valueLength;
    if (!(this.#at <= this.bytes.length)) throw corrupt();
    return true;
  }

  #varint(): number {
    const bytes = this.bytes;
    let byte = bytes[this.#at++]!;
    if (byte < 128) return byte;
    let value = byte & 127;
    for (let shift = 7; byte >= 128; shift += 7) {
      byte = bytes[this.#at++]!;
      value |= (byte & 127) << shift;
    }
    return value;
  }
}

function corrupt(): RecordError {
  return new RecordError(
    "CorruptBlock",
    "Cannot read a block of pairs: it is not what was written",
    "Run the job again; if it happens again, the disk or the memory of a machine is failing",
  );
}
