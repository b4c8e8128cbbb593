/** Files and nothing as datasets, on a real engine. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { InputError, PlanError, SparkContext } from "../../mod.ts";
import { test } from "../helpers/shared_context.ts";

const sc = new SparkContext({ master: "local[2]", name: "sources" });
const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "flint-sources-" }));
Deno.test.afterAll(async () => {
  await sc.stop();
  await Deno.remove(folder, { recursive: true });
});

test("emptyRDD has no records and no partitions, and goes everywhere", async () => {
  const empty = sc.emptyRDD<number>();
  assert.equal(await empty.getNumPartitions(), 0);
  assert.deepEqual(await empty.collect(), []);
  assert.equal(await empty.map((n) => n + 1).count(), 0);
  assert.deepEqual(await empty.union(sc.range(2)).collect(), [0, 1]);
  assert.deepEqual(await empty.map((n) => [n, n]).reduceByKey((a, b) => a + b).collect(), []);
  assert.deepEqual(await empty.zipWithIndex().collect(), []);
  assert.deepEqual(await empty.zip(empty).collect(), []);
  assert.deepEqual(await empty.cartesian(sc.range(2)).collect(), []);
  assert.deepEqual(await empty.take(1), []);
  assert.deepEqual(await empty.takeSample(1), []);
  assert.equal(await empty.sum(), 0);
  assert.deepEqual(await empty.sortBy((n) => n).collect(), []);
});

test("a gzip file is read as text, in one partition", async () => {
  const lines = Array.from({ length: 300_000 }, (_, n) => `line ${n} of the file`);
  const packed = [gzipSync(lines.join("\n") + "\n"), gzipSync("last\n")];
  await Deno.writeFile(`${folder}/text.gz`, new Uint8Array(packed.flatMap((part) => [...part])));
  const text = sc.textFile(`${folder}/text.gz`, 8);
  assert.equal(await text.getNumPartitions(), 1);
  assert.equal(await text.count(), 300_001);
  assert.deepEqual(await text.take(2), lines.slice(0, 2));
  assert.equal(await text.filter((line) => line === "last").count(), 1);
});

test("a gzip file that is cut off fails the job, and the next job is right", async () => {
  const packed = new Uint8Array(gzipSync("one\n".repeat(500_000)));
  await Deno.writeFile(`${folder}/cut.gz`, packed.subarray(0, -4));
  await assert.rejects(sc.textFile(`${folder}/cut.gz`).count(), (error) => {
    assert(error instanceof InputError, `${error}`);
    assert.equal(error.code, "CorruptInput");
    assert.match(error.message, /cut\.gz.*damaged or cut off/);
    return true;
  });
  assert.equal(await sc.range(3).count(), 3);
});

test("whole files and records of a fixed length", async () => {
  await Deno.writeTextFile(`${folder}/a.txt`, "12");
  await Deno.writeTextFile(`${folder}/b.txt`, "3456");
  const named = [[`${folder}/a.txt`, "12"], [`${folder}/b.txt`, "3456"]];
  const pattern = `${folder}/*.txt`;
  assert.deepEqual(await sc.wholeTextFiles(pattern, 1).collect(), named);
  assert.equal(await sc.wholeTextFiles(pattern, { partitionsMin: 4 }).getNumPartitions(), 2);
  const bytes = await sc.binaryFiles(new URL(`file://${folder}/a.txt`)).collect();
  assert.deepEqual(bytes, [[`${folder}/a.txt`, new Uint8Array([49, 50])]]);
  const records = sc.binaryRecords(pattern, 2).map((record) => new TextDecoder().decode(record));
  assert.deepEqual(await records.collect(), ["12", "34", "56"]);
  await assert.rejects(sc.binaryRecords(pattern, 4).count(), /a\.txt.*2 bytes.*records of 4 bytes/);
  for (const length of [0, 1.5, NaN]) {
    assert.throws(() => sc.binaryRecords(pattern, length), PlanError);
  }
});
