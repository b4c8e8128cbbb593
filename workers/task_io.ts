/**
 * The seam in the worker: all that a running task may ask of its engine.
 *
 * `run_task.ts` sees nothing else, so it does not know which engine it runs in. Everything here is
 * synchronous and may block the worker's thread; the control thread beside it stays awake. A task
 * whose functions wait for promises asks for `inputReady` first, because promises stand still while
 * the thread is blocked.
 */
import type { BroadcastId } from "../core/engine.ts";
import type { Exchange } from "../core/plan/exchange.ts";
import type { Options, PartitionId, Split, UserFunction } from "../core/plan/plan.ts";
import type { ExchangeId, KeptId, MapOutput, Meeting } from "../core/task.ts";
import type { Platform } from "../core/platform.ts";
import type { MemoryBudget } from "../shuffle/memory_budget.ts";
import type { SpillManager } from "../shuffle/spill_manager.ts";
import type { ExchangeInput, ExchangeSink } from "../shuffle/carrier.ts";

/** An exchange whose functions have been revived for one task. */
export type RevivedExchange = Exchange<UserFunction>;

/** Where the partitions of a persisted dataset may lie. */
export type KeptWhere = Readonly<{ memory: boolean; disk: boolean }>;

/** Where a block went; `nowhere`: there was no room, and the level has no disk. */
export type BlockPlace = "memory" | "disk" | "nowhere";

/** Where the blocks of a partition go that is to be kept. Disposing it before `keep` gives it up. */
export interface KeptSink extends Disposable {
  /** False: there is no room for it, and it was not taken; those before can be read still. */
  put(block: Uint8Array): boolean;
  /** The same without blocking the thread. */
  putLater(block: Uint8Array): Promise<boolean>;
  /** All blocks are there; the partition is kept once the task has ended well. */
  keep(): void;
}

export type { BlockSink, ExchangeInput, ExchangeSink, RunSink } from "../shuffle/carrier.ts";

/**
 * A program outside of the worker that runs for the task. It may write before it reads, or never read:
 * whoever feeds it only while it has room, and takes what comes in between, cannot come to a halt.
 * Disposing it ends the program.
 */
export interface PipedProgram extends Disposable {
  /** Whether it can be fed now; never again after its end, or where it wants no more. */
  readonly hasRoom: boolean;
  feed(bytes: Uint8Array): void;
  /** It gets no more input. */
  endInput(): void;
  /**
   * Blocks until something happens: it wrote these bytes, it has read some, it ended well. Throws
   * what its end, or that it could not be started, means for the task.
   */
  next(): Uint8Array | "fed" | "ended";
  /** The same without blocking the thread. */
  nextLater(): Promise<Uint8Array | "fed" | "ended">;
}

export interface TaskIO {
  readonly platform: Platform;
  readonly budget: MemoryBudget;
  readonly spills: SpillManager;
  /** True once the task is to end early: the job was cancelled. Looked at once a batch. */
  readonly cancelled: boolean;
  /** The bytes of a split, in pieces, as `Source.read` gives them. */
  source(format: string, options: Options, split: Split): Iterable<Uint8Array>;
  /** Resolves once what is open of sources can be read without blocking the thread. */
  inputReady(): Promise<void>;
  exchange(id: ExchangeId, partition: PartitionId, exchange: RevivedExchange): ExchangeInput;
  sink(id: ExchangeId, exchange: RevivedExchange): ExchangeSink;
  /** Takes back what a sink of this task wrote: the task failed after all. */
  discard(output: MapOutput): void;
  /**
   * The blocks of a kept partition, also of one that the task itself has made or is making;
   * undefined where it is not there. To be iterated over at once. Throws a KeptLost where it turns
   * out to be damaged.
   */
  kept(id: KeptId): Iterable<Uint8Array> | undefined;
  /** The same for a task that waits for promises: they stand still while the thread is blocked. */
  keptLater(id: KeptId): Promise<AsyncIterable<Uint8Array> | undefined>;
  keep(id: KeptId, where: KeptWhere): KeptSink;
  /** Starts the program of the pipe of that index in the stage (`commandsOf`). */
  pipe(pipe: number): PipedProgram;
  /**
   * Blocks until all tasks of the barrier stage have called it; gives their messages by partition.
   * Throws why they will not.
   */
  meet(meeting: Meeting, message: string): readonly string[];
  /** Bytes of an action's value or of a sink's file, in order; blocks while the driver lags behind. */
  emit(bytes: Uint8Array): void;
  broadcast(id: BroadcastId): Uint8Array;
}
