/**
 * Actions that end as soon as they know: a task stops at the record that decides, and partitions are
 * asked for in growing batches, so that those behind it are not computed.
 */
import { encodeKey } from "../../core/key.ts";
import { hashBytes, partitionOf } from "../../core/key_hash.ts";
import { keyMatcher } from "../../core/key_equality.ts";
import { pairOf } from "../../core/pair.ts";
import { partitionerOf } from "../../core/plan/exchange.ts";
import type { PartitionId, UserFunction } from "../../core/plan/plan.ts";
import { settled } from "../../core/settled.ts";
import { type ActionOptions, callable } from "../arguments.ts";
import { CallSite } from "../call_site.ts";
import type { Dataset } from "../dataset.ts";
import { wrapped } from "../wrapped.ts";
import { growing, inOrder, prepare } from "./actions.ts";

export async function some(
  data: Dataset,
  fn: UserFunction,
  options: ActionOptions,
): Promise<boolean> {
  const holds = callable(fn, "some");
  const search = searching(holds, "some", true);
  return (await found(data, "some", wrapped(holds, search), options)).length > 0;
}

export async function every(
  data: Dataset,
  fn: UserFunction,
  options: ActionOptions,
): Promise<boolean> {
  const holds = callable(fn, "every");
  const search = searching(holds, "every", false);
  return (await found(data, "every", wrapped(holds, search), options)).length === 0;
}

export async function find(
  data: Dataset,
  fn: UserFunction,
  options: ActionOptions,
): Promise<unknown> {
  const holds = callable(fn, "find");
  const search = (records: Iterable<unknown>): unknown[] => {
    for (const record of records) if (settled(holds(record), "find")) return [record];
    return [];
  };
  return (await found(data, "find", wrapped(holds, search), options))[0];
}

export async function includes(
  data: Dataset,
  value: unknown,
  options: ActionOptions,
): Promise<boolean> {
  keyMatcher(value); // refuses what is no key where it is passed
  const search = (records: Iterable<unknown>): unknown[] => {
    const matches = keyMatcher(value);
    for (const record of records) if (matches(record)) return [true];
    return [];
  };
  return (await found(data, "includes", search, options)).length > 0;
}

/** The values of a key, in the order of the partitions. */
export async function lookup(
  data: Dataset,
  key: unknown,
  options: ActionOptions,
): Promise<unknown[]> {
  const site = new CallSite("lookup");
  const bytes = encodeKey(key);
  const values = data.narrow(site, {
    kind: "mapPartitions",
    keys: { from: bytes, to: bytes },
    fn: function* (records: Iterable<unknown>) {
      const matches = keyMatcher(key);
      for (const record of records) {
        const pair = pairOf(record);
        if (matches(pair[0])) yield pair[1];
      }
    },
  });
  const { driver } = data;
  const job = driver.prepare(values.draft, { kind: "collect" }, site);
  options.signal?.throwIfAborted();
  const asked = { ...options, partitions: await partitionsOf(data, bytes) };
  const parts = await inOrder(data, job, asked, (blocks) => [...driver.records(blocks)]);
  return parts.flat(1);
}

/**
 * The one partition where a key can be, where keys are divided by hash; else undefined, for all. A
 * function that divides is not asked: it may see other values now than when it ran.
 */
async function partitionsOf(
  { driver, draft }: Dataset,
  key: Uint8Array<ArrayBuffer>,
): Promise<readonly PartitionId[] | undefined> {
  const partitioner = partitionerOf(await driver.plan(draft));
  if (partitioner?.kind !== "hash") return undefined;
  const hash = hashBytes(new DataView(key.buffer), 0, key.length);
  return [partitionOf(hash, partitioner.partitions)];
}

/** Something in an array where `fn` is as `decides` for one of the records; else nothing in it. */
function searching(
  fn: UserFunction,
  operator: string,
  decides: boolean,
): (records: Iterable<unknown>) => unknown[] {
  return (records) => {
    for (const record of records) {
      if (Boolean(settled(fn(record), operator)) === decides) return [true];
    }
    return [];
  };
}

/** What `search` finds in the first partition where it finds something; none where it does not. */
async function found(
  data: Dataset,
  operator: string,
  search: UserFunction,
  options: ActionOptions,
): Promise<unknown[]> {
  const { driver, draft } = data;
  const job = prepare(data, operator, { kind: "apply", fn: search });
  options.signal?.throwIfAborted();
  for (const batch of growing(await driver.partitionCount(draft))) {
    const asked = { ...options, partitions: batch };
    const parts = await inOrder(data, job, asked, (blocks) => driver.value(blocks) as unknown[]);
    const first = parts.find((part) => part.length > 0);
    if (first !== undefined) return first;
  }
  return [];
}
