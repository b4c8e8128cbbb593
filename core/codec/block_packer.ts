/**
 * Records into blocks of a good size: large enough that a block costs little, small enough that one
 * in flight needs no budget. How large a record is shows only when it is encoded, so each block says
 * how many records the next one takes.
 */
import type { ClassTable } from "./binary.ts";
import { encodeBlock } from "./codec.ts";

const BLOCK_BYTES = 256 * 1024;
/** Before anything is known, and the most by which one guess may exceed the last. */
const RECORDS_AT_FIRST = 64;
const GROWTH_MAX = 8;
const RECORDS_MAX = 64 * 1024;

export class BlockPacker {
  readonly #put: (block: Uint8Array, records: number) => void;
  readonly #classes: ClassTable | undefined;
  #pending: unknown[] = [];
  #recordsWanted = RECORDS_AT_FIRST;

  /** `put` gets each block as it is ready, in order. */
  constructor(put: (block: Uint8Array, records: number) => void, classes?: ClassTable) {
    this.#put = put;
    this.#classes = classes;
  }

  /** Throws a RecordError NotSerializable where a record cannot be encoded. */
  add(batch: readonly unknown[]): void {
    for (const record of batch) {
      this.#pending.push(record);
      if (this.#pending.length >= this.#recordsWanted) this.finish();
    }
  }

  /** Puts what is left. */
  finish(): void {
    const records = this.#pending.length;
    if (records === 0) return;
    const block = encodeBlock(this.#pending, this.#classes);
    this.#pending = [];
    const fitting = Math.floor(BLOCK_BYTES / (block.length / records));
    this.#recordsWanted = Math.max(1, Math.min(fitting, records * GROWTH_MAX, RECORDS_MAX));
    this.#put(block, records);
  }
}
