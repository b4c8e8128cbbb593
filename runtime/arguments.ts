/** What users pass to operators and actions, checked where it is passed. */
import { PlanError, shown } from "../core/errors.ts";
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

/** Where an action can be told to end early. */
export type ActionOptions = Readonly<{
  /** Ends the action: its promise rejects with the signal's reason, the tasks are stopped. */
  signal?: AbortSignal | undefined;
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

/** PySpark's positional form, or an options object in its place, as one options object. */
export function optionsOf<O extends object>(first: unknown, positional: O): O {
  return typeof first === "object" && first !== null ? first as O : positional;
}
