/** Counters that tasks add to and the driver reads, as the user has them. */
import { bigintOrThrow, numberOrThrow, type Tally } from "../core/accumulation.ts";
import { PlanError, shown } from "../core/errors.ts";
import { FUNCTION_ONLY } from "../core/function_only.ts";
import type { AccumulatorParam, Accumulators, Ledger } from "./accumulators.ts";
import { optionsOf } from "./arguments.ts";

export type { AccumulatorParam } from "./accumulators.ts";

/** What an accumulator is called. */
export type AccumulatorOptions = Readonly<{
  /** Shown with the stages that add to it; events tell of those that have a name only. */
  name?: string | undefined;
}>;

/** Makes the public object around a ledger. */
let makeAccumulator: (ledger: Ledger) => Accumulator<unknown>;
let makeNumeric: (ledger: Ledger) => NumericAccumulator;
let makeCollection: (ledger: Ledger) => CollectionAccumulator<unknown>;

/**
 * Something that tasks add to and the driver reads; PySpark's `Accumulator`. Made by
 * {@linkcode SparkContext.accumulator}.
 *
 * What a task adds counts when the task has ended well, and once in a job: attempts that failed,
 * that were lost with their executor or that had to be repeated do not count again. Another action
 * that computes the same records does count them again, as in Spark. In which order tasks are added
 * is not promised.
 *
 * @example
 * ```ts
 * import { SparkContext } from "@flint/flint";
 * import assert from "node:assert/strict";
 *
 * await using sc = new SparkContext({ master: "local" });
 * const a = sc.accumulator(1);
 * a.value = 2;
 * a.add(5);
 * assert.equal(a.value, 7);
 * await sc.parallelize([1, 2, 3]).foreach((x) => a.add(x));
 * assert.equal(a.value, 13);
 * ```
 */
export class Accumulator<T> {
  readonly #ledger: Ledger;

  static {
    makeAccumulator = (ledger) => new Accumulator(ledger);
  }

  private constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Its number, unique in its context. */
  get id(): number {
    return this.#ledger.id;
  }

  /** What it was called, if anything. */
  get name(): string | undefined {
    return this.#ledger.name;
  }

  /** Adds `amount`, in a task or on the driver. Throws a PlanError where it cannot be added. */
  add(amount: T): void {
    this.#ledger.add(amount);
  }

  /** The sum so far, of all tasks that have ended. On the driver only: a task cannot know it. */
  get value(): T {
    return this.#ledger.sum as T;
  }

  /** Starts again from `value`. On the driver only. Throws a PlanError for another type of number. */
  set value(value: T) {
    const { sum } = this.#ledger;
    if (typeof sum === "number") numberOrThrow(value);
    else if (typeof sum === "bigint") bigintOrThrow(value);
    this.#ledger.sum = value;
  }

  /** What it is, for those who meet one in a record. */
  get [FUNCTION_ONLY](): string {
    return "an accumulator";
  }

  /** What the console shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return inspected("Accumulator", this.#ledger);
  }
}

/**
 * A sum of numbers that knows how many they were; Spark's `LongAccumulator` and `DoubleAccumulator`.
 * Made by {@linkcode SparkContext.longAccumulator} and {@linkcode SparkContext.doubleAccumulator}. It
 * counts as an {@linkcode Accumulator} does.
 *
 * @example
 * ```ts
 * import { SparkContext } from "@flint/flint";
 * import assert from "node:assert/strict";
 *
 * await using sc = new SparkContext({ master: "local" });
 * const lengths = sc.longAccumulator("lengths");
 * await sc.parallelize(["a", "bcd"]).foreach((word) => lengths.add(word.length));
 * assert.deepEqual([lengths.value, lengths.count, lengths.avg], [4, 2, 2]);
 * ```
 */
export class NumericAccumulator {
  readonly #ledger: Ledger;

  static {
    makeNumeric = (ledger) => new NumericAccumulator(ledger);
  }

  private constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Its number, unique in its context. */
  get id(): number {
    return this.#ledger.id;
  }

  /** What it was called, if anything. */
  get name(): string | undefined {
    return this.#ledger.name;
  }

  /**
   * Adds `amount`, in a task or on the driver. Throws a PlanError where it is no number, or no whole
   * one for a long accumulator.
   */
  add(amount: number): void {
    this.#ledger.add(amount);
  }

  /** The sum so far, of all tasks that have ended. On the driver only, as all that follows. */
  get value(): number {
    return this.#tally.sum;
  }

  /** The same as `value`. */
  get sum(): number {
    return this.#tally.sum;
  }

  /** How many amounts were added. */
  get count(): number {
    return this.#tally.count;
  }

  /** The mean of the amounts; NaN where there are none. */
  get avg(): number {
    return this.#tally.sum / this.#tally.count;
  }

  /** Whether nothing was added yet. */
  get isZero(): boolean {
    return this.#tally.count === 0;
  }

  /** Starts again from nothing. */
  reset(): void {
    this.#ledger.reset();
  }

  /** What it is, for those who meet one in a record. */
  get [FUNCTION_ONLY](): string {
    return "an accumulator";
  }

  /** What the console shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return inspected("NumericAccumulator", this.#ledger);
  }

  get #tally(): Tally {
    return this.#ledger.sum as Tally;
  }
}

/**
 * Gathers values; Spark's `CollectionAccumulator`. Made by
 * {@linkcode SparkContext.collectionAccumulator}. It counts as an {@linkcode Accumulator} does; what it
 * gathers lies in the driver's memory, so it is for the few odd records and not for results.
 *
 * @example
 * ```ts
 * import { SparkContext } from "@flint/flint";
 * import assert from "node:assert/strict";
 *
 * await using sc = new SparkContext({ master: "local" });
 * const odd = sc.collectionAccumulator<string>("no numbers");
 * const numbers = sc.parallelize(["1", "x", "3"]).filter((text) => {
 *   if (Number.isNaN(Number(text))) odd.add(text);
 *   return !Number.isNaN(Number(text));
 * });
 * assert.equal(await numbers.count(), 2);
 * assert.deepEqual(odd.value, ["x"]);
 * ```
 */
export class CollectionAccumulator<T> {
  readonly #ledger: Ledger;

  static {
    makeCollection = (ledger) => new CollectionAccumulator(ledger);
  }

  private constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Its number, unique in its context. */
  get id(): number {
    return this.#ledger.id;
  }

  /** What it was called, if anything. */
  get name(): string | undefined {
    return this.#ledger.name;
  }

  /** Adds one value, in a task or on the driver. A task's values have to be such as records are. */
  add(value: T): void {
    this.#ledger.add(value);
  }

  /** The values so far, of all tasks that have ended, in no promised order. On the driver only. */
  get value(): T[] {
    return [...this.#ledger.sum as T[]];
  }

  /** Whether nothing was added yet. On the driver only. */
  get isZero(): boolean {
    return (this.#ledger.sum as T[]).length === 0;
  }

  /** Starts again from nothing. On the driver only. */
  reset(): void {
    this.#ledger.reset();
  }

  /** What it is, for those who meet one in a record. */
  get [FUNCTION_ONLY](): string {
    return "an accumulator";
  }

  /** What the console shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return inspected("CollectionAccumulator", this.#ledger);
  }
}

/** Whether a value is an accumulator, of whatever context. */
export function isAccumulator(value: object): boolean {
  return value instanceof Accumulator || value instanceof NumericAccumulator ||
    value instanceof CollectionAccumulator;
}

/** `sc.accumulator(initial, param?, options?)`, with its arguments checked. */
export function newAccumulator(
  all: Accumulators,
  initial: unknown,
  paramOrOptions: AccumulatorParam<unknown> | AccumulatorOptions | undefined,
  options: AccumulatorOptions | undefined,
): Accumulator<unknown> {
  const param = paramOf(paramOrOptions);
  const named = options ?? (param === undefined ? paramOrOptions as AccumulatorOptions : undefined);
  const known = nameOf(named?.name, "accumulator");
  if (param !== undefined) {
    return all.add(known, { kind: "custom", param }, initial, makeAccumulator);
  }
  const name = typeof initial;
  if (name === "number" || name === "bigint") {
    return all.add(known, { kind: "known", name }, initial, makeAccumulator);
  }
  throw new PlanError(
    "InvalidArgument",
    `Cannot call accumulator(): initial is ${shown(initial)}`,
    "Start with a number or a bigint, or pass a param with zero() and addInPlace()",
  );
}

/** `sc.longAccumulator(name)` and `sc.doubleAccumulator(name)`. */
export function newNumericAccumulator(
  all: Accumulators,
  kind: "long" | "double",
  name: string | AccumulatorOptions | undefined,
): NumericAccumulator {
  const checked = nameOf(optionsOf(name, { name: name as string }).name, `${kind}Accumulator`);
  return all.add(checked, { kind: "known", name: kind }, { sum: 0, count: 0 }, makeNumeric);
}

/** `sc.collectionAccumulator(name)`. */
export function newCollectionAccumulator(
  all: Accumulators,
  name: string | AccumulatorOptions | undefined,
): CollectionAccumulator<unknown> {
  const checked = nameOf(optionsOf(name, { name: name as string }).name, "collectionAccumulator");
  return all.add(checked, { kind: "known", name: "collection" }, [], makeCollection);
}

function paramOf(given: unknown): AccumulatorParam<unknown> | undefined {
  if (typeof given !== "object" || given === null) {
    if (given === undefined || given === null) return undefined;
    throw badParam(given);
  }
  const { zero, addInPlace } = given as Partial<AccumulatorParam<unknown>>;
  if (zero === undefined && addInPlace === undefined) return undefined;
  if (typeof zero !== "function" || typeof addInPlace !== "function") throw badParam(given);
  return given as AccumulatorParam<unknown>;
}

function badParam(given: unknown): PlanError {
  return new PlanError(
    "InvalidArgument",
    `Cannot call accumulator(): param is ${shown(given)}`,
    "Pass an object with the methods zero(value) and addInPlace(sum, amount)",
  );
}

function nameOf(name: unknown, operator: string): string | undefined {
  if (name === undefined || name === null) return undefined;
  if (typeof name === "string" && name !== "") return name;
  throw new PlanError(
    "InvalidArgument",
    `Cannot call ${operator}(): name is ${shown(name)}`,
    "Pass a text that is not empty, or leave it out",
  );
}

function inspected(what: string, { id, name, text }: Ledger): string {
  return `${what}[${name ?? id}] ${text}`;
}
