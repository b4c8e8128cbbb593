// `deno bench -A bench`: the seed's statistics job, 1024 × 5024 numbers in 20 slices; a warm context.
import { SparkContext } from "@flint/flint";

const sc = new SparkContext({ master: "local[2]" });

Deno.bench("stats of 5,144,576 numbers", async () => {
  await sc.range(0, 1024, 1, 20)
    .flatMap(() => Array.from({ length: 5024 }, (_, i) => i))
    .stats();
});
