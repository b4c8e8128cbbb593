/**
 * Pairs by partition as key bytes and value bytes, in the order in which they came: for exchanges
 * that group or combine where the pairs arrive.
 */
import { MemoryError, shown } from "../core/errors.ts";
import type { PartitionId } from "../core/plan/plan.ts";
import type { MapOutput } from "../core/task.ts";
import { BlockStore } from "./block_store.ts";
import type { BlockSink, ShuffleIO } from "./carrier.ts";
import { GroupingKey } from "./grouping_key.ts";
import type { Reservation } from "./memory_budget.ts";
import { PairBlockBuilder } from "./pair_block.ts";
import { blockBytesFor, pairOf } from "./pairs.ts";
import type { Placement } from "./partitioner.ts";
import { EntryWriter } from "./value_bytes.ts";
import type { ShuffleWriter } from "./writer.ts";

/** Writes pairs whose keys the reader will group by, without combining anything. */
export class PairWriter implements ShuffleWriter {
  readonly #placement: Placement;
  readonly #sink: BlockSink;
  readonly #io: ShuffleIO;
  readonly #memory: Reservation;
  readonly #builders: PairBlockBuilder[];
  readonly #store: BlockStore;
  readonly #blockBytes: number;
  readonly #key = new GroupingKey();
  readonly #entry: EntryWriter;

  constructor(placement: Placement, sink: BlockSink, io: ShuffleIO) {
    const { partitions } = placement;
    this.#placement = placement;
    this.#sink = sink;
    this.#io = io;
    this.#memory = io.budget.reserve("pairs by partition");
    this.#builders = Array.from({ length: partitions }, () => new PairBlockBuilder(this.#memory));
    this.#store = new BlockStore(partitions, io);
    this.#blockBytes = blockBytesFor(io.budget, partitions);
    this.#entry = new EntryWriter(io.classes);
  }

  add(batch: readonly unknown[]): void {
    const key = this.#key;
    const entry = this.#entry;
    for (let i = 0; i < batch.length; i++) {
      const pair = pairOf(batch[i]);
      key.write(pair[0]);
      entry.clear();
      entry.copy(key.bytes, 0, key.length);
      entry.value(pair[1]);
      const partition = key.partitionIn(this.#placement, pair[0]);
      if (!this.#tryAdd(partition)) this.#makeRoom(partition, pair[0]);
      if (this.#builders[partition]!.bytes >= this.#blockBytes) this.#cut(partition);
    }
  }

  finish(): MapOutput {
    this.#flush();
    this.#store.drain(this.#sink);
    return this.#sink.close();
  }

  [Symbol.dispose](): void {
    // Each in turn, also where the one before throws.
    using _sink = this.#sink;
    using _store = this.#store;
    for (const builder of this.#builders) builder.release();
    this.#memory[Symbol.dispose]();
  }

  #tryAdd(partition: PartitionId): boolean {
    const keyLength = this.#key.length;
    const { bytes, end } = this.#entry;
    return this.#builders[partition]!.add(bytes, 0, keyLength, keyLength, end - keyLength);
  }

  /** Ends the block of a partition. */
  #cut(partition: PartitionId): void {
    const builder = this.#builders[partition]!;
    const { records } = builder;
    if (records > 0) this.#store.put(partition, builder.finish(), records);
  }

  /** Moves all pairs to disk, and adds the one that found no room. */
  #makeRoom(partition: PartitionId, key: unknown): void {
    this.#flush();
    this.#store.spill();
    if (this.#tryAdd(partition)) return;
    throw new MemoryError(
      "OverBudget",
      `Cannot take in the pair with the key ${
        shown(key)
      }: it has ${this.#entry.end} bytes, and the task may hold ${this.#io.budget.bytesMax}`,
      "Raise flint.worker.memory, or make the value smaller",
    );
  }

  #flush(): void {
    for (const [partition, builder] of this.#builders.entries()) {
      this.#cut(partition);
      builder.release();
    }
  }
}
