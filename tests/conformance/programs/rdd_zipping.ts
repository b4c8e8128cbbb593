/** Pairs by position, pairs of all with all, and unions of pairs. */
import assert from "node:assert/strict";
import { PlanError, RecordError } from "@flint/flint";
import { refused } from "../../helpers/shared_context.ts";
import type { Program } from "../program.ts";

const DIGITS = Array.from({ length: 10 }, (_, digit) => digit);

/** Records in an order that does not depend on partitions. */
function sorted(records: readonly unknown[]): string[] {
  return records.map((record) => JSON.stringify(record)).sort();
}

export const zipping: readonly Program[] = [
  {
    name: "a cartesian product can be mapped",
    pyspark: "test_rdd.test_transforming_cartesian_result",
    async run(sc) {
      const pairs = sc.parallelize([1, 2]).cartesian(sc.parallelize([3, 4]));
      const sums = await pairs.map(([x, y]) => x + y).collect();
      assert.deepEqual(sums.sort(), [4, 5, 5, 6]);
    },
  },
  {
    name: "cartesian products of cartesian products and zips",
    pyspark: "test_rdd.test_cartesian_chaining",
    async run(sc) {
      const digits = sc.parallelize(DIGITS, 2);
      const triples = DIGITS.flatMap((x) =>
        DIGITS.flatMap((y) => DIGITS.map((z) => [x, y, z] as const))
      );
      assert.deepEqual(
        sorted(await digits.cartesian(digits).cartesian(digits).collect()),
        sorted(triples.map(([x, y, z]) => [[x, y], z])),
      );
      assert.deepEqual(
        sorted(await digits.cartesian(digits.cartesian(digits)).collect()),
        sorted(triples.map(([x, y, z]) => [x, [y, z]])),
      );
      assert.deepEqual(
        sorted(await digits.cartesian(digits.zip(digits)).collect()),
        sorted(DIGITS.flatMap((x) => DIGITS.map((y) => [x, [y, y]]))),
      );
    },
  },
  {
    name: "zips of zips, on either side",
    pyspark: "test_rdd.test_zip_chaining",
    async run(sc) {
      const letters = sc.parallelize([..."abc"], 2);
      assert.deepEqual(
        await letters.zip(letters).zip(letters).collect(),
        [..."abc"].map((letter) => [[letter, letter], letter]),
      );
      assert.deepEqual(
        await letters.zip(letters.zip(letters)).collect(),
        [..."abc"].map((letter) => [letter, [letter, letter]]),
      );
    },
  },
  {
    name: "zipped pairs can be united",
    pyspark: "test_rdd.test_union_pair_rdd",
    async run(sc) {
      const numbers = sc.parallelize([1, 2]);
      const pairs = numbers.zip(numbers);
      const both = sc.union([pairs, pairs]);
      assert.deepEqual(await both.collect(), [[1, 1], [2, 2], [1, 1], [2, 2]]);
      assert.equal(await both.count(), 4);
    },
  },
  {
    // Batches of different kinds and lengths stand for PySpark's serializers.
    name: "zip of records that are encoded and batched differently",
    pyspark: "test_rdd.test_zip_with_different_serializers",
    async run(sc, kit) {
      const left = sc.range(0, 5);
      const right = sc.parallelize([100, 101, 102, 103, 104]);
      const pairs = [[0, 100], [1, 101], [2, 102], [3, 103], [4, 104]];
      assert.deepEqual(await left.zip(right).collect(), pairs);
      // 5,000 numbers from bytes, 5,000 objects of growing size out of a filter
      const numbers = sc.range(0, 10_000, 2, 5);
      const objects = sc.range(0, 15_000, 1, 5)
        .filter((n) => n % 3 === 0)
        .map((n) => ({ n: BigInt(n), text: "*".repeat(n % 4_000) }));
      const odd = await numbers.zip(objects)
        .filter(([even, { n, text }]) =>
          3n * BigInt(even) !== 2n * n || text.length !== Number(n) % 4_000
        )
        .count();
      assert.equal(odd, 0);

      const file = `${await kit.folder()}/hello.txt`;
      await Deno.writeTextFile(file, "Hello World!\n");
      const lines = sc.textFile(file);
      const upper = lines.map((line) => line.toUpperCase());
      assert.equal(await lines.count(), await lines.zip(lines).count());
      for (let round = 0; round < 2; round++) {
        assert.deepEqual(await lines.zip(upper).collect(), [["Hello World!", "HELLO WORLD!"]]);
      }
    },
  },
  {
    name: "zip of short strings with long ones",
    pyspark: "test_rdd.test_zip_with_different_object_sizes",
    async run(sc) {
      const short = sc.range(10_000).map((n) => "*".repeat(n));
      const long = sc.range(10_000, 20_000).map((n) => "*".repeat(n));
      const zipped = short.zip(long);
      assert.equal(await zipped.count(), 10_000);
      assert.equal(await zipped.filter(([a, b]) => b.length - a.length !== 10_000).count(), 0);
    },
  },
  {
    name: "zip refuses RDDs that differ in partitions or in records",
    pyspark: "test_rdd.test_zip_with_different_number_of_items",
    async run(sc) {
      const five = sc.range(0, 5, 1, 2);
      const parts = sc.range(100, 106, 1, 3);
      await refused(() => five.zip(parts).count(), PlanError, "InvalidArgument", /partitions/);

      const shorter = sc.range(100, 104, 1, 2);
      const longer = sc.range(100, 106, 1, 2);
      for (const other of [shorter, longer]) {
        await refused(() => five.zip(other).count(), RecordError, "UnequalPartitions", /zip/);
        await refused(() => other.zip(five).count(), RecordError, "UnequalPartitions", /zip/);
      }
      // as many in all, divided differently
      const twoThree = sc.parallelize([2, 3], 2).flatMap((n) => DIGITS.slice(0, n));
      const threeTwo = sc.parallelize([3, 2], 2).flatMap((n) => DIGITS.slice(0, n));
      assert.equal(await twoThree.count(), await threeTwo.count());
      await refused(() => twoThree.zip(threeTwo).count(), RecordError, "UnequalPartitions", /zip/);
      assert.equal(await five.zip(five).count(), 5);
    },
  },
];
