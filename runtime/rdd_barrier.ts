/** An RDD whose next operator begins a barrier stage. */
import type { KeepingOptions } from "./arguments.ts";
import { keepingOf } from "./arguments.ts";
import type { Dataset } from "./dataset.ts";
import type { Hint } from "./hint.ts";
import * as narrow from "./operators/narrow.ts";
import type { PartitionRecords, Produced, RDD } from "./rdd.ts";

/**
 * An RDD in a barrier stage; PySpark's `RDDBarrier`, made by {@linkcode RDD.barrier}. The tasks of the
 * stage are launched together, and can wait for one another by
 * {@linkcode BarrierTaskContext.barrier} and {@linkcode BarrierTaskContext.allGather}.
 *
 * @example
 * ```ts
 * import { RDDBarrier, SparkContext } from "@flint/flint";
 * import assert from "node:assert/strict";
 *
 * await using sc = new SparkContext({ master: "local[2]" });
 * const barrier = sc.parallelize([1, 2, 3, 4], 2).barrier();
 * assert(barrier instanceof RDDBarrier);
 * const sums = barrier.mapPartitions((numbers) => [[...numbers].reduce((a, b) => a + b)]);
 * assert.deepEqual(await sums.collect(), [3, 7]);
 * ```
 */
export class RDDBarrier<T> {
  readonly #next: <U>(make: (data: Dataset) => Dataset) => RDD<U>;

  /** Made by {@linkcode RDD.barrier}. */
  constructor(next: <U>(make: (data: Dataset) => Dataset) => RDD<U>) {
    this.#next = next;
  }

  /**
   * As {@linkcode RDD.mapPartitions}, in tasks that run at the same time. Where `fn` waits for the
   * other tasks, its worker stands still.
   *
   * @example
   * ```ts
   * import { BarrierTaskContext, SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local[2]" });
   * const parts = sc.parallelize([1, 2, 3, 4], 2).barrier().mapPartitions((numbers) => {
   *   BarrierTaskContext.get().barrier(); // whoever is here knows that all are
   *   return [[...numbers].reduce((a, b) => a + b)];
   * });
   * assert.deepEqual(await parts.collect(), [3, 7]);
   * ```
   */
  mapPartitions<U extends Hint>(
    fn: (records: PartitionRecords<T>) => Produced<U>,
    options: boolean | KeepingOptions = {},
  ): RDD<U> {
    const how = { ...keepingOf(options), barrier: true };
    return this.#next((data) => narrow.mapPartitions(data, fn, how));
  }

  /**
   * As {@linkcode RDD.mapPartitionsWithIndex}, in tasks that run at the same time.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local[4]" });
   * const barrier = sc.parallelize([1, 2, 3, 4], 4).barrier();
   * assert.equal(await barrier.mapPartitionsWithIndex((index) => [index]).sum(), 6);
   * ```
   */
  mapPartitionsWithIndex<U extends Hint>(
    fn: (index: number, records: PartitionRecords<T>) => Produced<U>,
    options: boolean | KeepingOptions = {},
  ): RDD<U> {
    const how = { ...keepingOf(options), barrier: true };
    return this.#next((data) => narrow.mapPartitionsWithIndex(data, fn, how));
  }
}
