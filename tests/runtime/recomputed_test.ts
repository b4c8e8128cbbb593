/**
 * What an exchange gives is a function of its data alone (docs/decisions/0020): a map output that is
 * lost and made again is the same, record by record, whatever operator made it.
 */
import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import { type RDD, SparkContext } from "../../mod.ts";
import { test } from "../helpers/shared_context.ts";

const folder = Deno.makeTempDirSync({ prefix: "flint_recomputed_" });
const conf = {
  "spark.local.dir": folder,
  "flint.allow.read": folder,
  "flint.allow.write": folder,
};
const sc = new SparkContext({ master: "local[1]", conf });
let lost = 0;
sc.addSparkListener({
  onTaskEnd: ({ outcome }) => void (!outcome.ok && outcome.failure.name === "InputLost" && lost++),
});

Deno.test.afterAll(async () => {
  await sc.stop();
  await Deno.remove(folder, { recursive: true });
});

const numbers = sc.range(2_000, { partitions: 4 });
const pairs = numbers.map((n) => [n % 17, n] as [number, number]);

/** Each of them ends in an exchange of several partitions, none of which is empty. */
const PROGRAMS: Readonly<Record<string, RDD<unknown>>> = {
  "repartition": numbers.repartition(3),
  "repartition of what was repartitioned": numbers.repartition(5).map((n) => n + 1).repartition(3),
  "repartition of a sort": numbers.sortBy((n) => -n, { partitions: 3 }).repartition(3),
  "repartition of a sample without a seed": numbers.sample(0.5).repartition(3),
  "repartition of a sample with replacement": numbers.sample(true, 0.5).repartition(3),
  "repartition of a random split": numbers.randomSplit([1, 1])[0]!.repartition(3),
  "repartition of numbered records": numbers.zipWithUniqueId().repartition(3),
  "repartition of groups": pairs.groupByKey({ partitions: 3 })
    .map(([key, values]) => [key, [...values]]).repartition(3),
  "repartition of a join": pairs.filter(([, n]) => n < 100).join(pairs.filter(([, n]) => n < 50))
    .repartition(3),
  "repartition of what waits": numbers.filter((n) => n % 40 === 0).mapAsync(async (n) => {
    await new Promise((resolve) => setTimeout(resolve, n % 3));
    return n;
  }).repartition(3),
  "groups in their order": pairs.groupByKey({ partitions: 3 })
    .map(([key, values]) => [key, [...values]]),
  "a sort": numbers.map((n) => n % 100).sortBy((n) => n, { partitions: 3 }),
  "distinct": numbers.map((n) => n % 100).distinct({ partitions: 3 }),
};

/** The map outputs that are there. */
function outputs(): string[] {
  const names = readdirSync(folder, { recursive: true }) as string[];
  return names.filter((name) => /exchange-\d+-map-.*\.data$/.test(name)).sort();
}

test("what a later job makes anew does not take the name of what was there", async () => {
  const before = outputs();
  const counts = pairs.reduceByKey((a, b) => a + b, { partitions: 3 });
  const expected = await counts.collect();
  const made = outputs().filter((name) => !before.includes(name));
  assert.equal(made.length, 4);
  rmSync(`${folder}/${made[1]}`);
  assert.deepEqual(await counts.collect(), expected);
  const now = outputs().filter((name) => !before.includes(name));
  assert.equal(now.length, 4);
  assert(!now.includes(made[1]!), `${made[1]} is there again`);
});

for (const [name, program] of Object.entries(PROGRAMS)) {
  test(`lost and made again: ${name}`, async () => {
    const expected = await program.collect();
    const before = lost;
    assert.deepEqual(await program.mapPartitionsWithIndex(damaging).collect(), expected);
    assert(lost > before, "no task has lost its input, so nothing was made again");
  });
}

/** The task of the first partition damages what all others read. */
function damaging(partition: number, records: Iterable<unknown>): unknown[] {
  const all = [...records];
  if (partition !== 0) return all;
  const damage = (path: string): void => {
    for (const { name, isDirectory } of Deno.readDirSync(path)) {
      if (isDirectory) damage(`${path}/${name}`);
      else if (name.endsWith(".data")) Deno.truncateSync(`${path}/${name}`, 9);
    }
  };
  damage(folder);
  return all;
}
