/**
 * What comes out of an exchange once everything is in, in the order that core/plan/exchange.ts
 * promises: results of a table, groups, sorted pairs. Nothing is decoded before it is handed on.
 */
import { assert } from "../core/errors.ts";
import { KeyTypes } from "../core/key_order.ts";
import { readKey } from "../core/key_reader.ts";
import type { Aggregator } from "./aggregator.ts";
import type { ShuffleIO } from "./carrier.ts";
import { ITS_KEY, PairBatchReader } from "./key_batch.ts";
import type { SortedRecords } from "./merge.ts";
import { BATCH_RECORDS } from "./pairs.ts";
import { type Placement, PREFIX_BYTES } from "./partitioner.ts";
import type { Sorter } from "./sorter.ts";
import { ValueReader } from "./value_bytes.ts";
import { ValuesBuilder } from "./values_builder.ts";

/** Of keys that all belong to one task: they need not be told apart by partition. */
export const ONE_PARTITION: Placement = { kind: "hash", partitions: 1, of: () => 0 };

/** Each key of an aggregator with its result, by hash and key bytes. */
export function* combinedPairs(aggregator: Aggregator): Generator<unknown[]> {
  using results = aggregator.results();
  const pairs = new PairBatchReader();
  while (results.next()) {
    pairs.add(results.bytes, results.keyAt, results.keyLength, results.value);
    if (pairs.isFull) yield pairs.take();
  }
  const rest = pairs.take();
  if (rest.length > 0) yield rest;
}

/**
 * Each key with its `Values`, in the order of the sorter, whose keys begin with their hash. `classes`
 * of `io` have been through `withValues`.
 */
export function* groupsOf(sorter: Sorter, io: ShuffleIO): Generator<unknown[]> {
  const { classes } = io;
  assert(classes !== undefined, "groups were made without the class of their values");
  using sorted = sorter.sorted();
  using values = new ValuesBuilder(io, classes);
  let batch: unknown[] = [];
  let hasRecord = sorted.next();
  while (hasRecord) {
    const { bytes, keyAt, keyLength } = sorted;
    const key = readKey(bytes, keyAt + PREFIX_BYTES, keyAt + keyLength);
    do {
      values.add(sorted.bytes, sorted.valueAt, sorted.valueLength);
      hasRecord = sorted.next();
    } while (hasRecord && sorted.sameKey);
    batch.push([key, values.finish()]);
    if (batch.length === BATCH_RECORDS || values.isBatchFull) {
      yield batch;
      batch = [];
      values.startBatch();
    }
  }
  if (batch.length > 0) yield batch;
}

/** How the keys of a sort stand in its entries. */
export type SortedEntries = Readonly<{
  ascending: boolean;
  /** What stands before each key: it is left out. */
  prefixBytes: number;
}>;

/** The pairs of a sort, in order. Throws a RecordError KeyTypeMismatch. */
export function* sortedPairs(
  sorted: SortedRecords,
  { ascending, prefixBytes }: SortedEntries,
  io: ShuffleIO,
): Generator<unknown[]> {
  const pairs = new PairBatchReader(!ascending);
  const types = new KeyTypes();
  const reader = new ValueReader(io.classes);
  const next = () => {
    const batch = pairs.take();
    for (const pair of batch) types.note(pair[0]);
    types.check();
    return batch;
  };
  while (sorted.next()) {
    const { bytes, keyAt, keyLength, valueAt, valueLength } = sorted;
    const value = valueLength === 0 ? ITS_KEY : reader.read(bytes, valueAt);
    pairs.add(bytes, keyAt + prefixBytes, keyLength - prefixBytes, value);
    if (pairs.isFull) yield next();
  }
  const rest = next();
  if (rest.length > 0) yield rest;
}
