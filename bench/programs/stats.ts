// The seed's statistics job: 1024 × 5024 numbers in 20 slices.
import { SparkContext } from "@flint/flint";
import { stats } from "./seed_jobs.ts";

await using sc = new SparkContext({ name: "stats" });
const { count, mean, stdev } = await stats(sc);
console.log(`count ${count}, mean ${mean}, stdev ${stdev}`);
