/** The canonical bytes of a key that records are grouped by, and what is found by them. */
import { KeyWriter } from "../core/key.ts";
import { hashBytes } from "../core/key_hash.ts";
import type { PartitionId } from "../core/plan/plan.ts";
import type { Placement } from "./partitioner.ts";

const CAPACITY = 256;

/** One key after the other, in the same memory. */
export class GroupingKey {
  readonly #writer = new KeyWriter(CAPACITY);
  #view = new DataView(this.#writer.bytes.buffer);

  /** Where the bytes of the key begin; they are overwritten by the next one. */
  get bytes(): Uint8Array {
    return this.#writer.bytes;
  }

  get length(): number {
    return this.#writer.end;
  }

  /** Throws an UnhashableKey for what is none. */
  write(key: unknown): void {
    this.#writer.end = 0;
    this.#writer.writeGroupingKey(key);
  }

  hash(): number {
    const { bytes, end } = this.#writer;
    if (this.#view.buffer !== bytes.buffer) this.#view = new DataView(bytes.buffer);
    return hashBytes(this.#view, 0, end);
  }

  /** Where the key belongs that was written last; `key` is that one. */
  partitionIn(placement: Placement, key: unknown): PartitionId {
    switch (placement.kind) {
      case "hash":
        return placement.of(this.hash());
      case "custom":
        return placement.of(key);
      case "range":
        return placement.of(this.bytes, 0, this.length);
    }
  }
}
