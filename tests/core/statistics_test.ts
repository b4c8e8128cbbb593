import assert from "node:assert/strict";
import fc from "fast-check";
import { StatCounter } from "../../core/statistics.ts";

function near(actual: number, expected: number): void {
  const scale = Math.max(1, Math.abs(expected));
  assert(Math.abs(actual - expected) <= 1e-9 * scale, `${actual} is not near ${expected}`);
}

/** The slow twin: two passes over an array. */
function figures(values: readonly number[]) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, variance: squares / values.length, sample: squares / (values.length - 1) };
}

const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), {
  minLength: 1,
  maxLength: 60,
});

Deno.test("merged in any pieces it says what two passes say", () => {
  fc.assert(fc.property(fc.array(numbers, { minLength: 1, maxLength: 8 }), (pieces) => {
    const merged = new StatCounter();
    for (const piece of pieces) merged.mergeStats(new StatCounter(piece));
    const all = pieces.flat();
    const { mean, variance } = figures(all);
    assert.equal(merged.count, all.length);
    near(merged.mean, mean);
    near(merged.sum, mean * all.length);
    near(merged.variance, variance);
    near(merged.stdev, Math.sqrt(variance));
    assert.equal(merged.max, Math.max(...all));
    assert.equal(merged.min, Math.min(...all));
    if (all.length > 1) near(merged.sampleVariance, figures(all).sample);
  }));
});

Deno.test("small differences of large numbers keep their digits", () => {
  const shifted = Array.from({ length: 1000 }, (_, i) => 1e9 + i % 2);
  near(new StatCounter(shifted).variance, 0.25);
});

Deno.test("one number among very many does not blur the mean", () => {
  const many = StatCounter.of([2 ** 40, 2 ** 40 * 0.1, 0, 0.1, 0, 0.1, 0.1]);
  assert.equal(many.mergeStats(new StatCounter([0.1])).mean, 0.1);
});

Deno.test("sum and mean of whole numbers are exact, however they are parted", () => {
  const slice = new StatCounter();
  for (let round = 0; round < 51; round++) {
    for (let i = 0; i < 5024; i++) slice.merge(i);
  }
  const all = new StatCounter();
  for (let part = 0; part < 20; part++) all.mergeStats(slice);
  assert.equal(all.mean, 2511.5);
  assert.equal(all.sum, 20 * 51 * 5024 * 2511.5);
  assert.equal(new StatCounter([1e16, 1, -1e16]).sum, 1);
});

Deno.test("sums beyond the largest double, and infinite numbers", () => {
  const huge = new StatCounter([1.6e308, 1.6e308]);
  assert.deepEqual([huge.sum, huge.mean], [Infinity, 1.6e308]);
  assert.equal(new StatCounter([Infinity, 1]).sum, Infinity);
});

Deno.test("an empty one, itself, a copy, NaN", () => {
  const empty = new StatCounter();
  assert.deepEqual([empty.count, empty.sum, empty.mean], [0, 0, 0]);
  assert.deepEqual([empty.max, empty.min], [-Infinity, Infinity]);
  assert.deepEqual([empty.variance, empty.stdev, empty.sampleStdev], [NaN, NaN, NaN]);
  const counter = new StatCounter([1, 2]);
  counter.mergeStats(empty);
  assert.equal(counter.count, 2);
  const copy = counter.copy();
  copy.mergeStats(copy);
  assert.deepEqual([copy.count, copy.mean, counter.count], [4, 1.5, 2]);
  assert.equal(
    `${new StatCounter([1, 2, 3, 4])}`,
    "(count: 4, mean: 2.5, stdev: 1.118033988749895, max: 4, min: 1)",
  );
  const spoiled = new StatCounter([1, NaN]);
  assert.deepEqual([spoiled.count, spoiled.mean, spoiled.max], [2, NaN, NaN]);
});

Deno.test("all figures by name, of a sample or of its population", () => {
  const counter = new StatCounter([2, 4, 4, 4, 5, 5, 7, 9]);
  const figures = { count: 8, mean: 5, sum: 40, min: 2, max: 9 };
  assert.deepEqual(counter.asDict(true), { ...figures, stdev: 2, variance: 4 });
  assert.deepEqual(counter.asDict(), {
    ...figures,
    stdev: counter.sampleStdev,
    variance: counter.sampleVariance,
  });
});
