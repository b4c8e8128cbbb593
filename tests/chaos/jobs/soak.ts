// Runs mixed jobs in one context for so many seconds, and says now and then what the driver holds.
//
//   submit.ts --master local[2,4] soak.ts SECONDS FAULTS-IN-A-HUNDRED SEED [leak]
import { readdirSync, statSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { SparkContext } from "@flint/flint";
import { Random } from "../../simulation/random.ts";
import { children, memoryBytes, openFiles } from "../processes.ts";
import { FAULTS, KINDS } from "./mixed_jobs.ts";

const [seconds, faultsPercent, seed] = Deno.args.slice(0, 3).map(Number) as [
  number,
  number,
  number,
];
const isLeaking = Deno.args[3] === "leak";
const SAMPLES = 40;

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

const temp = Deno.env.get("TMPDIR")!;
/** What map outputs, spills, broadcasts and blocks take: not the owner's name, nor the import map. */
function tempBytes(): number {
  const names = readdirSync(temp, { recursive: true }) as string[];
  let bytes = 0;
  for (const name of names) {
    if (!/^flint-\d+-/.test(name) || /\/(owner|imports\.json)$/.test(name)) continue;
    const stat = statSync(`${temp}/${name}`, { throwIfNoEntry: false });
    if (stat?.isFile()) bytes += stat.size;
  }
  return bytes;
}

const random = new Random(seed);
const folder = Deno.makeTempDirSync();
const leaked: Deno.FsFile[] = [];
{
  await using sc = new SparkContext({ name: "soak" });
  const startedMs = performance.now();
  const elapsed = () => (performance.now() - startedMs) / 1000;
  let faults = 0;
  let samples = 0;
  for (let jobs = 1; elapsed() < seconds; jobs++) {
    const isFaulty = Math.floor(jobs * faultsPercent / 100) > faults;
    const kinds = Object.entries(isFaulty ? FAULTS : KINDS);
    // The faults come in turn, so that a short form too meets each of them.
    const [name, run] = isFaulty ? kinds[faults++ % kinds.length]! : random.pick(kinds);
    try {
      await run(sc, random, folder);
    } catch (error) {
      console.error(`job ${jobs}, ${name}:`, error);
      console.log(JSON.stringify({ wrong: `job ${jobs}, ${name}` }));
    }
    if (isLeaking) leaked.push(await Deno.open(import.meta.filename!));
    if (elapsed() < seconds * samples / SAMPLES) continue;
    samples++;
    // What is held is asked for, not what V8 has not yet cared to collect.
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const holds = { memoryBytes: memoryBytes(Deno.pid), files: openFiles(Deno.pid) };
    const executors = children(Deno.pid).length;
    console.log(JSON.stringify({ jobs, faults, ...holds, executors, tempBytes: tempBytes() }));
  }
  // What no dataset reaches any more goes when its driver's garbage is collected.
  for (let waited = 0; waited < 5000 && tempBytes() > 0; waited += 100) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  console.log(JSON.stringify({ restBytes: tempBytes() }));
}
Deno.removeSync(folder, { recursive: true });
