/**
 * What tasks drew at random, or took from the clock, does not come out the same a second time
 * (docs/decisions/0028): where a part of it is lost after others of it were read, all that was made of
 * it is made anew, so that every record is there once.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { type RDD, SparkContext } from "../../mod.ts";
import { test } from "../helpers/shared_context.ts";

const folder = Deno.makeTempDirSync({ prefix: "flint_drawn_" });
const conf = {
  "spark.local.dir": folder,
  "flint.allow.read": folder,
  "flint.allow.write": folder,
};
const sc = new SparkContext({ master: "local[1,4]", conf });
let lost = 0;
let killed = 0;
sc.addSparkListener({
  onTaskEnd: ({ outcome }) => void (!outcome.ok && outcome.failure.name === "InputLost" && lost++),
  onExecutorRemoved: () => void killed++,
});

Deno.test.afterAll(async () => {
  await sc.stop();
  await Deno.remove(folder, { recursive: true });
});

const RECORDS = 2_000;
const numbers = sc.range(RECORDS, { partitions: 4 });
const all = await numbers.collect();

/** Each deals the numbers out to three partitions, in another way each time. */
const PROGRAMS: Readonly<Record<string, () => RDD<number>>> = {
  "Math.random": () => numbers.map((n) => [Math.random(), n]).partitionBy(3).values(),
  "the time": () => numbers.map((n) => [performance.now() + n, n]).partitionBy(3).values(),
  "crypto": () =>
    numbers.map((n) => [crypto.randomUUID(), n]).groupByKey(3).flatMap(([, ns]) => ns),
  "a sort": () => numbers.sortBy(() => Math.random(), { partitions: 3 }),
  "two exchanges": () =>
    numbers.map((n) => [Math.random(), n] as [number, number]).partitionBy(3)
      .map(([draw, n]) => [Math.floor(draw * 1e6), n]).partitionBy(3).values(),
  "what is persisted": () =>
    numbers.map((n) => [Math.random(), n]).partitionBy(3).values().persist(),
};

for (const [name, program] of Object.entries(PROGRAMS)) {
  test(`drawn, lost and drawn again: ${name}`, async () => {
    const before = { lost, killed };
    const read = sc.longAccumulator();
    const marker = `${folder}/${name}`;
    const seen = program().mapPartitionsWithIndex(function* (partition, records) {
      for (const n of records) {
        read.add(1);
        yield n;
      }
      if (partition === 1) damageOnce(folder, marker);
    });
    const numbers = await seen.collect();
    assert(lost > before.lost && killed > before.killed, "nothing was made again");
    assert.deepEqual(numbers.sort((a, b) => a - b), all);
    assert.equal(read.value, RECORDS, "what was rolled back counts");
  });
}

test("what was not drawn is not read again by those who have read it", async () => {
  const marker = `${folder}/determinate`;
  const starts: number[] = [];
  const program = numbers.map((n) => [new Date(n).getTime(), n]).partitionBy(3).values();
  const seen = program.mapPartitionsWithIndex(function* (partition, records) {
    yield* records;
    if (partition === 1) damageOnce(folder, marker);
  });
  using _listening = sc.events.subscribe((event) => {
    if (event.type === "task.started") starts.push(event.task.partition);
  });
  assert.deepEqual((await seen.collect()).sort((a, b) => a - b), all);
  // Its map task, that again, and what reads.
  assert.equal(starts.filter((partition) => partition === 0).length, 3);
});

test("drawn, lost and drawn again: what is saved", async () => {
  const [marker, path] = [`${folder}/save`, `${folder}/saved`];
  const drawn = numbers.map((n) => [Math.random(), n]).partitionBy(3).values();
  await drawn.mapPartitionsWithIndex(function* (partition, records) {
    yield* records;
    if (partition === 1) damageOnce(folder, marker);
  }).saveAsTextFile(path);
  const saved = (await sc.textFile(path).collect()).map(Number);
  assert.deepEqual(saved.sort((a, b) => a - b), all);
});

/** The first time, damages all map outputs and kills the executor. */
function damageOnce(folder: string, marker: string): void {
  if (existsSync(marker)) return;
  Deno.writeTextFileSync(marker, "");
  const damage = (path: string): void => {
    for (const { name, isDirectory } of Deno.readDirSync(path)) {
      if (isDirectory) damage(`${path}/${name}`);
      else if (name.endsWith(".data")) Deno.truncateSync(`${path}/${name}`, 9);
    }
  };
  damage(folder);
  Deno.kill(Deno.pid, "SIGKILL");
}
