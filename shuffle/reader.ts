/**
 * The reduce side of an exchange: blocks or runs in, batches out, in the order that
 * core/plan/exchange.ts promises.
 *
 *     rebalance, partition    blocks ─► decoded                                    as they come
 *     combine                 blocks ─► Aggregator, keyed by bytes ─► results      hash, key bytes
 *     group                   blocks ─► Sorter by hash and key bytes ─► Values     hash, key bytes
 *     sort                    runs ─► merged within a range │ blocks ─► Sorter     key
 *
 * Nothing is decoded before it is handed on, but for what a function of the user has to see.
 */
import type { ClassTable } from "../core/codec/binary.ts";
import { decodeBlock } from "../core/codec/codec.ts";
import { assert } from "../core/errors.ts";
import { hashBytes } from "../core/key.ts";
import { KeyTypes } from "../core/key_order.ts";
import { readKey } from "../core/key_reader.ts";
import type { Exchange } from "../core/plan/exchange.ts";
import type { UserFunction } from "../core/plan/plan.ts";
import { Aggregator } from "./aggregator.ts";
import type { ExchangeInput, ShuffleIO } from "./carrier.ts";
import { ITS_KEY, PairBatchReader } from "./key_batch.ts";
import type { SortedRecords } from "./merge.ts";
import { mergeRuns } from "./merge_passes.ts";
import { PairBlockReader } from "./pair_block.ts";
import { BATCH_RECORDS } from "./pairs.ts";
import { type Placement, PREFIX_BYTES } from "./partitioner.ts";
import { Sorter } from "./sorter.ts";
import { EntryWriter, ValueReader } from "./value_bytes.ts";
import { withValues } from "./values.ts";
import { ValuesBuilder } from "./values_builder.ts";

type ExchangeOf<K extends Exchange<UserFunction>["kind"]> = Extract<
  Exchange<UserFunction>,
  { kind: K }
>;

/**
 * The records of the partition `io.partition`, in batches of up to 1,024. Ending the iteration
 * early gives memory back and deletes what was spilled, except for `Values`, which last as long as
 * the task.
 */
export function readExchange(
  exchange: Exchange<UserFunction>,
  input: ExchangeInput,
  io: ShuffleIO,
): Iterable<unknown[]> {
  const classes = withValues(io.classes);
  const own: ShuffleIO = { ...io, classes };
  switch (exchange.kind) {
    case "rebalance":
    case "partition":
      return readRecords(blocksOf(input), own);
    case "combine":
      return readCombined(exchange, blocksOf(input), own);
    case "group":
      return readGroups(blocksOf(input), own, classes);
    case "sort":
      return readSorted(exchange, input, own);
  }
}

function blocksOf(input: ExchangeInput): Iterable<Uint8Array> {
  assert(input.kind === "blocks", "only a sort can be carried as runs");
  return input.blocks;
}

function* readRecords(blocks: Iterable<Uint8Array>, io: ShuffleIO): Generator<unknown[]> {
  for (const block of blocks) {
    const records = decodeBlock(block, io.classes);
    for (let at = 0; at < records.length; at += BATCH_RECORDS) {
      yield records.length <= BATCH_RECORDS ? records : records.slice(at, at + BATCH_RECORDS);
    }
  }
}

/** All keys of a reduce task belong to it: they need not be told apart by partition. */
const ONE_PARTITION: Placement = { kind: "hash", partitions: 1, of: () => 0 };

function* readCombined(
  exchange: ExchangeOf<"combine">,
  blocks: Iterable<Uint8Array>,
  io: ShuffleIO,
): Generator<unknown[]> {
  using aggregator = new Aggregator(exchange, ONE_PARTITION, io);
  const reader = new ValueReader(io.classes);
  for (const block of blocks) {
    const pairs = new PairBlockReader(block);
    while (pairs.next()) {
      const value = reader.read(block, pairs.valueAt);
      if (exchange.mapSide) aggregator.merge(block, pairs.keyAt, pairs.keyLength, value);
      else aggregator.addBytes(block, pairs.keyAt, pairs.keyLength, value);
    }
  }
  using results = aggregator.results();
  const pairs = new PairBatchReader();
  while (results.next()) {
    pairs.add(results.bytes, results.keyAt, results.keyLength, results.value);
    if (pairs.isFull) yield pairs.take();
  }
  const rest = pairs.take();
  if (rest.length > 0) yield rest;
}

function* readGroups(
  blocks: Iterable<Uint8Array>,
  io: ShuffleIO,
  classes: ClassTable,
): Generator<unknown[]> {
  using sorter = new Sorter(io);
  sortByHash(blocks, sorter);
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

/** Adds the pairs of the blocks by hash and key bytes: the order in which tables give out too. */
function sortByHash(blocks: Iterable<Uint8Array>, sorter: Sorter): void {
  const entry = new EntryWriter();
  for (const block of blocks) {
    const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
    const pairs = new PairBlockReader(block);
    while (pairs.next()) {
      entry.clear();
      entry.prefix(hashBytes(view, pairs.keyAt, pairs.keyAt + pairs.keyLength));
      entry.copy(block, pairs.keyAt, pairs.keyLength + pairs.valueLength);
      const keyLength = PREFIX_BYTES + pairs.keyLength;
      sorter.add(entry.bytes, 0, keyLength, keyLength, pairs.valueLength);
    }
  }
}

function* readSorted(
  exchange: ExchangeOf<"sort">,
  input: ExchangeInput,
  io: ShuffleIO,
): Generator<unknown[]> {
  using sorter = new Sorter(io);
  using sorted = input.kind === "runs"
    ? mergeRuns(input.runs, { ...io, range: input.range })
    : sortBlocks(input.blocks, sorter);
  const hasPrefix = input.kind === "runs" && exchange.partitioner.kind !== "range";
  const prefixBytes = hasPrefix ? PREFIX_BYTES : 0;
  const pairs = new PairBatchReader(!exchange.ascending);
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

function sortBlocks(blocks: Iterable<Uint8Array>, sorter: Sorter): SortedRecords {
  for (const block of blocks) {
    const pairs = new PairBlockReader(block);
    while (pairs.next()) {
      sorter.add(block, pairs.keyAt, pairs.keyLength, pairs.valueAt, pairs.valueLength);
    }
  }
  return sorter.sorted();
}
