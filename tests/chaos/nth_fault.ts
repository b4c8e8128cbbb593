/**
 * Figure 8: the Nth operation on a file or a message fails, once or for ever, for N = 1, 2, … until the
 * job passes untouched. Files in one thread (fault_sweep.ts), and some N of theirs, by chance, on an
 * executor (executor_fault.ts); messages all on executors: those of the link between driver and
 * executor at either end of it, and those of the rings between control thread and worker.
 */
import { Random } from "../simulation/random.ts";
import { type FaultPlan, FAULTS } from "../helpers/faulty_platform.ts";
import { chaos, type Measured, type Setup } from "./chaos.ts";
import { runOnExecutor } from "./executor_fault.ts";
import { type Seam, SEAMS } from "./executor_plan.ts";
import { type Run, SweepJob } from "./fault_sweep.ts";

/** How many N of each sweep in one thread the short form takes. */
const SHORT_RUNS = 4;
/** Runs on executors in which an operation on files fails, by chance one of about so many. */
const FILE_RUNS = { short: 8, long: 300 };
const FILE_OPERATIONS = 150;
/** Runs of the short form with failing messages, by chance one of about so many operations. */
const MESSAGE_RUNS = 4;
const MESSAGE_OPERATIONS = { executorLink: 16, driverLink: 16, rings: 30 };
const MESSAGE_SEAMS = ["executorLink", "driverLink", "rings"] as const;
/** The job does a few hundred operations: a sweep that goes on has met an endless loop. */
const OPERATIONS_MAX = 2_000;

type Sweep = Readonly<{ plan: Omit<FaultPlan, "nth">; attemptsMax: number }>;
type OnExecutor = Sweep & Readonly<{ plan: { seam: Seam } }>;

/** What a number of runs have come to. */
class Tally {
  runs = 0;
  exact = 0;
  /** Of those on executors: how often the fault came to pass. */
  struck = 0;
  readonly wrong: string[] = [];

  add(what: string, run: Run): void {
    this.runs++;
    if (run.wrong === undefined && run.code === undefined) this.exact++;
    if (run.wrong === undefined) return;
    this.wrong.push(`${what}: ${run.wrong}`);
    console.error(`${what}: ${run.wrong}`);
  }
}

const SWEEPS: readonly Sweep[] = FAULTS.flatMap((fault) =>
  [false, true].flatMap((forever) =>
    [1, 4].map((attemptsMax) => ({ plan: { fault, forever }, attemptsMax }))
  )
);

/** The sweeps of a seam on executors. A link that fails costs an executor, and no attempt. */
function sweepsOf(seam: Seam): readonly OnExecutor[] {
  const attempts = seam === "executorLink" || seam === "driverLink" ? [1] : [1, 4];
  return SEAMS[seam].flatMap((fault) =>
    [false, true].flatMap((forever) =>
      attempts.map((attemptsMax) => ({ plan: { seam, fault, forever }, attemptsMax }))
    )
  );
}

/** Every N in turn; the last run is the one in which nothing failed. */
async function whole(job: SweepJob, { plan, attemptsMax }: Sweep, tally: Tally): Promise<void> {
  for (let nth = 1; nth <= OPERATIONS_MAX; nth++) {
    const run = await job.run({ ...plan, nth }, attemptsMax);
    tally.add(nameOf({ plan, attemptsMax }, nth), run);
    if (run.fired) continue;
    if (run.code !== undefined) tally.wrong.push("the job failed by itself");
    return;
  }
  tally.wrong.push(`${nameOf({ plan, attemptsMax }, OPERATIONS_MAX)}: it never passes`);
}

/** Some N, by chance, of those that there are. */
async function sample(job: SweepJob, sweep: Sweep, random: Random, tally: Tally): Promise<void> {
  const { plan, attemptsMax } = sweep;
  const { operations } = await job.run({ ...plan, nth: Infinity }, attemptsMax);
  for (let i = 0; i < SHORT_RUNS; i++) {
    const nth = 1 + random.below(operations);
    const run = await job.run({ ...plan, nth }, attemptsMax);
    tally.add(nameOf(sweep, nth), run);
    if (!run.fired) tally.wrong.push(`${nameOf(sweep, nth)}: it did not come to pass`);
  }
}

/** One run on an executor; whether the fault came to pass. */
async function strike(job: SweepJob, nth: number, sweep: OnExecutor, tally: Tally) {
  const run = await runOnExecutor(job, { ...sweep, plan: { ...sweep.plan, nth } });
  tally.add(`on an executor, ${sweep.plan.seam}: ${nameOf(sweep, nth)}`, run);
  if (run.fired) tally.struck++;
  return run.fired;
}

/** Every N in turn, on executors. */
async function wholeOnExecutors(job: SweepJob, sweep: OnExecutor, tally: Tally): Promise<void> {
  for (let nth = 1; nth <= OPERATIONS_MAX; nth++) {
    if (!await strike(job, nth, sweep, tally)) return;
  }
  tally.wrong.push(`${sweep.plan.seam}, ${nameOf(sweep, OPERATIONS_MAX)}: it never passes`);
}

async function onExecutors(
  job: SweepJob,
  random: Random,
  long: boolean,
  tally: Tally,
): Promise<void> {
  const runs = FILE_RUNS[long ? "long" : "short"];
  for (let i = 0; i < runs; i++) {
    await strike(job, random.between(1, FILE_OPERATIONS), random.pick(sweepsOf("files")), tally);
  }
  for (const seam of MESSAGE_SEAMS) {
    const sweeps = sweepsOf(seam);
    for (const sweep of long ? sweeps : []) await wholeOnExecutors(job, sweep, tally);
    for (let i = 0; i < (long ? 0 : MESSAGE_RUNS); i++) {
      const nth = random.between(1, MESSAGE_OPERATIONS[seam]);
      await strike(job, nth, random.pick(sweeps), tally);
    }
  }
}

function nameOf({ plan: { fault, forever }, attemptsMax }: Sweep, nth: number): string {
  return `${fault} ${forever ? "from" : "at"} operation ${nth}, ${attemptsMax} attempts`;
}

async function run({ seed, long, planted, shop }: Setup): Promise<Measured> {
  const random = new Random(seed);
  const tally = new Tally();
  const folder = await Deno.makeTempDir({ dir: shop.folder, prefix: "sweep-" });
  const job = new SweepJob(folder);
  if (planted) {
    const plan: FaultPlan = { fault: "EIO", nth: Infinity, forever: false };
    tally.add("planted", await job.run(plan, 4, true));
  } else {
    for (const sweep of SWEEPS) {
      if (long) await whole(job, sweep, tally);
      else await sample(job, sweep, random, tally);
    }
    await onExecutors(job, random, long, tally);
  }
  await Deno.remove(folder, { recursive: true });
  const { runs, exact, struck, wrong } = tally;
  const good = runs - wrong.length;
  return {
    measured: `${good} of ${runs}, of which ${exact} exact and ${good - exact} typed; ` +
      `${struck} executors struck`,
    ok: wrong.length === 0 && struck > 0,
  };
}

await chaos({
  figure: 8,
  name: "nth_fault",
  must: "100 % exact or typed, nothing left",
  limitSeconds: { short: 240, long: 5400 },
  run,
});
