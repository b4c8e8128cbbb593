// Counts the words of paths, in their order, and says on stdout which tasks it starts.
//
//   submit.ts --master local[2] word_count.ts paths.txt counts.txt
import { SparkContext } from "@flint/flint";

const [path, out] = Deno.args;

await using sc = new SparkContext({ name: "word count under kills" });
let lost = 0;
let spills = 0;
sc.events.subscribe((event) => {
  if (event.type === "task.started") console.log("task.started");
  if (event.type === "task.ended") spills += event.metrics.spills;
  if (event.type === "executor.lost") lost++;
});
const counts = await sc.textFile(path!, 16)
  .flatMap((line) => line.split("/"))
  .map((word) => [word, 1])
  .reduceByKey((a, b) => a + b, 8)
  .sortByKey()
  .collect();
Deno.writeTextFileSync(out!, counts.map(([word, count]) => `${count} ${word}\n`).join(""));
console.log(`${lost} lost, ${spills} spills`);
