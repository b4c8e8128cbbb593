/**
 * Flint and its peers on the same jobs, the same data and the same number of threads, in turn.
 *
 *     deno task bench:run [--peers] [--megabytes 200] [--rounds 3] [--jobs wordcount,sort]
 *         [--contestants flint,pyspark] [--threads 2] [--scale 0.01] [--tasks 5000] [--out FILE]
 *
 * Makes the text, installs the peers that it can (in the cache of the user), and for each job:
 *
 *     cold round     each starts, and answers once         from process start to answer
 *     answers        looked at closely where one number says little: all have to agree
 *     warm-up        each once
 *     rounds         A B C, A B C, A B C                   the job alone, in the same process
 *
 * A contestant keeps its process for all of a job, idle while others work. Prints tables; the file
 * of JSON lines has every figure. A peer that is missing is in both, with the reason. Exits with 1
 * where answers differ or a contestant fails.
 */
import { parseArgs } from "node:util";
import { Answers } from "./answers.ts";
import type { Given } from "./contest.ts";
import { ContestantProcess } from "./contestant_process.ts";
import { CONTESTANTS, type Ready } from "./contestants.ts";
import { dataFolder } from "./data.ts";
import { JOBS, type Sizes } from "./jobs.ts";
import type { Line, Setting } from "./measured.ts";
import { tables } from "./table.ts";

const WORKER_MEMORY = "512m";

/** A contestant that takes part in a job, and how its process is started. */
type Entrant = Readonly<{ name: string; start(): ContestantProcess }>;

/** All that is measured goes through here, as it comes. */
class Log {
  readonly lines: Line[] = [];
  readonly #path: string;
  failures = 0;

  constructor(path: string) {
    this.#path = path;
    Deno.writeTextFileSync(path, "");
  }

  add(line: Line): void {
    this.lines.push(line);
    Deno.writeTextFileSync(this.#path, `${JSON.stringify(line)}\n`, { append: true });
    console.error(shown(line));
  }

  /** A contestant took part and did not make it. */
  failed(contestant: string, job: string, reason: string): void {
    this.failures++;
    this.add({ kind: "absent", contestant, job, reason });
  }
}

function shown(line: Line): string {
  switch (line.kind) {
    case "setting":
      return `${line.date}, ${line.machine}`;
    case "contestant":
      return `${line.contestant}: ${line.version}`;
    case "absent":
      return `${line.contestant}: ${line.job ?? "absent"}: ${line.reason}`;
    case "figure":
      return `${line.job}, ${line.phase} ${line.round}, ${line.contestant}: ` +
        `${line.seconds.toFixed(3)} s, ${(line.rssBytes / 1e6).toFixed(0)} MB`;
  }
}

/** Asks all who are still there; who fails is logged and does not go on. */
async function eachOf<T>(
  entrants: Map<string, T>,
  job: string,
  log: Log,
  ask: (name: string, entrant: T) => Promise<void>,
): Promise<void> {
  for (const [name, entrant] of entrants) {
    try {
      await ask(name, entrant);
    } catch (error) {
      entrants.delete(name);
      log.failed(name, job, error instanceof Error ? error.message : String(error));
    }
  }
}

async function coldJob(
  job: string,
  entrants: readonly Entrant[],
  rounds: number,
  log: Log,
): Promise<void> {
  const answers = new Answers();
  const taking = new Map(entrants.map(({ name, start }) => [name, start]));
  // Round 0 brings programs and libraries into the memory of the system.
  for (let round = 0; round <= rounds; round++) {
    await eachOf(taking, job, log, async (name, start) => {
      await using process = start();
      const { answer, elapsedSeconds: seconds, rssBytes } = await process.ask("run");
      answers.compare(name, answer.answer);
      if (round === 0) return;
      log.add({ kind: "figure", job, contestant: name, phase: "cold", round, seconds, rssBytes });
    });
  }
}

async function warmJob(
  job: string,
  entrants: readonly Entrant[],
  rounds: number,
  log: Log,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const [answers, closeAnswers] = [new Answers(), new Answers()];
  const starts = new Map(entrants.map(({ name, start }) => [name, start]));
  const taking = new Map<string, ContestantProcess>();
  await eachOf(starts, job, log, async (name, start) => {
    const process = stack.use(start());
    const { answer, elapsedSeconds: seconds, rssBytes } = await process.ask("run");
    answers.compare(name, answer.answer);
    log.add({ kind: "figure", job, contestant: name, phase: "cold", round: 1, seconds, rssBytes });
    taking.set(name, process);
  });
  if (JOBS[job]!.hasCheck && taking.size > 1) {
    await eachOf(taking, job, log, async (name, process) => {
      closeAnswers.compare(name, (await process.ask("check")).answer.answer);
    });
  }
  // Round 0 warms up.
  for (let round = 0; round <= rounds; round++) {
    await eachOf(taking, job, log, async (name, process) => {
      const { answer: { answer, ...figures }, rssBytes } = await process.ask("run");
      answers.compare(name, answer);
      if (round === 0) return;
      const measured = { ...figures, rssBytes };
      log.add({ kind: "figure", job, contestant: name, phase: "warm", round, ...measured });
    });
  }
}

/** Sets up those who can be; who cannot is logged as absent. */
async function prepared(names: readonly string[], log: Log): Promise<Map<string, Ready>> {
  const ready = new Map<string, Ready>();
  for (const name of names) {
    try {
      const one = await CONTESTANTS[name]!.prepare();
      ready.set(name, one);
      log.add({ kind: "contestant", contestant: name, version: one.version });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.add({ kind: "absent", contestant: name, reason });
    }
  }
  return ready;
}

function machine(): string {
  const gigabytes = Math.round(Deno.systemMemoryInfo().total / 2 ** 30);
  return `${navigator.hardwareConcurrency} cores (${processor()}), ${gigabytes} GB, ` +
    `${Deno.build.os} ${Deno.osRelease()}`;
}

function processor(): string {
  try {
    const text = Deno.readTextFileSync("/proc/cpuinfo");
    return /^model name\s*: (.*)$/m.exec(text)?.[1] ?? Deno.build.arch;
  } catch {
    return Deno.build.arch;
  }
}

/** The names in a list; throws where one is none of `known`. */
function namesIn(list: string, known: Readonly<Record<string, unknown>>): string[] {
  const names = list.split(",");
  const unknown = names.find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return names;
  throw new Error(`There is no ${unknown}: choose of ${Object.keys(known).join(", ")}`);
}

const { values } = parseArgs({
  options: {
    peers: { type: "boolean", default: false },
    contestants: { type: "string" },
    jobs: { type: "string", default: Object.keys(JOBS).join(",") },
    megabytes: { type: "string", default: "200" },
    rounds: { type: "string", default: "3" },
    threads: { type: "string", default: "2" },
    scale: { type: "string", default: "0.01" },
    tasks: { type: "string", default: "5000" },
    out: { type: "string" },
  },
});
const jobs = namesIn(values.jobs, JOBS);
const all = values.peers ? Object.keys(CONTESTANTS).join(",") : "flint";
const names = namesIn(values.contestants ?? all, CONTESTANTS);
const sizes: Sizes = {
  megabytes: Number(values.megabytes),
  threads: Number(values.threads),
  scale: Number(values.scale),
  tasks: Number(values.tasks),
};
const rounds = Number(values.rounds);
const folder = Deno.makeTempDirSync({ prefix: "flint-bench-" });
const out = values.out ?? `${dataFolder()}/measured.jsonl`;
const log = new Log(out);
try {
  const setting: Setting = {
    kind: "setting",
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
    command: ["deno task bench:run", ...Deno.args].join(" "),
    rounds,
    ...sizes,
  };
  log.add(setting);
  const ready = await prepared(names, log);
  for (const job of jobs) {
    const { kind, given } = JOBS[job]!;
    const common = { job, threads: values.threads, memory: WORKER_MEMORY, folder };
    const asked: Given = { ...common, ...given(sizes) };
    const entrants = [...ready]
      .filter(([name]) => CONTESTANTS[name]!.jobs.includes(job))
      .map(([name, { launch }]) => ({
        name,
        start: () => new ContestantProcess(launch(asked), asked),
      }));
    await (kind === "cold" ? coldJob : warmJob)(job, entrants, rounds, log);
  }
  console.log(tables(log.lines));
  console.error(`Every figure: ${out}`);
} finally {
  Deno.removeSync(folder, { recursive: true });
}
if (log.failures > 0) Deno.exit(1);
