/**
 * What can be said of a whole of which a part has been seen: Spark's estimators (CountEvaluator,
 * SumEvaluator and MeanEvaluator of org.apache.spark.partial).
 *
 *     seen     12 of 40 partitions     count, sum, mean, variance
 *     p        12 / 40                 how likely it was to have seen a record
 *     unseen   as the seen, with an interval for how wrong that may be
 */
import {
  negativeBinomialQuantile,
  normalQuantile,
  poissonQuantile,
  studentQuantile,
} from "./distributions.ts";
import type { StatCounter } from "./statistics.ts";

/** Above so many records the negative binomial distribution is taken for a Poisson one. */
const COUNT_POISSON = 10_000;
/** Above so many records Student's t distribution is taken for the normal one. */
const COUNT_NORMAL = 100;

/**
 * A number that is known within bounds: the result of `countApprox`, `sumApprox` and `meanApprox`.
 * It counts as its value where a number is expected.
 *
 * @example
 * ```ts
 * import { BoundedFloat, SparkContext } from "@flint/flint";
 * import assert from "node:assert/strict";
 *
 * assert.equal(Number(new BoundedFloat(100.0, 0.95, 95.0, 105.0)), 100);
 *
 * await using sc = new SparkContext({ master: "local" });
 * const count = await sc.range(1000).countApprox(60_000);
 * assert(count instanceof BoundedFloat);
 * assert.deepEqual([count.value, count.confidence, count.low, count.high], [1000, 1, 1000, 1000]);
 * ```
 */
export class BoundedFloat {
  /** What is most likely. */
  readonly value: number;
  /** How likely the whole lies from `low` to `high`: from 0, where nothing is known, to 1. */
  readonly confidence: number;
  /** The lower bound. */
  readonly low: number;
  /** The upper bound. */
  readonly high: number;

  /** Made by approximate actions. */
  constructor(value: number, confidence: number, low: number, high: number) {
    this.value = value;
    this.confidence = confidence;
    this.low = low;
    this.high = high;
  }

  /** The value, for arithmetic. */
  valueOf(): number {
    return this.value;
  }

  /** `[low, value, high]`, as Spark writes it. */
  toString(): string {
    return `[${this.low.toFixed(3)}, ${this.value.toFixed(3)}, ${this.high.toFixed(3)}]`;
  }
}

/** How much of the whole was seen: `partitions` of `all`; and how sure the bounds are to be. */
export type Seen = Readonly<{ partitions: number; all: number; confidence: number }>;

/** How many records there are, given the sum of those seen. */
export function boundedCount(count: number, { partitions, all, confidence }: Seen): BoundedFloat {
  if (partitions === all) return exactly(count);
  if (partitions === 0 || count === 0) return new BoundedFloat(0, 0, 0, Infinity);
  const p = partitions / all;
  // The rest are failures before as many successes; or draws of a Poisson distribution.
  const mean = count * (1 - p) / p;
  const quantile = (q: number) =>
    count <= COUNT_POISSON ? negativeBinomialQuantile(count, p, q) : poissonQuantile(mean, q);
  const low = quantile((1 - confidence) / 2);
  const high = quantile((1 + confidence) / 2);
  return new BoundedFloat(count + mean, confidence, count + low, count + high);
}

/** The sum of all, given the statistics of those seen. */
export function boundedSum(
  stats: StatCounter,
  { partitions, all, confidence }: Seen,
): BoundedFloat {
  if (partitions === all) return exactly(stats.sum);
  const { count, sum, mean } = stats;
  if (partitions === 0 || count === 0) return new BoundedFloat(0, 0, -Infinity, Infinity);
  const p = partitions / all;
  const unseen = count * (1 - p) / p;
  const estimate = mean * unseen;
  const meanVariance = stats.sampleVariance / count;
  if (count === 1 || Number.isNaN(meanVariance)) {
    return new BoundedFloat(sum + estimate, confidence, -Infinity, Infinity);
  }
  // A product of two independent unknowns: the mean of the rest, and how many they are.
  const countVariance = count * (1 - p) / (p * p);
  const variance = mean * mean * countVariance + unseen * unseen * meanVariance +
    meanVariance * countVariance;
  const margin = deviations(count, confidence) * Math.sqrt(variance);
  const value = sum + estimate;
  return new BoundedFloat(value, confidence, value - margin, value + margin);
}

/** The mean of all, given the statistics of those seen. */
export function boundedMean(
  stats: StatCounter,
  { partitions, all, confidence }: Seen,
): BoundedFloat {
  const { count, mean } = stats;
  if (partitions === all) return exactly(mean);
  if (partitions === 0 || count === 0) return new BoundedFloat(0, 0, -Infinity, Infinity);
  if (count === 1) return new BoundedFloat(mean, confidence, -Infinity, Infinity);
  const margin = deviations(count, confidence) * Math.sqrt(stats.sampleVariance / count);
  return new BoundedFloat(mean, confidence, mean - margin, mean + margin);
}

function exactly(value: number): BoundedFloat {
  return new BoundedFloat(value, 1, value, value);
}

/** How many standard deviations to each side hold so much of what may be. */
function deviations(count: number, confidence: number): number {
  const p = (1 + confidence) / 2;
  return count > COUNT_NORMAL ? normalQuantile(p) : studentQuantile(count - 1, p);
}
