/** Counters that tasks add to and the driver reads. */
import { decodeValue } from "../core/codec/binary.ts";
import { assert, PlanError, shown } from "../core/errors.ts";
import type { AccumulatorUpdate } from "../core/task.ts";

/** A new accumulator. */
let make: (id: number, initial: number) => Accumulator;

/** The accumulators of a context, and what the tasks add to them. */
export class Accumulators {
  readonly #all: Accumulator[] = [];

  /** A new one. Throws a PlanError (InvalidArgument) where `initial` is no number. */
  add(initial: number): Accumulator {
    if (typeof initial !== "number") {
      throw new PlanError(
        "InvalidArgument",
        `Cannot call accumulator(): initial is ${shown(initial)}`,
        "Start with a number",
      );
    }
    const accumulator = make(this.#all.length, initial);
    this.#all.push(accumulator);
    return accumulator;
  }

  has(accumulator: Accumulator): boolean {
    return this.#all[accumulator.id] === accumulator;
  }

  /** Adds what the tasks of one stage and partition added, all together. */
  apply(updates: readonly AccumulatorUpdate[]): void {
    for (const { id, bytes } of updates) {
      const accumulator = this.#all[id];
      assert(accumulator !== undefined, `a task added to accumulator ${id}, which there is not`);
      accumulator.add(decodeValue(bytes) as number);
    }
  }
}

/**
 * A number that tasks add to and the driver reads; PySpark's `Accumulator`. Made by
 * {@linkcode SparkContext.accumulator}.
 *
 * What a task adds counts when the task has ended well, and once: retries do not count again.
 * Another action that computes the same records does, as in Spark.
 *
 * @example
 * ```ts
 * import { SparkContext } from "@flint/flint";
 * import assert from "node:assert/strict";
 *
 * await using sc = new SparkContext({ master: "local" });
 * const bad = sc.accumulator(0);
 * const numbers = sc.parallelize(["1", "x", "3"]).map((text) => {
 *   if (Number.isNaN(Number(text))) bad.add(1);
 *   return Number(text) || 0;
 * });
 * assert.equal(await numbers.sum(), 4);
 * assert.equal(bad.value, 1);
 * ```
 */
export class Accumulator {
  /** Its number, unique in its context. */
  readonly id: number;
  #value: number;

  static {
    make = (id, initial) => new Accumulator(id, initial);
  }

  private constructor(id: number, initial: number) {
    this.id = id;
    this.#value = initial;
  }

  /** Adds `amount`, in a task or on the driver. Throws a PlanError where it is no number. */
  add(amount: number): void {
    if (typeof amount !== "number") {
      throw new PlanError(
        "InvalidArgument",
        `Cannot call add(): amount is ${shown(amount)}`,
        "Add a number",
      );
    }
    this.#value += amount;
  }

  /** The sum so far, of all tasks that have ended. On the driver only: a task cannot know it. */
  get value(): number {
    return this.#value;
  }

  /** What the console shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return `Accumulator[${this.id}] ${this.#value}`;
  }
}
