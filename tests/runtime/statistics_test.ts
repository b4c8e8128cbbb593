/** Statistics and the order of records on a real engine, against what arrays say. */
import assert from "node:assert/strict";
import { PlanError, RecordError, SparkContext } from "../../mod.ts";
import { refused, test } from "../helpers/shared_context.ts";

const sc = new SparkContext({ master: "local[2]", name: "statistics" });
Deno.test.afterAll(() => sc.stop());

test("mean, variance and their roots", async () => {
  const numbers = sc.parallelize([1, 2, 3], 2);
  assert.equal(await numbers.mean(), 2);
  assert.equal(await numbers.variance(), 2 / 3);
  assert.equal(await numbers.stdev(), Math.sqrt(2 / 3));
  assert.equal(await numbers.sampleVariance(), 1);
  assert.equal(await numbers.sampleStdev(), 1);
  const none = sc.parallelize<number>([]);
  assert.deepEqual([await none.mean(), await none.variance()], [0, NaN]);
  const parsed = sc.parallelize(['"2"']).map((text) => JSON.parse(text));
  await refused(() => parsed.mean(), RecordError, "NotANumber", /mean\(\).*"2"/);
});

test("a histogram of so many buckets of equal width", async () => {
  const numbers = sc.range(0, 51, 1, 4);
  assert.deepEqual(await numbers.histogram(2), [[0, 25, 50], [25, 26]]);
  assert.deepEqual(await numbers.histogram(1), [[0, 50], [51]]);
  const [edges, counts] = await sc.parallelize([1, 2, 3, 4], 2).histogram(2);
  assert.deepEqual([edges, counts], [[1, 2.5, 4], [2, 2]]);
  assert.deepEqual(await sc.parallelize([3, 3, 3], 2).histogram(5), [[3, 3], [3]]);
  assert.deepEqual(await sc.parallelize([1]).histogram(10), [[1, 1], [1]]);
  const gaps = sc.parallelize([NaN, 1, null, 4, undefined, NaN], 3);
  assert.deepEqual(await gaps.histogram(3), [[1, 2, 3, 4], [1, 0, 1]]);
  assert.deepEqual(await sc.range(1, 101).histogram(20), [
    Array.from({ length: 20 }, (_, i) => 1 + i * 4.95).concat(100),
    Array(20).fill(5),
  ]);
});

test("a histogram between edges", async () => {
  const numbers = sc.range(0, 51, 1, 3);
  assert.deepEqual((await numbers.histogram([0, 5, 25, 50]))[1], [5, 20, 26]);
  assert.deepEqual((await numbers.histogram([0, 15, 30, 45, 60]))[1], [15, 15, 15, 6]);
  assert.deepEqual((await numbers.histogram([10, 20]))[1], [11]);
  assert.deepEqual((await numbers.histogram([100, 200, 300]))[1], [0, 0]);
  const odd = sc.parallelize([10.01, -0.01, NaN, -Infinity, Infinity, 0, 10, null]);
  assert.deepEqual((await odd.histogram([0, 4, 10]))[1], [1, 1]);
  assert.deepEqual((await odd.histogram([-Infinity, 0, Infinity]))[1], [2, 4]);
  assert.deepEqual((await sc.parallelize<number>([]).histogram([0, 1]))[1], [0]);
  const words = sc.parallelize(["ab", "ac", "b", "bd", "ef"], 2);
  assert.deepEqual(await words.histogram(["a", "b", "c"]), [["a", "b", "c"], [2, 2]]);
  // The edges are what counts, however they were reckoned.
  const tenths = Array.from({ length: 11 }, (_, i) => i / 10);
  assert.deepEqual((await sc.parallelize(tenths).histogram(tenths))[1], [...Array(9).fill(1), 2]);
});

test("one bucket from the least to the greatest, of anything that can be sorted", async () => {
  const words = sc.parallelize(["b", undefined, "ef", "ab", null], 4);
  assert.deepEqual(await words.histogram(1), [["ab", "ef"], [3]]);
  assert.deepEqual(await sc.parallelize([[2, "a"], [1, "b"]]).histogram(1), [
    [[1, "b"], [2, "a"]],
    [2],
  ]);
  assert.deepEqual(await sc.parallelize([1, -Infinity, NaN]).histogram(1), [[-Infinity, 1], [2]]);
  await refused(
    () => sc.parallelize<unknown>(["a", 1], 2).histogram(1),
    RecordError,
    "KeyTypeMismatch",
    /string/,
  );
});

test("histograms that make no sense", async () => {
  const numbers = sc.range(4);
  const bad = async (buckets: unknown, message: RegExp) =>
    await refused(
      () => numbers.histogram(buckets as number[]),
      PlanError,
      "InvalidArgument",
      message,
    );
  await bad(0, /buckets is 0/);
  await bad(2.5, /buckets is 2.5/);
  await bad("2", /buckets is "2"/);
  await bad([1], /1 edges/);
  await bad([], /0 edges/);
  await bad([1, NaN, 3], /edge 1 is NaN/);
  await bad([null, 3], /edge 0 is null/);
  await bad([1, 3, 2], /3 and 2 descend/);
  await bad([1, 2, 2], /equal: 2 and 2/);
  await refused(
    () => sc.parallelize([NaN]).histogram(2),
    PlanError,
    "EmptyCollection",
    /histogram/,
  );
  for (const wide of [[0, Infinity], [-1.7e308, 1.7e308]]) {
    const rdd = sc.parallelize(wide);
    await refused(() => rdd.histogram(2), PlanError, "InvalidArgument", /equal width/);
  }
  const words = sc.parallelize(["a", "b"]) as unknown as typeof numbers;
  await refused(() => words.histogram(2), RecordError, "NotANumber", /histogram\(\).*"[ab]"/);
  await refused(() => words.histogram([1, 2]), RecordError, "KeyTypeMismatch", /string/);
});

test("top and takeOrdered are the beginning of a stable sort", async () => {
  const records = Array.from({ length: 200 }, (_, i): [number, number] => [(i * 7919) % 31, i]);
  const ascending = records.toSorted((a, b) => a[0] - b[0]);
  const descending = records.toSorted((a, b) => b[0] - a[0]);
  for (const partitions of [1, 3, 8]) {
    const rdd = sc.parallelize(records, partitions);
    for (const n of [0, 1, 10, 500]) {
      assert.deepEqual(await rdd.takeOrdered(n, ([key]) => key), ascending.slice(0, n));
      assert.deepEqual(await rdd.top(n, { keyOf: ([key]) => key }), descending.slice(0, n));
    }
  }
  const mixed = sc.parallelize([3, undefined, NaN, 1n, null, -0] as unknown[], 3);
  assert.deepEqual(await mixed.takeOrdered(9), [-0, 1n, 3, NaN, null, undefined]);
  assert.deepEqual(await sc.range(9).top(2, { signal: AbortSignal.timeout(60_000) }), [8, 7]);
  await refused(() => mixed.top(-1), PlanError, "InvalidArgument", /n is -1/);
  await refused(
    () => mixed.top(1, (() => Promise.resolve(1)) as () => unknown),
    RecordError,
    "PromiseReturned",
    /top\(\)/,
  );
});

test("max and min, of values and by key", async () => {
  const words = sc.parallelize(["pear", "fig", "apple", "kiwi"], 3);
  assert.deepEqual([await words.max(), await words.min()], ["pear", "apple"]);
  const length = (word: string) => word.length;
  assert.deepEqual([await words.max(length), await words.min(length)], ["apple", "fig"]);
  assert.equal(await words.max({ keyOf: (word) => -word.length }), "fig");
  const none = sc.parallelize<number>([], 3);
  await refused(() => none.max(), PlanError, "EmptyCollection", /max\(\)/);
  await refused(() => none.min(), PlanError, "EmptyCollection", /min\(\)/);
  for (const partitions of [1, 2, 3]) {
    // null is greater than both of the others: only the types of all records tell.
    const odd = sc.parallelize([null, 1, "a"] as unknown[], partitions);
    await refused(() => odd.max(), RecordError, "KeyTypeMismatch", /number, string/);
  }
});

test("filterByRange takes both ends and keeps the partitioning", async () => {
  const pairs = sc.parallelize(
    ["a", "b", "c", "d", "c"].map((key, i): [string, number] => [key, i]),
  );
  assert.deepEqual(await pairs.filterByRange("b", "c").collect(), [["b", 1], ["c", 2], ["c", 4]]);
  assert.deepEqual(await pairs.filterByRange("c", "b").collect(), []);
  const hashed = pairs.partitionBy(2).filterByRange("b", "c").partitionBy(2);
  assert.deepEqual((await hashed.toDebugString()).match(/\+-/g)?.length, 1);
});

test("countApproxDistinct is near, and the same for the same records", async () => {
  const few = sc.range(0, 1000, 1, 4).map((n) => n % 20);
  const near = async (count: Promise<number>, expected: number, error: number) => {
    const estimate = await count;
    assert(Math.abs(estimate - expected) <= 4 * error * expected, `${estimate}, not ${expected}`);
  };
  await near(few.countApproxDistinct(), 20, 0.05);
  const many = sc.range(0, 50_000, 1, 2);
  await near(many.map((n) => `${n}`).countApproxDistinct(0.02), 50_000, 0.02);
  await near(
    many.map((n) => [n % 5000, "x"]).countApproxDistinct({ relativeSD: 0.01 }),
    5000,
    0.01,
  );
  assert.equal(
    await many.countApproxDistinct(),
    await many.coalesce(7, true).countApproxDistinct(),
  );
  assert.equal(await sc.parallelize([]).countApproxDistinct(), 0);
  for (const error of [0, 0.00001, 1, NaN]) {
    const act = () => few.countApproxDistinct(error);
    await refused(act, PlanError, "InvalidArgument", /relativeSD is/);
  }
});
