/** What compiles, what does not, and which types come out, of actions: see rdd_types.ts. */
import type { RDD, SparkContext } from "../../mod.ts";

/** Compiles only if T and U are the same type. */
type Same<T, U> = (<X>() => X extends T ? 1 : 2) extends (<X>() => X extends U ? 1 : 2) ? true
  : false;
function is<U>(): <R>(rdd: R, same: Same<R, RDD<U>>) => void {
  return () => {};
}
function gives<U>(): <P>(promise: P, same: Same<P, Promise<U>>) => void {
  return () => {};
}

export function folds(sc: SparkContext): void {
  const numbers = sc.range(10);
  const add = (a: number, b: number) => a + b;
  gives<number>()(numbers.aggregate(0, (sum, n) => sum + n, (a, b) => a + b), true);
  gives<boolean>()(numbers.aggregate(true, (all, n) => all && n > 0, (a, b) => a && b), true);
  gives<[number, number]>()(
    numbers.aggregate([0, 0], ([sum, count], n) => [sum + n, count + 1], ([a, b]) => [a, b]),
    true,
  );
  gives<number[]>()(
    numbers.aggregate((): number[] => [], (list, n) => [...list, n], (a, b) => [...a, ...b]),
    true,
  );
  gives<Set<number>>()(
    numbers.treeAggregate(() => new Set<number>(), (set, n) => set.add(n), (a, b) => a.union(b), 3),
    true,
  );
  gives<number | null>()(
    numbers.aggregate<number | null>(null, (a, n) => Math.max(a ?? n, n), (a, b) => a ?? b),
    true,
  );
  gives<number>()(numbers.treeAggregate(0, add, add, { depth: 2 }), true);
  gives<number>()(numbers.treeReduce(add, 3, { signal: AbortSignal.timeout(1) }), true);
  gives<number[]>()(numbers.map((n): number[] => [n]).fold(() => [], (a, b) => [...a, ...b]), true);
  // @ts-expect-error the result is a number
  numbers.aggregate(0, (sum: string) => sum, (a) => a);
  // @ts-expect-error there is no such option
  numbers.treeReduce(add, { dept: 2 });
}

export function ordered(sc: SparkContext): void {
  const lines = sc.textFile("a");
  gives<string[]>()(lines.top(2), true);
  gives<string[]>()(lines.takeOrdered(2, (line) => line.length), true);
  gives<string>()(lines.max({ keyOf: (line) => line.length }), true);
  gives<string>()(lines.min((line) => line.length, { signal: AbortSignal.timeout(1) }), true);
  const pairs = lines.map((line) => [line, 1]);
  is<[string, number]>()(pairs.filterByRange("a", "b"), true);
  // @ts-expect-error the keys are strings
  pairs.filterByRange(1, 2);
  // @ts-expect-error lines are no pairs
  lines.filterByRange("a", "b");
}

export function counted(sc: SparkContext): void {
  const pairs = sc.textFile("a").map((line) => [line, 1]);
  gives<Map<string, number>>()(pairs.countByKey(), true);
  gives<Map<[string, number], number>>()(pairs.countByValue(), true);
  gives<number[]>()(pairs.lookup("a"), true);
  gives<number>()(pairs.countApproxDistinct(0.01), true);
  gives<[string, number][]>()(pairs.toArray(), true);
  // @ts-expect-error the keys are strings
  pairs.lookup(1);
  // @ts-expect-error numbers are no pairs
  sc.range(3).countByKey();
}

export function searched(sc: SparkContext): void {
  const mixed = sc.parallelize([1, "a"]);
  gives<boolean>()(mixed.some((x) => x === 1), true);
  gives<string | number | undefined>()(mixed.find((x) => x !== 1), true);
  gives<string | undefined>()(mixed.find((x): x is string => typeof x === "string"), true);
  gives<boolean>()(mixed.includes("b"), true);
  // @ts-expect-error there are no Dates
  mixed.includes(new Date());
}

export function numbers(sc: SparkContext): void {
  gives<number>()(sc.range(3).mean(), true);
  gives<[edges: number[], counts: number[]]>()(sc.range(3).histogram(2), true);
  gives<[edges: number[], counts: number[]]>()(sc.parallelize([1, null]).histogram(2), true);
  gives<[edges: string[], counts: number[]]>()(sc.textFile("a").histogram(["a", "b"]), true);
  gives<[edges: string[], counts: number[]]>()(sc.textFile("a").histogram(1), true);
  // @ts-expect-error lines have no mean
  sc.textFile("a").mean();
  // @ts-expect-error lines have no width
  sc.textFile("a").histogram(2);
}
