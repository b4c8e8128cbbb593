/** Joining by position on a real engine, against what arrays say. */
import assert from "node:assert/strict";
import { PlanError, RecordError, SparkContext } from "../../mod.ts";
import { test } from "../helpers/shared_context.ts";

const sc = new SparkContext({ master: "local[2]", name: "zipping" });
Deno.test.afterAll(() => sc.stop());

const letters = ["a", "b", "c", "d", "e"];

test("zipWithIndex numbers the records in the order of the partitions", async () => {
  for (const partitions of [1, 3, 7]) {
    const indexed = await sc.parallelize(letters, partitions).zipWithIndex().collect();
    assert.deepEqual(indexed, letters.map((letter, index) => [letter, index]));
  }
  assert.deepEqual(await sc.parallelize<string>([], 2).zipWithIndex().collect(), []);
  const many = sc.range(0, 10_000, 1, 4).filter((n) => n % 3 === 0).zipWithIndex();
  assert(await many.filter(([n, index]) => n !== 3 * index).count() === 0);
});

test("zipWithIndex runs nothing in the call and counts once for all actions", async () => {
  let jobs = 0;
  using _listening = sc.events.subscribe((event) => {
    if (event.type === "job.started") jobs++;
  });
  const runs = sc.accumulator(0);
  const indexed = sc.parallelize(letters, 2).map((letter) => {
    runs.add(1);
    return letter;
  }).zipWithIndex();
  assert.equal(jobs, 0);
  await indexed.count();
  assert.equal(runs.value, 2 * letters.length);
  await indexed.count();
  assert.equal(runs.value, 3 * letters.length);
});

test("zipWithIndex behind a shuffle, a union and itself", async () => {
  const sorted = sc.parallelize([3, 1, 2], 2).sortBy((n) => n);
  const twice = sorted.zipWithIndex().union(sorted.zipWithIndex()).zipWithIndex();
  assert.deepEqual(await twice.map(([[n, i], j]) => [n, i, j]).collect(), [
    [1, 0, 0],
    [2, 1, 1],
    [3, 2, 2],
    [1, 0, 3],
    [2, 1, 4],
    [3, 2, 5],
  ]);
});

test("zipWithUniqueId numbers without counting the records", async () => {
  const runs = sc.accumulator(0);
  const numbered = sc.parallelize(letters, 3).map((letter) => {
    runs.add(1);
    return letter;
  }).zipWithUniqueId();
  assert.deepEqual(await numbered.collect(), [["a", 0], ["b", 1], ["c", 4], ["d", 2], ["e", 5]]);
  assert.equal(runs.value, letters.length);
});

test("zip pairs what stands at the same position", async () => {
  const left = sc.range(0, 5_000, 1, 3);
  const right = left.map((n) => `${n}`);
  assert.equal(await left.zip(right).filter(([n, text]) => `${n}` === text).count(), 5_000);
  assert.deepEqual(await left.zip(left.map((n) => -n)).take(2), [[0, -0], [1, -1]]);
  const odd = sc.parallelize([undefined, null], 1);
  assert.deepEqual(await odd.zip(odd).collect(), [[undefined, undefined], [null, null]]);
});

test("zip refuses partitions of different lengths and says which", async () => {
  const nine = sc.parallelize([1, 2, 3, 4, 5, 6, 7, 8, 9], 3);
  const eight = nine.filter((n) => n !== 5);
  const told = [
    [nine.zip(eight), "3 records on the left and 2 on the right"],
    [eight.zip(nine), "2 records on the left and 3 on the right"],
  ] as const;
  for (const [zipped, counts] of told) {
    await assert.rejects(zipped.collect(), (error) => {
      assert(error instanceof RecordError, `${error}`);
      assert.equal(error.code, "UnequalPartitions");
      assert.match(error.message, new RegExp(`partition 1: it has ${counts}`));
      return true;
    });
  }
});

test("zip refuses different numbers of partitions", async () => {
  await assert.rejects(sc.range(0, 6, 1, 2).zip(sc.range(0, 6, 1, 3)).count(), (error) => {
    assert(error instanceof PlanError, `${error}`);
    assert.match(error.message, /with 2 and 3 partitions/);
    return true;
  });
});

test("zipPartitions gives all iterators to the function", async () => {
  const left = sc.parallelize([1, 2, 3, 4], 2);
  const right = sc.parallelize(["a", "b", "c"], 2);
  const joined = left.zipPartitions(right, (numbers, texts) => [[...numbers, ...texts].join("")]);
  assert.deepEqual(await joined.collect(), ["12a", "34bc"]);
  const three = left.zipPartitions([right, left], function* (a, b, c) {
    yield [...a].length + [...c].length;
    yield [...b].join("");
  });
  assert.deepEqual(await three.collect(), [4, "a", 4, "bc"]);
});

test("zipPartitions with functions that wait", async () => {
  const left = sc.range(0, 3000, 1, 2);
  const right = sc.range(0, 2500, 1, 2).mapAsync((n) => Promise.resolve(n * 10));
  const inStep = left.zipPartitions(right, async function* (lefts, rights) {
    for await (const one of lefts) {
      const other = await rights[Symbol.asyncIterator]().next();
      yield other.done ? one : one + other.value;
    }
  });
  const expected = Array.from({ length: 3000 }, (_, i) => {
    const [half, at] = [i < 1500 ? 0 : 1, i % 1500];
    return at < 1250 ? i + 10 * (half * 1250 + at) : i;
  });
  assert.deepEqual(await inStep.collect(), expected);
  const counted = left.zipPartitions([left, right], async (a, b, c) => {
    let count = 0;
    for await (const _ of a) count++;
    for await (const _ of b) count++;
    await c.next();
    return [count];
  });
  await assert.rejects(counted.collect(), /for await/);
  const lengths = left.zipPartitions(left, async (a, b) => {
    let count = 0;
    for await (const _ of a) count++;
    for await (const _ of b) count++;
    return [count];
  });
  assert.deepEqual(await lengths.collect(), [3000, 3000]);
});

test("cartesian pairs each with each", async () => {
  const left = sc.parallelize([1, 2, 3], 2);
  const right = sc.parallelize(["a", "b"], 3);
  const product = left.cartesian(right);
  assert.equal(await product.getNumPartitions(), 6);
  const expected = [1, 2, 3].flatMap((n) => ["a", "b"].map((letter) => `${n}${letter}`));
  assert.deepEqual((await product.map((pair) => pair.join("")).collect()).sort(), expected);
  assert.equal(await sc.range(1_500).cartesian(sc.range(200)).count(), 300_000);
  assert.equal(await left.cartesian(sc.parallelize<number>([])).count(), 0);
});

test("sides of different contexts are refused in the call", async () => {
  await using other = new SparkContext({ master: "local" });
  const [left, right] = [sc.range(1), other.range(1)];
  for (const call of [() => left.zip(right), () => left.cartesian(right)]) {
    assert.throws(call, /belong to different contexts/);
  }
});
