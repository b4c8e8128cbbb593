/** Joins on a real engine, against nested loops over arrays. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { PlanError, type RDD, RecordError, SparkContext } from "../../mod.ts";
import { test } from "../helpers/shared_context.ts";

const sc = new SparkContext({ master: "local[2]", name: "joins" });
Deno.test.afterAll(() => sc.stop());

type Pair<V> = [string, V];

const left: Pair<number>[] = [["a", 1], ["b", 2], ["a", 3], ["c", 4]];
const right: Pair<string>[] = [["a", "x"], ["d", "y"], ["a", "z"], ["c", "w"]];

/** In any order: records of joins stand in the order of the hashes of their keys. */
function sorted<T>(records: Iterable<T>): T[] {
  return [...records].sort((a, b) => {
    const [one, other] = [JSON.stringify(a), JSON.stringify(b)];
    return one < other ? -1 : one > other ? 1 : 0;
  });
}

/** The slow twin of all joins: which sides must have the key is said by the flags. */
function joined<V, W>(
  some: readonly Pair<V>[],
  others: readonly Pair<W>[],
  keep: { left: boolean; right: boolean },
): Pair<[V | undefined, W | undefined]>[] {
  const result: Pair<[V | undefined, W | undefined]>[] = [];
  for (const [key, value] of some) {
    const partners = others.filter(([other]) => other === key);
    for (const [, partner] of partners) result.push([key, [value, partner]]);
    if (partners.length === 0 && keep.left) result.push([key, [value, undefined]]);
  }
  for (const [key, value] of others) {
    if (keep.right && !some.some(([other]) => other === key)) {
      result.push([key, [undefined, value]]);
    }
  }
  return result;
}

test("joins say what nested loops say", async () => {
  const pair = fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.integer({ min: 0, max: 5 }));
  const pairs = fc.array(pair, { maxLength: 12 });
  const parts = fc.integer({ min: 1, max: 3 });
  const property = fc.asyncProperty(pairs, pairs, parts, parts, async (some, others, m, n) => {
    const [a, b] = [sc.parallelize(some, m), sc.parallelize(others, n)];
    // One job for the four of them, since a job costs more than its records here.
    const tagged = [a.join(b, m), a.leftOuterJoin(b), a.rightOuterJoin(b), a.fullOuterJoin(b, n)]
      .map((rdd, which) => (rdd as RDD<unknown>).map((record) => [which, record]));
    const found = await sc.union(tagged).collect();
    const expected = [[false, false], [true, false], [false, true], [true, true]];
    expected.forEach(([keepLeft, keepRight], which) => {
      const mine = found.filter(([other]) => other === which).map(([, record]) => record);
      const theirs = joined(some, others, { left: keepLeft!, right: keepRight! });
      assert.deepEqual(sorted(mine), sorted(theirs), `join ${which}`);
    });
  });
  await fc.assert(property, { numRuns: 8 });
});

test("the missing side of an outer join is undefined, and an undefined value is one", async () => {
  const [a, b] = [
    sc.parallelize([["k", undefined]] as [string, undefined][]),
    sc.parallelize(right),
  ];
  assert.deepEqual(await a.leftOuterJoin(b).collect(), [["k", [undefined, undefined]]]);
  assert.equal(await a.fullOuterJoin(b).count(), 1 + right.length);
  assert.equal(await a.join(a).count(), 1);
});

test("records of a key come in the order of the left side, then of the right", async () => {
  const joined = sc.parallelize(left, 3).join(sc.parallelize(right, 2), { partitions: 1 });
  const ofA = (await joined.collect()).filter(([key]) => key === "a").map(([, both]) => both);
  assert.deepEqual(ofA, [[1, "x"], [1, "z"], [3, "x"], [3, "z"]]);
});

test("keys are compared by value", async () => {
  const a = sc.parallelize(
    [[[1, "k"], "left"], [[2, "k"], "none"]] as [[number, string], string][],
  );
  const b = sc.parallelize([[[1, "k"], "right"]] as [[number, string], string][]);
  assert.deepEqual(await a.join(b).collect(), [[[1, "k"], ["left", "right"]]]);
});

test("cogroup gives every side of every key, also to the driver", async () => {
  const [a, b] = [sc.parallelize(left, 2), sc.parallelize(right, 3)];
  const found = new Map(await a.cogroup(b, b.mapValues((text) => text.length)).collect());
  assert.equal(found.size, 4);
  const shown = (key: string) => found.get(key)!.map((side) => side.toArray());
  assert.deepEqual(shown("a"), [[1, 3], ["x", "z"], [1, 1]]);
  assert.deepEqual(shown("b"), [[2], [], []]);
  assert.deepEqual(shown("d"), [[], ["y"], [1]]);
  assert.deepEqual(found.get("a")!.map((side) => side.length), [2, 2, 2]);
  assert.equal(Deno.inspect(found.get("a")![0]), "Values(2) [ 1, 3 ]");
  assert.equal(JSON.stringify(found.get("b")), "[[2],[],[]]");
});

test("cogroup takes any number of others, itself, and options last", async () => {
  const a = sc.parallelize(left, 2);
  assert.equal(await a.cogroup(a, a, { partitions: 3 }).getNumPartitions(), 3);
  assert.equal(await a.cogroup(a, 5).getNumPartitions(), 5);
  assert.equal(await a.cogroup(a, undefined).getNumPartitions(), 4);
  assert.equal(await a.groupWith(a, a).getNumPartitions(), 6);
  const alone = await a.cogroup().collectAsMap();
  assert.deepEqual(alone.get("a")!.map((side) => side.toArray()), [[1, 3]]);
  const byLength = a.cogroup(a, { partitions: 2, partitionFunction: (key) => key.charCodeAt(0) });
  const keys = await byLength.keys().glom().collect();
  assert.deepEqual(keys.map((part) => sorted(part).join("")), ["b", "ac"]);
});

test("also sides whose number takes more than a byte are told apart", async () => {
  const sides = Array.from(
    { length: 300 },
    (_, i) => sc.parallelize([["k", i]] as Pair<number>[], 1),
  );
  const [first, ...others] = sides;
  const [record] = await first!.cogroup(...others, { partitions: 1 }).collect();
  assert.deepEqual(record![1].map((side) => [...side]), sides.map((_, i) => [i]));
});

test("sides can be iterated again, and travel through another exchange", async () => {
  const both = sc.parallelize(left, 2).cogroup(sc.parallelize(right, 2));
  const twice = both.mapValues(([some]): number[] => [...some, ...some]);
  assert.deepEqual((await twice.collectAsMap()).get("a"), [1, 3, 1, 3]);
  const moved = both.map(([key, sides]) => [`${key}!`, sides]).partitionBy(2)
    .mapValues(([some, others]) => [some.length, others.toArray().join("")]);
  assert.deepEqual((await moved.collectAsMap()).get("a!"), [2, "xz"]);
});

test("subtractByKey keeps all pairs of keys that the other does not have", async () => {
  const a = sc.parallelize([...left, ["b", 5]] as Pair<number>[], 2);
  const b = sc.parallelize([["a", null], ["z", null]] as Pair<null>[], 2);
  assert.deepEqual(sorted(await a.subtractByKey(b).collect()), [["b", 2], ["b", 5], ["c", 4]]);
  assert.deepEqual(await a.subtractByKey(a).collect(), []);
});

test("a key with very many values on either side is joined within a small budget", async () => {
  const settings = { "flint.worker.memory": "1m" };
  const many = 200_000;
  await using small = new SparkContext({ master: "local[1]", name: "skew", conf: settings });
  const one = small.range(0, many, 1, 2).map((n) => ["k", n]);
  const few = small.parallelize([["k", "x"], ["k", "y"], ["k", "z"], ["other", "w"]], 1);
  assert.equal(await one.join(few).count(), 3 * many);
  const sum = 3 * many * (many - 1) / 2;
  assert.equal(await few.join(one).map(([, [, n]]) => n).sum(), sum);
  assert.equal(await one.fullOuterJoin(few).count(), 3 * many + 1);
  const sizes = one.cogroup(few).mapValues(([left, right]) => [left.length, right.length]);
  assert.deepEqual((await sizes.collectAsMap()).get("k"), [many, 3]);
});

test("what is joined keeps its partitioner: nothing moves twice", async () => {
  const joinedPairs = sc.parallelize(left).join(sc.parallelize(right), 4);
  const moves = async (rdd: RDD<never>) => (await rdd.toDebugString()).match(/\+-/g)!.length;
  assert.equal(
    await moves(joinedPairs.partitionBy(4) as RDD<unknown> as RDD<never>),
    await moves(joinedPairs as RDD<unknown> as RDD<never>),
  );
});

test("what cannot be joined is refused", async () => {
  const a = sc.parallelize(left);
  assert.throws(() => a.join(a, 0), PlanError);
  assert.throws(() => a.cogroup(a, { partitions: 1.5 }), /Cannot call cogroup\(\)/);
  const wrong = 3 as unknown as typeof a;
  assert.throws(() => a.join(wrong), /Cannot use 3 as a dataset/);
  assert.throws(() => a.cogroup(wrong, a), PlanError);
  const numbers = sc.range(3) as RDD<unknown> as typeof a;
  await assert.rejects(a.join(numbers).collect(), (error: Error & { code?: string }) => {
    assert(error instanceof RecordError, error.stack);
    assert.equal(error.code, "NotAPair");
    return true;
  });
});
