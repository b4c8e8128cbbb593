/** Ranges, sums, statistics and identity of RDDs. */
import assert from "node:assert/strict";
import { PlanError } from "@flint/flint";
import { refused } from "../../helpers/shared_context.ts";
import type { Program } from "../program.ts";

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
];
