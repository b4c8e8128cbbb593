/** Histograms: what is counted where, as one table. */
import assert from "node:assert/strict";
import { PlanError, type RDD, RecordError, type SparkContext } from "@flint/flint";
import { refused } from "../../helpers/shared_context.ts";
import type { Program } from "../program.ts";

const MIXED = [-0.01, 0, 1, 2, 3, 5, 6, 11.01, 12, 199, 200, 200.1];

/** Records, edges, and the counts between them. */
const BETWEEN_EDGES: readonly [
  about: string,
  records: readonly (number | null | undefined)[],
  edges: readonly number[],
  counts: readonly number[],
][] = [
  ["nothing, one bucket", [], [0, 10], [0]],
  ["nothing, two buckets", [], [0, 4, 10], [0, 0]],
  ["outside, one bucket", [10.01, -0.01], [0, 10], [0]],
  ["outside, two buckets", [10.01, -0.01], [0, 5, 10], [0, 0]],
  ["outside, uneven buckets", [10.01, -0.01], [0, 4, 10], [0, 0]],
  ["inside, one bucket", [1, 2, 3, 4], [0, 10], [4]],
  ["an edge belongs to the bucket above", [1, 2, 3, 4], [0, 4, 10], [3, 1]],
  ["the last bucket has both edges", [1, 2, 3, 4], [1, 4], [4]],
  ["inside, two buckets", [1, 2, 3, 5, 6], [0, 5, 10], [3, 2]],
  ["null and NaN are not counted", [1, 2, 3, 5, 6, null, NaN], [0, 5, 10], [3, 2]],
  ["nor is undefined", [1, 2, 3, 5, 6, undefined], [0, 5, 10], [3, 2]],
  ["inside, uneven buckets", [1, 2, 3, 5, 6], [0, 5, 11], [3, 2]],
  ["in and out, uneven buckets", [-0.01, 0, 1, 2, 3, 5, 6, 11, 11.01], [0, 5, 11], [4, 3]],
  ["in and out, four buckets", MIXED, [0, 5, 11, 12, 200], [4, 2, 1, 3]],
  ["the same with null and NaN", [...MIXED, null, NaN], [0, 5, 11, 12, 200], [4, 2, 1, 3]],
  ["infinite edges", [10.01, -0.01, NaN, Infinity], [-Infinity, 0, Infinity], [1, 2]],
];

/** Records, how many buckets of equal width, and what comes out. */
const OF_EQUAL_WIDTH: readonly [
  about: string,
  records: readonly number[],
  buckets: number,
  result: [edges: number[], counts: number[]],
][] = [
  ["one bucket", [1, 2, 3, 4], 1, [[1, 4], [4]]],
  ["one record", [1], 1, [[1, 1], [1]]],
  ["equal records", [1, 1, 1, 1], 1, [[1, 1], [4]]],
  ["equal records, however many buckets", [1, 1, 1, 1], 3, [[1, 1], [4]]],
  ["two buckets", [1, 2, 3, 4], 2, [[1, 2.5, 4], [2, 2]]],
  [
    "more buckets than records",
    [1, 2],
    5,
    [[1, 1.2, 1.4, 1.6, 1.8, 2], [1, 0, 0, 0, 1]],
  ],
];

/** What cannot be counted. */
const REFUSED: readonly [
  about: string,
  act: (sc: SparkContext) => Promise<unknown>,
  kind: typeof PlanError | typeof RecordError,
  code: string,
][] = [
  [
    "nothing, in equal buckets",
    (sc) => sc.emptyRDD<number>().histogram(1),
    PlanError,
    "EmptyCollection",
  ],
  ["no edges", (sc) => sc.range(3).histogram([]), PlanError, "InvalidArgument"],
  ["one edge", (sc) => sc.range(3).histogram([1]), PlanError, "InvalidArgument"],
  ["no buckets", (sc) => sc.range(3).histogram(0), PlanError, "InvalidArgument"],
  ["edges that descend", (sc) => sc.range(3).histogram([2, 1]), PlanError, "InvalidArgument"],
  ["an object", (sc) => sc.range(3).histogram({} as never), PlanError, "InvalidArgument"],
  ["infinity", (sc) => sc.parallelize([1, Infinity]).histogram(2), PlanError, "InvalidArgument"],
  ["NaN alone", (sc) => sc.parallelize([NaN]).histogram(2), PlanError, "EmptyCollection"],
  [
    "texts in equal buckets",
    (sc) => (sc.parallelize(["ab", "ef"]) as unknown as RDD<number>).histogram(2),
    RecordError,
    "NotANumber",
  ],
];

export const histograms: readonly Program[] = [
  {
    name: "histograms count what lies between edges, at them and beyond",
    pyspark: "test_rdd.test_histogram",
    async run(sc) {
      for (const [about, records, edges, counts] of BETWEEN_EDGES) {
        const numbers = sc.parallelize<number | null | undefined>(records);
        assert.deepEqual(await numbers.histogram(edges), [edges, counts], about);
      }
      for (const [about, records, buckets, [edges, counts]] of OF_EQUAL_WIDTH) {
        const [found, counted] = await sc.parallelize(records).histogram(buckets);
        assert.deepEqual(counted, counts, about);
        assert.equal(found.length, edges.length, about);
        found.forEach((edge, index) => assert(Math.abs(edge - edges[index]!) < 1e-12, about));
      }
      const words = sc.parallelize(["ab", "ac", "b", "bd", "ef"], 2);
      assert.deepEqual(await words.histogram(["a", "b", "c"]), [["a", "b", "c"], [2, 2]]);
      assert.deepEqual(await words.histogram(1), [["ab", "ef"], [5]]);
      for (const [, act, kind, code] of REFUSED) {
        await refused(() => act(sc), kind, code, /histogram/);
      }
    },
  },
];
