/** Actions on a real engine, against what arrays say. */
import assert from "node:assert/strict";
import { PlanError, RecordError, SparkContext } from "../../mod.ts";
import { treeLevels } from "../../runtime/operators/aggregates.ts";
import { refused, test } from "../helpers/shared_context.ts";

const sc = new SparkContext({ master: "local[2]", name: "actions" });
Deno.test.afterAll(() => sc.stop());

class Tally {
  count = 0;
}

test("aggregate gives each fold a zero of its own", async () => {
  const numbers = sc.parallelize([1, 2, 3, 4, 5, 6], 6);
  const sumAndCount = await numbers.aggregate(
    [0, 0],
    ([sum, count], n) => [sum + n, count + 1],
    (a, b) => [a[0] + b[0], a[1] + b[1]],
  );
  assert.deepEqual(sumAndCount, [21, 6]);
  // Both functions change their first argument; a worker runs several partitions.
  const push = (list: number[], n: number) => {
    list.push(n);
    return list;
  };
  const join = (a: number[], b: number[]) => {
    a.push(...b);
    return a;
  };
  const zero: number[] = [];
  assert.deepEqual(await numbers.aggregate(zero, push, join), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(await numbers.aggregate((): number[] => [], push, join), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(await numbers.map((n): number[] => [n]).fold(zero, join), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(zero, []);
  const tallied = await numbers.aggregate(
    () => new Tally(),
    (tally) => Object.assign(tally, { count: tally.count + 1 }),
    (a, b) => Object.assign(a, { count: a.count + b.count }),
  );
  assert(tallied instanceof Tally);
  assert.equal(tallied.count, 6);
  await refused(
    () => numbers.aggregate(new Tally(), (a) => a, (a) => a),
    PlanError,
    "InvalidArgument",
    /aggregate\(\): zero.*\n.*function that makes it/,
  );
  assert.equal(await sc.parallelize<number>([]).aggregate(0, (a, n) => a + n, (a, b) => a + b), 0);
});

test("treeAggregate and treeReduce say what aggregate and reduce say, at any depth", async () => {
  const numbers = sc.parallelize([-5, -4, -3, -2, -1, 1, 2, 3, 4], 10);
  const add = (a: number, b: number) => a + b;
  for (const depth of [1, 2, 5, 10]) {
    assert.equal(await numbers.treeReduce(add, depth), -5);
    assert.equal(await numbers.treeAggregate(0, add, add, { depth }), -5);
  }
  const lists = await numbers.treeAggregate(
    (): number[] => [],
    (list, n) => [...list, n],
    (a, b) => [...a, ...b],
    3,
  );
  assert.deepEqual(lists.toSorted(), [-5, -4, -3, -2, -1, 1, 2, 3, 4].toSorted());
  const none = sc.parallelize<number>([], 8);
  assert.equal(await none.treeAggregate(0, add, add), 0);
  await refused(() => none.treeReduce(add), PlanError, "EmptyCollection", /treeReduce/);
  assert.equal(await sc.range(0, 2, 1, 20).treeReduce(add), 1);
  for (const depth of [0, 1.5, 21]) {
    await refused(() => numbers.treeReduce(add, depth), PlanError, "InvalidArgument", /depth is/);
  }
});

test("a tree captures its functions in the call, and reads what was exchanged before", async () => {
  let factor = 2;
  const pairs = sc.range(0, 40, 1, 9).map((n) => [n % 10, n]).reduceByKey((a, b) => a + b, 9);
  const sum = pairs.values().map((n) => n * factor).treeReduce((a, b) => a + b, 2);
  factor = 1000;
  assert.equal(await sum, 2 * 780);
  assert.equal(await pairs.values().treeReduce((a, b) => a + b), 780);
});

Deno.test("levels of a tree, as Spark reckons them", () => {
  assert.deepEqual(treeLevels(1, 2), []);
  assert.deepEqual(treeLevels(4, 2), []);
  assert.deepEqual(treeLevels(10, 2), [2]);
  assert.deepEqual(treeLevels(100, 1), []);
  assert.deepEqual(treeLevels(1000, 3), [100, 10]);
  assert.deepEqual(treeLevels(16, 4), [8, 4]);
});

test("countByKey and countByValue compare by value", async () => {
  const pairs = sc.parallelize([["a", 1], ["b", 1], ["a", 1]], 2);
  assert.deepEqual(await pairs.countByKey(), new Map([["a", 2], ["b", 1]]));
  const numbers = sc.parallelize([1, NaN, 2, 1, -0, 0, NaN], 3);
  assert.deepEqual(await numbers.countByValue(), new Map([[1, 2], [2, 1], [0, 2], [NaN, 2]]));
  const points = sc.parallelize([[1, "x"], [1, "y"], [1, "x"]] as [number, string][], 3);
  const counts = await points.countByValue();
  assert.equal(counts.size, 2);
  assert.equal(counts.get([1, "x"]), 2);
  assert.equal(counts.get([1, "z"]), undefined);
  assert.deepEqual(await sc.parallelize([]).countByValue(), new Map());
  const functions = sc.parallelize([new Map([[1, 2]])]);
  await refused(() => functions.countByValue(), RecordError, "UnhashableKey", /Map/);
});

test("collectAsMap and reduceByKeyLocally compare by value; the last of equal keys counts", async () => {
  const keys: [unknown, number][] = [[[1, ["a"]], 1], [NaN, 2], [[1, ["a"]], 3], [new Date(7), 4]];
  const rdd = sc.parallelize([...keys, [NaN, 5], [new Date(7), 6], [[], 7]] as typeof keys, 3);
  const map = await rdd.collectAsMap();
  assert.deepEqual([...map], [[[1, ["a"]], 3], [NaN, 5], [new Date(7), 6], [[], 7]]);
  assert.deepEqual([map.get([1, ["a"]]), map.get(new Date(7)), map.has([1])], [3, 6, false]);
  const sums = await rdd.reduceByKeyLocally((a, b) => a + b);
  assert.deepEqual([sums.size, sums.get([1, ["a"]]), sums.get(NaN), sums.get([])], [4, 4, 7, 7]);
  const words = await sc.parallelize([["__proto__", 1], ["a", 2]]).collectAsMap();
  assert.deepEqual(words, new Map([["__proto__", 1], ["a", 2]]));
  await refused(
    () => sc.parallelize([[new Set(), 1]]).collectAsMap(),
    RecordError,
    "UnhashableKey",
    /an instance of Set/,
  );
});

test("isEmpty", async () => {
  assert.equal(await sc.parallelize<number>([], 3).isEmpty(), true);
  assert.equal(await sc.range(0, 9, 1, 3).filter((n) => n > 9).isEmpty(), true);
  assert.equal(await sc.range(0, 9, 1, 3).filter((n) => n === 8).isEmpty(), false);
});

test("lookup asks the one partition that can have the key", async () => {
  const touched = sc.accumulator(0);
  const records = Array.from({ length: 60 }, (_, i): [number | string, number] => [i % 20, i]);
  const pairs = sc.parallelize([...records, ["x", 1]] as [number | string, number][], 4);
  assert.deepEqual(await pairs.lookup(7), [7, 27, 47]);
  assert.deepEqual(await pairs.lookup("7"), []);
  const hashed = pairs.partitionBy(8).mapValues((value) => {
    touched.add(1);
    return value;
  });
  for (const key of [0, 7, 19, "x"]) {
    const expected = records.filter(([k]) => k === key).map(([, value]) => value);
    assert.deepEqual(await hashed.lookup(key), key === "x" ? [1] : expected);
  }
  assert(touched.value < 2 * records.length, `${touched.value} values were computed`);
  assert.deepEqual(await pairs.values().keyBy((n) => n % 3).sortByKey().lookup(9), []);
  assert.deepEqual(await pairs.partitionBy(3, (key) => Number(key) || 0).lookup(19), [19, 39, 59]);
  const nested = sc.parallelize([[["a", "b"], "c"]] as [[string, string], string][]).groupByKey();
  assert.deepEqual((await nested.lookup(["a", "b"]))[0]!.toArray(), ["c"]);
});

test("some, every, find and includes end early", async () => {
  const touched = sc.accumulator(0);
  const numbers = sc.range(0, 1200, 1, 12).map((n) => {
    touched.add(1);
    return n;
  });
  const computed = async (act: () => Promise<unknown>): Promise<[unknown, number]> => {
    const before = touched.value;
    return [await act(), touched.value - before];
  };
  const first: [() => Promise<unknown>, unknown][] = [
    [() => numbers.some((n) => n === 3), true],
    [() => numbers.every((n) => n < 3), false],
    [() => numbers.find((n) => n === 3), 3],
    [() => numbers.includes(3), true],
  ];
  for (const [act, expected] of first) {
    const [result, records] = await computed(act);
    assert.equal(result, expected);
    assert(records <= 100, `${act}: ${records} records`); // the first partition at most
  }
  assert.deepEqual(await computed(() => numbers.find((n) => n > 150)), [151, 100 + 400]);
  assert.equal(await numbers.some((n) => n < 0), false);
  assert.equal(await numbers.every((n) => n >= 0), true);
  assert.equal(await numbers.find((n) => n < 0), undefined);
  assert.equal(await numbers.includes(5000), false);
  assert.equal(await sc.parallelize<number>([]).every(() => false), true);
});

test("find gives the first in order; includes compares by value", async () => {
  const numbers = sc.range(0, 100, 1, 10);
  assert.equal(await numbers.find((n) => n % 10 === 9 && n > 20), 29);
  const pairs = sc.parallelize([["a", 1], ["b", NaN]], 2);
  assert.equal(await pairs.includes(["b", NaN]), true);
  assert.equal(await pairs.includes(["b", 1]), false);
  const odd = sc.parallelize([1, NaN, "1", undefined] as unknown[]);
  assert.deepEqual(
    [await odd.includes(NaN), await odd.includes(1n), await odd.includes(undefined)],
    [true, false, true],
  );
  await refused(() => odd.includes(new Map()), RecordError, "UnhashableKey", /Map/);
  const later = (() => Promise.resolve(false)) as () => unknown;
  await refused(() => numbers.some(later), RecordError, "PromiseReturned", /some\(\)/);
  await refused(
    () => numbers.find(5 as unknown as () => boolean),
    PlanError,
    "InvalidArgument",
    /find\(\): fn is 5/,
  );
});

test("foreachPartition, also with a generator; the names that JavaScript has", async () => {
  const sum = sc.accumulator(0);
  const partitions = sc.accumulator(0);
  const numbers = sc.range(0, 10, 1, 3);
  await numbers.foreachPartition((records) => {
    partitions.add(1);
    for (const n of records) sum.add(n);
  });
  assert.deepEqual([partitions.value, sum.value], [3, 45]);
  await numbers.forEachPartition(function* (records) {
    for (const n of records) yield sum.add(n);
  });
  await numbers.forEach((n) => sum.add(n));
  assert.equal(sum.value, 3 * 45);
  assert.deepEqual(await numbers.toArray(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const later = (() => Promise.resolve()) as () => void;
  await refused(() => numbers.foreachPartition(later), RecordError, "PromiseReturned", /Promise/);
});

test("toLocalIterator, and signals that have been given already", async () => {
  const seen: number[] = [];
  for await (const n of sc.range(0, 6, 1, 3).toLocalIterator()) seen.push(n);
  assert.deepEqual(seen, [0, 1, 2, 3, 4, 5]);
  const signal = AbortSignal.abort(new Error("enough"));
  const numbers = sc.range(4).keyBy((n) => n);
  const add = (a: [number, number]) => a;
  const acts: (() => Promise<unknown>)[] = [
    () => numbers.toLocalIterator({ signal }).next(),
    () => numbers.treeReduce(add, { signal }),
    () => numbers.countByKey({ signal }),
    () => numbers.lookup(1, { signal }),
    () => numbers.some(() => true, { signal }),
    () => numbers.max({ signal }),
    () => numbers.values().histogram(2, { signal }),
    () => numbers.countApproxDistinct({ signal }),
    () => numbers.isEmpty({ signal }),
  ];
  for (const act of acts) await assert.rejects(act, /enough/);
});
