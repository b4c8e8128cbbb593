/**
 * Where the output of a map task goes and where the input of a reduce task comes from: the two
 * shapes in which an engine may carry an exchange.
 *
 *     writer ──► BlockSink   blocks, partitions ascending        ══► blocks ──► reader
 *            └─► RunSink     sorted runs, kept whole             ══► runs + the range of keys wanted
 *
 * Runs let a reducer seek: the bounds of a range partitioner are found when all map tasks have
 * written theirs, so that the input of a sort is read once.
 */
import type { ClassTable } from "../core/codec/binary.ts";
import type { Platform, WritableFile } from "../core/platform.ts";
import type { PartitionId } from "../core/plan/plan.ts";
import type { MapOutput } from "../core/task.ts";
import type { Budget } from "./memory_budget.ts";
import type { KeyRange, Run } from "./run.ts";
import type { SpillManager } from "./spill_manager.ts";

/** What both ends of an exchange need of their task. */
export type ShuffleIO = Readonly<{
  platform: Platform;
  budget: Budget;
  spills: SpillManager;
  /** The classes whose instances keep their class in records. */
  classes?: ClassTable | undefined;
  /** The partition that the task computes: a map partition in a writer, an output one in a reader. */
  partition: PartitionId;
}>;

/**
 * What a reduce task gets: blocks in the order of the map partitions, each checked, and overwritten by
 * the next; or, where the carrier keeps sorted output whole, runs in that order and the range of keys
 * that belongs to the partition.
 */
export type ExchangeInput =
  | Readonly<{ kind: "blocks"; blocks: Iterable<Uint8Array> }>
  | Readonly<{ kind: "runs"; runs: readonly Run[]; range: KeyRange }>;

/**
 * Where the output of a map task goes. `blocks`: the writer calls `write` with the partitions
 * ascending. `runs`: the carrier takes sorted runs whole, and reducers seek into them.
 */
export type ExchangeSink = BlockSink | RunSink;

export interface BlockSink extends Disposable {
  readonly kind: "blocks";
  /** The block may be overwritten as soon as this returns. */
  write(partition: PartitionId, block: Uint8Array, records: number): void;
  /** After this the output exists; disposing before it leaves nothing behind. */
  close(): MapOutput;
}

export interface RunSink extends Disposable {
  readonly kind: "runs";
  /**
   * The new file in which all runs of this task have to be written, behind what may stand in it; the
   * caller closes it.
   */
  create(): WritableFile;
  /** Ends the file with what its readers need to know of its runs. */
  seal(file: WritableFile, runs: readonly Run[]): void;
  /** After this the output exists; disposing before it leaves nothing behind. */
  close(runs: readonly Run[]): MapOutput;
}
