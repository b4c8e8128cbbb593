/** Functions that travel, and what they throw. */
import assert from "node:assert/strict";
import { type RDD, type SparkContext, TaskError } from "@flint/flint";
import type { Program } from "../program.ts";

class Person {
  constructor(readonly id: number, readonly firstName: string, readonly lastName: string) {}
  get fullName(): string {
    return `${this.firstName} ${this.lastName}`;
  }
}

/** Assigned anew between two jobs. */
let greet = () => "Hi";

/** Throws what must not be taken for the end of an iterator: nothing at all. */
const stop = (): never => {
  throw undefined;
};
/** An iterator that fails when its second element is asked for. */
function* stopping(): Generator<number> {
  yield 1;
  stop();
}

/** What runs user code, each with a function that throws. */
const FAILING: readonly [
  about: string,
  act: (numbers: RDD<number>, pairs: RDD<[number, number]>) => Promise<unknown>,
][] = [
  ["map", (numbers) => numbers.map(stop).collect()],
  ["filter", (numbers) => numbers.filter(stop).collect()],
  ["flatMap", (numbers) => numbers.flatMap(stopping).collect()],
  ["mapPartitions", (numbers) => numbers.mapPartitions(stopping).collect()],
  ["foreach", (numbers) => numbers.foreach(stop)],
  ["reduce", (numbers) => numbers.reduce(stop)],
  ["fold", (numbers) => numbers.fold(0, stop)],
  ["a product", (numbers) => numbers.cartesian(numbers).flatMap(stopping).collect()],
  ["reduceByKeyLocally", (_, pairs) => pairs.reduceByKeyLocally(stop)],
  ["aggregate, a record", (numbers) => numbers.aggregate(0, stop, () => 1)],
];

export const functions: readonly Program[] = [
  {
    name: "functions that were made by functions",
    pyspark: "test_rdd.test_itemgetter",
    async run(sc) {
      const item = (index: number) => (list: readonly number[]) => list[index]!;
      const items = (...indexes: readonly number[]) => (list: readonly number[]) =>
        indexes.map((index) => list[index]!);
      const lists = sc.parallelize<number[]>([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]);
      assert.deepEqual(await lists.map(item(1)).collect(), [1]);
      assert.deepEqual(await lists.map(items(2, 3)).collect(), [[2, 3]]);
    },
  },
  {
    // A class that is known to the context stands for a named tuple.
    name: "instances of classes come back as such",
    pyspark: "test_rdd.test_namedtuple_in_rdd",
    settings: {},
    async run(sc) {
      sc.registerClass(Person);
      const does = [new Person(1, "Jon", "Doe"), new Person(2, "Jane", "Doe")];
      const found = await sc.parallelize(does).collect();
      assert.deepEqual(found, does);
      assert(found.every((person) => person instanceof Person));
      const names = sc.parallelize(does).map((person) => person.fullName);
      assert.deepEqual(await names.collect(), ["Jon Doe", "Jane Doe"]);
    },
  },
  {
    name: "a function that brings 200,000 numbers along",
    pyspark: "test_rdd.test_large_closure",
    async run(sc) {
      const data = Array.from({ length: 200_000 }, (_, n) => n + 0.5);
      const lengths = sc.range(0, 1, 1, 1).map(() => data.length);
      assert.equal(await lengths.first(), 200_000);
      assert.equal(await lengths.map((length) => [length, 1]).groupByKey().count(), 1);
      const last = sc.range(199_999, 200_000).map((n) => data[n]!);
      assert.deepEqual(await last.collect(), [199_999.5]);
    },
  },
  {
    name: "each job takes functions as they are when it starts",
    pyspark: "test_rdd.test_overwritten_global_func",
    async run(sc) {
      greet = () => "Hi";
      const greetings = sc.parallelize([1]).map(() => greet());
      assert.equal(await greetings.first(), "Hi");
      greet = () => "Yeah";
      assert.equal(await greetings.first(), "Yeah");
      assert.equal(await sc.parallelize([1]).map(() => greet()).first(), "Yeah");
    },
  },
  {
    // Nothing that is thrown ends an iterator here, unlike Python's StopIteration: so the program
    // throws what is most easily taken for no error.
    name: "whatever is thrown fails the task, wherever it is thrown",
    pyspark: "test_rdd.test_stopiteration_in_user_code",
    async run(sc) {
      const numbers = sc.range(10);
      const pairs = numbers.map((n): [number, number] => [n % 2, n]);
      for (const [about, act] of FAILING) {
        await assert.rejects(act(numbers, pairs), (error: Error) => {
          assert(error instanceof TaskError, `${about}: ${error.stack}`);
          assert.match(error.message, /undefined/, about);
          return true;
        });
      }
      await joiningFails(sc);
      // a generator may end when it likes
      const firsts = numbers.mapPartitions(function* (records) {
        for (const record of records) return yield record;
      });
      assert.equal(await firsts.count(), await numbers.getNumPartitions());
    },
  },
  {
    name: "null and undefined among texts and bytes",
    pyspark: "test_rdd.test_null_in_rdd",
    async run(sc) {
      const texts = ["a", null, undefined, "b"];
      assert.deepEqual(await sc.parallelize(texts).map((text) => text).collect(), texts);
      const bytes = [new Uint8Array([97]), null, undefined, new Uint8Array([98])];
      assert.deepEqual(await sc.parallelize(bytes).map((some) => some).collect(), bytes);
    },
  },
];

/** Results of partitions are joined by the driver, where there is no task to fail. */
async function joiningFails(sc: SparkContext): Promise<void> {
  const error = new RangeError("no more");
  const fail = () => {
    throw error;
  };
  await assert.rejects(sc.range(10).aggregate(0, () => 1, fail), /no more/);
  assert.equal(await sc.range(10).aggregate(0, (a, b) => a + b, (a, b) => a + b), 45);
}
