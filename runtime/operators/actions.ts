/**
 * Actions: they capture in the call itself, run a job and give its result to the driver.
 *
 * A result that is folded is folded twice: by each task over its partition, then here over what the
 * tasks gave back, in the order of the partitions.
 */
import { PlanError } from "../../core/errors.ts";
import type { TaskValue } from "../../core/engine.ts";
import { mapByValue } from "../../core/key_map.ts";
import { numberOf } from "../../core/number.ts";
import { pairOf } from "../../core/pair.ts";
import type { PartitionId, UserFunction } from "../../core/plan/plan.ts";
import { settled } from "../../core/settled.ts";
import type { Action } from "../../core/task.ts";
import { type ActionOptions, callable, wholeNumber } from "../arguments.ts";
import { CallSite } from "../call_site.ts";
import type { Dataset } from "../dataset.ts";
import type { PreparedJob } from "../driver.ts";
import { isAsync, wrapped } from "../wrapped.ts";
import { firstValues } from "../zero.ts";
import { reduceByKey } from "./keyed.ts";

/** How many times more partitions are asked for, when what there is does not decide. */
const GROWTH = 4;

/** Captures an action's functions, in the call itself. */
export function prepare(
  data: Dataset,
  operator: string,
  action: Action<UserFunction>,
): PreparedJob {
  return data.driver.prepare(data.draft, action, new CallSite(operator));
}

/**
 * The values of the wanted partitions, in the order of the partitions. They are decoded when the job
 * is over: until then the driver holds what its limit counts, and a job that fails decodes nothing.
 */
export async function inOrder<V>(
  data: Dataset,
  job: PreparedJob,
  options: ActionOptions,
  decode: (blocks: readonly Uint8Array[]) => V,
): Promise<V[]> {
  const values: TaskValue[] = [];
  for await (const value of data.driver.values(job, options)) values.push(value);
  values.sort((a, b) => b.partition - a.partition);
  const decoded: V[] = [];
  for (let value = values.pop(); value; value = values.pop()) decoded.push(decode(value.blocks));
  return decoded;
}

/** The partitions in batches: one, then four times as many as so far, until nobody asks for more. */
export function* growing(partitions: number): Generator<readonly PartitionId[]> {
  for (let asked = 0; asked < partitions;) {
    const next = asked === 0 ? 1 : Math.min(asked * GROWTH, partitions - asked);
    yield Array.from({ length: next }, (_, i) => asked + i);
    asked += next;
  }
}

/** What `fn(iterator, partition)` makes of each partition, in the order of the partitions. */
export function applied(
  data: Dataset,
  operator: string,
  fn: UserFunction,
  options: ActionOptions,
  kind: "apply" | "applyAsync" = "apply",
): Promise<unknown[]> {
  const job = prepare(data, operator, { kind, fn });
  return inOrder(data, job, options, (blocks) => data.driver.value(blocks));
}

export async function collect(
  data: Dataset,
  options: ActionOptions,
  operator = "collect",
): Promise<unknown[]> {
  const job = prepare(data, operator, { kind: "collect" });
  const parts = await inOrder(data, job, options, (blocks) => [...data.driver.records(blocks)]);
  return parts.flat(1);
}

export async function collectAsMap(
  data: Dataset,
  options: ActionOptions,
  operator = "collectAsMap",
): Promise<Map<unknown, unknown>> {
  const records = await collect(data, options, operator);
  return mapByValue(records.map(pairOf));
}

export async function reduceByKeyLocally(
  data: Dataset,
  fn: UserFunction,
  options: ActionOptions,
): Promise<Map<unknown, unknown>> {
  const operator = "reduceByKeyLocally";
  return await collectAsMap(reduceByKey(data, fn, {}, operator), options, operator);
}

export async function count(data: Dataset, options: ActionOptions): Promise<number> {
  const job = prepare(data, "count", { kind: "count" });
  const counts = await inOrder(data, job, options, (blocks) => data.driver.value(blocks) as number);
  return counts.reduce((sum, part) => sum + part, 0);
}

export async function reduce(
  data: Dataset,
  fn: UserFunction,
  options: ActionOptions,
): Promise<unknown> {
  const merge = callable(fn, "reduce");
  const partials = await applied(data, "reduce", wrapped(merge, reducing(merge)), options);
  const reduced = reducing(merge)((partials as unknown[][]).flat(1));
  if (reduced.length === 0) throw emptyCollection("reduce", "Use fold(), which has a first value");
  return reduced[0];
}

/** The records as one, in an array; none where there is none. */
export function reducing(
  merge: UserFunction,
  operator = "reduce",
): (records: Iterable<unknown>) => unknown[] {
  return (records) => {
    let some = false;
    let result: unknown;
    for (const record of records) {
      result = some ? merge(result, record) : record;
      some = true;
    }
    settled(result, operator);
    return some ? [result] : [];
  };
}

export async function fold(
  data: Dataset,
  zero: unknown,
  fn: UserFunction,
  options: ActionOptions,
): Promise<unknown> {
  const folded = folding(firstValues(zero, "fold"), callable(fn, "fold"), "fold");
  return folded(await applied(data, "fold", wrapped(fn, folded), options));
}

/** The fold of records from a first value of its own. */
export function folding(
  first: () => unknown,
  merge: UserFunction,
  operator: string,
): (records: Iterable<unknown>) => unknown {
  return (records) => {
    let result = first();
    for (const record of records) result = merge(result, record);
    return settled(result, operator);
  };
}

export async function take(
  data: Dataset,
  n: number,
  options: ActionOptions,
  operator = "take",
): Promise<unknown[]> {
  const wanted = wholeNumber(n, operator, "n", 0, Number.MAX_SAFE_INTEGER);
  const { driver, draft } = data;
  const job = prepare(data, operator, { kind: "collect", limit: wanted });
  options.signal?.throwIfAborted();
  const partitions = wanted === 0 ? 0 : await driver.partitionCount(draft);
  const taken: unknown[] = [];
  for (const batch of growing(partitions)) {
    const asked = { ...options, partitions: batch };
    const parts = await inOrder(data, job, asked, (blocks) => [...driver.records(blocks)]);
    // One by one: a partition may be too long for the arguments of push().
    for (const part of parts) for (const record of part) taken.push(record);
    if (taken.length >= wanted) break;
  }
  return taken.slice(0, wanted);
}

export async function isEmpty(data: Dataset, options: ActionOptions): Promise<boolean> {
  return (await take(data, 1, options, "isEmpty")).length === 0;
}

export async function first(data: Dataset, options: ActionOptions): Promise<unknown> {
  const taken = await take(data, 1, options, "first");
  if (taken.length === 0) throw emptyCollection("first", "Use take(1), which may be empty");
  return taken[0];
}

export async function foreach(
  data: Dataset,
  fn: UserFunction,
  options: ActionOptions,
): Promise<void> {
  const act = callable(fn, "foreach");
  if (isAsync(act)) {
    const eachLater = async (records: AsyncIterable<unknown>): Promise<void> => {
      for await (const record of records) await act(record);
    };
    await applied(data, "foreach", wrapped(act, eachLater), options, "applyAsync");
    return;
  }
  const each = (records: Iterable<unknown>): void => {
    for (const record of records) settled(act(record), "foreach");
  };
  await applied(data, "foreach", wrapped(act, each), options);
}

export async function foreachPartition(
  data: Dataset,
  fn: UserFunction,
  options: ActionOptions,
): Promise<void> {
  const operator = "foreachPartition";
  const act = callable(fn, operator);
  if (isAsync(act)) {
    const eachLater = async (records: unknown): Promise<void> => {
      const result: unknown = await act(records);
      if (typeof result !== "object" || result === null) return;
      // What an async generator function is called for happens while its result is iterated.
      if (Symbol.asyncIterator in result) {
        for await (const _ of result as AsyncIterable<unknown>);
      }
    };
    await applied(data, operator, wrapped(act, eachLater), options, "applyAsync");
    return;
  }
  const each = (records: IterableIterator<unknown>): void => {
    const result: unknown = settled(act(records), operator);
    // What a generator function is called for happens while its result is iterated.
    const steps = (result as Iterable<unknown> | null | undefined)?.[Symbol.iterator];
    if (typeof result === "object" && typeof steps === "function") {
      for (const _ of result as Iterable<unknown>);
    }
  };
  await applied(data, operator, wrapped(act, each), options);
}

export async function sum(data: Dataset, options: ActionOptions): Promise<number> {
  const sums = await applied(data, "sum", summing, options) as number[];
  return summing(sums);
}

function summing(numbers: Iterable<unknown>): number {
  let total = 0;
  for (const number of numbers) total += numberOf(number, "sum");
  return total;
}

export function emptyCollection(operator: string, cure: string): PlanError {
  return new PlanError(
    "EmptyCollection",
    `Cannot call ${operator}(): the dataset is empty`,
    cure,
  );
}
