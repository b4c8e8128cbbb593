/**
 * The catalogue: every operator and action, its types, what it means, and an example that runs.
 *
 * The bodies are one line each; what they do stands in `runtime/operators/`. Operators return a new
 * RDD at once and run nothing. Actions return a Promise: when one is called, the functions of the
 * whole chain are captured with the values that they see at that moment, and travel to the tasks.
 */
import { explain } from "../core/plan/explain.ts";
import type { StatCounter } from "../core/statistics.ts";
import type { Values } from "../shuffle/values.ts";
import { type ActionOptions, type KeyedOptions, optionsOf, type SortOptions } from "./arguments.ts";
import { awaited, awaitedEach } from "./call_site.ts";
import type { SparkContext } from "./context.ts";
import { Dataset } from "./dataset.ts";
import type { Hint } from "./hint.ts";

import * as actions from "./operators/actions.ts";
import * as keyed from "./operators/keyed.ts";
import * as narrow from "./operators/narrow.ts";
import * as output from "./operators/output.ts";
import * as sorting from "./operators/sorting.ts";
import * as statistics from "./operators/statistics.ts";

/** The dataset of an RDD, for operators that take a second one. */
export let datasetOf: (rdd: RDD<unknown>) => Dataset;
/** The RDD of a dataset. */
export let rddOf: <T>(context: SparkContext, dataset: Dataset) => RDD<T>;

/**
 * A dataset in partitions, described by how it is made; PySpark's `RDD`.
 *
 * Made by {@linkcode SparkContext}. Records may be anything that can be encoded: primitives, bigint,
 * Date, arrays, plain objects, Map, Set, typed arrays, cycles, and instances of classes that a
 * function of the chain uses or that were given to {@linkcode SparkContext.registerClass}. Classes
 * with private fields are for functions alone: their instances cannot be records.
 *
 * Array literals that functions return are inferred as tuples, so that pairs are pairs:
 * `map((word) => [word, 1])` is an `RDD<[string, number]>`. Where an array of any length is meant,
 * say so: `map((n): number[] => [n])`.
 *
 * @example
 * ```ts
 * import { SparkContext } from "@flint/flint";
 * import assert from "node:assert/strict";
 *
 * await using sc = new SparkContext({ master: "local" });
 * const counts = await sc.parallelize(["to be or", "not to be"])
 *   .flatMap((line) => line.split(" "))
 *   .map((word) => [word, 1])
 *   .reduceByKey((a, b) => a + b)
 *   .sortByKey()
 *   .collect();
 * assert.deepEqual(counts, [["be", 2], ["not", 1], ["or", 1], ["to", 2]]);
 * ```
 */
export class RDD<T> implements AsyncIterable<T> {
  /** The context that made it. */
  readonly context: SparkContext;
  readonly #data: Dataset;

  static {
    datasetOf = (rdd) => rdd.#data;
    rddOf = (context, dataset) => new RDD(context, dataset);
  }

  private constructor(context: SparkContext, data: Dataset) {
    this.context = context;
    this.#data = data;
  }

  #next<U>(data: Dataset): RDD<U> {
    return new RDD<U>(this.context, data);
  }

  // ─── Each record by itself ────────────────────────────────────────────────────────────────────

  /**
   * The result of `fn` for each record.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.deepEqual(await sc.parallelize([1, 2, 3]).map((n) => n * 2).collect(), [2, 4, 6]);
   * ```
   */
  map<U extends Hint>(fn: (record: T) => U): RDD<U> {
    return this.#next(narrow.map(this.#data, fn));
  }

  /**
   * The records for which `fn` gives something true. With a type guard, the RDD has its type.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const mixed = sc.parallelize([1, "two", 3]);
   * const numbers = mixed.filter((x): x is number => typeof x === "number"); // RDD<number>
   * assert.equal(await numbers.sum(), 4);
   * ```
   */
  filter<S extends T>(fn: (record: T) => record is S): RDD<S>;
  /** The same without a type guard. */
  filter(fn: (record: T) => unknown): RDD<T>;
  filter(fn: (record: T) => unknown): RDD<T> {
    return this.#next(narrow.filter(this.#data, fn));
  }

  /**
   * All that `fn` gives for each record, one after the other. `fn` returns an array or any other
   * iterable but a string; a generator is taken lazily.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const words = sc.parallelize(["a b", "c"]).flatMap((line) => line.split(" "));
   * assert.deepEqual(await words.collect(), ["a", "b", "c"]);
   * ```
   */
  flatMap<U extends Hint>(fn: (record: T) => Iterable<U>): RDD<U> {
    return this.#next(narrow.flatMap(this.#data, fn));
  }

  /**
   * All that `fn` gives for each partition. `fn` gets an iterator over the records and returns an
   * iterable of new ones, such as a generator; both are lazy, so a partition need not fit into
   * memory. Here is the place for what is dear to set up: a connection, a parser, a table.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const lengths = sc.parallelize(["b", "a", "c"], 2).mapPartitions(function* (words) {
   *   const collator = new Intl.Collator("de"); // made once a partition
   *   yield [...words].sort(collator.compare).join("");
   * });
   * assert.equal(await lengths.count(), 2);
   * ```
   */
  mapPartitions<U extends Hint>(fn: (records: IterableIterator<T>) => Iterable<U>): RDD<U> {
    return this.#next(narrow.mapPartitions(this.#data, fn));
  }

  /**
   * All that `fn` gives for each partition and its index, from 0; else as
   * {@linkcode RDD.mapPartitions}.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const tagged = sc.parallelize(["a", "b"], 2)
   *   .mapPartitionsWithIndex((index, letters) => [...letters].map((letter) => [index, letter]));
   * assert.deepEqual(await tagged.collect(), [[0, "a"], [1, "b"]]);
   * ```
   */
  mapPartitionsWithIndex<U extends Hint>(
    fn: (index: number, records: IterableIterator<T>) => Iterable<U>,
  ): RDD<U> {
    return this.#next(narrow.mapPartitionsWithIndex(this.#data, fn));
  }

  /**
   * Pairs of `fn(record)` and the record.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const byLength = sc.parallelize(["one", "four"]).keyBy((word) => word.length);
   * assert.deepEqual(await byLength.collect(), [[3, "one"], [4, "four"]]);
   * ```
   */
  keyBy<K extends Hint>(fn: (record: T) => K): RDD<[K, T]> {
    return this.#next(narrow.keyBy(this.#data, fn));
  }

  // ─── Partitions as a whole ────────────────────────────────────────────────────────────────────

  /**
   * The records of this RDD, then those of `others`; nothing is dropped, nothing moves. The
   * partitions are those of all of them.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const both = sc.parallelize([1, 2]).union(sc.parallelize([2, 3]));
   * assert.deepEqual(await both.collect(), [1, 2, 2, 3]);
   * ```
   */
  union(...others: readonly RDD<T>[]): RDD<T> {
    return this.#next(Dataset.union("union", [this.#data, ...others.map(datasetOf)]));
  }

  /**
   * At most `partitions` partitions (1 to 2^20): neighbours are joined and nothing moves. With
   * `shuffle` the records are dealt out anew, also to more partitions than before.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const few = sc.range(100).filter((n) => n % 50 === 0).coalesce(1);
   * assert.equal(await few.getNumPartitions(), 1);
   * ```
   */
  coalesce(
    partitions: number,
    shuffle: boolean | Readonly<{ shuffle?: boolean | undefined }> = false,
  ): RDD<T> {
    const options = optionsOf(shuffle, { shuffle: shuffle === true });
    return this.#next(narrow.coalesce(this.#data, partitions, options.shuffle ?? false));
  }

  // ─── Pairs ────────────────────────────────────────────────────────────────────────────────────

  /**
   * The keys of pairs.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.deepEqual(await sc.parallelize([["a", 1], ["b", 2]]).keys().collect(), ["a", "b"]);
   * ```
   */
  keys<K>(this: RDD<readonly [K, unknown]>): RDD<K> {
    return this.#next(keyed.keys(this.#data));
  }

  /**
   * The values of pairs.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.deepEqual(await sc.parallelize([["a", 1], ["b", 2]]).values().collect(), [1, 2]);
   * ```
   */
  values<V>(this: RDD<readonly [unknown, V]>): RDD<V> {
    return this.#next(keyed.values(this.#data));
  }

  /**
   * The pairs with `fn(value)` in place of each value. Keys stay as they are, so pairs that were
   * partitioned by key still are.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const squares = sc.parallelize([["a", 2], ["b", 3]]).mapValues((n) => n * n);
   * assert.deepEqual(await squares.collect(), [["a", 4], ["b", 9]]);
   * ```
   */
  mapValues<K, V, W extends Hint>(this: RDD<readonly [K, V]>, fn: (value: V) => W): RDD<[K, W]> {
    return this.#next(keyed.mapValues(this.#data, fn));
  }

  /**
   * The same pairs in `partitions` partitions (1 to 2^20): equal keys lie in the same one.
   * `partitionFunction(key)`, a whole number, says in which (taken modulo `partitions`); the hash of
   * the key does by default. Nothing moves if the pairs are known to lie that way already.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const pairs = sc.parallelize([[3, "c"], [2, "b"], [1, "a"]]).partitionBy(2, (key) => key);
   * const parts = pairs.mapPartitions((part) => [[...part].map(([key]) => key).join(" ")]);
   * assert.deepEqual(await parts.collect(), ["2", "3 1"]);
   * ```
   */
  partitionBy<K, V>(
    this: RDD<readonly [K, V]>,
    partitions: number | KeyedOptions<K>,
    partitionFunction?: (key: K) => number,
  ): RDD<[K, V]> {
    const options = keyedOptions(partitions, partitionFunction);
    return this.#next(keyed.partitionBy(this.#data, options));
  }

  /**
   * Each key once, its values combined into a C: `create(value)` for its first value,
   * `mergeValue(combined, value)` for the next ones, `mergeCombiners(a, b)` where results of two
   * tasks meet. Values are combined before they travel. All three may change and return their first
   * argument. A combiner that grows has to be said to be an array: `(value): number[] => [value]`.
   *
   * Keys are compared by value: `[1, "a"]` and `[1, "a"]` are one key; 1, 1n and "1" are three.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const means = sc.parallelize([["a", 1], ["a", 3], ["b", 5]]).combineByKey(
   *   (n) => [n, 1],
   *   ([sum, count], n) => [sum + n, count + 1],
   *   (a, b) => [a[0] + b[0], a[1] + b[1]],
   * ).mapValues(([sum, count]) => sum / count);
   * assert.deepEqual(await means.sortByKey().collect(), [["a", 2], ["b", 5]]);
   * ```
   */
  combineByKey<K, V, C extends Hint>(
    this: RDD<readonly [K, V]>,
    create: (value: V) => C,
    mergeValue: (combined: C, value: V) => C,
    mergeCombiners: (a: C, b: C) => C,
    partitions?: number | KeyedOptions<K>,
    partitionFunction?: (key: K) => number,
  ): RDD<[K, C]> {
    const functions = { create, mergeValue, mergeCombiners };
    const options = keyedOptions(partitions, partitionFunction);
    return this.#next(keyed.combineByKey(this.#data, functions, options));
  }

  /**
   * Each key once, its values merged two at a time by `fn`, which must not depend on their order or
   * grouping. Values are merged before they travel.
   *
   * Keys are compared by value: `[1, "a"]` and `[1, "a"]` are one key; 1, 1n and "1" are three.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const words = sc.parallelize(["a", "b", "a"]);
   * const counts = words.map((word) => [word, 1]).reduceByKey((a, b) => a + b);
   * assert.deepEqual(await counts.collectAsMap(), new Map([["a", 2], ["b", 1]]));
   * ```
   */
  reduceByKey<K, V extends Hint>(
    this: RDD<readonly [K, V]>,
    fn: (a: V, b: V) => V,
    partitions?: number | KeyedOptions<K>,
    partitionFunction?: (key: K) => number,
  ): RDD<[K, V]> {
    const options = keyedOptions(partitions, partitionFunction);
    return this.#next(keyed.reduceByKey(this.#data, fn, options));
  }

  /**
   * Each key once, with all its values in the order of the input. The values may be more than fit
   * into memory: they can be iterated, several times, while the task runs; `toArray()` and `length`
   * are there too. Where values are only to be added up, `reduceByKey` moves far less.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const grouped = sc.parallelize([["a", 1], ["b", 2], ["a", 3]]).groupByKey();
   * const spread = grouped.mapValues((values) => Math.max(...values) - Math.min(...values));
   * assert.deepEqual(await spread.collectAsMap(), new Map([["a", 2], ["b", 0]]));
   * ```
   */
  groupByKey<K, V>(
    this: RDD<readonly [K, V]>,
    partitions?: number | KeyedOptions<K>,
    partitionFunction?: (key: K) => number,
  ): RDD<[K, Values<V>]> {
    const options = keyedOptions(partitions, partitionFunction);
    return this.#next(keyed.groupByKey(this.#data, options));
  }

  // ─── Order ────────────────────────────────────────────────────────────────────────────────────

  /**
   * The records ordered by `fn(record)`, over all partitions: each holds a range of the keys. Equal
   * keys stay in the order of the input. Runs nothing when called and reads the input once.
   *
   * Numbers come before NaN, strings go by code point, arrays by their elements; null and undefined
   * come last (first when descending). Keys of types that have no common order are a RecordError
   * (KeyTypeMismatch).
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const longestFirst = sc.parallelize(["a", "ccc", "bb"]).sortBy((word) => word.length, false);
   * assert.deepEqual(await longestFirst.collect(), ["ccc", "bb", "a"]);
   * ```
   */
  sortBy(
    fn: (record: T) => unknown,
    ascending: boolean | SortOptions = true,
    partitions?: number,
  ): RDD<T> {
    const options = sortOptions(ascending, partitions);
    return this.#next(sorting.sortBy(this.#data, fn, options));
  }

  /**
   * The pairs ordered by key, or by `keyOf(key)`; else as {@linkcode RDD.sortBy}.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const pairs = sc.parallelize([["b", 1], ["A", 2]]);
   * assert.deepEqual(await pairs.sortByKey().keys().collect(), ["A", "b"]);
   * const byLetter = pairs.sortByKey(false, 1, (key) => key.toLowerCase());
   * assert.deepEqual(await byLetter.keys().collect(), ["b", "A"]);
   * ```
   */
  sortByKey<K, V>(
    this: RDD<readonly [K, V]>,
    ascending: boolean | SortOptions = true,
    partitions?: number,
    keyOf?: (key: K) => unknown,
  ): RDD<[K, V]> {
    const options = sortOptions(ascending, partitions);
    return this.#next(sorting.sortByKey(this.#data, keyOf, options));
  }

  // ─── Actions ──────────────────────────────────────────────────────────────────────────────────

  /**
   * All records, in the order of the partitions. They must fit into the driver's memory; to take
   * them a partition at a time, iterate the RDD with `for await`.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const signal = AbortSignal.timeout(60_000); // gives up, and stops the tasks, after a minute
   * assert.deepEqual(await sc.parallelize([3, 1, 2]).collect({ signal }), [3, 1, 2]);
   * ```
   */
  collect(options: ActionOptions = {}): Promise<T[]> {
    return awaited(actions.collect(this.#data, options) as Promise<T[]>);
  }

  /**
   * All pairs as a Map; of equal keys the last value counts. A Map tells arrays and objects apart by
   * identity, so only primitive keys are found again.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const map = await sc.parallelize([["a", 1], ["b", 2]]).collectAsMap();
   * assert.equal(map.get("b"), 2);
   * ```
   */
  collectAsMap<K, V>(this: RDD<readonly [K, V]>, options: ActionOptions = {}): Promise<Map<K, V>> {
    return awaited(actions.collectAsMap(this.#data, options) as Promise<Map<K, V>>);
  }

  /**
   * How many records there are.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.equal(await sc.range(1000).count(), 1000);
   * ```
   */
  count(options: ActionOptions = {}): Promise<number> {
    return awaited(actions.count(this.#data, options));
  }

  /**
   * The records merged two at a time by `fn`, which must not depend on their grouping. Rejects with a
   * PlanError (EmptyCollection) if there are none.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.equal(await sc.parallelize([1, 5, 3]).reduce((a, b) => Math.max(a, b)), 5);
   * ```
   */
  reduce(fn: (a: T, b: T) => T, options: ActionOptions = {}): Promise<T> {
    return awaited(actions.reduce(this.#data, fn, options) as Promise<T>);
  }

  /**
   * The records merged by `fn`, starting with `zero` in each partition and once more where the
   * partitions meet: `zero` should change nothing, as 0 in a sum.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.equal(await sc.parallelize<number>([]).fold(0, (a, b) => a + b), 0);
   * ```
   */
  fold(zero: T, fn: (a: T, b: T) => T, options: ActionOptions = {}): Promise<T> {
    return awaited(actions.fold(this.#data, zero, fn, options) as Promise<T>);
  }

  /**
   * The first `n` records (a whole number from 0), or all if there are fewer. Computes one
   * partition, then four times as many as so far, until there are enough.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.deepEqual(await sc.range(1_000_000).take(3), [0, 1, 2]);
   * ```
   */
  take(n: number, options: ActionOptions = {}): Promise<T[]> {
    return awaited(actions.take(this.#data, n, options) as Promise<T[]>);
  }

  /**
   * The first record. Rejects with a PlanError (EmptyCollection) if there is none.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.equal(await sc.parallelize(["a", "b"]).first(), "a");
   * ```
   */
  first(options: ActionOptions = {}): Promise<T> {
    return awaited(actions.first(this.#data, options) as Promise<T>);
  }

  /**
   * Calls `fn` for each record, in the tasks: what it prints appears on the program's standard error,
   * and a variable that it assigns to stays as it was here. To count, use an accumulator.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const letters = sc.accumulator(0);
   * await sc.parallelize(["one", "three"]).foreach((word) => letters.add(word.length));
   * assert.equal(letters.value, 8);
   * ```
   */
  foreach(fn: (record: T) => void, options: ActionOptions = {}): Promise<void> {
    return awaited(actions.foreach(this.#data, fn, options));
  }

  /**
   * The sum of numbers; 0 if there are none. Rejects with a RecordError (NotANumber) where a record
   * is something else.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.equal(await sc.parallelize([1, 2, 3.5]).sum(), 6.5);
   * ```
   */
  sum(this: RDD<number>, options: ActionOptions = {}): Promise<number> {
    return awaited(actions.sum(this.#data, options));
  }

  /**
   * Count, mean, variance, least and greatest of numbers, in one pass. Rejects with a RecordError
   * (NotANumber) where a record is something else.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const stats = await sc.parallelize([1, 2, 3, 4]).stats();
   * assert.deepEqual([stats.count, stats.mean, stats.max], [4, 2.5, 4]);
   * ```
   */
  stats(this: RDD<number>, options: ActionOptions = {}): Promise<StatCounter> {
    return awaited(statistics.stats(this.#data, options));
  }

  /**
   * Writes each record as a line of UTF-8 (`String(record)`) into a new folder: `part-00000` and so
   * on, one a partition, and `_SUCCESS` when all are there. Rejects with an OutputError
   * (OutputExists) if there is something at `path`; a save that fails leaves nothing behind.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const folder = await Deno.makeTempDir();
   * await sc.parallelize(["a", "b"], 1).saveAsTextFile(`${folder}/out`);
   * assert.equal(await Deno.readTextFile(`${folder}/out/part-00000`), "a\nb\n");
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  saveAsTextFile(path: string | URL, options: ActionOptions = {}): Promise<void> {
    return awaited(output.saveAsTextFile(this.#data, path, options));
  }

  /**
   * All records, a partition at a time: the next one is computed when the records of the last have
   * been taken, so the driver holds no more than one. PySpark's `toLocalIterator`.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * let sum = 0;
   * for await (const n of sc.range(10)) sum += n;
   * assert.equal(sum, 45);
   * ```
   */
  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return awaitedEach(actions.iterate(this.#data) as AsyncGenerator<T, void, undefined>);
  }

  // ─── About the RDD itself ─────────────────────────────────────────────────────────────────────

  /**
   * How many partitions it has. A Promise, because a source may have to be looked at.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.equal(await sc.range(100, { partitions: 8 }).getNumPartitions(), 8);
   * ```
   */
  getNumPartitions(): Promise<number> {
    return awaited(this.#data.driver.partitionCount(this.#data.draft));
  }

  /**
   * How it is made, as text: what was done last stands first, `+-` marks an exchange, the number in
   * parentheses counts partitions. A Promise, because a source may have to be looked at.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const counts = sc.parallelize([["a", 1]], 2).reduceByKey((a, b) => a + b, 3);
   * assert.match(await counts.toDebugString(), /^\(3\) reduceByKey/);
   * ```
   */
  async toDebugString(): Promise<string> {
    return explain(await awaited(this.#data.driver.plan(this.#data.draft)));
  }

  /**
   * The same without looking at anything: a number of partitions that is still open is a `?`.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.match(sc.textFile("not/there.txt").explain(), /^\(\?\) textFile/);
   * ```
   */
  explain(): string {
    return explain(this.#data.draft);
  }

  /**
   * Its number, unique in its context.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const numbers = sc.range(3);
   * assert.notEqual(numbers.id(), numbers.map((n) => n).id());
   * ```
   */
  id(): number {
    return this.#data.draft.id;
  }

  /**
   * The name that it was given, or undefined.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.equal(sc.range(3).setName("three").name(), "three");
   * ```
   */
  name(): string | undefined {
    return this.#data.name;
  }

  /**
   * Gives it a name, which stands before the operator where people see it, and returns it.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const numbers = sc.range(3).setName("numbers");
   * assert.match(numbers.explain(), /numbers: range/);
   * ```
   */
  setName(name: string): this {
    this.#data.name = name;
    return this;
  }

  /** `RDD[3] map at job.ts:12:4`. */
  toString(): string {
    return `RDD[${this.#data.draft.id}] ${this.#data.draft.label}`;
  }

  /** What the console shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }
}

function keyedOptions<K>(
  partitions: number | KeyedOptions<K> | undefined,
  partitionFunction: ((key: K) => number) | undefined,
): KeyedOptions<K> {
  return optionsOf(partitions, { partitions: partitions as number | undefined, partitionFunction });
}

function sortOptions(
  ascending: boolean | SortOptions,
  partitions: number | undefined,
): SortOptions {
  return optionsOf(ascending, { ascending: ascending as boolean, partitions });
}
