/**
 * The seam on the driver: an engine places pipelines and carries exchanges, and nothing more.
 *
 * The other half of the seam is `TaskIO` (workers/task_io.ts). What lies between them is shared by
 * all engines: plan, closures, codec, pipeline, shuffle.
 */
import type { Closure } from "./closure/closure.ts";
import type { EventBus } from "./events.ts";
import type { PartitionId, Plan, PlanId } from "./plan/plan.ts";
import type { AccumulatorUpdate, Action, JobId, StageId } from "./task.ts";

export type BroadcastId = number;

/** One call of an action. */
export type Job = Readonly<{
  id: JobId;
  plan: Plan;
  action: Action<Closure>;
  /** Only these partitions are wanted (`take` asks for a few, then for more); all by default. */
  partitions?: readonly PartitionId[] | undefined;
  /** What people see: the action and its place, such as `collect at job.ts:12`. */
  name: string;
  /** Classes whose instances keep their class in records, beside those that its functions use. */
  classes?: readonly Closure[] | undefined;
  /** What its tasks can read by key: the local properties of whoever called the action. */
  properties?: Readonly<Record<string, string>> | undefined;
  /** Ends the job: the iteration rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}>;

/** The value of one partition: encoded blocks, as `TaskResult` describes them. */
export type TaskValue = Readonly<{ partition: PartitionId; blocks: readonly Uint8Array[] }>;

/** Runs jobs. Several at once share it. */
export interface Engine extends AsyncDisposable {
  readonly name: string;
  /** How many tasks can run at the same time. */
  readonly parallelism: number;
  /** Where files for tasks are put: a path that is the same for tasks, who may read it. */
  readonly filesFolder: string;
  /** Yields the value of each wanted partition once, in the order in which they are ready. */
  run(job: Job): AsyncIterable<TaskValue>;
  /** Makes bytes readable to every task as `TaskIO.broadcast(id)`. */
  publish(id: BroadcastId, bytes: Uint8Array): Promise<void>;
  /** Has what was decoded of a broadcast let go of; tasks that ask for it decode it again. */
  unpersist(id: BroadcastId): Promise<void>;
  /** Takes a broadcast back. */
  unpublish(id: BroadcastId): Promise<void>;
  /**
   * Lets go of what is kept for a dataset: the output of the exchange that it is, or its persisted
   * partitions; both, and for good, where nobody can ask for it any more. Resolves when whoever keeps
   * it has been told.
   */
  forget(plan: PlanId, what?: "output" | "kept"): Promise<void>;
}

/** What an engine may ask of the driver. */
export interface EngineHost {
  readonly events: EventBus;
  /**
   * Called once per (job, stage, partition), with the updates of the attempt that counted. What it
   * throws is why the job fails.
   */
  accumulate(job: JobId, stage: StageId, updates: readonly AccumulatorUpdate[]): void;
  /** Something that the user should read once, such as a temp folder that lies in memory. */
  warn(message: string): void;
  /**
   * A signal ends the process, and no task runs any more: the driver ends what it must not leave half
   * done. Never rejects; the engine does not wait for long.
   */
  interrupted(): Promise<void>;
}
