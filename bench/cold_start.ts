/**
 * From a cold process to the first result of a job with one partition, everything cached on disk.
 *
 *     deno run -A bench/cold_start.ts [rounds]
 *
 * Three figures, in turn: `deno run` of an empty module (the floor), the job as a plain script, and
 * the job through submit. Each is a whole process from start to exit; the medians are printed.
 */
import { fileURLToPath } from "node:url";
import { median } from "./measured.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const rounds = Number(Deno.args[0] ?? 15);
const empty = Deno.makeTempFileSync({ suffix: ".ts" });

const programs: Record<string, string[]> = {
  "an empty module": ["run", "-A", "--quiet", empty],
  "one task, plain script": ["run", "-A", "--quiet", `${ROOT}bench/programs/one_task.ts`],
  "one task, submit": [
    ...["run", "-A", "--quiet", `${ROOT}submit.ts`, "--master", "local[1]"],
    `${ROOT}bench/programs/one_task.ts`,
  ],
};
const times: Record<string, number[]> = {};
for (let round = 0; round <= rounds; round++) {
  for (const [name, args] of Object.entries(programs)) {
    const start = performance.now();
    const { success } = await new Deno.Command(Deno.execPath(), { args }).output();
    if (!success) throw new Error(`${name} failed`);
    // The first round warms the caches.
    if (round > 0) (times[name] ??= []).push(performance.now() - start);
  }
}
for (const [name, list] of Object.entries(times)) {
  const least = Math.min(...list);
  console.log(`${name}: median ${median(list).toFixed(0)} ms, least ${least.toFixed(0)} ms`);
}
Deno.removeSync(empty);
