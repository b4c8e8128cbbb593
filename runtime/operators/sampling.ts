/**
 * Operators that draw records by chance. What they draw is settled by the seed, which is chosen in
 * the call where none is given: so all actions on one dataset, and all attempts, see the same.
 */
import { PlanError, shown } from "../../core/errors.ts";
import { Random } from "../../core/random.ts";
import {
  differentDraws,
  drawnBetween,
  drawnByKey,
  drawnExactly,
  drawnOften,
  type Fractions,
  repeatedDraws,
} from "../../core/sampling.ts";
import { type ActionOptions, type SampleOptions, wholeNumber } from "../arguments.ts";
import { CallSite } from "../call_site.ts";
import type { Dataset } from "../dataset.ts";
import { inOrder, prepare } from "./actions.ts";

export function sample(data: Dataset, fraction: number, options: SampleOptions): Dataset {
  const operator = "sample";
  const { replacement = false } = options;
  refuseNoFraction(fraction, operator, "fraction", replacement);
  const seed = seedOf(options.seed, operator);
  return data.narrow(new CallSite(operator), {
    kind: "mapPartitions",
    keepsKeys: true,
    fn: replacement
      ? (records, partition) => drawnOften(records, fraction, { seed, partition })
      : (records, partition) => drawnBetween(records, 0, fraction, { seed, partition }),
  });
}

export function sampleByKey(
  data: Dataset,
  given: FractionsGiven,
  options: SampleOptions,
): Dataset {
  const operator = "sampleByKey";
  const { fractions, replacement, seed } = byKey(given, options, operator);
  return data.narrow(new CallSite(operator), {
    kind: "mapPartitions",
    keepsKeys: true,
    fn: (records, partition) => drawnByKey(records, fractions, replacement, { seed, partition }),
  });
}

/** How many pairs a key has is known when all of them have met. */
export function sampleByKeyExact(
  data: Dataset,
  given: FractionsGiven,
  options: SampleOptions,
): Dataset {
  const site = new CallSite("sampleByKeyExact");
  const { fractions, replacement, seed } = byKey(given, options, site.operator);
  const partitioner = { kind: "hash", partitions: undefined } as const;
  return data.exchange(site, { kind: "group", partitioner }).narrow(site, {
    kind: "mapPartitions",
    keepsKeys: true,
    fn: (groups, partition) => drawnExactly(groups, fractions, replacement, { seed, partition }),
  });
}

type FractionsGiven = ReadonlyMap<unknown, number> | Readonly<Record<string, number>>;

function byKey(
  given: FractionsGiven,
  { replacement = false, seed }: SampleOptions,
  operator: string,
): { fractions: Fractions; replacement: boolean; seed: number } {
  const fractions: Fractions = fractionEntries(given, operator);
  for (const [key, fraction] of fractions) {
    refuseNoFraction(fraction, operator, `the fraction of ${shown(key)}`, replacement);
  }
  return { fractions, replacement, seed: seedOf(seed, operator) };
}

export function randomSplit(
  data: Dataset,
  weights: readonly number[],
  chosenSeed: number | undefined,
): Dataset[] {
  const operator = "randomSplit";
  const total = totalWeight(weights, operator);
  const seed = seedOf(chosenSeed, operator);
  let before = 0;
  return weights.map((weight) => {
    const from = before / total;
    before += weight;
    const to = before / total;
    return data.narrow(new CallSite(operator), {
      kind: "mapPartitions",
      keepsKeys: true,
      fn: (records, partition) => drawnBetween(records, from, to, { seed, partition }),
    });
  });
}

/**
 * Draws positions among all records, then fetches what stands there: two passes over the data, in
 * which no more than the sample moves.
 */
export async function takeSample(
  data: Dataset,
  n: number,
  options: SampleOptions & ActionOptions,
): Promise<unknown[]> {
  const operator = "takeSample";
  const wanted = wholeNumber(n, operator, "n", 0, 2 ** 32 - 1);
  const random = new Random(seedOf(options.seed, operator));
  const { driver } = data;
  const counting = prepare(data, operator, { kind: "apply", fn: countOf });
  const counts = await inOrder(data, counting, options, (blocks) => driver.value(blocks) as number);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const positions = options.replacement === true
    ? repeatedDraws(random, total, total === 0 ? 0 : wanted)
    : differentDraws(random, total, Math.min(wanted, total));
  if (positions.length === 0) return [];
  const sorted = Float64Array.from(new Set(positions)).sort();
  const starts = startsOf(counts);
  const fetch = (records: Iterable<unknown>, partition: number) =>
    standingAt(records, starts[partition]!, sorted);
  // Both passes run with the functions that the call saw, whatever has changed since.
  const fetching = driver.next(counting, { kind: "apply", fn: fetch });
  const parts = await inOrder(
    data,
    fetching,
    options,
    (blocks) => driver.value(blocks) as unknown[],
  );
  const recordAt = new Map<number, unknown>();
  let next = 0;
  for (const part of parts) for (const record of part) recordAt.set(sorted[next++]!, record);
  return positions.map((position) => recordAt.get(position));
}

function countOf(records: Iterable<unknown>): number {
  let count = 0;
  for (const _ of records) count++;
  return count;
}

/** The position of the first record of each partition among all. */
function startsOf(counts: readonly number[]): number[] {
  let next = 0;
  return counts.map((count) => (next += count) - count);
}

/** The records of a partition, which begins at `start`, that stand at those positions; ascending. */
function standingAt(
  records: Iterable<unknown>,
  start: number,
  positions: Float64Array,
): unknown[] {
  let next = positions.findIndex((position) => position >= start);
  const found: unknown[] = [];
  if (next < 0) return found;
  let position = start;
  for (const record of records) {
    if (position++ !== positions[next]) continue;
    found.push(record);
    if (++next === positions.length) break;
  }
  return found;
}

/** `chosen`, or one that is as good as any other. */
function seedOf(chosen: number | null | undefined, operator: string): number {
  if (chosen === undefined || chosen === null) {
    return crypto.getRandomValues(new Uint32Array(1))[0]!;
  }
  return wholeNumber(chosen, operator, "seed", Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
}

function refuseNoFraction(
  fraction: unknown,
  operator: string,
  parameter: string,
  replacement: boolean,
): void {
  const most = replacement ? Number.MAX_SAFE_INTEGER : 1;
  if (typeof fraction === "number" && fraction >= 0 && fraction <= most) return;
  throw new PlanError(
    "InvalidArgument",
    `Cannot call ${operator}(): ${parameter} is ${shown(fraction)}`,
    replacement
      ? "Use a number from 0: how often a record is drawn on average"
      : "Use a number from 0 to 1; to draw a record more than once, set replacement",
  );
}

function fractionEntries(given: unknown, operator: string): [unknown, number][] {
  if (given instanceof Map) return [...given];
  if (typeof given === "object" && given !== null) return Object.entries(given);
  throw new PlanError(
    "InvalidArgument",
    `Cannot call ${operator}(): fractions is ${shown(given)}`,
    "Pass a Map of keys and fractions, or an object whose names are the keys",
  );
}

function totalWeight(weights: unknown, operator: string): number {
  const numbers = Array.isArray(weights) ? weights : [];
  const total = numbers.reduce((sum, weight) => sum + (weight >= 0 ? weight : NaN), 0);
  if (Number.isFinite(total) && total > 0) return total;
  throw new PlanError(
    "InvalidArgument",
    `Cannot call ${operator}(): weights is ${shown(weights)}`,
    "Pass an array of numbers from 0 of which one is larger",
  );
}
