/** Broadcasts as tasks and the program see them, and what they refuse. */
import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { PlanError, RecordError } from "@flint/flint";
import { refused } from "../../helpers/shared_context.ts";
import type { Program } from "../program.ts";

const large = () => Array.from({ length: 10_000 }, (_, n) => n * 1.5);

export const broadcastValues: readonly Program[] = [
  {
    name: "one broadcast and several are in every task what they are here",
    pyspark: "test_broadcast.test_broadcast_no_encryption",
    settings: {},
    async run(sc) {
      let failed = 0;
      sc.addSparkListener({ onTaskEnd: ({ outcome }) => void (failed += outcome.ok ? 0 : 1) });
      const one = sc.broadcast(large());
      const all = [1, 2, 3].map((factor) => sc.broadcast(large().map((n) => n * factor)));
      const sums = sc.range(0, 10, 1, 10).map(() =>
        [one, ...all].map(({ value }) => value.reduce((sum, n) => sum + n, 0))
      );
      const sum = large().reduce((sum, n) => sum + n, 0);
      const expected = [sum, sum, 2 * sum, 3 * sum];
      for (const found of await sums.collect()) assert.deepEqual(found, expected);
      assert.equal(failed, 0);
    },
  },
  {
    name: "the program reads what it has broadcast",
    pyspark: "test_broadcast.test_broadcast_value_driver_no_encryption",
    run(sc) {
      const table = new Map([["a", large()], ["b", []]]);
      assert.deepEqual(sc.broadcast(table).value, table);
    },
  },
  {
    name: "what was let go of and collected as garbage can be read again",
    pyspark: "test_broadcast.test_broadcast_value_against_gc",
    async run(sc) {
      setFlagsFromString("--expose-gc");
      const collectGarbage = runInNewContext("gc") as () => void;
      const table = sc.broadcast(large());
      assert.equal(table.value.length, 10_000);
      await table.unpersist();
      for (let round = 0; round < 5; round++) {
        collectGarbage();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      assert.deepEqual(table.value, large());
      assert.equal(await sc.range(1).map(() => table.value.length).first(), 10_000);
    },
  },
  {
    // PySpark reads the broadcast's own file; here the object is enough.
    name: "a broadcast can be read after its context was stopped",
    pyspark: "test_broadcast.test_broadcast_when_sc_none",
    settings: {},
    async run(sc) {
      const table = sc.broadcast([1, 2, 3, 4]);
      await sc.stop();
      assert.deepEqual(table.value, [1, 2, 3, 4]);
      await table.unpersist(true);
      assert.deepEqual(table.value, [1, 2, 3, 4]);
      await table.destroy(true);
      assert.throws(() => table.value, { code: "NotAvailable" });
    },
  },
  {
    name: "a context is no value, and a task lets go of nothing",
    pyspark: "test_broadcast.test_broadcast_for_error_condition",
    async run(sc) {
      const broadcast = () => sc.broadcast(sc);
      await refused(broadcast, RecordError, "ContextOnlyOnDriver", /SparkContext/);
      const table = sc.broadcast([1]);
      for (const act of [() => table.destroy(), () => table.unpersist()]) {
        const job = () => sc.range(1).foreach(() => void act());
        await refused(job, PlanError, "ContextOnlyOnDriver", /broadcast \d+ in a task/);
      }
    },
  },
];
