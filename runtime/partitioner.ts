/** How a dataset is partitioned, as programs see it. */
import { type Partitioner as Data, samePartitioner } from "../core/plan/exchange.ts";
import type { UserFunction } from "../core/plan/plan.ts";

/**
 * How the pairs of an RDD are divided by their keys; {@linkcode RDD.partitioner} gives it.
 *
 * @example
 * ```ts
 * import { SparkContext } from "@flint/flint";
 * import assert from "node:assert/strict";
 *
 * await using sc = new SparkContext({ master: "local" });
 * const pairs = sc.parallelize([["a", 1], ["b", 2]]).partitionBy(3);
 * const partitioner = await pairs.partitioner;
 * assert.equal(partitioner?.kind, "hash");
 * assert.equal(partitioner.numPartitions, 3);
 * assert(partitioner.equals(await pairs.mapValues((n) => n + 1).partitioner));
 * ```
 */
export class Partitioner {
  readonly #data: Data<UserFunction, number>;

  /** Programs get it from an RDD. */
  constructor(data: Data<UserFunction, number>) {
    this.#data = data;
  }

  /**
   * `hash`: by the hash of the key. `range`: by where it lies among bounds, as `sortByKey` does.
   * `custom`: by a function of the program.
   */
  get kind(): "hash" | "range" | "custom" {
    return this.#data.kind;
  }

  /** How many partitions there are. */
  /** How many partitions there are. */
  get numPartitions(): number {
    return this.#data.partitions;
  }

  /** The function of a `custom` one: the partition of a key, taken modulo `numPartitions`. */
  get partitionFunction(): ((key: never) => number) | undefined {
    return this.#data.kind === "custom" ? this.#data.fn : undefined;
  }

  /**
   * Whether `other` surely puts every key into the same partition. Two functions are the same if they
   * are one object, two ranges if they come from one sort.
   */
  equals(other: unknown): boolean {
    return other instanceof Partitioner && samePartitioner(this.#data, other.#data);
  }

  /** What the console shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return `Partitioner(${this.kind}, ${this.numPartitions})`;
  }
}
