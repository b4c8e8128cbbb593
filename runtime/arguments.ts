/** What users pass to operators and actions, checked where it is passed. */
import { PlanError, shown } from "../core/errors.ts";
import type { Compression } from "../core/platform.ts";
import type { UserFunction } from "../core/plan/plan.ts";

/** The most partitions that a dataset may have. */
export const PARTITIONS_MAX = 2 ** 20;

/** A number of partitions; undefined: left to the default. Throws a PlanError (InvalidArgument). */
export function partitionCount(
  value: unknown,
  operator: string,
  parameter = "partitions",
): number | undefined {
  if (value === undefined || value === null) return undefined;
  return wholeNumber(value, operator, parameter, 1, PARTITIONS_MAX);
}

/** A whole number from `least` to `most`. Throws a PlanError (InvalidArgument). */
export function wholeNumber(
  value: unknown,
  operator: string,
  parameter: string,
  least: number,
  most: number,
): number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) {
    return value as number;
  }
  throw new PlanError(
    "InvalidArgument",
    `Cannot call ${operator}(): ${parameter} is ${shown(value)}`,
    `Use a whole number from ${least} to ${most === PARTITIONS_MAX ? "2^20" : most}`,
  );
}

/** A function. Throws a PlanError (InvalidArgument) where it is none. */
export function callable(fn: unknown, operator: string, parameter = "fn"): UserFunction {
  if (typeof fn === "function") return fn as UserFunction;
  throw new PlanError(
    "InvalidArgument",
    `Cannot call ${operator}(): ${parameter} is ${shown(fn)}`,
    "Pass a function",
  );
}

/** A function of one record. Throws a PlanError (InvalidArgument) where it compares two of them. */
export function keyFunction(fn: unknown, operator: string, parameter = "fn"): UserFunction {
  const keyOf = callable(fn, operator, parameter);
  // Number.parseInt also has two parameters: only a function of the user's is meant as it is written.
  const comparing = keyOf.length > 1 && !Function.prototype.toString.call(keyOf).endsWith(NATIVE);
  if (!comparing) return keyOf;
  throw new PlanError(
    "InvalidArgument",
    `Cannot call ${operator}(): ${parameter} takes ${keyOf.length} records, as a comparator does`,
    "Give what one record is ordered by, as in (word) => word.length",
  );
}

const NATIVE = "{ [native code] }";

/** A text. Throws a PlanError (InvalidArgument) where it is none. */
export function text(value: unknown, operator: string, parameter: string): string {
  if (typeof value === "string") return value;
  throw new PlanError(
    "InvalidArgument",
    `Cannot call ${operator}(): ${parameter} is ${shown(value)}`,
    "Pass a string",
  );
}

/** Where an action can be told to end early. */
export type ActionOptions = Readonly<{
  /** Ends the action: its promise rejects with the signal's reason, the tasks are stopped. */
  signal?: AbortSignal | undefined;
}>;

/** How records are iterated, and where that can be told to end. */
export type IterationOptions =
  & ActionOptions
  & Readonly<{
    /** Whether the next partition is computed while one is consumed; false by default. */
    prefetch?: boolean | undefined;
  }>;

/** How an output is packed, and where the action can be told to end. */
export type SaveOptions =
  & ActionOptions
  & Readonly<{
    /** `"none"` by default. */
    compression?: Compression | "none" | undefined;
  }>;

/** What a function does to keys. */
export type KeepingOptions = Readonly<{
  /**
   * Promises that the records are pairs and keep their keys, so that a dataset that is partitioned by
   * key is so afterwards; false by default. A promise that is broken gives wrong results.
   */
  preservesPartitioning?: boolean | undefined;
}>;

/** How functions that wait are called. */
export type AsyncOptions = Readonly<{
  /** How many calls run at once in a task, at most: from 1 to 65536; 8 by default. */
  concurrency?: number | undefined;
}>;

/** How a program is run that records go through. */
export type PipeOptions = Readonly<{
  /** The variables of its environment, which has no others; none by default. */
  env?: Readonly<Record<string, string>> | undefined;
  /** Whether an exit code other than 0 fails the task; false by default. */
  checkCode?: boolean | undefined;
}>;

/** How the output of an operator over pairs is divided. */
export type KeyedOptions<K> = Readonly<{
  /** Partitions of the result, from 1 to 2^20; those of the input, else the default parallelism. */
  partitions?: number | undefined;
  /** The partition of a key as a whole number, taken modulo `partitions`; its hash by default. */
  partitionFunction?: ((key: K) => number) | undefined;
}>;

/** How a sorted result is divided and directed. */
export type SortOptions = Readonly<{
  /** From the least to the greatest; true by default. */
  ascending?: boolean | undefined;
  /** Partitions of the result, from 1 to 2^20; those of the input, else the default parallelism. */
  partitions?: number | undefined;
}>;

/** How pairs are divided, and ordered in their partitions. */
export type RepartitionOptions<K> =
  & KeyedOptions<K>
  & SortOptions
  & Readonly<{
    /** What a key is ordered by; the key itself by default. PySpark's `keyfunc`. */
    keyOf?: ((key: K) => unknown) | undefined;
  }>;

/** How records are drawn by chance. */
export type SampleOptions = Readonly<{
  /** Whether a record can be drawn more than once; false by default. */
  replacement?: boolean | undefined;
  /** The same seed, a safe integer, draws the same records; another one each time by default. */
  seed?: number | undefined;
}>;

/** The fraction of each key: by the key, or by the name of the key if all keys are strings. */
export type KeyFractions<K> =
  | ReadonlyMap<K, number>
  | ([K] extends [string] ? Readonly<Record<K, number>> : never);

/** By what an action orders records, and where it can be told to end. */
export type OrderOptions<T> =
  & ActionOptions
  & Readonly<{
    /** What a record is ordered by; the record itself by default. */
    keyOf?: ((record: T) => unknown) | undefined;
  }>;

/** In how many levels tasks merge results, and where the action can be told to end. */
export type TreeOptions =
  & ActionOptions
  & Readonly<{
    /** From 1, where only the driver merges, to 20; 2 by default. */
    depth?: number | undefined;
  }>;

/** How sure the bounds of an approximate action are to be, and where it can be told to end. */
export type BoundedOptions =
  & ActionOptions
  & Readonly<{
    /** How likely the bounds are to hold, from 0 to 1; 0.95 by default. */
    confidence?: number | undefined;
  }>;

/** How exact approximate counts by key are, and how the result is divided. */
export type DistinctByKeyOptions<K> =
  & KeyedOptions<K>
  & Readonly<{
    /** The relative standard error, from 0.00026 to below 1; 0.05 by default. */
    relativeSD?: number | undefined;
  }>;

/** How exact an approximate count is, and where it can be told to end. */
export type ApproximateOptions =
  & ActionOptions
  & Readonly<{
    /** The relative standard error, from 0.00026 to below 1; 0.05 by default. */
    relativeSD?: number | undefined;
  }>;

/** PySpark's positional form, or an options object in its place, as one options object. */
export function optionsOf<O extends object>(first: unknown, positional: O): O {
  return typeof first === "object" && first !== null ? first as O : positional;
}

/** PySpark's positional form of what a function does to keys, or the options in its place. */
export function keepingOf(options: boolean | KeepingOptions): KeepingOptions {
  return optionsOf(options, { preservesPartitioning: options as boolean });
}
