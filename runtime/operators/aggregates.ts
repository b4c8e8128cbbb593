/**
 * Actions that fold records into something of another kind, and those that do it in a tree.
 *
 *     aggregate        partition ─ seq ─► U ─┐
 *                      partition ─ seq ─► U ─┴─ comb, on the driver ─► U
 *     treeAggregate    the same, but most comb runs in tasks:
 *                      U of every partition ═ exchange ═► fewer partitions ─ comb ═► … ─► driver
 */
import { mapByValue } from "../../core/key_map.ts";
import { pairOf } from "../../core/pair.ts";
import type { CapturedDraft, Draft, UserFunction } from "../../core/plan/plan.ts";
import { type ActionOptions, callable, wholeNumber } from "../arguments.ts";
import { CallSite } from "../call_site.ts";
import type { Dataset } from "../dataset.ts";
import type { PreparedJob } from "../driver.ts";
import { wrapped } from "../wrapped.ts";
import { firstValues } from "../zero.ts";
import { applied, emptyCollection, folding, inOrder, reducing } from "./actions.ts";

/** The deepest tree: 2^20 partitions two at a time. */
const DEPTH_MAX = 20;

export async function aggregate(
  data: Dataset,
  zero: unknown,
  functions: Readonly<Record<"seq" | "comb", UserFunction>>,
  options: ActionOptions,
): Promise<unknown> {
  const operator = "aggregate";
  const seq = callable(functions.seq, operator, "seq");
  const comb = callable(functions.comb, operator, "comb");
  const first = firstValues(zero, operator);
  const partials = await applied(
    data,
    operator,
    wrapped(seq, folding(first, seq, operator)),
    options,
  );
  return folding(first, comb, operator)(partials);
}

export async function treeAggregate(
  data: Dataset,
  zero: unknown,
  functions: Readonly<Record<"seq" | "comb", UserFunction>>,
  depth: number,
  options: ActionOptions,
): Promise<unknown> {
  const operator = "treeAggregate";
  const seq = callable(functions.seq, operator, "seq");
  const comb = callable(functions.comb, operator, "comb");
  const first = firstValues(zero, operator);
  const fold = folding(first, seq, operator);
  const merge = reducing(comb, operator);
  const leaf = { user: seq, fn: (records: Iterable<unknown>) => [fold(records)] };
  const root = await inTree(data, operator, leaf, { user: comb, fn: merge }, depth, options);
  return root.length === 0 ? first() : root[0];
}

export async function treeReduce(
  data: Dataset,
  fn: UserFunction,
  depth: number,
  options: ActionOptions,
): Promise<unknown> {
  const operator = "treeReduce";
  const user = callable(fn, operator);
  const step = { user, fn: reducing(user, operator) };
  const root = await inTree(data, operator, step, step, depth, options);
  if (root.length === 0) throw emptyCollection(operator, "Use treeAggregate(), which has a zero");
  return root[0];
}

/** How often each key of pairs is there. Counted in an exchange, which spills what does not fit. */
export async function countByKey(
  data: Dataset,
  options: ActionOptions,
): Promise<Map<unknown, number>> {
  return await counted(data, "countByKey", (record) => [pairOf(record)[0], 1], options);
}

/** How often each record is there. */
export async function countByValue(
  data: Dataset,
  options: ActionOptions,
): Promise<Map<unknown, number>> {
  return await counted(data, "countByValue", (record) => [record, 1], options);
}

async function counted(
  data: Dataset,
  operator: string,
  pairOfKey: UserFunction,
  options: ActionOptions,
): Promise<Map<unknown, number>> {
  const site = new CallSite(operator);
  const add = (a: number, b: number) => a + b;
  const counts = data.narrow(site, { kind: "map", fn: pairOfKey }).exchange(site, {
    kind: "combine",
    partitioner: { kind: "hash", partitions: undefined },
    create: (one) => one,
    mergeValue: add,
    mergeCombiners: add,
    mapSide: true,
  });
  const { driver } = data;
  const job = driver.prepare(counts.draft, { kind: "collect" }, site);
  const parts = await inOrder(data, job, options, (blocks) => [...driver.records(blocks)]);
  return mapByValue(parts.flat(1) as [unknown, number][]);
}

/** A step of a tree: many values as one in an array, or as none; and the user's function in it. */
type Step = Readonly<{ user: UserFunction; fn: (values: Iterable<unknown>) => unknown[] }>;

/**
 * `leaf` over each partition, then `merge` over what came of them, level by level, and at last here.
 *
 * How many levels there are is known when the sources have been looked at, but functions are captured
 * in the call. So one level is captured, and repeated for as many as it takes.
 */
async function inTree(
  data: Dataset,
  operator: string,
  leaf: Step,
  merge: Step,
  depth: number,
  options: ActionOptions,
): Promise<unknown[]> {
  wholeNumber(depth, operator, "depth", 1, DEPTH_MAX);
  const site = new CallSite(operator);
  const { driver } = data;
  const leaves = data.narrow(site, {
    kind: "mapPartitions",
    fn: wrapped(leaf.user, (records, partition) => numbered(leaf.fn(records), partition)),
  });
  const partitioner = { kind: "custom", partitions: 1, fn: (number: number) => number } as const;
  const level = leaves.exchange(site, { kind: "partition", partitioner }).narrow(site, {
    kind: "mapPartitions",
    fn: wrapped(
      merge.user,
      (pairs, partition) => numbered(merge.fn(valuesOf(pairs)), partition),
    ),
  });
  const prepared = driver.prepare(level.draft, { kind: "collect" }, site);
  options.signal?.throwIfAborted();
  const levels = treeLevels(await driver.partitionCount(data.draft), depth);
  const job = withLevels(data, prepared, leaves.draft, levels);
  const parts = await inOrder(data, job, options, (blocks) => [...driver.records(blocks)]);
  return merge.fn(valuesOf(parts.flat(1) as [number, unknown][]));
}

/** What a step gave, with the number that says to which partition of the next level it goes. */
function numbered(values: readonly unknown[], partition: number): [number, unknown][] {
  return values.map((value) => [partition, value]);
}

function* valuesOf(pairs: Iterable<readonly [number, unknown]>): Generator<unknown> {
  for (const pair of pairs) yield pair[1];
}

/**
 * How many partitions each level of a tree has, as Spark reckons: about the `depth`th root of them
 * meet in one, and there is no level that would spare less than it costs.
 */
export function treeLevels(partitions: number, depth: number): number[] {
  const scale = Math.max(Math.ceil(partitions ** (1 / depth)), 2);
  const levels: number[] = [];
  for (let count = partitions; count > scale + count / scale;) {
    count /= scale;
    levels.push(Math.floor(count));
  }
  return levels;
}

/** The prepared job, whose draft is leaves and one level, with these levels instead. */
function withLevels(
  { driver }: Dataset,
  prepared: PreparedJob,
  leaves: Draft,
  levels: readonly number[],
): PreparedJob {
  const merged = prepared.captured as Extract<CapturedDraft, { kind: "narrow" }>;
  const moved = merged.from as Extract<CapturedDraft, { kind: "exchange" }>;
  const exchange = moved.exchange as Extract<typeof moved.exchange, { kind: "partition" }>;
  let top = moved.from;
  for (const partitions of levels) {
    const partitioner = { ...exchange.partitioner, partitions };
    const from: CapturedDraft = {
      ...moved,
      id: driver.nextPlanId(),
      from: top,
      exchange: { ...exchange, partitioner },
    };
    // What the engine keeps of it goes when the job is over and nobody holds it any more.
    driver.keepWhileReachable(from);
    top = { ...merged, id: driver.nextPlanId(), from };
  }
  return { ...prepared, draft: leaves, captured: top };
}
