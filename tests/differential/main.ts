/**
 * `deno task test:pyspark [--programs N] [--seed S]`: N random programs (500 by default), those of
 * the seeds from S (1 by default), on Flint and on PySpark. Exits with 1 where one differs.
 */
import { parseArgs } from "node:util";
import { FlintRunner } from "./flint_runner.ts";
import { generate } from "./generate.ts";
import type { Program, Result } from "./program.ts";
import { PySparkPeer, pythonWithPySpark } from "./pyspark_peer.ts";
import { shrunk } from "./shrink.ts";

/** So many differences are made small and shown; all are counted. */
const SHOWN_MAX = 3;
/** Below so many programs chance may have it that few of them spill. */
const SPILLS_COUNT_FROM = 100;

type Difference = Readonly<{ program: Program; flint: Result; pyspark: Result }>;

const same = (a: Result, b: Result) => a.count === b.count && a.digest === b.digest;

function numberOf(text: string, option: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`--${option} is ${text}: use a whole number`);
}

/** The least program that still differs. */
async function smallest(
  difference: Difference,
  flint: FlintRunner,
  pyspark: PySparkPeer,
): Promise<Difference> {
  let least = difference;
  await shrunk(difference.program, async (program) => {
    const [{ result }, theirs] = await Promise.all([flint.run(program), pyspark.run(program)]);
    // Without a step the next may make no sense: then both fail, each in its own words.
    const senseless = result.count < 0 && theirs.count < 0;
    if (senseless || same(result, theirs)) return false;
    least = { program, flint: result, pyspark: theirs };
    return true;
  });
  return least;
}

function show(difference: Difference): void {
  const { program, flint, pyspark } = difference;
  console.log(`\nSeed ${program.seed}, the least program that differs:`);
  console.log(JSON.stringify(program));
  console.log(`Flint (${flint.count}):\n${flint.shown}`);
  console.log(`PySpark (${pyspark.count}):\n${pyspark.shown}`);
}

async function run(programs: number, firstSeed: number): Promise<boolean> {
  const python = await pythonWithPySpark();
  const startedMs = performance.now();
  await using pyspark = new PySparkPeer(python);
  await using flint = new FlintRunner();
  const all = Array.from({ length: programs }, (_, i) => generate(firstSeed + i));
  const answers = all.map((program) => pyspark.run(program));
  const differences: Difference[] = [];
  let spilled = 0;
  for (const [i, program] of all.entries()) {
    const { result, spills } = await flint.run(program);
    if (spills > 0) spilled++;
    const theirs = await answers[i]!;
    if (!same(result, theirs)) differences.push({ program, flint: result, pyspark: theirs });
  }
  for (const difference of differences.slice(0, SHOWN_MAX)) {
    show(await smallest(difference, flint, pyspark));
  }
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  return report(programs, seconds, spilled, differences);
}

/** Prints the score, and the line that `.ci/run` counts; true if all is well. */
function report(
  programs: number,
  seconds: number,
  spilled: number,
  differences: readonly Difference[],
): boolean {
  const seeds = differences.map(({ program }) => program.seed);
  if (seeds.length > 0) console.log(`\nDiffering seeds: ${seeds.join(", ")}`);
  console.log(`spilled in ${spilled} of ${programs}`);
  const tooFew = programs >= SPILLS_COUNT_FROM && spilled * 2 < programs;
  if (tooFew) console.log("Fewer than half of the programs have spilled: the budget is too large");
  const passed = programs - seeds.length;
  const failed = seeds.length + (tooFew ? 1 : 0);
  console.log(`${passed} of ${programs} in ${seconds} s`);
  console.log(`${failed === 0 ? "ok" : "FAILED"} | ${passed} passed | ${failed} failed`);
  return failed === 0;
}

const { values } = parseArgs({
  args: Deno.args,
  options: {
    programs: { type: "string", default: "500" },
    seed: { type: "string", default: "1" },
  },
});
const fine = await run(numberOf(values.programs, "programs"), numberOf(values.seed, "seed"));
Deno.exit(fine ? 0 : 1);
