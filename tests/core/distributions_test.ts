import assert from "node:assert/strict";
import {
  negativeBinomialQuantile,
  normalQuantile,
  poissonQuantile,
  studentQuantile,
} from "../../core/distributions.ts";

/** The quantile of a discrete distribution, by adding up what `next` makes of each probability. */
function summed(first: number, next: (share: number, k: number) => number, p: number): number {
  let k = 0;
  let share = first;
  for (let sum = share; sum < p; sum += share) share = next(share, k++);
  return k;
}

function near(a: number, b: number): void {
  assert.ok(Math.abs(a - b) <= 1e-9 * Math.abs(b), `${a} is not ${b}`);
}

Deno.test("quantiles of the normal distribution and of Student's t, as tables have them", () => {
  near(normalQuantile(0.975), 1.959963984540054);
  near(normalQuantile(0.05), -1.6448536269514722);
  assert.equal(normalQuantile(0.5), 0);
  assert.deepEqual([normalQuantile(0), normalQuantile(1)], [-Infinity, Infinity]);
  near(studentQuantile(1, 0.975), Math.tan(Math.PI * 0.475));
  near(studentQuantile(2, 0.05), -2.919985580353726);
  near(studentQuantile(10, 0.975), 2.228138851986274);
  near(studentQuantile(1e7, 0.975), 1.9599642217); // nearly normal
});

Deno.test("quantiles of whole numbers are those of the sums of their probabilities", () => {
  for (const p of [0.001, 0.025, 0.3, 0.5, 0.9, 0.975, 0.9999]) {
    for (const mean of [0.1, 1, 10, 400]) {
      const expected = summed(Math.exp(-mean), (share, k) => share * mean / (k + 1), p);
      assert.equal(poissonQuantile(mean, p), expected, `Poisson ${mean}, ${p}`);
    }
    for (const [r, chance] of [[1, 0.5], [5, 0.25], [60, 0.9], [200, 0.5]] as const) {
      const next = (share: number, k: number) => share * (k + r) / (k + 1) * (1 - chance);
      const expected = summed(chance ** r, next, p);
      assert.equal(negativeBinomialQuantile(r, chance, p), expected, `${r}, ${chance}, ${p}`);
    }
  }
  assert.equal(poissonQuantile(0, 0.9), 0);
  assert.equal(poissonQuantile(5, 1), Infinity);
  assert.equal(negativeBinomialQuantile(3, 0.5, 0), 0);
});

Deno.test("a large Poisson distribution goes over into a normal one", () => {
  for (const p of [0.025, 0.5, 0.975]) {
    const [below, above] = [poissonQuantile(99_999, p), poissonQuantile(100_001, p)];
    assert.ok(Math.abs(above - below - 2) <= 2, `${below} and ${above}`);
  }
  assert.ok(Math.abs(poissonQuantile(1e14, 0.975) - 1e14 - 1.96e7) < 1e4);
});
