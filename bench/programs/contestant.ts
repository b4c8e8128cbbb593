// Flint as a contestant of bench/run.ts: `submit.ts [options] bench/programs/contestant.ts`.
import { type RDD, SparkContext } from "@flint/flint";
import { countsDigest, digest, type Given, type Job, job, serve } from "../contest.ts";
import * as classics from "./classic_jobs.ts";
import { largestChildBytes } from "./largest_child.ts";
import * as seed from "./seed_jobs.ts";

const classicOf = (given: Given): classics.Classic => ({
  records: Number(given.records),
  keys: Number(given.keys),
  values: Number(given.values),
  partitions: Number(given.partitions),
});

/** Counts keys; looked at closely, the sum of all. */
function summed<K>(sums: () => RDD<[K, number]>): Job {
  return job(() => sums().count(), String, async () => String(await sums().values().sum()));
}

/** Counts records; looked at closely, their keys in order. */
function ordered<K extends string | number>(sorted: () => RDD<[K, K]>): Job {
  return job(() => sorted().count(), String, () => digest(sorted().keys().toLocalIterator()));
}

const JOBS: Readonly<Record<string, (sc: SparkContext, given: Given) => Job | Promise<Job>>> = {
  first: (sc) => job(() => sc.parallelize([1, 2, 3], 1).map((x) => x * 2).collect(), String),
  wordcount: (sc, { text }) => job(() => seed.wordcount(sc, text!), countsDigest),
  sort: (sc, { text }) =>
    job(
      () => seed.sort(sc, text!),
      String,
      () => digest(sc.textFile(text!).sortBy((x) => x, true).toLocalIterator()),
    ),
  stats: (sc, { outer, inner }) =>
    job(
      () => seed.stats(sc, Number(outer), Number(inner)),
      ({ count, mean, stdev }) => `${count} ${mean.toFixed(6)} ${stdev.toFixed(6)}`,
    ),
  async "agg-by-key"(sc, given) {
    const rdd = await classics.textPairs(sc, classicOf(given));
    return summed(() => classics.aggByKey(rdd, Number(given.partitions)));
  },
  async "agg-by-key-int"(sc, given) {
    const rdd = await classics.integerPairs(sc, classicOf(given));
    return summed(() => classics.aggByKeyInt(rdd, Number(given.partitions)));
  },
  async "agg-by-key-naive"(sc, given) {
    const rdd = await classics.textPairs(sc, classicOf(given));
    return summed(() => classics.aggByKeyNaive(rdd, Number(given.partitions)));
  },
  async "sort-by-key"(sc, given) {
    const rdd = await classics.textPairs(sc, classicOf(given));
    return ordered(() => rdd.sortByKey(true, Number(given.partitions)));
  },
  async "sort-by-key-int"(sc, given) {
    const rdd = await classics.integerPairs(sc, classicOf(given));
    return ordered(() => rdd.sortByKey(true, Number(given.partitions)));
  },
  async count(sc, given) {
    const rdd = await classics.textPairs(sc, classicOf(given));
    return job(() => rdd.count(), String);
  },
  async "count-with-filter"(sc, given) {
    const rdd = await classics.textPairs(sc, classicOf(given));
    return job(() => classics.countWithFilter(rdd), String);
  },
  tasks: (sc, { tasks }) => job(() => classics.emptyTasks(sc, Number(tasks)), String),
  broadcast(sc, { bytes }) {
    const data = classics.noise(Number(bytes));
    return job(() => classics.broadcast(sc, data), String);
  },
};

let sc: SparkContext | undefined;
let bytesSpilled = 0;
let isCold = true;
await serve((given) => {
  sc = new SparkContext({ name: given.job! });
  sc.events.subscribe((event) => {
    if (event.type === "task.ended") bytesSpilled += event.metrics.bytesSpilled;
  });
  return JOBS[given.job!]!(sc, given);
}, () => {
  // A look at all processes would be measured as the cold start of Flint.
  const executorBytes = isCold ? undefined : largestChildBytes();
  const spilled = { bytesSpilled, executorBytes };
  bytesSpilled = 0;
  isCold = false;
  return spilled;
});
await sc?.stop();
