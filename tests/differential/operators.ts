/** The operators of random programs: an entry each in these tables and in pyspark_runner.py. */
import type { Operator } from "./growth.ts";
import { KEYED_OPERATORS } from "./keyed_operators.ts";
import { NARROW_OPERATORS } from "./narrow_operators.ts";
import { PLACING_OPERATORS } from "./placing_operators.ts";

/** Operators by which records of a task have to be held. */
export const HOLDING: readonly string[] = ["sortBy", "sortByKey", "groupByKey", "partitionBy"];

export const OPERATORS: Readonly<Record<string, Operator>> = {
  ...NARROW_OPERATORS,
  ...PLACING_OPERATORS,
  ...KEYED_OPERATORS,
};
