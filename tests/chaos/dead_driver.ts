/**
 * Figure 5: drivers that are killed in each part of their lives, and what is left of them.
 *
 *     alone             SIGKILL to the driver: its executors and their programs have to end by themselves
 *     with executors    SIGKILL to all of them at once: nobody is left who could clean up
 *     full heap         V8 ends the driver
 *
 * Beside them lives another application in the same folder, and other starts come at the same moment.
 * Where a driver died, its output has no mark of success; the next start finds nothing of it; and the
 * one that lives still has its files and gives its answers.
 */
import { setTimeout as pause } from "node:timers/promises";
import { Random } from "../simulation/random.ts";
import { chaos, type Measured, type Setup } from "./chaos.ts";
import { DyingDriver } from "./dying_driver.ts";
import { contextIn, Living } from "./living.ts";
import { descendants } from "./processes.ts";

/** How long after it began to say that it is in a phase a driver dies, at most. */
const PHASES = {
  starting: 250,
  planning: 40,
  mapping: 200,
  shuffling: 200,
  committing: 20,
  idle: 50,
} as const;
type Phase = keyof typeof PHASES;

/** A heap that is full takes V8 a while to see. */
const HEAP_MS_MAX = 60_000;
const HEAP_FULL_CODE = 133;

/** What was left of a driver. */
type Left = { processes: number; marks: number; folders: number };

await chaos({
  figure: 5,
  name: "dead_driver",
  must: "of 120 drivers no process after 2 s, no _SUCCESS, no folder after the next start; " +
    "a living application untouched",
  limitSeconds: { short: 240, long: 1_800 },
  run,
});

async function run({ seed, long, planted, shop }: Setup): Promise<Measured> {
  const random = new Random(seed);
  const rounds = long ? 20 : 2;
  const phases = planted ? ["planning"] as const : Object.keys(PHASES) as Phase[];
  const left: Left = { processes: 0, marks: 0, folders: 0 };
  const died: Record<string, number> = { alone: 0, together: 0, "of their heap": 0 };
  let byExecutors = 0;
  const living = new Living(shop.temp);
  await living.begin();
  const alive = new Set(descendants(Deno.pid));
  const stray = planted ? startStray(shop.temp) : undefined;
  const dead = async (driver: DyingDriver, how: string, mayBeMarked: boolean) => {
    died[how]!++;
    left.processes += await driver.processesLeft(alive);
    if (!mayBeMarked && driver.isMarked) left.marks++;
    const folders = living.others();
    if (how !== "together" && folders.length === 0) byExecutors++;
    await nextStarts(shop.temp);
    left.folders += living.others().length;
  };
  for (let round = 0; round < (planted ? 1 : rounds); round++) {
    for (const phase of phases) {
      // Every second time nobody is left who could clean up.
      const together = round % 2 === 1;
      const driver = new DyingDriver(phase, shop.folder, shop.temp);
      await driver.reaches(phase);
      await pause(random.below(PHASES[phase]));
      await driver.die(together);
      await dead(driver, together ? "together" : "alone", phase === "idle");
    }
  }
  const heaps = planted ? 0 : long ? 4 : 1;
  for (let time = 0; time < heaps; time++) {
    const driver = new DyingDriver("full heap", shop.folder, shop.temp);
    const code = await driver.ended(HEAP_MS_MAX);
    if (code !== HEAP_FULL_CODE) throw new Error(`a full heap ended the driver with ${code}`);
    await dead(driver, "of their heap", true);
  }
  stray?.kill("SIGKILL");
  await stray?.status;
  const untouched = await living.end();
  const kills = Object.entries(died).map(([how, count]) => `${count} ${how}`).join(", ");
  return {
    measured: `died: ${kills}; ${left.processes} processes, ${left.marks} marks, ` +
      `${left.folders} folders left (${byExecutors} removed by executors); ` +
      `the living one ${untouched ? "untouched" : "DAMAGED"}`,
    ok: left.processes + left.marks + left.folders === 0 && untouched,
  };
}

/** Two at once, which race for what is to be removed. */
async function nextStarts(temp: string): Promise<void> {
  const starts = [contextIn(temp), contextIn(temp)];
  await Promise.all(starts.map((sc) => sc.stop()));
}

/** A process that names the folder and that nobody ends. */
function startStray(temp: string): Deno.ChildProcess {
  const args = ["eval", "setTimeout(() => undefined, 600_000)", temp];
  return new Deno.Command(Deno.execPath(), { args, stdin: "null" }).spawn();
}
