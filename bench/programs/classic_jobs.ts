/**
 * The classics of PySpark's performance tests: keys and values, few keys with many values each, from
 * a dataset that is persisted before the clock starts; tasks that do nothing; a broadcast.
 *
 * Their sizes are those of the original at a scale of 1, on twenty machines: 200 M records, 20,000
 * keys, 1 M values, 400 partitions, 5,000 tasks, 10 MB of broadcast. Records are made by arithmetic
 * that is exact in every language, so that all peers have the same ones.
 */
import type { RDD, SparkContext } from "@flint/flint";
import { range } from "./seed_jobs.ts";

/** What a dataset of keys and values is made of. */
export type Classic = Readonly<{
  records: number;
  keys: number;
  values: number;
  partitions: number;
}>;

/** Pairs of integers, persisted. */
export async function integerPairs(
  sc: SparkContext,
  classic: Classic,
): Promise<RDD<[number, number]>> {
  const rdd = integers(sc, classic).cache();
  await rdd.count();
  return rdd;
}

/** Pairs of texts of ten digits, persisted. */
export async function textPairs(
  sc: SparkContext,
  classic: Classic,
): Promise<RDD<[string, string]>> {
  const rdd = integers(sc, classic)
    .map(([k, v]) => [String(k).padStart(10, "0"), String(v).padStart(10, "0")])
    .cache();
  await rdd.count();
  return rdd;
}

function integers(sc: SparkContext, { records, keys, values, partitions }: Classic) {
  return sc.range(0, records, 1, partitions)
    .map((i) => [i * 48_271 % 2_147_483_647 % keys, i * 69_621 % 2_147_483_647 % values]);
}

/** The sum of the values of each key. */
export function aggByKey(rdd: RDD<[string, string]>, reduceTasks: number) {
  return rdd.map(([k, v]) => [k, Number(v)]).reduceByKey((x, y) => x + y, reduceTasks);
}

/** The same where keys and values are numbers already. */
export function aggByKeyInt(rdd: RDD<[number, number]>, reduceTasks: number) {
  return rdd.reduceByKey((x, y) => x + y, reduceTasks);
}

/** The same by way of all values of a key. */
export function aggByKeyNaive(rdd: RDD<[string, string]>, reduceTasks: number) {
  return rdd.map(([k, v]) => [k, Number(v)]).groupByKey(reduceTasks).mapValues((values) => {
    let sum = 0;
    for (const value of values) sum += value;
    return sum;
  });
}

/** How many records have an odd value. */
export function countWithFilter(rdd: RDD<[string, string]>): Promise<number> {
  return rdd.filter(([, v]) => Number(v) % 2 === 1).count();
}

/** Counts one record a task: what is measured is the tasks. */
export function emptyTasks(sc: SparkContext, tasks: number): Promise<number> {
  return sc.parallelize(range(tasks), tasks).count();
}

/** `bytes` that no codec makes smaller. */
export function noise(bytes: number): Uint8Array {
  const block = new Uint8Array(1 << 16);
  const noise = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += block.length) {
    noise.set(crypto.getRandomValues(block).subarray(0, bytes - at), at);
  }
  return noise;
}

/** How many of 100 tasks see all bytes of a broadcast. */
export async function broadcast(sc: SparkContext, data: Uint8Array): Promise<number> {
  const s = sc.broadcast(data);
  const n = data.length;
  const count = await sc.parallelize(range(100), 100).filter(() => s.value.length === n).count();
  await s.unpersist();
  return count;
}
