/**
 * Figure 3: word counts, each of which loses executors by SIGKILL while it maps, spills, reduces and
 * sorts. The words are counted by `sort` and `uniq` too, and the bytes have to be the same.
 */
import { fileURLToPath } from "node:url";
import { writePaths } from "../../bench/generate_paths.ts";
import type { Workshop } from "../acceptance/launch.ts";
import { Random } from "../simulation/random.ts";
import { chaos } from "./chaos.ts";
import { countedWords } from "./counted_words.ts";
import { children, kill } from "./processes.ts";

const JOB = fileURLToPath(new URL("jobs/word_count.ts", import.meta.url));
/** So many executors have to be lost in a count. A kill may meet one that has not yet begun. */
const KILLS_MIN = 4;
/**
 * The executors die after so many starts of tasks, one in each part of the job, which has at least
 * 32: so nobody kills one task four times over, which is when a job rightly gives up.
 */
const PARTS = [[1, 3], [6, 8], [11, 13], [16, 18], [21, 23], [26, 28]] as const;
const DELAY_MS_MAX = 60;

await chaos({
  figure: 3,
  name: "word_counts",
  must: "50 of 50 counts byte-identical, 4 executors or more killed in each",
  limitSeconds: { short: 180, long: 1800 },
  async run({ seed, long, planted, shop }) {
    const counts = planted ? 1 : long ? 50 : 4;
    const random = new Random(seed);
    const text = `${shop.folder}/paths.txt`;
    writePaths(text, 8e6, seed);
    const expected = await countedWords(text);
    // The text that the job gets is not quite the text that was counted.
    if (planted) Deno.writeTextFileSync(text, "one/more\n", { append: true });
    let same = 0;
    const lost: number[] = [];
    let spilled = 0;
    for (let count = 0; count < counts; count++) {
      const ended = await countUnderKills(shop, text, random);
      if (ended.output === expected) same++;
      if (ended.spills > 0) spilled++;
      lost.push(ended.lost);
    }
    const kills = lost.reduce((sum, count) => sum + count, 0);
    const fewest = Math.min(...lost);
    return {
      measured: `${same} of ${counts} byte-identical, ${spilled} of them spilled, ` +
        `${kills} kills, ${fewest} or more in each`,
      ok: same === counts && spilled === counts && fewest >= KILLS_MIN,
    };
  },
});

/** `output`: what the job wrote, or undefined where it failed; `lost`: what it has lost, as it says. */
type Ended = Readonly<{ output: string | undefined; lost: number; spills: number }>;

/** Runs the job once, and kills executors of it. */
async function countUnderKills(shop: Workshop, text: string, random: Random): Promise<Ended> {
  const out = `${shop.folder}/counts.txt`;
  const job = shop.start(["--master", "local[2]", "--worker-memory", "1m", JOB, text, out]);
  const moments = PARTS.map(([from, to]) => random.between(from, to));
  let started = 0;
  let printed = "";
  const log = new Response(job.stderr).text();
  for await (const piece of job.stdout.pipeThrough(new TextDecoderStream())) {
    printed += piece;
    while (started < printed.split("task.started").length - 1) {
      if (!moments.includes(++started)) continue;
      await new Promise((resolve) => setTimeout(resolve, random.below(DELAY_MS_MAX)));
      const [driver] = children(job.pid);
      const executors = driver === undefined ? [] : children(driver);
      if (executors.length > 0) await kill([random.pick(executors)]);
    }
  }
  const { success } = await job.status;
  if (!success) console.error(await log);
  const output = success ? Deno.readTextFileSync(out) : undefined;
  await shop.assertNothingLeft();
  const [, lost, spills] = /(\d+) lost, (\d+) spills/.exec(printed) ?? [];
  return { output, lost: Number(lost ?? 0), spills: Number(spills ?? 0) };
}
