/**
 * What the scheduler hears and what it says: the only words between it and the engine.
 *
 *     stimulus ──► scheduler ──► instructions
 */
import type { FailureReport } from "../../core/errors.ts";
import type { Announcement, Outcome } from "../../core/events.ts";
import type { PartitionId, PlanId } from "../../core/plan/plan.ts";
import type { StagePlan } from "../../core/plan/stages.ts";
import type {
  AccumulatorUpdate,
  AttemptInfo,
  ExchangeId,
  ExchangeLocation,
  ExecutorId,
  Flow,
  JobId,
  KeptElsewhere,
  KeptId,
  Stage,
  StageId,
  Task,
  TaskResult,
} from "../../core/task.ts";

/**
 * Why an executor is gone.
 *
 * - `outOfMemory`: its heap or its resident size passed the limit. The task's own doing.
 * - `exited`: it ended itself, such as by `Deno.exit()` in a task. The task's own doing.
 * - `signal`: something outside killed it.
 * - `heartbeat`: it fell silent, its channel broke, or it said that it cannot go on.
 * - `stopped`: the engine ended it on purpose, such as to cancel a task that would not stop. Counts
 *   against nobody.
 */
export type ExecutorFault = "outOfMemory" | "exited" | "signal" | "heartbeat" | "stopped";

/** What the engine tells the scheduler. `atMs` never goes back; the zero point does not matter. */
export type Stimulus = Readonly<
  & { atMs: number }
  & (
    /**
     * `stages` as `cut` gives them: parents first, the action's stage last. `properties` as
     * `Job.properties`; they name its pool.
     */
    | {
      kind: "jobSubmitted";
      job: JobId;
      name: string;
      stages: readonly StagePlan[];
      properties?: Readonly<Record<string, string>> | undefined;
    }
    /** An executor can take tasks. Its id was never used before. */
    | { kind: "executorReady"; executor: ExecutorId; slots: number }
    /**
     * An executor that was ready is gone. `reason` is for people: `exit code 133 (heap limit)`.
     * `culprit`: the task that surely did it, where that is known; else every task that ran there is
     * a suspect.
     */
    | {
      kind: "executorLost";
      executor: ExecutorId;
      fault: ExecutorFault;
      reason: string;
      culprit?: Task | undefined;
    }
    /**
     * An executor holds so much memory that nothing new may start there; said with every heartbeat,
     * and once when that is over. `reason` has the figures.
     */
    | { kind: "executorPaused"; executor: ExecutorId; isPaused: boolean; reason: string }
    /** An executor that was asked for will not become ready. */
    | { kind: "startFailed"; reason: string }
    /** A task ended, in whatever way. It frees the slot, also after `cancel`. */
    | { kind: "taskEnded"; executor: ExecutorId; result: TaskResult }
    /** Some time has passed. Comes often enough for what depends on it, while a job runs. */
    | { kind: "tick" }
    /** Ends a job. `failure` becomes its outcome. Unknown or finished jobs are ignored. */
    | { kind: "jobCancelled"; job: JobId; failure: FailureReport }
    /**
     * The files of this exchange can go, after the jobs that still read them. `isForGood`: nobody can
     * ask for it any more.
     */
    | { kind: "forget"; exchange: ExchangeId; isForGood?: boolean }
    /** A dataset is not persisted any more. */
    | { kind: "forgetKept"; dataset: PlanId }
    /** An executor has let go of a partition that it kept, for want of room or because of damage. */
    | { kind: "keptDropped"; executor: ExecutorId; id: KeptId }
  )
>;

/** What the scheduler tells the engine to do, in this order. */
export type Instruction = Readonly<
  /** So many executors should be there or on their way, all in all. Never asks for fewer. */
  | { kind: "recruit"; executors: number }
  /**
   * The executor needs the stage, and where its inputs lie. Comes before the first `launch` of the
   * stage there, and again when locations have changed: tasks launched from then on use the new
   * ones, tasks that run already keep theirs.
   */
  | {
    kind: "prepare";
    executor: ExecutorId;
    stage: Stage;
    locations: readonly ExchangeLocation[];
  }
  /** No task of the stage will be launched there any more without another `prepare`. */
  | { kind: "release"; executor: ExecutorId; stage: StageId }
  /** `elsewhere`: what the task may want of persisted datasets and other executors keep. */
  | {
    kind: "launch";
    executor: ExecutorId;
    task: Task;
    info: AttemptInfo;
    flow: Flow;
    elsewhere: readonly KeptElsewhere[];
  }
  /** The executor holds too much memory although nothing runs there: end it. `executorLost` follows. */
  | { kind: "replace"; executor: ExecutorId; reason: string }
  /** The executor is to keep nothing of the dataset. */
  | { kind: "forgetKept"; executor: ExecutorId; dataset: PlanId }
  /** Its result is not wanted any more. The slot stays taken until `taskEnded` or `executorLost`. */
  | { kind: "cancel"; executor: ExecutorId; task: Task; reason: string }
  /** The value of a wanted partition: exactly once each, before `finish`. */
  | {
    kind: "deliver";
    job: JobId;
    stage: StageId;
    partition: PartitionId;
    blocks: readonly Uint8Array[];
    updates: readonly AccumulatorUpdate[];
  }
  /** Updates of a map task that counts: once per stage and partition. */
  | { kind: "accumulate"; job: JobId; stage: StageId; updates: readonly AccumulatorUpdate[] }
  /** Data files (`MapOutput.file`) that nobody will read any more. Each attempt's has its own name. */
  | { kind: "discard"; files: readonly string[] }
  /** The last word on a job: exactly once. The engine announces it, and knows how sums were added. */
  | { kind: "finish"; job: JobId; outcome: Outcome }
  /**
   * For eyes: stage and task events, and how jobs start. Executors are announced by the engine, which
   * knows their memory; it hands on the warnings of a `TaskResult` as well.
   */
  | { kind: "announce"; event: Announcement }
>;
