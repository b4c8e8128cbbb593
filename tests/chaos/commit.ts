/**
 * Figure 10: savers that are killed at each step of the commit, executors that are killed while they
 * save, and two savers at once.
 *
 * The steps are the driver's own acts on files below the output, counted by the job itself, which
 * kills itself before the Nth. What is complete and what is not is read here: text as bytes, object
 * files by a later job.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { SparkContext } from "../../mod.ts";
import { Random } from "../simulation/random.ts";
import { chaos, type Measured, type Setup } from "./chaos.ts";
import { children, kill } from "./processes.ts";

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const FORMATS = ["text", "object"] as const;
type Format = typeof FORMATS[number];
const LINES = Array.from({ length: 3_000 }, (_, n) => `line ${n}`);

await chaos({
  figure: 10,
  name: "commit",
  must: "_SUCCESS if and only if complete, at each step; one of two savers wins, 20 of 20",
  limitSeconds: { short: 240, long: 900 },
  run,
});

async function run({ seed, long, planted, shop }: Setup): Promise<Measured> {
  const random = new Random(seed);
  const { folder, temp } = shop;
  const conf = { "spark.local.dir": temp, "flint.progress": false };
  await using sc = new SparkContext({ master: "local[1]", conf });
  const count = { kills: 0, marked: 0, wrong: 0, executors: 0, rounds: 0, oneWinner: 0 };
  for (const format of planted ? ["text"] as const : FORMATS) {
    const whole = `${folder}/${format}-whole`;
    const { acts } = await save(temp, whole, format, 0);
    if (!await isComplete(sc, whole, format)) count.wrong++;
    for (const step of stepsOf(acts, long, planted, random)) {
      const out = `${folder}/${format}-${step}`;
      const ended = await save(temp, out, format, step);
      assert.equal(ended.signal, "SIGKILL", `step ${step} of ${acts}: it was not killed`);
      count.kills++;
      // A mark that says more than is true.
      if (planted) Deno.writeTextFileSync(`${out}/_SUCCESS`, "");
      const marked = existsSync(`${out}/_SUCCESS`);
      if (marked) count.marked++;
      // The mark is made by the third last act; the last two have it on the disk.
      const isDue = step > acts - 2;
      if (marked !== isDue || (marked && !await isComplete(sc, out, format))) count.wrong++;
    }
    const next = `${folder}/${format}-next`;
    await save(temp, next, format, 0);
    if (!await isComplete(sc, next, format)) count.wrong++;
    for (let time = 0; time < (planted ? 0 : long ? 10 : 1); time++) {
      const out = `${folder}/${format}-executor-${time}`;
      const victim = random.between(1, 3);
      const ended = await save(temp, out, format, 0, { victim, delayMs: random.below(60) });
      if (ended.killed) count.executors++;
      if (!await isComplete(sc, out, format)) count.wrong++;
    }
  }
  const rounds = planted ? 0 : long ? 20 : 6;
  for (const format of planted ? [] : FORMATS) {
    count.rounds += rounds;
    count.oneWinner += await oneWinner(sc, shop.folder, temp, format, rounds);
  }
  return {
    measured: `${count.kills} drivers killed at steps, ${count.marked} had their mark, ` +
      `${count.executors} executors killed, ${count.wrong} outputs wrong; ` +
      `one winner in ${count.oneWinner} of ${count.rounds}`,
    ok: count.wrong === 0 && count.oneWinner === count.rounds,
  };
}

/** All steps, or the last two, which bear the mark, and some others. */
function stepsOf(acts: number, long: boolean, planted: boolean, random: Random): number[] {
  const all = Array.from({ length: acts }, (_, i) => i + 1);
  if (long) return all;
  if (planted) return [acts - 10];
  const others = Array.from({ length: 3 }, () => random.between(1, acts - 2));
  return [...new Set([...others, acts - 1, acts])];
}

type Saved = { signal: Deno.Signal | null; acts: number; killed: boolean };

/** Runs a job that saves; `shot`: one of its executors is killed so long after that start of a task. */
async function save(
  temp: string,
  out: string,
  format: Format,
  dieAt: number,
  shot?: Readonly<{ victim: number; delayMs: number }>,
): Promise<Saved> {
  const child = start(temp, "saving", out, format, String(dieAt));
  const log = new Response(child.stderr).text();
  let said = "";
  let killed = false;
  for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) {
    said += piece;
    if (shot === undefined || killed) continue;
    if (said.split("task.started").length - 1 < shot.victim) continue;
    await new Promise((resolve) => setTimeout(resolve, shot.delayMs));
    const [executor] = children(child.pid);
    if (executor === undefined) continue;
    await kill([executor]);
    killed = true;
  }
  const { signal, success } = await child.status;
  if (dieAt === 0) assert(success, await log);
  return { signal, acts: Number(/(\d+) acts/.exec(said)?.[1] ?? 0), killed };
}

function start(temp: string, job: string, ...words: string[]): Deno.ChildProcess {
  const path = fileURLToPath(new URL(`jobs/${job}.ts`, import.meta.url));
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--config", CONFIG, path, ...words],
    env: { TMPDIR: temp, NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Whether an output holds all lines once and in order, and nothing of attempts. */
async function isComplete(sc: SparkContext, out: string, format: Format): Promise<boolean> {
  const found = existsSync(out) ? readdirSync(out).sort() : [];
  const names = found.filter((name) => name !== "_SUCCESS");
  if (names.join() !== "part-00000,part-00001,part-00002") return false;
  return JSON.stringify(await linesOf(sc, out, format)) === JSON.stringify(LINES);
}

async function linesOf(sc: SparkContext, out: string, format: Format): Promise<unknown[]> {
  if (format === "object") return await sc.objectFile(out).collect();
  const parts = readdirSync(out).filter((name) => name.startsWith("part-")).sort();
  return parts.flatMap((name) => Deno.readTextFileSync(`${out}/${name}`).split("\n").slice(0, -1));
}

/** In how many rounds one saver has won, the other was refused, and the output is the winner's. */
async function oneWinner(
  sc: SparkContext,
  folder: string,
  temp: string,
  format: Format,
  rounds: number,
): Promise<number> {
  const place = `${folder}/two-${format}`;
  Deno.mkdirSync(place);
  const savers = [["a", "b"], ["b", "a"]].map(([me, other]) =>
    start(temp, "two_savers", place, String(rounds), me!, other!, format).output()
  );
  const said = (await Promise.all(savers)).map(({ success, stdout, stderr }) => {
    assert(success, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  }).join("");
  let fair = 0;
  for (let round = 0; round < rounds; round++) {
    const won = [...said.matchAll(new RegExp(`^${round} (.) won$`, "gm"))].map(([, who]) => who);
    const refused = [...said.matchAll(new RegExp(`^${round} (.) refused$`, "gm"))];
    const out = `${place}/out-${round}`;
    const expected = Array.from({ length: 100 }, (_, n) => `${won[0]} ${n}`);
    const lines = await linesOf(sc, out, format);
    const names = readdirSync(out).sort().join();
    if (
      won.length === 1 && refused.length === 1 && names === "_SUCCESS,part-00000,part-00001" &&
      JSON.stringify(lines) === JSON.stringify(expected)
    ) fair++;
  }
  return fair;
}
