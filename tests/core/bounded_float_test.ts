import assert from "node:assert/strict";
import { boundedCount, BoundedFloat, boundedMean, boundedSum } from "../../core/bounded_float.ts";
import { Random } from "../../core/random.ts";
import { StatCounter } from "../../core/statistics.ts";

const fields = ({ value, confidence, low, high }: BoundedFloat) => [value, confidence, low, high];

Deno.test("what was seen as a whole is exact, and of what was not seen nothing is known", () => {
  const all = { partitions: 4, all: 4, confidence: 0.9 };
  const none = { partitions: 0, all: 4, confidence: 0.9 };
  const stats = new StatCounter([1, 2, 6]);
  assert.deepEqual(fields(boundedCount(3, all)), [3, 1, 3, 3]);
  assert.deepEqual(fields(boundedSum(stats, all)), [9, 1, 9, 9]);
  assert.deepEqual(fields(boundedMean(stats, all)), [3, 1, 3, 3]);
  assert.deepEqual(fields(boundedCount(0, none)), [0, 0, 0, Infinity]);
  for (const bounded of [boundedSum, boundedMean]) {
    assert.deepEqual(fields(bounded(new StatCounter(), none)), [0, 0, -Infinity, Infinity]);
  }
});

Deno.test("half of the partitions: the figures of Spark's estimators", () => {
  const half = { partitions: 1, all: 2, confidence: 0.95 };
  // Negative binomial, 10 successes of 1/2: quantiles 3 and 20.
  assert.deepEqual(fields(boundedCount(10, half)), [20, 0.95, 13, 30]);
  const one = new StatCounter([5]);
  assert.deepEqual(fields(boundedSum(one, half)), [10, 0.95, -Infinity, Infinity]);
  assert.deepEqual(fields(boundedMean(one, half)), [5, 0.95, -Infinity, Infinity]);
  const stats = new StatCounter([1, 2, 3, 4]);
  const mean = boundedMean(stats, half);
  // 3 degrees of freedom, 3.1824463; the variance of the mean is 5/3/4.
  const margin = 3.182446305284263 * Math.sqrt(5 / 12);
  assert.ok(Math.abs(mean.high - 2.5 - margin) < 1e-9 && Math.abs(2.5 - mean.low - margin) < 1e-9);
  const sum = boundedSum(stats, half);
  const deviation = Math.sqrt(2.5 ** 2 * 8 + 4 ** 2 * 5 / 12 + 8 * 5 / 12);
  assert.equal(sum.value, 20);
  assert.ok(Math.abs(sum.high - 20 - 3.182446305284263 * deviation) < 1e-9);
});

Deno.test("the bounds hold about as often as they say", () => {
  const random = new Random(5);
  let [counts, sums, means] = [0, 0, 0];
  const trials = 400;
  for (let trial = 0; trial < trials; trial++) {
    const all = Array.from(
      { length: 20 },
      () => Array.from({ length: 20 + random.below(20) }, () => random.next() * 10),
    );
    const seen = all.slice(0, 6);
    const share = { partitions: 6, all: 20, confidence: 0.9 };
    const stats = new StatCounter(seen.flat());
    const whole = new StatCounter(all.flat());
    const holds = (bounds: BoundedFloat, truth: number) =>
      Number(bounds.low <= truth && truth <= bounds.high);
    counts += holds(boundedCount(stats.count, share), whole.count);
    sums += holds(boundedSum(stats, share), whole.sum);
    means += holds(boundedMean(stats, share), whole.mean);
  }
  for (const held of [counts, sums, means]) {
    assert.ok(held > 0.8 * trials, `${held} of ${trials}`);
  }
});

Deno.test("it counts as its value, and is written as Spark writes it", () => {
  const bounded = new BoundedFloat(2, 0.95, 1.5, 2.25);
  assert.equal(Number(bounded) * 2, 4);
  assert.equal(String(bounded), "[1.500, 2.000, 2.250]");
});
