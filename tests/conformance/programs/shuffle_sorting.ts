/** Sorting, in memory and beyond: the chapter's tasks have little of it. */
import assert from "node:assert/strict";
import type { RDD, SparkContext } from "@flint/flint";
import type { Program } from "../program.ts";
import { spillsOf } from "../spills.ts";

/** The numbers below `count`, each once, in an order that is none. */
function shuffled(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n * 7919 % count);
}

/** How the numbers below `count` are sorted: upwards, downwards, by a key, and by a key downwards. */
type Sort = (numbers: RDD<number>, keyOf: (n: number) => number, ascending: boolean) => RDD<number>;

async function sortFourTimes(
  sc: SparkContext,
  count: number,
  sort: Sort,
  each: (act: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const numbers = sc.parallelize(shuffled(count), 2);
  const upwards = Array.from({ length: count }, (_, n) => n);
  const downwards = upwards.toReversed();
  const same = async (sorted: RDD<number>, expected: number[]) =>
    assert.deepEqual(await sorted.collect(), expected);
  await each(() => same(sort(numbers, (n) => n, true), upwards));
  await each(() => same(sort(numbers, (n) => n, false), downwards));
  await each(() => same(sort(numbers, (n) => -n, true), downwards));
  await each(() => same(sort(numbers, (n) => -n, false), upwards));
}

export const sorting: readonly Program[] = [
  {
    name: "a sort in memory, upwards, downwards, by a key and both",
    pyspark: "test_shuffle.SorterTests.test_in_memory_sort",
    async run(sc) {
      const sort: Sort = (numbers, keyOf, ascending) => numbers.sortBy(keyOf, ascending);
      await sortFourTimes(sc, 1024, sort, async (act) => {
        assert.equal((await spillsOf(sc, act)).spills, 0);
      });
    },
  },
  {
    name: "a sort beyond memory, upwards, downwards, by a key and both",
    pyspark: "test_shuffle.SorterTests.test_external_sort",
    async run(sc) {
      const sort: Sort = (numbers, keyOf, ascending) =>
        numbers.keyBy(keyOf)
          .repartitionAndSortWithinPartitions({ partitions: 1, ascending })
          .values();
      await sortFourTimes(sc, 30_000, sort, async (act) => {
        assert((await spillsOf(sc, act)).bytes > 0);
      });
    },
  },
  {
    // What `sortBy` cannot hold goes at once, as sorted runs, to where its readers merge it.
    name: "long texts are sorted within a fraction of the memory that they take",
    pyspark: "test_shuffle.SorterTests.test_external_sort_in_rdd",
    async run(sc) {
      const texts = shuffled(10_240).map((n) => String(n).padStart(100, "0"));
      const sorted = sc.parallelize(texts, 2).sortBy((text) => text, true, 4);
      const { bytesWritten, memoryBytesMax } = await spillsOf(sc, async () => {
        assert.deepEqual(await sorted.collect(), texts.toSorted());
      });
      assert(bytesWritten > 4 * memoryBytesMax);
      assert(memoryBytesMax > 0 && memoryBytesMax <= 256 << 10);
      assert.equal(await sorted.getNumPartitions(), 4);
    },
  },
];
