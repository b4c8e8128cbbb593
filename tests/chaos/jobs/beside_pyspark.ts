// The twin of `sort` and `hot_key` in ../pyspark/jobs.py, with the same answers on stdout.
//
//   submit.ts beside_pyspark.ts RECORDS sort | reduceByKey | groupByKey
import { SparkContext } from "@flint/flint";

const [records, how] = Deno.args;
const count = Number(records);
const filler = "x".repeat(90);

await using sc = new SparkContext({ name: "chaos" });
if (how === "sort") {
  const texts = sc.range(0, count, 1, 16)
    .map((i) => String((i * 7919) % count).padStart(10, "0") + filler);
  const parts = await texts.sortBy((text) => text, { partitions: 16 })
    .mapPartitions(function* (partition) {
      let [first, last, total, seen, isOrdered] = ["", "", 0, 0, true];
      for (const text of partition) {
        isOrdered &&= last <= text;
        if (seen++ === 0) first = text;
        last = text;
        total += Number(text.slice(0, 10));
      }
      if (seen > 0) yield { first, last, total, seen, isOrdered };
    }).collect();
  const isSorted = parts.every(({ first, isOrdered }, i) =>
    isOrdered && (i === 0 || parts[i - 1]!.last <= first)
  );
  const sum = (name: "seen" | "total") => parts.reduce((sum, part) => sum + part[name], 0);
  console.log(isSorted ? "True" : "False", sum("seen"), sum("total"));
} else {
  const pairs = sc.range(0, count, 1, 8).map((i) => ["hot", i]);
  const sums = how === "reduceByKey"
    ? pairs.reduceByKey((a, b) => a + b)
    : pairs.groupByKey().mapValues((values) => {
      let sum = 0;
      for (const value of values) sum += value;
      return sum;
    });
  console.log((await sums.values().collect())[0]);
}
