/**
 * The order of keys as values, and what may be sorted together.
 *
 * `sortBy`, `top`, `takeOrdered`, `max` and `min` share the order of the bytes in key.ts. Bytes of
 * different types have an order too, so that grouping can rely on one; but a *sort* by it would hide
 * a mistake: numbers and strings together are refused. null and undefined go with everything (last,
 * ascending), and numbers with bigints.
 *
 * `compareKeys` refuses when it meets two keys that do not go together. A sort compares bytes and
 * meets nothing; it notes the types of all keys in a `KeyTypes` beside them:
 *
 *     map task:    note(key) … note(key) ─► masks ┐
 *     map task:    note(key) … note(key) ─► masks ┴─► merge ─► check()
 *
 * Masks are numbers to be ored, so the answer does not depend on order, tasks or spills.
 */
import { RecordError, shown } from "./errors.ts";
import { KEY_DEPTH_MAX, tooDeep, unhashable } from "./key_refusal.ts";

/** What goes together in a sort; null and undefined have no kind. One bit each. */
const BOOLEAN = 1;
const NUMBER = 2;
const BIGINT = 4;
const DATE = 8;
const STRING = 16;
const BYTES = 32;
const ARRAY = 64;

const KIND_NAMES: readonly (readonly [bit: number, name: string])[] = [
  [BOOLEAN, "boolean"],
  [NUMBER, "number"],
  [BIGINT, "bigint"],
  [DATE, "Date"],
  [STRING, "string"],
  [BYTES, "Uint8Array"],
  [ARRAY, "array"],
];

/** Elements of array keys whose types are noted; beyond them any types are sorted as key.ts says. */
const ELEMENTS_NOTED_MAX = 8;

const NULL_RANK = 1;
const UNDEFINED_RANK = 2;

/** The types of all keys of a sort: of the keys themselves and, where they are arrays, by position. */
export class KeyTypes {
  /** Plain data that crosses processes: the bits of the keys, then those of element 0, 1, …, 7. */
  readonly masks: number[];

  constructor(masks: readonly number[] = [0]) {
    this.masks = [...masks];
  }

  /** Adds a key that has been written by a KeyWriter, and so is one. */
  note(key: unknown): void {
    this.masks[0]! |= kindOf(key);
    if (typeof key !== "object" || !Array.isArray(key)) return;
    const count = Math.min(key.length, ELEMENTS_NOTED_MAX);
    for (let i = 0; i < count; i++) {
      this.masks[i + 1] = (this.masks[i + 1] ?? 0) | kindOf(key[i]);
    }
  }

  /** Adds what another task noted. */
  merge(masks: readonly number[]): void {
    for (let i = 0; i < masks.length; i++) this.masks[i] = (this.masks[i] ?? 0) | masks[i]!;
  }

  /** Throws what `mismatch` gives, if it gives something. */
  check(): void {
    const error = this.mismatch();
    if (error !== undefined) throw error;
  }

  /** A RecordError `KeyTypeMismatch` that names the types, unless all go together. */
  mismatch(): RecordError | undefined {
    for (const [position, mask] of this.masks.entries()) {
      if (goTogether(mask)) continue;
      const names = KIND_NAMES.filter(([bit]) => (mask & bit) !== 0).map(([, name]) => name);
      const what = position === 0 ? "keys" : `array keys whose element ${position - 1} is`;
      return mismatchOf(`${what} of different types: ${names.join(", ")}`);
    }
    return undefined;
  }
}

function goTogether(mask: number): boolean {
  const one = (mask & BIGINT) === 0 ? mask : (mask & ~BIGINT) | NUMBER;
  return (one & (one - 1)) === 0;
}

/**
 * The order of two keys: negative, 0 or positive, as their bytes compare. Throws a RecordError:
 * `KeyTypeMismatch` where two types decide that do not go together, `UnhashableKey` for no key.
 *
 * @param a such as `["Oslo", 3]`
 * @param b such as `["Oslo", 12]`
 */
export function compareKeys(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return compareNumbers(a, b);
  if (typeof a === "string" && typeof b === "string") return compareStrings(a, b);
  return compareAny(a, b, 0);
}

function compareAny(a: unknown, b: unknown, depth: number): number {
  const kindA = kindOf(a);
  const kindB = kindOf(b);
  if (kindA === 0 || kindB === 0) return nullRank(a) - nullRank(b);
  if (!goTogether(kindA | kindB)) {
    const names = KIND_NAMES.filter(([bit]) => ((kindA | kindB) & bit) !== 0).map(([, name]) =>
      name
    );
    throw mismatchOf(`keys of different types: ${names.join(", ")} (${shown(a)} and ${shown(b)})`);
  }
  switch (kindA) {
    case BOOLEAN:
      return Number(a) - Number(b);
    case NUMBER:
    case BIGINT:
      return compareNumbers(a as number, b as number);
    case DATE:
      return compareNumbers((a as Date).getTime(), (b as Date).getTime());
    case STRING:
      return compareStrings(a as string, b as string);
    case BYTES:
      return compareItems(a as Uint8Array, b as Uint8Array, (x, y) => x - y);
  }
  if (depth >= KEY_DEPTH_MAX) throw tooDeep(a);
  return compareItems(a as unknown[], b as unknown[], (x, y) => compareAny(x, y, depth + 1));
}

function nullRank(key: unknown): number {
  return key === null ? NULL_RANK : key === undefined ? UNDEFINED_RANK : 0;
}

function compareNumbers(a: number | bigint, b: number | bigint): number {
  if (a < b) return -1; // exact also between a number and a bigint
  if (a > b) return 1;
  const nan = Number(a !== a) - Number(b !== b);
  if (nan !== 0 || typeof a === typeof b) return nan;
  return typeof a === "number" ? -1 : 1; // equal by value
}

/** By code point: UTF-16 units do not do, for U+1F600 is D83D DE00 and lies behind U+FFFF. */
function compareStrings(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  let i = 0;
  while (i < shorter && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  if (i === shorter) return a.length - b.length;
  const endsPair = isLowSurrogate(a.charCodeAt(i)) || isLowSurrogate(b.charCodeAt(i));
  if (endsPair && i > 0 && isHighSurrogate(a.charCodeAt(i - 1))) i--;
  return a.codePointAt(i)! - b.codePointAt(i)!;
}

function isHighSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}

function isLowSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00;
}

function compareItems<T>(
  a: ArrayLike<T>,
  b: ArrayLike<T>,
  compare: (x: T, y: T) => number,
): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const order = compare(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function kindOf(key: unknown): number {
  switch (typeof key) {
    case "string":
      return STRING;
    case "number":
      return NUMBER;
    case "bigint":
      return BIGINT;
    case "boolean":
      return BOOLEAN;
    case "undefined":
      return 0;
    case "object":
      if (key === null) return 0;
      if (Array.isArray(key)) return ARRAY;
      if (key instanceof Date) return DATE;
      if (key instanceof Uint8Array) return BYTES;
      throw unhashable(key, key, []);
    case "function":
    case "symbol":
      throw unhashable(key, key, []);
  }
}

function mismatchOf(what: string): RecordError {
  return new RecordError(
    "KeyTypeMismatch",
    `Cannot sort ${what}`,
    "Make them one type first, for example sortBy((x) => String(x))",
  );
}
