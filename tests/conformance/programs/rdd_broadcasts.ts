/** Broadcasts: large ones, several at once, and their end. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { ClosureError, PlanError } from "@flint/flint";
import { refused } from "../../helpers/shared_context.ts";
import type { Program } from "../program.ts";

function rows(count: number): number[][] {
  return Array.from({ length: count }, () => Array.from({ length: 300 }, (_, n) => n + 0.5));
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

export const broadcasts: readonly Program[] = [
  {
    name: "a table of three million numbers",
    pyspark: "test_rdd.test_large_broadcast",
    async run(sc) {
      const table = sc.broadcast(rows(10_000));
      const seen = await sc.range(0, 1, 1, 1)
        .map(() => [table.value.length, table.value[9_999]![299]!]).first();
      assert.deepEqual(seen, [10_000, 299.5]);
      await table.destroy();
    },
  },
  {
    name: "what was let go comes back, what was destroyed does not",
    pyspark: "test_rdd.test_unpersist",
    async run(sc) {
      const table = sc.broadcast(rows(1_000));
      const lengths = sc.range(0, 1, 1, 1).map(() => table.value.length);
      await table.unpersist();
      assert.equal(await lengths.sum(), 1_000);
      await table.destroy();
      await refused(() => lengths.sum(), ClosureError, "NotShippable", /destroyed/);
      await refused(() => table.value, PlanError, "NotAvailable", /destroyed/);
      assert.equal(await sc.range(3).sum(), 3);
    },
  },
  {
    name: "a large set and a long text are the same in every task",
    pyspark: "test_rdd.test_multiple_broadcasts",
    async run(sc) {
      const set = sc.broadcast(new Set(Array.from({ length: 2 ** 21 }, (_, n) => n)));
      for (const factor of [7, 11]) { // with the same set, and another text
        const numbers = Array.from({ length: 2 ** 15 }, (_, n) => n * factor % 2 ** 15);
        const text = sc.broadcast(numbers.join(", "));
        const found = await sc.range(0, 10, 1, 10)
          .map(() => [set.value.size, digestOf(text.value)]).distinct().collect();
        assert.deepEqual(found, [[2 ** 21, digestOf(numbers.join(", "))]]);
        await text.destroy();
      }
      await set.destroy();
    },
  },
  {
    // Jobs that are started together stand for PySpark's threads.
    name: "jobs at once take only the broadcasts that they use",
    pyspark: "test_rdd.test_multithread_broadcast_pickle",
    async run(sc) {
      const [first, second] = [sc.broadcast([0, 1, 2]), sc.broadcast([3, 4, 5])];
      const ofFirst = sc.range(4).map((n) => first.value[n % 3]!);
      const ofSecond = sc.range(4).map((n) => second.value[n % 3]!);
      const both = await Promise.all([ofFirst.collect(), ofSecond.collect()]);
      assert.deepEqual(both, [[0, 1, 2, 0], [3, 4, 5, 3]]);
      await second.destroy();
      // a job that took along what it does not use would fail now
      const [kept, gone] = await Promise.allSettled([ofFirst.collect(), ofSecond.collect()]);
      assert.deepEqual(kept, { status: "fulfilled", value: [0, 1, 2, 0] });
      assert.equal(gone.status, "rejected");
    },
  },
];
