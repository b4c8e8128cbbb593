/** Aggregating and grouping, in memory and beyond: the chapter's tasks have little of it. */
import assert from "node:assert/strict";
import { type RDD, type SparkContext, TaskError } from "@flint/flint";
import type { Program } from "../program.ts";
import { filesBelow, spillsOf } from "../spills.ts";

/** `count` pairs of `keys` keys; the values are 0, 1, 2 and so on. */
function pairsOf(sc: SparkContext, count: number, keys: number, partitions = 4) {
  return sc.range(0, count, 1, partitions).map((n): [number, number] => [n % keys, n]);
}

function sumTo(count: number): number {
  return count * (count - 1) / 2;
}

/** Lists as combiners: they grow, and so does what an aggregation holds. */
function listsOf(pairs: RDD<[number, number]>, partitions = 2): RDD<[number, number[]]> {
  return pairs.combineByKey(
    (value): number[] => [value],
    (list, value) => (list.push(value), list),
    (list, other) => {
      for (const value of other) list.push(value);
      return list;
    },
    partitions,
  );
}

async function sumOfLists(lists: RDD<[number, number[]]>): Promise<number> {
  return await lists.values().map((list) => list.reduce((sum, value) => sum + value, 0)).sum();
}

export const aggregates: readonly Program[] = [
  {
    name: "what fits into memory is aggregated there",
    pyspark: "test_shuffle.MergerTests.test_small_dataset",
    async run(sc) {
      const pairs = pairsOf(sc, 1000, 50);
      const { spills } = await spillsOf(sc, async () => {
        const sums = pairs.reduceByKey((a, b) => a + b);
        assert.equal(await sums.values().sum(), sumTo(1000));
        assert.equal(await sumOfLists(listsOf(pairs)), sumTo(1000));
      });
      assert.equal(spills, 0);
    },
  },
  {
    // PySpark's limit is the memory of its process; ours counts what an aggregation holds.
    name: "lists that do not fit are spilled, and nothing is lost",
    pyspark: "test_shuffle.MergerTests.test_medium_dataset",
    async run(sc) {
      for (const keys of [50, 2500]) {
        const lists = listsOf(pairsOf(sc, 20_000, keys));
        const { spills } = await spillsOf(sc, async () => {
          assert.equal(await sumOfLists(lists), sumTo(20_000));
        });
        assert(spills >= 1);
      }
    },
  },
  {
    name: "spilled data lies in each of the local directories",
    pyspark: "test_shuffle.MergerTests.test_shuffle_data_with_multiple_locations",
    async run(_, kit) {
      const folder = await kit.folder();
      const places = ["a", "b"].map((name) => `${folder}/${name}`);
      for (const place of places) await Deno.mkdir(place);
      const sc = kit.open({
        "flint.worker.memory": "256k",
        "spark.local.dir": places.join(","),
        "flint.allow.read": folder,
      });
      const used = sc.accumulator(new Set<string>(), {
        zero: () => new Set<string>(),
        addInPlace: (all, more) => all.union(more),
      });
      const lists = pairsOf(sc, 60_000, 5000).combineByKey(
        (value): number[] => [value],
        (list, value) => [...list, value],
        (list, other) => {
          // A run that is read is deleted at once, so this looks while they are written.
          if (other[0]! % 100 === 0) {
            used.add(new Set(places.filter((place) => filesBelow(place).some(isSpill))));
          }
          return [...list, ...other];
        },
        2,
      );
      assert.equal(await sumOfLists(lists), sumTo(60_000));
      assert.deepEqual([...used.value].sort(), places);
    },
  },
  {
    name: "sums by key, with many more keys than memory has room for",
    pyspark: "test_shuffle.MergerTests.test_simple_aggregator_with_medium_dataset",
    async run(sc) {
      const sums = pairsOf(sc, 20_000, 10_000).reduceByKey((a, b) => a + b, 2);
      const { spills } = await spillsOf(sc, async () => {
        assert.equal(await sums.values().sum(), sumTo(20_000));
      });
      assert(spills >= 1);
      assert.deepEqual(await sums.lookup(7), [7 + 10_007]);
    },
  },
  {
    name: "data of many times the memory is spilled again and again, and leaves no file",
    pyspark: "test_shuffle.MergerTests.test_huge_dataset",
    async run(_, kit) {
      const folder = await kit.folder();
      const sc = kit.open({ "flint.worker.memory": "256k", "spark.local.dir": folder });
      const lists = listsOf(pairsOf(sc, 120_000, 6000), 3);
      const { spills } = await spillsOf(sc, async () => {
        assert.equal(await sumOfLists(lists), sumTo(120_000));
      });
      assert(spills > 30); // more than one merge takes at once
      assert.deepEqual(filesBelow(folder).filter(isSpill), []);
      await sc.stop();
      assert.deepEqual([...Deno.readDirSync(folder)], []);
    },
  },
  {
    name: "groups of one, two and many values, each with all of them",
    pyspark: "test_shuffle.MergerTests.test_group_by_key",
    async run(sc) {
      const sizes = new Map([[0, 1], [1, 2], [2, 100], [3, 50_002]]);
      const pairs = sc.parallelize([...sizes], 2)
        .flatMap(([key, size]) =>
          Array.from({ length: size }, (_, n): [number, number] => [key, n])
        );
      const groups = pairs.groupByKey(2);
      const found = groups.mapValues((values) => [values.length, [...values].length]);
      const lengths = [...sizes].map(([key, size]) => [key, [size, size]]);
      assert.deepEqual(await found.sortByKey().collect(), lengths);
      // The groups themselves travel, through another exchange and to the program.
      for (const travelled of [groups, groups.partitionBy(3)]) {
        for (const [key, values] of await travelled.collect()) {
          const sorted = Float64Array.from(values).sort();
          assert.equal(sorted.length, sizes.get(key));
          assert(sorted.every((value, index) => value === index));
        }
      }
    },
  },
  {
    name: "what a combining function throws arrives, whichever of the three it is",
    pyspark: "test_shuffle.MergerTests.test_stopiteration_is_raised",
    async run(sc) {
      const pairs = pairsOf(sc, 40, 4);
      const add = (a: number, b: number) => a + b;
      const stop = (): number => {
        throw new RangeError("stop iteration");
      };
      for (const bad of ["create", "mergeValue", "mergeCombiners"]) {
        const sums = pairs.combineByKey(
          bad === "create" ? stop : (value) => value,
          bad === "mergeValue" ? stop : add,
          bad === "mergeCombiners" ? stop : add,
        );
        await assert.rejects(sums.collect(), (error: TaskError) => {
          assert(error instanceof TaskError);
          assert.match(error.message, /stop iteration/);
          assert.equal((error.cause as Error).name, "RangeError");
          return true;
        });
      }
    },
  },
  {
    name: "two groups, each larger than memory",
    pyspark: "test_shuffle.ExternalGroupByTests.test_medium_dataset",
    async run(sc) {
      const groups = pairsOf(sc, 2 ** 16, 2).groupByKey(2);
      const { spills } = await spillsOf(sc, async () => {
        const sums = groups.mapValues((values) => {
          let sum = 0;
          for (const value of values) sum += value;
          return sum;
        });
        assert.equal(await sums.values().sum(), sumTo(2 ** 16));
      });
      assert(spills >= 1);
    },
  },
  {
    name: "so many groups that they are merged from sorted runs",
    pyspark: "test_shuffle.ExternalGroupByTests.test_dataset_with_keys_are_unsorted",
    async run(sc) {
      const groups = pairsOf(sc, 20_000, 10_000).groupByKey(2);
      const { spills } = await spillsOf(sc, async () => {
        assert.equal(await groups.filter(([, values]) => values.length === 2).count(), 10_000);
      });
      assert(spills >= 1);
      const [seven] = await groups.lookup(7);
      assert.deepEqual([...seven!].sort(), [10_007, 7]);
    },
  },
];

function isSpill(path: string): boolean {
  return /\/spill-/.test(path);
}
