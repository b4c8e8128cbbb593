/**
 * The map side of a sort: sorted runs for a carrier that keeps them whole, else blocks by partition.
 *
 *     entry    key bytes, inverted where the order is descending │ value
 *              └ with the partition in front where the partitioner is not by range
 *
 * To runs, the bounds of a range partitioner need not be known yet: reducers seek by them later.
 */
import { assert } from "../core/errors.ts";
import { hashBytes, invertBytes, KeyWriter } from "../core/key.ts";
import { KeyTypes } from "../core/key_order.ts";
import type { WritableFile } from "../core/platform.ts";
import type { Exchange } from "../core/plan/exchange.ts";
import type { PartitionId, UserFunction } from "../core/plan/plan.ts";
import type { MapOutput } from "../core/task.ts";
import type { BlockSink } from "./carrier.ts";
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
  readonly #key = new KeyWriter(256);
  #keyView = new DataView(this.#key.bytes.buffer);
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
    const key = this.#key;
    const entry = this.#entry;
    for (let i = 0; i < batch.length; i++) {
      const pair = pairOf(batch[i]);
      key.end = 0;
      key.write(pair[0]);
      this.#types.note(pair[0]);
      entry.clear();
      const placement = this.#placement;
      if (placement.kind !== "range") entry.prefix(this.#partitionOf(placement, pair[0]));
      if (!this.#ascending) invertBytes(key.bytes, 0, key.end);
      entry.copy(key.bytes, 0, key.end);
      const keyLength = entry.end;
      entry.value(pair[1]);
      this.#sorter.add(entry.bytes, 0, keyLength, keyLength, entry.end - keyLength);
    }
    this.#types.check();
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

  #partitionOf(placement: Exclude<Placement, { kind: "range" }>, key: unknown): PartitionId {
    if (placement.kind === "custom") return placement.of(key);
    const { bytes, end } = this.#key;
    if (this.#keyView.buffer !== bytes.buffer) this.#keyView = new DataView(bytes.buffer);
    return placement.of(hashBytes(this.#keyView, 0, end));
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

function writeBlock(sink: BlockSink, partition: PartitionId, block: PairBlockBuilder): void {
  const { records } = block;
  if (records > 0) sink.write(partition, block.finish(), records);
}
