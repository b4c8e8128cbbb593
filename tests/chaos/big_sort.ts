/** Figure 1: a sort of far more than its tasks may hold, on two executors. */
import { chaos } from "./chaos.ts";
import { hashOf, RECORD_CHARS, recordOf } from "./fixtures/records.ts";
import { megabytes, type WatchedJob, watchedJob } from "./watched_job.ts";

const JOB = new URL("fixtures/sorting.ts", import.meta.url).pathname;
const MEGABYTE = 2 ** 20;
/** What an executor takes that holds nothing of its input. */
const EXECUTOR_BYTES = 110 * MEGABYTE;
const PER_BUDGET = 1.25;
const DRIVER_BYTES_MAX = 200 * MEGABYTE;
const DISK_PER_INPUT_MAX = 2.5;
/** How much higher the peak may be with four times the data. */
const GROWTH_MAX = 1.1;

/** So many records sorted with so many megabytes a task. */
type Sort = Readonly<{ records: number; budget: number; partitions: number }>;

const SHORT: Sort = { records: 640_000, budget: 8, partitions: 4 };
/** The second has four times the data of the first. */
const LONG: readonly Sort[] = [
  { records: 12_800_000, budget: 64, partitions: 8 },
  { records: 51_200_000, budget: 64, partitions: 8 },
  { records: 12_800_000, budget: 8, partitions: 8 },
  { records: 12_800_000, budget: 512, partitions: 8 },
];

type Printed = Readonly<{ sorted: boolean; size: number; sum: number; filled: number }>;

await chaos({
  figure: 1,
  name: "big_sort",
  must: "sorted, same multiset; executor ≤ 1.25 × budget + 110 MB, driver ≤ 200 MB, " +
    "disk ≤ 2.5 × input; 4 × the data: peak + 10 % at most",
  limitSeconds: { short: 120, long: 1800 },
  async run({ seed, long, planted, shop }) {
    const sorts = long ? LONG : [SHORT];
    const peaks: number[] = [];
    const measured: string[] = [];
    let ok = true;
    for (const { records, budget, partitions } of sorts) {
      // Planted: one record goes missing on its way into the sort.
      const dropped = planted ? records >> 1 : -1;
      const job = await watchedJob(shop, [
        "--master",
        "local[2]",
        "--worker-memory",
        `${budget}m`,
        JOB,
        ...[records, partitions, seed, dropped].map(String),
      ]);
      const wrong = whatIsWrong(job, { records, budget, partitions }, seed);
      ok &&= wrong.length === 0;
      peaks.push(job.executorBytes);
      measured.push(
        `${megabytes(records * RECORD_CHARS)} MB under ${budget}m: ` +
          `executor ${megabytes(job.executorBytes)} MB, driver ${megabytes(job.driverBytes)} MB, ` +
          `disk ${(job.diskBytes / (records * RECORD_CHARS)).toFixed(2)} × ` +
          (wrong.length === 0 ? "input, exact" : `input, WRONG: ${wrong.join(", ")}`),
      );
    }
    if (long) {
      const growth = peaks[1]! / peaks[0]!;
      measured.push(`4 × the data: peak × ${growth.toFixed(2)}`);
      ok &&= growth <= GROWTH_MAX;
    }
    return { measured: measured.join("; "), ok };
  },
});

function whatIsWrong(job: WatchedJob, { records, budget }: Sort, seed: number): string[] {
  const { sorted, size, sum, filled } = job.printed as Printed;
  const wrong: string[] = [];
  if (!sorted) wrong.push("not sorted");
  if (size !== records) wrong.push(`${size} records of ${records}`);
  if (sum !== sumOf(seed, records)) wrong.push("another multiset");
  if (filled < 2) wrong.push(`${filled} partitions`);
  const executorMax = PER_BUDGET * budget * MEGABYTE + EXECUTOR_BYTES;
  if (job.executorBytes > executorMax) wrong.push(`executor above ${megabytes(executorMax)} MB`);
  if (job.driverBytes > DRIVER_BYTES_MAX) wrong.push("driver too large");
  if (job.diskBytes > DISK_PER_INPUT_MAX * records * RECORD_CHARS) wrong.push("disk too large");
  if (job.diskBytes < records * RECORD_CHARS / 2) wrong.push("it was not seen to spill");
  return wrong;
}

/** The sum of the hashes of all records, made without Flint. Exact: it is below 2^53. */
function sumOf(seed: number, records: number): number {
  let sum = 0;
  for (let i = 0; i < records; i++) sum += hashOf(recordOf(seed, i));
  return sum;
}
