/**
 * Figure 9: local directories that are full, on small file systems of their own in memory (mounting
 * them takes root on Linux; without it the seam of figure 8 has to do). With room elsewhere the answer is exact; without it the job fails once,
 * with the folder and the bytes, and the same context does it right when there is room again.
 */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { finished } from "../acceptance/launch.ts";
import { chaos, type Setup } from "./chaos.ts";
import { SweepJob } from "./fault_sweep.ts";

const JOB = fileURLToPath(new URL("jobs/disk_full.ts", import.meta.url));
const MEGABYTE = 2 ** 20;
/** What the job needs and some more; and far less than that. */
const AMPLE_MB = 40;

/** A small disk; disposing it unmounts it, whoever still uses it. */
class Disk implements Disposable {
  readonly path: string;
  readonly ballast: string;
  readonly #megabytes: number;

  constructor(path: string, megabytes: number, freeMegabytes = megabytes) {
    this.path = path;
    this.ballast = `${path}/ballast`;
    mkdirSync(path);
    run("mount", "-t", "tmpfs", "-o", `size=${megabytes}m,mode=700`, "tmpfs", path);
    this.#megabytes = megabytes;
    this.fill(freeMegabytes);
  }

  /** Leaves so much room on it, which is empty but for the ballast. */
  fill(freeMegabytes: number): void {
    const taken = (this.#megabytes - freeMegabytes) * MEGABYTE;
    if (taken > 0) writeFileSync(this.ballast, new Uint8Array(taken));
  }

  /** What is left on it, but for the ballast. */
  get left(): string[] {
    return readdirSync(this.path).filter((name) => name !== "ballast");
  }

  [Symbol.dispose](): void {
    run("umount", "--lazy", this.path);
  }
}

function run(command: string, ...args: string[]): void {
  const { success, stderr } = new Deno.Command(command, { args, stderr: "piped" }).outputSync();
  if (!success) throw new Error(`${command}: ${new TextDecoder().decode(stderr)}`);
}

type Outcome = Readonly<{
  exact?: boolean;
  name?: string;
  code?: string;
  message?: string;
  attempts: number;
}>;

/** Runs the job over these disks; its answer is saved to `output`. What is wrong with it, if anything is. */
async function wrongWith(
  { shop }: Setup,
  disks: readonly Disk[],
  expected: "exact" | "DiskFull",
  output?: Disk,
): Promise<string | undefined> {
  const folders = disks.map(({ path }) => path);
  const ballast = expected === "DiskFull" ? [(output ?? disks[0]!).ballast] : [];
  const words = ["--master", "local[2,4]", "--worker-memory", "1m", JOB];
  const { stdout, stderr, code } = await finished(
    shop.start([...words, folders.join(","), ...ballast, ...(output ? [output.path] : [])]),
  );
  if (code !== 0) return `the program ended with ${code}: ${stderr}`;
  const [first, second] = JSON.parse(stdout) as [Outcome, Outcome];
  const left = [...disks, ...(output ? [output] : [])].flatMap((disk) => disk.left);
  if (left.length > 0) return `left behind: ${left.join(", ")}`;
  if (second.exact !== true) return `the second time: ${JSON.stringify(second)}`;
  if (expected === "exact") {
    return first.exact === true ? undefined : `the first time: ${JSON.stringify(first)}`;
  }
  const full = output === undefined ? folders : [output.path];
  const named = full.some((path) => first.message?.includes(path)) &&
    /\d+ bytes/.test(first.message ?? "");
  const isRight = first.name === "OutputError" && first.code === "DiskFull" && named &&
    first.attempts === 1;
  return isRight ? undefined : `the first time: ${JSON.stringify(first)}`;
}

/** What is wrong with a program whose folder cannot be written, if anything is. */
async function wrongOnReadOnly({ shop }: Setup, disk: Disk): Promise<string | undefined> {
  run("mount", "-o", "remount,ro", disk.path);
  const { stderr, code } = await finished(shop.start(["--master", "local[1]", JOB, disk.path]));
  const said = new RegExp(`OutputError: Cannot use ${disk.path}/\\S+ for shuffle and spill files`);
  return code === 1 && said.test(stderr) ? undefined : `it ended with ${code}: ${stderr}`;
}

/** Without the right to mount, the seam of figure 8 says that there is no room. */
async function withoutMounts({ planted, shop }: Setup): Promise<{ measured: string; ok: boolean }> {
  const folder = await Deno.makeTempDir({ dir: shop.folder, prefix: "seam-" });
  const job = new SweepJob(folder);
  let right = 0;
  for (const nth of [1, 10, 40]) {
    const run = await job.run({ fault: "ENOSPC", nth, forever: true }, 4, planted);
    if (run.wrong === undefined && run.code === "DiskFull") right++;
    else console.error(`no room from operation ${nth}: ${run.wrong ?? run.code}`);
  }
  return { measured: `${right} of 3 jobs over the seam (mounting takes root)`, ok: right === 3 };
}

async function measured(setup: Setup): Promise<{ measured: string; ok: boolean }> {
  const { long, planted, shop } = setup;
  if (Deno.uid() !== 0) return await withoutMounts(setup);
  // As in the issue: from 4 to 64 MB, of which the job fits into some.
  const sizes = planted ? [2] : long ? Array.from({ length: 5 }, (_, i) => 1 + i) : [2];
  let runs = 0;
  let right = 0;
  const count = (what: string, wrong: string | undefined) => {
    runs++;
    if (wrong === undefined) right++;
    else console.error(`${what}: ${wrong}`);
  };
  const check = async (
    what: string,
    disks: readonly Disk[],
    expected: "exact" | "DiskFull",
    output?: Disk,
  ) => count(what, await wrongWith(setup, disks, expected, output));
  for (const free of sizes) {
    const folder = `${shop.folder}/disks-${free}`;
    mkdirSync(folder);
    using full = new Disk(`${folder}/full`, AMPLE_MB, free);
    // The fault that is planted: there is no room, and an exact answer is expected.
    await check(`${free} MB`, [full], planted ? "exact" : "DiskFull");
    if (planted) continue;
    using small = new Disk(`${folder}/small`, free);
    using ample = new Disk(`${folder}/ample`, AMPLE_MB);
    await check(`${free} MB, and room on another disk`, [small, ample], "exact");
    // The job could fit into two disks of that size.
    using other = new Disk(`${folder}/other`, AMPLE_MB, free / 2);
    full.fill(free / 2);
    await check(`${free} MB in two halves`, [full, other], "DiskFull");
    full.fill(free);
    await check(`an output on ${free} MB`, [ample], "DiskFull", full);
    count("read-only", await wrongOnReadOnly(setup, small));
  }
  return { measured: `${right} of ${runs} jobs on full disks`, ok: right === runs };
}

await chaos({
  figure: 9,
  name: "disk_full",
  must: "exact, or DiskFull with folder and bytes at the first attempt; right when there is room",
  limitSeconds: { short: 120, long: 600 },
  run: measured,
});
