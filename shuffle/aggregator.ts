/**
 * One result per key, within the memory that is granted: the table that both sides of a combining
 * exchange fill.
 *
 *     key, value ──► KeyTable ──► group ──► Combiners           in memory
 *                        │ told no
 *                        ▼
 *     run 0, run 1, …    (hash, key bytes) → encoded result     spilled, table cleared, on it goes
 *                        │
 *     results() ◄── table sorted, or runs merged: equal keys meet and are combined
 *
 * Results come in the order (hash, key bytes), whether anything was spilled or not; runs are merged
 * in the order in which they were made. So the sequence is the same under any budget, as long as
 * `mergeCombiners` is associative; it need not be commutative.
 *
 * Where a partitioner is not by hash, results are wanted partition by partition: then the number of
 * the partition stands before the hash.
 */
import { assert, MemoryError, shown } from "../core/errors.ts";
import { readKey } from "../core/key_reader.ts";
import type { WritableFile } from "../core/platform.ts";
import type { UserFunction } from "../core/plan/plan.ts";
import type { ShuffleIO } from "./carrier.ts";
import { type CombinedRecords, MergedRecords, TableRecords } from "./combined_records.ts";
import { Combiners } from "./combiners.ts";
import { FULL, KeyTable } from "./key_table.ts";
import type { Reservation } from "./memory_budget.ts";
import { mergeRuns } from "./merge_passes.ts";
import type { Placement } from "./partitioner.ts";
import { BLOCK_BYTES, type Run, RunWriter } from "./run.ts";
import { EntryWriter } from "./value_bytes.ts";

/** The three functions of a combining exchange. */
export type CombineFunctions = Readonly<{
  create: UserFunction;
  mergeValue: UserFunction;
  mergeCombiners: UserFunction;
}>;

/** Blocks of runs are small where memory is, so that many runs can be merged at once. */
const BLOCKS_PER_BUDGET = 256;
const BLOCK_BYTES_MIN = 4 * 1024;

/** Where partitions are found group by group: a partition and a place in the order. */
const PLACED_GROUP_BYTES = 8;

/**
 * Combines values by key. Throws a MemoryError `OverBudget` where one key and its result do not
 * fit, and whatever the functions throw. Disposing gives memory back and deletes what was spilled.
 */
export class Aggregator implements Disposable {
  readonly #functions: CombineFunctions;
  readonly #placement: Placement;
  readonly #io: ShuffleIO;
  readonly #memory: Reservation;
  readonly #table: KeyTable;
  readonly #combiners: Combiners;
  readonly #runs: Run[] = [];
  readonly #entry: EntryWriter;
  /** What the partitions of groups will take where they have to be found one by one. */
  readonly #placedGroupBytes: number;
  #results: CombinedRecords | undefined;

  constructor(functions: CombineFunctions, placement: Placement, io: ShuffleIO) {
    this.#functions = functions;
    this.#placement = placement;
    this.#io = io;
    this.#memory = io.budget.reserve("combining");
    this.#table = new KeyTable(this.#memory);
    this.#combiners = new Combiners(this.#memory);
    this.#entry = new EntryWriter(io.classes);
    this.#placedGroupBytes = placement.kind === "hash" ? 0 : PLACED_GROUP_BYTES;
  }

  /** Adds a value by its key: `create` for the first of a key, `mergeValue` for the next ones. */
  add(key: unknown, value: unknown): void {
    const group = this.#table.groupOf(key);
    if (this.#isKnown(group)) return this.#update(group, this.#functions.mergeValue, value);
    const created: unknown = this.#functions.create(value);
    if (group !== FULL && this.#append(created)) return;
    this.#makeRoom(created, () => this.#table.groupOf(key), () => shown(key));
  }

  /** Adds a value by the canonical bytes of its key. */
  addBytes(bytes: Uint8Array, at: number, length: number, value: unknown): void {
    const group = this.#table.groupOfBytes(bytes, at, length);
    if (this.#isKnown(group)) return this.#update(group, this.#functions.mergeValue, value);
    this.#appendBytes(group, bytes, at, length, this.#functions.create(value));
  }

  /** Merges another partial result of a key, given by its canonical bytes. */
  merge(bytes: Uint8Array, at: number, length: number, combiner: unknown): void {
    const group = this.#table.groupOfBytes(bytes, at, length);
    if (this.#isKnown(group)) return this.#update(group, this.#functions.mergeCombiners, combiner);
    this.#appendBytes(group, bytes, at, length, combiner);
  }

  /**
   * All results, in order. Nothing can be added any more. The memory is given back when the results
   * are through or the aggregator is disposed.
   */
  results(): CombinedRecords {
    assert(this.#results === undefined, "the results of an aggregator were taken twice");
    this.#results = this.#runs.length === 0 ? this.#resultsInMemory() : this.#mergedResults();
    return this.#results;
  }

  [Symbol.dispose](): void {
    this.#results?.[Symbol.dispose]();
    for (const run of this.#runs) this.#io.spills.release(run.path);
    this.#runs.length = 0;
    this.#release();
    this.#memory[Symbol.dispose]();
  }

  #resultsInMemory(): CombinedRecords {
    return new TableRecords(this.#table, this.#combiners, this.#placement, () => this.#release());
  }

  #mergedResults(): CombinedRecords {
    this.#spill();
    this.#release();
    const records = mergeRuns(this.#runs, this.#io);
    this.#runs.length = 0;
    return new MergedRecords(records, this.#functions.mergeCombiners, this.#placement, this.#io);
  }

  /** FULL is none, and neither is a group that the table has just made. */
  #isKnown(group: number): boolean {
    return group !== FULL && group < this.#combiners.size;
  }

  #update(group: number, merge: UserFunction, value: unknown): void {
    const combiners = this.#combiners;
    const { numbers } = combiners;
    if (numbers === undefined) {
      if (!combiners.set(group, merge(combiners.get(group), value))) this.#spill();
      return;
    }
    const merged: unknown = merge(numbers[group], value);
    if (typeof merged === "number") numbers[group] = merged;
    else if (!combiners.set(group, merged)) this.#spill();
  }

  #appendBytes(
    group: number,
    bytes: Uint8Array,
    at: number,
    length: number,
    combiner: unknown,
  ): void {
    if (group !== FULL && this.#append(combiner)) return;
    this.#makeRoom(
      combiner,
      () => this.#table.groupOfBytes(bytes, at, length),
      () => shown(readKey(bytes, at, at + length)),
    );
  }

  #append(combiner: unknown): boolean {
    if (this.#placedGroupBytes === 0) return this.#combiners.append(combiner);
    if (!this.#memory.tryGrow(this.#placedGroupBytes)) return false;
    if (this.#combiners.append(combiner)) return true;
    this.#memory.shrink(this.#placedGroupBytes);
    return false;
  }

  /** Spills and tries again; the table first keeps the memory that it has, then gives it back. */
  #makeRoom(combiner: unknown, groupAgain: () => number, keyText: () => string): void {
    this.#spill();
    if (groupAgain() !== FULL && this.#append(combiner)) return;
    this.#release();
    if (groupAgain() !== FULL && this.#append(combiner)) return;
    throw new MemoryError(
      "OverBudget",
      `Cannot combine the values of the key ${keyText()}: key and result do not fit into what ` +
        `the task may hold, ${this.#io.budget.bytesMax} bytes`,
      "Raise flint.worker.memory, or make the result of a key smaller",
    );
  }

  /** Writes what is in memory as a run, and empties the table. */
  #spill(): void {
    if (this.#combiners.size > 0) {
      this.#runs.push(this.#io.spills.write("combine", (file) => this.#writeRun(file)));
    }
    this.#clear();
  }

  #writeRun(file: WritableFile): Run {
    const share = Math.floor(this.#io.budget.bytesMax / BLOCKS_PER_BUDGET);
    const blockBytes = Math.min(BLOCK_BYTES, Math.max(BLOCK_BYTES_MIN, share));
    const run = new RunWriter(this.#io.platform, file, { blockBytes });
    const records = new TableRecords(this.#table, this.#combiners, this.#placement);
    const entry = this.#entry;
    while (records.next()) {
      entry.clear();
      if (this.#placement.kind !== "hash") entry.prefix(records.partition);
      entry.prefix(records.hash);
      entry.copy(records.bytes, records.keyAt, records.keyLength);
      const keyLength = entry.end;
      entry.value(records.value);
      run.write(entry.bytes, 0, keyLength, keyLength, entry.end - keyLength);
    }
    return run.finish();
  }

  #clear(): void {
    this.#memory.shrink(this.#combiners.size * this.#placedGroupBytes);
    this.#table.clear();
    this.#combiners.clear();
  }

  #release(): void {
    this.#clear();
    this.#table.release();
    this.#combiners.release();
  }
}
