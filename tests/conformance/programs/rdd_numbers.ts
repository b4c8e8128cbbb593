/** Ranges, sums, statistics and identity of RDDs. */
import assert from "node:assert/strict";
import { PlanError } from "@flint/flint";
import { refused } from "../../helpers/shared_context.ts";
import type { Program } from "../program.ts";

/** Time enough for every task to end. */
const LONG_MS = 60_000;

export const numbers: readonly Program[] = [
  {
    name: "a range counts up, down and in large steps",
    pyspark: "test_rdd.test_range",
    async run(sc) {
      assert.equal(await sc.range(1, 1).count(), 0);
      assert.deepEqual(await sc.range(1, 0, -1).collect(), [1]);
      assert.deepEqual(await sc.range(0, 2 ** 40, 2 ** 39).collect(), [0, 2 ** 39]);
    },
  },
  {
    name: "ids stay, differ and ascend",
    pyspark: "test_rdd.test_id",
    run(sc) {
      const numbers = sc.range(10);
      const id = numbers.id();
      const kept = numbers.map((n) => String(n)).filter((text) => text !== "");
      assert.equal(numbers.id(), id);
      assert(kept.id() > id); // operators are fused later, so each has an id of its own
      assert.equal(kept.id(), kept.id());
    },
  },
  {
    name: "an empty RDD is empty",
    pyspark: "test_rdd.test_empty_rdd",
    async run(sc) {
      assert.equal(await sc.emptyRDD().isEmpty(), true);
      assert.deepEqual(await sc.emptyRDD().collect(), []);
    },
  },
  {
    name: "the sum of nothing is 0",
    pyspark: "test_rdd.test_sum",
    async run(sc) {
      assert.equal(await sc.emptyRDD<number>().sum(), 0);
      assert.equal(await sc.parallelize([1, 2, 3]).sum(), 6);
    },
  },
  {
    name: "about how many different records there are",
    pyspark: "test_rdd.test_count_approx_distinct",
    async run(sc) {
      const near = (found: number, least: number, most: number) =>
        assert(least < found && found < most, `${found} is not between ${least} and ${most}`);
      const thousand = sc.range(1_000);
      near(await thousand.countApproxDistinct(0.03), 950, 1_050);
      near(await thousand.map((n) => n / 2).countApproxDistinct(0.03), 950, 1_050);
      near(await thousand.map((n) => String(n)).countApproxDistinct(0.03), 950, 1_050);
      near(await thousand.map((n) => [n, -n]).countApproxDistinct(0.03), 950, 1_050);

      const twenty = sc.range(0, 1_000, 1, 7).map((n) => n % 20);
      near(await twenty.countApproxDistinct(), 18, 22);
      near(await twenty.map((n) => n / 2).countApproxDistinct(), 18, 22);
      near(await twenty.map((n) => String(n)).countApproxDistinct(), 18, 22);
      near(await twenty.map((n) => [n, -n]).countApproxDistinct(), 18, 22);
      await refused(
        () => twenty.countApproxDistinct(0.00000001),
        PlanError,
        "InvalidArgument",
        /relativeSD/,
      );
    },
  },
  {
    name: "a count in time is exact, one out of time is an estimate",
    pyspark: "test_rdd.test_count_approx",
    async run(sc) {
      const thousand = sc.range(0, 1_000, 1, 10);
      const exact = await thousand.countApprox(LONG_MS, 1.0);
      assert.deepEqual([exact.low, exact.value, exact.high], [1_000, 1_000, 1_000]);
      const endless = thousand.filter((n) => {
        while (n === 500) if (Date.now() < 0) return false;
        return true;
      });
      const estimate = await endless.countApprox(200);
      assert(estimate.low <= estimate.value && estimate.value <= estimate.high);
      assert(estimate.low < 1_000, "a partition has not ended");
    },
  },
  {
    name: "a sum in time",
    pyspark: "test_rdd.test_sum_approx",
    async run(sc) {
      const sum = await sc.range(0, 1_000, 1, 10).sumApprox(LONG_MS);
      assert(Math.abs(sum.value - 499_500) / 499_500 < 0.05, `${sum.value}`);
      assert(sum.low <= sum.value && sum.value <= sum.high);
    },
  },
  {
    name: "a mean in time",
    pyspark: "test_rdd.test_mean_approx",
    async run(sc) {
      const mean = await sc.range(0, 1_000, 1, 10).meanApprox(LONG_MS);
      assert(Math.abs(mean.value - 499.5) / 499.5 < 0.05, `${mean.value}`);
      assert(mean.low <= mean.value && mean.value <= mean.high);
    },
  },
];
