/** How datasets are partitioned, and what is spared by knowing it. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Partitioner, PlanError, SparkContext } from "../../mod.ts";
import { refused, test } from "../helpers/shared_context.ts";

const sc = new SparkContext({ master: "local[2]", name: "partitioners" });
Deno.test.afterAll(() => sc.stop());

/** How many records the tasks of `act` read, map sides that have run left out. */
async function recordsReadBy(act: () => Promise<unknown>): Promise<number> {
  let records = 0;
  using _listening = sc.events.subscribe((event) => {
    if (event.type === "task.ended") records += event.metrics.recordsRead;
  });
  await act();
  return records;
}

const numbered = (count: number, slices: number) =>
  sc.range(0, count, 1, slices).map((i) => [i * 7 % count, i]);

test("partitioner: what is known, and what is the same", async () => {
  const pairs = numbered(10, 2);
  assert.equal(await pairs.partitioner, undefined);
  const parted = pairs.partitionBy(4);
  const partitioner = await parted.partitioner;
  assert.ok(partitioner instanceof Partitioner);
  assert.deepEqual([partitioner.kind, partitioner.numPartitions], ["hash", 4]);
  assert.equal(partitioner.partitionFunction, undefined);
  for (
    const same of [
      parted.mapValues((v) => v + 1),
      parted.reduceByKey((a) => a),
      parted.union(parted),
    ]
  ) {
    assert.ok(partitioner.equals(await same.partitioner));
  }
  assert.ok(!partitioner.equals(await pairs.partitionBy(3).partitioner));
  assert.equal(await parted.map((pair) => pair).partitioner, undefined);
  assert.ok(partitioner.equals(await parted.map((pair) => pair, true).partitioner));
  assert.ok(!partitioner.equals(undefined));
  const half = (key: number) => key >> 1;
  const custom = await pairs.partitionBy({ partitions: 4, partitionFunction: half }).partitioner;
  assert.equal(custom?.partitionFunction, half);
  assert.ok(!partitioner.equals(custom));
  const sorted = pairs.sortByKey({ partitions: 2 });
  assert.equal((await sorted.partitioner)?.kind, "range");
  assert.ok((await sorted.partitioner)?.equals(await sorted.filter(() => true).partitioner));
  assert.ok(
    !(await sorted.partitioner)?.equals(await pairs.sortByKey({ partitions: 2 }).partitioner),
  );
  assert.equal(await sorted.union(sorted).getNumPartitions(), 2);
});

test("preferredLocations: every place is as good, and partitions are checked", async () => {
  assert.deepEqual(await numbered(4, 2).preferredLocations(0), []);
  await refused(
    () => numbered(4, 2).preferredLocations(2),
    PlanError,
    "InvalidArgument",
    /partition is 2/,
  );
});

test("filterByRange after sortByKey reads what lies in the range, both ways", async () => {
  const all = numbered(20_000, 3);
  for (const ascending of [true, false]) {
    const sorted = all.sortByKey({ ascending, partitions: 4 });
    await sorted.count();
    const inRange = sorted.mapValues((v) => v + 1).filterByRange(5000, 5100);
    let keys: number[] = [];
    const read = await recordsReadBy(async () => keys = await inRange.keys().collect());
    const expected = Array.from({ length: 101 }, (_, i) => 5000 + i);
    assert.deepEqual(keys, ascending ? expected : expected.toReversed());
    assert.equal(read, 101);
    assert.equal(await inRange.getNumPartitions(), 4);
    const values: number[] = [];
    assert.equal(
      await recordsReadBy(async () => values.push(...await sorted.lookup(7 * 3000 % 20_000))),
      1,
    );
    assert.deepEqual(values, [3000]);
    // What sees a whole partition sees all of it.
    const first = sorted.mapPartitions(([one]) => [one!], { preservesPartitioning: true });
    assert.equal(await first.filterByRange(-1, 20_000).count(), 4);
    assert.equal(await first.filterByRange(5001, 5001).count(), 0);
  }
});

test("filterByRange says what a filter of the sorted pairs says", async () => {
  const key = fc.oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.constantFrom(null, undefined, 1n, -0, 0.5, NaN, Infinity),
  );
  const property = fc.asyncProperty(
    fc.array(fc.tuple(key, fc.nat(9)), { maxLength: 12 }),
    key,
    key,
    fc.boolean(),
    async (pairs, lower, upper, ascending) => {
      const data = sc.parallelize(pairs, 2);
      const sorted = data.sortByKey({ ascending, partitions: 3 }).filterByRange(lower, upper);
      // Of what has not been sorted each record is looked at.
      const expected = data.filterByRange(lower, upper).sortByKey({ ascending, partitions: 1 });
      assert.deepEqual(await sorted.collect(), await expected.collect());
    },
  );
  await fc.assert(property, { numRuns: 15 });
});

test("repartitionAndSortWithinPartitions orders by what keyOf gives; equals keep their order", async () => {
  const pairs = Array.from({ length: 40 }, (_, i): [number, number] => [i * 7 % 10, i]);
  const data = sc.parallelize(pairs, 3);
  const byRest = (key: number) => key % 2;
  const keyOf = (key: number) => -(key >> 2);
  const expected = (ascending: boolean) =>
    [0, 1].map((part) =>
      pairs.filter(([key]) => key % 2 === part)
        .sort(([a], [b]) => (keyOf(a) - keyOf(b)) * (ascending ? 1 : -1))
    );
  const up = data.repartitionAndSortWithinPartitions(2, byRest, true, keyOf);
  assert.deepEqual(await up.glom().collect(), expected(true));
  const options = { partitions: 2, partitionFunction: byRest, ascending: false, keyOf };
  const down = data.repartitionAndSortWithinPartitions(options);
  assert.deepEqual(await down.glom().collect(), expected(false));
  assert.ok((await down.partitioner)?.equals(await up.partitioner));
  const hashed = data.repartitionAndSortWithinPartitions({ keyOf: String });
  assert.equal((await hashed.partitioner)?.kind, "hash");
  assert.equal(await hashed.groupByKey().count(), 10);
});
