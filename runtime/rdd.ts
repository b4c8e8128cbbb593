/**
 * The catalogue: every operator and action, its types, what it means, and an example that runs.
 *
 * The bodies are one line each; what they do stands in `runtime/operators/`. Operators return a new
 * RDD at once and run nothing. Actions return a Promise: when one is called, the functions of the
 * whole chain are captured with the values that they see at that moment, and travel to the tasks.
 */
import { DRIVER_ONLY } from "../core/driver_only.ts";
import { PlanError, shown } from "../core/errors.ts";
import { explain } from "../core/plan/explain.ts";
import type { BoundedFloat } from "../core/bounded_float.ts";
import type { StatCounter } from "../core/statistics.ts";
import { StorageLevel } from "../core/storage_level.ts";
import type { Values } from "../shuffle/values.ts";
import {
  type ActionOptions,
  type ApproximateOptions,
  type AsyncOptions,
  type BoundedOptions,
  type DistinctByKeyOptions,
  type IterationOptions,
  keepingOf,
  type KeepingOptions,
  type KeyedOptions,
  type KeyFractions,
  optionsOf,
  type OrderOptions,
  type PipeOptions,
  type RepartitionOptions,
  type SampleOptions,
  type SaveOptions,
  type SortOptions,
  type TreeOptions,
} from "./arguments.ts";
import { awaited, awaitedEach } from "./call_site.ts";
import type { SparkContext } from "./context.ts";
import { Dataset } from "./dataset.ts";
import { RDDBarrier } from "./rdd_barrier.ts";
import type { Hint } from "./hint.ts";
import type { TaskPermissions } from "./operators/permitting.ts";
import type { Partitioner } from "./partitioner.ts";
import { notAvailable } from "./not_available.ts";

import * as actions from "./operators/actions.ts";
import * as approximate from "./operators/approximate.ts";
import * as aggregates from "./operators/aggregates.ts";
import * as iterating from "./operators/iterating.ts";
import * as joins from "./operators/joins.ts";
import * as keyed from "./operators/keyed.ts";
import * as narrow from "./operators/narrow.ts";
import * as ordering from "./operators/ordering.ts";
import * as output from "./operators/output.ts";
import * as permitting from "./operators/permitting.ts";
import * as persisting from "./operators/persisting.ts";
import * as piping from "./operators/piping.ts";
import * as sampling from "./operators/sampling.ts";
import * as sets from "./operators/sets.ts";
import * as searching from "./operators/searching.ts";
import * as sorting from "./operators/sorting.ts";
import * as statistics from "./operators/statistics.ts";
import * as zipping from "./operators/zipping.ts";

/** The values of a key in each of the datasets `R` of pairs. */
export type SidesOf<R extends readonly unknown[]> = {
  [I in keyof R]: R[I] extends RDD<infer P> ? P extends readonly [unknown, infer V] ? Values<V>
    : never
    : never;
};

/**
 * The records of a partition, one by one, as functions over whole partitions get them. With
 * `for await` an async function lets other promises move on while its input is waited for; after
 * {@linkcode RDD.mapAsync} nothing else will do for it.
 */
export type PartitionRecords<T> = IterableIterator<T> & AsyncIterable<T>;

/** The records that a function makes of a partition: all at once, lazily, or with waiting. */
export type Produced<U> =
  | Iterable<U>
  | AsyncIterable<U>
  | Promise<Iterable<U>>
  | Promise<AsyncIterable<U>>;

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
export class RDD<T> implements AsyncIterable<T>, Disposable {
  /** The context that made it. */
  readonly context: SparkContext;
  readonly #data: Dataset;

  static {
    datasetOf = (rdd) => {
      if (rdd instanceof RDD) return rdd.#data;
      throw new PlanError(
        "InvalidArgument",
        `Cannot use ${shown(rdd)} as a dataset`,
        "Pass an RDD",
      );
    };
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
   * The result of `fn` for each record. With `preservesPartitioning` you promise that the records are
   * pairs and keep their keys, as {@linkcode RDD.mapValues} does by itself.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const pairs = await sc.parallelize(["b", "a", "c"]).map((letter) => [letter, 1]).collect();
   * assert.deepEqual(pairs.sort(), [["a", 1], ["b", 1], ["c", 1]]);
   * ```
   */
  map<U extends Hint>(fn: (record: T) => U, options: boolean | KeepingOptions = {}): RDD<U> {
    return this.#next(narrow.map(this.#data, fn, keepingOf(options)));
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
   * const numbers = sc.parallelize([1, 2, 3, 4, 5]);
   * assert.deepEqual(await numbers.filter((n) => n % 2 === 0).collect(), [2, 4]);
   * const mixed = sc.parallelize([1, "two", 3]);
   * const odd = mixed.filter((x): x is number => typeof x === "number"); // RDD<number>
   * assert.equal(await odd.sum(), 4);
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
   * const below = sc.parallelize([2, 3, 4]).flatMap(function* (n) {
   *   for (let i = 1; i < n; i++) yield i;
   * });
   * assert.deepEqual((await below.collect()).sort(), [1, 1, 1, 2, 2, 3]);
   * const words = sc.parallelize(["a b", "c"]).flatMap((line) => line.split(" "));
   * assert.deepEqual(await words.collect(), ["a", "b", "c"]);
   * ```
   */
  flatMap<U extends Hint>(
    fn: (record: T) => Iterable<U>,
    options: boolean | KeepingOptions = {},
  ): RDD<U> {
    return this.#next(narrow.flatMap(this.#data, fn, keepingOf(options)));
  }

  /**
   * All that `fn` gives for each partition. `fn` gets an iterator over the records and returns an
   * iterable of new ones, such as a generator; both are lazy, so a partition need not fit into
   * memory. Here is the place for what is dear to set up: a connection, a parser, a table.
   *
   * `fn` may be an `async` function or an async generator (`async function*`), and wait for what it
   * needs; `for await` over its records lets other promises move on while input is read.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const sums = sc.parallelize([1, 2, 3, 4], 2).mapPartitions(function* (numbers) {
   *   let sum = 0;
   *   for (const n of numbers) sum += n;
   *   yield sum;
   * });
   * assert.deepEqual(await sums.collect(), [3, 7]);
   * ```
   */
  mapPartitions<U extends Hint>(
    fn: (records: PartitionRecords<T>) => Produced<U>,
    options: boolean | KeepingOptions = {},
  ): RDD<U> {
    return this.#next(narrow.mapPartitions(this.#data, fn, keepingOf(options)));
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
   * const indexes = sc.parallelize([1, 2, 3, 4], 4).mapPartitionsWithIndex((index) => [index]);
   * assert.equal(await indexes.sum(), 6);
   * const tagged = sc.parallelize(["a", "b"], 2)
   *   .mapPartitionsWithIndex((index, letters) => [...letters].map((letter) => [index, letter]));
   * assert.deepEqual(await tagged.collect(), [[0, "a"], [1, "b"]]);
   * ```
   */
  mapPartitionsWithIndex<U extends Hint>(
    fn: (index: number, records: PartitionRecords<T>) => Produced<U>,
    options: boolean | KeepingOptions = {},
  ): RDD<U> {
    return this.#next(narrow.mapPartitionsWithIndex(this.#data, fn, keepingOf(options)));
  }

  /**
   * The same records for an operator whose tasks run at the same time and can wait for one another:
   * a barrier stage. It needs a slot for each partition, else an action is a PlanError
   * (InvalidArgument) that names both numbers. Where one of its tasks fails or is lost, all start
   * again. Actions that look at some partitions only, such as `take` and `first`, are refused, and so
   * is what makes other partitions of these without an exchange, such as `union` and `coalesce`.
   *
   * @example
   * ```ts
   * import { BarrierTaskContext, SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local[2]" });
   * const all = sc.parallelize(["a", "b"], 2).barrier()
   *   .mapPartitions((letters) => BarrierTaskContext.get().allGather([...letters].join()));
   * assert.deepEqual(await all.collect(), ["a", "b", "a", "b"]);
   * ```
   */
  barrier(): RDDBarrier<T> {
    return new RDDBarrier((make) => this.#next(make(this.#data)));
  }

  /**
   * The old name of {@linkcode RDD.mapPartitionsWithIndex}.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const indexes = sc.parallelize([1, 2, 3, 4], 4).mapPartitionsWithSplit((index) => [index]);
   * assert.equal(await indexes.sum(), 6);
   * ```
   *
   * @deprecated Use `mapPartitionsWithIndex`.
   */
  mapPartitionsWithSplit<U extends Hint>(
    fn: (index: number, records: PartitionRecords<T>) => Produced<U>,
  ): RDD<U> {
    return this.mapPartitionsWithIndex(fn);
  }

  /**
   * What the Promise `fn(record)` becomes, for each record, in the order of the records: for calls of
   * a service, a database, a timer. At most `concurrency` calls (1 to 65536; 8 by default) run at once
   * in a task, and no more than a batch of results waits for an earlier one. If one rejects, the task
   * fails with its record once those that run have ended. Permissions are those of the job: calls over
   * the network need `--allow-net`.
   *
   * A function without `async` that takes a whole partition, as that of `reduce` or `mapPartitions`,
   * gets the results when all of its partition are there: they are kept in the meantime within the
   * memory budget, then on disk.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const doubled = sc.parallelize([30, 20, 10]).mapAsync(async (ms) => {
   *   await new Promise((resolve) => setTimeout(resolve, ms));
   *   return ms * 2;
   * }, { concurrency: 3 });
   * assert.deepEqual(await doubled.collect(), [60, 40, 20]);
   * ```
   */
  mapAsync<U extends Hint>(
    fn: (record: T) => Promise<U> | U,
    options: AsyncOptions = {},
  ): RDD<U> {
    return this.#next(narrow.mapAsync(this.#data, fn, options));
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
   * const squares = sc.range(0, 3).keyBy((n) => n * n);
   * assert.deepEqual(await squares.collect(), [[0, 0], [1, 1], [4, 2]]);
   * const both = squares.cogroup(sc.range(0, 5).keyBy((n) => n))
   *   .mapValues((sides) => sides.map((side) => side.toArray()));
   * assert.deepEqual(await both.sortByKey().collect(), [
   *   [0, [[0], [0]]],
   *   [1, [[1], [1]]],
   *   [2, [[], [2]]],
   *   [3, [[], [3]]],
   *   [4, [[2], [4]]],
   * ]);
   * ```
   */
  keyBy<K extends Hint>(fn: (record: T) => K): RDD<[K, T]> {
    return this.#next(narrow.keyBy(this.#data, fn));
  }

  /**
   * A sample in which each record is drawn by itself: `fraction` (0 to 1) is the chance of each; with
   * `replacement` it is how often each is drawn on average (from 0). The size is therefore not exact;
   * `takeSample` is. A seed draws the same records on every machine.
   *
   * PySpark's `sample(withReplacement, fraction, seed)` is accepted too.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const some = sc.range(0, 100, 1, 4).sample(false, 0.1, 81);
   * const count = await some.count();
   * assert(6 <= count && count <= 14);
   * ```
   */
  sample(fraction: number, options?: SampleOptions): RDD<T>;
  /** The same in PySpark's order. */
  sample(withReplacement: boolean, fraction: number, seed?: number): RDD<T>;
  sample(
    first: number | boolean,
    second: number | SampleOptions | undefined,
    seed?: number,
  ): RDD<T> {
    const [fraction, options] = sampleArguments(first, second, seed);
    return this.#next(sampling.sample(this.#data, fraction, options));
  }

  /**
   * Parts the records by chance, in the proportion of `weights` (numbers from 0, not all 0): each record
   * is in exactly one of the RDDs. They see the same records only if the input is the same each time.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const [train, test] = sc.range(0, 500, 1, 1).randomSplit([2, 3], 17);
   * const counts = [await train!.count(), await test!.count()] as const;
   * assert.equal(counts[0] + counts[1], 500);
   * assert(150 < counts[0] && counts[0] < 250);
   * assert(250 < counts[1] && counts[1] < 350);
   * ```
   */
  randomSplit(weights: readonly number[], seed?: number | Readonly<{ seed?: number }>): RDD<T>[] {
    const options = optionsOf(seed, { seed: seed as number | undefined });
    return sampling.randomSplit(this.#data, weights, options.seed)
      .map((split) => this.#next(split));
  }

  /**
   * Each record with its position among all, from 0: by partition, then by where it stands in it. Nothing
   * runs in the call. An action computes the input twice, once to learn how long the partitions are.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const letters = sc.parallelize(["a", "b", "c", "d"], 3);
   * assert.deepEqual(await letters.zipWithIndex().collect(), [["a", 0], ["b", 1], ["c", 2], ["d", 3]]);
   * ```
   */
  zipWithIndex(): RDD<[T, number]> {
    return this.#next(zipping.zipWithIndex(this.#data));
  }

  /**
   * Each record with a number that no other has: of `n` partitions, partition `k` gives k, k + n,
   * k + 2n and so on. There may be gaps; in return nothing is computed twice.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const letters = sc.parallelize(["a", "b", "c", "d", "e"], 3);
   * const numbered = await letters.zipWithUniqueId().collect();
   * assert.deepEqual(numbered, [["a", 0], ["b", 1], ["c", 4], ["d", 2], ["e", 5]]);
   * ```
   */
  zipWithUniqueId(): RDD<[T, number]> {
    return this.#next(zipping.zipWithUniqueId(this.#data));
  }

  // ─── Partitions as a whole ────────────────────────────────────────────────────────────────────

  /**
   * The records of this RDD, then those of `others`; nothing is dropped, nothing moves. The
   * partitions are those of all of them; where all are partitioned by key in the same way, a
   * partition has the records of the same partition of each, and keys stay together.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const numbers = sc.parallelize([1, 1, 2, 3]);
   * assert.deepEqual(await numbers.union(numbers).collect(), [1, 1, 2, 3, 1, 1, 2, 3]);
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
   * const numbers = sc.parallelize([1, 2, 3, 4, 5], 3);
   * assert.deepEqual(await numbers.glom().collect(), [[1], [2, 3], [4, 5]]);
   * assert.deepEqual(await numbers.coalesce(1).glom().collect(), [[1, 2, 3, 4, 5]]);
   * ```
   */
  coalesce(
    partitions: number,
    shuffle: boolean | Readonly<{ shuffle?: boolean | undefined }> = false,
  ): RDD<T> {
    const options = optionsOf(shuffle, { shuffle: shuffle === true });
    return this.#next(narrow.coalesce(this.#data, partitions, options.shuffle ?? false));
  }

  /**
   * Pairs of the records that stand at the same position of the same partition. An action rejects with a
   * PlanError (InvalidArgument) if the RDDs differ in their number of partitions, with a RecordError
   * (UnequalPartitions) if two partitions differ in length.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const numbers = sc.range(0, 5).zip(sc.range(1000, 1005));
   * assert.deepEqual(await numbers.collect(), [
   *   [0, 1000],
   *   [1, 1001],
   *   [2, 1002],
   *   [3, 1003],
   *   [4, 1004],
   * ]);
   * ```
   */
  zip<U>(other: RDD<U>): RDD<[T, U]> {
    return this.#next(zipping.zip(this.#data, datasetOf(other)));
  }

  /**
   * All that `fn` gives for the partitions of the same index, of which it gets an iterator each: of this
   * RDD, then of the other, or of each of `others`. They may differ in length. `fn` may wait, as that of
   * {@linkcode RDD.mapPartitions}. An action rejects with a PlanError (InvalidArgument) if the RDDs
   * differ in their number of partitions.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const left = sc.parallelize([1, 2, 3], 1);
   * const right = sc.parallelize(["a", "b"], 1);
   * const both = left.zipPartitions(right, (numbers, letters) => [[...numbers, ...letters].join(" ")]);
   * assert.deepEqual(await both.collect(), ["1 2 3 a b"]);
   * ```
   */
  zipPartitions<U, R extends Hint>(
    other: RDD<U>,
    fn: (records: PartitionRecords<T>, others: PartitionRecords<U>) => Produced<R>,
  ): RDD<R>;
  /** The same for several others. */
  zipPartitions<Others extends readonly unknown[], R extends Hint>(
    others: readonly [...{ [I in keyof Others]: RDD<Others[I]> }],
    fn: (
      records: PartitionRecords<T>,
      ...others: { [I in keyof Others]: PartitionRecords<Others[I]> }
    ) => Produced<R>,
  ): RDD<R>;
  zipPartitions<R>(
    others: RDD<unknown> | readonly RDD<unknown>[],
    // deno-lint-ignore no-explicit-any -- as many iterators as there are RDDs
    fn: (...records: any[]) => Produced<R>,
  ): RDD<R> {
    const sides = (others instanceof RDD ? [others] : others).map(datasetOf);
    return this.#next(zipping.zipPartitions([this.#data, ...sides], fn));
  }

  /**
   * Pairs of every record of this RDD and every record of `other`. As many partitions as the product of
   * theirs; neither side has to fit into memory.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const numbers = sc.parallelize([1, 2]);
   * const pairs = await numbers.cartesian(numbers).collect();
   * assert.deepEqual(pairs.sort(), [[1, 1], [1, 2], [2, 1], [2, 2]]);
   * ```
   */
  cartesian<U>(other: RDD<U>): RDD<[T, U]> {
    return this.#next(zipping.cartesian(this.#data, datasetOf(other)));
  }

  /**
   * The same as {@linkcode RDD.union}, as arrays call it; in Python `a + b` (`__add__`) means it.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const both = sc.parallelize([1]).concat(sc.parallelize([2]), sc.parallelize([3]));
   * assert.deepEqual(await both.collect(), [1, 2, 3]);
   * ```
   */
  concat(...others: readonly RDD<T>[]): RDD<T> {
    return this.#next(Dataset.union("concat", [this.#data, ...others.map(datasetOf)]));
  }

  /**
   * The records dealt out anew over `partitions` partitions (1 to 2^20), more or fewer than before, and
   * about the same number in each. All of them move; to have fewer without that,
   * {@linkcode RDD.coalesce}.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const numbers = sc.parallelize([1, 2, 3, 4, 5, 6, 7], 4);
   * assert.deepEqual(await numbers.glom().collect(), [[1], [2, 3], [4, 5], [6, 7]]);
   * assert.equal((await numbers.repartition(2).glom().collect()).length, 2);
   * assert.equal((await numbers.repartition(10).glom().collect()).length, 10);
   * ```
   */
  repartition(partitions: number): RDD<T> {
    return this.#next(narrow.repartition(this.#data, partitions));
  }

  /**
   * Each partition as one array, which has to fit into memory.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const parts = sc.parallelize([1, 2, 3, 4], 2).glom();
   * assert.deepEqual(await parts.collect(), [[1, 2], [3, 4]]);
   * ```
   */
  glom(): RDD<T[]> {
    return this.#next(narrow.glom(this.#data));
  }

  /**
   * The lines that a program writes which reads the records as lines: `String(record)`, one a line,
   * in UTF-8. It runs once for each partition, beside the task and not in it, so that the functions of
   * the job need no permission for it; the program that calls `pipe` needs `--allow-run=…`, else it is
   * a PlanError (PermissionDenied). What the program says on its standard error goes to the log.
   *
   * `command` is taken apart as by a shell, quotes and backslashes included, but nothing is expanded:
   * for more of a shell, run one: `["sh", "-c", "sort | uniq -c"]`. The environment has the variables
   * of `env` and no others. With `checkCode` an exit code other than 0 fails the task with a TaskError;
   * a program that does not exist fails the job with a PlanError (NotAvailable). A line of more than
   * 128 MB is a RecordError (RecordTooLarge). An action that needs no more lines ends the program.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const lines = sc.parallelize(["1", "2", "", "3"]);
   * assert.deepEqual(await lines.pipe("cat").collect(), ["1", "2", "", "3"]);
   * const sorted = sc.parallelize([3, 1, 2], 1).pipe(["sort", "-r"], { checkCode: true });
   * assert.deepEqual(await sorted.collect(), ["3", "2", "1"]);
   * ```
   */
  pipe(command: string | readonly string[], options?: PipeOptions): RDD<string>;
  /** PySpark's positional form. */
  pipe(
    command: string | readonly string[],
    env?: Readonly<Record<string, string>>,
    checkCode?: boolean,
  ): RDD<string>;
  pipe(
    command: string | readonly string[],
    envOrOptions?: unknown,
    checkCode?: boolean,
  ): RDD<string> {
    return this.#next(piping.pipe(this.#data, command, envOrOptions, checkCode));
  }

  /**
   * The same records; the stage that computes them may do what is named here, beside what
   * `--allow-*` of `submit` grants to all stages. The names are Deno's; `true` is all of a kind, a
   * list its values alone. Relative paths are those of the program.
   *
   * A stage reaches from one exchange to the next: functions before and behind this are granted the
   * same, until something is moved by key. The map side of a `reduceByKey` before it is granted
   * nothing, nor is what follows the next one. Where several datasets of a stage have permissions, it
   * has them all. A worker serves stages with the same permissions only, so nothing that one of them
   * leaves behind reaches a stage with others. The events `stage.started` and `permission.denied`
   * tell what each stage was granted and denied, and so does `--verbose`.
   *
   * Throws a PlanError: InvalidArgument where this is no permission, PermissionDenied where the
   * program itself does not have it.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) =>
   *   new Response(new URL(request.url).pathname.slice(1).toUpperCase()));
   * const host = `127.0.0.1:${server.addr.port}`;
   * const answers = sc.parallelize(["a", "b"])
   *   .mapAsync(async (name) => await (await fetch(`http://${host}/${name}`)).text())
   *   .withPermissions({ net: [host] });
   * assert.deepEqual(await answers.collect(), ["A", "B"]);
   * ```
   */
  withPermissions(permissions: TaskPermissions): RDD<T> {
    return this.#next(permitting.withPermissions(this.#data, permissions));
  }

  // ─── Sets ─────────────────────────────────────────────────────────────────────────────────────

  /**
   * Each record once. Records are compared by value: `[1, "a"]` and `[1, "a"]` are one record, and so
   * are plain objects with equal properties; 1, 1n and "1" are three. What is no key, such as a Map,
   * is a RecordError (UnhashableKey).
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const numbers = await sc.parallelize([1, 1, 2, 3]).distinct().collect();
   * assert.deepEqual(numbers.sort(), [1, 2, 3]);
   * ```
   */
  distinct(partitions?: number | KeyedOptions<T>): RDD<T> {
    return this.#next(sets.distinct(this.#data, keyedOptions(partitions)));
  }

  /**
   * The records that are in both, each once; compared by value as in {@linkcode RDD.distinct}.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const left = sc.parallelize([1, 10, 2, 3, 4, 5]);
   * const right = sc.parallelize([1, 6, 2, 3, 7, 8]);
   * assert.deepEqual((await left.intersection(right).collect()).sort(), [1, 2, 3]);
   * ```
   */
  intersection(other: RDD<T>, partitions?: number | KeyedOptions<T>): RDD<T> {
    return this.#next(sets.intersection(this.#data, datasetOf(other), keyedOptions(partitions)));
  }

  /**
   * The records that are not in `other`, as often as they are here; compared by value as in
   * {@linkcode RDD.distinct}.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const left = sc.parallelize<[string, number | null]>([["a", 1], ["b", 4], ["b", 5], ["a", 3]]);
   * const right = sc.parallelize<[string, number | null]>([["a", 3], ["c", null]]);
   * const rest = await left.subtract(right).collect();
   * assert.deepEqual(rest.sort(), [["a", 1], ["b", 4], ["b", 5]]);
   * ```
   */
  subtract(other: RDD<T>, partitions?: number | KeyedOptions<T>): RDD<T> {
    return this.#next(sets.subtract(this.#data, datasetOf(other), keyedOptions(partitions)));
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
   * assert.deepEqual(await sc.parallelize([[1, 2], [3, 4]]).keys().collect(), [1, 3]);
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
   * assert.deepEqual(await sc.parallelize([[1, 2], [3, 4]]).values().collect(), [2, 4]);
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
   * const fruit = sc.parallelize<[string, string[]]>([
   *   ["a", ["apple", "banana", "lemon"]],
   *   ["b", ["grapes"]],
   * ]);
   * const counts = fruit.mapValues((names) => names.length);
   * assert.deepEqual(await counts.collect(), [["a", 3], ["b", 1]]);
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
   * const pairs = sc.parallelize([1, 2, 3, 4, 2, 4, 1]).map((n) => [n, n]);
   * const [first = [], second = []] = await pairs.partitionBy(2).keys().glom().collect();
   * assert.equal(new Set(first).intersection(new Set(second)).size, 0);
   * const byParity = pairs.partitionBy(2, (key) => key).keys().glom();
   * assert.deepEqual(await byParity.collect(), [[2, 4, 2, 4], [1, 3, 1]]);
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
   * const lists = sc.parallelize([["a", 1], ["b", 1], ["a", 2]]).combineByKey(
   *   (n): number[] => [n],
   *   (list, n) => (list.push(n), list),
   *   (list, other) => (list.push(...other), list),
   * );
   * assert.deepEqual(await lists.sortByKey().collect(), [["a", [1, 2]], ["b", [1]]]);
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
   * const ones = sc.parallelize([["a", 1], ["b", 1], ["a", 1]]);
   * const counts = await ones.reduceByKey((a, b) => a + b).collect();
   * assert.deepEqual(counts.sort(), [["a", 2], ["b", 1]]);
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
   * const grouped = sc.parallelize([["a", 1], ["b", 1], ["a", 1]]).groupByKey().sortByKey();
   * const sizes = grouped.mapValues((values) => values.length);
   * assert.deepEqual(await sizes.collect(), [["a", 2], ["b", 1]]);
   * const lists = grouped.mapValues((values): number[] => values.toArray());
   * assert.deepEqual(await lists.collect(), [["a", [1, 1]], ["b", [1]]]);
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

  /**
   * About how many different values each key has, compared by value as keys are; Scala's name.
   * `relativeSD` is as in {@linkcode RDD.countApproxDistinct}: a key takes about 1.1 / relativeSD²
   * bytes.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const pairs = sc.range(1000).map((n) => [n % 2, n % 20]);
   * const counts = await pairs.countApproxDistinctByKey().collectAsMap();
   * assert(8 <= counts.get(0)! && counts.get(0)! <= 12);
   * ```
   */
  countApproxDistinctByKey<K, V>(
    this: RDD<readonly [K, V]>,
    relativeSD: number | DistinctByKeyOptions<K> = 0.05,
    partitions?: number | KeyedOptions<K>,
    partitionFunction?: (key: K) => number,
  ): RDD<[K, number]> {
    const options = optionsOf<DistinctByKeyOptions<K>>(relativeSD, {
      ...keyedOptions(partitions, partitionFunction),
      relativeSD: relativeSD as number,
    });
    return this.#next(statistics.countApproxDistinctByKey(this.#data, options));
  }

  /**
   * A sample of pairs, drawn as by `sample` but with a fraction for each key: from a Map, or from an
   * object whose names are the keys. A task that meets a key without one fails with a RecordError
   * (MissingFraction).
   *
   * PySpark's `sampleByKey(withReplacement, fractions, seed)` is accepted too.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const pairs = sc.parallelize(["a", "b"]).cartesian(sc.range(1000));
   * const drawn = pairs.sampleByKey({ a: 0.2, b: 0.1 }, { seed: 2 });
   * const counts = await drawn.mapValues(() => 1).reduceByKey((a, b) => a + b).collectAsMap();
   * assert(100 < counts.get("a")! && counts.get("a")! < 300);
   * assert(50 < counts.get("b")! && counts.get("b")! < 150);
   * ```
   */
  sampleByKey<K, V>(
    this: RDD<readonly [K, V]>,
    fractions: KeyFractions<K>,
    options?: SampleOptions,
  ): RDD<[K, V]>;
  /** The same in PySpark's order. */
  sampleByKey<K, V>(
    this: RDD<readonly [K, V]>,
    withReplacement: boolean,
    fractions: KeyFractions<K>,
    seed?: number,
  ): RDD<[K, V]>;
  sampleByKey<K, V>(
    this: RDD<readonly [K, V]>,
    first: KeyFractions<K> | boolean,
    second: KeyFractions<K> | SampleOptions | undefined,
    seed?: number,
  ): RDD<[K, V]> {
    const [fractions, options] = sampleArguments(first, second, seed);
    return this.#next(sampling.sampleByKey(this.#data, fractions, options));
  }

  /**
   * A sample of pairs with exactly `Math.ceil(count * fraction)` pairs of each key, where
   * {@linkcode RDD.sampleByKey} draws about as many; Scala's name. Every choice of so many pairs is
   * equally likely. Exactness has its price: the pairs of a key meet in one partition, as by
   * `groupByKey`, and are partitioned by key afterwards.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const pairs = sc.parallelize(["a", "b"]).cartesian(sc.range(1000));
   * const drawn = pairs.sampleByKeyExact({ a: 0.2, b: 0.1 }, { seed: 2 });
   * const counts = await drawn.mapValues(() => 1).reduceByKey((a, b) => a + b).collectAsMap();
   * assert.deepEqual([counts.get("a"), counts.get("b")], [200, 100]);
   * ```
   */
  sampleByKeyExact<K, V>(
    this: RDD<readonly [K, V]>,
    fractions: KeyFractions<K>,
    options?: SampleOptions,
  ): RDD<[K, V]>;
  /** The same in Spark's order. */
  sampleByKeyExact<K, V>(
    this: RDD<readonly [K, V]>,
    withReplacement: boolean,
    fractions: KeyFractions<K>,
    seed?: number,
  ): RDD<[K, V]>;
  sampleByKeyExact<K, V>(
    this: RDD<readonly [K, V]>,
    first: KeyFractions<K> | boolean,
    second: KeyFractions<K> | SampleOptions | undefined,
    seed?: number,
  ): RDD<[K, V]> {
    const [fractions, options] = sampleArguments(first, second, seed);
    return this.#next(sampling.sampleByKeyExact(this.#data, fractions, options));
  }

  /**
   * A pair of the key and each element that `fn(value)` gives: an array or any other iterable but a
   * string; a generator is taken lazily. Pairs that were partitioned by key still are.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const lists = sc.parallelize<[string, string[]]>([["a", ["x", "y", "z"]], ["b", ["p", "r"]]]);
   * const pairs = await lists.flatMapValues((list) => list).collect();
   * assert.deepEqual(pairs, [["a", "x"], ["a", "y"], ["a", "z"], ["b", "p"], ["b", "r"]]);
   * ```
   */
  flatMapValues<K, V, W extends Hint>(
    this: RDD<readonly [K, V]>,
    fn: (value: V) => Iterable<W>,
  ): RDD<[K, W]> {
    return this.#next(keyed.flatMapValues(this.#data, fn));
  }

  /**
   * Each key once, its values merged by `fn` two at a time, beginning with `zero` wherever values of
   * the key meet first, which may be in several tasks: `zero` should change nothing, as 0 in a sum.
   * Every key has a `zero` of its own: a copy, or what `zero()` returns.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const ones = sc.parallelize([["a", 1], ["b", 1], ["a", 1]]);
   * const sums = ones.foldByKey(0, (a, b) => a + b);
   * assert.deepEqual(await sums.sortByKey().collect(), [["a", 2], ["b", 1]]);
   * ```
   */
  foldByKey<K, V extends Hint>(
    this: RDD<readonly [K, V]>,
    zero: V | (() => V),
    fn: (a: V, b: V) => V,
    partitions?: number | KeyedOptions<K>,
    partitionFunction?: (key: K) => number,
  ): RDD<[K, V]> {
    const options = keyedOptions(partitions, partitionFunction);
    return this.#next(keyed.foldByKey(this.#data, zero, fn, options));
  }

  /**
   * Each key once, its values combined into a U, beginning with `zero`: `mergeValue(combined, value)`
   * takes in a value, `mergeCombiners(a, b)` joins the results of two tasks. Every key has a `zero` of
   * its own, which may be changed: a copy, or what `zero()` returns. Values are
   * combined before they travel.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const pairs = sc.parallelize([["a", 1], ["b", 1], ["a", 2]]);
   * const sumAndCount = pairs.aggregateByKey(
   *   [0, 0],
   *   ([sum, count], n) => [sum + n, count + 1],
   *   (a, b) => [a[0] + b[0], a[1] + b[1]],
   * );
   * assert.deepEqual(await sumAndCount.sortByKey().collect(), [["a", [3, 2]], ["b", [1, 1]]]);
   * ```
   */
  aggregateByKey<K, V, U extends Exclude<Hint, null | undefined>>(
    this: RDD<readonly [K, V]>,
    zero: U | (() => U),
    mergeValue: (combined: U, value: V) => U,
    mergeCombiners: (a: U, b: U) => U,
    partitions?: number | KeyedOptions<K>,
    partitionFunction?: (key: K) => number,
  ): RDD<[K, U]>;
  /** The same where a result may be null or undefined. */
  aggregateByKey<K, V, U>(
    this: RDD<readonly [K, V]>,
    zero: U | (() => U),
    mergeValue: (combined: U, value: V) => U,
    mergeCombiners: (a: U, b: U) => U,
    partitions?: number | KeyedOptions<K>,
    partitionFunction?: (key: K) => number,
  ): RDD<[K, U]>;
  aggregateByKey<K, V, U>(
    this: RDD<readonly [K, V]>,
    zero: U | (() => U),
    mergeValue: (combined: U, value: V) => U,
    mergeCombiners: (a: U, b: U) => U,
    partitions?: number | KeyedOptions<K>,
    partitionFunction?: (key: K) => number,
  ): RDD<[K, U]> {
    const functions = { mergeValue, mergeCombiners };
    const options = keyedOptions(partitions, partitionFunction);
    return this.#next(keyed.aggregateByKey(this.#data, zero, functions, options));
  }

  /**
   * Each result of `fn` once, with all records that have it; else as {@linkcode RDD.groupByKey}.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const parity = sc.parallelize([1, 1, 2, 3, 5, 8]).groupBy((n) => n % 2);
   * const lists = await parity.mapValues((group): number[] => group.toArray()).sortByKey().collect();
   * assert.deepEqual(lists, [[0, [2, 8]], [1, [1, 1, 3, 5]]]);
   * ```
   */
  groupBy<K extends Hint>(
    fn: (record: T) => K,
    partitions?: number | KeyedOptions<K>,
    partitionFunction?: (key: K) => number,
  ): RDD<[K, Values<T>]> {
    const options = keyedOptions(partitions, partitionFunction);
    return this.#next(keyed.groupBy(this.#data, fn, options));
  }

  // ─── Joins ────────────────────────────────────────────────────────────────────────────────────

  /**
   * Each key that is in any of the datasets, with its values in this one and in each of `others`, in
   * order; where a dataset does not have the key they are empty. The values may be more than fit into
   * memory, as in {@linkcode RDD.groupByKey}. Options, or a number of partitions, come last; without
   * them there are as many partitions as the datasets have together.
   *
   * Keys are compared by value: `[1, "a"]` and `[1, "a"]` are one key; 1, 1n and "1" are three.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const left = sc.parallelize([["a", 1], ["b", 4]]);
   * const right = sc.parallelize([["a", 2]]);
   * const both = left.cogroup(right).mapValues((sides) => sides.map((side) => side.toArray()));
   * assert.deepEqual(await both.sortByKey().collect(), [["a", [[1], [2]]], ["b", [[4], []]]]);
   * ```
   */
  cogroup<K, V, R extends readonly RDD<readonly [K, unknown]>[]>(
    this: RDD<readonly [K, V]>,
    ...others: R
  ): RDD<[K, [Values<V>, ...SidesOf<R>]]>;
  /** The same with options. */
  cogroup<K, V, R extends readonly RDD<readonly [K, unknown]>[]>(
    this: RDD<readonly [K, V]>,
    ...othersAndOptions: [...others: R, partitions: number | KeyedOptions<K> | undefined]
  ): RDD<[K, [Values<V>, ...SidesOf<R>]]>;
  cogroup(...args: readonly unknown[]): RDD<never> {
    const hasOptions = args.length > 0 && !(args.at(-1) instanceof RDD);
    const others = (hasOptions ? args.slice(0, -1) : args) as readonly RDD<unknown>[];
    const options = hasOptions ? keyedOptions(args.at(-1) as number | KeyedOptions<unknown>) : {};
    const datasets = [this.#data, ...others.map(datasetOf)];
    return this.#next(joins.cogroup("cogroup", datasets, options));
  }

  /**
   * The same as {@linkcode RDD.cogroup}, without options.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const [w, x] = [sc.parallelize([["a", 5], ["b", 6]]), sc.parallelize([["a", 1], ["b", 4]])];
   * const [y, z] = [sc.parallelize([["a", 2]]), sc.parallelize([["b", 42]])];
   * const all = w.groupWith(x, y, z).mapValues((sides) => sides.map((side) => side.toArray()));
   * assert.deepEqual(await all.sortByKey().collect(), [
   *   ["a", [[5], [1], [2], []]],
   *   ["b", [[6], [4], [], [42]]],
   * ]);
   * ```
   */
  groupWith<K, V, R extends readonly RDD<readonly [K, unknown]>[]>(
    this: RDD<readonly [K, V]>,
    ...others: R
  ): RDD<[K, [Values<V>, ...SidesOf<R>]]> {
    const datasets = [this.#data, ...others.map(datasetOf)];
    return this.#next(joins.cogroup("groupWith", datasets, {}));
  }

  /**
   * Each value of a key here with each value of the same key in `other`. Keys that only one of the two
   * has are dropped. A key may have any number of values on both sides.
   *
   * Keys are compared by value: `[1, "a"]` and `[1, "a"]` are one key; 1, 1n and "1" are three.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const left = sc.parallelize([["a", 1], ["b", 4]]);
   * const right = sc.parallelize([["a", 2], ["a", 3]]);
   * assert.deepEqual(await left.join(right).collect(), [["a", [1, 2]], ["a", [1, 3]]]);
   * ```
   */
  join<K, V, W>(
    this: RDD<readonly [K, V]>,
    other: RDD<readonly [K, W]>,
    partitions?: number | KeyedOptions<K>,
    partitionFunction?: (key: K) => number,
  ): RDD<[K, [V, W]]> {
    const options = keyedOptions(partitions, partitionFunction);
    return this.#next(joins.join(this.#data, datasetOf(other), options));
  }

  /**
   * As {@linkcode RDD.join}, but keys that `other` does not have stay, each value with `undefined`.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const left = sc.parallelize([["a", 1], ["b", 4]]);
   * const joined = left.leftOuterJoin(sc.parallelize([["a", 2]]));
   * assert.deepEqual(await joined.sortByKey().collect(), [["a", [1, 2]], ["b", [4, undefined]]]);
   * ```
   */
  leftOuterJoin<K, V, W>(
    this: RDD<readonly [K, V]>,
    other: RDD<readonly [K, W]>,
    partitions?: number | KeyedOptions<K>,
    partitionFunction?: (key: K) => number,
  ): RDD<[K, [V, W | undefined]]> {
    const options = keyedOptions(partitions, partitionFunction);
    return this.#next(joins.leftOuterJoin(this.#data, datasetOf(other), options));
  }

  /**
   * As {@linkcode RDD.join}, but keys that only `other` has stay, each value with `undefined`.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const right = sc.parallelize([["a", 1], ["b", 4]]);
   * const joined = sc.parallelize([["a", 2]]).rightOuterJoin(right);
   * assert.deepEqual(await joined.sortByKey().collect(), [["a", [2, 1]], ["b", [undefined, 4]]]);
   * ```
   */
  rightOuterJoin<K, V, W>(
    this: RDD<readonly [K, V]>,
    other: RDD<readonly [K, W]>,
    partitions?: number | KeyedOptions<K>,
    partitionFunction?: (key: K) => number,
  ): RDD<[K, [V | undefined, W]]> {
    const options = keyedOptions(partitions, partitionFunction);
    return this.#next(joins.rightOuterJoin(this.#data, datasetOf(other), options));
  }

  /**
   * As {@linkcode RDD.join}, but all keys stay: a value whose key the other side does not have comes
   * with `undefined`.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const left = sc.parallelize([["a", 1], ["b", 4]]);
   * const joined = left.fullOuterJoin(sc.parallelize([["a", 2], ["c", 8]]));
   * assert.deepEqual(await joined.sortByKey().collect(), [
   *   ["a", [1, 2]],
   *   ["b", [4, undefined]],
   *   ["c", [undefined, 8]],
   * ]);
   * ```
   */
  fullOuterJoin<K, V, W>(
    this: RDD<readonly [K, V]>,
    other: RDD<readonly [K, W]>,
    partitions?: number | KeyedOptions<K>,
    partitionFunction?: (key: K) => number,
  ): RDD<[K, [V | undefined, W | undefined]]> {
    const options = keyedOptions(partitions, partitionFunction);
    return this.#next(joins.fullOuterJoin(this.#data, datasetOf(other), options));
  }

  /**
   * The pairs whose key `other` does not have. What the values of `other` are does not matter.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const left = sc.parallelize([["a", 1], ["b", 4], ["b", 5], ["a", 2]]);
   * const right = sc.parallelize([["a", 3], ["c", null]]);
   * assert.deepEqual(await left.subtractByKey(right).collect(), [["b", 4], ["b", 5]]);
   * ```
   */
  subtractByKey<K, V>(
    this: RDD<readonly [K, V]>,
    other: RDD<readonly [K, unknown]>,
    partitions?: number | KeyedOptions<K>,
    partitionFunction?: (key: K) => number,
  ): RDD<[K, V]> {
    const options = keyedOptions(partitions, partitionFunction);
    return this.#next(joins.subtractByKey(this.#data, datasetOf(other), options));
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
   * const pairs = sc.parallelize([["a", 1], ["b", 2], ["1", 3], ["d", 4], ["2", 5]]);
   * assert.deepEqual(await pairs.sortBy(([letter]) => letter).collect(), [
   *   ["1", 3],
   *   ["2", 5],
   *   ["a", 1],
   *   ["b", 2],
   *   ["d", 4],
   * ]);
   * const greatest = await pairs.sortBy(([, n]) => n, { ascending: false }).first();
   * assert.deepEqual(greatest, ["2", 5]);
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
   * const pairs = sc.parallelize([["a", 1], ["b", 2], ["1", 3], ["d", 4], ["2", 5]]);
   * assert.deepEqual(await pairs.sortByKey().first(), ["1", 3]);
   * assert.deepEqual(await pairs.sortByKey(true, 2).keys().collect(), ["1", "2", "a", "b", "d"]);
   * const words = "Mary had a little lamb whose fleece was white".split(" ");
   * const numbered = sc.parallelize(words).zipWithIndex();
   * const sorted = numbered.sortByKey(true, 3, (word) => word.toLowerCase()).keys();
   * assert.equal((await sorted.collect()).join(" "), "a fleece had lamb little Mary was white whose");
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

  /**
   * The pairs whose key lies from `lower` to `upper`, both included, in the order of `sortByKey`. After
   * `sortByKey` no more is read than what lies there, to a block: partitions in which nothing can lie
   * cost a task each and read nothing. Else every record is looked at.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const pairs = sc.parallelize([["a", 1], ["b", 2], ["c", 3], ["d", 4]]);
   * assert.deepEqual(await pairs.filterByRange("b", "c").collect(), [["b", 2], ["c", 3]]);
   * ```
   */
  filterByRange<K, V>(this: RDD<readonly [K, V]>, lower: K, upper: K): RDD<[K, V]> {
    return this.#next(ordering.filterByRange(this.#data, lower, upper));
  }

  /**
   * The pairs in `partitions` partitions, as by {@linkcode RDD.partitionBy}, and in each partition
   * ordered by key; equal keys stay in the order of the input. That is one exchange, where
   * partitioning and then sorting would be two. Keys are ordered as in {@linkcode RDD.sortBy}, or by
   * what `keyOf(key)` gives.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const pairs = sc.parallelize([[0, 5], [3, 8], [2, 6], [0, 8], [3, 8], [1, 3]]);
   * const parts = pairs.repartitionAndSortWithinPartitions(2, (key) => key % 2).glom();
   * assert.deepEqual(await parts.collect(), [
   *   [[0, 5], [0, 8], [2, 6]],
   *   [[1, 3], [3, 8], [3, 8]],
   * ]);
   * const last = pairs.repartitionAndSortWithinPartitions({ partitions: 1, keyOf: (key) => -key });
   * assert.deepEqual(await last.keys().collect(), [3, 3, 2, 1, 0, 0]);
   * ```
   */
  repartitionAndSortWithinPartitions<K, V>(
    this: RDD<readonly [K, V]>,
    partitions?: number | RepartitionOptions<K>,
    partitionFunction?: (key: K) => number,
    ascending?: boolean,
    keyOf?: (key: K) => unknown,
  ): RDD<[K, V]> {
    const positional = { ...keyedOptions(partitions, partitionFunction), ascending, keyOf };
    const options = optionsOf(partitions, positional);
    return this.#next(sorting.repartitionAndSortWithinPartitions(this.#data, options));
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
   * assert.deepEqual(await sc.range(5).collect(), [0, 1, 2, 3, 4]);
   * const signal = AbortSignal.timeout(60_000); // gives up, and stops the tasks, after a minute
   * assert.deepEqual(await sc.parallelize(["x", "y", "z"]).collect({ signal }), ["x", "y", "z"]);
   * ```
   */
  collect(options: ActionOptions = {}): Promise<T[]> {
    return awaited(actions.collect(this.#data, options) as Promise<T[]>);
  }

  /**
   * All records: {@linkcode RDD.collect} by the name that JavaScript has for it.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.deepEqual(await sc.range(3).toArray(), [0, 1, 2]);
   * ```
   */
  toArray(options: ActionOptions = {}): Promise<T[]> {
    return awaited(actions.collect(this.#data, options, "toArray") as Promise<T[]>);
  }

  /**
   * All records, by a job of the group `groupId`: `collect` inside of
   * {@linkcode SparkContext.withJobGroup}.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.deepEqual(await sc.range(2).collectWithJobGroup("nightly", "two numbers"), [0, 1]);
   * assert.equal(sc.statusTracker().getJobIdsForGroup("nightly").length, 1);
   * ```
   */
  collectWithJobGroup(
    groupId: string,
    description?: string,
    interruptOnCancel = false,
    options: ActionOptions = {},
  ): Promise<T[]> {
    const group = { description, interruptOnCancel };
    return this.context.withJobGroup(groupId, group, () => this.collect(options));
  }

  /**
   * All pairs as a Map; of equal keys the last value counts.
   *
   * Keys are compared by value, and the Map finds them by value too: `map.get(["a", 1])`. Rejects with
   * a RecordError (UnhashableKey) where one is no key, such as an instance of a class.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const map = await sc.parallelize([[1, 2], [3, 4]]).collectAsMap();
   * assert.equal(map.get(1), 2);
   * assert.equal(map.get(3), 4);
   * ```
   */
  collectAsMap<K, V>(this: RDD<readonly [K, V]>, options: ActionOptions = {}): Promise<Map<K, V>> {
    return awaited(actions.collectAsMap(this.#data, options) as Promise<Map<K, V>>);
  }

  /**
   * What {@linkcode RDD.reduceByKey} gives, as a Map on the driver, where it must fit. It finds keys by
   * value: `sums.get(["a", 1])`.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const ones = sc.parallelize([["a", 1], ["b", 1], ["a", 1]]);
   * const sums = await ones.reduceByKeyLocally((a, b) => a + b);
   * assert.deepEqual(sums, new Map([["a", 2], ["b", 1]]));
   * ```
   */
  reduceByKeyLocally<K, V>(
    this: RDD<readonly [K, V]>,
    fn: (a: V, b: V) => V,
    options: ActionOptions = {},
  ): Promise<Map<K, V>> {
    return awaited(actions.reduceByKeyLocally(this.#data, fn, options) as Promise<Map<K, V>>);
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
   * assert.equal(await sc.parallelize([2, 3, 4]).count(), 3);
   * ```
   */
  count(options: ActionOptions = {}): Promise<number> {
    return awaited(actions.count(this.#data, options));
  }

  /**
   * How many pairs each key has. The keys must fit into the driver's memory.
   *
   * Keys are compared by value, and the Map finds them by value too: `counts.get(["a", 1])`.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const pairs = sc.parallelize([["a", 1], ["b", 1], ["a", 1]]);
   * assert.deepEqual(await pairs.countByKey(), new Map([["a", 2], ["b", 1]]));
   * ```
   */
  countByKey<K>(
    this: RDD<readonly [K, unknown]>,
    options: ActionOptions = {},
  ): Promise<Map<K, number>> {
    return awaited(aggregates.countByKey(this.#data, options) as Promise<Map<K, number>>);
  }

  /**
   * How often each record is there. The different records must fit into the driver's memory.
   *
   * Records are compared as keys are, by value, and the Map finds them by value too.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const counts = await sc.parallelize([1, 2, 1, 2, 2], 2).countByValue();
   * assert.deepEqual(counts, new Map([[1, 2], [2, 3]]));
   * ```
   */
  countByValue(options: ActionOptions = {}): Promise<Map<T, number>> {
    return awaited(aggregates.countByValue(this.#data, options) as Promise<Map<T, number>>);
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
   * const add = (a: number, b: number) => a + b;
   * assert.equal(await sc.parallelize([1, 2, 3, 4, 5]).reduce(add), 15);
   * assert.equal(await sc.range(10).map(() => 1).cache().reduce(add), 10);
   * await assert.rejects(sc.parallelize<number>([]).reduce(add), { code: "EmptyCollection" });
   * ```
   */
  reduce(fn: (a: T, b: T) => T, options: ActionOptions = {}): Promise<T> {
    return awaited(actions.reduce(this.#data, fn, options) as Promise<T>);
  }

  /**
   * As {@linkcode RDD.reduce}, but most of the merging is done by tasks, in a tree of `depth` levels (1
   * to 20, by default 2): for results that are large or dear to merge, of many partitions.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const numbers = sc.parallelize([-5, -4, -3, -2, -1, 1, 2, 3, 4], 10);
   * assert.equal(await numbers.treeReduce((a, b) => a + b), -5);
   * assert.equal(await numbers.treeReduce((a, b) => a + b, { depth: 5 }), -5);
   * ```
   */
  treeReduce(
    fn: (a: T, b: T) => T,
    depth: number | TreeOptions = 2,
    options: ActionOptions = {},
  ): Promise<T> {
    const { depth: levels = 2, ...rest } = treeOptions(depth, options);
    return awaited(aggregates.treeReduce(this.#data, fn, levels, rest) as Promise<T>);
  }

  /**
   * The records merged by `fn`, starting with `zero` in each partition and once more where the
   * partitions meet: `zero` should change nothing, as 0 in a sum. `fn` may change its first argument, for
   * each fold has a `zero` of its own: a copy, or what `zero()` returns where it is a function.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.equal(await sc.parallelize([1, 2, 3, 4, 5]).fold(0, (a, b) => a + b), 15);
   * ```
   */
  fold(zero: T | (() => T), fn: (a: T, b: T) => T, options: ActionOptions = {}): Promise<T> {
    return awaited(actions.fold(this.#data, zero, fn, options) as Promise<T>);
  }

  /**
   * The records folded into a U: `seq(result, record)` takes in one record, `comb(a, b)` joins the
   * results of two partitions. Each partition starts with `zero`, and so does the joining: it should
   * change nothing. Both functions may change and return their first argument, for each fold has a
   * `zero` of its own: a copy, or what `zero()` returns where it is a function.
   *
   * @example
   * ```ts
   * import { type RDD, SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const sumAndCount = (numbers: RDD<number>) =>
   *   numbers.aggregate(
   *     [0, 0],
   *     ([sum, count], n) => [sum + n, count + 1],
   *     (a, b) => [a[0] + b[0], a[1] + b[1]],
   *   );
   * assert.deepEqual(await sumAndCount(sc.parallelize([1, 2, 3, 4])), [10, 4]);
   * assert.deepEqual(await sumAndCount(sc.parallelize<number>([])), [0, 0]);
   * ```
   */
  aggregate<U extends Exclude<Hint, null | undefined>>(
    zero: U | (() => U),
    seq: (result: U, record: T) => U,
    comb: (a: U, b: U) => U,
    options?: ActionOptions,
  ): Promise<U>;
  /** The same where a result may be null or undefined. */
  aggregate<U>(
    zero: U | (() => U),
    seq: (result: U, record: T) => U,
    comb: (a: U, b: U) => U,
    options?: ActionOptions,
  ): Promise<U>;
  aggregate<U>(
    zero: U | (() => U),
    seq: (result: U, record: T) => U,
    comb: (a: U, b: U) => U,
    options: ActionOptions = {},
  ): Promise<U> {
    return awaited(aggregates.aggregate(this.#data, zero, { seq, comb }, options) as Promise<U>);
  }

  /**
   * As {@linkcode RDD.aggregate}, but most of the joining is done by tasks, in a tree of `depth` levels
   * (1 to 20, by default 2): for results that are large or dear to join, of many partitions. `zero`
   * starts each partition, and not the joining.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const numbers = sc.parallelize([-5, -4, -3, -2, -1, 1, 2, 3, 4], 10);
   * const add = (a: number, b: number) => a + b;
   * assert.equal(await numbers.treeAggregate(0, add, add), -5);
   * assert.equal(await numbers.treeAggregate(0, add, add, 5), -5);
   * ```
   */
  treeAggregate<U extends Exclude<Hint, null | undefined>>(
    zero: U | (() => U),
    seq: (result: U, record: T) => U,
    comb: (a: U, b: U) => U,
    depth?: number | TreeOptions,
    options?: ActionOptions,
  ): Promise<U>;
  /** The same where a result may be null or undefined. */
  treeAggregate<U>(
    zero: U | (() => U),
    seq: (result: U, record: T) => U,
    comb: (a: U, b: U) => U,
    depth?: number | TreeOptions,
    options?: ActionOptions,
  ): Promise<U>;
  treeAggregate<U>(
    zero: U | (() => U),
    seq: (result: U, record: T) => U,
    comb: (a: U, b: U) => U,
    depth: number | TreeOptions = 2,
    options: ActionOptions = {},
  ): Promise<U> {
    const { depth: levels = 2, ...rest } = treeOptions(depth, options);
    const result = aggregates.treeAggregate(this.#data, zero, { seq, comb }, levels, rest);
    return awaited(result as Promise<U>);
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
   * const numbers = sc.parallelize([2, 3, 4, 5, 6]).cache();
   * assert.deepEqual(await numbers.take(2), [2, 3]);
   * assert.deepEqual(await numbers.take(10), [2, 3, 4, 5, 6]);
   * const late = sc.range(0, 100, 1, 100).filter((n) => n > 90);
   * assert.deepEqual(await late.take(3), [91, 92, 93]);
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
   * assert.equal(await sc.parallelize([2, 3, 4]).first(), 2);
   * await assert.rejects(sc.parallelize([]).first(), { code: "EmptyCollection" });
   * ```
   */
  first(options: ActionOptions = {}): Promise<T> {
    return awaited(actions.first(this.#data, options) as Promise<T>);
  }

  /**
   * Whether there is no record. An RDD may have partitions and be empty.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.equal(await sc.parallelize<number>([]).isEmpty(), true);
   * assert.equal(await sc.parallelize([1]).isEmpty(), false);
   * ```
   */
  isEmpty(options: ActionOptions = {}): Promise<boolean> {
    return awaited(actions.isEmpty(this.#data, options));
  }

  /**
   * The `n` greatest records (a whole number from 0), from the greatest on; all if there are fewer. They
   * are ordered as by `sortBy(keyOf)`, of equal ones the first come first. Tasks hold no more than `n`.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.deepEqual(await sc.parallelize([10, 4, 2, 12, 3]).top(1), [12]);
   * assert.deepEqual(await sc.parallelize([2, 3, 4, 5, 6], 2).top(2), [6, 5]);
   * assert.deepEqual(await sc.parallelize([10, 4, 2, 12, 3]).top(3, (n) => String(n)), [4, 3, 2]);
   * ```
   */
  top(
    n: number,
    keyOf?: ((record: T) => unknown) | OrderOptions<T>,
    options: ActionOptions = {},
  ): Promise<T[]> {
    const { keyOf: key, ...rest } = orderOptions(keyOf, options);
    return awaited(ordering.top(this.#data, n, key, rest) as Promise<T[]>);
  }

  /**
   * The `n` least records (a whole number from 0), from the least on; all if there are fewer. They are
   * ordered as by `sortBy(keyOf)`, of equal ones the first come first. Tasks hold no more than `n`.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const numbers = sc.parallelize([10, 1, 2, 9, 3, 4, 5, 6, 7], 2);
   * assert.deepEqual(await numbers.takeOrdered(6), [1, 2, 3, 4, 5, 6]);
   * assert.deepEqual(await numbers.takeOrdered(6, (n) => -n), [10, 9, 7, 6, 5, 4]);
   * assert.deepEqual(await sc.emptyRDD().takeOrdered(3), []);
   * ```
   */
  takeOrdered(
    n: number,
    keyOf?: ((record: T) => unknown) | OrderOptions<T>,
    options: ActionOptions = {},
  ): Promise<T[]> {
    const { keyOf: key, ...rest } = orderOptions(keyOf, options);
    return awaited(ordering.takeOrdered(this.#data, n, key, rest) as Promise<T[]>);
  }

  /**
   * The greatest record, in the order of `sortBy(keyOf)`: NaN, null and undefined are greater than all
   * else. Rejects with a PlanError (EmptyCollection) if there is none.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const numbers = sc.parallelize([1.0, 5.0, 43.0, 10.0]);
   * assert.equal(await numbers.max(), 43);
   * assert.equal(await numbers.max((n) => String(n)), 5);
   * ```
   */
  max(
    keyOf?: ((record: T) => unknown) | OrderOptions<T>,
    options: ActionOptions = {},
  ): Promise<T> {
    const { keyOf: key, ...rest } = orderOptions(keyOf, options);
    return awaited(ordering.max(this.#data, key, rest) as Promise<T>);
  }

  /**
   * The least record, in the order of `sortBy(keyOf)`. Rejects with a PlanError (EmptyCollection) if
   * there is none.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const numbers = sc.parallelize([2.0, 5.0, 43.0, 10.0]);
   * assert.equal(await numbers.min(), 2);
   * assert.equal(await numbers.min((n) => String(n)), 10);
   * ```
   */
  min(
    keyOf?: ((record: T) => unknown) | OrderOptions<T>,
    options: ActionOptions = {},
  ): Promise<T> {
    const { keyOf: key, ...rest } = orderOptions(keyOf, options);
    return awaited(ordering.min(this.#data, key, rest) as Promise<T>);
  }

  /**
   * The values of one key, in the order of the partitions. Only one partition is computed where the
   * pairs are divided by the hash of their keys.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const pairs = sc.range(0, 1000, 1, 10).map((n) => [n, n]);
   * assert.deepEqual(await pairs.lookup(42), [42]);
   * const sorted = pairs.sortByKey();
   * assert.deepEqual(await sorted.lookup(42), [42]);
   * assert.deepEqual(await sorted.lookup(1024), []);
   * const [values] = await sc.parallelize([[["a", "b"], "c"]]).groupByKey().lookup(["a", "b"]);
   * assert.deepEqual(values!.toArray(), ["c"]);
   * ```
   */
  lookup<K, V>(this: RDD<readonly [K, V]>, key: K, options: ActionOptions = {}): Promise<V[]> {
    return awaited(searching.lookup(this.#data, key, options) as Promise<V[]>);
  }

  /**
   * Whether `fn` gives something true for a record. Ends at the first one: what lies behind it is not
   * computed, as far as it has not begun.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.equal(await sc.range(1_000_000).some((n) => n > 10), true);
   * ```
   */
  some(fn: (record: T) => unknown, options: ActionOptions = {}): Promise<boolean> {
    return awaited(searching.some(this.#data, fn, options));
  }

  /**
   * Whether `fn` gives something true for all records; true if there is none. Ends at the first one
   * that says no.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.equal(await sc.range(1_000_000).every((n) => n < 10), false);
   * ```
   */
  every(fn: (record: T) => unknown, options: ActionOptions = {}): Promise<boolean> {
    return awaited(searching.every(this.#data, fn, options));
  }

  /**
   * The first record for which `fn` gives something true; undefined if there is none. With a type
   * guard, it has its type. What lies behind it is not computed, as far as it has not begun.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.equal(await sc.range(1_000_000).find((n) => n * n > 50), 8);
   * ```
   */
  find<S extends T>(
    fn: (record: T) => record is S,
    options?: ActionOptions,
  ): Promise<S | undefined>;
  /** The same without a type guard. */
  find(fn: (record: T) => unknown, options?: ActionOptions): Promise<T | undefined>;
  find(fn: (record: T) => unknown, options: ActionOptions = {}): Promise<T | undefined> {
    return awaited(searching.find(this.#data, fn, options) as Promise<T | undefined>);
  }

  /**
   * Whether a record equals `value`, compared by value as keys are. Ends at the first one. Rejects with
   * a RecordError (UnhashableKey) for what is no key, such as an instance of a class.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const pairs = sc.parallelize([["a", 1], ["b", 2]]);
   * assert.equal(await pairs.includes(["b", 2]), true);
   * ```
   */
  includes(value: T, options: ActionOptions = {}): Promise<boolean> {
    return awaited(searching.includes(this.#data, value, options));
  }

  /**
   * Exactly `n` records (a whole number from 0) drawn by chance, in random order; all of them if there
   * are fewer. With `replacement` a record can be drawn more than once, so there are always `n` if there
   * is any. Goes over the data twice.
   *
   * PySpark's `takeSample(withReplacement, n, seed)` is accepted too.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const numbers = sc.range(0, 10);
   * assert.equal((await numbers.takeSample(20, { replacement: true, seed: 1 })).length, 20);
   * assert.equal((await numbers.takeSample(5, { seed: 2 })).length, 5);
   * assert.equal((await numbers.takeSample(15, { seed: 3 })).length, 10);
   * ```
   */
  takeSample(n: number, options?: SampleOptions & ActionOptions): Promise<T[]>;
  /** The same in PySpark's order. */
  takeSample(
    withReplacement: boolean,
    n: number,
    seed?: number,
    options?: ActionOptions,
  ): Promise<T[]>;
  takeSample(
    first: number | boolean,
    second?: number | SampleOptions & ActionOptions,
    seed?: number,
    options: ActionOptions = {},
  ): Promise<T[]> {
    const [n, how] = sampleArguments(first, second, seed);
    const taken = sampling.takeSample(this.#data, n, { ...options, ...how });
    return awaited(taken as Promise<T[]>);
  }

  /**
   * Calls `fn` for each record, in the tasks: what it prints appears on the program's standard error,
   * and a variable that it assigns to stays as it was here. To count, use an accumulator. An `async`
   * function is waited for, record by record.
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
  foreach(fn: (record: T) => unknown, options: ActionOptions = {}): Promise<void> {
    return awaited(actions.foreach(this.#data, fn, options));
  }

  /**
   * {@linkcode RDD.foreach} by the name that JavaScript has for it.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const sum = sc.accumulator(0);
   * await sc.range(4).forEach((n) => sum.add(n));
   * assert.equal(sum.value, 6);
   * ```
   */
  forEach(fn: (record: T) => unknown, options: ActionOptions = {}): Promise<void> {
    return this.foreach(fn, options);
  }

  /**
   * Calls `fn` for each partition, in the tasks, with an iterator over its records, which need not fit
   * into memory. Here is the place for what is dear to set up, such as a connection. An `async`
   * function is waited for.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const batches = sc.accumulator(0);
   * await sc.range(0, 10, 1, 3).foreachPartition((records) => {
   *   if ([...records].length > 0) batches.add(1);
   * });
   * assert.equal(batches.value, 3);
   * ```
   */
  foreachPartition(
    fn: (records: PartitionRecords<T>) => unknown,
    options: ActionOptions = {},
  ): Promise<void> {
    return awaited(actions.foreachPartition(this.#data, fn, options));
  }

  /**
   * {@linkcode RDD.foreachPartition} as JavaScript would spell it.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const count = sc.accumulator(0);
   * await sc.range(4).forEachPartition((records) => count.add([...records].length));
   * assert.equal(count.value, 4);
   * ```
   */
  forEachPartition(
    fn: (records: PartitionRecords<T>) => unknown,
    options: ActionOptions = {},
  ): Promise<void> {
    return this.foreachPartition(fn, options);
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
   * assert.equal(await sc.parallelize([1.0, 2.0, 3.0]).sum(), 6);
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
   * The arithmetic mean of numbers; 0 if there are none. Rejects with a RecordError (NotANumber)
   * where a record is something else.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.equal(await sc.parallelize([1, 2, 3]).mean(), 2);
   * ```
   */
  mean(this: RDD<number>, options: ActionOptions = {}): Promise<number> {
    return awaited(statistics.figure(this.#data, "mean", options));
  }

  /**
   * The variance of numbers (divided by their count); NaN if there are none. Rejects with a
   * RecordError (NotANumber) where a record is something else.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.equal(await sc.parallelize([1, 2, 3]).variance(), 2 / 3);
   * ```
   */
  variance(this: RDD<number>, options: ActionOptions = {}): Promise<number> {
    return awaited(statistics.figure(this.#data, "variance", options));
  }

  /**
   * The standard deviation of numbers; NaN if there are none. Rejects with a RecordError
   * (NotANumber) where a record is something else.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.equal(await sc.parallelize([1, 2, 3]).stdev(), Math.sqrt(2 / 3));
   * ```
   */
  stdev(this: RDD<number>, options: ActionOptions = {}): Promise<number> {
    return awaited(statistics.figure(this.#data, "stdev", options));
  }

  /**
   * The variance of the population that the numbers are a sample of (count - 1); NaN for fewer than
   * 2. Rejects with a RecordError (NotANumber) where a record is something else.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.equal(await sc.parallelize([1, 2, 3]).sampleVariance(), 1);
   * ```
   */
  sampleVariance(this: RDD<number>, options: ActionOptions = {}): Promise<number> {
    return awaited(statistics.figure(this.#data, "sampleVariance", options));
  }

  /**
   * The standard deviation of the population that the numbers are a sample of; NaN for fewer than 2.
   * Rejects with a RecordError (NotANumber) where a record is something else.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.equal(await sc.parallelize([1, 2, 3]).sampleStdev(), 1);
   * ```
   */
  sampleStdev(this: RDD<number>, options: ActionOptions = {}): Promise<number> {
    return awaited(statistics.figure(this.#data, "sampleStdev", options));
  }

  /**
   * How many records lie in each of several buckets: the edges, and the counts between them, of which
   * there is one less. A bucket begins at its edge and ends before the next; the last one has both of
   * its edges. null, undefined, NaN and what lies outside are not counted.
   *
   * Given a number of buckets (from 1), they are of equal width from the least to the greatest number;
   * if these are equal, there is one bucket. Rejects with a PlanError if there are no numbers
   * (EmptyCollection) or infinite ones (InvalidArgument). Given edges, these must ascend, at least two,
   * and may be anything that can be sorted, as may the records where one bucket is asked for.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const numbers = sc.range(51);
   * assert.deepEqual(await numbers.histogram(2), [[0, 25, 50], [25, 26]]);
   * assert.deepEqual(await numbers.histogram([0, 5, 25, 50]), [[0, 5, 25, 50], [5, 20, 26]]);
   * const even = await numbers.histogram([0, 15, 30, 45, 60]);
   * assert.deepEqual(even, [[0, 15, 30, 45, 60], [15, 15, 15, 6]]);
   * const words = sc.parallelize(["ab", "ac", "b", "bd", "ef"]);
   * assert.deepEqual(await words.histogram(["a", "b", "c"]), [["a", "b", "c"], [2, 2]]);
   * ```
   */
  histogram(
    this: RDD<number | null | undefined>,
    buckets: number,
    options?: ActionOptions,
  ): Promise<[edges: number[], counts: number[]]>;
  /** How many there are, between the least and the greatest. */
  histogram(
    buckets: 1,
    options?: ActionOptions,
  ): Promise<[edges: NonNullable<T>[], counts: number[]]>;
  /** The same between edges that are given. */
  histogram(
    edges: readonly NonNullable<T>[],
    options?: ActionOptions,
  ): Promise<[edges: NonNullable<T>[], counts: number[]]>;
  histogram(
    buckets: unknown,
    options: ActionOptions = {},
    // deno-lint-ignore no-explicit-any -- the edges are numbers, or what was given
  ): Promise<[edges: any[], counts: number[]]> {
    return awaited(statistics.histogram(this.#data, buckets, options));
  }

  /**
   * About how many different records there are, compared by value as keys are. `relativeSD`, from
   * 0.00026 to below 1 and by default 0.05, is the standard error; a task needs about 1.1 / relativeSD²
   * bytes. The same records always give the same number.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const texts = await sc.range(1000).map((n) => String(n)).countApproxDistinct();
   * assert(900 < texts && texts < 1100);
   * const few = await sc.range(1000).map((n) => n % 20).countApproxDistinct();
   * assert(16 < few && few < 24);
   * ```
   */
  countApproxDistinct(
    relativeSD: number | ApproximateOptions = 0.05,
    options: ActionOptions = {},
  ): Promise<number> {
    const { relativeSD: error = 0.05, ...rest } = optionsOf(relativeSD, {
      ...options,
      relativeSD: relativeSD as number,
    });
    return awaited(statistics.countApproxDistinct(this.#data, error, rest));
  }

  /**
   * How many records there are, about, in `timeoutMs` milliseconds at most: then the job is cancelled,
   * and the partitions that are done tell what the others may hold (Spark's estimate: with
   * `confidence`, 0.95 by default, the count lies from `low` to `high`). Where all are done in time the
   * count is exact. PySpark gives the value alone.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const count = await sc.range(1000, { partitions: 10 }).countApprox(60_000, 1.0);
   * assert.equal(count.value, 1000);
   * ```
   */
  countApprox(
    timeoutMs: number,
    confidence: number | BoundedOptions = 0.95,
    options: ActionOptions = {},
  ): Promise<BoundedFloat> {
    const limits = limitsOf(timeoutMs, confidence, options);
    return awaited(approximate.countApprox(this.#data, limits));
  }

  /**
   * The sum of the numbers, about, in `timeoutMs` milliseconds at most; else as
   * {@linkcode RDD.countApprox}.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const sum = await sc.range(1000, { partitions: 10 }).sumApprox(60_000);
   * assert(Math.abs(sum.value - 499_500) / 499_500 < 0.05);
   * ```
   */
  sumApprox(
    this: RDD<number>,
    timeoutMs: number,
    confidence: number | BoundedOptions = 0.95,
    options: ActionOptions = {},
  ): Promise<BoundedFloat> {
    const limits = limitsOf(timeoutMs, confidence, options);
    return awaited(approximate.sumApprox(this.#data, limits));
  }

  /**
   * The mean of the numbers, about, in `timeoutMs` milliseconds at most; else as
   * {@linkcode RDD.countApprox}.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const mean = await sc.range(1000, { partitions: 10 }).meanApprox(60_000);
   * assert(Math.abs(mean.value - 499.5) / 499.5 < 0.05);
   * ```
   */
  meanApprox(
    this: RDD<number>,
    timeoutMs: number,
    confidence: number | BoundedOptions = 0.95,
    options: ActionOptions = {},
  ): Promise<BoundedFloat> {
    const limits = limitsOf(timeoutMs, confidence, options);
    return awaited(approximate.meanApprox(this.#data, limits));
  }

  /**
   * Writes each record as a line of UTF-8 (`String(record)`; a Uint8Array as its bytes) into a new
   * folder: `part-00000` and so on, one a partition, and `_SUCCESS` when all are there. With
   * `compression` the parts are packed, and their names end with `.gz` or `.zst`; in its place the
   * class names of Hadoop's GzipCodec and ZStandardCodec are taken as well. Rejects with an
   * OutputError (OutputExists) if there is something at `path`; a save that fails leaves nothing
   * behind.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const folder = await Deno.makeTempDir();
   * await sc.range(10).saveAsTextFile(`${folder}/numbers`);
   * const part = await Deno.readTextFile(`${folder}/numbers/part-00000`);
   * assert.equal(part, "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
   *
   * await sc.parallelize(["foo", "bar"]).saveAsTextFile(`${folder}/packed`, { compression: "gzip" });
   * assert.deepEqual(await sc.textFile(`${folder}/packed/part*.gz`).collect(), ["foo", "bar"]);
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  saveAsTextFile(path: string | URL, options?: SaveOptions): Promise<void>;
  /** The same with PySpark's name of the codec. */
  saveAsTextFile(
    path: string | URL,
    compressionCodecClass: string | null | undefined,
    options?: ActionOptions,
  ): Promise<void>;
  saveAsTextFile(
    path: string | URL,
    second?: string | null | SaveOptions,
    options: ActionOptions = {},
  ): Promise<void> {
    const isOptions = typeof second === "object" && second !== null;
    const [codec, all] = isOptions ? [undefined, second] : [second, options];
    return awaited(output.saveAsTextFile(this.#data, path, codec, all));
  }

  /**
   * Writes the records as they are into a new folder, to be read by
   * {@linkcode SparkContext.objectFile}: `part-00000` and so on, one a partition, and `_SUCCESS`. With
   * `compression` each block of them is packed. It keeps all that records may be; the format is
   * Flint's own. Rejects as {@linkcode RDD.saveAsTextFile}.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const folder = await Deno.makeTempDir();
   * await sc.parallelize([new Set([1]), undefined]).saveAsObjectFile(`${folder}/out`);
   * assert.deepEqual(await sc.objectFile(`${folder}/out`).collect(), [new Set([1]), undefined]);
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  saveAsObjectFile(path: string | URL, options: SaveOptions = {}): Promise<void> {
    return awaited(output.saveAsObjectFile(this.#data, path, options));
  }

  /**
   * The same as {@linkcode RDD.saveAsObjectFile}, by PySpark's name; no pickle of Python.
   * `batchSize` is taken and means nothing: blocks have a size of their own.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const folder = await Deno.makeTempDir();
   * await sc.parallelize([1, 2, "spark", "rdd"]).saveAsPickleFile(`${folder}/out`, 3);
   * const texts = await sc.pickleFile(`${folder}/out`, 5).map(String).collect();
   * assert.deepEqual(texts.sort(), ["1", "2", "rdd", "spark"]);
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  saveAsPickleFile(
    path: string | URL,
    batchSize?: number | SaveOptions,
    options: SaveOptions = {},
  ): Promise<void> {
    const { batchSize: _, ...all } = optionsOf<SaveOptions & { batchSize?: unknown }>(
      batchSize,
      { ...options, batchSize },
    );
    return awaited(output.saveAsObjectFile(this.#data, path, all, "saveAsPickleFile"));
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
    return awaitedEach(iterating.iterate(this.#data) as AsyncGenerator<T, void, undefined>);
  }

  /**
   * All records, a partition at a time; what `for await` over the RDD itself does, with options.
   * With `prefetch` (PySpark's `prefetchPartitions`, also given alone) the next partition is computed
   * while the records of one are consumed: the driver holds two at most. An error in a partition
   * shows when its records are asked for; whoever stops early cancels what is on its way.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const seen: number[] = [];
   * for await (const n of sc.range(10).toLocalIterator()) seen.push(n);
   * assert.deepEqual(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
   * ```
   */
  toLocalIterator(
    prefetch: boolean | IterationOptions = {},
    options: ActionOptions = {},
  ): AsyncGenerator<T, void, undefined> {
    const all = optionsOf<IterationOptions>(prefetch, { ...options, prefetch: prefetch === true });
    const records = iterating.iterate(this.#data, all, "toLocalIterator");
    return awaitedEach(records as AsyncGenerator<T, void, undefined>);
  }

  // ─── Kept for later actions ───────────────────────────────────────────────────────────────────

  /**
   * Keeps the partitions that the next action computes, so that later ones read them instead of
   * computing them again, and returns the RDD. Nothing runs when it is called. What does not fit
   * goes where `level` says: to disk, or nowhere; a partition that is gone is computed again.
   *
   * The functions below it keep the captures of the first action that ran with it. Throws a
   * PlanError (InvalidArgument) where it is persisted at another level already.
   *
   * @example
   * ```ts
   * import { SparkContext, StorageLevel } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const letters = sc.parallelize(["b", "a", "c"]).persist();
   * assert.equal(letters.isCached, true);
   * assert.equal(String(letters.getStorageLevel()), "Memory Serialized 1x Replicated");
   * assert.equal(letters.unpersist().isCached, false);
   *
   * const computed = sc.accumulator(0);
   * const numbers = sc.range(5)
   *   .map((n) => (computed.add(1), n))
   *   .persist(StorageLevel.MEMORY_AND_DISK);
   * assert.equal(String(numbers.getStorageLevel()), "Disk Memory Serialized 1x Replicated");
   * assert.equal(await numbers.sum(), 10);
   * assert.equal(await numbers.max(), 4);
   * assert.equal(computed.value, 5); // once each
   * assert.throws(() => numbers.persist(StorageLevel.MEMORY_ONLY_2), { code: "InvalidArgument" });
   * ```
   */
  persist(level: StorageLevel = StorageLevel.MEMORY_ONLY): this {
    persisting.persist(this.#data, level);
    return this;
  }

  /**
   * Persists in memory (`MEMORY_ONLY`) and returns the RDD. With `using` it is unpersisted at the end
   * of the block.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * {
   *   using numbers = sc.range(5);
   *   assert.equal(numbers.cache(), numbers);
   *   assert.equal(String(numbers.getStorageLevel()), "Memory Serialized 1x Replicated");
   *   assert.equal(await numbers.sum() / await numbers.count(), 2);
   * }
   * ```
   */
  cache(): this {
    persisting.persist(this.#data, StorageLevel.MEMORY_ONLY, "cache");
    return this;
  }

  /**
   * Lets go of what is kept of it, and returns the RDD: as a Promise where it is told to be
   * `blocking`, which resolves when the executors have been told. What is not persisted stays so.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const numbers = sc.range(5).cache();
   * assert.equal(numbers.isCached, true);
   * await numbers.count();
   * assert.equal(numbers.unpersist().isCached, false);
   * await numbers.cache().unpersist({ blocking: true });
   * ```
   */
  unpersist(blocking?: false | { readonly blocking?: false | undefined }): this;
  /** The same, to be waited for. */
  unpersist(blocking: true | { readonly blocking: true }): Promise<this>;
  unpersist(
    blocking?: boolean | { readonly blocking?: boolean | undefined },
  ): this | Promise<this> {
    const options = optionsOf(blocking, { blocking: blocking as boolean | undefined });
    const done = this.#data.driver.release(this.#data.draft);
    if (options.blocking === true) return done.then(() => this);
    // What could not be told goes with the context.
    done.catch(() => undefined);
    return this;
  }

  /** Unpersists it at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.unpersist();
  }

  /**
   * Whether it is persisted, at whatever level; PySpark's `is_cached`.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.equal(sc.range(3).cache().isCached, true);
   * ```
   */
  get isCached(): boolean {
    return !this.getStorageLevel().isNone;
  }

  /**
   * Where its partitions are kept; `StorageLevel.NONE` where they are not.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const words = sc.parallelize(["b", "a", "c"]);
   * assert.equal(String(words.getStorageLevel()), "Serialized 1x Replicated");
   * assert.equal(String(words.cache().getStorageLevel()), "Memory Serialized 1x Replicated");
   * ```
   */
  getStorageLevel(): StorageLevel {
    return persisting.storageLevel(this.#data);
  }

  /**
   * Has its partitions kept by the executors from the next action on, in memory and on disk, in the
   * place of what it is made of. Unlike in Spark the lineage stays: a partition that is lost with its
   * executor is computed again.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const numbers = sc.range(5);
   * assert.equal(numbers.isLocallyCheckpointed(), false);
   * numbers.localCheckpoint();
   * assert.equal(numbers.isLocallyCheckpointed(), true);
   * ```
   */
  localCheckpoint(): void {
    persisting.localCheckpoint(this.#data);
  }

  /**
   * Whether it was marked by {@linkcode RDD.localCheckpoint}, be it filled or not.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.equal(sc.range(5).isLocallyCheckpointed(), false);
   * ```
   */
  isLocallyCheckpointed(): boolean {
    return this.#data.driver.persisted.isCheckpoint(this.#data.draft);
  }

  /**
   * Lets go of the output of its exchanges, and of those of the RDDs that it is made of, down to
   * persisted ones. A later action that needs it makes it again. The Promise resolves when the files
   * have gone, or will go with the jobs that still read them; PySpark's `blocking` is accepted.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const counts = sc.parallelize([["a", 1], ["a", 2]]).reduceByKey((a, b) => a + b);
   * assert.deepEqual(await counts.collect(), [["a", 3]]);
   * await counts.cleanShuffleDependencies();
   * assert.deepEqual(await counts.collect(), [["a", 3]]);
   * ```
   */
  cleanShuffleDependencies(_blocking?: boolean | { readonly blocking?: boolean }): Promise<void> {
    return persisting.cleanShuffles(this.#data);
  }

  // ─── Checkpoints ──────────────────────────────────────────────────────────────────────────────

  /**
   * Has the records written to files below {@linkcode SparkContext.setCheckpointDir} when the next
   * action over this RDD has run, before its promise resolves; from then on they are read from there,
   * and what they were made of is forgotten. For what is made in many steps, such as by an algorithm
   * that iterates. Throws a PlanError (InvalidArgument) where no folder has been set.
   *
   * It is a job of its own, which computes the RDD again unless it is persisted. An action whose
   * checkpoint cannot be written rejects. The files stay when the application ends.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * const folder = await Deno.makeTempDir();
   * await using sc = new SparkContext({ master: "local" });
   * sc.setCheckpointDir(folder);
   * const numbers = sc.range(5);
   * numbers.checkpoint();
   * assert.deepEqual([numbers.isCheckpointed(), numbers.getCheckpointFile()], [false, undefined]);
   * assert.equal(await numbers.count(), 5);
   * assert.equal(numbers.isCheckpointed(), true);
   * assert(numbers.getCheckpointFile()!.startsWith(folder));
   * assert.deepEqual(await numbers.collect(), [0, 1, 2, 3, 4]);
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  checkpoint(): void {
    const { driver, draft } = this.#data;
    driver.assertRunning("checkpoint");
    driver.checkpoints.mark(draft);
  }

  /**
   * Whether it has been checkpointed: {@linkcode RDD.checkpoint} or
   * {@linkcode RDD.localCheckpoint} was called, and an action has run.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.equal(sc.range(5).isCheckpointed(), false);
   * ```
   */
  isCheckpointed(): boolean {
    const { driver, draft } = this.#data;
    return this.getCheckpointFile() !== undefined || driver.persisted.isFilledCheckpoint(draft);
  }

  /**
   * The folder that its checkpoint was written to, for {@linkcode SparkContext.checkpointFile};
   * undefined before.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.equal(sc.range(5).getCheckpointFile(), undefined);
   * ```
   */
  getCheckpointFile(): string | undefined {
    const { driver, draft } = this.#data;
    return driver.checkpoints.pathOf(draft);
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
   * assert.equal(await sc.parallelize([1, 2, 3, 4], 2).getNumPartitions(), 2);
   * ```
   */
  getNumPartitions(): Promise<number> {
    return awaited(this.#data.driver.partitionCount(this.#data.draft));
  }

  /**
   * How its pairs are divided by their keys, where that is certain: after `partitionBy`, `reduceByKey`,
   * a join, `sortByKey` and what keeps keys, such as `mapValues` and `filter`; else undefined. What is
   * partitioned alike does not move again when it is joined or grouped. A Promise, because a source
   * may have to be looked at.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const pairs = sc.parallelize([["a", 1], ["b", 2], ["a", 3]]);
   * assert.equal(await pairs.partitioner, undefined);
   * const sums = pairs.reduceByKey((a, b) => a + b, 4);
   * assert.equal((await sums.partitioner)?.numPartitions, 4);
   * assert((await sums.partitioner)?.equals(await pairs.partitionBy(4).partitioner));
   * ```
   */
  get partitioner(): Promise<Partitioner | undefined> {
    const { driver, draft } = this.#data;
    return awaited(driver.partitioner(draft));
  }

  /**
   * The hosts on which the data of a partition lies; Scala's name. Empty where every place is as good
   * as any other, as on one machine. Throws a PlanError (InvalidArgument) where there is no such
   * partition.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.deepEqual(await sc.parallelize([1, 2], 2).preferredLocations(1), []);
   * ```
   */
  preferredLocations(partition: number): Promise<string[]> {
    return awaited(this.#data.driver.preferredLocations(this.#data.draft, partition));
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
    const { draft, driver } = this.#data;
    return explain(draft, ({ id }) => driver.persisted.levelOf(id));
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
   * assert.equal(sc.range(5).name(), undefined);
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
   * const numbers = sc.parallelize([1, 2]).setName("I am an RDD");
   * assert.equal(numbers.name(), "I am an RDD");
   * assert.match(numbers.explain(), /I am an RDD: parallelize/);
   * ```
   */
  setName(name: string): this {
    this.#data.name = name;
    return this;
  }

  /** The resources that were asked for its tasks: none, because {@linkcode RDD.withResources} refuses. */
  getResourceProfile(): undefined {
    return undefined;
  }

  // ─── What only the JVM or SQL can serve ───────────────────────────────────────────────────────

  /** Throws a PlanError (NotAvailable): executors of a local master are all alike. */
  withResources(_profile: unknown): never {
    throw notAvailable("withResources");
  }

  /** Throws a PlanError (NotAvailable) that says what to use instead. */
  saveAsHadoopDataset(..._: readonly unknown[]): never {
    throw notAvailable("saveAsHadoopDataset");
  }

  /** Throws a PlanError (NotAvailable) that says what to use instead. */
  saveAsHadoopFile(..._: readonly unknown[]): never {
    throw notAvailable("saveAsHadoopFile");
  }

  /** Throws a PlanError (NotAvailable) that says what to use instead. */
  saveAsNewAPIHadoopDataset(..._: readonly unknown[]): never {
    throw notAvailable("saveAsNewAPIHadoopDataset");
  }

  /** Throws a PlanError (NotAvailable) that says what to use instead. */
  saveAsNewAPIHadoopFile(..._: readonly unknown[]): never {
    throw notAvailable("saveAsNewAPIHadoopFile");
  }

  /** Throws a PlanError (NotAvailable) that says what to use instead. */
  saveAsSequenceFile(..._: readonly unknown[]): never {
    throw notAvailable("saveAsSequenceFile");
  }

  /** Throws a PlanError (NotAvailable) that says what to use instead. */
  toDF(..._: readonly unknown[]): never {
    throw notAvailable("toDF");
  }

  /** `RDD[3] map at job.ts:12:4`. */
  toString(): string {
    return `RDD[${this.#data.draft.id}] ${this.#data.draft.label}`;
  }

  /** What the console shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  /** Tasks have no datasets. */
  get [DRIVER_ONLY](): string {
    return "an RDD";
  }
}

function keyedOptions<K>(
  partitions: number | KeyedOptions<K> | undefined,
  partitionFunction?: (key: K) => number,
): KeyedOptions<K> {
  return optionsOf(partitions, { partitions: partitions as number | undefined, partitionFunction });
}

/** PySpark's order, or ours with options, as what is wanted and the options. */
function sampleArguments<W, O extends SampleOptions>(
  first: W | boolean,
  second: W | O | undefined,
  seed: number | undefined,
): [wanted: W, options: O] {
  if (typeof first !== "boolean") return [first, (second ?? {}) as O];
  return [second as W, { replacement: first, seed } as O];
}

function sortOptions(
  ascending: boolean | SortOptions,
  partitions: number | undefined,
): SortOptions {
  return optionsOf(ascending, { ascending: ascending as boolean, partitions });
}

function limitsOf(
  timeoutMs: number,
  confidence: number | BoundedOptions,
  options: ActionOptions,
): { timeoutMs: number; confidence: number } & ActionOptions {
  const { confidence: chosen = 0.95, ...rest } = optionsOf<BoundedOptions>(confidence, {
    ...options,
    confidence: confidence as number,
  });
  return { ...rest, timeoutMs, confidence: chosen };
}

function treeOptions(depth: number | TreeOptions, options: ActionOptions): TreeOptions {
  return optionsOf(depth, { ...options, depth: depth as number });
}

function orderOptions<T>(
  keyOf: ((record: T) => unknown) | OrderOptions<T> | undefined,
  options: ActionOptions,
): OrderOptions<T> {
  return optionsOf(keyOf, { ...options, keyOf: keyOf as ((record: T) => unknown) | undefined });
}
