/**
 * The spine on a real engine: every operator and action, against what arrays say.
 */
import assert from "node:assert/strict";
import {
  CancelledError,
  ClosureError,
  FlintError,
  InputError,
  OutputError,
  PlanError,
  RDD,
  RecordError,
  SparkContext,
  TaskError,
} from "../../mod.ts";
import { offset } from "../fixtures/offset.ts";
import { refused, test } from "../helpers/shared_context.ts";

/** One context for all tests that need no settings of their own: starting executors takes time. */
const sc = new SparkContext({ master: "local[2]", name: "spine" });
Deno.test.afterAll(() => sc.stop());

const words = ["to", "be", "or", "not", "to", "be"];

test("parallelize keeps the order, also with more partitions than records", async () => {
  assert.deepEqual(await sc.parallelize(words, 3).collect(), words);
  const few = sc.parallelize([1, 2], 5);
  assert.equal(await few.getNumPartitions(), 5);
  assert.deepEqual(await few.collect(), [1, 2]);
  assert.equal(await sc.parallelize([1, 2, 3]).getNumPartitions(), sc.defaultParallelism);
  assert.deepEqual(await sc.parallelize(new Map([["a", 1]])).collect(), [["a", 1]]);
});

test("parallelize takes the records as they are now", async () => {
  const records = [{ n: 1 }, { n: 2 }];
  const rdd = sc.parallelize(records);
  records[0]!.n = 100;
  records.push({ n: 3 });
  assert.deepEqual(await rdd.collect(), [{ n: 1 }, { n: 2 }]);
});

test("records of every kind come back as they were", async () => {
  const cycle: Record<string, unknown> = { name: "loop" };
  cycle.self = cycle;
  const records: unknown[] = [
    undefined,
    null,
    -0,
    NaN,
    10n ** 30n,
    "\ud800",
    new Date(5),
    new Map([[{ a: 1 }, new Set([1])]]),
    new Float32Array([1.5]),
    /a/gi,
    [[], [undefined]],
    cycle,
  ];
  assert.deepEqual(await sc.parallelize(records, 3).map((record) => record).collect(), records);
});

test("range counts like a for loop", async () => {
  assert.deepEqual(await sc.range(5).collect(), [0, 1, 2, 3, 4]);
  assert.deepEqual(await sc.range(2, 5).collect(), [2, 3, 4]);
  assert.deepEqual(await sc.range(10, 0, -3, 2).collect(), [10, 7, 4, 1]);
  assert.deepEqual(await sc.range(3, 3).collect(), []);
  assert.equal(await sc.range(0, 10, 1, { partitions: 4 }).getNumPartitions(), 4);
});

test("map, filter, flatMap, keyBy", async () => {
  const numbers = sc.range(6);
  assert.deepEqual(await numbers.map((n) => n * n).collect(), [0, 1, 4, 9, 16, 25]);
  assert.deepEqual(await numbers.filter((n) => n % 2 === 0).collect(), [0, 2, 4]);
  assert.deepEqual(await numbers.flatMap((n) => Array(n % 3).fill(n)).collect(), [
    1,
    2,
    2,
    4,
    5,
    5,
  ]);
  const spelled = numbers.flatMap(function* (n) {
    if (n > 4) yield `${n}`;
  });
  assert.deepEqual(await spelled.collect(), ["5"]);
  assert.deepEqual(await numbers.keyBy((n) => n % 2).take(2), [[0, 0], [1, 1]]);
});

test("mapPartitions sees a partition as a lazy iterator, its index only where asked for", async () => {
  const numbers = sc.parallelize([1, 2, 3, 4], 2);
  // deno-lint-ignore no-explicit-any -- a second parameter with a default is the function's own
  const sums = numbers.mapPartitions((part: any, start: any = 10) => [
    [...part].reduce((a: number, b: number) => a + b, start) as number,
  ]);
  assert.deepEqual(await sums.collect(), [13, 17]);
  const tagged = numbers.mapPartitionsWithIndex((index, part) =>
    [...part].map((n) => `${index}:${n}`)
  );
  assert.deepEqual(await tagged.collect(), ["0:1", "0:2", "1:3", "1:4"]);
});

test("union, of two and of many", async () => {
  const [a, b] = [sc.range(2), sc.parallelize([5], 1)];
  assert.deepEqual(await a.union(b).collect(), [0, 1, 5]);
  assert.deepEqual(await sc.union([b, a, b]).collect(), [5, 0, 1, 5]);
  assert.deepEqual(await a.union(a).collect(), [0, 1, 0, 1]);
  assert.equal(await a.union(b).getNumPartitions(), await a.getNumPartitions() + 1);
});

test("coalesce joins neighbours; with shuffle it deals out anew", async () => {
  const many = sc.parallelize([1, 2, 3, 4, 5], 5);
  const two = many.coalesce(2);
  assert.equal(await two.getNumPartitions(), 2);
  assert.deepEqual(await two.collect(), [1, 2, 3, 4, 5]);
  assert.equal(await many.coalesce(9).getNumPartitions(), 5);
  const more = many.coalesce(9, { shuffle: true });
  assert.equal(await more.getNumPartitions(), 9);
  assert.deepEqual((await more.collect()).sort(), [1, 2, 3, 4, 5]);
});

const pairs = [["a", 1], ["b", 2], ["a", 3], ["c", 4], ["b", 5]] as [string, number][];

test("keys, values, mapValues", async () => {
  const rdd = sc.parallelize(pairs, 2);
  assert.deepEqual(await rdd.keys().collect(), pairs.map(([key]) => key));
  assert.deepEqual(await rdd.values().collect(), pairs.map(([, value]) => value));
  assert.deepEqual(await rdd.mapValues((n) => n + 1).first(), ["a", 2]);
});

test("reduceByKey, combineByKey, groupByKey say the same", async () => {
  const rdd = sc.parallelize(pairs, 3);
  const expected = [["a", 4], ["b", 7], ["c", 4]];
  for (const partitions of [1, 2, 7]) {
    const reduced = rdd.reduceByKey((a, b) => a + b, partitions);
    assert.equal(await reduced.getNumPartitions(), partitions);
    assert.deepEqual((await reduced.collect()).sort(), expected);
  }
  const lists = rdd.combineByKey(
    (n): number[] => [n],
    (list, n) => [...list, n],
    (a, b) => [...a, ...b],
    { partitions: 2 },
  );
  assert.deepEqual((await lists.collect()).sort(), [["a", [1, 3]], ["b", [2, 5]], ["c", [4]]]);
  const grouped = await rdd.groupByKey().collectAsMap();
  assert.deepEqual(grouped.get("b")!.toArray(), [2, 5]);
  assert.equal(grouped.get("b")!.length, 2);
  const sums = rdd.groupByKey().mapValues((values) => {
    let sum = 0;
    for (const value of values) sum += value;
    return sum;
  });
  assert.deepEqual((await sums.collect()).sort(), expected);
});

test("keys are compared by value", async () => {
  const rdd = sc.parallelize([[[1, "x"], 1], [[1, "x"], 2], [[1, "y"], 3]] as [
    [number, string],
    number,
  ][]);
  const reduced = await rdd.reduceByKey((a, b) => a + b).collect();
  assert.deepEqual(reduced.sort(([, a], [, b]) => a - b), [[[1, "x"], 3], [[1, "y"], 3]]);
  const kinds = sc.parallelize([1, 1n, "1", true, NaN, NaN, 0, -0] as unknown[], 2);
  assert.equal(await kinds.map((key) => [key, 1]).reduceByKey((a, b) => a + b).count(), 6);
});

test("partitionBy puts keys where the function says, and moves nothing twice", async () => {
  const rdd = sc.parallelize(pairs, 3).partitionBy(3, (key) => key.charCodeAt(0));
  const parts = await rdd.mapPartitions((part) => [[...part].map(([key]) => key).join("")])
    .collect();
  assert.deepEqual(parts, ["c", "aa", "bb"]);
  const hashed = sc.parallelize(pairs).partitionBy(4);
  assert.doesNotMatch((await hashed.partitionBy(4).toDebugString()).split("\n")[1]!, /\+-/);
});

test("sortBy and sortByKey order over all partitions", async () => {
  const numbers = Array.from({ length: 500 }, (_, i) => (i * 7919) % 503);
  const rdd = sc.parallelize(numbers, 4);
  const ascending = numbers.toSorted((a, b) => a - b);
  assert.deepEqual(await rdd.sortBy((n) => n).collect(), ascending);
  assert.deepEqual(await rdd.sortBy((n) => n, false, 3).collect(), ascending.toReversed());
  assert.deepEqual(await rdd.sortBy((n) => -n, { partitions: 2 }).take(2), [502, 501]);
  const sorted = sc.parallelize(pairs, 2).sortByKey();
  assert.deepEqual(await sorted.collect(), [["a", 1], ["a", 3], ["b", 2], ["b", 5], ["c", 4]]);
  const mixedCase = sc.parallelize([["B", 1], ["a", 2]] as [string, number][]);
  const folded = mixedCase.sortByKey(true, 1, (key) => key.toLowerCase());
  assert.deepEqual(await folded.keys().collect(), ["a", "B"]);
});

test("keys that cannot be sorted together are refused, in however many partitions", async () => {
  for (const partitions of [1, 2, 5]) {
    await refused(
      () => sc.parallelize([1, "a"] as unknown[], partitions).sortBy((x) => x).collect(),
      RecordError,
      "KeyTypeMismatch",
      /number, string\n.*sortBy\(\(x\) => String\(x\)\)\n.*stage \d+ \(sortBy at spine_test/,
    );
  }
  const some = sc.parallelize([3, null, 1n, undefined, 2] as unknown[], 3);
  assert.deepEqual(await some.sortBy((x) => x).collect(), [1n, 2, 3, null, undefined]);
});

test("sum and stats refuse what is no number", async () => {
  // What JSON.parse gives is any: no type warns.
  const parsed = sc.parallelize(["1", '"2"', "null"], 1).map((text) => JSON.parse(text));
  await refused(() => parsed.sum(), RecordError, "NotANumber", /sum\(\).*"2"/);
  await refused(() => parsed.stats(), RecordError, "NotANumber", /stats\(\).*"2"/);
});

test("count, reduce, fold, sum, stats", async () => {
  const numbers = sc.range(1, 101, 1, 7);
  assert.equal(await numbers.count(), 100);
  assert.equal(await numbers.reduce((a, b) => a + b), 5050);
  assert.equal(await numbers.fold(0, (a, b) => a + b), 5050);
  assert.equal(await numbers.sum(), 5050);
  const stats = await numbers.stats();
  assert.deepEqual([stats.count, stats.mean, stats.min, stats.max], [100, 50.5, 1, 100]);
  const { stdev } = await sc.range(1024).flatMap(function* (n) {
    yield n;
  }).stats();
  assert(Math.abs(stdev - Math.sqrt((1024 ** 2 - 1) / 12)) < 1e-9);
});

test("the empty dataset", async () => {
  const none = sc.parallelize<number>([], 3);
  assert.deepEqual(await none.collect(), []);
  assert.equal(await none.count(), 0);
  assert.equal(await none.sum(), 0);
  assert.equal(await none.fold(7, (a, b) => a + b), 7 * 4);
  assert.deepEqual(await none.take(2), []);
  assert.equal((await none.stats()).count, 0);
  assert.deepEqual(await none.map((n) => [n, n]).reduceByKey((a) => a).sortByKey().collect(), []);
  await refused(() => none.reduce((a, b) => a + b), PlanError, "EmptyCollection", /reduce/);
  await refused(() => none.first(), PlanError, "EmptyCollection", /first/);
});

test("take asks few partitions, then more", async () => {
  const touched = sc.accumulator();
  const rdd = sc.parallelize([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], 12).map((n) => {
    touched.add(1);
    return n;
  });
  assert.deepEqual(await rdd.take(0), []);
  assert.equal(touched.value, 0);
  assert.deepEqual(await rdd.take(1), [1]);
  assert.equal(touched.value, 1);
  assert.deepEqual(await rdd.take(3), [1, 2, 3]);
  assert.equal(touched.value, 1 + 5);
  assert.deepEqual(await rdd.take(100), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});

test("for await takes a partition at a time", async () => {
  const touched = sc.accumulator();
  const rdd = sc.parallelize([1, 2, 3, 4], 4).map((n) => {
    touched.add(1);
    return n;
  });
  const seen: number[] = [];
  for await (const n of rdd) {
    seen.push(n);
    assert.equal(touched.value, seen.length);
    if (n === 2) break;
  }
  assert.deepEqual(seen, [1, 2]);
});

test("accumulators and broadcasts", async () => {
  const sum = sc.accumulator(100);
  const table = { x: 1 };
  const factors = sc.broadcast(table);
  table.x = 1000;
  await sc.range(5).foreach((n) => sum.add(n * factors.value.x));
  assert.equal(sum.value, 110);
  assert.deepEqual(factors.value, { x: 1 });
  await factors.unpersist();
  assert.deepEqual(factors.value, { x: 1 });
  await factors.destroy();
  assert.throws(() => factors.value, /destroyed/);
  await refused(
    () => sc.range(2).map(() => factors.value.x).collect(),
    ClosureError,
    "NotShippable",
    /"factors".*destroyed/,
  );
  assert.throws(() => sum.add("1" as unknown as number), /InvalidArgument|amount/);
  await refused(
    () => sc.range(2).map(() => sum.value).collect(),
    PlanError,
    "ContextOnlyOnDriver",
    /accumulator/,
  );
});

class Point {
  constructor(readonly x: number, readonly y: number) {}
  get length(): number {
    return Math.hypot(this.x, this.y);
  }
}

test("instances of captured classes stay instances", async () => {
  const points = sc.range(3).map((n) => new Point(n, n));
  const [, , last] = await points.collect();
  assert(last instanceof Point);
  assert.equal(last.length, Math.hypot(2, 2));
});

class Sealed {
  readonly #n: number;
  constructor(n: number) {
    this.#n = n;
  }
  static is(value: unknown): value is Sealed {
    return typeof value === "object" && value !== null && #n in value;
  }
  get n(): number {
    return this.#n;
  }
}
class Signed extends Sealed {
  readonly sign = Math.sign(this.n);
}

test("a class is one class for all functions of a stage", async () => {
  const numbers = sc.range(3);
  assert.equal(
    await numbers.map((n) => new Point(n, n)).filter((p) => p instanceof Point).count(),
    3,
  );
  const known = numbers.map((n) => new Signed(n)).filter((s) => s instanceof Sealed)
    .filter((s) => Sealed.is(s)).map((s) => s.n * s.sign);
  assert.deepEqual(await known.collect(), [0, 1, 2]);
  const [first] = await numbers.map((n) => new Point(n, n)).filter((p) => p instanceof Point)
    .map((p) => [1, p]).reduceByKey((a, b) => a instanceof Point ? a : b).values().collect();
  assert(first instanceof Point);
});

test("instances of registered classes stay instances where no function knows them", async () => {
  class Registered {
    constructor(readonly n: number) {}
  }
  assert.throws(() => sc.parallelize([new Registered(0)]), /registerClass/);
  sc.registerClass(Registered);
  const rdd = sc.parallelize([new Registered(1), new Registered(2)], 2);
  const [first] = await rdd.coalesce(3, true).collect();
  assert(first instanceof Registered);
});

test("a class that one function of the chain uses is known in all its stages", async () => {
  class Tally {
    count = 1;
    constructor(readonly word: string) {}
    add(other: Tally): this {
      this.count += other.count;
      return this;
    }
  }
  const tallies = await sc.parallelize(words)
    .map((word) => [word, new Tally(word)])
    .reduceByKey((a, b) => a.add(b))
    .sortByKey()
    .values()
    .collect();
  assert.deepEqual(tallies.map(({ word, count }) => [word, count]), [
    ["be", 2],
    ["not", 1],
    ["or", 1],
    ["to", 2],
  ]);
  // From here on the class is known: what the driver writes of it, tasks can read.
  const [first] = tallies;
  assert(first instanceof Tally);
  assert.deepEqual(await sc.parallelize([first]).map((tally) => tally.count).collect(), [2]);
  const broadcast = sc.broadcast(first);
  assert.deepEqual(
    await sc.range(1).map(() => broadcast.value.add(broadcast.value).count).collect(),
    [4],
  );
});

test("imported functions and npm modules travel", async () => {
  assert.deepEqual(await sc.range(2).map((n) => n + offset()).collect(), [41, 42]);
});

test("a narrow chain is captured at each action; what has been exchanged keeps its captures", async () => {
  let factor = 1;
  const scaled = sc.range(1, 3).map((n) => n * factor);
  assert.deepEqual(await scaled.collect(), [1, 2]);
  factor = 10;
  assert.deepEqual(await scaled.collect(), [10, 20]);
  const summed = scaled.map((n) => ["sum", n]).reduceByKey((a, b) => a + b);
  const shown = summed.mapValues((n) => n + factor);
  assert.deepEqual(await shown.collect(), [["sum", 40]]);
  factor = 100;
  assert.deepEqual(await shown.collect(), [["sum", 130]]);
});

test("functions are captured in the call, not later", async () => {
  let factor = 1;
  const running = sc.range(1, 3).map((n) => n * factor).collect();
  factor = 10;
  assert.deepEqual(await running, [1, 2]);
});

test("several actions at once", async () => {
  const rdd = sc.range(100).map((n) => [n % 3, 1]).reduceByKey((a, b) => a + b);
  const [all, count, sum] = await Promise.all([
    rdd.collectAsMap(),
    rdd.count(),
    rdd.values().sum(),
  ]);
  assert.deepEqual([all.get(0), count, sum], [34, 3, 100]);
});

test("what the user gets wrong is told", async () => {
  const rdd = sc.range(3);
  for (const wrong of [0, 1.5, NaN, -1, "8", 2 ** 20 + 1]) {
    const partitions = wrong as number;
    for (
      const act of [
        () => sc.parallelize([1], partitions),
        () => sc.range(1, 2, 1, partitions),
        () => sc.textFile("x", partitions),
        () => rdd.coalesce(partitions),
        () => rdd.sortBy((n) => n, true, partitions),
        () => rdd.map((n) => [n, n]).groupByKey({ partitions }),
        () => rdd.map((n) => [n, n]).partitionBy(partitions),
      ]
    ) {
      await refused(act, PlanError, "InvalidArgument", /partitions.*[\s\S]*1 to 2\^20/);
    }
  }
  for (const wrong of [-1, 1.5, NaN, "3"]) {
    await refused(() => rdd.take(wrong as number), PlanError, "InvalidArgument", /take\(\): n is/);
  }
  await refused(() => rdd.map(5 as never), PlanError, "InvalidArgument", /map\(\): fn is 5/);
  await refused(() => sc.range(0, 5, 0), PlanError, "InvalidArgument", /step is 0/);
  await refused(() => sc.parallelize(5 as never), PlanError, "InvalidArgument", /records is 5/);
  await refused(() => sc.union([]), PlanError, "InvalidArgument", /at least one/);
  await refused(() => sc.textFile(5 as never), PlanError, "InvalidArgument", /path is 5/);
  await refused(
    () => sc.textFile("/no/such/file").count(),
    InputError,
    "InputNotFound",
    /no\/such/,
  );
  await refused(
    () => (rdd as unknown as RDD<[number, number]>).mapValues((n) => n).collect(),
    FlintError,
    "NotAPair",
    /pairs/,
  );
});

test("async functions are refused before anything runs, Promises when they come back", async () => {
  const rdd = sc.parallelize([1, 1], 1);
  const pairs = rdd.map((n) => [n, n]);
  for (
    const act of [
      () => rdd.map(async (n) => await n).collect(),
      () => rdd.filter(async (n) => await n).count(),
      () => pairs.mapValues(async (n) => await n).collect(),
      () => pairs.reduceByKey((async (a: number) => await a) as never).collect(),
      () => rdd.keyBy(async (n) => await n).collect(),
    ]
  ) {
    await refused(act, ClosureError, "PromiseReturned", /spine_test\.ts:\d+:\d+.*\n.*await/);
  }
  const later = (n: number) => Promise.resolve(n);
  await refused(() => rdd.map(later).collect(), FlintError, "PromiseReturned", /mapAsync/);
  await refused(() => rdd.reduce(later as never), FlintError, "PromiseReturned", /reduce/);
  await refused(() => rdd.fold(0, later as never), FlintError, "PromiseReturned", /fold/);
  await refused(() => rdd.foreach(later as never), FlintError, "PromiseReturned", /foreach/);
});

test("the context and its datasets stay on the driver", async () => {
  const rdd = sc.range(2);
  await refused(
    () => rdd.map((n) => n + sc.defaultParallelism).collect(),
    ClosureError,
    "ContextOnlyOnDriver",
    /spine_test\.ts:\d+:\d+.*"sc".*SparkContext/,
  );
  await refused(
    () => rdd.map((n) => [n, 1]).mapValues(() => rdd.id()).collect(),
    ClosureError,
    "ContextOnlyOnDriver",
    /"rdd".*RDD/,
  );
});

test("what the user's function throws comes back with its place and cause", async () => {
  const failing = sc.range(4).map((n) => {
    if (n === 3) throw new TypeError("odd one");
    return n;
  });
  await assert.rejects(failing.collect(), (error: TaskError) => {
    assert(error instanceof TaskError);
    assert.match(error.message, /odd one/);
    assert.match(String((error.cause as Error).stack), /spine_test\.ts:\d+/);
    return true;
  });
  assert.equal(await sc.range(4).count(), 4);
});

test("a signal ends an action, before it starts and while it runs", async () => {
  const gone = AbortSignal.abort(new Error("never"));
  for (
    const act of [
      () => sc.range(2).collect({ signal: gone }),
      () => sc.range(2).take(1, { signal: gone }),
      () => sc.range(2).take(0, { signal: gone }),
      () => sc.range(2).saveAsTextFile("/nowhere/at/all", { signal: gone }),
    ]
  ) {
    await assert.rejects(act, /never/);
  }
  const controller = new AbortController();
  const spinning = sc.range(2).map((n) => {
    for (;;) if (Date.now() < 0) return n;
  }).collect({ signal: controller.signal });
  setTimeout(() => controller.abort(new Error("enough")), 50);
  await assert.rejects(spinning, /enough/);
  assert.equal(await sc.range(2).count(), 2);
});

test("saveAsTextFile writes parts and _SUCCESS, refuses what exists, leaves nothing of a failure", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const out = `${folder}/deep/out`;
    await sc.parallelize(["a", "b", "ü"], 2).saveAsTextFile(out);
    const names = [...Deno.readDirSync(out)].map((entry) => entry.name).sort();
    assert.deepEqual(names, ["_SUCCESS", "part-00000", "part-00001"]);
    assert.equal(Deno.readTextFileSync(`${out}/part-00001`), "b\nü\n");
    assert.deepEqual(await sc.textFile(out).collect(), ["a", "b", "ü"]);
    await refused(() => sc.range(1).saveAsTextFile(out), OutputError, "OutputExists", /deep\/out/);
    const failing = sc.range(3).map((n) => {
      if (n === 2) throw new Error("half");
      return n;
    });
    await assert.rejects(failing.saveAsTextFile(`${folder}/half`), /half/);
    assert.deepEqual([...Deno.readDirSync(folder)].map((entry) => entry.name), ["deep"]);
    await sc.range(2).saveAsTextFile(new URL(`file://${folder}/url`));
    assert.deepEqual(await sc.textFile(`${folder}/url/part-*`).collect(), ["0", "1"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

test("a URL is one path; a text may hold several, and patterns", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    for (const name of ["a,b{c}*?.txt", "ab.txt", "ac.txt", "50%.txt"]) {
      await Deno.writeTextFile(`${folder}/${name}`, `${name}\n`);
    }
    const read = (path: string | URL) => sc.textFile(path, 1).collect();
    const urlOf = (name: string) => new URL(`file://${folder}/${encodeURIComponent(name)}`);
    assert.deepEqual(await read(urlOf("a,b{c}*?.txt")), ["a,b{c}*?.txt"]);
    assert.deepEqual(await read(urlOf("50%.txt")), ["50%.txt"]);
    await refused(
      () => read(urlOf("a?.txt")),
      InputError,
      "InputNotFound",
      /a\?\.txt.*no such file/,
    );
    await refused(() => read(urlOf("ab.txt,x")), InputError, "InputNotFound", /ab\.txt,x/);
    assert.deepEqual(await read(`${folder}/ab.txt,${folder}/ac.txt`), ["ab.txt", "ac.txt"]);
    assert.deepEqual(await read(`${folder}/a{b,c}.txt`), ["ab.txt", "ac.txt"]);
    assert.deepEqual(await read(`${folder}/a?.txt,file://${folder}/50%.txt`), [
      "ab.txt",
      "ac.txt",
      "50%.txt",
    ]);
    assert.deepEqual(await read(`${folder}/a\\,b\\{c\\}\\*\\?.txt`), ["a,b{c}*?.txt"]);
    for (const url of ["http://a/b", "file://elsewhere/b", "file:///a%2Fb"]) {
      await refused(
        () => read(new URL(url)),
        PlanError,
        "InvalidArgument",
        /textFile\(\): path is/,
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

test("labels name the operator and the user's line; names stand before them", async () => {
  const rdd = sc.range(3, { partitions: 2 }).map((n) => [n, n]).reduceByKey((a) => a, 3);
  const [first, second] = (await rdd.setName("sums").toDebugString()).split("\n");
  assert.match(first!, /^\(3\) sums: reduceByKey at spine_test\.ts:\d+:\d+ \[\d+\]$/);
  assert.match(second!, /\+-\(2\) map at spine_test\.ts/);
  assert.equal(rdd.name(), "sums");
  assert.match(`${sc.textFile("x")}`, /^RDD\[\d+\] textFile at spine_test\.ts/);
  assert.match(sc.textFile("x").explain(), /^\(\?\) textFile/);
});

test("records that cannot travel are refused when the dataset is made", async () => {
  await refused(
    () => sc.parallelize([() => 1] as unknown[]),
    RecordError,
    "NotSerializable",
    /function/,
  );
});

Deno.test("a stopped context says so, and ends what runs", async () => {
  const other = new SparkContext({ master: "local" });
  const rdd = other.range(2);
  await refused(() => rdd.union(sc.range(1)), PlanError, "InvalidArgument", /different contexts/);
  assert.equal(await rdd.count(), 2);
  const spinning = rdd.map((n) => {
    for (;;) if (Date.now() < 0) return n;
  }).collect();
  const ended = assert.rejects(spinning, CancelledError);
  await Promise.all([other.stop(), other.stop()]);
  await ended;
  await refused(() => rdd.map((n) => n), PlanError, "ContextStopped", /map\(\)/);
  await refused(() => rdd.count(), PlanError, "ContextStopped", /count\(\)/);
  await refused(() => other.parallelize([1]), PlanError, "ContextStopped", /parallelize/);
  await refused(() => other.broadcast(1), PlanError, "ContextStopped", /broadcast/);
  await other.stop();
});
