/** Groups that are larger than memory. */
import assert from "node:assert/strict";
import { StorageLevel } from "@flint/flint";
import type { Program } from "../program.ts";

const RECORDS = 2_000_001;
const EACH = RECORDS / 3;

export const groups: readonly Program[] = [
  {
    name: "three groups of 667,000 values within 1 MB, kept, filtered, gone over twice",
    pyspark: "test_rdd.test_external_group_by_key",
    settings: { "spark.python.worker.memory": "1m" },
    async run(sc) {
      let bytesSpilled = 0;
      using _listening = sc.events.subscribe((event) => {
        if (event.type === "task.ended") bytesSpilled += event.metrics.bytesSpilled;
      });
      // What PySpark keeps in the memory of the JVM has to go to disk here.
      const grouped = sc.range(RECORDS).map((n) => [n % 3, n]).groupByKey()
        .persist(StorageLevel.MEMORY_AND_DISK);
      assert.equal(await grouped.count(), 3);
      assert(bytesSpilled > RECORDS);
      bytesSpilled = 0;

      const one = grouped.filter(([key]) => key === 1);
      assert.equal(await one.count(), 1);
      assert.deepEqual(await one.mapValues((values) => values.length).collect(), [[1, EACH]]);
      const twice = one.values().map((values) => {
        const counts: number[] = [];
        let sum = 0;
        for (let round = 0; round < 2; round++) {
          let count = 0;
          for (const n of values) {
            count++;
            sum += n;
          }
          counts.push(count);
        }
        return { counts, sum };
      });
      // 1, 4, 7 … : EACH numbers, twice
      const sum = 2 * (EACH + 3 * EACH * (EACH - 1) / 2);
      assert.deepEqual(await twice.collect(), [{ counts: [EACH, EACH], sum }]);

      assert.equal(bytesSpilled, 0); // what is kept is not grouped again
      const [[, values] = [1, []]] = await one.collect();
      assert.equal(values.length, EACH);
      for (let round = 0; round < 2; round++) {
        let next = 1;
        for (const n of values) {
          if (n !== next) assert.equal(n, next);
          next += 3;
        }
        assert.equal(next, 1 + RECORDS);
      }
    },
  },
];
