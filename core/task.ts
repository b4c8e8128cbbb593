/**
 * What one executor does: a stage travels once, a task is a flow and three numbers.
 *
 *     Plan ──cut (core/plan/stages.ts)──► Stage { inputs, chains, output }   the same for all tasks
 *                                         Flow  per partition                which inputs, which chains
 *
 *     Flow   apply(chain 1) ◄── concat ◄─┬─ apply(chain 0) ◄── read(input 0, partition 3)
 *                                        └─ read(input 1, partition 0)
 */
import type { Closure } from "./closure/closure.ts";
import type { Grants } from "./grants.ts";
import type { Exchange } from "./plan/exchange.ts";
import type { NarrowOp } from "./plan/ops.ts";
import type { Options, PartitionId, PlanId, Split } from "./plan/plan.ts";
import type { FailureReport } from "./errors.ts";

/** The number of a job, unique in its context. */
export type JobId = number;
/** The number of a stage, unique in its context. */
export type StageId = number;
/** The number of an executor, unique in its context. */
export type ExecutorId = number;
/** An exchange is known by the plan node that it is. */
export type ExchangeId = PlanId;

/** What all tasks of a stage share. */
export type Stage = Readonly<{
  id: StageId;
  /** What people see: the operator and place that made the last dataset of the stage. */
  name: string;
  inputs: readonly StageInput[];
  /** The fused operations; a flow names them by index, so that each is compiled once. */
  chains: readonly (readonly NarrowOp<Closure>[])[];
  /** Functions of `zip` nodes, named by flows by index. */
  zips: readonly Closure[];
  /** Exchanges that are done in place, named by flows by index. */
  exchanges: readonly Exchange<Closure>[];
  /** Classes that no function of the stage need use: `Job.classes`. */
  classes?: readonly Closure[] | undefined;
  /** How many partitions the last dataset of the stage has, be they wanted or not. */
  partitions: number;
  /** All of its tasks run at the same time and can wait for one another. */
  barrier?: true;
  /** What its tasks may do beyond their own folders; nothing by default. */
  grants?: Grants | undefined;
  /** What tasks can read by key: `Job.properties` of the job that the stage was made for. */
  properties?: Readonly<Record<string, string>> | undefined;
  output: StageOutput;
}>;

export type StageInput =
  | Readonly<{ kind: "source"; format: string; options: Options }>
  | Readonly<{ kind: "exchange"; id: ExchangeId; exchange: Exchange<Closure> }>
  /** Partitions of a persisted dataset; where they may lie. */
  | Readonly<{ kind: "cached"; id: PlanId; memory: boolean; disk: boolean }>;

export type StageOutput =
  | Readonly<{ kind: "exchange"; id: ExchangeId; exchange: Exchange<Closure> }>
  | Readonly<{ kind: "action"; action: Action<Closure> }>;

/**
 * What an action does with each partition.
 *
 * - `collect`: its records, as blocks; at most `limit` of them.
 * - `count`: how many records it has.
 * - `apply`: the value of `fn(iterator, partition)`; undefined values are values too.
 * - `applyAsync`: what the Promise `fn(iterator, partition)` becomes, likewise.
 * - `save`: the records go to a sink; the value is what the sink needs to commit.
 */
export type Action<F> =
  | Readonly<{ kind: "collect"; limit?: number | undefined }>
  | Readonly<{ kind: "count" }>
  | Readonly<{ kind: "apply" | "applyAsync"; fn: F }>
  | Readonly<{ kind: "save"; format: string; options: Options }>;

/** What one task does, from the last step back to where its records come from. */
export type Flow =
  | Readonly<{ kind: "read"; input: number; partition: PartitionId; split?: Split }>
  | Readonly<{ kind: "apply"; from: Flow; chain: number; partition: PartitionId }>
  | Readonly<{ kind: "exchange"; from: Flow; exchange: number; partition: PartitionId }>
  | Readonly<{ kind: "concat"; from: readonly Flow[] }>
  | Readonly<{ kind: "zip"; from: readonly Flow[]; fn: number }>
  | Readonly<{ kind: "cross"; left: Flow; right: Flow }>
  /** Partition `partition` of the `cached` input: where it is not kept, `from` makes it, to be kept. */
  | Readonly<{ kind: "keep"; from: Flow; input: number; partition: PartitionId }>;

/** One attempt at one partition of a stage. */
export type Task = Readonly<{ stage: StageId; partition: PartitionId; attempt: number }>;

/** What an attempt is told about itself, beside which task it is. */
export type AttemptInfo = Readonly<{
  /** The number of the attempt, unique in its context. */
  id: number;
  /** How often the stage as a whole was started before. */
  stageAttempt: number;
  /** In a barrier stage: where each of its tasks runs, by partition. */
  addresses?: readonly string[];
}>;

/** How a task of a barrier stage waits for the others: with a message for each of them, or without. */
export type Meeting = "barrier" | "allGather";

/**
 * What a map task left behind. `file` is the name of its data file below the application's folder;
 * where that lies is the carrier's business. `sample`: keys (canonical bytes) that part the output
 * of a range-partitioned exchange into pieces of about equal size; the bounds are made of them.
 */
export type MapOutput = Readonly<{
  file: string;
  records: number;
  bytes: number;
  sample?: readonly Uint8Array[];
  /** Of a sort: what types its keys have (`KeyTypes` of core/key_order.ts), to be checked over all tasks. */
  keyTypes?: readonly number[];
}>;

/** A partition of a persisted dataset. */
export type KeptId = Readonly<{ dataset: PlanId; partition: PartitionId }>;

/** A partition that an executor keeps, and what it takes there. */
export type KeptPartition = KeptId & Readonly<{ bytesInMemory: number; bytesOnDisk: number }>;

/** Where else a partition is kept that a task wants. */
export type KeptElsewhere = KeptId & Readonly<{ executor: ExecutorId }>;

/** Where the output of an exchange lies, as a reduce task must know it. */
export type ExchangeLocation = Readonly<{
  id: ExchangeId;
  /** One per map partition, in order. */
  outputs: readonly MapOutput[];
  /** For a range partitioner: `partitions - 1` keys or fewer, ascending by bytes. */
  bounds?: readonly Uint8Array[];
}>;

/** Bytes and records are those of the task's own input and output; times are wall time. */
export type TaskMetrics = Readonly<{
  durationMs: number;
  recordsRead: number;
  bytesRead: number;
  recordsWritten: number;
  bytesWritten: number;
  spills: number;
  bytesSpilled: number;
  /** The highest sum of reservations (shuffle/memory_budget.ts) at one moment. */
  memoryBytesMax: number;
}>;

/** The metrics of a task that did nothing, or of which nothing is known. */
export const NO_METRICS: TaskMetrics = {
  durationMs: 0,
  recordsRead: 0,
  bytesRead: 0,
  recordsWritten: 0,
  bytesWritten: 0,
  spills: 0,
  bytesSpilled: 0,
  memoryBytesMax: 0,
};

/** What a task added to an accumulator: the accumulator's id and the encoded sum of its additions. */
export type AccumulatorUpdate = Readonly<{ id: number; bytes: Uint8Array }>;

/** How a task ended. */
export type TaskResult = Readonly<
  & { task: Task; metrics: TaskMetrics }
  & (
    /** An action's task: encoded blocks of records (`collect`) or of one value (all others). */
    | {
      kind: "value";
      blocks: readonly Uint8Array[];
      updates: readonly AccumulatorUpdate[];
      /** Things the user should hear of, such as a captured variable that was assigned to. */
      warnings?: readonly string[];
      /** The partitions of persisted datasets that its executor keeps since. */
      kept?: readonly KeptPartition[];
      /** It drew at random or asked for the time: another attempt might give something else. */
      drew?: boolean;
    }
    | {
      kind: "written";
      output: MapOutput;
      updates: readonly AccumulatorUpdate[];
      warnings?: readonly string[];
      kept?: readonly KeptPartition[];
      drew?: boolean;
    }
    /** A map output was missing or damaged: it has to be made again. `detail` says what was found. */
    | { kind: "inputLost"; exchange: ExchangeId; partition: PartitionId; detail: string }
    /**
     * Kept partitions were gone when it wanted them, and it could not make them: what they are made
     * from was not located, because they had been there.
     */
    | { kind: "keptLost"; lost: readonly KeptId[]; detail: string }
    | { kind: "failed"; failure: FailureReport }
    | { kind: "killed"; reason: string }
  )
>;
