/** What the records of a program are: the types that the generator goes by, and random ones. */
import type { Random } from "../simulation/random.ts";
import type { Source, Wire } from "./program.ts";

/**
 * `whole`: integers of any size, for keys and sorting; `any`: keys of all types, not sortable;
 * `loose`: what only travels, since the two have no key or another one of it.
 */
export type Shape = Atom | PairShape | ListShape;
type Atom = "number" | "text" | "whole" | "flag" | "date" | "any" | "loose";
export type PairShape = Readonly<{ key: Shape; value: Shape }>;
export type ListShape = Readonly<{ elements: Shape }>;

const TEXTS = [
  "",
  "a",
  "b",
  "aa",
  "B",
  "é",
  "e\u0301",
  "ß",
  "\uffff",
  "🙂",
  "𝒳",
  "日本 語",
  "\0",
  "x y",
  "\ud800",
  "z\udfff",
];
const NUMBERS = [0, { float: "-0" }, 1, -1, 2, 3.5, -2.25, 7, 10, -7, 100, 0.25, 4096];
const WHOLES = [
  0,
  1,
  -1,
  7,
  -300,
  2 ** 31,
  -(2 ** 40),
  ...[
    "9007199254740993",
    "-9007199254740993",
    "18446744073709551617",
    "123456789012345678901234567890",
  ].map((integer) => ({ integer })),
];
const DATES: readonly Wire[] = [0, 1, -1, 86_400_000, 951_782_400_123, -2_208_988_800_001].map(
  (milliseconds) => ({ milliseconds }),
);
const FLAGS = [true, false];
const ODD_VALUES: readonly Wire[] = [
  ...FLAGS,
  ...["NaN", "Infinity", "-Infinity"].map((float) => ({ float })),
  [{ float: "NaN" }, [null, true]],
];
const ODD_KEYS: readonly Wire[] = [
  null,
  0.1,
  1e300,
  -1e-300,
  [],
  [1],
  [1, "a"],
  [1, ["a", null]],
  [[], [[]]],
  ["🙂", -2.5],
];

const ATOMS: Readonly<Record<Atom, readonly Wire[]>> = {
  number: NUMBERS,
  text: TEXTS,
  whole: WHOLES,
  flag: FLAGS,
  date: DATES,
  any: [...ODD_KEYS, ...TEXTS, ...WHOLES, ...DATES],
  loose: [...ODD_VALUES, ...TEXTS, ...NUMBERS, ...DATES],
};

export function isPair(shape: Shape): shape is PairShape {
  return typeof shape === "object" && "key" in shape;
}

export function isList(shape: Shape): shape is ListShape {
  return typeof shape === "object" && "elements" in shape;
}

/** Whether records of this shape have an order in both languages. */
export function isSortable(shape: Shape): boolean {
  if (isPair(shape)) return isSortable(shape.key) && isSortable(shape.value);
  if (isList(shape)) return isSortable(shape.elements);
  return shape !== "any" && shape !== "loose";
}

/** Whether records of this shape are keys in both languages, and the same ones. */
export function isKey(shape: Shape): boolean {
  if (isPair(shape)) return isKey(shape.key) && isKey(shape.value);
  if (isList(shape)) return isKey(shape.elements);
  return shape !== "loose";
}

/** What two shapes are together. True and 1 are one key in Python, so flags stay among themselves. */
export function mixed(shapes: readonly Shape[]): "any" | "loose" {
  const isPlain = (shape: Shape): boolean => {
    if (isPair(shape)) return isPlain(shape.key) && isPlain(shape.value);
    if (isList(shape)) return isPlain(shape.elements);
    return shape !== "flag" && shape !== "loose";
  };
  return shapes.every(isPlain) ? "any" : "loose";
}

/** What can be added up or compared by a lambda. */
export function isSimple(shape: Shape): shape is "number" | "text" {
  return shape === "number" || shape === "text";
}

/** A record, its parts from few values, so that keys meet. */
export function randomRecord(shape: Shape, random: Random): Wire {
  if (isPair(shape)) return [randomRecord(shape.key, random), randomRecord(shape.value, random)];
  if (isList(shape)) {
    return Array.from({ length: random.below(3) }, () => randomRecord(shape.elements, random));
  }
  return random.pick(ATOMS[shape]);
}

export function randomSource(shape: Shape, lengthMax: number, random: Random): Source {
  const length = random.chance(0.04) ? 0 : random.between(1, lengthMax);
  return {
    records: Array.from({ length }, () => randomRecord(shape, random)),
    partitions: random.between(1, lengthMax < 20 ? 2 : 3),
  };
}
