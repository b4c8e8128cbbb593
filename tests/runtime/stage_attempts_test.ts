/** A stage that loses its input is started again, as often as it may; on a real engine. */
import assert from "node:assert/strict";
import { JobError, SparkContext } from "../../mod.ts";
import { test } from "../helpers/shared_context.ts";

/** Sums of two partitions. The task of the first one damages what the second reads. */
async function sumsWithLoss(stageAttempts?: number): Promise<[number, number][]> {
  const folder = await Deno.makeTempDir({ prefix: "flint_stage_attempts_" });
  const conf = {
    "spark.local.dir": folder,
    "flint.allow.read": folder,
    "flint.allow.write": folder,
    ...(stageAttempts === undefined ? {} : { "spark.stage.maxConsecutiveAttempts": stageAttempts }),
  };
  try {
    await using sc = new SparkContext({ master: "local[1]", conf });
    const damage = (path: string): void => {
      for (const { name, isFile, isDirectory } of Deno.readDirSync(path)) {
        if (isDirectory) damage(`${path}/${name}`);
        else if (isFile && /executor-\d+-0-disk/.test(path)) {
          Deno.truncateSync(`${path}/${name}`, 9);
        }
      }
    };
    const sums = sc.range(100).map((n) => [n % 10, n] as const)
      .reduceByKey((a, b) => a + b, { partitions: 2 })
      .mapPartitionsWithIndex((partition, records) => {
        const all = [...records];
        if (partition === 0) damage(folder);
        return all;
      });
    return (await sums.collect()).sort(([a], [b]) => a - b);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

test("lost map outputs are made again", async () => {
  assert.deepEqual(await sumsWithLoss(), Array.from({ length: 10 }, (_, n) => [n, 450 + 10 * n]));
});

test("spark.stage.maxConsecutiveAttempts says how often", async () => {
  await assert.rejects(sumsWithLoss(1), (error: JobError) => {
    assert(error instanceof JobError, String(error));
    assert.equal(error.code, "MapOutputLost");
    assert.match(error.message, /^Partition 1 of stage/);
    assert.match(error.message, /it was lost once/);
    return true;
  });
});
