/** Approximate actions on a real engine, and exact samples by key. */
import assert from "node:assert/strict";
import { BoundedFloat, PlanError, RecordError, SparkContext, TaskError } from "../../mod.ts";
import { refused, test } from "../helpers/shared_context.ts";

const sc = new SparkContext({ master: "local[2]", name: "approximate" });
Deno.test.afterAll(() => sc.stop());

/** Ten records in each of four partitions, of which the last two never end. */
const endless = sc.range(40, { partitions: 4 }).mapPartitionsWithIndex((index, records) => {
  while (index >= 2);
  return [...records];
});

test("in time all partitions are counted: the result is exact", async () => {
  const numbers = sc.range(1000, { partitions: 10 });
  const results = [
    [await numbers.countApprox(60_000), 1000],
    [await numbers.sumApprox(60_000, 0.5), 499_500],
    [await numbers.meanApprox(60_000, { confidence: 0.5 }), 499.5],
  ] as const;
  for (const [{ value, confidence, low, high }, expected] of results) {
    assert.deepEqual([value, confidence, low, high], [expected, 1, expected, expected]);
  }
  assert.equal(Number(await sc.parallelize([], 2).countApprox(60_000)), 0);
});

test("at the timeout what is running is cancelled, and the rest is estimated", async () => {
  await sc.range(4, { partitions: 4 }).count(); // the executors are there
  const count = await endless.countApprox(2500, 0.9);
  assert.ok(count instanceof BoundedFloat);
  // Both finished partitions had ten records.
  assert.deepEqual([count.value, count.confidence], [40, 0.9]);
  assert.ok(20 < count.low && count.low < 40 && 40 < count.high && count.high < Infinity);
  assert.equal(await sc.range(10).sum(), 45);
});

test("a timeout of nothing knows nothing; a signal and an error are told as such", async () => {
  const sum = await endless.sumApprox(0);
  assert.deepEqual([sum.confidence, sum.low, sum.high], [0, -Infinity, Infinity]);
  const reason = new Error("enough");
  await assert.rejects(endless.meanApprox(60_000, 0.95, { signal: AbortSignal.timeout(50) }), {
    name: "TimeoutError",
  });
  await assert.rejects(
    endless.countApprox(60_000, { signal: AbortSignal.abort(reason) }),
    (error) => error === reason,
  );
  const failing = sc.range(4).map((n): number => {
    throw new Error(`not ${n}`);
  });
  await assert.rejects(failing.countApprox(60_000), TaskError);
  await refused(() => endless.countApprox(-1), PlanError, "InvalidArgument", /timeoutMs is -1/);
  await refused(() => endless.countApprox(1, 95), PlanError, "InvalidArgument", /confidence is 95/);
});

test("sampleByKeyExact draws just as many of each key as it is told", async () => {
  const sizes = { a: 1000, b: 7, c: 1, d: 40 };
  const fractions = { a: 0.3, b: 0.5, c: 0, d: 1 };
  const pairs = sc.parallelize(Object.entries(sizes), 2)
    .flatMapValues((size) => Array.from({ length: size }, (_, i) => i))
    .repartition(3) as ReturnType<typeof sc.parallelize<[keyof typeof sizes, number]>>;
  const drawn = await pairs.sampleByKeyExact(fractions, { seed: 3 }).groupByKey().collectAsMap();
  const values = (key: keyof typeof sizes) => drawn.get(key)?.toArray() ?? [];
  assert.deepEqual([values("a").length, values("b").length, values("c").length], [300, 4, 0]);
  assert.equal(new Set(values("a")).size, 300, "none is drawn twice");
  assert.equal(new Set(values("d")).size, 40);
  const again = await pairs.sampleByKeyExact(false, fractions, 3).collect();
  assert.deepEqual(again, await pairs.sampleByKeyExact(fractions, { seed: 3 }).collect());
  assert.notDeepEqual(again, await pairs.sampleByKeyExact(fractions, { seed: 4 }).collect());
  const often = await pairs.sampleByKeyExact(true, { ...fractions, b: 30.1 }, 3).countByKey();
  assert.deepEqual([often.get("a"), often.get("b"), often.get("d")], [300, 211, 40]);
});

test("sampleByKeyExact draws each value as often as the others", async () => {
  const keys = 2000;
  const groups = sc.range(keys, { partitions: 2 }).map((key) => [key, 0])
    .flatMapValues(() => [0, 1, 2, 3, 4]);
  for (const replacement of [false, true]) {
    const fractions = new Map(Array.from({ length: keys }, (_, key) => [key, 0.4]));
    const counts = await groups.sampleByKeyExact(replacement, fractions, 9).values().countByValue();
    assert.equal([...counts.values()].reduce((a, b) => a + b), 2 * keys);
    for (const count of counts.values()) assert.ok(Math.abs(count - 800) < 120, `${count}`);
  }
});

test("sampleByKeyExact says which key has no fraction", async () => {
  const sampled = sc.parallelize([["k", 1]] as [string, number][]).sampleByKeyExact({ other: 1 });
  await refused(() => sampled.collect(), RecordError, "MissingFraction", /sampleByKeyExact.*"k"/s);
});

test("countApproxDistinctByKey: about as many as there are, and keyed options", async () => {
  const pairs = sc.range(6000, { partitions: 3 }).map((
    n,
  ) => [n % 3, `value ${n % (n % 3 * 50 + 10)}`]);
  const exact = await pairs.distinct().countByKey();
  const counts = await pairs.countApproxDistinctByKey(0.02).collectAsMap();
  assert.equal(counts.size, 3);
  for (const [key, count] of counts) {
    assert.ok(Math.abs(count - exact.get(key)!) <= 0.1 * exact.get(key)!, `${key}: ${count}`);
  }
  const parted = pairs.countApproxDistinctByKey({ partitions: 2 });
  assert.equal((await parted.partitioner)?.numPartitions, 2);
  await refused(
    () => pairs.countApproxDistinctByKey(1),
    PlanError,
    "InvalidArgument",
    /relativeSD is 1/,
  );
});
