/** Folds whose beginning is changed by the functions: each fold has a beginning of its own. */
import assert from "node:assert/strict";
import type { Program } from "../program.ts";

type Counts = Map<number, number>;

const increase = (counts: Counts, n: number): Counts => counts.set(n, (counts.get(n) ?? 0) + 1);
function merge(counts: Counts, others: Counts): Counts {
  for (const [n, count] of others) counts.set(n, (counts.get(n) ?? 0) + count);
  return counts;
}

/** Twice each number from 0 to 9, as keys. */
const TWICE: readonly number[] = Array.from({ length: 20 }, (_, n) => n % 10);

export const zeroValues: readonly Program[] = [
  {
    name: "aggregate may change its zero, in one partition or in several",
    pyspark: "test_rdd.test_aggregate_mutable_zero_value",
    async run(sc) {
      const each = new Map(TWICE.map((n) => [n, 1]));
      const zero: Counts = new Map();
      for (const partitions of [1, 2]) {
        const numbers = sc.range(10, { partitions });
        assert.deepEqual(await numbers.aggregate(zero, increase, merge), each);
        assert.deepEqual(await numbers.treeAggregate(zero, increase, merge, 2), each);
      }
      assert.equal(zero.size, 0);
    },
  },
  {
    name: "aggregateByKey may change its zero",
    pyspark: "test_rdd.test_aggregate_by_key_mutable_zero_value",
    async run(sc) {
      const pairs = TWICE.map((n): [number, number] => [n, 1]);
      const zero: number[] = [];
      for (const partitions of [1, 2]) {
        const lists = sc.parallelize(pairs, partitions).aggregateByKey(
          zero,
          (list, n) => (list.push(n), list),
          (list, other) => (list.push(...other), list),
        );
        assert.deepEqual(
          await lists.sortByKey().collect(),
          TWICE.slice(0, 10).map((n) => [n, [1, 1]]),
        );
      }
      assert.deepEqual(zero, []);
    },
  },
  {
    name: "fold may change its zero",
    pyspark: "test_rdd.test_fold_mutable_zero_value",
    async run(sc) {
      const spans: [from: number, to: number][] = [[0, 10], [3, 8], [4, 7], [5, 6]];
      const counts = spans.map(([from, to]): Counts =>
        new Map(TWICE.slice(from, to).map((n) => [n, 1]))
      );
      const all = counts.reduce(merge, new Map());
      const zero: Counts = new Map();
      for (const partitions of [1, 2]) {
        assert.deepEqual(await sc.parallelize(counts, partitions).fold(zero, merge), all);
      }
      assert.equal(zero.size, 0);
    },
  },
  {
    name: "foldByKey may change its zero",
    pyspark: "test_rdd.test_fold_by_key_mutable_zero_value",
    async run(sc) {
      const upTo = (n: number) => TWICE.slice(0, n);
      const pairs = TWICE.map((n): [number, number[]] => [n, upTo(n)]);
      for (const partitions of [1, 2]) {
        const lists = sc.parallelize(pairs, partitions)
          .foldByKey([], (list, other) => (list.push(...other), list));
        assert.deepEqual(
          await lists.sortByKey().collect(),
          TWICE.slice(0, 10).map((n) => [n, [...upTo(n), ...upTo(n)]]),
        );
      }
    },
  },
  {
    name: "sets of values by key",
    pyspark: "test_rdd.test_aggregate_by_key",
    async run(sc) {
      const pairs = sc.parallelize([[1, 1], [1, 1], [3, 2], [5, 1], [5, 3]], 2);
      const sets = pairs.aggregateByKey(
        new Set<number>(),
        (set, n) => set.add(n),
        (set, other) => set.union(other),
      );
      assert.deepEqual(
        await sets.collectAsMap(),
        new Map([[1, new Set([1])], [3, new Set([2])], [5, new Set([1, 3])]]),
      );
    },
  },
];
