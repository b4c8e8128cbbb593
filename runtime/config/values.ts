/**
 * How values of settings are written: what each kind of text means.
 *
 * Whatever cannot be read is a ConfigError (code InvalidConfig) that names the key, the value and what
 * would be right.
 */
import { ConfigError } from "../../core/errors.ts";

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

/** Zero of whatever unit. */
export function isZero(text: string): boolean {
  return /^\s*0+\s*([kmgt](?:i?b)?)?\s*$/i.test(text);
}

/** Milliseconds of a time: `500ms`, `30s`, `5m` or `5min`, `2h`, `1d`. Else as `memoryBytes`. */
export function durationMs(text: string, key: string): number {
  const match = /^\s*(\d+)\s*(ms|s|m|min|h|d)\s*$/i.exec(text);
  const ms = match === null
    ? NaN
    : Number(match[1]) * MILLISECONDS[match[2]!.toLowerCase() as keyof typeof MILLISECONDS];
  if (!(ms > 0) || !Number.isSafeInteger(ms)) throw invalid(key, text, DURATION_GRAMMAR);
  return ms;
}

/** A whole number from 1 to a million. */
export function count(text: string, key: string): number {
  const value = /^\s*\d+\s*$/.test(text) ? Number(text) : NaN;
  if (!(value >= 1 && value <= 1_000_000)) throw invalid(key, text, COUNT_GRAMMAR);
  return value;
}

/** A number from 0 to `most`. */
export function fraction(text: string, key: string, most = 1): number {
  const value = decimal(text);
  if (!(value <= most)) throw invalid(key, text, `Use a number from 0 to ${most}, such as 0.5`);
  return value;
}

/** A number from 1. */
export function factor(text: string, key: string): number {
  const value = decimal(text);
  if (!(value >= 1)) throw invalid(key, text, FACTOR_GRAMMAR);
  return value;
}

/** NaN where it is none. */
function decimal(text: string): number {
  return /^\s*\d*\.?\d+\s*$/.test(text) ? Number(text) : NaN;
}

/** `true` or `false`, whatever the case. */
export function flag(text: string, key: string): boolean {
  const word = text.trim().toLowerCase();
  if (word !== "true" && word !== "false") throw invalid(key, text, FLAG_GRAMMAR);
  return word === "true";
}

/** Names and whole numbers from 1: `fast=3,slow=1`. */
export function weights(text: string, key: string): ReadonlyMap<string, number> {
  const parts = text.split(",").map((part) => part.trim()).filter((part) => part !== "");
  return new Map(parts.map((part) => {
    const [, name, weight] = /^([^=]*[^=\s])\s*=\s*(\d+)$/.exec(part) ?? [];
    if (name === undefined || Number(weight) < 1) throw invalid(key, text, WEIGHTS_GRAMMAR);
    return [name, Number(weight)];
  }));
}

/** One of `choices`, whatever the case; any text where there are none. */
export function choice(text: string, key: string, choices: readonly string[] | undefined): string {
  if (choices === undefined || choices.includes(text.trim().toUpperCase())) return text;
  throw invalid(key, text, `Use ${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`);
}

/** The error for a value that cannot be used; `grammar` says what would be right. */
export function invalid(key: string, value: string, grammar: string): ConfigError {
  return new ConfigError("InvalidConfig", `Cannot use "${value}" for ${key}`, grammar);
}
