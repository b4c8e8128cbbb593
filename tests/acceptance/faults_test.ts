/** What dies or is damaged while a job runs is made again, and the answer is the same. */
import assert from "node:assert/strict";
import { Workshop } from "./launch.ts";

/** A job that counts words, with `between` run by the driver between two reads of the same counts. */
const countsTwice = (between: string) =>
  `import { SparkContext } from "@flint/flint";
   import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
   const sc = new SparkContext();
   const started: string[] = [];
   sc.events.subscribe((event) => {
     if (event.type === "stage.started") started.push(event.name.split(" ")[0] + " " + event.tasks);
   });
   const counts = sc.range(0, 40_000, 1, 4).map((x) => [\`word \${x % 1000}\`, 1])
     .reduceByKey((a, b) => a + b, 3);
   const first = await counts.collect();
   /** The data files of map outputs. */
   const temp = Deno.env.get("TMPDIR")!;
   const files = (readdirSync(temp, { recursive: true }) as string[])
     .filter((name) => name.includes("exchange-") && name.endsWith(".data")).sort()
     .map((name) => temp + "/" + name);
   ${between}
   const second = await counts.collect();
   console.log(JSON.stringify({
     files: files.length,
     same: JSON.stringify(first) === JSON.stringify(second),
     total: second.reduce((sum, [, n]) => sum + n, 0),
     started,
   }));
   await sc.stop();`;

async function facts(shop: Workshop, text: string): Promise<Record<string, unknown>> {
  const { stdout, stderr, code } = await shop.job(text);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

Deno.test("what an exchange wrote is used again by a later job", async () => {
  using shop = new Workshop();
  assert.deepEqual(await facts(shop, countsTwice("")), {
    files: 4,
    same: true,
    total: 40_000,
    started: ["reduceByKey 4", "collect 3", "collect 3"],
  });
});

Deno.test("a map output that is gone is made again, and no other", async () => {
  using shop = new Workshop();
  const { same, total, started } = await facts(shop, countsTwice("rmSync(files[1]!);"));
  assert.deepEqual([same, total], [true, 40_000]);
  assert.deepEqual(started, ["reduceByKey 4", "collect 3", "collect 3", "reduceByKey 1"]);
});

Deno.test("a flipped bit in a map output is noticed, and the output is made again", async () => {
  using shop = new Workshop();
  const { same, total, started } = await facts(
    shop,
    countsTwice(`const bytes = readFileSync(files[2]!);
      bytes[bytes.length >> 1]! ^= 4;
      writeFileSync(files[2]!, bytes);`),
  );
  assert.deepEqual([same, total], [true, 40_000]);
  assert.deepEqual((started as string[]).at(-1), "reduceByKey 1");
});

Deno.test("an executor that is killed in the middle of its task costs nothing but time", async () => {
  using shop = new Workshop();
  const { lost, sum } = await facts(
    shop,
    `import { SparkContext } from "@flint/flint";
     import { readdirSync, readFileSync } from "node:fs";
     const sc = new SparkContext();
     let lost = 0;
     sc.events.subscribe((event) => { if (event.type === "executor.lost") lost++; });
     /** The processes that this one has started. */
     const children = () => readdirSync("/proc").filter((name) => /^\\d+$/.test(name)).filter((pid) => {
       try {
         return readFileSync(\`/proc/\${pid}/stat\`, "utf8").split(") ")[1]!.split(" ")[1] === String(Deno.pid);
       } catch { return false; }
     }).map(Number);
     const slow = sc.range(0, 400, 1, 8).map((x) => {
       const end = performance.now() + 5;
       while (performance.now() < end);
       return [x % 7, x];
     }).reduceByKey((a, b) => a + b).values();
     setTimeout(() => Deno.kill(children()[0]!, "SIGKILL"), 600);
     console.log(JSON.stringify({ sum: await slow.sum(), lost }));
     await sc.stop();`,
  );
  assert.deepEqual([sum, lost], [399 * 200, 1]);
});
