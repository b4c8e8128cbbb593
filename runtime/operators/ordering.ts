/**
 * Actions over the order of records, and of the keys of pairs. All share the order of `sortBy`
 * (core/key_order.ts), and hold no more records than they give.
 */
import { encodeKey } from "../../core/key.ts";
import { compareKeys } from "../../core/key_order.ts";
import { type Kept, Least } from "../../core/least.ts";
import { pairOf } from "../../core/pair.ts";
import type { UserFunction } from "../../core/plan/plan.ts";
import { settled } from "../../core/settled.ts";
import { type ActionOptions, keyFunction, wholeNumber } from "../arguments.ts";
import { CallSite } from "../call_site.ts";
import type { Dataset } from "../dataset.ts";
import { wrapped } from "../wrapped.ts";
import { applied, emptyCollection } from "./actions.ts";

/** The most records that `top` and `takeOrdered` give: what an array can hold. */
const TAKEN_MAX = 2 ** 32 - 1;

type KeyOf = UserFunction | undefined;

export async function top(
  data: Dataset,
  n: number,
  keyOf: KeyOf,
  options: ActionOptions,
): Promise<unknown[]> {
  const limit = wholeNumber(n, "top", "n", 0, TAKEN_MAX);
  return await least(data, "top", limit, true, keyOf, options);
}

export async function takeOrdered(
  data: Dataset,
  n: number,
  keyOf: KeyOf,
  options: ActionOptions,
): Promise<unknown[]> {
  const limit = wholeNumber(n, "takeOrdered", "n", 0, TAKEN_MAX);
  return await least(data, "takeOrdered", limit, false, keyOf, options);
}

export async function max(data: Dataset, keyOf: KeyOf, options: ActionOptions): Promise<unknown> {
  return only(await least(data, "max", 1, true, keyOf, options), "max", "top");
}

export async function min(data: Dataset, keyOf: KeyOf, options: ActionOptions): Promise<unknown> {
  return only(await least(data, "min", 1, false, keyOf, options), "min", "takeOrdered");
}

export function filterByRange(data: Dataset, lower: unknown, upper: unknown): Dataset {
  const site = new CallSite("filterByRange");
  compareKeys(lower, upper); // refuses here what cannot be compared
  return data.narrow(site, {
    kind: "filter",
    keepsKeys: true,
    keys: { from: encodeKey(lower), to: encodeKey(upper) },
    fn: (record) => {
      const key = pairOf(record)[0];
      return compareKeys(lower, key) <= 0 && compareKeys(key, upper) <= 0;
    },
  });
}

/** The first records in order: `limit` of each partition, and of what the tasks gave back. */
async function least(
  data: Dataset,
  operator: string,
  limit: number,
  descending: boolean,
  keyOf: KeyOf,
  options: ActionOptions,
): Promise<unknown[]> {
  const order = keyOf === undefined ? undefined : keyFunction(keyOf, operator, "keyOf");
  const keep = (records: Iterable<unknown>): Kept => {
    const kept = new Least(limit, descending);
    for (const record of records) {
      kept.offer(order === undefined ? record : settled(order(record), operator), record);
    }
    return kept.kept();
  };
  const fn = order === undefined ? keep : wrapped(order, keep);
  const merged = new Least(limit, descending);
  for (const kept of await applied(data, operator, fn, options)) merged.merge(kept as Kept);
  return merged.records();
}

function only(records: readonly unknown[], operator: string, other: string): unknown {
  if (records.length > 0) return records[0];
  throw emptyCollection(operator, `Use ${other}(1), which may be empty`);
}
