/**
 * A job that fills the folders of spark.local.dir, twice in one context: `job.ts DIRS BALLAST`, where
 * BALLAST is a file that is removed before the second time, if there is one. It prints what came of
 * both as JSON.
 */
import { SparkContext } from "@flint/flint";

const [folders, ballast] = Deno.args as [string, string | undefined];
const RECORDS = 40_000;
/** Each key is so long: some 8 MB in all. */
const PADDING = 200;

const sc = new SparkContext({ conf: { "spark.local.dir": folders } });
let attempts = 0;
sc.events.subscribe((event) => {
  if (event.type === "task.started") attempts = Math.max(attempts, event.task.attempt + 1);
});

async function outcome(): Promise<Record<string, unknown>> {
  attempts = 0;
  try {
    const sorted = await sc.range(0, RECORDS, 1, 4)
      .map((i) => [`${(i * 7919) % RECORDS}`.padStart(PADDING), i] as [string, number])
      .sortByKey(true, 3).map(([key, i]) => [Number(key), i]).collect();
    // 7919 and 40,000 have no common divisor: each key from 0 on occurs once.
    const exact = sorted.length === RECORDS &&
      sorted.every(([key, i], at) => key === at && (i! * 7919) % RECORDS === at);
    return { exact, attempts };
  } catch (error) {
    const { name, code, message } = error as Error & { code?: string };
    return { name, code, message, attempts };
  }
}

const first = await outcome();
if (ballast !== undefined) Deno.removeSync(ballast);
const second = await outcome();
await sc.stop();
console.log(JSON.stringify([first, second]));
