/**
 * Where a program runs: the grammar of `--master`.
 *
 *     local                one executor of one slot
 *     local[N]  local[*]   N executors of one slot; as many as the machine has cores
 *     local[N,F]           the same; a task may fail F times before its job fails
 *     local-cluster[n,c,m] n executors of c slots and m megabytes each; m may be `512m` or `2g`
 *     spark://…  yarn  k8s://…   a Spark cluster: the second engine
 */
import { ConfigError, PlanError } from "../core/errors.ts";
import { memoryBytes } from "./config/values.ts";

/** A master that has been understood. */
export type Master =
  | Readonly<{
    kind: "local";
    text: string;
    executors: number;
    slotsPerExecutor: number;
    /** How often a task is tried; undefined: as `spark.task.maxFailures` says. */
    attempts: number | undefined;
    /** The kill limit of an executor; undefined: as `spark.executor.memory` says. */
    executorMemoryBytes: number | undefined;
  }>
  | Readonly<{ kind: "spark"; text: string }>;

/** The most slots or executors that a local master may name. */
const COUNT_MAX = 4096;
const GRAMMAR =
  "Use local, local[N], local[*], local[N,F] or local-cluster[n,c,m], with whole numbers from 1 to " +
  COUNT_MAX;

/**
 * Reads a master; spaces are allowed. `cores` is what `*` stands for. Throws a ConfigError with
 * code InvalidMaster.
 */
export function parseMaster(text: string, cores: number): Master {
  const compact = text.replace(/\s+/g, "");
  if (compact === "local") return local(text, 1, 1, 1);
  const threads = /^local\[(\d+|\*)(?:,(\d+))?\]$/.exec(compact);
  if (threads) {
    const [, slots, failures] = threads;
    const executors = slots === "*" ? cores : positive(slots!, text);
    return local(text, executors, 1, failures === undefined ? 1 : positive(failures, text));
  }
  const cluster = /^local-cluster\[(\d+),(\d+),(\w+)\]$/.exec(compact);
  if (cluster) {
    const [executors, slots] = [positive(cluster[1]!, text), positive(cluster[2]!, text)];
    return {
      ...local(text, executors, slots, undefined),
      executorMemoryBytes: executorMemory(cluster[3]!, text),
    };
  }
  if (compact === "yarn" || /^(spark|k8s):\/\/./.test(compact)) {
    return { kind: "spark", text: compact };
  }
  if (compact.startsWith("mesos://")) {
    throw new ConfigError(
      "InvalidMaster",
      `Cannot use the master "${text}": Spark 4 has no Mesos`,
      GRAMMAR,
    );
  }
  throw invalidMaster(text);
}

function local(
  text: string,
  executors: number,
  slotsPerExecutor: number,
  attempts: number | undefined,
): Master & { kind: "local" } {
  return {
    kind: "local",
    text,
    executors,
    slotsPerExecutor,
    attempts,
    executorMemoryBytes: undefined,
  };
}

function positive(digits: string, text: string): number {
  const value = Number(digits);
  if (value < 1 || value > COUNT_MAX) throw invalidMaster(text);
  return value;
}

/** Spark takes a plain number for megabytes; every other size here has a unit, so that is right too. */
function executorMemory(size: string, text: string): number {
  try {
    return memoryBytes(/^\d+$/.test(size) ? `${size}m` : size);
  } catch {
    throw invalidMaster(text);
  }
}

function invalidMaster(text: string): ConfigError {
  return new ConfigError("InvalidMaster", `Cannot understand the master "${text}"`, GRAMMAR);
}

/** The error for a Spark cluster: the second engine is not part of this version. */
export function noSparkEngine(master: Master): PlanError {
  return new PlanError(
    "NotAvailable",
    `Cannot run on ${master.text}: the engine for Spark clusters is not in this version of Flint`,
    "Use a local master, such as local[*]",
  );
}
