/**
 * Random programs over RDDs, run by Flint and by a real PySpark, which have to say the same.
 *
 *     generate.ts ─► Program ─┬─► flint_runner.ts ──────────────► Result ─┐
 *      (a seed)      (JSON)   └─► pyspark_peer.ts ─► pyspark_runner.py ──►├─► equal, or shrink.ts
 *
 * A program is plain data: records, then the names of operators and of lambdas that both languages
 * have. An operator is one entry of operators.ts and one of pyspark_runner.py; a lambda one of
 * lambdas.ts and one of pyspark_lambdas.py. Where the two differ on purpose is in differences.ts.
 */

/** A value as it travels to both: JSON, where a bigint, -0, NaN and a Date are written as an object. */
export type Wire =
  | null
  | boolean
  | string
  | number
  | readonly Wire[]
  | Readonly<{ integer: string }>
  | Readonly<{ float: string }>
  | Readonly<{ milliseconds: number }>;

/** The records that a program starts from, or joins with. */
export type Source = Readonly<{ records: readonly Wire[]; partitions: number }>;

/** One operator or action with all that it takes. */
export type Step = Readonly<{
  operator: string;
  /** The name of a lambda in lambdas.ts and pyspark_lambdas.py. */
  lambda?: string;
  partitions?: number;
  count?: number;
  ascending?: boolean;
  value?: Wire;
  values?: readonly Wire[];
  /** The second dataset of operators that take one. */
  other?: Source;
  /** The third one, of those that take three. */
  third?: Source;
}>;

/** What an order promises: all of it, the order of the keys, or nothing. */
export type Order = "exact" | "keys" | "free";

/** A program: its last step is the action. */
export type Program = Readonly<{
  seed: number;
  /** Which of the contexts of Flint runs it; PySpark has but one. */
  budget: Budget;
  source: Source;
  steps: readonly Step[];
  /** How results are compared; `keys`: by the lambda of the sort before the action. */
  order: Order;
}>;

/** The memory of a worker: little, so that what is held must spill, or plenty. */
export type Budget = "tight" | "roomy";

/** What a program gives, in a form in which equal results are equal texts. */
export type Result = Readonly<{ count: number; digest: string; shown: string }>;

/** The value that both languages make of `wire`. */
export function decoded(wire: Wire): unknown {
  if (wire === null || typeof wire !== "object") return wire;
  if ("integer" in wire) return BigInt(wire.integer);
  if ("float" in wire) return Number(wire.float);
  if ("milliseconds" in wire) return new Date(wire.milliseconds);
  return wire.map(decoded);
}
