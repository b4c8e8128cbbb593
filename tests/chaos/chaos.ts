/**
 * Programs of chaos: each breaks what it can, and gives one of the figures of `figures.ts`.
 *
 * A program is a file of this folder that calls `chaos` once, with a name in `figures.ts`:
 *
 *     /** Figure 3: word counts whose executors are killed. *\/
 *     import { chaos } from "./chaos.ts";
 *
 *     await chaos({
 *       figure: 3,
 *       name: "word_counts", // the file's name
 *       must: "every count byte-identical", // what the figure promises, in a few words
 *       limitSeconds: { short: 60, long: 900 }, // far above what it takes: no benchmark
 *       async run({ seed, long, planted, shop }) {
 *         const wrong = …; // jobs run as a user runs them: shop.start("--master", …, "job.ts")
 *         return { measured: `${50 - wrong} of 50`, ok: wrong === 0 };
 *       },
 *     });
 *
 * - It runs as `deno run -A tests/chaos/word_counts.ts [--short | --long] [--seed N] [--planted]`, in
 *   a process of its own. `--short`, the default, is what CI runs (aim at 10 s); `--long` gives
 *   the figure. Whatever happens by chance comes from `seed`.
 * - The answer is checked against something that does not come from Flint.
 * - `planted` is the harness check: the program plants one fault that it must notice (a wrong
 *   answer, an impossible limit) in the least work that shows it, and so must end with `ok: false`.
 * - Jobs are started with `shop`, whose temp folder is the jobs' own; what is left there at the
 *   end, or still runs, makes the result not ok. What the program left there on purpose it removes.
 * - Memory, open files and processes are read with `processes.ts`, by pid. Linux only.
 * - It prints one line, which `resultOf` of `result.ts` reads, and exits with 0 if it is ok.
 * - After `limitSeconds` it ends its own children and is not ok, whatever it waits for.
 */
import { parseArgs } from "node:util";
import { Workshop } from "../acceptance/launch.ts";
import { descendants, kill } from "./processes.ts";
import { printed, type Result } from "./result.ts";

export type Setup = Readonly<{
  /** Whatever happens by chance comes from here. */
  seed: number;
  /** The whole figure is asked for, not the short form of it. */
  long: boolean;
  /** A fault is to be planted, and found. */
  planted: boolean;
  /** The program's folder, and the temp folder of the jobs it starts. */
  shop: Workshop;
}>;

export type Measured = Readonly<{
  /** What was measured, in a few words and without `|`. */
  measured: string;
  ok: boolean;
}>;

export type Program = Readonly<{
  /** The row of the table of figures. */
  figure: number;
  /** The name of its file, without `.ts`. */
  name: string;
  must: string;
  /** When to give up. */
  limitSeconds: Readonly<{ short: number; long: number }>;
  run(setup: Setup): Promise<Measured>;
}>;

/** Runs a program as its command line says, prints its result and ends the process. */
export async function chaos(program: Program): Promise<never> {
  const { seed, long, planted } = asked();
  const form = long ? "long" : "short";
  console.error(`figure ${program.figure}, ${program.name}: ${form} form, seed ${seed}`);
  const startedMs = performance.now();
  const shop = new Workshop();
  const limit = program.limitSeconds[form];
  const ended = await Promise.race([
    measured(program, { seed, long, planted, shop }),
    new Promise<Measured>((resolve) => {
      const late = { measured: `no end within ${limit} s`, ok: false };
      setTimeout(() => resolve(late), limit * 1000);
    }),
  ]);
  await kill(descendants(Deno.pid));
  shop[Symbol.dispose]();
  const seconds = (performance.now() - startedMs) / 1000;
  const { figure, name, must } = program;
  const result: Result = { figure, name, must, ...ended, seed, seconds };
  console.log(printed(result));
  Deno.exit(result.ok ? 0 : 1);
}

/** What `run` gives, and whether it has left anything. An error of `run` is not ok. */
async function measured(program: Program, setup: Setup): Promise<Measured> {
  try {
    const result = await program.run(setup);
    await setup.shop.assertNothingLeft();
    const running = descendants(Deno.pid);
    if (running.length === 0) return result;
    return { measured: `${result.measured}; still runs: ${running.join(", ")}`, ok: false };
  } catch (error) {
    console.error(error);
    return { measured: String(error).replaceAll(/[|\s]+/g, " ").slice(0, 500), ok: false };
  }
}

function asked(): Pick<Setup, "seed" | "long" | "planted"> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      short: { type: "boolean", default: false },
      long: { type: "boolean", default: false },
      planted: { type: "boolean", default: false },
      seed: { type: "string" },
    },
  });
  if (values.short && values.long) throw new Error("--short and --long: use one of the two");
  const seed = values.seed === undefined ? Math.floor(Math.random() * 1e6) : Number(values.seed);
  if (!Number.isSafeInteger(seed)) throw new Error(`--seed is ${values.seed}: use a whole number`);
  return { seed, long: values.long, planted: values.planted };
}
