// `deno task bench`: sorting paths, and numbers, in a warm context.
import { SparkContext } from "@flint/flint";
import { sort } from "./programs/seed_jobs.ts";
import { bench, MEGABYTES, textPath } from "./suite.ts";

const path = textPath();
const numbers = MEGABYTES * 50_000;
const sc = new SparkContext({ master: "local[2]" });

bench("sort", `${MEGABYTES} MB of lines`, () => sort(sc, path));
bench(
  "sort",
  `${numbers} numbers`,
  () => sc.range(numbers).sortBy((x) => (x * 7_919) % 1_000_003).count(),
);
