/** What cannot be a key, and how it is told. */
import { RecordError, shown } from "./errors.ts";

/** Nesting that no honest key has; also what stops a cyclic one. */
export const KEY_DEPTH_MAX = 500;
/** Whether an object is one that `{}` or `Object.create(null)` made. */
export function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The error for a key that is none, because of `part`, which lies at `path` in it. */
export function unhashable(
  part: unknown,
  whole: unknown,
  path: readonly (string | number)[],
): RecordError {
  const where = path.length === 0 ? "" : ` at ${pathText(path)}`;
  return new RecordError(
    "UnhashableKey",
    `Cannot use ${shown(whole)} as a key: it ${where ? "has" : "is"} ${kindText(part)}${where}`,
    part instanceof Promise
      ? "Did you forget await? Make the key in mapAsync() first"
      : typeof part === "object"
      ? "Use an array of the values that identify it, such as [o.city, o.year]"
      : "A key is null, undefined, a boolean, number, bigint, string, Date, Uint8Array or an array of these",
  );
}

/** The error for a key that is nested too deep, or cyclic. */
export function tooDeep(whole: unknown): RecordError {
  return new RecordError(
    "UnhashableKey",
    `Cannot use ${shown(whole)} as a key: it is nested more than ${KEY_DEPTH_MAX} deep, or cyclic`,
    "Use an array of the values that identify it, such as [o.city, o.year]",
  );
}

function kindText(value: unknown): string {
  if (typeof value !== "object" || value === null) return `a ${typeof value}`;
  if (isPlainObject(value)) return "a plain object";
  return `an instance of ${Object.getPrototypeOf(value).constructor?.name || "an unnamed class"}`;
}

function pathText(path: readonly (string | number)[]): string {
  return path.map((step) => typeof step === "number" ? `[${step}]` : `.${step}`).join("");
}
