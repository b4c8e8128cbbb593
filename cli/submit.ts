/**
 * The launcher: it starts the job as the main module of a process of its own, as spark-submit does.
 *
 *     submit.ts ── import map, heap limit, settings ──► deno run -A job.ts …
 *                  terminal, signals and exit code pass through
 *
 * So `Deno.args`, `process.argv`, `import.meta.main`, the job's own `deno.json` and its exit code are
 * what they would be without us, and so is a stack trace.
 */
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { help, parseArguments, type Submission, UsageError } from "./args.ts";
import { exists } from "./exists.ts";
import { ImportMapFile, importMapFor } from "./import_map.ts";
import { parseProperties } from "./properties.ts";
import { validateSettings } from "../runtime/config/settings.ts";
import { type Submitted, SUBMITTED_VARIABLE } from "../runtime/config/submitted.ts";
import { memoryBytes } from "../runtime/config/values.ts";
import { parseMaster } from "../runtime/master.ts";
import { VERSION } from "../core/version.ts";

const HOME = new URL("../", import.meta.url);
const BAD_USAGE = 2;
/** How V8 ends a process whose heap is full. */
const HEAP_FULL_SIGNAL: Deno.Signal = "SIGTRAP";

/** Runs `submit` with these arguments and returns the exit code. */
export async function submit(words: readonly string[]): Promise<number> {
  try {
    const submission = parseArguments(words);
    switch (submission.action) {
      case "help":
        console.log(help());
        return 0;
      case "version":
        console.log(versions());
        return 0;
      case "run":
        return await run(submission);
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`submit: ${error.message}`);
    console.error("Run `deno run -A submit.ts --help` for all options");
    return BAD_USAGE;
  }
}

function versions(): string {
  const { deno, v8, typescript } = Deno.version;
  return `Flint ${VERSION} (Deno ${deno}, V8 ${v8}, TypeScript ${typescript})`;
}

async function run(submission: Submission): Promise<number> {
  const job = jobLocation(submission.job);
  const submitted = settingsOf(submission);
  if (submission.verbose) printSettings(job, submitted);
  using importMap = new ImportMapFile(importMapFor(job.folder, HOME));
  const shared = [
    "--quiet",
    // A job's own npm import must not rewrite a lock file, ours or the job's.
    "--no-lock",
    `--import-map=${importMap.path}`,
  ];
  if (submission.check) {
    // Beside a preloaded module `deno run --check` checks nothing.
    const args = ["check", ...shared, job.module];
    // `deno check` takes the compiler options of the folder that it is started in, not of the job's.
    const options = { args, cwd: job.folder };
    const { code } = await new Deno.Command(Deno.execPath(), options).spawn().status;
    if (code !== 0) return code;
  }
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      ...shared,
      ...heapFlags(submitted),
      `--preload=${new URL("session.ts", import.meta.url).href}`,
      job.module,
      ...submission.jobArguments,
    ],
    env: { [SUBMITTED_VARIABLE]: JSON.stringify(submitted) },
  });
  const { code, signal } = await passThrough(command.spawn());
  if (signal === HEAP_FULL_SIGNAL) console.error(heapFullMessage(submitted));
  return code;
}

/** The job's module and the folder in which its configuration is looked for. */
function jobLocation(job: string): { module: string; folder: string } {
  if (/^(https?|npm|jsr|data):/.test(job)) return { module: job, folder: Deno.cwd() };
  const path = job.startsWith("file:") ? fileURLToPath(job) : resolve(job);
  if (!exists(path)) throw new UsageError(`there is no job file ${path}`);
  if (Deno.statSync(path).isDirectory) {
    throw new UsageError(
      `the job file ${path} is a folder: name the module in it, such as main.ts`,
    );
  }
  return { module: path, folder: dirname(path) };
}

function settingsOf(submission: Submission): Submitted {
  const path = submission.propertiesFile;
  let properties: Record<string, string> = {};
  if (path !== undefined) {
    try {
      properties = parseProperties(Deno.readTextFileSync(path), path);
    } catch (error) {
      throw new UsageError(`cannot read the properties file: ${(error as Error).message}`);
    }
  }
  const conf: Record<string, string> = {
    ...submission.conf,
    ...(submission.progress ? {} : { "flint.progress": "false" }),
    ...(submission.verbose ? { "flint.verbose": "true" } : {}),
  };
  try {
    for (const settings of [conf, properties]) {
      validateSettings(settings);
      const master = settings["spark.master"];
      if (master !== undefined) parseMaster(master, navigator.hardwareConcurrency);
    }
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  return { conf, properties };
}

/** `--driver-memory` bounds V8's heap, which is the only memory of the driver that grows with results. */
function heapFlags(submitted: Submitted): string[] {
  const memory = driverMemory(submitted);
  if (memory === undefined) return [];
  return [`--v8-flags=--max-old-space-size=${Math.ceil(memoryBytes(memory) / 2 ** 20)}`];
}

function printSettings(job: { module: string }, { conf, properties }: Submitted): void {
  console.error(`${versions()}\nJob ${job.module}`);
  for (const [key, value] of Object.entries({ ...properties, ...conf }).sort()) {
    console.error(`  ${key} = ${value}`);
  }
}

function driverMemory({ conf, properties }: Submitted): string | undefined {
  return conf["spark.driver.memory"] ?? properties["spark.driver.memory"];
}

function heapFullMessage(submitted: Submitted): string {
  const limit = driverMemory(submitted);
  const held = limit === undefined ? "V8's default limit" : `the ${limit} of --driver-memory`;
  return `submit: the heap of the job's own process was full (${held})\n` +
    "  Raise --driver-memory, or bring less to the driver: take(), saveAsTextFile(), for await";
}

/** Waits for the job, hands signals on to it and says how it ended. */
async function passThrough(child: Deno.ChildProcess): Promise<Deno.CommandStatus> {
  // Ctrl-C reaches the job from the terminal itself; a second one from here would look like two.
  const interrupt = () => {
    if (!Deno.stdin.isTerminal()) forward("SIGINT");
  };
  const forward = (signal: Deno.Signal) => {
    try {
      child.kill(signal);
    } catch { /* it has ended already */ }
  };
  Deno.addSignalListener("SIGINT", interrupt);
  for (const signal of ["SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => forward(signal));
  }
  return await child.status;
}
