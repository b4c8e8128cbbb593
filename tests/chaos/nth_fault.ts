/**
 * Figure 8: the Nth operation on a file fails, once or for ever, for N = 1, 2, … until the job passes
 * untouched. In one thread (fault_sweep.ts), with one attempt and with four; and some N, by chance, on
 * an executor (executor_fault.ts).
 */
import { Random } from "../simulation/random.ts";
import { type FaultPlan, FAULTS } from "../helpers/faulty_platform.ts";
import { chaos, type Measured, type Setup } from "./chaos.ts";
import { runOnExecutor } from "./executor_fault.ts";
import { type Run, SweepJob } from "./fault_sweep.ts";

/** How many N of each sweep the short form takes. */
const SHORT_RUNS = 4;
/** Runs on executors. The job does some 150 operations there, on all kinds together. */
const EXECUTOR_RUNS = { short: 30, long: 500 };
const EXECUTOR_OPERATIONS = 150;
/** Before these it starts; an executor that does not is another matter (engine_test.ts). */
const EXECUTOR_FIRST = 6;
/** The job does a few hundred operations: a sweep that goes on has met an endless loop. */
const OPERATIONS_MAX = 2_000;

type Sweep = Readonly<{ plan: Omit<FaultPlan, "nth">; attemptsMax: number }>;

/** What a number of runs have come to. */
class Tally {
  runs = 0;
  exact = 0;
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

function nameOf({ plan: { fault, forever }, attemptsMax }: Sweep, nth: number): string {
  return `${fault} ${forever ? "from" : "at"} operation ${nth}, ${attemptsMax} attempts`;
}

async function run({ seed, long, planted, shop }: Setup): Promise<Measured> {
  const random = new Random(seed);
  const tally = new Tally();
  let struck = 0;
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
    for (let i = 0; i < EXECUTOR_RUNS[long ? "long" : "short"]; i++) {
      const sweep = random.pick(SWEEPS);
      const plan = { ...sweep.plan, nth: random.between(EXECUTOR_FIRST, EXECUTOR_OPERATIONS) };
      const run = await runOnExecutor(job, folder, plan, sweep.attemptsMax);
      tally.add(`on an executor: ${nameOf(sweep, plan.nth)}`, run);
      if (run.fired) struck++;
    }
  }
  await Deno.remove(folder, { recursive: true });
  const { runs, exact, wrong } = tally;
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
  limitSeconds: { short: 120, long: 1800 },
  run,
});
