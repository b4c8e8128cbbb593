// `deno bench -A bench`: word count of 20 MB of paths, a warm context.
import { SparkContext } from "@flint/flint";
import { pathsFile } from "./data.ts";

const path = pathsFile(20);
const contexts = {
  "512m a task": new SparkContext({ master: "local[2]" }),
  "1m a task: spills": new SparkContext({
    master: "local[2]",
    conf: { "flint.worker.memory": "1m" },
  }),
};

for (const [name, sc] of Object.entries(contexts)) {
  Deno.bench(`word count of 20 MB, ${name}`, { group: "word count" }, async () => {
    await sc.textFile(path)
      .flatMap((line) => line.split("/"))
      .map((word) => [word, 1])
      .reduceByKey((a, b) => a + b)
      .collectAsMap();
  });
}
