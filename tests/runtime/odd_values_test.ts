/**
 * What people put into records, keys and arguments, a row each: an exact result, or an error of ours
 * that says what is wrong; never a hang, and the context is as good as before.
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import {
  ClosureError,
  ConfigError,
  MemoryError,
  PlanError,
  RecordError,
  SparkContext,
} from "@flint/flint";
import { mapByValue } from "../../core/key_map.ts";
import { StatCounter } from "../../core/statistics.ts";
import { testRows } from "../helpers/rows.ts";
import { refused } from "../helpers/shared_context.ts";

const folder = Deno.makeTempDirSync({ prefix: "flint_odd_values_" });
/** So little that a few thousand records have to go to disk. */
const BUDGET = "1m";
const conf = { "flint.worker.memory": BUDGET, "spark.local.dir": folder };
const sc = new SparkContext({ master: "local[2]", name: "odd values", conf });
let spills = 0;
sc.events.subscribe((event) => {
  if (event.type === "task.ended") spills += event.metrics.spills;
});

Deno.test.afterAll(async () => {
  await sc.stop();
  Deno.removeSync(folder, { recursive: true });
});

// deno-lint-ignore no-explicit-any -- what the types forbid is what is tried
type Wrong = any;
const ones = sc.parallelize([1, 1, 1], 2);
const four = sc.parallelize([0, 1, 2, 3], 1);

const invalid = (act: () => unknown, message: RegExp) =>
  refused(act, PlanError, "InvalidArgument", message);
const unserializable = (value: () => unknown, message: RegExp) =>
  refused(() => four.map(value).collect(), RecordError, "NotSerializable", message);

/** How often each key comes: counted in memory, and the same in groups that go to disk and back. */
async function grouped(keys: readonly unknown[]): Promise<[key: unknown, count: number][]> {
  const pairs = sc.parallelize(keys, 2).map((key) => [key, 1]);
  const counted = await pairs.reduceByKey((a, b) => a + b, 3).collect();
  const times = 4000;
  const before = spills;
  const lengths = await pairs.flatMapValues(() => Array(times).fill("x".repeat(200)))
    .groupByKey(3).mapValues((values) => values.length).collect();
  assert(spills > before, "nothing was spilled");
  assert.deepEqual(alike(lengths), alike(counted.map(([key, count]) => [key, count * times])));
  return alike(counted);
}

/** Pairs in one order, whatever the hashes of their keys. */
function alike(pairs: Iterable<readonly [unknown, number]>): [key: unknown, count: number][] {
  const textOf = ([key]: readonly [unknown, number]) =>
    typeof key === "string" ? JSON.stringify(key) : Deno.inspect(key);
  return [...pairs].map(([key, count]) => [key, count] as [unknown, number])
    .sort((a, b) => textOf(a) < textOf(b) ? -1 : 1);
}

/** An array in so many others. */
function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

class Secret {
  #value = 1;
  get value(): number {
    return this.#value;
  }
}

class Point {
  constructor(public x: number) {}
}

const ROWS: Readonly<Record<string, () => Promise<void>>> = {
  async "partitions that are no number from 1 to 2^20"() {
    const pairs = ones.map((n) => [n, n]);
    for (const wrong of [0, -1, NaN, 1.5, 2 ** 31, "8"] as Wrong[]) {
      const acts = [
        () => sc.parallelize([1], wrong),
        () => sc.range(0, 9, 1, wrong),
        () => sc.textFile("any", wrong),
        () => ones.repartition(wrong),
        () => ones.coalesce(wrong),
        () => ones.distinct(wrong),
        () => ones.sortBy((n) => n, { partitions: wrong }),
        () => pairs.partitionBy(wrong),
        () => pairs.reduceByKey((a) => a, wrong),
        () => pairs.groupByKey(wrong),
        () => pairs.join(pairs, wrong),
      ];
      for (const act of acts) await invalid(act, /partitions\w* is [\s\S]*from 1 to 2\^20/);
    }
    // Many of them: a map task still writes one file, not one for each.
    const before = exchangeFiles();
    const spread = sc.range(0, 1000, 1, 2).map((n) => [n, n]).partitionBy(2 ** 16);
    assert.deepEqual(await spread.lookup(7), [7]);
    assert(exchangeFiles() - before <= 2 * 2, `${exchangeFiles() - before} files`);
  },

  async "masters that are none, and spaces in one"() {
    const wrong = [
      "local[0]",
      "local[-1]",
      "local[*,x]",
      "local[1,0]",
      "local[]",
      "lokal",
      "",
      " ",
    ];
    for (const master of wrong) {
      await refused(() => new SparkContext({ master }), ConfigError, "InvalidMaster", /master "/);
    }
    await using spaced = new SparkContext({ master: " local[ 2 , 3 ] " });
    assert.deepEqual([spaced.defaultParallelism, await spaced.range(3).count()], [2, 3]);
  },

  async "NaN as a key"() {
    assert.deepEqual(await grouped([NaN, 0 / 0, 1, NaN]), alike([[NaN, 3], [1, 1]]));
    assert.deepEqual(await sc.parallelize([NaN, NaN]).distinct().collect(), [NaN]);
  },

  async "-0 and 0 as keys"() {
    const [[key, count], ...others] = await grouped([-0, 0, -0]) as [[number, number]];
    assert.deepEqual([Object.is(key, 0), count, others.length], [true, 3, 0]);
    // As a value it stays what it is.
    assert(Object.is((await sc.parallelize([-0]).map((n) => n).collect())[0], -0));
  },

  async "undefined and null as keys"() {
    const keys = [undefined, null, "a", undefined, null, undefined];
    assert.deepEqual(await grouped(keys), alike([[null, 2], [undefined, 3], ["a", 1]]));
    const sorted = await sc.parallelize([undefined, 2, null, 1], 3).sortBy((x) => x).collect();
    assert.deepEqual(sorted, [1, 2, null, undefined]);
    const descending = sc.parallelize([undefined, 2, null, 1], 3).sortBy((x) => x, false);
    assert.deepEqual(await descending.collect(), [undefined, null, 2, 1]);
  },

  async "1, 1n, '1' and true as keys, and mixed where they are sorted or added"() {
    const keys: unknown[] = [1, 1n, "1", true];
    assert.equal((await grouped(keys)).length, 4);
    const mixed = sc.parallelize(keys, 2);
    const sorting = /different types: \w+, \w+/;
    await refused(() => mixed.sortBy((x) => x).collect(), RecordError, "KeyTypeMismatch", sorting);
    const sum = () => (sc.parallelize([1, 1n]) as Wrong).sum();
    await refused(sum, RecordError, "NotANumber", /sum\(\) needs numbers, and a record is 1n/);
    assert.deepEqual(await sc.parallelize([2n, 1, 0n]).sortBy((x) => x).collect(), [0n, 1, 2n]);
  },

  async "bigints beyond 64 bits"() {
    const bigs = [2n ** 64n, -(2n ** 64n) - 1n, 10n ** 300n, 2n ** 64n + 1n];
    assert.deepEqual(await sc.parallelize(bigs, 3).map((n) => n).collect(), bigs);
    assert.deepEqual(await grouped(bigs), alike(bigs.map((big) => [big, 1])));
    const sorted = await sc.parallelize(bigs, 3).sortBy((n) => n).collect();
    assert.deepEqual(sorted, [bigs[1], bigs[0], bigs[3], bigs[2]]);
  },

  async "Dates as keys, by their time; an invalid one is a key"() {
    const dates = [new Date(5), new Date(NaN), new Date(5), new Date("no date")];
    const counts = await sc.parallelize(dates, 2).countByValue();
    assert.deepEqual([counts.size, counts.get(new Date(5)), counts.get(new Date(NaN))], [2, 2, 2]);
    assert.equal((await grouped(dates)).length, 2);
  },

  async "arrays as keys, by value"() {
    const keys = [[1, 2], [1, 2], [1, [2]], [], [], ["1", 2]];
    const counts = new Map((await grouped(keys)).map(([key, n]) => [JSON.stringify(key), n]));
    const expected = new Map([["[1,2]", 2], ["[1,[2]]", 1], ["[]", 2], ['["1",2]', 1]]);
    assert.deepEqual(counts, expected);
  },

  async "plain objects as keys: to group by, not to sort by"() {
    const keys = [{ a: 1, b: 2 }, { b: 2, a: 1 }, { a: 1 }, { a: 1, b: undefined }];
    const counts = await sc.parallelize(keys as Wrong[], 2).countByValue();
    assert.deepEqual(keys.map((key) => counts.get(key)), [2, 2, 1, 1]);
    const sorted = () => sc.parallelize(keys as Wrong[]).sortBy((key) => key).collect();
    await refused(sorted, RecordError, "UnhashableKey", /plain object\n.*\[o\.city, o\.year\]/);
  },

  async "values that cannot travel, with the path in the record"() {
    const at = /\[3\]\.b is a symbol[\s\S]*in partition 0/;
    await unserializable(() => [1, 2, 3, { b: Symbol("s") }], at);
    await unserializable(() => [{ act: () => 1 }], /\[0\]\.act is a function/);
    await unserializable(() => ({ ref: new WeakRef({}) }), /\.ref is a WeakRef\n.*deref/);
    await unserializable(() => [Promise.resolve(1)], /\[0\] is a Promise\n.*forget await/);
    await unserializable(() => ({ at: new Secret() }), /\.at is an instance of Secret, a class/);
    await refused(
      () => four.map((n) => Promise.resolve(n)).collect(),
      RecordError,
      "PromiseReturned",
      /mapAsync/,
    );
    const hostile = four.map(() =>
      new Proxy({}, {
        ownKeys() {
          throw new Error("trapped");
        },
      })
    );
    const trapped = /reading it threw Error: trapped/;
    await refused(() => hostile.collect(), RecordError, "NotSerializable", trapped);
    // A Proxy that behaves is what it stands for.
    assert.deepEqual(await four.map((x) => new Proxy({ x }, {})).first(), { x: 0 });
  },

  async "instances of classes: of a class that is known, else refused"() {
    const build = () => sc.parallelize([new Point(1)]).collect();
    const cure = /Point, a class that is not known[\s\S]*sc\.registerClass\(Point\)/;
    await refused(build, RecordError, "NotSerializable", cure);
    sc.registerClass(Point);
    const [point] = await sc.parallelize([new Point(1)]).map((p) => new Point(p.x + 1)).collect();
    assert(point instanceof Point);
    assert.equal(point.x, 2);
  },

  async "errors as values"() {
    const [error] = await four.map(() => {
      const cause = new TypeError("the cause");
      return Object.assign(new RangeError("too far", { cause }), { code: "E1", status: 404 });
    }).collect();
    assert(error instanceof RangeError && error.cause instanceof TypeError);
    assert.deepEqual(
      [error.message, error.code, error.status, error.cause.message, typeof error.stack],
      ["too far", "E1", 404, "the cause", "string"],
    );
    const own = four.map(() => new (class OwnError extends Error {})("own"));
    await refused(() => own.collect(), RecordError, "NotSerializable", /an instance of OwnError/);
  },

  async "getters, holes and sparse arrays"() {
    const seen = await four.map((n) => ({
      get twice() {
        return 2 * n;
      },
    })).collect();
    assert.deepEqual(seen, [{ twice: 0 }, { twice: 2 }, { twice: 4 }, { twice: 6 }]);
    // deno-lint-ignore no-sparse-arrays -- that is what is sent
    const [holes] = await four.map((n) => [, n, ,]).collect();
    assert.deepEqual([holes!.length, 0 in holes!, 1 in holes!, 2 in holes!], [
      3,
      false,
      true,
      false,
    ]);
    const [sparse] = await four.map(() => {
      const sparse: number[] = [];
      sparse[4_000_000_000] = 1;
      return sparse;
    }).collect();
    assert.deepEqual([sparse!.length, Object.keys(sparse!)], [4_000_000_001, ["4000000000"]]);
  },

  async "cyclic values travel, and are no keys"() {
    const [found] = await four.map((n) => {
      const node: { n: number; self?: unknown } = { n };
      node.self = [node];
      return node;
    }).collect();
    assert.equal((found!.self as unknown[])[0], found);
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    const distinct = () => sc.parallelize([cyclic]).distinct().collect();
    await refused(distinct, RecordError, "UnhashableKey", /or cyclic/);
  },

  async "nesting of 100,000 levels"() {
    const deep = /nested more than 1000 deep/;
    await unserializable(() => nested(100_000), deep);
    const parallelized = () => sc.parallelize([nested(100_000)]).collect();
    await refused(parallelized, RecordError, "NotSerializable", deep);
    await refused(() => sc.broadcast(nested(100_000)), RecordError, "NotSerializable", deep);
    const key = () => four.map(() => [nested(100_000), 1]).groupByKey().count();
    await refused(key, RecordError, "UnhashableKey", /nested more than 500 deep/);
    assert.deepEqual(await sc.parallelize([nested(900)]).collect(), [nested(900)]);
  },

  async "__proto__, constructor and toString as words"() {
    const words = ["__proto__", "constructor", "toString", "hasOwnProperty", "__proto__"];
    const expected = new Map<unknown, number>(words.map((word) => [word, 1])).set("__proto__", 2);
    assert.deepEqual(await grouped(words), alike(expected));
    assert.deepEqual(await sc.parallelize(words, 2).countByValue(), expected);
    const text = '{"__proto__":{"x":1},"constructor":2}';
    const [object] = await four.map(() => JSON.parse(text)).collect();
    assert.deepEqual(JSON.stringify(object), text);
    assert.equal(Object.getPrototypeOf(object), Object.prototype);
  },

  async "lone surrogates stay apart, also through files"() {
    const keys = ["\ud800", "\udfff", "\ufffd", "a\ud83d", "\ud800"];
    const expected = new Map<unknown, number>(keys.map((key) => [key, 1])).set("\ud800", 2);
    assert.deepEqual(await grouped(keys), alike(expected));
    assert.deepEqual(await sc.parallelize(keys, 2).map((key) => key).collect(), keys);
  },

  async "texts are ordered by code point"() {
    const texts = ["\u{1f600}", "\uffff", "a", "\u{10000}", "B", "é", ""];
    const sorted = ["", "B", "a", "é", "\uffff", "\u{10000}", "\u{1f600}"];
    assert.deepEqual(await sc.parallelize(texts, 3).sortBy((text) => text).collect(), sorted);
    assert.deepEqual(await sc.parallelize(texts, 3).takeOrdered(7), sorted);
    assert.deepEqual(await sc.parallelize(texts, 3).max(), "\u{1f600}");
  },

  async "a comparator where a key is asked for"() {
    // No operator takes a comparator, so there is none that could contradict itself.
    const rdd = sc.parallelize([5, NaN, 1, 3, 4, NaN, 2], 3) as Wrong;
    const compare = (a: number, b: number) => a < b;
    for (
      const act of [
        () => rdd.sortBy(compare),
        () => rdd.keyBy((n: number) => n).sortByKey(true, 2, compare),
        () => rdd.top(2, compare),
        () => rdd.takeOrdered(2, { keyOf: compare }),
        () => rdd.max(compare),
        () => rdd.min(compare),
      ]
    ) {
      await invalid(act, /takes 2 records, as a comparator does\n.*=> word\.length/);
    }
    assert.deepEqual(await rdd.sortBy((n: number) => n).collect(), [1, 2, 3, 4, 5, NaN, NaN]);
    assert.deepEqual(await rdd.sortBy((n: number) => n > 2).take(4), [NaN, 1, NaN, 2]);
    assert.deepEqual(await sc.parallelize(["10", "9"]).sortBy(Number.parseInt).collect(), [
      "9",
      "10",
    ]);
  },

  async "numbers are sorted as numbers"() {
    const numbers = [10, 9, -1, 100, 2, -20];
    const sorted = [-20, -1, 2, 9, 10, 100];
    assert.deepEqual(await sc.parallelize(numbers, 3).sortBy((n) => n).collect(), sorted);
    assert.deepEqual(await sc.parallelize(numbers, 3).takeOrdered(6), sorted);
    assert.deepEqual(
      await sc.parallelize(numbers, 3).keyBy((n) => n).sortByKey().keys().collect(),
      sorted,
    );
  },

  async "one hot key"() {
    const hot = sc.range(0, 50_000, 1, 2).map((n) => ["hot", n]);
    const before = spills;
    assert.deepEqual(await hot.reduceByKey((a, b) => a + b).collect(), [["hot", 1_249_975_000]]);
    assert.equal(spills, before, "reducing holds one value a key");
    const [[key, length]] = await hot.groupByKey(2).mapValues((values) => values.length)
      .collect() as [[string, number]];
    assert.deepEqual([key, length], ["hot", 50_000]);
    assert(spills > before, "grouping spills");
    const joined = hot.join(sc.parallelize([["hot", "a"], ["hot", "b"], ["cold", "c"]]), 2);
    assert.equal(await joined.count(), 100_000);
  },

  async "a group larger than the budget"() {
    const twice = sc.range(0, 30_000, 1, 2).map((n) => ["k", `${n} `.repeat(20)]).groupByKey(1)
      .mapValues((values) => {
        let chars = 0;
        for (const value of values) chars += value.length;
        for (const value of values) chars -= value.length;
        return [chars, values.length];
      });
    assert.deepEqual(await twice.collect(), [["k", [0, 30_000]]]);
  },

  async "more keys than a Map can have"() {
    const before = spills;
    const keys = sc.range(0, 120_000, 1, 2).map((n) => [n, 1]).reduceByKey((a, b) => a + b, 2);
    assert.equal(await keys.count(), 120_000);
    assert(spills > before, "the keys did not fit");
    // An exchange has no Map; a result that is one has a limit of 2^24 keys.
    const pairs = Array.from({ length: 4 }, (_, n) => [n, n] as const);
    await refused(() => mapByValue(pairs, 3), MemoryError, "OverBudget", /more than 3 keys/);
  },

  async "counts beyond 32 bits"() {
    assert.equal(await sc.range(0, 2 ** 53, 2 ** 51, 2).count(), 4);
    const sum = await sc.parallelize([["k", 2 ** 32], ["k", 2 ** 52]], 2)
      .reduceByKey((a, b) => a + b).collect();
    assert.deepEqual(sum, [["k", 2 ** 52 + 2 ** 32]]);
    const counter = new StatCounter().merge(1);
    for (let i = 0; i < 40; i++) counter.mergeStats(counter);
    assert.deepEqual([counter.count, counter.sum], [2 ** 40, 2 ** 40]);
    assert.deepEqual(await sc.range(0, 2 ** 40, 2 ** 39).collect(), [0, 2 ** 39]);
  },

  async "long arrays, in records and as arguments"() {
    const long = Array.from({ length: 300_000 }, (_, n) => n);
    assert.deepEqual(await sc.parallelize([long]).map((all) => all.length).collect(), [300_000]);
    assert.equal((await sc.parallelize(long, 1).collect()).length, 300_000);
    assert.equal((await sc.parallelize(long, 1).take(250_000)).length, 250_000);
    assert.equal((await sc.parallelize(long, 1).glom().first()).length, 300_000);
    assert.equal((await sc.parallelize(long, 1).takeOrdered(200_000)).length, 200_000);
  },

  async "results of nothing"() {
    const none = sc.parallelize([] as number[], 2);
    const acts: Readonly<Record<string, () => Promise<unknown>>> = {
      reduce: () => none.reduce((a, b) => a + b),
      treeReduce: () => none.treeReduce((a, b) => a + b),
      first: () => none.first(),
      max: () => none.max(),
      min: () => none.min(),
    };
    for (const [name, act] of Object.entries(acts)) {
      const message = new RegExp(`Cannot call ${name}\\(\\): the dataset is empty\n  Use \\w+`);
      await refused(act, PlanError, "EmptyCollection", message);
    }
    assert.deepEqual([await none.sum(), await none.count(), await none.take(3)], [0, 0, []]);
  },

  async "numbers of records and fractions that make no sense"() {
    for (const wrong of [-1, 1.5, NaN, "3"] as Wrong[]) {
      for (const operator of ["take", "top", "takeOrdered", "takeSample"] as const) {
        await invalid(() => ones[operator](wrong), new RegExp(`${operator}\\(\\): n is`));
      }
    }
    for (const wrong of [1.5, -0.1, NaN, "1"] as Wrong[]) {
      await invalid(() => ones.sample(wrong), /fraction is/);
      const keyed = ones.map((n) => [n, n]);
      await invalid(() => keyed.sampleByKey(new Map([[1, wrong]])), /fraction of 1 is/);
    }
    await invalid(() => ones.sample(true, -1), /fraction is -1/);
    await invalid(() => ones.randomSplit([1, -1]), /weights is/);
  },

  async "datasets and contexts in tasks and in records"() {
    const context = ClosureError;
    const code = "ContextOnlyOnDriver";
    await refused(() => ones.map(() => four.count()).collect(), context, code, /"four".*an RDD/);
    await refused(() => ones.map(() => sc.range(1)).collect(), context, code, /"sc".*SparkContext/);
    const another = () => ones.map(() => new SparkContext({ master: "local" })).collect();
    await refused(another, context, code, /"SparkContext".*the class SparkContext/);
    const inRecord = () => sc.parallelize([[four]] as Wrong[]);
    await refused(inRecord, RecordError, code, /\[0\] is an RDD, which stays on the driver/);
    await refused(() => sc.broadcast({ sc }), RecordError, code, /\.sc is the SparkContext/);
  },
};

/** How many files map tasks have written that are there now. */
function exchangeFiles(): number {
  const paths = readdirSync(folder, { recursive: true }) as string[];
  return paths.filter((path) => path.includes("exchange-")).length;
}

testRows({
  name: "3B",
  rows: ROWS,
  nextJob: async () => assert.equal(await ones.map((n) => n + 1).sum(), 6),
});
