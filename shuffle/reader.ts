/**
 * The reduce side of an exchange: blocks or runs in, batches out, in the order that
 * core/plan/exchange.ts promises.
 *
 *     rebalance, partition    blocks ─► decoded                                    as they come
 *     combine                 blocks ─► Aggregator, keyed by bytes ─► results      hash, key bytes
 *     group                   blocks ─► Sorter by hash and key bytes ─► Values     hash, key bytes
 *     sort                    runs ─► merged within a range │ blocks ─► Sorter     key
 *
 * What comes out once all is in is the same for an exchange that is done in place: exchanged.ts.
 */
import { decodeBlock } from "../core/codec/codec.ts";
import { assert } from "../core/errors.ts";
import { compareBytes, invertBytes } from "../core/key.ts";
import { hashBytes } from "../core/key_hash.ts";
import type { Exchange } from "../core/plan/exchange.ts";
import type { KeysWanted } from "../core/plan/ops.ts";
import type { UserFunction } from "../core/plan/plan.ts";
import { Aggregator } from "./aggregator.ts";
import type { ExchangeInput, ShuffleIO } from "./carrier.ts";
import { combinedPairs, groupsOf, ONE_PARTITION, sortedPairs } from "./exchanged.ts";
import type { SortedRecords } from "./merge.ts";
import { mergeRuns } from "./merge_passes.ts";
import { PairBlockReader } from "./pair_block.ts";
import { BATCH_RECORDS } from "./pairs.ts";
import { PREFIX_BYTES } from "./partitioner.ts";
import { Sorter } from "./sorter.ts";
import { EntryWriter, ValueReader } from "./value_bytes.ts";
import { withValues } from "./values.ts";

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
  const own: ShuffleIO = { ...io, classes: withValues(io.classes) };
  switch (exchange.kind) {
    case "rebalance":
    case "partition":
      return readRecords(blocksOf(input), own);
    case "combine":
      return readCombined(exchange, blocksOf(input), own);
    case "group":
      return readGroups(blocksOf(input), own);
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
  yield* combinedPairs(aggregator);
}

function* readGroups(blocks: Iterable<Uint8Array>, io: ShuffleIO): Generator<unknown[]> {
  using sorter = new Sorter(io);
  sortByHash(blocks, sorter);
  yield* groupsOf(sorter, io);
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
  yield* sortedPairs(sorted, { ascending: exchange.ascending, prefixBytes }, io);
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

/**
 * The input of a sort by range without what nobody wants: readers seek to the keys that count, and
 * blocks before and behind them are not read. Any other input stays as it is.
 */
export function narrowed(
  input: Extract<ExchangeInput, { kind: "runs" }>,
  exchange: Exchange<UserFunction>,
  wanted: KeysWanted | undefined,
): ExchangeInput {
  const isSortedByKey = exchange.kind === "sort" && exchange.partitioner.kind === "range";
  if (!isSortedByKey || wanted === undefined) return input;
  const [least, most] = exchange.ascending
    ? [wanted.from, wanted.to]
    : [inverted(wanted.to), inverted(wanted.from)];
  // No key begins with another one, so this is the first that is greater than all that equal `most`.
  const behind = new Uint8Array(most.length + 1);
  behind.set(most);
  const { range } = input;
  const from = range.from === undefined || isLess(range.from, least) ? least : range.from;
  const to = range.to === undefined || isLess(behind, range.to) ? behind : range.to;
  return { kind: "runs", runs: isLess(from, to) ? input.runs : [], range: { from, to } };
}

function inverted(key: Uint8Array): Uint8Array {
  const bytes = key.slice();
  invertBytes(bytes, 0, bytes.length);
  return bytes;
}

function isLess(a: Uint8Array, b: Uint8Array): boolean {
  return compareBytes(a, 0, a.length, b, 0, b.length) < 0;
}
