/**
 * The job of figure 8 on a real executor with two slots, whose operations on files fail: the control
 * thread, its workers, the rings and the socket between them as users have them.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import type { Job } from "../../core/engine.ts";
import { decodeBlock } from "../../core/codec/codec.ts";
import { localFileSystem } from "../../io/local_files.ts";
import { sinkOf } from "../../io/registry.ts";
import type { SavedPart } from "../../io/sink.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";
import { type FaultPlan, withPlan } from "../helpers/faulty_platform.ts";
import { testEngine } from "../helpers/local_plans.ts";
import type { Run, SweepJob } from "./fault_sweep.ts";

const PROGRAM = new URL("fixtures/faulty_executor.ts", import.meta.url);
const WORKER_MEMORY_BYTES = 1 << 20;

/** Runs the job under a fault, on an executor of its own. */
export async function runOnExecutor(
  job: SweepJob,
  folder: string,
  plan: FaultPlan,
  attemptsMax: number,
): Promise<Run> {
  const root = mkdtempSync(`${folder}/executor-`);
  const disks = [`${root}/disk-0`, `${root}/disk-1`];
  for (const disk of disks) mkdirSync(disk);
  let faults = 0;
  let run: Run;
  {
    await using test = testEngine({
      slotsPerExecutor: 2,
      attemptsMax,
      workerMemoryBytes: WORKER_MEMORY_BYTES,
      folders: disks,
      executorEntry: withPlan(PROGRAM, plan),
      listener: (event) => {
        if (event.type === "executor.printed" && event.line.startsWith("fault:")) faults++;
      },
    });
    const engine = { run: (asked: Job) => saved(test.engine, asked) };
    const first = await job.saved(engine, `${root}/first`);
    // What an executor prints that does not start is not heard: no fault is counted then.
    // For ever is for ever: only a disk that failed once does the next job.
    const next = plan.forever ? first : await job.saved(engine, `${root}/next`);
    const wrong = first.wrong ?? next.wrong ??
      (next.code !== undefined && next.code !== "ExecutorLost" && faults === 0
        ? `it failed without a fault: ${next.code}`
        : undefined);
    run = { fired: faults > 0, operations: 0, code: first.code, wrong };
  }
  const left = disks.flatMap((disk) => readdirSync(disk));
  rmSync(root, { recursive: true });
  return left.length === 0 ? run : { ...run, wrong: `left behind: ${left.join(", ")}` };
}

/** What the driver does around the tasks of a save (runtime/saving.ts). */
async function saved(
  engine: ReturnType<typeof testEngine>["engine"],
  job: Job,
): Promise<void> {
  const { action } = job;
  if (action.kind !== "save") throw new Error("the job saves");
  const sink = sinkOf(action.format);
  const files = localFileSystem(denoPlatform);
  await sink.begin(action.options, job.id, files);
  try {
    const values = await Array.fromAsync(engine.run(job));
    const parts = values.flatMap(({ blocks }) => blocks.flatMap((block) => decodeBlock(block)));
    await sink.commit(action.options, job.id, parts as SavedPart[], files);
  } catch (error) {
    await sink.abort(action.options, job.id, files);
    throw error;
  }
}
