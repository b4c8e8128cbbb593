/**
 * Pairs on their way into a sorter, as entries:
 *
 *     key bytes, inverted where the order is descending │ value, or nothing: it is the key
 *     └ with the partition in front where the partitioner is not by range
 */
import type { ClassTable } from "../core/codec/binary.ts";
import { invertBytes } from "../core/key.ts";
import { hashBytes } from "../core/key_hash.ts";
import { KeyTypes } from "../core/key_order.ts";
import type { PartitionId } from "../core/plan/plan.ts";
import { KeyBatchWriter } from "./key_batch.ts";
import { pairOf } from "./pairs.ts";
import type { Placement } from "./partitioner.ts";
import { Sorter, type SorterOptions } from "./sorter.ts";
import { EntryWriter } from "./value_bytes.ts";

/** Which way the keys go, and what they are sorted by before. */
export type SortOrder = Readonly<{ ascending: boolean; placement: Placement }>;

/** Feeds a sorter of its own with pairs. */
export class SortEntries implements Disposable {
  readonly sorter: Sorter;
  readonly #ascending: boolean;
  readonly #placement: Placement;
  readonly #types = new KeyTypes();
  readonly #keys = new KeyBatchWriter();
  readonly #entry: EntryWriter;

  constructor({ ascending, placement }: SortOrder, options: SorterOptions, classes?: ClassTable) {
    this.#ascending = ascending;
    this.#placement = placement;
    this.#entry = new EntryWriter(classes);
    this.sorter = new Sorter(options);
  }

  /** As KeyTypes tells them, of all keys so far. */
  get keyTypes(): readonly number[] {
    return this.#types.masks;
  }

  /** Takes the next pairs. Throws as `ShuffleWriter.add` does. */
  add(batch: readonly unknown[]): void {
    for (let from = 0, count; from < batch.length; from += count) {
      count = this.#keys.write(batch, from);
      let keyAt = 0;
      for (let i = 0; i < count; i++) {
        const keyEnd = this.#keys.endOf(i);
        const [key, value] = pairOf(batch[from + i]);
        this.#addPair(key, value, keyAt, keyEnd - keyAt);
        keyAt = keyEnd;
      }
    }
    this.#types.check();
  }

  [Symbol.dispose](): void {
    this.sorter[Symbol.dispose]();
  }

  /** Adds a pair whose key has been written. */
  #addPair(key: unknown, value: unknown, keyAt: number, keyLength: number): void {
    const { bytes } = this.#keys;
    this.#types.note(key);
    const partition = this.#partitionOf(key, keyAt, keyLength);
    if (!this.#ascending) invertBytes(bytes, keyAt, keyAt + keyLength);
    const isKey = isItsKey(key, value);
    if (isKey && partition === undefined) {
      this.sorter.add(bytes, keyAt, keyLength, keyAt, 0);
      return;
    }
    const entry = this.#entry;
    entry.clear();
    if (partition !== undefined) entry.prefix(partition);
    entry.copy(bytes, keyAt, keyLength);
    const valueAt = entry.end;
    if (!isKey) entry.value(value);
    this.sorter.add(entry.bytes, 0, valueAt, valueAt, entry.end - valueAt);
  }

  /** What an entry begins with; nothing where the keys themselves tell the partition. */
  #partitionOf(key: unknown, keyAt: number, keyLength: number): PartitionId | undefined {
    const placement = this.#placement;
    switch (placement.kind) {
      case "range":
        return undefined;
      case "custom":
        return placement.of(key);
      case "hash": {
        const { bytes } = this.#keys;
        const view = new DataView(bytes.buffer, bytes.byteOffset);
        return placement.of(hashBytes(view, keyAt, keyAt + keyLength));
      }
    }
  }
}

/** Whether a key that is read back is the value. -0 and 0 are one key; what may be changed is copied. */
function isItsKey(key: unknown, value: unknown): boolean {
  return key === value && (typeof key === "string" || typeof key === "number" && key !== 0);
}
