/**
 * The map side of a sort: sorted runs for a carrier that keeps them whole, else blocks by partition.
 *
 * To runs, the bounds of a range partitioner need not be known yet: reducers seek by them later.
 */
import { assert } from "../core/errors.ts";
import type { WritableFile } from "../core/platform.ts";
import type { Exchange } from "../core/plan/exchange.ts";
import type { PartitionId, UserFunction } from "../core/plan/plan.ts";
import type { MapOutput } from "../core/task.ts";
import type { BlockSink } from "./carrier.ts";
import type { SortedRecords } from "./merge.ts";
import { PairBlockBuilder } from "./pair_block.ts";
import { blockBytesFor } from "./pairs.ts";
import { type Placement, PREFIX_BYTES, readPrefix } from "./partitioner.ts";
import { SortEntries } from "./sort_entries.ts";
import type { ShuffleWriter, WriterIO } from "./writer.ts";

/** Sorts one map task. Its output names the types of the keys, so that all tasks can be compared. */
export class SortWriter implements ShuffleWriter {
  readonly #placement: Placement;
  readonly #io: WriterIO;
  readonly #entries: SortEntries;
  /** The file of a RunSink. */
  readonly #file: WritableFile | undefined;

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
    this.#placement = placement;
    this.#io = io;
    const { platform, budget, spills, sink } = io;
    this.#file = sink.kind === "runs" ? sink.create() : undefined;
    this.#entries = new SortEntries(
      { ascending, placement },
      { platform, budget, spills, ...(this.#file && { output: this.#file }) },
      io.classes,
    );
  }

  add(batch: readonly unknown[]): void {
    this.#entries.add(batch);
  }

  finish(): MapOutput {
    const output = this.#file === undefined ? this.#writeBlocks() : this.#writeRuns(this.#file);
    return { ...output, keyTypes: this.#entries.keyTypes };
  }

  [Symbol.dispose](): void {
    // Each in turn, also where the one before throws.
    using _sink = this.#io.sink;
    using _file = this.#file;
    this.#entries[Symbol.dispose]();
  }

  #writeRuns(file: WritableFile): MapOutput {
    const { sink } = this.#io;
    assert(sink.kind === "runs", "runs were written for a sink of blocks");
    const runs = this.#entries.sorter.writeRuns(file);
    sink.seal(file, runs);
    file[Symbol.dispose]();
    return sink.close(runs);
  }

  #writeBlocks(): MapOutput {
    const { sink, budget } = this.#io;
    assert(sink.kind === "blocks", "blocks were written for a sink of runs");
    const block = new PairBlockBuilder();
    const blockBytes = blockBytesFor(budget, 1);
    using sorted = this.#entries.sorter.sorted();
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
