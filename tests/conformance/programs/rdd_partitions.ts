/** How records are divided and ordered. */
import assert from "node:assert/strict";
import type { Program } from "../program.ts";

const PAIRS: readonly [number, number][] = [[0, 5], [3, 8], [2, 6], [0, 8], [3, 8], [1, 3]];

export const partitions: readonly Program[] = [
  {
    name: "partitions by a function of the key, each in ascending order",
    pyspark: "test_rdd.test_repartitionAndSortWithinPartitions_asc",
    async run(sc) {
      const parts = sc.parallelize(PAIRS, 2)
        .repartitionAndSortWithinPartitions(2, (key) => key % 2, true).glom();
      assert.deepEqual(await parts.collect(), [
        [[0, 5], [0, 8], [2, 6]],
        [[1, 3], [3, 8], [3, 8]],
      ]);
    },
  },
  {
    name: "partitions by a function of the key, each in descending order",
    pyspark: "test_rdd.test_repartitionAndSortWithinPartitions_desc",
    async run(sc) {
      const parts = sc.parallelize(PAIRS, 2)
        .repartitionAndSortWithinPartitions(2, (key) => key % 2, false).glom();
      assert.deepEqual(await parts.collect(), [
        [[2, 6], [0, 5], [0, 8]],
        [[3, 8], [3, 8], [1, 3]],
      ]);
    },
  },
  {
    name: "repartition leaves no partition empty",
    pyspark: "test_rdd.test_repartition_no_skewed",
    async run(sc) {
      const numbers = sc.range(0, 1_000, 1, 2);
      for (const dealt of [numbers.repartition(20), numbers.coalesce(20, true)]) {
        const sizes = await dealt.glom().map((part) => part.length).collect();
        assert.equal(sizes.length, 20);
        assert(sizes.every((size) => size > 0), `${sizes}`);
        assert.equal(await dealt.sum(), 499_500);
      }
    },
  },
  {
    name: "distinct records, in as many partitions as before or as are asked for",
    pyspark: "test_rdd.test_distinct",
    async run(sc) {
      const numbers = sc.parallelize(Array.from({ length: 30 }, (_, n) => n % 3 + 1), 10);
      assert.equal(await numbers.getNumPartitions(), 10);
      assert.deepEqual((await numbers.distinct().collect()).sort(), [1, 2, 3]);
      const inFive = numbers.distinct(5);
      assert.equal(await inFive.getNumPartitions(), 5);
      assert.equal(await inFive.count(), 3);
    },
  },
  {
    name: "nothing, sorted, is nothing",
    pyspark: "test_rdd.test_sort_on_empty_rdd",
    async run(sc) {
      const nothing = sc.parallelize<[string, number]>([]);
      assert.deepEqual(await nothing.sortByKey().collect(), []);
      assert.deepEqual(await nothing.sortByKey(false, 3).collect(), []);
    },
  },
  {
    name: "sortByKey uses all of its partitions",
    pyspark: "test_rdd.test_sortByKey_uses_all_partitions_not_only_first_and_last",
    async run(sc) {
      const shuffled = Array.from({ length: 101 }, (_, n): [number, number] => [n * 59 % 101, n]);
      for (const ascending of [true, false]) {
        const sorted = sc.parallelize(shuffled).sortByKey(ascending, 5);
        const expected = shuffled.toSorted(([a], [b]) => ascending ? a - b : b - a);
        assert.deepEqual(await sorted.collect(), expected);
        const sizes = await sorted.glom().map((part) => part.length).collect();
        assert.equal(sizes.length, 5);
        assert(sizes.every((size) => size > 0), `${sizes}`);
      }
    },
  },
];
