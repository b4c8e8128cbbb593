/** Figure 13: `collect()` of twice `spark.driver.maxResultSize`. */
import { chaos } from "./chaos.ts";
import { megabytes, watchedJob } from "./watched_job.ts";

const JOB = new URL("fixtures/collecting.ts", import.meta.url).pathname;
/** What a driver takes that holds nothing, with the garbage that V8 leaves lying outside its heap. */
const DRIVER_BYTES = 150 * 2 ** 20;
/** What a driver may hold for each byte of the limit: what came, and the records made of it. */
const HELD_PER_BYTE = 2;
const RECORD_CHARS = 1_021;

type Printed = Readonly<{ namesBoth: boolean; sentBytes: number; next: number }>;

await chaos({
  figure: 13,
  name: "max_result",
  must: "collect() of twice the limit: both numbers in the error, driver bounded, next job right",
  limitSeconds: { short: 120, long: 600 },
  async run({ long, planted, shop }) {
    const limit = long ? 256 : 64;
    // Planted: no limit at all, so that nothing is refused and the driver holds everything.
    const setting = `spark.driver.maxResultSize=${planted ? "0" : `${limit}m`}`;
    const words = ["--master", "local[2]", "--conf", setting, JOB, `${2 * limit}`];
    const { printed, driverBytes } = await watchedJob(shop, words);
    const { namesBoth, sentBytes, next } = printed as Printed;
    const isNextRight = next === 2 * limit * 1024 * RECORD_CHARS;
    const driverMax = DRIVER_BYTES + HELD_PER_BYTE * limit * 2 ** 20;
    const refused = namesBoth ? `refused at ${megabytes(sentBytes)} of ${limit} MB` : "not refused";
    return {
      measured: `${refused}; driver ${megabytes(driverBytes)} MB (at most ` +
        `${megabytes(driverMax)}); next job ${isNextRight ? "right" : "wrong"}`,
      ok: namesBoth && isNextRight && driverBytes <= driverMax,
    };
  },
});
