/** Records that are taken a few at a time: the rest is not computed, and nothing gets stuck. */
import assert from "node:assert/strict";
import { TaskError } from "@flint/flint";
import type { Program } from "../program.ts";

export const taking: readonly Program[] = [
  {
    name: "all records one by one, also out of a thousand partitions",
    pyspark: "test_rdd.test_to_localiterator",
    async run(sc) {
      const numbers = sc.parallelize([1, 2, 3]);
      assert.deepEqual(await Array.fromAsync(numbers.toLocalIterator()), [1, 2, 3]);
      assert.deepEqual(await Array.fromAsync(numbers), [1, 2, 3]);
      const spread = await Array.fromAsync(numbers.repartition(1_000).toLocalIterator());
      assert.deepEqual(spread.sort(), [1, 2, 3]);
    },
  },
  {
    // That the next partition is there in advance is seen in what was counted, not in times.
    name: "a partition ahead is computed where it is asked for, and only there",
    pyspark: "test_rdd.test_to_localiterator_prefetch",
    async run(sc) {
      for (const prefetch of [false, true]) {
        const computed = sc.accumulator(0);
        const records = sc.range(0, 3, 1, 3).map((n) => {
          computed.add(1);
          return n;
        }).toLocalIterator(prefetch);
        assert.deepEqual(await records.next(), { done: false, value: 0 });
        const ahead = prefetch ? 2 : 1;
        for (let round = 0; round < 1_000 && computed.value < ahead; round++) {
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        await sc.range(8).count(); // time enough for whoever would go on by himself
        assert.equal(computed.value, ahead);
        assert.deepEqual(await Array.fromAsync(records), [1, 2]);
        assert.equal(computed.value, 3);
      }
    },
  },
  {
    name: "what a task throws arrives in the loop over the records",
    pyspark: "test_rdd.test_to_local_iterator_failure",
    async run(sc) {
      const failing = sc.range(10).map((): number => {
        throw new Error("local iterator error");
      });
      await assert.rejects(
        async () => {
          for await (const _ of failing.toLocalIterator());
        },
        (error: Error) => error instanceof TaskError && /local iterator error/.test(error.message),
      );
      assert.deepEqual(await Array.fromAsync(sc.range(3).toLocalIterator()), [0, 1, 2]);
    },
  },
  {
    name: "partitions that nobody has asked for are not computed",
    pyspark: "test_rdd.test_to_local_iterator_collects_single_partition",
    async run(sc) {
      const records = sc.range(0, 12, 1, 4).map((n) => {
        if (n === 9) throw new Error("nobody has asked for this");
        return n;
      }).toLocalIterator();
      for (let n = 0; n < 4; n++) assert.deepEqual(await records.next(), { done: false, value: n });
      await records.return();
      assert.deepEqual(await records.next(), { done: true, value: undefined });
    },
  },
  {
    name: "the first of a million texts",
    pyspark: "test_rdd.test_take_on_jrdd",
    async run(sc) {
      const made = sc.accumulator(0);
      const texts = sc.range(0, 2 ** 20, 1, 1).map((n) => {
        made.add(1);
        return String(n);
      });
      assert.equal(await texts.first(), "0");
      assert.deepEqual(await texts.take(3), ["0", "1", "2"]);
      assert(made.value < 2 ** 20, `${made.value} were made`);
      assert.equal(await texts.count(), 2 ** 20);
    },
  },
  {
    name: "one of many large rows, and the worker is free again",
    pyspark: "test_rdd.test_take_on_jrdd_with_large_rows_should_not_cause_deadlock",
    async run(sc) {
      const made = sc.accumulator(0);
      const rows = sc.range(0, 100_000, 1, 1).map((): number[] => {
        made.add(1);
        return Array(134).fill(0);
      });
      assert.deepEqual(await rows.take(1), [Array(134).fill(0)]);
      assert(made.value < 100_000, `${made.value} were made`);
      // out of a range of partitions, of records that fill a block each
      const large = sc.range(0, 64, 1, 4).map((n) => String(n % 10).repeat(2 ** 20));
      assert.equal((await large.first()).length, 2 ** 20);
      for await (const row of large) {
        assert.equal(row.length, 2 ** 20);
        break;
      }
      assert.equal(await sc.range(1_000).count(), 1_000);
    },
  },
];
