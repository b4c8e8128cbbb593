/**
 * Results as texts that are equal where the results are: what both languages write the same way.
 *
 * A number is written as an integer where it is one, else by its 64 bits, so that 1 and 1.0 are one
 * and no digit is lost; a text in ASCII, so that sorting texts is the same in both languages.
 */
import { createHash } from "node:crypto";
import { type Lambda, lambda } from "./lambdas.ts";
import type { Order, Program, Result } from "./program.ts";

/** So many characters of a result are shown to people. */
const SHOWN_CHARS_MAX = 700;
const bits = new DataView(new ArrayBuffer(8));

/** `value` as a text; lists and tuples, null and undefined are one. */
export function canonical(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "bigint" || typeof value === "boolean") return String(value);
  if (typeof value === "number") return numberText(value);
  if (typeof value === "string") return asciiText(value);
  if (value instanceof Date) return `t${value.getTime()}`;
  if (typeof value === "object" && Symbol.iterator in value) {
    return `[${Array.from(value as Iterable<unknown>, canonical).join(",")}]`;
  }
  throw new Error(`No program has a result like ${Deno.inspect(value)}`);
}

function numberText(value: number): string {
  if (Number.isSafeInteger(value)) return String(value + 0 === 0 ? 0 : value);
  bits.setFloat64(0, Number.isNaN(value) ? NaN : value);
  return `d${bits.getBigUint64(0).toString(16).padStart(16, "0")}`;
}

function asciiText(value: string): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A statistic: what several orders of adding up give is one. */
export function rounded(value: number): string {
  if (Math.abs(value) < 1e-9) return "0";
  return Number.isFinite(value) ? value.toExponential(9) : String(value);
}

/** The result of a program whose action gave `records`. */
export function resultOf(program: Program, records: Iterable<unknown>): Result {
  const texts = arranged([...records], program.order, sortKey(program));
  return resultOfTexts(texts);
}

export function resultOfTexts(texts: readonly string[]): Result {
  const text = texts.join("\n");
  return {
    count: texts.length,
    digest: createHash("sha256").update(text).digest("hex"),
    shown: text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}…` : text,
  };
}

/** What a program without a result gives: the reason, in words that both use. */
export function failureOf(reason: string): Result {
  return { count: -1, digest: reason, shown: reason };
}

/** What the records of the last sort were sorted by. */
function sortKey(program: Program): Lambda {
  const sort = program.steps.findLast((step) => step.operator.startsWith("sort"));
  return lambda(sort?.operator === "sortByKey" ? "key" : sort?.lambda);
}

function arranged(records: unknown[], order: Order, keyOf: Lambda): string[] {
  switch (order) {
    case "exact":
      return records.map(canonical);
    case "free":
      return records.map(canonical).sort();
    case "keys":
      return byClasses(records, keyOf);
  }
}

/** Neighbours with equal keys are in any order, the keys are in theirs. */
function byClasses(records: unknown[], keyOf: Lambda): string[] {
  const texts: string[] = [];
  let equals: string[] = [];
  let last: string | undefined;
  for (const record of records) {
    const key = canonical(keyOf(record));
    if (key !== last) {
      texts.push(...equals.sort());
      equals = [];
    }
    last = key;
    equals.push(canonical(record));
  }
  return [...texts, ...equals.sort()];
}
