/** Which types come out of joins, sets and foldings by key; `deno check` is the test. */
import type { RDD, SparkContext, Values } from "../../mod.ts";

/** Compiles only if T and U are the same type. */
type Same<T, U> = (<X>() => X extends T ? 1 : 2) extends (<X>() => X extends U ? 1 : 2) ? true
  : false;
function is<U>(): <R>(rdd: R, same: Same<R, RDD<U>>) => void {
  return () => {};
}
function gives<U>(): <P>(promise: P, same: Same<P, Promise<U>>) => void {
  return () => {};
}

export function joins(sc: SparkContext): void {
  const ages = sc.parallelize([["a", 1]]);
  const names = sc.parallelize([["a", "x"]]);
  const flags = sc.parallelize([["a", true]]);
  is<[string, [number, string]]>()(ages.join(names), true);
  is<[string, [number, string]]>()(ages.join(names, 4), true);
  is<[string, [number, string]]>()(ages.join(names, 4, (key) => key.length), true);
  is<[string, [number, string]]>()(ages.join(names, { partitions: 4 }), true);
  is<[string, [number, string | undefined]]>()(ages.leftOuterJoin(names), true);
  is<[string, [number | undefined, string]]>()(ages.rightOuterJoin(names), true);
  is<[string, [number | undefined, string | undefined]]>()(ages.fullOuterJoin(names), true);
  is<[string, [[number, string], boolean]]>()(ages.join(names).join(flags), true);
  is<[string, number]>()(ages.subtractByKey(names), true);
  is<[string, [Values<number>]]>()(ages.cogroup(), true);
  is<[string, [Values<number>, Values<string>]]>()(ages.cogroup(names), true);
  is<[string, [Values<number>, Values<string>]]>()(ages.cogroup(names, 3), true);
  is<[string, [Values<number>, Values<string>, Values<boolean>]]>()(
    ages.cogroup(names, flags, { partitions: 3 }),
    true,
  );
  is<[string, [Values<number>, Values<string>, Values<boolean>]]>()(
    ages.groupWith(names, flags),
    true,
  );
  // What was made by other operators joins as well.
  const counts = names.map(([key]) => [key, 1]).reduceByKey((a, b) => a + b);
  is<[string, [string, number]]>()(names.join(counts), true);
  is<[string, [string, Values<number>]]>()(names.join(ages.groupByKey()), true);

  // @ts-expect-error numbers are no pairs
  sc.range(3).join(ages);
  // @ts-expect-error numbers are no pairs
  ages.join(sc.range(3));
  // @ts-expect-error nor is the one in the middle
  ages.cogroup(names, sc.range(3), flags);
  // @ts-expect-error the key is a string
  ages.join(names, 4, (key: number) => key);
  // @ts-expect-error there is no such option
  ages.cogroup(names, { partition: 3 });
}

export function sets(sc: SparkContext): void {
  const numbers = sc.range(10);
  const words = sc.textFile("a");
  is<number>()(numbers.distinct(), true);
  is<number>()(numbers.distinct({ partitions: 4 }), true);
  is<number>()(numbers.intersection(numbers, 2), true);
  is<number>()(numbers.subtract(numbers), true);
  is<number>()(numbers.concat(numbers), true);
  is<number>()(numbers.repartition(3), true);
  is<number[]>()(numbers.glom(), true);
  is<[string, Values<number>]>()(numbers.groupBy((n) => n.toFixed()), true);
  is<[[number, boolean], Values<number>]>()(numbers.groupBy((n) => [n, true]), true);
  // @ts-expect-error other records
  numbers.subtract(words);
  // @ts-expect-error other records
  numbers.intersection(words);
}

export function foldings(sc: SparkContext): void {
  const ones = sc.textFile("a").map((word) => [word, 1]);
  is<[string, number]>()(ones.foldByKey(0, (a, b) => a + b), true);
  is<[string, [number, number]]>()(
    ones.aggregateByKey([0, 0], (c, n) => [c[0] + n, c[1] + 1], (a, b) => [a[0] + b[0], a[1]]),
    true,
  );
  is<[string, [number, number]]>()(
    ones.aggregateByKey(() => [0, 0], (c, n) => [c[0] + n, 1], (a, b) => [a[0] + b[0], 2], 3),
    true,
  );
  is<[string, Set<number>]>()(
    ones.aggregateByKey(() => new Set<number>(), (set, n) => set.add(n), (a, b) => a.union(b)),
    true,
  );
  is<[string, string]>()(ones.flatMapValues((n) => ["a".repeat(n)]), true);
  is<[string, [number, string]]>()(ones.flatMapValues((n) => [[n, "a"], [n, "b"]]), true);
  gives<Map<string, number>>()(ones.reduceByKeyLocally((a, b) => a + b), true);
  // @ts-expect-error the values are numbers
  ones.foldByKey("", (a, b) => a + b);
  // @ts-expect-error words are no pairs
  sc.textFile("a").flatMapValues(() => []);
}
