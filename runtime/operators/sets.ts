/**
 * Operators that compare whole records, by value: a record is the key, and what is to be known about
 * it is combined before it travels.
 *
 *     distinct       record ─► [record, null]                     one of each
 *     intersection   record ─► [record, 1 | 2]      1 │ 2         those that both sides have: 3
 *     subtract       record ─► [record, 1 | ∞]      1 + ∞         as many as there are, unless ∞
 */
import type { UserFunction } from "../../core/plan/plan.ts";
import { CallSite } from "../call_site.ts";
import { Dataset } from "../dataset.ts";
import { type PairOptions, partitionerOf } from "./keyed.ts";

/** The sides of an intersection, as bits. */
const IN_LEFT = 1;
const IN_RIGHT = 2;
const IN_BOTH = IN_LEFT | IN_RIGHT;

export function distinct(data: Dataset, options: PairOptions): Dataset {
  const site = new CallSite("distinct");
  return combined(site, marked(site, data, null), (mark) => mark, options)
    .narrow(site, { kind: "map", fn: (pair) => pair[0] });
}

export function intersection(left: Dataset, right: Dataset, options: PairOptions): Dataset {
  const site = new CallSite("intersection");
  const both = [marked(site, left, IN_LEFT), marked(site, right, IN_RIGHT)];
  return combined(site, Dataset.union(site.operator, both), (a, b) => a | b, options)
    .narrow(site, { kind: "filter", fn: (pair) => pair[1] === IN_BOTH })
    .narrow(site, { kind: "map", fn: (pair) => pair[0] });
}

export function subtract(left: Dataset, right: Dataset, options: PairOptions): Dataset {
  const site = new CallSite("subtract");
  const both = [marked(site, left, 1), marked(site, right, Infinity)];
  return combined(site, Dataset.union(site.operator, both), (a, b) => a + b, options)
    .narrow(site, {
      kind: "flatMap",
      fn: ([record, count]) => count === Infinity ? [] : copies(record, count),
    });
}

function marked(site: CallSite, data: Dataset, mark: number | null): Dataset {
  return data.narrow(site, { kind: "map", fn: (record) => [record, mark] });
}

function combined(
  site: CallSite,
  data: Dataset,
  merge: UserFunction,
  options: PairOptions,
): Dataset {
  return data.exchange(site, {
    kind: "combine",
    partitioner: partitionerOf(site.operator, options),
    create: (mark) => mark,
    mergeValue: merge,
    mergeCombiners: merge,
    mapSide: true,
  });
}

/** Records of their own: what follows may change one of them. */
function* copies(record: unknown, count: number): Generator<unknown> {
  for (let i = 1; i < count; i++) yield structuredClone(record);
  yield record;
}
