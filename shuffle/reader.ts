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
import { hashBytes, invertBytes } from "../core/key.ts";
import { KeyTypes } from "../core/key_order.ts";
import { readKey } from "../core/key_reader.ts";
import type { Exchange } from "../core/plan/exchange.ts";
import type { UserFunction } from "../core/plan/plan.ts";
import { Aggregator } from "./aggregator.ts";
import { copyBytes } from "./bytes.ts";
import type { ExchangeInput, ShuffleIO } from "./carrier.ts";
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
  const values = new ValueReader(io.classes);
  for (const block of blocks) {
    const pairs = new PairBlockReader(block);
    while (pairs.next()) {
      const value = values.read(block, pairs.valueAt);
      if (exchange.mapSide) aggregator.merge(block, pairs.keyAt, pairs.keyLength, value);
      else aggregator.addBytes(block, pairs.keyAt, pairs.keyLength, value);
    }
  }
  using results = aggregator.results();
  let batch: unknown[] = [];
  while (results.next()) {
    const { bytes, keyAt, keyLength } = results;
    batch.push([readKey(bytes, keyAt, keyAt + keyLength), results.value]);
    if (batch.length === BATCH_RECORDS) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
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
  const keys = new SortedKeys(exchange.ascending, hasPrefix ? PREFIX_BYTES : 0);
  const values = new ValueReader(io.classes);
  let batch: unknown[] = [];
  while (sorted.next()) {
    batch.push([keys.read(sorted), values.read(sorted.bytes, sorted.valueAt)]);
    if (batch.length < BATCH_RECORDS) continue;
    keys.check();
    yield batch;
    batch = [];
  }
  keys.check();
  if (batch.length > 0) yield batch;
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

/** Keys from the form in which they are sorted; they have to be of types that go together. */
class SortedKeys {
  readonly #ascending: boolean;
  readonly #prefixBytes: number;
  readonly #types = new KeyTypes();
  #inverted = new Uint8Array(256);

  constructor(ascending: boolean, prefixBytes: number) {
    this.#ascending = ascending;
    this.#prefixBytes = prefixBytes;
  }

  read(sorted: SortedRecords): unknown {
    const at = sorted.keyAt + this.#prefixBytes;
    const end = sorted.keyAt + sorted.keyLength;
    const key = this.#ascending
      ? readKey(sorted.bytes, at, end)
      : this.#readInverted(sorted, at, end);
    this.#types.note(key);
    return key;
  }

  check(): void {
    this.#types.check();
  }

  #readInverted({ bytes }: SortedRecords, at: number, end: number): unknown {
    const length = end - at;
    if (length > this.#inverted.length) this.#inverted = new Uint8Array(2 * length);
    copyBytes(this.#inverted, 0, bytes, at, length);
    invertBytes(this.#inverted, 0, length);
    return readKey(this.#inverted, 0, length);
  }
}
