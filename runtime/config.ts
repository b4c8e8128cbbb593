/**
 * Settings: one table of keys, and what wins where several say something.
 *
 *     code  >  options of submit  >  properties file  >  defaults of the table
 *
 * `submit` is another process: what it was told arrives in one environment variable, which is read
 * once and deleted, so that neither the job nor its children see it.
 *
 * Keys are Spark's where the meaning is Spark's; ours start with `flint.`. An unknown `flint.*` key
 * is an error. An unknown `spark.*` key is kept, because a Spark cluster may know it, unless it looks
 * like a slip of the pen for one that we do know.
 */
import { ConfigError } from "../core/errors.ts";
import { didYouMean, nearest } from "./did_you_mean.ts";

/** What the value of a key looks like. */
type Kind =
  | "text"
  | "count"
  | "flag"
  | "fraction"
  | "factor"
  | "memory"
  | "duration"
  | "list"
  | "weights";

type Option = Readonly<{
  kind: Kind;
  /** What it says; the default is named where it is no plain value. */
  about: string;
  default?: string;
  alias?: string;
  /** Of memory: less than this many bytes cannot work. */
  bytesMin?: number;
  /** Of memory: `0` is understood, as no limit. */
  mayBeZero?: boolean;
  /** Of a fraction: the most that it may be. */
  fractionMax?: number;
  /** Of a text: what it may be, whatever the case. */
  choices?: readonly string[];
}>;

const GRANT = "All that it may need by itself is granted already. `*`: all; else a list";

/** Every key that Flint knows. */
export const OPTIONS = {
  "spark.master": { kind: "text", default: "local[*]", about: "Where the program runs." },
  "spark.app.name": { kind: "text", default: "flint", about: "What the application is called." },
  "spark.default.parallelism": {
    kind: "count",
    about: "Partitions where an operator is told no number. Default: the number of slots.",
  },
  "spark.local.dir": {
    kind: "list",
    about: "Folders for shuffle and spill files. SPARK_LOCAL_DIRS wins; default: the temp folder.",
  },
  "spark.driver.memory": { kind: "memory", about: "V8 heap of the job's process; set by submit." },
  "spark.driver.maxResultSize": {
    kind: "memory",
    default: "1g",
    mayBeZero: true,
    about: "A job whose result, encoded, is larger fails before it fills the driver. 0: no limit.",
  },
  "spark.executor.memory": {
    kind: "memory",
    about: "An executor that holds more is killed. Default: slots × worker memory + 300m.",
  },
  "spark.checkpoint.dir": {
    kind: "text",
    about: "Where checkpoints are written, unless sc.setCheckpointDir says it.",
  },
  "spark.files.overwrite": {
    kind: "flag",
    default: "false",
    about: "Whether a file of a name that was added with other content replaces that.",
  },
  "spark.task.maxFailures": {
    kind: "count",
    about: "Attempts of a task on a local-cluster. Default: 4.",
  },
  "spark.stage.maxConsecutiveAttempts": {
    kind: "count",
    default: "4",
    about: "A stage that loses the same map output so often before it ends fails its job.",
  },
  "spark.speculation": {
    kind: "flag",
    default: "false",
    about: "Whether a task that is late gets a second attempt elsewhere; the first to end counts.",
  },
  "spark.speculation.interval": {
    kind: "duration",
    default: "100ms",
    about: "How often it is looked who is late.",
  },
  "spark.speculation.multiplier": {
    kind: "factor",
    default: "3",
    about: "A task is late after so many times the median of those of its stage that have ended.",
  },
  "spark.speculation.quantile": {
    kind: "fraction",
    default: "0.9",
    fractionMax: 1,
    about: "The share of a stage's tasks that has to have ended before any is late.",
  },
  "spark.speculation.minTaskRuntime": {
    kind: "duration",
    default: "100ms",
    about: "A task that has run for less is not late.",
  },
  "flint.task.timeout": {
    kind: "duration",
    about: "A task that runs longer has failed, and is ended: `30s`, `5m`. Default: no limit.",
  },
  "spark.cleaner.periodicGC.interval": {
    kind: "duration",
    default: "30min",
    about: "How often it is looked which shuffle output and kept partitions nobody can reach.",
  },
  "spark.scheduler.mode": {
    kind: "text",
    default: "FIFO",
    choices: ["FIFO", "FAIR"],
    about: "Whether jobs share the executors first come, first served, or pool by pool.",
  },
  "flint.scheduler.pools": {
    kind: "weights",
    default: "",
    about: "Weights of pools under FAIR: `fast=3,slow=1`. A pool that is not named has 1.",
  },
  "spark.log.level": {
    kind: "text",
    default: "WARN",
    choices: ["ALL", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "OFF"],
    about: "Above WARN, warnings are not shown.",
  },
  "spark.ui.retainedJobs": {
    kind: "count",
    default: "1000",
    about: "Of how many jobs that have ended sc.statusTracker() knows.",
  },
  "spark.ui.retainedStages": {
    kind: "count",
    default: "1000",
    about: "Of how many stages that have ended sc.statusTracker() knows.",
  },
  "flint.engine": { kind: "text", default: "local", about: "The engine that runs local masters." },
  "flint.worker.memory": {
    kind: "memory",
    default: "512m",
    alias: "spark.python.worker.memory",
    // Four holders, as a join and a sort in one task have them, at 64 KB each.
    bytesMin: 256 * 1024,
    about:
      "What one task may hold in tables, sorters and cached blocks before it spills; from 256k.",
  },
  "spark.memory.storageFraction": {
    kind: "fraction",
    default: "0.5",
    // Something is left for what tasks do, however much is kept.
    fractionMax: 0.9,
    about: "The share of the workers' memory that partitions of persisted RDDs may take.",
  },
  "flint.allow.read": { kind: "list", about: `Files that tasks may read. ${GRANT}.` },
  "flint.allow.write": { kind: "list", about: `Files that tasks may write. ${GRANT}.` },
  "flint.allow.net": { kind: "list", about: `Hosts that tasks may connect to. ${GRANT}.` },
  "flint.allow.env": { kind: "list", about: `Environment variables for tasks. ${GRANT}.` },
  "flint.allow.run": { kind: "list", about: `Programs that tasks may start. ${GRANT}.` },
  "flint.allow.ffi": { kind: "list", about: `Native libraries that tasks may load. ${GRANT}.` },
  "flint.allow.sys": { kind: "list", about: `What tasks may ask of the system. ${GRANT}.` },
  "flint.shuffle.diskBytesMax": {
    kind: "memory",
    about:
      "Shuffle output of jobs that have ended goes above this, oldest first. Default: no limit.",
  },
  "flint.progress": {
    kind: "flag",
    default: "true",
    about: "Whether progress is shown on a terminal.",
  },
  "flint.verbose": {
    kind: "flag",
    default: "false",
    about: "Whether a line with figures is printed for each stage.",
  },
} as const satisfies Record<string, Option>;

type Key = keyof typeof OPTIONS;
/** Settings as the user writes them; numbers and booleans are taken as their text. */
export type Settings = Readonly<Record<string, string | number | boolean>>;

/** What `submit` hands to the job: its options, and what its properties file said. */
export type Submitted = Readonly<{
  conf: Readonly<Record<string, string>>;
  properties: Readonly<Record<string, string>>;
}>;

/** The environment variable that holds a {@linkcode Submitted} as JSON. */
export const SUBMITTED_VARIABLE = "FLINT_SUBMITTED";

/** What starts so is an environment variable of the executors. */
const EXECUTOR_ENV = "spark.executorEnv.";

const ALIASES: ReadonlyMap<string, Key> = new Map(
  Object.entries(OPTIONS).flatMap(([key, option]) =>
    "alias" in option ? [[option.alias, key as Key]] : []
  ),
);
const KNOWN: readonly string[] = [...Object.keys(OPTIONS), ...ALIASES.keys()];

const FACTORS = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 } as const;
const MEMORY_GRAMMAR = "Use a whole number above 0 and a unit, k, m, g or t: 512m, 2g";
const MILLISECONDS = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
} as const;
const DURATION_GRAMMAR = "Use a whole number above 0 and a unit, ms, s, m, h or d: 500ms, 30s";
const COUNT_GRAMMAR = "Use a whole number from 1 to 1000000";
const FLAG_GRAMMAR = "Use true or false";
const WEIGHTS_GRAMMAR = "Name each pool with its weight, a whole number from 1: fast=3,slow=1";
const FACTOR_GRAMMAR = "Use a number from 1, such as 1.5";

/**
 * Bytes of a memory string: a whole number and `k`, `m`, `g` or `t`, also written `kb`, `MiB`.
 * `key` is named in the ConfigError (code InvalidConfig).
 */
export function memoryBytes(text: string, key = "memory"): number {
  const match = /^\s*(\d+)\s*([kmgt])(?:i?b)?\s*$/i.exec(text);
  const bytes = match === null
    ? NaN
    : Number(match[1]) * FACTORS[match[2]!.toLowerCase() as keyof typeof FACTORS];
  if (!(bytes > 0) || !Number.isSafeInteger(bytes)) throw invalid(key, text, MEMORY_GRAMMAR);
  return bytes;
}

/** Milliseconds of a time: `500ms`, `30s`, `5m` or `5min`, `2h`, `1d`. Else as `memoryBytes`. */
function durationMs(text: string, key: string): number {
  const match = /^\s*(\d+)\s*(ms|s|m|min|h|d)\s*$/i.exec(text);
  const ms = match === null
    ? NaN
    : Number(match[1]) * MILLISECONDS[match[2]!.toLowerCase() as keyof typeof MILLISECONDS];
  if (!(ms > 0) || !Number.isSafeInteger(ms)) throw invalid(key, text, DURATION_GRAMMAR);
  return ms;
}

function refuseLittle(key: string, value: string, bytesMin: number): void {
  if (memoryBytes(value, key) >= bytesMin) return;
  throw invalid(key, value, `Use ${bytesMin / 1024}k or more: a task has to hold a few records`);
}

/** Zero of whatever unit. */
function isZero(text: string): boolean {
  return /^\s*0+\s*([kmgt](?:i?b)?)?\s*$/i.test(text);
}

/** Checks keys and values; throws a ConfigError that names the first one that is wrong. */
export function validateSettings(settings: Settings): void {
  for (const [key, value] of Object.entries(settings)) validate(key, String(value));
}

function validate(key: string, value: string): void {
  const known = canonical(key);
  if (known !== undefined) {
    const option: Option = OPTIONS[known];
    switch (option.kind) {
      case "text":
        return void choice(value, key, option.choices);
      case "list":
        return;
      case "weights":
        return void weights(value, key);
      case "memory":
        if (option.mayBeZero === true && isZero(value)) return;
        return refuseLittle(key, value, option.bytesMin ?? 0);
      case "duration":
        return void durationMs(value, key);
      case "count":
        return void count(value, key);
      case "flag":
        return void flag(value, key);
      case "fraction":
        return void fraction(value, key, option.fractionMax);
      case "factor":
        return void factor(value, key);
    }
  }
  if (key.startsWith(EXECUTOR_ENV) && key.length > EXECUTOR_ENV.length) return;
  const slip = key.startsWith("spark.") ? nearest(key, KNOWN) !== undefined : true;
  if (slip) {
    throw new ConfigError(
      "UnknownOption",
      `There is no setting "${key}"${didYouMean(key, KNOWN)}`,
      "Settings of Flint start with flint., those of Spark with spark.",
    );
  }
}

function canonical(key: string): Key | undefined {
  return Object.hasOwn(OPTIONS, key) ? key as Key : ALIASES.get(key);
}

function count(text: string, key: string): number {
  const value = /^\s*\d+\s*$/.test(text) ? Number(text) : NaN;
  if (!(value >= 1 && value <= 1_000_000)) throw invalid(key, text, COUNT_GRAMMAR);
  return value;
}

function choice(text: string, key: string, choices: readonly string[] | undefined): string {
  if (choices === undefined || choices.includes(text.trim().toUpperCase())) return text;
  throw invalid(key, text, `Use ${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`);
}

/** Names and whole numbers: `fast=3,slow=1`. `key` is named in the ConfigError (InvalidConfig). */
export function weights(text: string, key: string): ReadonlyMap<string, number> {
  const parts = text.split(",").map((part) => part.trim()).filter((part) => part !== "");
  return new Map(parts.map((part) => {
    const [, name, weight] = /^([^=]*[^=\s])\s*=\s*(\d+)$/.exec(part) ?? [];
    if (name === undefined || Number(weight) < 1) throw invalid(key, text, WEIGHTS_GRAMMAR);
    return [name, Number(weight)];
  }));
}

function fraction(text: string, key: string, most = 1): number {
  const value = decimal(text);
  if (!(value <= most)) throw invalid(key, text, `Use a number from 0 to ${most}, such as 0.5`);
  return value;
}

function factor(text: string, key: string): number {
  const value = decimal(text);
  if (!(value >= 1)) throw invalid(key, text, FACTOR_GRAMMAR);
  return value;
}

/** NaN where it is none. */
function decimal(text: string): number {
  return /^\s*\d*\.?\d+\s*$/.test(text) ? Number(text) : NaN;
}

function flag(text: string, key: string): boolean {
  const word = text.trim().toLowerCase();
  if (word !== "true" && word !== "false") throw invalid(key, text, FLAG_GRAMMAR);
  return word === "true";
}

function invalid(key: string, value: string, grammar: string): ConfigError {
  return new ConfigError("InvalidConfig", `Cannot use "${value}" for ${key}`, grammar);
}

/** What was set with `SparkContext.setSystemProperty`. */
const systemProperties = new Map<string, string>();

/** Sets a default of the settings made from now on; a key that is no setting is only kept. */
export function setSystemProperty(key: string, value: string): void {
  if (isSetting(key)) validate(key, value);
  systemProperties.set(key, value);
}

export function systemProperty(key: string): string | undefined {
  return systemProperties.get(key);
}

function isSetting(key: string): boolean {
  return key.startsWith("spark.") || key.startsWith("flint.");
}

let submitted: Submitted | undefined;

/**
 * What `submit` was told, or nothing where the job was started otherwise or may not read the
 * environment. The variable is deleted when it is read.
 */
export function submittedSettings(): Submitted {
  submitted ??= readSubmitted() ?? { conf: {}, properties: {} };
  return submitted;
}

function readSubmitted(): Submitted | undefined {
  const descriptor = { name: "env", variable: SUBMITTED_VARIABLE } as const;
  // Asking first: reading without the permission would put a question to the user on a terminal.
  if (Deno.permissions.querySync(descriptor).state !== "granted") return undefined;
  const text = Deno.env.get(SUBMITTED_VARIABLE);
  if (text === undefined) return undefined;
  Deno.env.delete(SUBMITTED_VARIABLE);
  return JSON.parse(text) as Submitted;
}

/**
 * Settings of an application; PySpark's `SparkConf`.
 *
 * It starts with what `submit` was told; what is set in code wins. Keys and values are checked as
 * they are set: a ConfigError names the key, the value and what would be right.
 *
 * @example
 * ```ts
 * import { SparkConf } from "@flint/flint";
 * import assert from "node:assert/strict";
 *
 * const conf = new SparkConf().setMaster("local").setAppName("My app");
 * assert.equal(conf.get("spark.master"), "local");
 * assert.equal(conf.get("spark.app.name"), "My app");
 * conf.set("flint.worker.memory", "64m");
 * assert.equal(conf.get("spark.python.worker.memory"), "64m"); // the same setting by Spark's name
 * ```
 */
export class SparkConf {
  readonly #values = new Map<string, string>();

  /**
   * Starts with what `submit` was told, then sets `settings`. PySpark's `loadDefaults` is accepted in
   * their place: with `false` it starts empty.
   */
  constructor(settings: Settings | boolean = {}) {
    if (settings === false) return;
    const { conf, properties } = submittedSettings();
    this.setAll(properties).setAll(conf);
    for (const [key, value] of systemProperties) if (isSetting(key)) this.set(key, value);
    if (settings !== true) this.setAll(settings);
  }

  /** Sets `key`. Throws a ConfigError where key or value are not understood. */
  set(key: string, value: string | number | boolean): this {
    validate(key, String(value));
    this.#values.set(canonical(key) ?? key, String(value));
    return this;
  }

  /** Sets `key` unless it has been set. */
  setIfMissing(key: string, value: string | number | boolean): this {
    return this.contains(key) ? this : this.set(key, value);
  }

  /** Sets several keys, given as an object or as pairs. */
  setAll(settings: Settings | Iterable<readonly [string, string | number | boolean]>): this {
    const pairs = Symbol.iterator in settings
      ? settings as Iterable<readonly [string, string | number | boolean]>
      : Object.entries(settings);
    for (const [key, value] of pairs) this.set(key, value);
    return this;
  }

  /** Where the program runs: the same as setting `spark.master`. */
  setMaster(master: string): this {
    return this.set("spark.master", master);
  }

  /** What the application is called: the same as setting `spark.app.name`. */
  setAppName(name: string): this {
    return this.set("spark.app.name", name);
  }

  /** Where Spark is installed: the same as setting `spark.home`. Means nothing on a local master. */
  setSparkHome(home: string): this {
    return this.set("spark.home", home);
  }

  /**
   * Sets an environment variable of the executors, or several given as an object or as pairs. A task
   * sees it only with `flint.allow.env`.
   *
   * @example
   * ```ts
   * import { SparkConf, SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * const conf = new SparkConf().setMaster("local").setExecutorEnv("REGION", "eu")
   *   .set("flint.allow.env", "REGION");
   * await using sc = new SparkContext({ conf });
   * assert.equal(await sc.range(1).map(() => Deno.env.get("REGION")).first(), "eu");
   * ```
   */
  setExecutorEnv(name: string, value: string): this;
  /** The same for several. */
  setExecutorEnv(
    variables: Readonly<Record<string, string>> | Iterable<readonly [string, string]>,
  ): this;
  setExecutorEnv(
    first: string | Readonly<Record<string, string>> | Iterable<readonly [string, string]>,
    value?: string,
  ): this {
    const pairs = typeof first === "string"
      ? [[first, value!] as const]
      : Symbol.iterator in first
      ? first
      : Object.entries(first);
    for (const [name, value] of pairs) {
      if (!/^[^=\0]+$/.test(name) || typeof value !== "string") {
        throw invalid(`${EXECUTOR_ENV}${name}`, String(value), "A variable has a name and a text");
      }
      this.set(`${EXECUTOR_ENV}${name}`, value);
    }
    return this;
  }

  /** The value of `key`; else `fallback`, else the default of the key, else undefined. */
  get(key: string, fallback?: string): string | undefined {
    const known = canonical(key);
    const option: Option | undefined = known && OPTIONS[known];
    return this.#values.get(known ?? key) ?? fallback ?? option?.default;
  }

  /**
   * A memory setting in bytes; undefined where it is not set and has no default. 0 of a setting for
   * which that means that there is no limit.
   */
  getBytes(key: string): number | undefined {
    const text = this.get(key);
    const known = canonical(key);
    const option: Option | undefined = known && OPTIONS[known];
    if (text !== undefined && option?.mayBeZero === true && isZero(text)) return 0;
    return text === undefined ? undefined : memoryBytes(text, key);
  }

  /** A setting that is a time, in milliseconds; undefined where it is not set and has no default. */
  getMilliseconds(key: string): number | undefined {
    const text = this.get(key);
    return text === undefined ? undefined : durationMs(text, key);
  }

  /** A setting that is a whole number above 0; undefined where it is not set and has no default. */
  getCount(key: string): number | undefined {
    const text = this.get(key);
    return text === undefined ? undefined : count(text, key);
  }

  /** A setting that is a share from 0 to 1; undefined where it is not set and has no default. */
  getFraction(key: string): number | undefined {
    const text = this.get(key);
    return text === undefined ? undefined : fraction(text, key);
  }

  /** A setting that is a number from 1; undefined where it is not set and has no default. */
  getFactor(key: string): number | undefined {
    const text = this.get(key);
    return text === undefined ? undefined : factor(text, key);
  }

  /** A setting that is true or false; false where it is not set and has no default. */
  getBoolean(key: string): boolean {
    const text = this.get(key);
    return text !== undefined && flag(text, key);
  }

  /** The parts of a setting between its commas; undefined where it is not set and has no default. */
  getList(key: string): string[] | undefined {
    return this.get(key)?.split(",").map((part) => part.trim()).filter((part) => part !== "");
  }

  /** Whether `key` has been set; a default does not count. */
  contains(key: string): boolean {
    return this.#values.has(canonical(key) ?? key);
  }

  /** All that has been set, sorted by key. */
  getAll(): [key: string, value: string][] {
    return [...this.#values].sort(([a], [b]) => a < b ? -1 : 1);
  }

  /** `key=value`, one a line. */
  toDebugString(): string {
    return this.getAll().map(([key, value]) => `${key}=${value}`).join("\n");
  }
}

/** The environment variables that executors get, beside those of the driver. */
export function executorEnvironment(conf: SparkConf): Record<string, string> {
  return Object.fromEntries(
    conf.getAll().filter(([key]) => key.startsWith(EXECUTOR_ENV))
      .map(([key, value]) => [key.slice(EXECUTOR_ENV.length), value]),
  );
}

/** Keys that were set and mean nothing here: they are kept for a Spark cluster. */
export function keysIgnoredLocally(conf: SparkConf): string[] {
  return conf.getAll().map(([key]) => key)
    .filter((key) => canonical(key) === undefined && !key.startsWith(EXECUTOR_ENV));
}
