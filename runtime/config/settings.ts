/**
 * Which settings are accepted: known keys with values of their kind, and what a Spark cluster may know.
 *
 * An unknown `flint.*` key is an error. An unknown `spark.*` key is kept, unless it looks like a slip
 * of the pen for one that we do know.
 */
import { ConfigError } from "../../core/errors.ts";
import { didYouMean, nearest } from "../did_you_mean.ts";
import { KNOWN, type Option, optionOf } from "./options.ts";
import {
  choice,
  count,
  durationMs,
  factor,
  flag,
  fraction,
  invalid,
  isZero,
  memoryBytes,
  weights,
} from "./values.ts";

/** Settings as the user writes them; numbers and booleans are taken as their text. */
export type Settings = Readonly<Record<string, string | number | boolean>>;

/** What starts so is an environment variable of the executors. */
export const EXECUTOR_ENV = "spark.executorEnv.";

/** Checks keys and values; throws a ConfigError that names the first one that is wrong. */
export function validateSettings(settings: Settings): void {
  for (const [key, value] of Object.entries(settings)) validateSetting(key, String(value));
}

/** The same for one of them. */
export function validateSetting(key: string, value: string): void {
  const option = optionOf(key);
  if (option !== undefined) return validateValue(option, key, value);
  if (key.startsWith(EXECUTOR_ENV) && key.length > EXECUTOR_ENV.length) return;
  if (key.startsWith("spark.") && nearest(key, KNOWN) === undefined) return;
  throw new ConfigError(
    "UnknownOption",
    `There is no setting "${key}"${didYouMean(key, KNOWN)}`,
    "Settings of Flint start with flint., those of Spark with spark.",
  );
}

function validateValue(option: Option, key: string, value: string): void {
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

function refuseLittle(key: string, value: string, bytesMin: number): void {
  if (memoryBytes(value, key) >= bytesMin) return;
  throw invalid(key, value, `Use ${bytesMin / 1024}k or more: a task has to hold a few records`);
}

/** Whether a key looks like one that is checked. */
export function isSetting(key: string): boolean {
  return key.startsWith("spark.") || key.startsWith("flint.");
}
