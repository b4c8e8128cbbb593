/** Drawing by chance on a real engine: what is promised for every seed, and what one seed gives. */
import assert from "node:assert/strict";
import { PlanError, RecordError, SparkContext } from "../../mod.ts";
import { Random } from "../../core/random.ts";
import { test } from "../helpers/shared_context.ts";

const sc = new SparkContext({ master: "local[2]", name: "sampling" });
Deno.test.afterAll(() => sc.stop());

const numbers = sc.range(0, 5_000, 1, 4);
const all = Array.from({ length: 5_000 }, (_, n) => n);

test("sample draws by seed, partition and position alone", async () => {
  const twin = all.filter((n, _, { length }) => {
    const part = length / 4;
    const random = new Random(81, Math.floor(n / part));
    for (let before = 0; before < n % part; before++) random.next();
    return random.next() < 0.1;
  });
  assert.deepEqual(await numbers.sample(0.1, { seed: 81 }).collect(), twin);
  assert.deepEqual(await numbers.sample(false, 0.1, 81).collect(), twin);
  // The same records in batches of other sizes.
  const sparse = numbers.flatMap((n) => [n, -1]).filter((n) => n >= 0);
  assert.deepEqual(await sparse.sample(0.1, { seed: 81 }).collect(), twin);
});

test("sample without a seed is another one each time, and the same in each action", async () => {
  const [a, b] = [numbers.sample(0.5), numbers.sample(0.5)];
  assert.deepEqual(await a.collect(), await a.collect());
  assert.notDeepEqual(await a.collect(), await b.collect());
});

test("sample takes all at 1 and nothing at 0", async () => {
  assert.deepEqual(await numbers.sample(1).collect(), all);
  for (const replacement of [false, true]) {
    assert.equal(await numbers.sample(0, { replacement }).count(), 0);
  }
});

test("sample with replacement draws records more than once", async () => {
  const drawn = await numbers.sample(2.5, { replacement: true, seed: 1 }).collect();
  assert.deepEqual(await numbers.sample(true, 2.5, 1).collect(), drawn);
  assert(Math.abs(drawn.length - 12_500) < 600, `${drawn.length}`);
  assert(new Set(drawn).size < 5_000);
  assert.deepEqual(drawn, drawn.toSorted((a, b) => a - b));
});

test("a sample keeps its pairs where they were", async () => {
  const pairs = numbers.map((n) => [n, n]).partitionBy(3);
  const sampled = pairs.sample(0.5, { seed: 1 }).sampleByKey(new Map(), { seed: 1 });
  assert.equal((await sampled.partitionBy(3).toDebugString()).match(/\+-/g)?.length, 1);
});

test("sampleByKey draws by the fraction of the key", async () => {
  const pairs = sc.parallelize(["a", "b"]).cartesian(sc.range(1000));
  for (const replacement of [false, true]) {
    const drawn = await pairs.sampleByKey({ a: 0.2, b: 0 }, { replacement, seed: 2 }).collect();
    assert(drawn.every(([key]) => key === "a"));
    assert(150 < drawn.length && drawn.length < 250, `${drawn.length}`);
  }
  const positional = await pairs.sampleByKey(false, { a: 0.2, b: 0.1 }, 2).collect();
  assert.deepEqual(await pairs.sampleByKey({ a: 0.2, b: 0.1 }, { seed: 2 }).collect(), positional);
});

test("sampleByKey compares keys by value and misses those that it was not told", async () => {
  const pairs = sc.parallelize<[unknown, number]>([[[1, "x"], 1], [NaN, 2], [-0, 3], ["0", 4]]);
  const fractions = new Map<unknown, number>([[[1, "x"], 1], [NaN, 1], [0, 1], ["0", 0]]);
  const drawn = await pairs.sampleByKey(fractions).values().collect();
  assert.deepEqual(drawn, [1, 2, 3]);
  await assert.rejects(pairs.sampleByKey(new Map([[NaN, 1]])).count(), (error) => {
    assert(error instanceof RecordError, `${error}`);
    assert.equal(error.code, "MissingFraction");
    return true;
  });
});

test("randomSplit puts every record into exactly one part", async () => {
  const parts = numbers.randomSplit([2, 0, 3, 1], 17);
  const collected = await Promise.all(parts.map((part) => part.collect()));
  assert.deepEqual(collected.flat().sort((a, b) => a - b), all);
  const [two, none, three, one] = collected.map((part) => part.length);
  assert.equal(none, 0);
  assert(Math.abs(two! - 5_000 / 3) < 150 && Math.abs(three! - 2_500) < 150, `${two} ${three}`);
  assert(Math.abs(one! - 5_000 / 6) < 150, `${one}`);
  const again = await numbers.randomSplit([2, 0, 3, 1], { seed: 17 })[0]!.collect();
  assert.deepEqual(again, collected[0]);
});

test("takeSample takes exactly as many as asked for, in random order", async () => {
  const drawn = await numbers.takeSample(1_000, { seed: 4 });
  assert.equal(new Set(drawn).size, 1_000);
  assert(drawn.every((n) => Number.isInteger(n) && n >= 0 && n < 5_000));
  assert.notDeepEqual(drawn, drawn.toSorted((a, b) => a - b));
  assert.deepEqual(await numbers.takeSample(false, 1_000, 4), drawn);
  assert.notDeepEqual(await numbers.takeSample(1_000, { seed: 5 }), drawn);
  const everything = await numbers.takeSample(9_999);
  assert.deepEqual(everything.sort((a, b) => a - b), all);
  assert.deepEqual(await numbers.takeSample(0), []);
  assert.deepEqual(await sc.parallelize<number>([]).takeSample(3, { replacement: true }), []);
  const repeated = await sc.range(0, 3, 1, 5).takeSample(true, 50, 1);
  assert.equal(repeated.length, 50);
  assert.deepEqual([...new Set(repeated)].sort(), [0, 1, 2]);
});

test("takeSample runs both passes with what the call saw", async () => {
  let least = 0;
  const pending = numbers.filter((n) => n >= least).takeSample(5_000);
  least = 4_999;
  assert.equal((await pending).filter((n) => n !== undefined).length, 5_000);
});

test("takeSample ends when its signal says so", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(numbers.takeSample(1, { signal }), /enough/);
});

test("arguments that make no sense are refused in the call", () => {
  const calls = [
    () => numbers.sample(-0.1),
    () => numbers.sample(1.1),
    () => numbers.sample(NaN, { replacement: true }),
    () => numbers.sample(0.5, { seed: 1.5 }),
    () => numbers.keyBy((n) => n).sampleByKey(new Map([[1, 2]])),
    () => numbers.randomSplit([]),
    () => numbers.randomSplit([0, 0]),
    () => numbers.randomSplit([1, -1]),
    () => numbers.randomSplit([1, NaN]),
  ];
  for (const call of calls) {
    assert.throws(call, (error) => error instanceof PlanError && error.code === "InvalidArgument");
  }
  return Promise.resolve();
});
