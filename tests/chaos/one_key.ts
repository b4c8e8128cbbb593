/** Figure 2: all records have one key, and are far more than a task may hold. */
import { chaos } from "./chaos.ts";
import { megabytes, watchedJob } from "./watched_job.ts";

const JOB = new URL("fixtures/one_key.ts", import.meta.url).pathname;
const MEGABYTE = 2 ** 20;
const BUDGET = 8;
const PARTITIONS = 4;
/** What an executor takes that holds nothing of its input, and what it may hold. */
const EXECUTOR_BYTES_MAX = 110 * MEGABYTE + 1.25 * BUDGET * MEGABYTE;
/** V8 lets a heap grow before it looks for garbage: a short run shows no more than that. */
const SHORT_SLACK_BYTES = 30 * MEGABYTE;
/** Flat: so much higher may the peak be with ten times the records. Of the long form only. */
const GROWTH_MAX = 1.1;

type Printed = Readonly<{ size: number; sum: number; again: number }>;

await chaos({
  figure: 2,
  name: "one_key",
  must: "reduceByKey flat; groupByKey streamed and exact at the same peak",
  limitSeconds: { short: 120, long: 1200 },
  async run({ long, planted, shop }) {
    const count = long ? 10_000_000 : 500_000;
    const bytesMax = EXECUTOR_BYTES_MAX + (long ? 0 : SHORT_SLACK_BYTES);
    let ok = true;
    const run = async (how: string, records: number): Promise<number> => {
      // Planted: one value goes missing on its way into the exchange.
      const dropped = planted ? records >> 1 : -1;
      const numbers = [records, PARTITIONS, dropped].map(String);
      const memory = ["--worker-memory", `${BUDGET}m`];
      const job = await watchedJob(shop, ["--master", "local[2]", ...memory, JOB, how, ...numbers]);
      const { size, sum, again } = job.printed as Printed;
      const expected = records * (records - 1) / 2;
      ok &&= size === records && sum === expected && again === expected;
      ok &&= job.executorBytes <= bytesMax;
      return job.executorBytes;
    };
    const few = long ? await run("reduceByKey", count / 10) : undefined;
    const reduced = await run("reduceByKey", count);
    const grouped = await run("groupByKey", count);
    ok &&= few === undefined || reduced <= GROWTH_MAX * few;
    const peaks = (few === undefined ? "" : `reduceByKey of a tenth ${megabytes(few)} MB, `) +
      `reduceByKey ${megabytes(reduced)} MB, ` +
      `groupByKey ${megabytes(grouped)} MB (at most ${megabytes(bytesMax)})`;
    return { measured: `${count} records under ${BUDGET}m: ${peaks}`, ok };
  },
});
