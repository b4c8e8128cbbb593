/** Datasets that are partitioned alike do not move again, on a real engine. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type RDD, SparkContext } from "../../mod.ts";
import { test } from "../helpers/shared_context.ts";

const sc = new SparkContext({ master: "local[2]", name: "co-partitioned" });
Deno.test.afterAll(() => sc.stop());

const pairs = (count: number, slices: number) =>
  sc.parallelize(Array.from({ length: count }, (_, i) => i), slices).map((i) => [i, i]);

/** How many stages the jobs of `act` had in all, whether they had to run or not. */
async function stagesOf(act: () => Promise<unknown>): Promise<number> {
  let stages = 0;
  using _listening = sc.events.subscribe((event) => {
    if (event.type === "job.started") stages += event.stages.length;
  });
  await act();
  return stages;
}

function sorted<T>(records: readonly T[]): T[] {
  return records.toSorted((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
}

test("a union of what is partitioned alike has as many partitions as each side", async () => {
  const rdd = pairs(10, 3);
  const parted = rdd.partitionBy(2);
  assert.equal(await parted.union(parted).getNumPartitions(), 2);
  assert.equal(await parted.union(rdd).getNumPartitions(), 5);
  assert.equal(await rdd.union(parted).getNumPartitions(), 5);
  assert.equal(await parted.union(rdd.partitionBy(3)).getNumPartitions(), 5);
  assert.equal(await parted.union(parted.mapValues((v) => v + 1)).getNumPartitions(), 2);
  const keys = await parted.union(parted).keys().glom().collect();
  const once = await parted.keys().glom().collect();
  assert.deepEqual(keys, once.map((part) => [...part, ...part]));
});

test("a join of what is partitioned alike is two stages, else three", async () => {
  const rdd = pairs(10, 2);
  const parted = rdd.partitionBy(2);
  for (const [other, stages] of [[parted, 2], [rdd, 3]] as const) {
    const found: [number, [number, number]][] = [];
    assert.equal(
      await stagesOf(async () => found.push(...await parted.join(other).collect())),
      stages,
    );
    assert.deepEqual(sorted(found), sorted(Array.from({ length: 10 }, (_, i) => [i, [i, i]])));
    assert.equal(await stagesOf(() => parted.cogroup(other).collect()), stages);
  }
});

test("what is partitioned already is combined, grouped and sorted where it lies", async () => {
  const parted = pairs(20, 3).map(([i, v]) => [i % 6, v]).partitionBy(3);
  const sums = parted.reduceByKey((a, b) => a + b);
  const expected = await pairs(20, 3).map(([i, v]) => [i % 6, v]).reduceByKey((a, b) => a + b, 3)
    .collect();
  let found: unknown;
  assert.equal(await stagesOf(async () => found = await sums.collect()), 2);
  assert.deepEqual(found, expected);
  assert.equal(await stagesOf(() => parted.groupByKey().collect()), 2);
  const again = sums.reduceByKey((a, b) => a - b, 3).groupByKey();
  assert.equal(await stagesOf(async () => found = await again.mapValues(([v]) => v!).collect()), 2);
  assert.deepEqual(found, expected);
  const within = parted.repartitionAndSortWithinPartitions({ partitions: 3 });
  assert.equal(await stagesOf(async () => found = await within.keys().glom().collect()), 2);
  assert.deepEqual(
    found,
    (await parted.keys().glom().collect()).map((part) => part.toSorted((a, b) => a - b)),
  );
  assert.equal(await stagesOf(() => sums.reduceByKey((a, b) => a + b, 4).collect()), 3);
});

test("the same function divides in the same way, whenever it was captured", async () => {
  let shift = 0;
  const byRest = (key: number) => key + shift;
  const options = { partitions: 2, partitionFunction: byRest };
  const first = pairs(8, 2).partitionBy(options);
  assert.deepEqual(await first.keys().glom().collect(), [[0, 2, 4, 6], [1, 3, 5, 7]]);
  shift = 1;
  const second = pairs(8, 4).partitionBy(options);
  const both = first.union(second);
  assert.equal(await both.getNumPartitions(), 2);
  assert.deepEqual(await both.keys().distinct().count(), 8);
  assert.deepEqual((await both.keys().glom().collect())[0], [0, 2, 4, 6, 0, 2, 4, 6]);
  const other = pairs(8, 4).partitionBy({ ...options, partitionFunction: (key) => key });
  assert.equal(await first.union(other).getNumPartitions(), 4);
});

test("lookup asks one partition of an aligned union", async () => {
  const parted = pairs(10, 3).partitionBy(4);
  let tasks = 0;
  await parted.count();
  using _listening = sc.events.subscribe((event) => {
    if (event.type === "task.started") tasks++;
  });
  assert.deepEqual(await parted.union(parted).lookup(7), [7, 7]);
  assert.equal(tasks, 1);
});

test("async functions before and after what is done in place", async () => {
  const parted = pairs(10, 2).partitionBy(2);
  const slow = parted.mapPartitions(async function* (records: Iterable<[number, number]>) {
    for (const record of records) yield await Promise.resolve(record);
  }, { preservesPartitioning: true });
  let found: number[] = [];
  const doubled = slow.reduceByKey((a, b) => a + b)
    .mapAsync(([key, value]) => Promise.resolve(key + value));
  assert.equal(await stagesOf(async () => found = await doubled.collect()), 2);
  assert.deepEqual(found.toSorted((a, b) => a - b), Array.from({ length: 10 }, (_, i) => 2 * i));
});

test("an error of a function that combines in place names it", async () => {
  const parted = pairs(2, 1).map(([_, v]) => ["k", v]).partitionBy(1);
  const failing = parted.reduceByKey((_a, _b): number => {
    throw new Error("no sum");
  });
  await assert.rejects(failing.collect(), /combine's function at .*no sum/);
});

test("joins and groups say the same whether anything moves or not", async () => {
  const pair = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 9 }));
  const input = fc.array(pair, { maxLength: 14 });
  const property = fc.asyncProperty(
    input,
    input,
    fc.integer({ min: 1, max: 3 }),
    async (a, b, n) => {
      const [left, right] = [sc.parallelize(a, 2), sc.parallelize(b, 3)];
      const [partedLeft, partedRight] = [left.partitionBy(n), right.partitionBy(n)];
      const moved = [
        left.join(right, n),
        left.leftOuterJoin(right, n),
        left.subtractByKey(right, n),
        left.aggregateByKey("" as string, (text, v) => text + v, (x, y) => x + y, n),
      ] as RDD<unknown>[];
      const inPlace = [
        partedLeft.join(partedRight),
        partedLeft.leftOuterJoin(partedRight),
        partedLeft.subtractByKey(partedRight),
        partedLeft.aggregateByKey("" as string, (text, v) => text + v, (x, y) => x + y),
      ] as RDD<unknown>[];
      const tagged = (rdds: readonly RDD<unknown>[]) =>
        sc.union(rdds.map((rdd, which) => rdd.map((record) => [which, record] as const))).collect();
      assert.deepEqual(await tagged(inPlace), await tagged(moved));
    },
  );
  await fc.assert(property, { numRuns: 6 });
});
