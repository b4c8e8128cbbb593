/** Accumulators on a real engine: what counts, how often, and what a param can be. */
import assert from "node:assert/strict";
import {
  type AccumulatorParam,
  ClosureError,
  type Event,
  PlanError,
  SparkContext,
  TaskContext,
  TaskError,
} from "../../mod.ts";
import type { Outcome } from "../../core/events.ts";
import { refused, test } from "../helpers/shared_context.ts";

/** Two executors, two attempts a task: what fails once is tried again. */
const sc = new SparkContext({ master: "local[2,2]", name: "accumulators" });
Deno.test.afterAll(() => sc.stop());

test("numbers and bigints, from a start that counts once", async () => {
  const sum = sc.accumulator(100);
  const bigs = sc.accumulator(5n);
  await sc.range(0, 10, 1, 5).foreach((n) => {
    sum.add(n);
    bigs.add(BigInt(n));
  });
  assert.equal(sum.value, 145);
  assert.equal(bigs.value, 50n);
  sum.value = 1;
  sum.add(0.5);
  assert.equal(sum.value, 1.5);
});

test("an accumulator adds what it started with, and nothing else", async () => {
  const sum = sc.accumulator(0);
  const bigs = sc.accumulator(0n);
  const refusal = { code: "InvalidArgument" };
  assert.throws(() => sum.add("1" as unknown as number), refusal);
  assert.throws(() => sum.value = 1n as unknown as number, refusal);
  assert.throws(() => bigs.add(1 as unknown as bigint), refusal);
  const mixed = sc.range(1).foreach(() => sum.add(1n as unknown as number));
  await refused(() => mixed, PlanError, "InvalidArgument", /amount is 1n/);
  assert.equal(sum.value, 0);
  // @ts-expect-error there has to be a param
  assert.throws(() => sc.accumulator([1, 2, 3]), /initial is \[1,2,3\]\n {2}Start with a number/);
  // @ts-expect-error there has to be a param
  assert.throws(() => sc.accumulator("x"), refusal);
  // @ts-expect-error a param has both methods
  assert.throws(() => sc.accumulator(0, { zero: () => 0 }), /param is/);
  // @ts-expect-error a name is a text
  assert.throws(() => sc.accumulator(0, { name: 7 }), /name is 7/);
});

test("a task can only add", async () => {
  const sum = sc.longAccumulator("hits");
  const plain = sc.accumulator(0);
  const acts: [string, () => unknown][] = [
    ["value", () => plain.value],
    ["value", () => plain.value = 1],
    ["sum", () => sum.sum],
    ["count", () => sum.count],
    ["avg", () => sum.avg],
    ["isZero", () => sum.isZero],
    ["reset\\(\\)", () => sum.reset()],
  ];
  for (const [member, act] of acts) {
    await refused(
      () => sc.range(1).map(act).count(),
      PlanError,
      "ContextOnlyOnDriver",
      new RegExp(`${member} of accumulator (hits|\\d+) in a task`),
    );
  }
  assert.deepEqual(await sc.range(1).map(() => sum.name).collect(), ["hits"]);
});

class VectorParam implements AccumulatorParam<number[]> {
  readonly scale: number;
  constructor(scale: number) {
    this.scale = scale;
  }
  zero(value: number[]): number[] {
    return value.map(() => 0);
  }
  addInPlace(sum: number[], amount: number[]): number[] {
    for (let i = 0; i < sum.length; i++) sum[i]! += this.scale * amount[i]!;
    return sum;
  }
}

test("a param may be an instance of a class of the program", async () => {
  const vector = sc.accumulator([1, 2, 3], new VectorParam(1));
  const numbers = sc.parallelize([1, 2, 3], 3);
  await numbers.foreach((x) => vector.add([x, x, x]));
  assert.deepEqual(vector.value, [7, 8, 9]);
  vector.add([1, 0, 0]);
  await numbers.foreach((x) => vector.add([x, 0, 0]));
  assert.deepEqual(vector.value, [14, 8, 9]);
});

class Histogram {
  readonly counts = new Map<string, number>();
  with(key: string, count: number): Histogram {
    this.counts.set(key, (this.counts.get(key) ?? 0) + count);
    return this;
  }
}

test("a param may be an object, and its sums instances of a class", async () => {
  const words = sc.accumulator(new Histogram(), {
    zero: () => new Histogram(),
    addInPlace: (sum: Histogram, other: Histogram) => {
      for (const [key, count] of other.counts) sum.with(key, count);
      return sum;
    },
  });
  const records = sc.parallelize(["a", "b", "a", "c"], 4);
  await records.foreach((word) => words.add(new Histogram().with(word, 1)));
  assert(words.value instanceof Histogram);
  assert.deepEqual([...words.value.counts].sort(), [["a", 2], ["b", 1], ["c", 1]]);
});

test("a number with a param of its own, and sums that are no sums", async () => {
  const max = sc.accumulator(-Infinity, { zero: () => -Infinity, addInPlace: Math.max });
  await sc.parallelize([3, 9, 4], 3).foreach((n) => max.add(n));
  assert.equal(max.value, 9);
  const none = sc.accumulator<number[]>([], {
    zero: () => [],
    addInPlace: (sum, amount) => void sum.push(...amount) as unknown as number[],
  });
  await refused(
    () => sc.range(1).foreach((n) => none.add([n])),
    PlanError,
    "InvalidArgument",
    /addInPlace\(\) of its param returned undefined\n {2}Return the sum itself/,
  );
});

test("a param that cannot travel is named with the accumulator", async () => {
  const { port1 } = new MessageChannel();
  const sum = sc.accumulator(0, { zero: () => 0, addInPlace: (a, b) => (port1.start(), a + b) });
  await refused(
    () => sc.range(1).foreach((n) => sum.add(n)),
    ClosureError,
    "NotShippable",
    /uses "sum", which is an accumulator that cannot travel, because it uses .*"port1"/,
  );
  const self = sc.accumulator<number>(0, {
    zero: () => 0,
    addInPlace: (a, b): number => (self.add(0), a + b),
  });
  await refused(
    () => sc.range(1).foreach((n) => self.add(n)),
    ClosureError,
    "NotShippable",
    /that its own param uses/,
  );
});

test("an error of a param on the driver fails the job, and that job only", async () => {
  const sum = sc.accumulator(0, {
    zero: () => 0,
    addInPlace: (a: number, b: number) => {
      if (TaskContext.get() === undefined) throw new RangeError(`cannot add ${b} to ${a}`);
      return a + b;
    },
  });
  const ends: Outcome[] = [];
  using _listening = sc.events.subscribe((event) => {
    if (event.type === "job.ended") ends.push(event.outcome);
  });
  const act = sc.range(0, 4, 1, 2).foreach((n) => sum.add(n));
  await assert.rejects(act, { name: "RangeError", message: /^cannot add \d to 0$/ });
  // Of the only task: the job would be done with it.
  await assert.rejects(sc.range(0, 1, 1, 1).foreach((n) => sum.add(n)), { name: "RangeError" });
  assert.deepEqual(
    ends.map((end) => end.ok ? "ok" : end.failure.name),
    ["RangeError", "RangeError"],
  );
  const pairs = sc.range(0, 4, 1, 2).map((n): [number, number] => (sum.add(n), [n % 2, n]));
  await assert.rejects(pairs.reduceByKey((a, b) => a + b).collect(), { name: "RangeError" });
  assert.equal(await sc.range(10).count(), 10);
});

test("long and double accumulators know sum, count and mean", async () => {
  const whole = sc.longAccumulator("whole");
  const real = sc.doubleAccumulator();
  assert.deepEqual([whole.isZero, whole.value, whole.avg], [true, 0, NaN]);
  await sc.range(0, 10, 1, 4).foreach((n) => {
    whole.add(n);
    real.add(n / 4);
  });
  assert.deepEqual([whole.value, whole.sum, whole.count, whole.avg], [45, 45, 10, 4.5]);
  assert.deepEqual([real.value, real.count, real.avg, real.isZero], [11.25, 10, 1.125, false]);
  assert.throws(() => whole.add(0.5), /amount is 0\.5\n {2}Add a whole number/);
  real.reset();
  assert.deepEqual([real.value, real.isZero, real.name, whole.name], [0, true, undefined, "whole"]);
});

test("a collection gathers values, instances of classes among them", async () => {
  const found = sc.collectionAccumulator<Histogram | bigint>("found");
  found.add(0n);
  const records = sc.parallelize([1n, 2n], 2);
  await records.foreach((n) => {
    found.add(n);
    found.add(new Histogram().with(`${n}`, 1));
  });
  const { value } = found;
  assert.equal(value.filter((item) => item instanceof Histogram).length, 2);
  assert.deepEqual(value.filter((item) => typeof item === "bigint").sort(), [0n, 1n, 2n]);
  value.length = 0;
  assert.equal(found.value.length, 5);
});

test("an attempt that failed counts for nothing; a second action counts again", async () => {
  const seen = sc.accumulator(0);
  const gathered = sc.collectionAccumulator<string>();
  const rdd = sc.range(0, 8, 1, 4).map((n) => {
    const { partitionId, attemptNumber } = contextOf();
    seen.add(1);
    gathered.add(`${partitionId}/${attemptNumber}`);
    if (partitionId === 1 && attemptNumber === 0 && n === 3) throw new Error("not yet");
    return n;
  });
  assert.equal(await rdd.sum(), 28);
  assert.equal(seen.value, 8, "eight records, of which two were computed twice");
  assert.deepEqual(
    gathered.value.sort(),
    ["0/0", "0/0", "1/1", "1/1", "2/0", "2/0", "3/0", "3/0"],
  );
  assert.equal(await rdd.sum(), 28);
  assert.equal(seen.value, 16, "the second action computes the records again");
});

test("what is cached is not computed again, and does not count again", async () => {
  const seen = sc.accumulator(0);
  const rdd = sc.range(0, 8, 1, 4).map((n) => (seen.add(1), n)).cache();
  assert.equal(await rdd.sum(), 28);
  assert.equal(await rdd.count(), 8);
  assert.equal(seen.value, 8);
  await rdd.unpersist();
});

test("an executor that is lost takes what its tasks added with it", async () => {
  const seen = sc.accumulator(0);
  const mapped = sc.accumulator(0);
  const rdd = sc.range(0, 8, 1, 4).map((n): [number, number] => {
    const { partitionId, attemptNumber } = contextOf();
    mapped.add(1);
    if (partitionId === 2 && attemptNumber === 0 && n === 5) Deno.exit(7);
    return [n % 2, 1];
  }).reduceByKey((a, b) => a + b).map(([key, count]) => (seen.add(1), [key, count]));
  const expected = [[0, 4], [1, 4]];
  assert.deepEqual((await rdd.collect()).sort(), expected);
  assert.deepEqual([mapped.value, seen.value], [8, 2]);
  assert.deepEqual((await rdd.collect()).sort(), expected);
  assert.deepEqual([mapped.value, seen.value], [8, 4], "the map side is there already");
});

test("a job that fails keeps what its good tasks added", async () => {
  const seen = sc.accumulator(0);
  const rdd = sc.range(0, 8, 1, 8).map((n) => {
    seen.add(1);
    if (n === 7) throw new Error("never");
    return n;
  });
  await assert.rejects(rdd.count(), TaskError);
  // The last task starts when no more than one of the others still runs.
  assert([6, 7].includes(seen.value), `${seen.value}`);
});

test("events tell what named accumulators hold, stage by stage", async () => {
  const named = sc.accumulator(0, { name: "records" });
  const list = sc.collectionAccumulator<number>("list");
  const silent = sc.accumulator(0);
  const told: Event[] = [];
  using _listening = sc.events.subscribe((event) => void told.push(event));
  await sc.range(0, 4, 1, 2).foreach((n) => {
    named.add(n);
    list.add(n);
    silent.add(n);
  });
  const updates = told.filter((event) => event.type === "accumulator.updated");
  const ended = told.find((event) => event.type === "stage.ended");
  assert(ended !== undefined && updates.every(({ stage }) => stage === ended.stage));
  const valuesOf = (name: string) =>
    updates.filter((event) => event.name === name).map(({ value }) => value);
  assert.equal(valuesOf("records").at(-1), "6");
  assert.deepEqual(valuesOf("list"), ["2 values", "4 values"]);
  assert.equal(updates.length, 4);
});

test("an accumulator of another context does not travel", async () => {
  await using other = new SparkContext({ master: "local" });
  const foreign = other.longAccumulator();
  await refused(
    () => sc.range(1).foreach((n) => foreign.add(n)),
    ClosureError,
    "NotShippable",
    /accumulator of another context/,
  );
});

/** Travels with the functions that use it. */
function contextOf(): { partitionId: number; attemptNumber: number } {
  const context = TaskContext.get()!;
  return { partitionId: context.partitionId(), attemptNumber: context.attemptNumber() };
}
