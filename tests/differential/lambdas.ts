/** The functions of random programs, each with a twin of the same name in pyspark_lambdas.py. */

// deno-lint-ignore no-explicit-any -- the generator knows the types, the compiler does not
export type Lambda = (...args: any[]) => unknown;

/** Python's `%` for a positive divisor. */
const modulo = (n: number, divisor: number) => ((n % divisor) + divisor) % divisor;

/** How strings are ordered in Python and as keys of Flint: by code point, not by UTF-16 unit. */
function byCodePoint(a: string, b: string): number {
  const [some, others] = [[...a], [...b]];
  for (let i = 0; i < Math.min(some.length, others.length); i++) {
    const difference = some[i]!.codePointAt(0)! - others[i]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return some.length - others.length;
}

function ascending(a: number | string, b: number | string): number {
  return typeof a === "string" ? byCodePoint(a, b as string) : a - (b as number);
}

/** About eight of them, evenly, since one record must be small against the budget. */
function someOf<T>(values: T[]): T[] {
  const step = Math.ceil(values.length / 8);
  return values.filter((_, i) => i % step === 0);
}

/** A small integer for anything. */
function measure(value: unknown): number {
  if (typeof value === "string") return [...value].length;
  if (Array.isArray(value)) return value.reduce((sum, part) => sum + measure(part), value.length);
  return Number.isInteger(value) && Math.abs(value as number) < 1000 ? value as number : 1;
}

type Pair = [unknown, unknown];
const TEXTS = ["", "a", "é", "🙂", "ab", "\uffff", "𝒳y"];

export const LAMBDAS: Readonly<Record<string, Lambda>> = {
  identity: (x) => x,
  measure,
  one: (x) => [x, 1],
  twice: (x) => [x, x],
  none: () => [],
  isSomething: (x) => x !== null && x !== "",

  plusOne: (n: number) => n + 1,
  modulo7: (n: number) => modulo(n, 7),
  negative: (n: number) => -n,
  toText: (n: number) => TEXTS[Math.floor(modulo(n, 7))],
  withModulo3: (n: number) => [modulo(n, 3), n],
  isSmall: (n: number) => modulo(n, 7) < 4,
  isPositive: (n: number) => n > 0,
  andNext: (n: number) => [n, n + 1],
  add: (a: number, b: number) => a + b,
  larger: (a: number, b: number) => a > b ? a : b,

  codePoints: (text: string) => [...text].length,
  exclaimed: (text: string) => text + "!",
  begin: (text: string) => [...text].slice(0, 1).join(""),
  withLength: (text: string) => [[...text].length, text],
  isLong: (text: string) => [...text].length > 1,
  words: (text: string) => text.split(" "),
  letters: (text: string) => [...text].slice(0, 3),
  later: (a: string, b: string) => byCodePoint(a, b) >= 0 ? a : b,

  not: (flag: boolean) => !flag,
  year: (date: Date) => date.getUTCFullYear(),
  dayLater: (date: Date) => new Date(date.getTime() + 86_400_000),

  swap: ([key, value]: Pair) => [value, key],
  key: ([key]: Pair) => key,
  value: ([, value]: Pair) => value,
  nest: ([key, value]: Pair) => [[key, value], 1],
  around: ([key, value]: Pair) => [key, [key, value]],

  size: (list: unknown[]) => list.length,
  elements: (list: unknown[]) => list,

  eachOfPart: function* (records: Iterable<unknown>) {
    yield* records;
  },
  onesOfPart: function* (records: Iterable<unknown>) {
    for (const record of records) yield [record, 1];
  },
  indexed: function* (index: number, records: Iterable<unknown>) {
    for (const record of records) yield [index, record];
  },
  unindexed: function* (index: number, records: Iterable<unknown>) {
    for (const record of records) if (index >= 0) yield record;
  },

  sorted: (values: Iterable<number | string>) => someOf([...values].sort(ascending)),
  sortedSides: (sides: Iterable<number | string>[]) =>
    sides.map((side) => someOf([...side].sort(ascending))),
  measures: (values: unknown[]) => someOf(values.map(measure).sort(ascending)),
  appended: (values: unknown[], value: unknown) => {
    values.push(value);
    return values;
  },
  joined: (values: unknown[], others: unknown[]) => [...values, ...others],
  pairOfOne: (n: number) => [n, 1],
  pairPlus: (pair: [number, number], n: number) => [pair[0] + n, pair[1] + 1],
  pairsAdded: (a: [number, number], b: [number, number]) => [a[0] + b[0], a[1] + b[1]],
  orMinusOne: ([a, b]: Pair) => [a ?? -1, b ?? -1],
  bothToPartition: (key: number) => Math.floor(modulo(key, 5)),
};

/** The lambda of that name. */
export function lambda(name: string | undefined): Lambda {
  const found = LAMBDAS[name ?? "identity"];
  if (!found) throw new Error(`There is no lambda ${name}`);
  return found;
}
