/**
 * Which types drawing and joining by position give. `deno check` is the test: every
 * `@ts-expect-error` has to be one, and every `is` has to hold exactly.
 */
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

export function drawing(sc: SparkContext): void {
  const numbers = sc.range(10);
  is<number>()(numbers.sample(0.5), true);
  is<number>()(numbers.sample(2, { replacement: true, seed: 1 }), true);
  is<number>()(numbers.sample(false, 0.5, 1), true);
  for (const part of numbers.randomSplit([1, 2], 3)) is<number>()(part, true);
  gives<number[]>()(numbers.takeSample(3, { signal: AbortSignal.timeout(1), seed: 1 }), true);
  gives<number[]>()(numbers.takeSample(true, 3, 1), true);
  const pairs = sc.parallelize([["a", 1], ["b", 2]]);
  is<[string, number]>()(pairs.sampleByKey({ a: 0.5 }), true);
  is<[string, number]>()(pairs.sampleByKey(new Map([["a", 0.5]]), { seed: 1 }), true);
  is<[string, number]>()(pairs.sampleByKey(true, { a: 0.5 }, 1), true);
  // @ts-expect-error a fraction is a number
  numbers.sample("a");
  // @ts-expect-error no pairs
  numbers.sampleByKey(new Map([[1, 0.5]]));
  // @ts-expect-error the names of an object are no numbers
  numbers.keyBy((n) => n).sampleByKey({ 1: 0.5 });
}

export function joiningByPosition(sc: SparkContext): void {
  const numbers = sc.range(10);
  const lines = sc.textFile("a");
  is<[number, string]>()(numbers.zip(lines), true);
  is<[number, string]>()(numbers.cartesian(lines), true);
  is<[string, number]>()(lines.zipWithIndex(), true);
  is<[string, number]>()(lines.zipWithUniqueId(), true);
  is<[number, string]>()(
    numbers.zipPartitions(lines, function* (a, b) {
      for (const n of a) yield [n, [...b].join("")];
    }),
    true,
  );
  is<string>()(
    numbers.zipPartitions([lines, lines.zipWithIndex()], function* (a, b, c) {
      for (const n of a) yield `${n.toFixed()}${b.next().value}`;
      for (const [line, index] of c) yield line.padEnd(index);
    }),
    true,
  );
  // @ts-expect-error the second iterator gives strings
  numbers.zipPartitions(lines, (_a, b: IterableIterator<number>) => b);
}
