/**
 * The map side of a sort: sorted runs for a carrier that keeps them whole, else blocks by partition.
 *
 *     entry    key bytes, inverted where the order is descending │ value, or nothing: it is the key
 *              └ with the partition in front where the partitioner is not by range
 *
 * To runs, the bounds of a range partitioner need not be known yet: reducers seek by them later.
 */
import { assert } from "../core/errors.ts";
import { hashBytes, invertBytes } from "../core/key.ts";
import { KeyTypes } from "../core/key_order.ts";
import type { WritableFile } from "../core/platform.ts";
import type { Exchange } from "../core/plan/exchange.ts";
import type { PartitionId, UserFunction } from "../core/plan/plan.ts";
import type { MapOutput } from "../core/task.ts";
import type { BlockSink } from "./carrier.ts";
import { KeyBatchWriter } from "./key_batch.ts";
import type { SortedRecords } from "./merge.ts";
import { PairBlockBuilder } from "./pair_block.ts";
import { blockBytesFor, pairOf } from "./pairs.ts";
import { type Placement, PREFIX_BYTES, readPrefix } from "./partitioner.ts";
import { Sorter } from "./sorter.ts";
import { EntryWriter } from "./value_bytes.ts";
import type { ShuffleWriter, WriterIO } from "./writer.ts";

/** Sorts one map task. Its output names the types of the keys, so that all tasks can be compared. */
export class SortWriter implements ShuffleWriter {
  readonly #ascending: boolean;
  readonly #placement: Placement;
  readonly #io: WriterIO;
  readonly #sorter: Sorter;
  /** The file of a RunSink. */
  readonly #file: WritableFile | undefined;
  readonly #types = new KeyTypes();
  readonly #keys = new KeyBatchWriter();
  readonly #entry: EntryWriter;

  constructor(
    exchange: Extract<Exchange<UserFunction>, { kind: "sort" }>,
    placement: Placement,
    io: WriterIO,
  ) {
    const { partitioner, ascending } = exchange;
    assert(
      partitioner.kind !== "range" || partitioner.ascending === ascending,
      "a range partitioner goes the other way than its sort",
    );
    this.#ascending = ascending;
    this.#placement = placement;
    this.#io = io;
    this.#entry = new EntryWriter(io.classes);
    const { platform, budget, spills, sink } = io;
    this.#file = sink.kind === "runs" ? platform.files.create(sink.path) : undefined;
    this.#sorter = new Sorter({
      platform,
      budget,
      spills,
      ...(this.#file && { output: this.#file }),
    });
  }

  add(batch: readonly unknown[]): void {
    for (let from = 0, count; from < batch.length; from += count) {
      count = this.#keys.write(batch, from);
      let keyAt = 0;
      for (let i = 0; i < count; i++) {
        const keyEnd = this.#keys.endOf(i);
        const [key, value] = pairOf(batch[from + i]);
        this.#addPair(key, value, keyAt, keyEnd - keyAt);
        keyAt = keyEnd;
      }
    }
    this.#types.check();
  }

  /** Adds a pair whose key has been written. */
  #addPair(key: unknown, value: unknown, keyAt: number, keyLength: number): void {
    const { bytes } = this.#keys;
    this.#types.note(key);
    const partition = this.#partitionOf(key, keyAt, keyLength);
    if (!this.#ascending) invertBytes(bytes, keyAt, keyAt + keyLength);
    const isKey = isItsKey(key, value);
    if (isKey && partition === undefined) {
      this.#sorter.add(bytes, keyAt, keyLength, keyAt, 0);
      return;
    }
    const entry = this.#entry;
    entry.clear();
    if (partition !== undefined) entry.prefix(partition);
    entry.copy(bytes, keyAt, keyLength);
    const valueAt = entry.end;
    if (!isKey) entry.value(value);
    this.#sorter.add(entry.bytes, 0, valueAt, valueAt, entry.end - valueAt);
  }

  finish(): MapOutput {
    const output = this.#file === undefined ? this.#writeBlocks() : this.#writeRuns(this.#file);
    return { ...output, keyTypes: this.#types.masks };
  }

  [Symbol.dispose](): void {
    this.#sorter[Symbol.dispose]();
    this.#file?.[Symbol.dispose]();
    this.#io.sink[Symbol.dispose]();
  }

  /** What an entry begins with; nothing where the keys themselves tell the partition. */
  #partitionOf(key: unknown, keyAt: number, keyLength: number): PartitionId | undefined {
    const placement = this.#placement;
    switch (placement.kind) {
      case "range":
        return undefined;
      case "custom":
        return placement.of(key);
      case "hash": {
        const { bytes } = this.#keys;
        const view = new DataView(bytes.buffer, bytes.byteOffset);
        return placement.of(hashBytes(view, keyAt, keyAt + keyLength));
      }
    }
  }

  #writeRuns(file: WritableFile): MapOutput {
    const { sink } = this.#io;
    assert(sink.kind === "runs", "runs were written for a sink of blocks");
    const runs = this.#sorter.writeRuns(file);
    file[Symbol.dispose]();
    return sink.close(runs);
  }

  #writeBlocks(): MapOutput {
    const { sink, budget } = this.#io;
    assert(sink.kind === "blocks", "blocks were written for a sink of runs");
    const block = new PairBlockBuilder();
    const blockBytes = blockBytesFor(budget, 1);
    using sorted = this.#sorter.sorted();
    let partition = 0;
    while (sorted.next()) {
      const next = this.#sortedPartition(sorted);
      if (next !== partition || block.bytes >= blockBytes) {
        writeBlock(sink, partition, block);
        partition = next;
      }
      const skipped = this.#placement.kind === "range" ? 0 : PREFIX_BYTES;
      const { bytes, keyAt, keyLength, valueAt, valueLength } = sorted;
      block.add(bytes, keyAt + skipped, keyLength - skipped, valueAt, valueLength);
    }
    writeBlock(sink, partition, block);
    return sink.close();
  }

  #sortedPartition({ bytes, keyAt, keyLength }: SortedRecords): PartitionId {
    const placement = this.#placement;
    return placement.kind === "range"
      ? placement.of(bytes, keyAt, keyLength)
      : readPrefix(bytes, keyAt);
  }
}

/** Whether a key that is read back is the value. -0 and 0 are one key; what may be changed is copied. */
function isItsKey(key: unknown, value: unknown): boolean {
  return key === value && (typeof key === "string" || typeof key === "number" && key !== 0);
}

function writeBlock(sink: BlockSink, partition: PartitionId, block: PairBlockBuilder): void {
  const { records } = block;
  if (records > 0) sink.write(partition, block.finish(), records);
}
