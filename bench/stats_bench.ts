// `deno task bench`: the seed's statistics job in a warm context, 5,144,576 numbers for 20 MB.
import { SparkContext } from "@flint/flint";
import { stats } from "./programs/seed_jobs.ts";
import { bench, MEGABYTES } from "./suite.ts";

const inner = Math.round(5024 * MEGABYTES / 20);
const sc = new SparkContext({ master: "local[2]" });

bench("stats", `${1024 * inner} numbers`, () => stats(sc, 1024, inner));
