/**
 * A job that fills the folders of spark.local.dir, twice in one context: `job.ts DIRS BALLAST OUTPUT`,
 * where BALLAST is a file that is removed before the second time, if there is one. With OUTPUT, which
 * is a folder, the answer is saved there both times. It prints what came of both as JSON.
 */
import { type RDD, SparkContext } from "@flint/flint";

const [folders, ballast, output] = Deno.args as [string, string?, string?];
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
      .sortByKey(true, 3);
    const pairs = (output === undefined ? await sorted.collect() : await saved(sorted, output))
      .map(([key, i]) => [Number(key), i]);
    // 7919 and 40,000 have no common divisor: each key from 0 on occurs once.
    const exact = pairs.length === RECORDS &&
      pairs.every(([key, i], at) => key === at && (i! * 7919) % RECORDS === at);
    return { exact, attempts };
  } catch (error) {
    const { name, code, message } = error as Error & { code?: string };
    return { name, code, message, attempts };
  }
}

type Pairs = [string, number][];

/** Saves it, reads what is there, and makes room again. */
async function saved(sorted: RDD<Pairs[number]>, folder: string): Promise<Pairs> {
  const path = `${folder}/saved`;
  await sorted.map((pair) => JSON.stringify(pair)).saveAsTextFile(path);
  const parts = [...Deno.readDirSync(path)].map(({ name }) => name)
    .filter((name) => name.startsWith("part-")).sort();
  const lines = parts.flatMap((name) =>
    Deno.readTextFileSync(`${path}/${name}`).trimEnd().split("\n")
  );
  Deno.removeSync(path, { recursive: true });
  return lines.map((line) => JSON.parse(line));
}

const first = await outcome();
if (ballast !== undefined) Deno.removeSync(ballast);
const second = await outcome();
await sc.stop();
console.log(JSON.stringify([first, second]));
