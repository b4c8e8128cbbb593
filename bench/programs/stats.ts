// The seed's statistics job: 1024 × 5024 numbers in 20 slices.
import { SparkContext } from "@flint/flint";

await using sc = new SparkContext({ name: "stats" });
const stats = await sc.range(0, 1024, 1, 20)
  .flatMap(() => Array.from({ length: 5024 }, (_, i) => i))
  .stats();
console.log(`count ${stats.count}, mean ${stats.mean}, stdev ${stats.stdev}`);
