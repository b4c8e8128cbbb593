/**
 * Why a job failed, as data: what the engine makes its errors of.
 *
 * | what happened                            | class, code                              |
 * | ---------------------------------------- | ---------------------------------------- |
 * | user code threw, and no attempt is left  | TaskError, TaskFailed; cause: what it threw |
 * | a task took longer than it may           | TaskError, TaskTimeout                   |
 * | an error of ours, such as a RecordError  | its own; cause: the error itself         |
 * | a task ended its executor, also alone    | JobError, ExecutorOutOfMemory, TaskExited |
 * | keys of a sort do not go together        | RecordError, KeyTypeMismatch             |
 * | executors died under a task too often    | JobError, ExecutorLost                   |
 * | a stage lost its input too often         | JobError, MapOutputLost                  |
 * | too few slots for a barrier stage        | PlanError, InvalidArgument               |
 * | no executor starts                       | JobError, ExecutorLost                   |
 * | its values are more than a driver takes  | MemoryError, OverBudget                  |
 *
 * The message has what was found, the cure, the place, and the story of the attempts before. `fields`
 * has the place for programs: `stage`, `stageName`, `partition`, `attempt`.
 */
import {
  type ErrorCode,
  type FailureReport,
  type RecordError,
  reportOf,
} from "../../core/errors.ts";
import type { ExecutorId, Stage, Task } from "../../core/task.ts";
import type { Excess } from "./arriving_values.ts";
import type { ExecutorFault } from "./stimulus.ts";

/** How an attempt ended that did not count. */
export type StoryLine = Readonly<{ attempt: number; executor: ExecutorId; ending: string }>;

/** What is known of a task that failed its job; `story` has the last attempt at its end. */
export type FailedTask = Readonly<{ stage: Stage; task: Task; story: readonly StoryLine[] }>;

/** What stands for an error in a story: its first line. */
export function summaryOf(failure: FailureReport): string {
  return `${failure.name}: ${failure.message.split("\n", 1)[0]}`;
}

/** User code failed for the last time. */
export function userFailure(failed: FailedTask, failure: FailureReport): FailureReport {
  const ours = failure.code !== undefined;
  const attempt = failed.story.length > 1 ? `, at attempt ${failed.task.attempt}` : "";
  const record = failure.record === undefined ? "" : `, at the record ${failure.record}`;
  return {
    name: ours ? failure.name : "TaskError",
    code: failure.code ?? "TaskFailed",
    message: [
      ours ? failure.message : `${failure.name}: ${failure.message}`,
      `  in partition ${placeOf(failed)}${record}${attempt}`,
      ...storyOf(failed),
    ].join("\n"),
    fields: fieldsOf(failed),
    cause: failure,
    ...(failure.record === undefined ? {} : { record: failure.record }),
  };
}

/** A task took longer than `flint.task.timeout`: user code that has failed, as far as we can see. */
export function timeoutFailure(limitMs: number): FailureReport {
  return {
    name: "TaskError",
    code: "TaskTimeout",
    message: `A task ran longer than ${limitMs / 1_000} s (flint.task.timeout)\n` +
      "  Look for a loop that does not end; else use more partitions, or raise the limit",
  };
}

/** A task ended its executor by its own doing, and did so again, be it when it ran `alone`. */
export function poisonFailure(
  failed: FailedTask,
  fault: "outOfMemory" | "exited",
  reason: string,
  alone: boolean,
): FailureReport {
  const { code, deed, cure } = POISON[fault];
  const again = alone ? "also when it ran alone" : "for the second time";
  return jobFailure(code, failed, `${deed}, ${again}: ${reason}`, cure);
}

const POISON = {
  outOfMemory: {
    code: "ExecutorOutOfMemory",
    deed: "ran its executor out of memory",
    cure: "Raise --executor-memory, lower --worker-memory, use more partitions, or hold fewer " +
      "records at a time: the values of a group can be iterated without an array of them",
  },
  exited: {
    code: "TaskExited",
    deed: "ended its executor",
    cure: "Throw an error where the task is to fail; a task must not end its process",
  },
} as const;

/** A task lost its executor too often, by no fault that is known to be its own. */
export function lossFailure(failed: FailedTask, losses: number, reason: string): FailureReport {
  const found = `lost its executor ${times(losses)}, at last because ${reason}`;
  const cure = "See the log of the executors; something on this machine ends them, or they hang";
  return jobFailure("ExecutorLost", failed, found, cure);
}

/** A stage could not read its input, however often that was made again. */
export function inputFailure(failed: FailedTask, rounds: number, detail: string): FailureReport {
  const found = `could not read its input: it was lost ${times(rounds)}, at last ${detail}`;
  const cure = "Check the disk that spark.local.dir is on: files on it vanish or change";
  return jobFailure("MapOutputLost", failed, found, cure);
}

/** The map tasks of a sort found keys, each by itself, that do not go together. */
export function keyTypeFailure(stage: Stage, mismatch: RecordError): FailureReport {
  const { name, code, message } = reportOf(mismatch);
  return {
    name,
    code,
    message: `${message}\n  in stage ${stage.id} (${stage.name})`,
    fields: { stage: stage.id, stageName: stage.name },
    final: true,
  };
}

/** There will never be a slot for each task of a barrier stage. */
export function slotsFailure({ name }: Stage, tasks: number, slots: number): FailureReport {
  return {
    name: "PlanError",
    code: "InvalidArgument",
    message: `Cannot run the barrier stage ${name}: its ${tasks} tasks run at the same time, and ` +
      `there are ${slots} slots\n` +
      `  Use fewer partitions, with coalesce(${slots}) before barrier(), or a master with more slots`,
  };
}

/** No executor starts, so nothing can run. */
export function startFailure(attempts: number, reason: string): FailureReport {
  return {
    name: "JobError",
    code: "ExecutorLost",
    message: `No executor could be started, ${times(attempts)} in a row: ${reason}\n` +
      "  Check that processes can be started here, that the folders of spark.local.dir are there and " +
      "have room, and --executor-memory",
  };
}

/** The values of a job are more than its driver is to hold. */
export function resultFailure(excess: Excess): FailureReport {
  const { job, stage, partitionsSeen, bytes, bytesMax } = excess;
  const partitions = partitionsSeen === 1 ? "1 partition has" : `${partitionsSeen} partitions have`;
  return {
    name: "MemoryError",
    code: "OverBudget",
    message: `Cannot bring the result of ${job.name} to the driver: ${partitions} ` +
      `${bytes} bytes of it so far, and spark.driver.maxResultSize is ${bytesMax} bytes\n` +
      "  Save it, iterate over it with toLocalIterator(), ask for less with take() or a filter, or " +
      "raise spark.driver.maxResultSize (0: no limit)",
    fields: { stage: stage.id, stageName: stage.name, bytes, bytesMax },
    final: true,
  };
}

/** What has been given out was made of an output that is gone, and would come out otherwise. */
export function drawnFailure({ name }: Stage): FailureReport {
  return {
    name: "JobError",
    code: "MapOutputLost",
    message: `An output of ${name} was lost, whose tasks draw at random or ask for the time, and ` +
      "results have been made of it\n" +
      "  Draw from a seed and the partition, or checkpoint() what was drawn",
  };
}

/** An executor said what no executor of ours would say. */
export function answerFailure(what: string): FailureReport {
  return {
    name: "InvariantError",
    code: "Bug",
    message: `an executor ${what}`,
    final: true,
  };
}

/** Whether a lost executor is laid to the tasks that ran on it. */
export function isOwnDoing(fault: ExecutorFault): fault is "outOfMemory" | "exited" {
  return fault === "outOfMemory" || fault === "exited";
}

function jobFailure(
  code: ErrorCode,
  failed: FailedTask,
  found: string,
  cure: string,
): FailureReport {
  const message = [`Partition ${placeOf(failed)} ${found}`, `  ${cure}`, ...storyOf(failed)].join(
    "\n",
  );
  return { name: "JobError", code, message, fields: fieldsOf(failed) };
}

function placeOf({ stage, task }: FailedTask): string {
  return `${task.partition} of stage ${stage.id} (${stage.name})`;
}

function fieldsOf({ stage, task }: FailedTask): Readonly<Record<string, unknown>> {
  const { partition, attempt } = task;
  return { stage: stage.id, stageName: stage.name, partition, attempt };
}

function storyOf({ story }: FailedTask): string[] {
  return story.slice(0, -1).map(({ attempt, executor, ending }) =>
    `  before: attempt ${attempt} on executor ${executor}: ${ending}`
  );
}

function times(count: number): string {
  return count === 1 ? "once" : count === 2 ? "twice" : `${count} times`;
}
