/** When a task is late: the rule, and what comes of it on a real engine. */
import assert from "node:assert/strict";
import { SparkContext, TaskContext } from "../../../mod.ts";
import { patienceMs } from "../../../runtime/local/speculation.ts";
import { test } from "../../helpers/shared_context.ts";

const RULE = { quantile: 0.75, multiplier: 3, taskMsMin: 100 };

const sc = new SparkContext({
  master: "local[2]",
  conf: { "spark.speculation": true, "spark.speculation.quantile": 0.5 },
});

Deno.test.afterAll(() => sc.stop());

Deno.test("nobody is late before enough have ended", () => {
  assert.equal(patienceMs(RULE, 4, [50, 50]), Infinity);
  assert.equal(patienceMs(RULE, 4, [50, 50, 50]), 150);
  assert.equal(patienceMs({ ...RULE, quantile: 0 }, 4, []), Infinity);
  assert.equal(patienceMs({ ...RULE, quantile: 1 }, 4, [50, 50, 50]), Infinity);
});

Deno.test("the only task of a stage is never late", () => {
  assert.equal(patienceMs(RULE, 1, [50]), Infinity);
});

Deno.test("late is what takes longer than the median of the others, so many times", () => {
  assert.equal(patienceMs(RULE, 4, [900, 10, 60]), 180);
  assert.equal(patienceMs(RULE, 4, [900, 60, 40, 10]), 150);
  assert.equal(patienceMs(RULE, 4, [1, 2, 3]), 100);
});

test("of a task that is late the first attempt to end counts, and once", async () => {
  const seen = sc.accumulator(0);
  const numbers = sc.range(4, { partitions: 4 }).mapPartitionsWithIndex((partition, records) => {
    // Only the first attempt hangs, so that the action ends at all shows that there was another one.
    while (partition === 1 && TaskContext.get()!.attemptNumber() === 0);
    seen.add(1);
    return [...records, 10 * TaskContext.get()!.attemptNumber()];
  });
  assert.deepEqual(await numbers.collect(), [0, 0, 1, 10, 2, 0, 3, 0]);
  assert.equal(seen.value, 4);
});

test("map tasks that are late get rivals too", async () => {
  const sums = sc.range(40, { partitions: 4 })
    .mapPartitionsWithIndex((partition, records) => {
      while (partition === 3 && TaskContext.get()!.attemptNumber() === 0);
      return records;
    })
    .map((n) => [n % 2, n] as const)
    .reduceByKey((a, b) => a + b, { partitions: 2 });
  assert.deepEqual((await sums.collect()).sort(([a], [b]) => a - b), [[0, 380], [1, 400]]);
});

test("what is saved is saved once", async () => {
  const folder = await Deno.makeTempDir({ prefix: "flint_speculation_" });
  try {
    await sc.range(8, { partitions: 4 }).mapPartitionsWithIndex((partition, records) => {
      while (partition === 2 && TaskContext.get()!.attemptNumber() === 0);
      return records;
    }).saveAsTextFile(`${folder}/out`);
    const parts = [...Deno.readDirSync(`${folder}/out`)].map(({ name }) => name).sort();
    assert.deepEqual(parts.filter((name) => !/^[._]/.test(name)), [
      "part-00000",
      "part-00001",
      "part-00002",
      "part-00003",
    ]);
    assert.deepEqual((await sc.textFile(`${folder}/out`).collect()).sort(), [..."01234567"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
