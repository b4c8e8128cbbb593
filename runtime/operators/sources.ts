/** Datasets that are made of something else than datasets. */
import { fileURLToPath } from "node:url";
import { PlanError, shown } from "../../core/errors.ts";
import { memoryOptions } from "../../io/memory.ts";
import type { InputPaths } from "../../io/input_files.ts";
import { partitionCount, wholeNumber } from "../arguments.ts";
import { checkpointSource } from "../checkpoints.ts";
import { Dataset } from "../dataset.ts";
import type { Driver } from "../driver.ts";

const RECORD_BYTES_MAX = 2 ** 29;

export function parallelize(
  driver: Driver,
  records: Iterable<unknown>,
  partitions: number | undefined,
): Dataset {
  if (typeof records !== "object" || records === null || !(Symbol.iterator in records)) {
    throw new PlanError(
      "InvalidArgument",
      `Cannot call parallelize(): records is ${shown(records)}`,
      "Pass an array or another iterable that is no string",
    );
  }
  const count = partitionCount(partitions, "parallelize") ?? driver.defaultParallelism;
  // Encoded now: what is changed afterwards does not count, and what cannot travel is found here.
  const options = memoryOptions([...records], count, driver.classes);
  return Dataset.source(driver, "parallelize", { format: "memory", options });
}

/** `start`, `start + step` and so on, up to and without `end`. */
export function range(
  driver: Driver,
  start: number,
  end: number,
  step: number,
  partitions: number | undefined,
): Dataset {
  for (const [parameter, value] of Object.entries({ start, end, step })) {
    if (Number.isFinite(value) && (parameter !== "step" || value !== 0)) continue;
    throw new PlanError(
      "InvalidArgument",
      `Cannot call range(): ${parameter} is ${shown(value)}`,
      parameter === "step" ? "Use a finite number that is not 0" : "Use a finite number",
    );
  }
  return Dataset.source(driver, "range", {
    format: "range",
    options: { start, end, step },
    partitionsMin: partitionCount(partitions, "range"),
  });
}

export function textFile(
  driver: Driver,
  path: string | URL,
  partitionsMin: number | undefined,
): Dataset {
  return Dataset.source(driver, "textFile", {
    format: "text",
    options: { path: inputPaths(path, "textFile") },
    partitionsMin: partitionCount(partitionsMin, "textFile", "partitionsMin"),
  });
}

/** No records in no partitions. */
export function emptyRDD(driver: Driver): Dataset {
  const options = memoryOptions([], 0, driver.classes);
  return Dataset.source(driver, "emptyRDD", { format: "memory", options });
}

export function wholeFiles(
  driver: Driver,
  operator: "wholeTextFiles" | "binaryFiles",
  path: string | URL,
  partitionsMin: number | undefined,
): Dataset {
  return Dataset.source(driver, operator, {
    format: operator === "wholeTextFiles" ? "wholeText" : "wholeBytes",
    options: { path: inputPaths(path, operator) },
    partitionsMin: partitionCount(partitionsMin, operator, "partitionsMin"),
  });
}

export function binaryRecords(
  driver: Driver,
  path: string | URL,
  recordLength: number,
): Dataset {
  const operator = "binaryRecords";
  const recordBytes = wholeNumber(recordLength, operator, "recordLength", 1, RECORD_BYTES_MAX);
  return Dataset.source(driver, operator, {
    format: "fixedRecords",
    options: { path: inputPaths(path, operator), recordBytes },
  });
}

/** Records that `saveAsObjectFile` wrote. */
export function objectFile(
  driver: Driver,
  operator: "objectFile" | "pickleFile",
  path: string | URL,
  partitionsMin: number | undefined,
): Dataset {
  return Dataset.source(driver, operator, {
    format: "object",
    options: { path: inputPaths(path, operator) },
    partitionsMin: partitionCount(partitionsMin, operator, "partitionsMin"),
  });
}

/** The records of a checkpoint. */
export function checkpointFile(driver: Driver, path: string | URL): Dataset {
  const operator = "checkpointFile";
  return Dataset.source(driver, operator, checkpointSource(pathOf(path, operator)));
}

/** A URL means one path, whatever characters it has. */
function inputPaths(path: string | URL, operator: string): InputPaths {
  const text = pathOf(path, operator);
  return path instanceof URL ? { exact: text } : text;
}

/** A path, also of a `file:` URL. Throws a PlanError (InvalidArgument) where it is neither. */
export function pathOf(path: unknown, operator: string): string {
  if (typeof path === "string") return path;
  const invalid = (options?: ErrorOptions) =>
    new PlanError(
      "InvalidArgument",
      `Cannot call ${operator}(): path is ${path instanceof URL ? path : shown(path)}`,
      "Use a path, or a file: URL without a host",
      options,
    );
  if (!(path instanceof URL) || path.protocol !== "file:") throw invalid();
  try {
    return fileURLToPath(path);
  } catch (cause) {
    throw invalid({ cause });
  }
}
