/**
 * The map side of an exchange: batches in, blocks or sorted runs out.
 *
 *     kind                    on its way                        in the blocks
 *     rebalance, partition    records by partition              records
 *     combine, on map side    Aggregator: a table, spills       key bytes, combiner    a key once
 *     combine, group          pairs by partition                key bytes, value
 *     sort                    Sorter: pieces, spills            key bytes, value       or runs
 *
 * Each way keeps to the budget and works for any number of partitions; what is written depends on
 * the records and their order alone, except for where one block ends and the next begins.
 */
import { assert } from "../core/errors.ts";
import type { Exchange } from "../core/plan/exchange.ts";
import type { UserFunction } from "../core/plan/plan.ts";
import type { MapOutput } from "../core/task.ts";
import type { BlockSink, ExchangeSink, ShuffleIO } from "./carrier.ts";
import { CombineWriter } from "./combine_writer.ts";
import { PairWriter } from "./pair_writer.ts";
import { placementOf } from "./partitioner.ts";
import { RecordWriter } from "./record_writer.ts";
import { SortWriter } from "./sort_writer.ts";
import { withValues } from "./values.ts";

/** Writes the output of one map task. */
export interface ShuffleWriter extends Disposable {
  /**
   * Takes the next records of the task. Throws a RecordError `NotAPair`, `UnhashableKey`,
   * `KeyTypeMismatch` or `NotSerializable`, a MemoryError `OverBudget` where a single record is
   * too large, and whatever a function of the user throws.
   */
  add(batch: readonly unknown[]): void;
  /** Writes what is left and closes the sink. Disposing before leaves nothing behind. */
  finish(): MapOutput;
}

/** What a writer needs of its task. */
export type WriterIO =
  & ShuffleIO
  & Readonly<{
    sink: ExchangeSink;
    /** Of a range partitioner, where the sink takes blocks: keys as they are sorted, ascending. */
    bounds?: readonly Uint8Array[] | undefined;
  }>;

/** A writer for the map task of `io.partition`. It owns `io.sink` from now on. */
export function createWriter(exchange: Exchange<UserFunction>, io: WriterIO): ShuffleWriter {
  const own: WriterIO = { ...io, classes: withValues(io.classes) };
  switch (exchange.kind) {
    case "rebalance":
    case "partition":
      return new RecordWriter(exchange, blockSinkOf(own), own);
    case "combine": {
      const placement = placementOf(exchange.partitioner);
      return exchange.mapSide
        ? new CombineWriter(exchange, placement, blockSinkOf(own), own)
        : new PairWriter(placement, blockSinkOf(own), own);
    }
    case "group":
      return new PairWriter(placementOf(exchange.partitioner), blockSinkOf(own), own);
    case "sort": {
      // Runs are not parted by their writer: then the bounds may come later.
      const bounds = own.bounds ?? (own.sink.kind === "runs" ? [] : undefined);
      return new SortWriter(exchange, placementOf(exchange.partitioner, bounds), own);
    }
  }
}

function blockSinkOf(io: WriterIO): BlockSink {
  assert(io.sink.kind === "blocks", "only a sort can be carried as runs");
  return io.sink;
}
