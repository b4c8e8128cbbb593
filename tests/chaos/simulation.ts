/**
 * Figure 11: a hundred thousand lives of the scheduler, in which all that can go wrong does.
 *
 * Each life is a seed of `tests/simulation`: programs, executors that die, files that vanish, messages
 * that come late or twice. The rules keep books of their own, and throw where the scheduler breaks
 * one. The lives are those from `--seed` on, so that every run lives other ones.
 */
import {
  createScheduler,
  type Scheduler,
  type SchedulerOptions,
} from "../../runtime/local/scheduler.ts";
import { live } from "../simulation/life.ts";
import { chaos, type Measured, type Setup } from "./chaos.ts";

const SECONDS_MAX = 300;
const LIVES = 100_000;
const LIVES_SHORT = 10_000;

await chaos({
  figure: 11,
  name: "simulation",
  must: `${LIVES} lives by the rules, under ${SECONDS_MAX} s`,
  limitSeconds: { short: 300, long: 600 },
  run,
});

function run({ seed, long, planted }: Setup): Promise<Measured> {
  const lives = long ? LIVES : LIVES_SHORT;
  const create = planted ? stuttering : createScheduler;
  const startMs = performance.now();
  for (let life = seed; life < seed + lives; life++) {
    try {
      live(life, create);
    } catch (error) {
      // It names the seed, the step and the rule.
      return Promise.resolve({ measured: `broken: ${(error as Error).message}`, ok: false });
    }
  }
  const seconds = (performance.now() - startMs) / 1_000;
  const measured = `${lives} lives by the rules, ${seconds.toFixed(1)} s`;
  return Promise.resolve({ measured, ok: seconds < SECONDS_MAX });
}

/** The planted fault: some values are delivered twice. */
function stuttering(options: SchedulerOptions): Scheduler {
  const scheduler = createScheduler(options);
  return {
    handle: (stimulus) =>
      scheduler.handle(stimulus).flatMap((said) =>
        said.kind === "deliver" && said.partition > 3 ? [said, said] : [said]
      ),
  };
}
