// `deno task bench`: word count of paths in a warm context, with enough memory and with too little.
import { SparkContext } from "@flint/flint";
import { wordcount } from "./programs/seed_jobs.ts";
import { bench, MEGABYTES, textPath } from "./suite.ts";

const path = textPath();
for (const memory of ["512m", "1m"]) {
  const conf = { "flint.worker.memory": memory };
  const sc = new SparkContext({ master: "local[2]", conf });
  bench("word count", `${MEGABYTES} MB, ${memory} a task`, () => wordcount(sc, path));
}
