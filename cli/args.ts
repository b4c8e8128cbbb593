/**
 * The command line of `submit`: options, the job file, a short closed list of options after it, and
 * then whatever the job is to be given.
 *
 *     [options] job.ts [closed list | job arguments]* [-- job arguments]
 *
 * Before the job file everything is Flint's, so an unknown option is a mistake. After it only the
 * closed list is Flint's, and that list never grows: a job's own options keep their meaning.
 */
import { OPTIONS as SETTINGS } from "../runtime/config/options.ts";
import { didYouMean } from "../runtime/did_you_mean.ts";

/** The command line was not understood; the exit code is 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

type OptionSpec = Readonly<{
  /** How the value is called in the help; none: a flag. `[=…]`: a flag that may have a value. */
  value?: string;
  help: string;
  /** The configuration key that it sets. */
  key?: string;
  /** Also Flint's when it comes after the job file. */
  afterJob?: boolean;
  short?: string;
}>;

const MEMORY = "such as 512m or 2g";
const GRANT = (what: string) => `tasks may ${what}; all, or a list separated by commas`;

/** Every option, in the order of the help. */
export const OPTIONS = {
  master: {
    value: "MASTER",
    key: "spark.master",
    afterJob: true,
    help: "local, local[N], local[*], local[N,F], local-cluster[n,c,m] (default local[*])",
  },
  engine: { value: "NAME", key: "flint.engine", afterJob: true, help: "local (default)" },
  name: { value: "NAME", key: "spark.app.name", help: "what the application is called" },
  conf: { value: "KEY=VALUE", short: "c", afterJob: true, help: "a setting; see below" },
  "properties-file": { value: "FILE", help: "settings, one a line: key=value" },
  "worker-memory": {
    value: "SIZE",
    key: "flint.worker.memory",
    afterJob: true,
    help: `what a task may hold before it spills, ${MEMORY} (default 512m)`,
  },
  "executor-memory": {
    value: "SIZE",
    key: "spark.executor.memory",
    afterJob: true,
    help: `an executor that holds more is killed (default slots × worker memory + 300m)`,
  },
  "driver-memory": {
    value: "SIZE",
    key: "spark.driver.memory",
    afterJob: true,
    help: `the heap of the job's own process, ${MEMORY}`,
  },
  "allow-read": {
    value: "[=PATHS]",
    key: "flint.allow.read",
    afterJob: true,
    help: GRANT("read files"),
  },
  "allow-write": {
    value: "[=PATHS]",
    key: "flint.allow.write",
    afterJob: true,
    help: GRANT("write files"),
  },
  "allow-net": {
    value: "[=HOSTS]",
    key: "flint.allow.net",
    afterJob: true,
    help: GRANT("connect"),
  },
  "allow-env": {
    value: "[=NAMES]",
    key: "flint.allow.env",
    afterJob: true,
    help: GRANT("read environment variables"),
  },
  "allow-run": {
    value: "[=PROGRAMS]",
    key: "flint.allow.run",
    afterJob: true,
    help: GRANT("run programs"),
  },
  "allow-ffi": {
    value: "[=PATHS]",
    key: "flint.allow.ffi",
    afterJob: true,
    help: GRANT("load native libraries"),
  },
  "allow-sys": {
    value: "[=NAMES]",
    key: "flint.allow.sys",
    afterJob: true,
    help: GRANT("ask about the system"),
  },
  check: { help: "check the types first, and start nothing if that fails" },
  "no-progress": { afterJob: true, help: "do not show how far the job is" },
  verbose: { short: "v", help: "print the settings, and a line with figures for each stage" },
  version: { help: "print the versions" },
  help: { short: "h", help: "print this" },
} as const satisfies Record<string, OptionSpec>;

type OptionName = keyof typeof OPTIONS;

/** What was asked for. */
export type Submission = Readonly<{
  action: "run" | "help" | "version";
  /** The job file as it was written; "" unless `action` is `run`. */
  job: string;
  jobArguments: readonly string[];
  /** Configuration keys and values that the options set. */
  conf: Readonly<Record<string, string>>;
  propertiesFile?: string | undefined;
  check: boolean;
  progress: boolean;
  verbose: boolean;
}>;

/** Reads a command line. Throws a UsageError that names the option and, if one is near, the right one. */
export function parseArguments(words: readonly string[]): Submission {
  const conf: Record<string, string> = {};
  const jobArguments: string[] = [];
  const flags = new Set<OptionName>();
  let job = "";
  let propertiesFile: string | undefined;

  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === "--" && job !== "") {
      for (const argument of words.slice(at + 1)) jobArguments.push(argument);
      break;
    }
    const option = optionOf(word, job !== "");
    if (option === undefined) {
      if (job === "" && word.startsWith("-") && word !== "-") throw unknownOption(word);
      if (job === "") job = word;
      else jobArguments.push(word);
      continue;
    }
    const { name, spec } = option;
    if (spec.value === undefined) {
      if (option.value !== undefined) throw new UsageError(`--${name} takes no value`);
      flags.add(name);
      continue;
    }
    const optional = spec.value.startsWith("[");
    const value = option.value ?? (optional ? "*" : words[++at]);
    if (value === undefined || (value === "" && !optional)) {
      throw new UsageError(`--${name} needs a value: --${name} ${spec.value}`);
    }
    if (name === "conf") addSetting(conf, value);
    else if (name === "properties-file") propertiesFile = value;
    else if (spec.key !== undefined) conf[spec.key] = value;
  }

  const action = flags.has("help") ? "help" : flags.has("version") ? "version" : "run";
  if (action === "run" && job === "") throw new UsageError("there is no job file");
  return {
    action,
    job,
    jobArguments,
    conf,
    propertiesFile,
    check: flags.has("check"),
    progress: !flags.has("no-progress"),
    verbose: flags.has("verbose"),
  };
}

/** `--name`, `--name=value` or `-n` as an option of ours, or nothing. */
function optionOf(
  word: string,
  afterJob: boolean,
): { name: OptionName; spec: OptionSpec; value: string | undefined } | undefined {
  const match = /^(?:--([^=]+)|-([a-zA-Z]))(?:=([\s\S]*))?$/.exec(word);
  if (match === null) return undefined;
  const [, long, short, value] = match;
  for (const [name, spec] of Object.entries(OPTIONS) as [OptionName, OptionSpec][]) {
    if (afterJob && !spec.afterJob) continue;
    // A short form after the job file would be taken from the job's own options: only --conf is ours.
    if (long === name || (!afterJob && short !== undefined && spec.short === short)) {
      return { name, spec, value };
    }
  }
  return undefined;
}

function unknownOption(word: string): UsageError {
  const name = word.replace(/=[\s\S]*$/, "");
  const near = didYouMean(name, Object.keys(OPTIONS).map((option) => `--${option}`));
  return new UsageError(`unknown option ${name}${near}`);
}

/** `key=value` of `--conf`. */
function addSetting(conf: Record<string, string>, setting: string): void {
  const equals = setting.indexOf("=");
  if (equals <= 0) throw new UsageError(`--conf ${setting}: it should be --conf KEY=VALUE`);
  conf[setting.slice(0, equals).trim()] = setting.slice(equals + 1).trim();
}

/** The help text. */
export function help(): string {
  const rows = Object.entries(OPTIONS).map(([name, spec]: [string, OptionSpec]) => {
    const short = spec.short === undefined ? "    " : `-${spec.short}, `;
    const value = spec.value === undefined
      ? ""
      : spec.value.startsWith("[")
      ? spec.value
      : ` ${spec.value}`;
    return { left: `${short}--${name}${value}`, help: spec.help, afterJob: spec.afterJob ?? false };
  });
  const width = rows.reduce((most, row) => Math.max(most, row.left.length), 0) + 2;
  return [
    "Runs a job on Flint.",
    "",
    "  deno run -A submit.ts [options] job.ts [options] [-- job arguments]",
    "",
    "Options (* also after the job file; everything else there is the job's own):",
    "",
    ...rows.map((row) => `${row.afterJob ? " *" : "  "} ${row.left.padEnd(width)}${row.help}`),
    "",
    'Where brackets mean something to the shell, quote them: --master "local[4]"',
    "",
    "Settings that have no option of their own (--conf KEY=VALUE; spark.* keys mean what they mean",
    "in Spark):",
    "",
    ...settingRows(),
    "",
    "Where several say something, the first of these wins: the job's code, options, the properties",
    "file, defaults.",
    "Exit code: the job's own; 1 after an uncaught error, 2 for bad usage, 130 after Ctrl-C.",
  ].join("\n");
}

function settingRows(): string[] {
  const byOption = new Set<string>(
    Object.values(OPTIONS).flatMap((spec: OptionSpec) => spec.key ?? []),
  );
  // --no-progress and --verbose set these two.
  byOption.add("flint.progress").add("flint.verbose");
  const rows = Object.entries(SETTINGS).filter(([key]) => !byOption.has(key));
  const width = rows.reduce((most, [key]) => Math.max(most, key.length), 0) + 2;
  return rows.map(([key, { about }]) => `   ${key.padEnd(width)}${about}`);
}
