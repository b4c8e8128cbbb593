/**
 * Figure 15: the faults of figures 1, 2, 3, 5 and 7 on PySpark, as far as they can be posed there; the
 * first two on Flint as well, since those figures have other sizes. A row says what happened and
 * judges nothing but answers, which no fault may change.
 *
 * The Python is that of `deno task test:pyspark`. docs/reliability.md has what it measured.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { writePaths } from "../../bench/generate_paths.ts";
import type { Workshop } from "../acceptance/launch.ts";
import { pythonWithPySpark } from "../differential/pyspark_peer.ts";
import { Random } from "../simulation/random.ts";
import { chaos, type Setup } from "./chaos.ts";
import { countedWords } from "./counted_words.ts";
import {
  children,
  commandLine,
  cpuSeconds,
  descendants,
  isAlive,
  kill,
  MemoryWatch,
} from "./processes.ts";

const JOBS = fileURLToPath(new URL("pyspark/jobs.py", import.meta.url));
const TWIN = fileURLToPath(new URL("jobs/beside_pyspark.ts", import.meta.url));
const MEMORY = "8m";
const RECORDS = { sort: 1_280_000, hotKey: 2_000_000 };
const COUNTS = 3;
const CANCELS = 10;

/** What happened, and whether the answer, if there is one, was right. */
type Row = Readonly<{ text: string; isRight: boolean }>;
type Fault = (posing: Posing) => Promise<Row>;
type Posing = Readonly<{ python: string; shop: Workshop; random: Random; planted: boolean }>;

const FAULTS: Readonly<Record<string, Fault>> = {
  sort: sorted,
  "reduceByKey of one key": (posing) => hotKey(posing, "reduceByKey"),
  "groupByKey of one key": (posing) => hotKey(posing, "groupByKey"),
  "word counts under kills": wordCounts,
  "driver killed, python": (posing) => driverKilled(posing, "python"),
  "driver killed, JVM": (posing) => driverKilled(posing, "java"),
  cancels,
};
/** What CI asks for: that a fault can be posed at all. */
const SHORT = ["driver killed, python"];

await chaos({
  figure: 15,
  name: "beside_pyspark",
  must: "every fault that can be posed is posed, a row each",
  limitSeconds: { short: 240, long: 1800 },
  async run({ seed, long, planted, shop }: Setup) {
    const python = await pythonWithPySpark();
    const posing = { python, shop, random: new Random(seed), planted };
    const names = planted ? ["sort"] : long ? Object.keys(FAULTS) : SHORT;
    let right = 0;
    for (const name of names) {
      const { text, isRight } = await FAULTS[name]!(posing);
      console.error(`${name}: ${text}`);
      if (isRight) right++;
    }
    return {
      measured: `${right} of ${names.length} rows with a right answer`,
      ok: right === names.length,
    };
  },
});

/** A Python that runs one of the jobs. */
function start({ python, shop }: Posing, ...words: string[]): Deno.ChildProcess {
  return new Deno.Command(python, {
    args: [JOBS, words[0]!, shop.temp, ...words.slice(1)],
    env: { PYTHONDONTWRITEBYTECODE: "1", TMPDIR: shop.temp },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

/** A job of both, run to its end. */
type Watched = Readonly<{ printed: string; peaks: string }>;

/** The job of that name and size on PySpark, and its twin on Flint. */
async function both(posing: Posing, records: number, how: string): Promise<readonly Watched[]> {
  const [job, ...rest] = how === "sort" ? ["sort"] : ["hot_key", how];
  const python = start(posing, job!, MEMORY, String(records), ...rest);
  await python.stdin.close();
  const pyspark = await watched(python, isJava, ["PySpark: JVM", "worker"]);
  const options = ["--master", "local[2,4]", "--worker-memory", MEMORY, TWIN];
  const flint = posing.shop.start([...options, String(records), how]);
  const isExecutor = (pid: number) => commandLine(pid).some((word) => /executor\.ts$/.test(word));
  return [pyspark, await watched(flint, isExecutor, ["Flint: executor", "driver"])];
}

/** What a job prints, and the peaks of the processes below it: those that `is` picks, the others. */
async function watched(
  job: Deno.ChildProcess,
  is: (pid: number) => boolean,
  names: readonly [string, string],
): Promise<Watched> {
  using watch = new MemoryWatch(job.pid);
  const kinds = new Map<number, boolean>();
  const timer = setInterval(() => {
    for (const pid of descendants(job.pid)) kinds.set(pid, is(pid) || kinds.get(pid) === true);
  }, 50);
  const { stdout } = await job.output();
  clearInterval(timer);
  const peak = (kind: boolean) => {
    const peaks = [...watch.belowBytes].filter(([pid]) => kinds.get(pid) === kind);
    return megabytes(Math.max(0, ...peaks.map(([, bytes]) => bytes)));
  };
  return {
    printed: new TextDecoder().decode(stdout).trim(),
    peaks: `${names[0]} ${peak(true)} MB, ${names[1]} ${peak(false)} MB`,
  };
}

/** `right`: what both have to print. */
async function compared(posing: Posing, records: number, how: string, right: string): Promise<Row> {
  const rows = await both(posing, records, how);
  const isRight = rows.every(({ printed }) => printed === right);
  const text = rows.map(({ printed, peaks }) =>
    `${peaks}, ${printed === right ? "right" : `wrong: ${printed}`}`
  ).join("; ");
  return { text, isRight };
}

function sorted(posing: Posing): Promise<Row> {
  const count = posing.planted ? 20_000 : RECORDS.sort;
  // The fault that is planted is a sum that nobody can come to.
  const sum = count * (count - 1) / 2 + (posing.planted ? 1 : 0);
  return compared(posing, count, "sort", `True ${count} ${sum}`);
}

function hotKey(posing: Posing, how: string): Promise<Row> {
  const count = RECORDS.hotKey;
  return compared(posing, count, how, String(count * (count - 1) / 2));
}

/** Kills a Python worker after every 300 to 900 ms of work, five in each count. */
async function wordCounts(posing: Posing): Promise<Row> {
  const { shop, random } = posing;
  const [text, out] = [`${shop.folder}/paths.txt`, `${shop.folder}/counts.txt`];
  writePaths(text, 8e6, 1);
  const expected = await countedWords(text);
  let [same, failed, kills] = [0, 0, 0];
  for (let count = 0; count < COUNTS; count++) {
    const job = start(posing, "word_count", text, out);
    await job.stdin.close();
    let killed = 0;
    let isOver = false;
    const ended = job.output().then((output) => (isOver = true, output));
    while (!isOver && killed < 5) {
      await wait(random.between(300, 900));
      const workers = pythonWorkers(job.pid);
      if (workers.length === 0) continue;
      await kill([random.pick(workers)]);
      killed++;
    }
    const { success } = await ended;
    if (!success) failed++;
    else if (Deno.readTextFileSync(out) === expected) same++;
    kills += killed;
  }
  const row = `${same} of ${COUNTS} byte-identical, ${failed} failed, ${kills} kills`;
  return { text: row, isRight: same + failed === COUNTS };
}

/** Kills one of the driver's two processes while it saves; what is there 2 s, and one start, later. */
async function driverKilled(posing: Posing, which: "python" | "java"): Promise<Row> {
  const { shop } = posing;
  const out = `${shop.folder}/saved-${which}`;
  const job = start(posing, "save", out);
  const text = job.stdout.pipeThrough(new TextDecoderStream());
  for await (const piece of text) if (piece.includes("saving")) break;
  while (!existsSync(`${out}/_temporary`)) {
    if (!isAlive(job.pid)) throw new Error("PySpark has ended before it saved");
    await wait(20);
  }
  // Tasks have begun to write, and take five seconds and more.
  await wait(1000);
  const all = [job.pid, ...descendants(job.pid)];
  const victims = which === "python" ? [job.pid] : all.filter(isJava);
  const files = () => [...Deno.readDirSync(shop.temp)].length;
  await kill(victims);
  await wait(2000);
  const alive = all.filter(isAlive);
  const isJavaAlive = alive.some(isJava);
  const isComplete = [...Deno.readDirSync(out)].some(({ name }) => name === "_SUCCESS");
  await kill(alive);
  await job.status;
  const leftBefore = files();
  const next = start(posing, "nothing");
  await next.stdin.close();
  await next.output();
  const leftAfter = files();
  for (const { name } of Deno.readDirSync(shop.temp)) {
    Deno.removeSync(`${shop.temp}/${name}`, { recursive: true });
  }
  const java = isJavaAlive ? " (the JVM among them)" : "";
  return {
    text:
      `${alive.length} processes alive after 2 s${java}; _SUCCESS ${
        isComplete ? "there" : "not there"
      }; ` +
      `${leftBefore} entries left in the temp folder, ${leftAfter} after the next start`,
    isRight: true,
  };
}

/** How long after the cancel the processes that spun are gone, and the CPU two seconds later. */
async function cancels(posing: Posing): Promise<Row> {
  const job = start(posing, "spin");
  const input = job.stdin.getWriter();
  const output = job.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const latenciesMs: number[] = [];
  let coresMax = 0;
  for (let round = 0; round < CANCELS; round++) {
    await input.write(new TextEncoder().encode(`group ${round}\n`));
    await output.read();
    const startMs = performance.now();
    const spun = pythonWorkers(job.pid);
    while (spun.some(isAlive) && performance.now() - startMs < 20_000) await wait(5);
    latenciesMs.push(performance.now() - startMs);
    await wait(2000);
    const used = () => descendants(job.pid).reduce((sum, pid) => sum + cpuSeconds(pid), 0);
    const before = used();
    await wait(1000);
    coresMax = Math.max(coresMax, used() - before);
  }
  await input.close();
  await output.cancel();
  await job.status;
  const [most, middle] = [
    Math.max(...latenciesMs),
    latenciesMs.sort((a, b) => a - b)[CANCELS >> 1]!,
  ];
  return {
    text:
      `of ${CANCELS} cancels the median ${middle.toFixed(0)} ms, the longest ${
        most.toFixed(0)
      } ms; ` +
      `CPU ${coresMax.toFixed(2)} core`,
    isRight: true,
  };
}

/** The workers that PySpark's daemon has forked. */
function pythonWorkers(driver: number): number[] {
  const isDaemon = (pid: number) => commandLine(pid).includes("pyspark.daemon");
  return descendants(driver).filter(isDaemon).flatMap(children).filter(isDaemon);
}

function isJava(pid: number): boolean {
  return commandLine(pid)[0]?.endsWith("java") ?? false;
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
