/** Sets and what is made of combining, on a real engine, against arrays. */
import assert from "node:assert/strict";
import { PlanError, RecordError, SparkContext } from "../../mod.ts";
import { test } from "../helpers/shared_context.ts";

const sc = new SparkContext({ master: "local[2]", name: "sets" });
Deno.test.afterAll(() => sc.stop());

const byJson = (a: unknown, b: unknown) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;

test("distinct compares by value", async () => {
  const records = [3, 1, 3, 2, 1];
  assert.deepEqual((await sc.parallelize(records, 3).distinct().collect()).sort(), [1, 2, 3]);
  const kinds: unknown[] = [1, 1n, "1", true, NaN, NaN, 0, -0, null, undefined, null];
  assert.equal(await sc.parallelize(kinds, 2).distinct().count(), 8);
  const objects = sc.parallelize([{ a: 1, b: [2] }, { b: [2], a: 1 }, { a: 1, b: [3] }], 3);
  const found = await objects.distinct({ partitions: 2 }).collect();
  assert.deepEqual(found.sort(byJson), [{ a: 1, b: [2] }, { a: 1, b: [3] }]);
  assert.equal(await objects.distinct(5).getNumPartitions(), 5);
  assert.equal(await objects.distinct().getNumPartitions(), 3);
  assert.deepEqual(await sc.parallelize<number>([]).distinct().collect(), []);
});

test("what is no key has no distinct records", async () => {
  const maps = sc.parallelize([new Map([["a", 1]])]);
  await assert.rejects(maps.distinct().collect(), (error: Error & { code?: string }) => {
    assert.equal(error.code, "UnhashableKey", error.stack);
    return true;
  });
});

test("intersection gives each common record once", async () => {
  const [a, b] = [sc.parallelize([1, 1, 2, 3, 5], 2), sc.parallelize([5, 1, 5, 4], 3)];
  assert.deepEqual((await a.intersection(b).collect()).sort(), [1, 5]);
  assert.deepEqual(await a.intersection(sc.parallelize<number>([])).collect(), []);
  assert.deepEqual((await a.intersection(a, 2).collect()).sort(), [1, 2, 3, 5]);
});

test("subtract keeps what the other does not have, as often as it is there", async () => {
  const a = sc.parallelize([[1, "a"], [2, "b"], [1, "a"], [3, "c"]] as [number, string][], 3);
  const b = sc.parallelize([[3, "c"], [3, "c"], [9, "z"]] as [number, string][], 2);
  const rest = a.subtract(b, { partitions: 2 });
  assert.deepEqual((await rest.collect()).sort(byJson), [[1, "a"], [1, "a"], [2, "b"]]);
  const changed = rest.map((record) => {
    record[0] += 10;
    return record[0];
  });
  assert.deepEqual((await changed.collect()).sort(), [11, 11, 12]);
  assert.deepEqual(await a.subtract(a).collect(), []);
});

test("groupBy groups whole records", async () => {
  const groups = await sc.parallelize([1, 1, 2, 3, 5, 8], 3).groupBy((n) => n % 2).collectAsMap();
  assert.deepEqual(groups.get(0)!.toArray(), [2, 8]);
  assert.deepEqual(groups.get(1)!.toArray(), [1, 1, 3, 5]);
});

test("repartition deals out evenly, glom shows it", async () => {
  const numbers = sc.range(0, 100, 1, 4);
  const parts = await numbers.repartition(8).glom().collect();
  assert.equal(parts.length, 8);
  for (const part of parts) assert(part.length >= 8 && part.length <= 17, `${part.length}`);
  assert.deepEqual(parts.flat().sort((a, b) => a - b), await numbers.collect());
  assert.deepEqual(await sc.parallelize([1, 2, 3], 2).glom().collect(), [[1], [2, 3]]);
  assert.deepEqual(await sc.parallelize<number>([], 2).glom().collect(), [[], []]);
  assert.throws(() => numbers.repartition(0), PlanError);
});

test("repartitionAndSortWithinPartitions orders each partition", async () => {
  const keys = Array.from({ length: 600 }, (_, i) => (i * 7919) % 101 - 50);
  const rdd = sc.parallelize(keys.map((key, i): [number, number] => [key, i]), 4);
  const modulo = (n: number) => ((n % 3) + 3) % 3;
  for (const ascending of [true, false]) {
    const parts = await rdd.repartitionAndSortWithinPartitions(3, (key) => key, ascending).glom()
      .collect();
    const direction = ascending ? 1 : -1;
    const expected = [0, 1, 2].map((part) =>
      keys.map((key, i): [number, number] => [key, i]).filter(([key]) => modulo(key) === part)
        .sort(([a], [b]) => direction * (a - b))
    );
    assert.deepEqual(parts, expected);
  }
  const hashed = rdd.repartitionAndSortWithinPartitions({ partitions: 5, ascending: false }).glom();
  const parts = await hashed.collect();
  assert.equal(parts.length, 5);
  assert.equal(new Set(parts.flatMap((part) => [...new Set(part.map(([key]) => key))])).size, 101);
  assert.equal(parts.flatMap((part) => [...new Set(part.map(([key]) => key))]).length, 101);
  for (const part of parts) {
    const order = part.map(([key]) => key);
    assert.deepEqual(order, order.toSorted((a, b) => b - a));
  }
});

test("concat is union", async () => {
  const numbers = sc.range(2);
  assert.deepEqual(await numbers.concat(numbers, sc.range(1)).collect(), [0, 1, 0, 1, 0]);
});

test("flatMapValues takes values apart, lazily", async () => {
  const lists = sc.parallelize([["a", 2], ["b", 0], ["c", 1]] as [string, number][], 2);
  const spread = lists.flatMapValues((n) => Array.from({ length: n }, (_, i) => i));
  assert.deepEqual(await spread.collect(), [["a", 0], ["a", 1], ["c", 0]]);
  const endless = lists.flatMapValues(function* (n) {
    for (;;) yield n;
  });
  assert.deepEqual(await endless.take(2), [["a", 2], ["a", 2]]);
  await assert.rejects(
    lists.flatMapValues(() => "text").collect(),
    (error: Error & { code?: string }) => {
      assert(error instanceof RecordError || error.cause instanceof RecordError, error.stack);
      assert.match(error.message, /flatMapValues|returned the string "text"/);
      return true;
    },
  );
});

const pairs: [string, number][] = [["a", 1], ["b", 2], ["a", 3], ["b", 4], ["a", 5]];

test("foldByKey and aggregateByKey begin with a zero of each key's own", async () => {
  const rdd = sc.parallelize(pairs, 3);
  const sums = await rdd.foldByKey(0, (a, b) => a + b).collectAsMap();
  assert.deepEqual(sums, new Map([["a", 9], ["b", 6]]));
  const collect = (list: number[], n: number) => {
    list.push(n); // changes the zero
    return list;
  };
  const join = (a: number[], b: number[]) => [...a, ...b];
  const empty: number[] = [];
  for (const zero of [empty, () => []]) {
    const lists = await rdd.aggregateByKey<string, number, number[]>(zero, collect, join)
      .collectAsMap();
    assert.deepEqual(lists, new Map([["a", [1, 3, 5]], ["b", [2, 4]]]));
  }
  const counted = rdd.aggregateByKey(
    new Map<number, number>(),
    (counts, n) => counts.set(n, (counts.get(n) ?? 0) + 1),
    (a, b) => new Map([...a, ...b]),
    { partitions: 2 },
  );
  assert.deepEqual((await counted.collectAsMap()).get("b"), new Map([[2, 1], [4, 1]]));
});

test("the zero is the one of the call", async () => {
  const zero = { n: 0 };
  const add = (a: { n: number }, b: number) => ({ n: a.n + b });
  const sums = sc.parallelize(pairs, 1).aggregateByKey(zero, add, (a, b) => ({ n: a.n + b.n }));
  zero.n = 100;
  assert.deepEqual((await sums.collectAsMap()).get("a"), { n: 9 });
});

class Tally {
  total = 0;
  add(n: number): this {
    this.total += n;
    return this;
  }
}

test("a zero that cannot be copied comes from a function", async () => {
  const rdd = sc.parallelize(pairs, 2);
  const add = (tally: Tally, n: number) => tally.add(n);
  const merge = (a: Tally, b: Tally) => a.add(b.total);
  assert.throws(() => rdd.aggregateByKey(new Tally(), add, merge), {
    name: "PlanError",
    message: /Pass a function/,
  });
  assert.throws(() => rdd.aggregateByKey({ f: () => 1 }, (a) => a, (a) => a), PlanError);
  const tallies = rdd.aggregateByKey(() => new Tally(), add, merge);
  const totals = await tallies.mapValues((tally) => tally.total).collectAsMap();
  assert.deepEqual(totals, new Map([["a", 9], ["b", 6]]));
});

test("reduceByKeyLocally is reduceByKey on the driver", async () => {
  const sums = await sc.parallelize(pairs, 3).reduceByKeyLocally((a, b) => a + b);
  assert.deepEqual(sums, new Map([["a", 9], ["b", 6]]));
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(
    sc.parallelize(pairs).reduceByKeyLocally((a, b) => a + b, { signal }),
    /enough/,
  );
});
