/**
 * The keys that Flint knows: one table, from which all else follows.
 *
 * Keys are Spark's where the meaning is Spark's; ours start with `flint.`.
 */

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

/** What there is to know of a key. */
export type Option = Readonly<{
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

/** Another name of a key, and the key. */
const ALIASES: ReadonlyMap<string, Key> = new Map(
  Object.entries(OPTIONS).flatMap(([key, option]) =>
    "alias" in option ? [[option.alias, key as Key]] : []
  ),
);

/** All keys that are understood, by each of their names. */
export const KNOWN: readonly string[] = [...Object.keys(OPTIONS), ...ALIASES.keys()];

/** The name in the table of a key that may be an alias; undefined for one that is not there. */
export function canonical(key: string): Key | undefined {
  return Object.hasOwn(OPTIONS, key) ? key as Key : ALIASES.get(key);
}

/** What the table says of a key, by whichever name. */
export function optionOf(key: string): Option | undefined {
  const known = canonical(key);
  return known && OPTIONS[known];
}
