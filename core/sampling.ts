/**
 * Which records of a partition are drawn. Whether one is depends on the seed, the partition and its
 * position alone: never on the size of a batch, on the machine or on the attempt.
 *
 *     records      a    b    c    d    e          one number of the stream for each, in order
 *     chance      .81  .07  .32  .95  .28
 *     drawn from 0 up to .3    b         e        the splits of a randomSplit part the same numbers,
 *     drawn from .3 up to 1   a c d               so every record is in exactly one of them
 */
import { RecordError, shown } from "./errors.ts";
import { KeyMap } from "./key_map.ts";
import { pairOf } from "./pair.ts";
import { Random } from "./random.ts";

/** What a partition's draws depend on. */
export type Draw = Readonly<{ seed: number; partition: number }>;

/** The records whose number lies from `from` up to, but without, `to`; both from 0 to 1. */
export function* drawnBetween<T>(
  records: Iterable<T>,
  from: number,
  to: number,
  { seed, partition }: Draw,
): Generator<T> {
  const random = new Random(seed, partition);
  for (const record of records) {
    const chance = random.next();
    if (chance >= from && chance < to) yield record;
  }
}

/** Each record as often as a Poisson distribution of that mean says: drawing with replacement. */
export function* drawnOften<T>(
  records: Iterable<T>,
  mean: number,
  { seed, partition }: Draw,
): Generator<T> {
  const random = new Random(seed, partition);
  for (const record of records) {
    for (let left = poisson(random, mean); left > 0; left--) yield record;
  }
}

/** What share of the pairs of each key is drawn. */
export type Fractions = readonly (readonly [key: unknown, fraction: number])[];

/**
 * The pairs that are drawn, each by the fraction of its key. Throws a RecordError (MissingFraction)
 * for a key that has none. Keys are compared by value.
 */
export function* drawnByKey(
  records: Iterable<unknown>,
  fractions: Fractions,
  replacement: boolean,
  { seed, partition }: Draw,
): Generator<unknown> {
  const random = new Random(seed, partition);
  const fractionOf = fractionsByKey(fractions, "sampleByKey");
  for (const record of records) {
    const fraction = fractionOf(pairOf(record)[0]);
    let left = replacement ? poisson(random, fraction) : Number(random.next() < fraction);
    for (; left > 0; left--) yield record;
  }
}

/** A collection that can be iterated twice, and says how long it is. */
type Counted = Iterable<unknown> & Readonly<{ length: number }>;

/**
 * Of the values of each key exactly `ceil(length * fraction)`, every choice being equally likely, in
 * their order. With `replacement` a value can be drawn several times. Throws as `drawnByKey`.
 */
export function* drawnExactly(
  groups: Iterable<readonly [key: unknown, values: Counted]>,
  fractions: Fractions,
  replacement: boolean,
  { seed, partition }: Draw,
): Generator<[key: unknown, value: unknown]> {
  const random = new Random(seed, partition);
  const fractionOf = fractionsByKey(fractions, "sampleByKeyExact");
  for (const [key, values] of groups) {
    let wanted = Math.ceil(values.length * fractionOf(key));
    let rest = values.length;
    if (wanted === 0) continue;
    for (const value of values) {
      // Knuth's algorithm S (volume 2, 3.4.2): what has to be drawn yet, of what is left.
      let times = replacement
        ? binomial(random, wanted, rest)
        : Number(random.next() * rest < wanted);
      wanted -= times;
      rest--;
      for (; times > 0; times--) yield [key, value];
      if (wanted === 0) break;
    }
  }
}

/** How many of `trials` succeed, each with a chance of 1 in `parts`. */
function binomial(random: Random, trials: number, parts: number): number {
  if (parts === 1) return trials;
  let successes = 0;
  // About one success at a time, so that no probability is too small for a number.
  for (let left = trials; left > 0; left -= parts) {
    successes += fewSuccesses(random, Math.min(left, parts), 1 / parts);
  }
  return successes;
}

/** By inversion, and without Math.log, which may differ from runtime to runtime. */
function fewSuccesses(random: Random, trials: number, chance: number): number {
  let share = power(1 - chance, trials);
  let successes = 0;
  for (let left = random.next(); left >= share && successes < trials; successes++) {
    left -= share;
    share *= (trials - successes) / (successes + 1) * chance / (1 - chance);
  }
  return successes;
}

function power(base: number, exponent: number): number {
  let result = 1;
  for (let square = base, rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}

function fractionsByKey(fractions: Fractions, operator: string): (key: unknown) => number {
  const byKey = new KeyMap<unknown, number>();
  for (const [key, fraction] of fractions) byKey.set(key, fraction);
  return (key) => {
    const fraction = byKey.get(key);
    if (fraction !== undefined) return fraction;
    throw new RecordError(
      "MissingFraction",
      `${operator}() was told no fraction for the key ${shown(key)}`,
      "Give every key one; 0 for those that are not wanted",
    );
  };
}

/** e^-1, and so the chance that a Poisson distribution of mean 1 gives 0. */
const ONE_IN_E = 0.36787944117144233;

/**
 * A number drawn from a Poisson distribution: 0, 1, 2 … with the mean `mean`. The sum of draws of
 * mean 1 and one of the rest, each by Knuth's method, so that no mean is too large for it.
 */
export function poisson(random: Random, mean: number): number {
  let drawn = 0;
  let rest = mean;
  for (; rest > 1; rest--) drawn += knuth(random, ONE_IN_E);
  return drawn + knuth(random, toTheMinus(rest));
}

/** How many numbers can be multiplied until the product is no longer above `threshold`. */
function knuth(random: Random, threshold: number): number {
  let count = 0;
  for (let product = random.next(); product > threshold; product *= random.next()) count++;
  return count;
}

/** e^-x for x from 0 to 1, by its series: Math.exp may differ from runtime to runtime. */
function toTheMinus(x: number): number {
  let sum = 1;
  for (let n = 20; n > 0; n--) sum = 1 - x / n * sum;
  return sum;
}

/** `count` of the numbers from 0 up to `end`, all different, in random order; `count` <= `end`. */
export function differentDraws(random: Random, end: number, count: number): number[] {
  // Fisher and Yates's shuffle of which only the places that were touched are kept.
  const moved = new Map<number, number>();
  return Array.from({ length: count }, (_, place) => {
    const chosen = place + random.below(end - place);
    const drawn = moved.get(chosen) ?? chosen;
    moved.set(chosen, moved.get(place) ?? place);
    moved.delete(place);
    return drawn;
  });
}

/** `count` of the numbers from 0 up to `end`, each drawn from all of them. */
export function repeatedDraws(random: Random, end: number, count: number): number[] {
  return Array.from({ length: count }, () => random.below(end));
}
