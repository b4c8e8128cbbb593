// `deno bench -A bench`: sorting 20 MB of paths, and a million numbers; a warm context.
import { SparkContext } from "@flint/flint";
import { pathsFile } from "./data.ts";

const path = pathsFile(20);
const sc = new SparkContext({ master: "local[2]" });

Deno.bench("sort 20 MB of lines", { group: "sort" }, async () => {
  await sc.textFile(path).sortBy((line) => line).count();
});

Deno.bench("sort a million numbers", { group: "sort" }, async () => {
  await sc.range(1_000_000).sortBy((x) => (x * 7_919) % 1_000_003).count();
});
