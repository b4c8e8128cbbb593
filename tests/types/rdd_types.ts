/**
 * What compiles, what does not, and which types come out. `deno check` is the test: every
 * `@ts-expect-error` has to be one, and every `is` has to hold exactly.
 */
import type { Broadcast, RDD, SparkContext, StatCounter, Values } from "../../mod.ts";

/** Compiles only if T and U are the same type. */
type Same<T, U> = (<X>() => X extends T ? 1 : 2) extends (<X>() => X extends U ? 1 : 2) ? true
  : false;
function is<U>(): <R>(rdd: R, same: Same<R, RDD<U>>) => void {
  return () => {};
}
function gives<U>(): <P>(promise: P, same: Same<P, Promise<U>>) => void {
  return () => {};
}

export function constructors(sc: SparkContext): void {
  is<number>()(sc.parallelize([1, 2, 3]), true);
  is<string>()(sc.parallelize(["a", "b"], 2), true);
  is<string | number>()(sc.parallelize(["a", 1], { partitions: 2 }), true);
  is<[string, number]>()(sc.parallelize([["a", 1], ["b", 2]]), true);
  is<[string, number]>()(sc.parallelize(new Map([["a", 1]])), true);
  is<[string, [number, boolean]]>()(sc.parallelize([["a", [1, true]]]), true);
  is<{ a: number }>()(sc.parallelize([{ a: 1 }]), true);
  is<number>()(sc.parallelize<number>([]), true);
  is<string>()(sc.parallelize(new Set(["a"])), true);
  is<number>()(sc.range(10), true);
  is<number>()(sc.range(0, 10, 2, 4), true);
  is<string>()(sc.textFile("a"), true);
  is<number>()(sc.union([sc.range(1), sc.range(2)]), true);
  sc.parallelize([["a", 1], ["a", 2]]).reduceByKey((a, b) => a + b);
  // @ts-expect-error a number is not iterable
  sc.parallelize(5);
}

export function narrow(sc: SparkContext): void {
  const numbers = sc.range(10);
  const lines = sc.textFile("a");
  // Literals widen: an RDD of "x" alone would be of little use.
  is<string>()(numbers.map(() => "x"), true);
  is<boolean>()(numbers.map(() => true), true);
  is<number>()(numbers.map(() => 1), true);
  is<[string, number]>()(lines.map((word) => [word, 1]), true);
  is<[string, [number, number]]>()(lines.map((word) => [word, [1, 1]]), true);
  is<[number, string, boolean, bigint]>()(numbers.map((n) => [n, "a", true, 1n]), true);
  is<[number, "a"]>()(numbers.map((n) => [n, "a"] as const), true);
  is<string | undefined>()(lines.map((line) => line.split(" ")[0]), true);
  is<string[]>()(lines.map((line) => line.split(" ")), true);
  is<null>()(lines.map(() => null), true);
  is<string>()(lines.flatMap((line) => line.split(" ")), true);
  is<[string, number]>()(lines.flatMap((line) => line.split(" ").map((w) => [w, 1])), true);
  is<[string, number]>()(lines.flatMap((line) => [[line, 1], [line, 2]]), true);
  is<[string, number]>()(
    lines.mapPartitions(function* (part) {
      for (const word of part) yield [word, 1];
    }),
    true,
  );
  is<[number, string]>()(
    lines.mapPartitionsWithIndex((index, part) => [...part].map((line) => [index, line])),
    true,
  );
  is<[number, string]>()(lines.keyBy((line) => line.length), true);
  is<[[number, string], string]>()(lines.keyBy((line) => [line.length, line]), true);
  // Guards narrow.
  const mixed = sc.parallelize([1, "a"]);
  is<string>()(mixed.filter((x): x is string => typeof x === "string"), true);
  is<string | number>()(mixed.filter((x) => x !== 1), true);
  // @ts-expect-error the function takes numbers
  lines.map((n: number) => n);
  // @ts-expect-error flatMap needs an iterable
  numbers.flatMap((n) => n);
  // @ts-expect-error other records
  numbers.union(lines);
}

export function wayOutOfTheHint(sc: SparkContext): void {
  const numbers = sc.range(10);
  // Every array literal is a tuple, so lists of this shape do not grow …
  // @ts-expect-error a tuple of two is no tuple of one
  numbers.map((n) => [n]).reduce((a, b) => [...a, ...b]);
  // … unless they are said to be arrays.
  is<number[]>()(numbers.map((n): number[] => [n]), true);
  is<number[]>()(numbers.map<number[]>((n) => [n]), true);
  gives<number[]>()(numbers.map((n): number[] => [n]).reduce((a, b) => [...a, ...b]), true);
}

export function pairs(sc: SparkContext): void {
  const words = sc.textFile("a");
  const counts = words.map((word) => [word, 1]).reduceByKey((a, b) => a + b);
  is<[string, number]>()(counts, true);
  is<string>()(counts.keys(), true);
  is<number>()(counts.values(), true);
  is<[string, string]>()(counts.mapValues((n) => n.toFixed(1)), true);
  is<[string, [number, number]]>()(counts.mapValues((n) => [n, 1]), true);
  is<[string, Values<number>]>()(counts.groupByKey(), true);
  is<[string, number]>()(counts.partitionBy(4), true);
  is<[string, number]>()(counts.partitionBy(4, (word) => word.length), true);
  is<[string, number]>()(counts.sortByKey(), true);
  is<[string, number]>()(counts.sortByKey({ ascending: false }), true);
  is<[string, number]>()(counts.sortBy(([, n]) => n, false, 2), true);
  gives<Map<string, number>>()(counts.collectAsMap(), true);
  gives<[string, number][]>()(counts.collect(), true);

  // A pair that depends on a condition; nested pairs; pairs as const; pairs from entries.
  const numbers = sc.range(10);
  numbers.map((n) => n > 1 ? ["big", 1] : ["small", 1]).reduceByKey((a, b) => a + b);
  words.map((w) => [w, [1, 1]]).reduceByKey((a, b) => [a[0] + b[0], a[1] + b[1]]);
  words.map((w) => [[w, w.length], 1]).reduceByKey((a, b) => a + b);
  words.map((w) => [w, 1] as const).reduceByKey(() => 1);
  words.flatMap((line) => Object.entries(JSON.parse(line) as Record<string, number>))
    .reduceByKey((a, b) => a + b, { partitions: 3 });

  // Combiners: tuples are tuples; lists that grow are said to be arrays.
  const ones = words.map((w) => [w, 1]);
  is<[string, [number, number]]>()(
    ones.combineByKey(
      (n) => [n, 1],
      ([sum, count], n) => [sum + n, count + 1],
      (a, b) => [a[0] + b[0], a[1] + b[1]],
    ),
    true,
  );
  is<[string, number[]]>()(
    ones.combineByKey((n): number[] => [n], (list, n) => [...list, n], (a, b) => [...a, ...b]),
    true,
  );

  // Zeros are numbers and texts, not 0 and "".
  is<[string, number]>()(ones.aggregateByKey(0, (sum, n) => sum + n, (a, b) => a + b), true);
  is<[string, string]>()(ones.aggregateByKey("", (text, n) => text + n, (a, b) => a + b), true);
  is<[string, [number, number]]>()(
    ones.aggregateByKey([0, 0], ([a, b], n) => [a + n, b + 1], ([a, b], [c, d]) => [a + c, b + d]),
    true,
  );
  is<[string, number | null]>()(
    ones.aggregateByKey<string, number, number | null>(null, (_, n) => n, (a) => a),
    true,
  );
  is<[string, number]>()(ones.foldByKey(0, (a, b) => a + b), true);
  is<[string, number]>()(numbers.map(() => ["k", 1]).foldByKey(() => 0, (a, b) => a + b), true);
  // @ts-expect-error the values are numbers
  ones.foldByKey("", (a, b) => a + b);
  // Keys that are one of a few texts go together with keys that are any.
  const parity = numbers.keyBy((n) => n % 2 === 0 ? "even" : "odd");
  is<["even" | "odd", number]>()(parity, true);
  ones.join(parity).union(parity.join(ones));
  ones.cogroup(numbers.groupBy((n) => n % 2 === 0 ? "even" : "odd"));

  // @ts-expect-error words are no pairs
  words.reduceByKey((a, b) => a + b);
  // @ts-expect-error numbers are no pairs
  numbers.groupByKey();
  // @ts-expect-error triples are no pairs
  numbers.map((n) => [n, n, n]).mapValues((n) => n);
  // @ts-expect-error words are no pairs
  words.collectAsMap();
  // @ts-expect-error the values are numbers
  ones.reduceByKey((a: string, b: string) => a + b);
}

export function generic<K, V>(rdd: RDD<[K, V]>): RDD<[V, K]> {
  return rdd.map(([key, value]) => [value, key]);
}

export async function results(sc: SparkContext): Promise<void> {
  const numbers = sc.range(10);
  gives<number>()(numbers.sum(), true);
  gives<StatCounter>()(numbers.stats(), true);
  gives<number>()(numbers.reduce((a, b) => a + b), true);
  gives<number>()(numbers.fold(0, (a, b) => a + b), true);
  gives<number[]>()(numbers.take(3, { signal: AbortSignal.timeout(1) }), true);
  gives<number>()(numbers.first(), true);
  gives<void>()(numbers.foreach((n) => void n), true);
  for await (const n of numbers) n.toFixed();
  const names: Broadcast<Map<string, number>> = sc.broadcast(new Map([["a", 1]]));
  names.value.get("a");
  // @ts-expect-error words have no sum
  sc.textFile("a").sum();
  // @ts-expect-error nor statistics
  sc.textFile("a").stats();
  // @ts-expect-error there is no such option
  numbers.collect({ sginal: undefined });
}
