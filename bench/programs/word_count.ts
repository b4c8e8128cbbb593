// Word count of paths, split at "/"; writes `count word` lines where a second argument is given.
//
//   deno run -A submit.ts --master local[2] bench/programs/word_count.ts paths.txt [out.txt] [partitions]
import { SparkContext } from "@flint/flint";

const [path, out, partitions] = Deno.args;
if (path === undefined) throw new Error("Name the text: word_count.ts paths.txt [out.txt]");

await using sc = new SparkContext({ name: "word count" });
const counts = await sc.textFile(path)
  .flatMap((line) => line.split("/"))
  .map((word) => [word, 1])
  .reduceByKey((a, b) => a + b, partitions === undefined ? undefined : Number(partitions))
  .collectAsMap();

let total = 0;
for (const count of counts.values()) total += count;
console.log(`${counts.size} words, ${total} in all`);
if (out !== undefined) {
  const lines = Array.from(counts, ([word, count]) => `${count} ${word}\n`);
  Deno.writeTextFileSync(out, lines.join(""));
}
