/** Functions that wait: which types come out, and what does not compile. */
import type { RDD, SparkContext } from "../../mod.ts";

/** Compiles only if T and U are the same type. */
type Same<T, U> = (<X>() => X extends T ? 1 : 2) extends (<X>() => X extends U ? 1 : 2) ? true
  : false;
function is<U>(): <R>(rdd: R, same: Same<R, RDD<U>>) => void {
  return () => {};
}

export function waiting(sc: SparkContext): void {
  const numbers = sc.range(10);
  const later = Promise.resolve();
  is<number>()(numbers.mapAsync(async (n) => await later.then(() => n)), true);
  is<number>()(numbers.mapAsync((n) => Promise.resolve(n), { concurrency: 4 }), true);
  is<string>()(
    numbers.mapAsync(async () => {
      await later;
      return "x";
    }),
    true,
  );
  is<[number, string]>()(
    numbers.mapAsync(async (n) => {
      await later;
      return [n, "x"];
    }),
    true,
  );
  numbers.mapAsync(async (n) => {
    await later;
    return [n % 2, 1];
  }).reduceByKey((a, b) => a + b);
  // @ts-expect-error the function takes numbers
  numbers.mapAsync((text: string) => Promise.resolve(text));
  // @ts-expect-error concurrency is a number
  numbers.mapAsync((n) => Promise.resolve(n), { concurrency: "4" });
}

export function partitions(sc: SparkContext): void {
  const numbers = sc.range(10);
  const later = Promise.resolve();
  is<[number, string]>()(
    numbers.mapPartitions(async function* (records) {
      for await (const n of records) yield [n, "x"];
    }),
    true,
  );
  is<number>()(
    numbers.mapPartitions(async (records) => {
      await later;
      return [...records];
    }),
    true,
  );
  is<number>()(numbers.mapPartitions(async (records) => await Array.fromAsync(records)), true);
  is<[number, number]>()(
    numbers.mapPartitionsWithIndex(async function* (index, records) {
      for await (const n of records) yield [index, n];
    }),
    true,
  );
  // What does not wait is as it was.
  is<[number, number]>()(
    numbers.mapPartitions(function* (records) {
      for (const n of records) yield [n, 1];
    }),
    true,
  );
  is<number>()(numbers.mapPartitions((records) => [...records].filter((n) => n > 1)), true);
  // @ts-expect-error a number is not iterable
  numbers.mapPartitions(() => 1);
  // @ts-expect-error nor is the number of a Promise
  numbers.mapPartitions(() => Promise.resolve(1));
  void numbers.foreach(async (n) => await later.then(() => void n));
  void numbers.foreachPartition(async (records) => {
    for await (const n of records) void n;
  });
}
