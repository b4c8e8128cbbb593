/**
 * Records by partition, as they are and in the order in which they came: dealt out in turn, or pairs
 * by their key. They wait decoded, so that a block is encoded at once, by columns.
 */
import { encodeBlock } from "../core/codec/codec.ts";
import { MemoryError, shown } from "../core/errors.ts";
import type { Exchange } from "../core/plan/exchange.ts";
import type { PartitionId, UserFunction } from "../core/plan/plan.ts";
import type { MapOutput } from "../core/task.ts";
import { BlockStore } from "./block_store.ts";
import type { BlockSink, ShuffleIO } from "./carrier.ts";
import { GroupingKey } from "./grouping_key.ts";
import type { Reservation } from "./memory_budget.ts";
import { blockBytesFor, pairOf } from "./pairs.ts";
import { type Placement, placementOf } from "./partitioner.ts";
import { sizeOf } from "./size_of.ts";
import type { ShuffleWriter } from "./writer.ts";

/** Records in memory take about so many times the bytes of their block. */
const DECODED_FACTOR = 2;

/** The records of one partition that wait. */
type Waiting = { records: unknown[]; bytes: number };

/** Writes the output of `rebalance` and `partition`. */
export class RecordWriter implements ShuffleWriter {
  readonly #partitionOf: (record: unknown) => PartitionId;
  readonly #sink: BlockSink;
  readonly #io: ShuffleIO;
  readonly #memory: Reservation;
  readonly #waiting: Waiting[];
  readonly #store: BlockStore;
  /** As `sizeOf` counts. */
  readonly #blockBytes: number;

  constructor(
    exchange: Extract<Exchange<UserFunction>, { kind: "rebalance" | "partition" }>,
    sink: BlockSink,
    io: ShuffleIO,
  ) {
    const partitions = exchange.kind === "rebalance"
      ? exchange.partitions
      : exchange.partitioner.partitions;
    this.#partitionOf = exchange.kind === "rebalance"
      ? inTurn(partitions, io.partition)
      : byKey(placementOf(exchange.partitioner));
    this.#sink = sink;
    this.#io = io;
    this.#memory = io.budget.reserve("records by partition");
    this.#waiting = Array.from({ length: partitions }, () => ({ records: [], bytes: 0 }));
    this.#store = new BlockStore(partitions, io);
    this.#blockBytes = DECODED_FACTOR * blockBytesFor(io.budget, partitions);
  }

  add(batch: readonly unknown[]): void {
    for (let i = 0; i < batch.length; i++) {
      const record = batch[i];
      const partition = this.#partitionOf(record);
      const bytes = sizeOf(record);
      if (!this.#memory.tryGrow(bytes)) this.#makeRoom(bytes, record);
      const waiting = this.#waiting[partition]!;
      waiting.records.push(record);
      waiting.bytes += bytes;
      if (waiting.bytes >= this.#blockBytes) this.#cut(partition);
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
    this.#memory[Symbol.dispose]();
  }

  /** Ends the block of a partition. */
  #cut(partition: PartitionId): void {
    const { records, bytes } = this.#waiting[partition]!;
    if (records.length === 0) return;
    this.#waiting[partition] = { records: [], bytes: 0 };
    this.#memory.shrink(bytes);
    this.#store.put(partition, encodeBlock(records, this.#io.classes), records.length);
  }

  #makeRoom(bytes: number, record: unknown): void {
    this.#flush();
    this.#store.spill();
    if (this.#memory.tryGrow(bytes)) return;
    throw new MemoryError(
      "OverBudget",
      `Cannot take in the record ${shown(record)}: it takes about ${bytes} bytes, and the task ` +
        `may hold ${this.#io.budget.bytesMax}`,
      "Raise flint.worker.memory, or make the record smaller",
    );
  }

  #flush(): void {
    for (const partition of this.#waiting.keys()) this.#cut(partition);
  }
}

/** Deals out in turn. Each map task begins elsewhere: few records shall not all go to the first. */
function inTurn(partitions: number, start: number): () => PartitionId {
  let next = start % partitions;
  return () => {
    const partition = next;
    next = next + 1 === partitions ? 0 : next + 1;
    return partition;
  };
}

function byKey(placement: Placement): (record: unknown) => PartitionId {
  const grouping = new GroupingKey();
  return (record) => {
    const key = pairOf(record)[0];
    grouping.write(key); // also for a custom partitioner: what is no key is refused
    return grouping.partitionIn(placement, key);
  };
}
