/** The results of an aggregator, in order: from its table, or from the runs that it spilled. */
import { MemoryError } from "../core/errors.ts";
import { readKey } from "../core/key_reader.ts";
import type { PartitionId, UserFunction } from "../core/plan/plan.ts";
import { copyBytes } from "./bytes.ts";
import type { ShuffleIO } from "./carrier.ts";
import type { Combiners } from "./combiners.ts";
import type { KeyTable } from "./key_table.ts";
import type { Reservation } from "./memory_budget.ts";
import type { SortedRecords } from "./merge.ts";
import { type Placement, PREFIX_BYTES, readPrefix } from "./partitioner.ts";
import { sizeOf } from "./size_of.ts";
import { ValueReader } from "./value_bytes.ts";

/** Results, one key after the other. */
export interface CombinedRecords extends Disposable {
  /** After true the fields tell the next result; the key lies in `bytes` until the next call. */
  next(): boolean;
  readonly bytes: Uint8Array;
  readonly keyAt: number;
  readonly keyLength: number;
  readonly partition: PartitionId;
  readonly value: unknown;
}

/** The results of a table by (partition, hash, key bytes). Nothing may be looked up meanwhile. */
export class TableRecords implements CombinedRecords {
  readonly bytes: Uint8Array;
  keyAt = 0;
  keyLength = 0;
  hash = 0;
  partition: PartitionId = 0;
  value: unknown;
  readonly #table: KeyTable;
  readonly #combiners: Combiners;
  readonly #placement: Placement;
  readonly #order: Uint32Array | undefined;
  readonly #whenThrough: () => void;
  #next = 0;

  /** `whenThrough` is called once, after the last result or when it is disposed. */
  constructor(
    table: KeyTable,
    combiners: Combiners,
    placement: Placement,
    whenThrough: () => void = () => {},
  ) {
    this.#table = table;
    this.#combiners = combiners;
    this.#placement = placement;
    this.#whenThrough = whenThrough;
    table.sort();
    this.bytes = table.keys;
    this.#order = placement.kind === "hash" ? undefined : this.#byPartition();
  }

  next(): boolean {
    const table = this.#table;
    while (this.#next < table.size) {
      const i = this.#order?.[this.#next] ?? this.#next;
      this.#next++;
      const record = table.recordAt(i);
      const group = table.groupAt(record);
      // The last key may have found no room for its result: then it is not there at all.
      if (group >= this.#combiners.size) continue;
      this.#locate(i);
      this.partition = this.#partition();
      this.value = this.#combiners.get(group);
      return true;
    }
    this[Symbol.dispose]();
    return false;
  }

  [Symbol.dispose](): void {
    if (this.#next === Infinity) return;
    this.#next = Infinity;
    this.#whenThrough();
  }

  #locate(i: number): void {
    const record = this.#table.recordAt(i);
    this.hash = this.#table.hashAt(i);
    this.keyAt = this.#table.keyAt(record);
    this.keyLength = this.#table.keyLength(record);
  }

  #partition(): PartitionId {
    const placement = this.#placement;
    switch (placement.kind) {
      case "hash":
        return placement.of(this.hash);
      case "custom":
        return placement.of(readKey(this.bytes, this.keyAt, this.keyAt + this.keyLength));
      case "range":
        return placement.of(this.bytes, this.keyAt, this.keyLength);
    }
  }

  /** A counting sort: stable, so that within a partition the order stays as it is. */
  #byPartition(): Uint32Array {
    const size = this.#table.size;
    const partitions = new Uint32Array(size);
    const starts = new Uint32Array(this.#placement.partitions + 1);
    for (let i = 0; i < size; i++) {
      this.#locate(i);
      const partition = this.#partition();
      partitions[i] = partition;
      starts[partition + 1]!++;
    }
    for (let p = 1; p < starts.length; p++) starts[p]! += starts[p - 1]!;
    const order = new Uint32Array(size);
    for (let i = 0; i < size; i++) order[starts[partitions[i]!]!++] = i;
    return order;
  }
}

/** The results of spilled runs; partial results of a key are combined in the order of the runs. */
export class MergedRecords implements CombinedRecords {
  bytes: Uint8Array = new Uint8Array(256);
  keyAt: number;
  keyLength = 0;
  partition: PartitionId = 0;
  value: unknown;
  readonly #records: SortedRecords;
  readonly #mergeCombiners: UserFunction;
  readonly #placement: Placement;
  readonly #io: ShuffleIO;
  readonly #memory: Reservation;
  readonly #values: ValueReader;
  #hasNext: boolean | undefined;

  /** Keys begin with the partition, unless that is by hash, and the hash. */
  constructor(
    records: SortedRecords,
    mergeCombiners: UserFunction,
    placement: Placement,
    io: ShuffleIO,
  ) {
    this.#records = records;
    this.#mergeCombiners = mergeCombiners;
    this.#placement = placement;
    this.#io = io;
    this.#memory = io.budget.reserve("merging results");
    this.#values = new ValueReader(io.classes);
    this.keyAt = placement.kind === "hash" ? PREFIX_BYTES : 2 * PREFIX_BYTES;
  }

  next(): boolean {
    const records = this.#records;
    this.#hasNext ??= records.next();
    if (!this.#hasNext) {
      this[Symbol.dispose]();
      return false;
    }
    this.#keepKey();
    let value = this.#read();
    let merges = 0;
    while ((this.#hasNext = records.next()) && records.sameKey) {
      value = this.#mergeCombiners(value, this.#read());
      merges++;
      if (typeof value !== "number" && (merges & (merges - 1)) === 0) this.#measure(value);
    }
    this.#memory.shrink(this.#memory.bytes);
    this.value = value;
    return true;
  }

  [Symbol.dispose](): void {
    this.#hasNext = false;
    this.#records.close();
    this.#memory[Symbol.dispose]();
  }

  #read(): unknown {
    return this.#values.read(this.#records.bytes, this.#records.valueAt);
  }

  /** The window of the merge moves on; the key has to outlive it. */
  #keepKey(): void {
    const { bytes, keyAt, keyLength } = this.#records;
    if (keyLength > this.bytes.length) this.bytes = new Uint8Array(2 * keyLength);
    copyBytes(this.bytes, 0, bytes, keyAt, keyLength);
    this.keyLength = keyLength - this.keyAt;
    const first = readPrefix(this.bytes, 0);
    this.partition = this.#placement.kind === "hash" ? this.#placement.of(first) : first;
  }

  #measure(value: unknown): void {
    const growth = sizeOf(value) - this.#memory.bytes;
    if (growth <= 0 || this.#memory.tryGrow(growth)) return;
    throw new MemoryError(
      "OverBudget",
      `Cannot combine the values of one key: the result takes about ${
        sizeOf(value)
      } bytes, and the task has ${this.#io.budget.bytesMax}`,
      "Raise flint.worker.memory, or make the result of a key smaller",
    );
  }
}
