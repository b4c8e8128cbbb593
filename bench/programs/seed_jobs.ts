/** The three jobs by which the project is measured, word for word; only sizes are parameters. */
import type { SparkContext, StatCounter } from "@flint/flint";

/** The integers from 0 up to `end`, as an array. */
export function range(end: number): number[] {
  return Array.from({ length: end }, (_, i) => i);
}

/** How often each piece between slashes occurs in a text. */
export function wordcount(sc: SparkContext, text: string): Promise<Map<string, number>> {
  const rdd = sc.textFile(text);
  return rdd.flatMap((x) => x.split("/")).map((x) => [x, 1]).reduceByKey((x, y) => x + y)
    .collectAsMap();
}

/** The number of lines of a text, once they are sorted. */
export function sort(sc: SparkContext, text: string): Promise<number> {
  const rdd = sc.textFile(text);
  return rdd.sortBy((x) => x, true).count();
}

/** The statistics of `outer` times the integers below `inner`: 1024 × 5024 in the seed. */
export function stats(sc: SparkContext, outer = 1024, inner = 5024): Promise<StatCounter> {
  return sc.parallelize(range(outer), 20).flatMap(() => range(inner)).stats();
}
