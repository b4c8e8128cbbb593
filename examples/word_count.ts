// The most frequent words of a text:
//
//   deno run -A submit.ts examples/word_count.ts --master "local[8]" [file, folder or glob]
import { SparkContext } from "@flint/flint";

const [path = new URL("text/alice.txt", import.meta.url).pathname] = Deno.args;

await using sc = new SparkContext({ name: "word count" });

const counts = sc.textFile(path)
  .flatMap((line) => line.toLowerCase().match(/\p{L}+(?:['’]\p{L}+)*/gu) ?? [])
  .map((word) => [word, 1])
  .reduceByKey((a, b) => a + b);

const frequent = await counts.sortBy(([, count]) => count, { ascending: false }).take(10);
for (const [word, count] of frequent) console.log(String(count).padStart(8), word);
