/** Actions over numbers that need more than a sum, and how many different records there are. */
import { PlanError, shown } from "../../core/errors.ts";
import { HyperLogLog, RELATIVE_ERROR_MIN } from "../../core/hyperloglog.ts";
import { compareKeys } from "../../core/key_order.ts";
import { numberOf } from "../../core/number.ts";
import { StatCounter, type StatSummary } from "../../core/statistics.ts";
import { type ActionOptions, wholeNumber } from "../arguments.ts";
import { CallSite } from "../call_site.ts";
import type { Dataset } from "../dataset.ts";
import type { PreparedJob } from "../driver.ts";
import { applied, emptyCollection, inOrder, prepare } from "./actions.ts";
import { type PairOptions, partitionerOf } from "./keyed.ts";

/** The most buckets of a histogram: its counts travel from every task. */
const BUCKETS_MAX = 2 ** 24;

/** The figures of a StatCounter that are actions of their own. */
type Figure = "mean" | "variance" | "stdev" | "sampleVariance" | "sampleStdev";

export async function stats(
  data: Dataset,
  options: ActionOptions,
  operator = "stats",
): Promise<StatCounter> {
  const summaries = await applied(data, operator, summarizing(operator), options) as StatSummary[];
  const merged = new StatCounter();
  for (const summary of summaries) merged.mergeStats(StatCounter.of(summary));
  return merged;
}

export async function figure(data: Dataset, name: Figure, options: ActionOptions): Promise<number> {
  return (await stats(data, options, name))[name];
}

/** What a task makes of the numbers of its partition. */
export function summarizing(operator: string): (numbers: Iterable<unknown>) => StatSummary {
  return (numbers) => {
    const counter = new StatCounter();
    for (const number of numbers) counter.merge(numberOf(number, operator));
    return counter.summary();
  };
}

export async function histogram(
  data: Dataset,
  buckets: unknown,
  options: ActionOptions,
): Promise<[edges: unknown[], counts: number[]]> {
  if (typeof buckets === "number") return await evenHistogram(data, buckets, options);
  const edges = checkedEdges(buckets);
  const counting = prepare(data, "histogram", { kind: "apply", fn: countingBetween(edges) });
  return [edges, await totalCounts(data, counting, edges, options)];
}

/** What a histogram counts, so far; `least` and `greatest` mean nothing where the count is 0. */
type Extent = Readonly<{ count: number; least: unknown; greatest: unknown }>;

/** Buckets of equal width from the least to the greatest number: one job finds them, another counts. */
async function evenHistogram(
  data: Dataset,
  buckets: number,
  options: ActionOptions,
): Promise<[edges: unknown[], counts: number[]]> {
  wholeNumber(buckets, "histogram", "buckets", 1, BUCKETS_MAX);
  // One bucket has no width to be reckoned: whatever can be sorted has one.
  const finding = prepare(data, "histogram", { kind: "apply", fn: extentOf(buckets > 1) });
  const decode = (blocks: readonly Uint8Array[]) => data.driver.value(blocks) as Extent;
  const extents = await inOrder(data, finding, options, decode);
  const { count, least, greatest } = extents.filter((extent) => extent.count > 0).reduce(
    wider,
    { count: 0, least: undefined, greatest: undefined },
  );
  if (count === 0) {
    throw emptyCollection("histogram", "Pass the edges of the buckets, such as [0, 10, 20]");
  }
  if (buckets === 1 || least === greatest) return [[least, greatest], [count]];
  const edges = evenEdges(least as number, greatest as number, buckets);
  // It counts what it has measured, whatever has changed since.
  const counting = data.driver.next(finding, { kind: "apply", fn: countingBetween(edges) });
  return [edges, await totalCounts(data, counting, edges, options)];
}

function evenEdges(least: number, greatest: number, buckets: number): number[] {
  const width = (greatest - least) / buckets;
  if (!Number.isFinite(width)) {
    throw refusedBuckets(
      `numbers from ${least} to ${greatest} have no buckets of equal width`,
      "Pass the edges of the buckets, such as [-Infinity, 0, Infinity]",
    );
  }
  const edges = Array.from({ length: buckets }, (_, i) => least + i * width);
  // Not reckoned: the greatest number has to lie within.
  edges.push(greatest);
  return edges;
}

function extentOf(numbersOnly: boolean): (records: Iterable<unknown>) => Extent {
  return (records) => {
    let count = 0;
    let least: unknown;
    let greatest: unknown;
    for (const record of records) {
      if (isMissing(record)) continue;
      if (numbersOnly) numberOf(record, "histogram");
      if (count === 0 || compareKeys(record, least) < 0) least = record;
      if (count === 0 || compareKeys(record, greatest) > 0) greatest = record;
      count++;
    }
    return { count, least, greatest };
  };
}

function wider(a: Extent, b: Extent): Extent {
  if (a.count === 0) return b;
  return {
    count: a.count + b.count,
    least: compareKeys(b.least, a.least) < 0 ? b.least : a.least,
    greatest: compareKeys(b.greatest, a.greatest) > 0 ? b.greatest : a.greatest,
  };
}

/** What is in no bucket, and no mistake either. */
function isMissing(record: unknown): boolean {
  return record === null || record === undefined || record !== record;
}

/** Edges that ascend, at least two. Throws a PlanError (InvalidArgument). */
function checkedEdges(edges: unknown): unknown[] {
  const cure = "Pass how many buckets there are to be, or at least two edges that ascend";
  if (!Array.isArray(edges)) throw refusedBuckets(`buckets is ${shown(edges)}`, cure);
  if (edges.length < 2) throw refusedBuckets(`there are ${edges.length} edges`, cure);
  // By index: the holes of an array are undefined.
  for (let i = 0; i < edges.length; i++) {
    if (isMissing(edges[i])) throw refusedBuckets(`edge ${i} is ${shown(edges[i])}`, cure);
  }
  for (let i = 1; i < edges.length; i++) {
    const order = compareKeys(edges[i - 1], edges[i]);
    if (order < 0) continue;
    const what = `${shown(edges[i - 1])} and ${shown(edges[i])}`;
    throw refusedBuckets(order === 0 ? `edges are equal: ${what}` : `${what} descend`, cure);
  }
  return [...edges];
}

function refusedBuckets(what: string, cure: string): PlanError {
  return new PlanError("InvalidArgument", `Cannot call histogram(): ${what}`, cure);
}

/** How many records lie from each edge up to the next; the last bucket has both of its edges. */
function countingBetween(edges: readonly unknown[]): (records: Iterable<unknown>) => number[] {
  return (records) => {
    const counts = new Array<number>(edges.length - 1).fill(0);
    for (const record of records) {
      const bucket = isMissing(record) ? -1 : bucketOf(record, edges);
      if (bucket >= 0) counts[bucket]!++;
    }
    return counts;
  };
}

/** The counts of all partitions together. */
async function totalCounts(
  data: Dataset,
  counting: PreparedJob,
  edges: readonly unknown[],
  options: ActionOptions,
): Promise<number[]> {
  const totals = new Array<number>(edges.length - 1).fill(0);
  const decode = (blocks: readonly Uint8Array[]) => data.driver.value(blocks) as number[];
  for (const counts of await inOrder(data, counting, options, decode)) {
    for (let i = 0; i < counts.length; i++) totals[i]! += counts[i]!;
  }
  return totals;
}

/** The bucket of a record, by the edges as they are and not as they were reckoned; -1 for none. */
function bucketOf(record: unknown, edges: readonly unknown[]): number {
  const last = edges.length - 1;
  if (compareKeys(record, edges[0]) < 0 || compareKeys(record, edges[last]) > 0) return -1;
  let from = 0;
  let to = last; // the bucket is from `from` to before `to`
  while (to - from > 1) {
    const middle = (from + to) >> 1;
    if (compareKeys(edges[middle], record) <= 0) from = middle;
    else to = middle;
  }
  return from;
}

export async function countApproxDistinct(
  data: Dataset,
  relativeError: number,
  options: ActionOptions,
): Promise<number> {
  const operator = "countApproxDistinct";
  refuseError(relativeError, operator);
  const counting = (records: Iterable<unknown>): Uint8Array => {
    const counter = new HyperLogLog(relativeError);
    for (const record of records) counter.add(record);
    return counter.registers;
  };
  const total = new HyperLogLog(relativeError);
  for (const registers of await applied(data, operator, counting, options)) {
    total.merge(registers as Uint8Array);
  }
  return total.estimate();
}

export function countApproxDistinctByKey(
  data: Dataset,
  { relativeSD: relativeError = 0.05, ...options }: PairOptions & {
    relativeSD?: number | undefined;
  },
): Dataset {
  const site = new CallSite("countApproxDistinctByKey");
  refuseError(relativeError, site.operator);
  const counted = (registers: Uint8Array<ArrayBuffer>, value: unknown) => {
    HyperLogLog.over(registers).add(value);
    return registers;
  };
  return data.exchange(site, {
    kind: "combine",
    partitioner: partitionerOf(site.operator, options),
    create: (value) => counted(new HyperLogLog(relativeError).registers, value),
    mergeValue: counted,
    mergeCombiners: (registers, others) => {
      HyperLogLog.over(registers).merge(others);
      return registers;
    },
    mapSide: true,
  }).narrow(site, {
    kind: "map",
    fn: ([key, registers]) => [key, HyperLogLog.over(registers).estimate()],
    keepsKeys: true,
  });
}

function refuseError(relativeError: number, operator: string): void {
  if (relativeError >= RELATIVE_ERROR_MIN && relativeError < 1) return;
  throw new PlanError(
    "InvalidArgument",
    `Cannot call ${operator}(): relativeSD is ${shown(relativeError)}`,
    "Use a number from 0.00026 to below 1, or distinct() for the exact number",
  );
}
