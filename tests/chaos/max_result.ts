/** Figure 13: `collect()` of twice `spark.driver.maxResultSize`, and of almost as much as it allows. */
import { chaos } from "./chaos.ts";
import { megabytes, watchedJob } from "./watched_job.ts";

const JOB = new URL("fixtures/collecting.ts", import.meta.url).pathname;
/** A driver that holds nothing, about 81 MB, and what still comes until executors hear of the refusal. */
const DRIVER_MEGABYTES = 120;
/** The same while records are made: V8's young generation is then as large as it gets. */
const DECODING_MEGABYTES = 150;
/** A result that is taken is there twice: as it came, and as records with some room between them. */
const TAKEN_PER_BYTE = 2.25;
const RECORD_CHARS = 1_021;

type Printed = Readonly<{ namesBoth: boolean; foundBytes: number; taken: number; next: number }>;

await chaos({
  figure: 13,
  name: "max_result",
  must: "collect() of twice the limit: both numbers in the error, driver <= limit + 120 MB",
  limitSeconds: { short: 120, long: 600 },
  async run({ long, planted, shop }) {
    const limit = long ? 256 : 64;
    // Planted: no limit at all, so that nothing is refused and the driver holds everything.
    const setting = `spark.driver.maxResultSize=${planted ? "0" : `${limit}m`}`;
    const collecting = async (asked: number) => {
      const words = ["--master", "local[2]", "--conf", setting, JOB, `${asked}`];
      const { printed, driverBytes } = await watchedJob(shop, words);
      const { next, ...rest } = printed as Printed;
      const isNextRight = next === asked * 1024 * RECORD_CHARS;
      return { ...rest, isNextRight, driver: megabytes(driverBytes) };
    };
    const refused = await collecting(2 * limit);
    const taken = planted ? refused : await collecting(limit - 2);
    const refusedMax = DRIVER_MEGABYTES + limit;
    const takenMax = DECODING_MEGABYTES + TAKEN_PER_BYTE * limit;
    const areNextRight = refused.isNextRight && taken.isNextRight;
    const found = refused.namesBoth
      ? `refused at ${megabytes(refused.foundBytes)} of ${limit} MB`
      : "not refused";
    return {
      measured: `${found}; driver ${refused.driver} MB (at most ${refusedMax}), and ` +
        `${taken.driver} MB where ${limit - 2} MB are taken (at most ${takenMax}); next jobs ` +
        `${areNextRight ? "right" : "wrong"}`,
      ok: refused.namesBoth && taken.taken === (limit - 2) * 1024 && areNextRight &&
        refused.driver <= refusedMax && taken.driver <= takenMax,
    };
  },
});
