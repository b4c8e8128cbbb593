/** Small jobs of many kinds, each of which knows its answer, and the faults that meet some of them. */
import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import type { SparkContext } from "@flint/flint";
import type { Random } from "../../simulation/random.ts";
import { children } from "../processes.ts";

/** Runs a job, and throws if its answer is not the right one. `folder`: for what it saves. */
export type Kind = (sc: SparkContext, random: Random, folder: string) => Promise<void>;

/** The sum of the numbers below `end`. */
const sumBelow = (end: number) => end * (end - 1) / 2;

export const KINDS: Readonly<Record<string, Kind>> = {
  async reduceByKey(sc, random) {
    const [records, keys] = [random.between(1000, 20_000), random.between(1, 500)];
    const counts = await sc.range(0, records, 1, 4).map((x) => [`word ${x % keys}`, 1])
      .reduceByKey((a, b) => a + b, 3).collectAsMap();
    assert.equal(counts.size, keys);
    for (const [word, count] of counts) {
      assert.equal(count, Math.ceil((records - Number(word.slice(5))) / keys));
    }
  },
  // About 3 MB of records, three times what a task may hold.
  async sortBy(sc, random) {
    const records = random.between(40_000, 60_000);
    const sorted = sc.range(0, records, 1, 3).map((x) =>
      `${(x * 7919) % records}`.padStart(60, "0")
    );
    const first = await sorted.sortBy((text) => text).take(1000);
    const numbers = Array.from({ length: records }, (_, x) => (x * 7919) % records);
    numbers.sort((a, b) => a - b);
    assert.deepEqual(first.map(Number), numbers.slice(0, 1000));
  },
  async groupByKey(sc, random) {
    const records = random.between(1000, 10_000);
    const sums = await sc.range(0, records, 1, 3).keyBy((x) => x % 10).groupByKey(2)
      .mapValues((values) => [...values].reduce((a, b) => a + b, 0)).values().sum();
    assert.equal(sums, sumBelow(records));
  },
  async join(sc, random) {
    const keys = random.between(10, 1000);
    const left = sc.range(0, keys, 1, 2).map((x) => [x, `left ${x}`]);
    const right = sc.range(0, keys * 2, 2, 3).map((x) => [x, `right ${x}`]);
    const joined = await left.join(right, 2).collect();
    assert.equal(joined.length, Math.ceil(keys / 2));
    for (const [key, pair] of joined) assert.deepEqual(pair, [`left ${key}`, `right ${key}`]);
  },
  async persist(sc, random) {
    const records = random.between(1000, 20_000);
    using kept = sc.range(0, records, 1, 4).map((x) => ({ x })).persist();
    assert.equal(await kept.count(), records);
    assert.equal(await kept.map(({ x }) => x).sum(), sumBelow(records));
  },
  async shared(sc, random) {
    const factor = random.between(2, 100);
    const table = sc.broadcast(Array.from({ length: 5000 }, (_, i) => i * factor));
    const seen = sc.accumulator(0);
    await sc.range(0, 5000, 1, 4).foreach((i) => seen.add(table.value[i]!));
    assert.equal(seen.value, sumBelow(5000) * factor);
  },
  async saveAsTextFile(sc, random, folder) {
    const records = random.between(100, 5000);
    await sc.range(0, records, 1, 3).saveAsTextFile(`${folder}/saved`);
    try {
      assert.equal(await sc.textFile(`${folder}/saved`).map(Number).sum(), sumBelow(records));
    } finally {
      rmSync(`${folder}/saved`, { recursive: true });
    }
  },
  async take(sc, random) {
    const wanted = random.between(1, 50);
    const first = await sc.range(0, 100_000, 1, 8).filter((x) => x % 3 === 0).take(wanted);
    assert.deepEqual(first, Array.from({ length: wanted }, (_, i) => i * 3));
  },
};

/** What goes wrong in some of the jobs, and what becomes of it. */
export const FAULTS: Readonly<Record<string, Kind>> = {
  async throwing(sc, random) {
    const bad = random.below(1000);
    const job = sc.range(0, 1000, 1, 4).map((x) => {
      if (x === bad) throw new RangeError(`no ${x}, please`);
      return x;
    }).sum();
    await assert.rejects(job, new RegExp(`no ${bad}, please`));
  },
  async killed(sc, random, folder) {
    const kind = random.pick(Object.values(KINDS));
    const delayMs = random.below(30);
    const timer = setTimeout(() => {
      const executors = children(Deno.pid);
      if (executors.length > 0) Deno.kill(random.pick(executors), "SIGKILL");
    }, delayMs);
    await kind(sc, random, folder);
    clearTimeout(timer);
  },
  async cancelled(sc, random) {
    const spinning = sc.range(0, 4, 1, 4).map((x) => {
      for (;;) if (x < 0) return x;
    });
    const signal = AbortSignal.timeout(random.between(20, 100));
    await assert.rejects(spinning.count({ signal }), { name: "TimeoutError" });
  },
  async removed(sc, random) {
    const counts = sc.range(0, 8000, 1, 4).map((x) => [x % 100, 1]).reduceByKey((a, b) => a + b, 3);
    const first = await counts.collect();
    const files = shuffleFiles();
    if (files.length > 0) rmSync(random.pick(files));
    assert.deepEqual(await counts.collect(), first);
    assert.deepEqual(first.map(([, count]) => count), Array(100).fill(80));
  },
};

/** The data files of all map outputs that are kept. */
function shuffleFiles(): string[] {
  const temp = Deno.env.get("TMPDIR")!;
  return (readdirSync(temp, { recursive: true }) as string[])
    .filter((name) => name.includes("exchange-") && name.endsWith(".data"))
    .map((name) => `${temp}/${name}`).sort();
}
