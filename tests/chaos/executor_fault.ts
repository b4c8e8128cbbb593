/**
 * The job of figure 8 on a real executor with two slots, whose operations on files or messages fail:
 * the control thread, its workers, the rings and the socket between them as users have them.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import type { Job } from "../../core/engine.ts";
import { decodeBlock } from "../../core/codec/codec.ts";
import { localFileSystem } from "../../io/local_files.ts";
import { sinkOf } from "../../io/registry.ts";
import type { SavedPart } from "../../io/sink.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";
import { faultyListener } from "../helpers/faulty_messages.ts";
import { Faults } from "../helpers/faulty_platform.ts";
import { testEngine } from "../helpers/local_plans.ts";
import { type ExecutorPlan, withPlan } from "./executor_plan.ts";
import { descendants } from "./processes.ts";
import type { Run, SweepJob } from "./fault_sweep.ts";

const PROGRAM = new URL("fixtures/faulty_executor.ts", import.meta.url);
const WORKER_MEMORY_BYTES = 1 << 20;
/** Far above what a job takes that loses a few executors, and a worker that is not heard of (30 s). */
const RUN_MS_MAX = 100_000;

/** Runs the job under a fault, on executors of its own. */
export async function runOnExecutor(
  job: SweepJob,
  { plan, attemptsMax }: Readonly<{ plan: Omit<ExecutorPlan, "spent">; attemptsMax: number }>,
): Promise<Run> {
  const root = mkdtempSync(`${job.folder}/executor-`);
  const disks = [`${root}/disk-0`, `${root}/disk-1`];
  for (const disk of disks) mkdirSync(disk);
  const spent = `${root}/spent`;
  const faults = new Faults(plan);
  let run: Run;
  {
    await using test = testEngine({
      slotsPerExecutor: 2,
      attemptsMax,
      workerMemoryBytes: WORKER_MEMORY_BYTES,
      folders: disks,
      executorEntry: withPlan(PROGRAM, { ...plan, spent }),
      listen: (path) => {
        const listener = Deno.listen({ transport: "unix", path });
        return plan.seam === "driverLink" ? faultyListener(listener, faults) : listener;
      },
    });
    const engine = { run: (asked: Job) => saved(test.engine, asked) };
    faults.arm();
    const first = await inTime(job.saved(engine, `${root}/first`));
    faults.disarm();
    const fired = faults.fired > 0 || existsSync(spent);
    // For ever is for ever: executors whose own operations fail never do the next job.
    const hasNext = fired && (!plan.forever || plan.seam === "driverLink");
    const next = hasNext ? await inTime(job.saved(engine, `${root}/next`)) : undefined;
    const wrong = first.wrong ?? next?.wrong ??
      (next?.code === undefined ? undefined : `the next job failed: ${next.code}`) ??
      (first.code !== undefined && !fired
        ? `it failed without a fault: ${first.code}`
        : undefined) ??
      (first.code !== undefined && isHarmless(plan, attemptsMax)
        ? `it failed: ${first.code}`
        : undefined);
    run = { fired, operations: 0, code: first.code, wrong };
  }
  const left = disks.flatMap((disk) => readdirSync(disk));
  const running = descendants(Deno.pid);
  rmSync(root, { recursive: true });
  if (left.length > 0) return { ...run, wrong: `left behind: ${left.join(", ")}` };
  return running.length > 0 ? { ...run, wrong: `still runs: ${running.join(", ")}` } : run;
}

/** Whether the job has to succeed: what is short is sent again, and who is lost once is replaced. */
function isHarmless(
  { seam, fault, forever }: Omit<ExecutorPlan, "spent">,
  attemptsMax: number,
): boolean {
  switch (seam) {
    case "files":
      return false;
    case "executorLink":
    case "driverLink":
      return !forever || fault === "short read" || fault === "short write";
    case "rings":
      return !forever && attemptsMax > 1;
  }
}

async function inTime(run: Promise<Pick<Run, "code" | "wrong">>): Promise<typeof run> {
  const { promise, resolve } = Promise.withResolvers<Awaited<typeof run>>();
  const timer = setTimeout(
    () => resolve({ code: "none", wrong: `no end within ${RUN_MS_MAX / 1000} s` }),
    RUN_MS_MAX,
  );
  try {
    return await Promise.race([run, promise]);
  } finally {
    clearTimeout(timer);
  }
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
