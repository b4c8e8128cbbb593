/** Pairs that are looked up, and samples. */
import assert from "node:assert/strict";
import type { Program } from "../program.ts";

export const keys: readonly Program[] = [
  {
    name: "lookup finds a key in any order, and keys that are arrays",
    pyspark: "test_rdd.test_lookup",
    async run(sc) {
      const pairs = sc.range(0, 1_000, 1, 10).map((n) => [n, n]);
      assert.deepEqual(await pairs.lookup(42), [42]);
      const sorted = pairs.sortByKey();
      assert.deepEqual(await sorted.lookup(42), [42]);
      assert.deepEqual(await sorted.lookup(1_024), []);
      const grouped = sc.parallelize([[["a", "b"], "c"]]).groupByKey();
      const [values] = await grouped.lookup(["a", "b"]);
      assert.deepEqual(values?.toArray(), ["c"]);
    },
  },
  {
    name: "lookup finds all values of each key where a key's partition is known",
    pyspark: "test_rdd.test_lookup_after_partition_by",
    async run(sc) {
      const pairs = sc.range(0, 110, 1, 7).map((n) => [n % 11, n]).partitionBy(9);
      for (let key = 0; key < 11; key++) {
        const values = await pairs.lookup(key);
        assert.deepEqual(values, Array.from({ length: 10 }, (_, n) => key + 11 * n));
      }
    },
  },
  {
    name: "a sample for each key",
    pyspark: "test_rdd.test_sample_by_key",
    async run(sc) {
      const pairs = sc.parallelize(["a", "b"], 3).cartesian(sc.range(0, 1_000));
      const sample = await pairs.sampleByKey(false, { a: 0.2, b: 0.1 }, 2)
        .groupByKey().mapValues((values): number[] => values.toArray()).collectAsMap();
      const bounds = { a: [100, 300], b: [50, 150] } as const;
      for (const key of ["a", "b"] as const) {
        const values = sample.get(key)!;
        const [least, most] = bounds[key];
        assert(least < values.length && values.length < most, `${key}: ${values.length}`);
        assert(values.every((n) => n >= 0 && n <= 999));
        assert.equal(new Set(values).size, values.length);
      }
    },
  },
  {
    name: "ten records by chance, without a seed",
    pyspark: "test_rdd.test_sampling_default_seed",
    async run(sc) {
      const sample = await sc.range(0, 1_000, 1, 1).takeSample(false, 10);
      assert.equal(sample.length, 10);
      assert.equal(new Set(sample).size, 10);
      assert(sample.every((n) => Number.isInteger(n) && n >= 0 && n < 1_000));
    },
  },
  {
    name: "a seed draws the same sample again, another seed another",
    pyspark: "test_rdd.test_sample",
    async run(sc) {
      const numbers = sc.range(0, 100, 1, 4);
      for (const replacement of [false, true]) {
        const draw = (fraction: number, seed: number) =>
          numbers.sample(replacement, fraction, seed).collect();
        assert.deepEqual(await draw(0.1, 2), await draw(0.1, 2));
        assert.notDeepEqual(await draw(0.3, 10), await draw(0.3, 20));
        assert.notDeepEqual(await draw(0.4, 11), await draw(0.4, 21));
      }
    },
  },
];
