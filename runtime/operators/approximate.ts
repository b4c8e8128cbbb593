/**
 * Actions that end at their timeout, with what the partitions say that are done by then.
 *
 *     partitions   ■ ■ □ ■ □ □        ■ done: their counts or statistics
 *                         ▲           □ cancelled with the job
 *                      timeout        ─► value, low, high        core/bounded_float.ts
 */
import {
  boundedCount,
  type BoundedFloat,
  boundedMean,
  boundedSum,
  type Seen,
} from "../../core/bounded_float.ts";
import { PlanError, shown } from "../../core/errors.ts";
import type { UserFunction } from "../../core/plan/plan.ts";
import { StatCounter, type StatSummary } from "../../core/statistics.ts";
import type { Action } from "../../core/task.ts";
import { type ActionOptions, wholeNumber } from "../arguments.ts";
import type { Dataset } from "../dataset.ts";
import { prepare } from "./actions.ts";
import { summarizing } from "./statistics.ts";

/** The longest that a timer can wait. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

/** How long an approximate action may take, and how sure its bounds are to be. */
type Limits = Readonly<{ timeoutMs: number; confidence: number }> & ActionOptions;

export async function countApprox(data: Dataset, limits: Limits): Promise<BoundedFloat> {
  const { parts, seen } = await partly<number>(data, "countApprox", { kind: "count" }, limits);
  return boundedCount(parts.reduce((sum, part) => sum + part, 0), seen);
}

export async function sumApprox(data: Dataset, limits: Limits): Promise<BoundedFloat> {
  const { stats, seen } = await partlySummed(data, "sumApprox", limits);
  return boundedSum(stats, seen);
}

export async function meanApprox(data: Dataset, limits: Limits): Promise<BoundedFloat> {
  const { stats, seen } = await partlySummed(data, "meanApprox", limits);
  return boundedMean(stats, seen);
}

async function partlySummed(
  data: Dataset,
  operator: string,
  limits: Limits,
): Promise<{ stats: StatCounter; seen: Seen }> {
  const action = { kind: "apply", fn: summarizing(operator) } as const;
  const { parts, seen } = await partly<StatSummary>(data, operator, action, limits);
  const stats = new StatCounter();
  for (const summary of parts) stats.mergeStats(StatCounter.of(summary));
  return { stats, seen };
}

/** The values of those partitions that are done before the timeout, in their order. */
async function partly<V>(
  data: Dataset,
  operator: string,
  action: Action<UserFunction>,
  { timeoutMs, confidence, signal }: Limits,
): Promise<{ parts: V[]; seen: Seen }> {
  const waitMs = wholeNumber(timeoutMs, operator, "timeoutMs", 0, TIMEOUT_MS_MAX);
  refuseConfidence(confidence, operator);
  const { driver, draft } = data;
  const job = prepare(data, operator, action);
  signal?.throwIfAborted();
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), waitMs);
  const values: [partition: number, value: V][] = [];
  try {
    const all = await driver.partitionCount(draft);
    const ends = signal === undefined
      ? deadline.signal
      : AbortSignal.any([signal, deadline.signal]);
    try {
      for await (const { partition, blocks } of driver.values(job, { signal: ends })) {
        values.push([partition, driver.value(blocks) as V]);
      }
    } catch (error) {
      // What ended the job is the timeout exactly where the error is its reason.
      if (error !== deadline.signal.reason) throw error;
    }
    const parts = values.sort(([a], [b]) => a - b).map(([, value]) => value);
    return { parts, seen: { partitions: parts.length, all, confidence } };
  } finally {
    clearTimeout(timer);
  }
}

function refuseConfidence(confidence: unknown, operator: string): void {
  if (typeof confidence === "number" && confidence >= 0 && confidence <= 1) return;
  throw new PlanError(
    "InvalidArgument",
    `Cannot call ${operator}(): confidence is ${shown(confidence)}`,
    "Use a number from 0 to 1: how likely the bounds are to hold",
  );
}
