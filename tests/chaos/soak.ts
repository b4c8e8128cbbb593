/**
 * Figure 12: a context that runs jobs for a long time holds no more at the end than at the start,
 * though tasks throw, executors are killed, jobs are cancelled and map outputs removed.
 */
import { fileURLToPath } from "node:url";
import { median } from "../../bench/measured.ts";
import { finished } from "../acceptance/launch.ts";
import { chaos } from "./chaos.ts";

const JOB = fileURLToPath(new URL("jobs/soak.ts", import.meta.url));

/** What the driver holds after so many jobs. */
type Sample = Readonly<{
  jobs: number;
  faults: number;
  memoryBytes: number;
  files: number;
  executors: number;
  tempBytes: number;
}>;

/** The short form has the driver's start in its first quarter, and more faults in its few jobs. */
const FORMS = {
  long: { seconds: 600, jobsMin: 2000, faultsPercent: 1, memoryRatioMax: 1.1 },
  short: { seconds: 40, jobsMin: 100, faultsPercent: 5, memoryRatioMax: 1.4 },
  planted: { seconds: 8, jobsMin: 10, faultsPercent: 5, memoryRatioMax: 1.4 },
};
const FILES_DIFFERENCE_MAX = 5;

const memoryOf = ({ memoryBytes }: Sample) => memoryBytes;
const filesOf = ({ files }: Sample) => files;

await chaos({
  figure: 12,
  name: "soak",
  must: "10 minutes, 2,000 jobs, 1 % faults: memory x 1.10, open files ± 5, temp bytes 0",
  limitSeconds: { short: 180, long: 1200 },
  async run({ seed, long, planted, shop }) {
    const form = FORMS[planted ? "planted" : long ? "long" : "short"];
    const { seconds, jobsMin, faultsPercent, memoryRatioMax } = form;
    // A leak of open files, one a job, is what has to be found.
    const words = [`${seconds}`, `${faultsPercent}`, `${seed}`, ...planted ? ["leak"] : []];
    const options = ["--master", "local[2,4]", "--worker-memory", "1m", JOB, "--", ...words];
    const { code, stdout, stderr } = await finished(shop.start(options));
    console.error(stderr);
    const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
    const samples: Sample[] = lines.filter((line) => "jobs" in line);
    const wrong: string[] = lines.filter((line) => "wrong" in line).map((line) => line.wrong);
    const restBytes: number = lines.find((line) => "restBytes" in line)?.restBytes ?? NaN;
    const first = samples.slice(0, samples.length / 4);
    const last = samples.slice(-first.length);
    const ratio = median(last.map(memoryOf)) / median(first.map(memoryOf));
    const files = median(last.map(filesOf)) - median(first.map(filesOf));
    const { jobs, faults } = samples.at(-1)!;
    return {
      measured:
        `${jobs} jobs in ${seconds} s, ${faults} faults, wrong: ${wrong.join(", ") || "none"}; ` +
        `memory x ${ratio.toFixed(2)}, open files ${files < 0 ? "" : "+"}${files}, ` +
        `temp bytes ${restBytes}`,
      ok: code === 0 && wrong.length === 0 && jobs >= jobsMin && restBytes === 0 &&
        ratio <= memoryRatioMax && Math.abs(files) <= FILES_DIFFERENCE_MAX,
    };
  },
});
