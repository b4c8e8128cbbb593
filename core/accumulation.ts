/**
 * How accumulators add: in a task to a sum of its own, on the driver the sums of all tasks.
 *
 *     task 0   zero ─ add ─ add ─► sum ─┐
 *     task 1   zero ─ add ───────► sum ─┴─ merge ─► the driver's sum
 */
import { PlanError, shown } from "./errors.ts";

/** Sums of type S of amounts of type A. `add` and `merge` may change and return their first argument. */
export type Accumulation<S, A> = Readonly<{
  zero(): S;
  add(sum: S, amount: A): S;
  merge(sum: S, other: S): S;
}>;

/** A sum, and how many amounts it is of. */
export type Tally = Readonly<{ sum: number; count: number }>;

const number: Accumulation<number, number> = {
  zero: () => 0,
  add: (sum, amount) => sum + numberOrThrow(amount),
  merge: (sum, other) => sum + other,
};

const bigint: Accumulation<bigint, bigint> = {
  zero: () => 0n,
  add: (sum, amount) => sum + bigintOrThrow(amount),
  merge: (sum, other) => sum + other,
};

const double: Accumulation<Tally, number> = {
  zero: () => ({ sum: 0, count: 0 }),
  add: ({ sum, count }, amount) => ({ sum: sum + numberOrThrow(amount), count: count + 1 }),
  merge: (a, b) => ({ sum: a.sum + b.sum, count: a.count + b.count }),
};

const long: Accumulation<Tally, number> = {
  ...double,
  add: (tally, amount) => double.add(tally, wholeOrThrow(amount)),
};

const collection: Accumulation<unknown[], unknown> = {
  zero: () => [],
  add: (all, amount) => {
    all.push(amount);
    return all;
  },
  merge: (all, others) => {
    for (const other of others) all.push(other);
    return all;
  },
};

/** Those that driver and workers both know by name. */
export const accumulations = { number, bigint, long, double, collection };

/** The name of one that needs no code of the user. */
export type AccumulationName = keyof typeof accumulations;

/** A number. Throws a PlanError (InvalidArgument) for anything else. */
export function numberOrThrow(amount: unknown): number {
  if (typeof amount === "number") return amount;
  throw refused(amount, "Add a number");
}

/** A bigint. Throws a PlanError (InvalidArgument) for anything else. */
export function bigintOrThrow(amount: unknown): bigint {
  if (typeof amount === "bigint") return amount;
  throw refused(amount, "Add a bigint, such as 1n, where it started with one");
}

function wholeOrThrow(amount: unknown): number {
  if (Number.isSafeInteger(amount)) return amount as number;
  throw refused(amount, "Add a whole number up to 2^53, or use sc.doubleAccumulator()");
}

function refused(amount: unknown, cure: string): PlanError {
  return new PlanError("InvalidArgument", `Cannot call add(): amount is ${shown(amount)}`, cure);
}

/** What a param gave as the sum. Throws a PlanError where it is none, as of a forgotten `return`. */
export function sumOrThrow(sum: unknown, method: string): unknown {
  if (sum !== undefined && !(sum instanceof Promise)) return sum;
  throw new PlanError(
    "InvalidArgument",
    `Cannot add to an accumulator: ${method}() of its param returned ${
      sum === undefined ? "undefined" : "a Promise"
    }`,
    "Return the sum itself",
  );
}
