/** The jobs of bench/run.ts with their sizes, and how far ahead Flint has to be in each. */
import { pathsFile } from "./data.ts";
import type { Given } from "./contest.ts";

/** What is asked for on the command line. */
export type Sizes = Readonly<{
  megabytes: number;
  threads: number;
  /** Of the classics: 1 is what they were made for, twenty machines. */
  scale: number;
  /** How many tasks are empty. */
  tasks: number;
}>;

export type JobSpec = Readonly<{
  title: string;
  /**
   * "warm": one process a contestant, asked again and again. "cold": a process for each round, from
   * its start to its first answer.
   */
  kind: "warm" | "cold";
  given(sizes: Sizes): Given;
  /** Whether the answer itself says too little: then one more is asked for that says it all. */
  hasCheck?: true;
  /** How many times as long each of these has to take: what must be, and what is aimed at. */
  marks: Readonly<Record<string, Readonly<{ must?: number; aim?: number }>>>;
}>;

/** So many times the text of `sort` is sorted in so little memory. */
const OUT_OF_CORE = { times: 5, memory: "64m", memoryBytes: 64 * 2 ** 20 };

const text = ({ megabytes }: Sizes) => ({ text: pathsFile(megabytes) });

/** `factor`: the original scales the records of some jobs once more. */
function pairs({ scale }: Sizes, factor = 1): Given {
  const scaled = (most: number) => String(Math.max(2, Math.round(most * scale * factor)));
  return {
    records: scaled(200e6),
    keys: scaled(20e3),
    values: scaled(1e6),
    partitions: scaled(400),
  };
}

const fiveTimes = { pyspark: { must: 5 } };

export const JOBS: Readonly<Record<string, JobSpec>> = {
  first: {
    title: "cold process to the first result",
    kind: "cold",
    given: () => ({}),
    marks: { pyspark: { must: 10 } },
  },
  wordcount: {
    title: "wordcount",
    kind: "warm",
    given: text,
    marks: {
      pyspark: { must: 6 },
      pypy: { must: 3.5 },
      scala: { must: 2.5 },
      polars: { must: 1 },
      duckdb: { aim: 1 },
    },
  },
  sort: {
    title: "sort",
    kind: "warm",
    hasCheck: true,
    given: text,
    marks: {
      pyspark: { must: 6 },
      scala: { must: 3 },
      duckdb: { aim: 1 },
      polars: { aim: 1 },
    },
  },
  stats: {
    title: "stats",
    kind: "warm",
    given: () => ({ outer: "1024", inner: "5024" }),
    marks: {
      pyspark: { must: 70 },
      pypy: { must: 10 },
      scala: { must: 1 },
      duckdb: { aim: 1 },
    },
  },
  tasks: {
    title: "empty tasks",
    kind: "warm",
    given: ({ tasks }) => ({ tasks: String(tasks) }),
    marks: { pyspark: { must: 10 } },
  },
  "agg-by-key": {
    title: "agg-by-key",
    kind: "warm",
    hasCheck: true,
    given: pairs,
    marks: fiveTimes,
  },
  "agg-by-key-int": {
    title: "agg-by-key-int",
    kind: "warm",
    hasCheck: true,
    given: (sizes) => pairs(sizes, 2),
    marks: fiveTimes,
  },
  "agg-by-key-naive": {
    title: "agg-by-key-naive",
    kind: "warm",
    hasCheck: true,
    given: pairs,
    marks: fiveTimes,
  },
  "sort-by-key": {
    title: "sort-by-key",
    kind: "warm",
    hasCheck: true,
    given: (sizes) => pairs(sizes, 0.1),
    marks: fiveTimes,
  },
  "sort-by-key-int": {
    title: "sort-by-key-int",
    kind: "warm",
    hasCheck: true,
    given: (sizes) => pairs(sizes, 0.2),
    marks: fiveTimes,
  },
  count: { title: "count", kind: "warm", given: pairs, marks: fiveTimes },
  "count-with-filter": {
    title: "count-with-filter",
    kind: "warm",
    given: pairs,
    marks: fiveTimes,
  },
  broadcast: {
    title: "broadcast",
    kind: "warm",
    given: () => ({ bytes: String(10 << 20) }),
    marks: {},
  },
  "sort-out-of-core": {
    title: `sort of ${OUT_OF_CORE.times} times as much under ${OUT_OF_CORE.memory}`,
    kind: "warm",
    given: ({ megabytes }) => ({
      job: "sort",
      text: pathsFile(megabytes * OUT_OF_CORE.times),
      memory: OUT_OF_CORE.memory,
    }),
    marks: {},
  },
};

/** What is asked of `sort-out-of-core`, beside spilling: as many times as long as `sort`, at most. */
export const OUT_OF_CORE_MARKS = {
  must: 8,
  aim: 6,
  executorBytesMax: 1.25 * OUT_OF_CORE.memoryBytes + 110e6,
};
