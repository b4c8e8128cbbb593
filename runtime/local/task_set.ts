/**
 * The tasks of one stage: which partitions wait, which run, and what has befallen them.
 *
 *     waiting ──launch──► running ──finished──► done
 *        ▲                   │                   │
 *        ├── failed, lost ◄──┘                   │
 *        └────────── its output was lost ◄───────┘
 *
 * A task that is late gets a second attempt, its rival (speculation.ts). The partition runs for as long
 * as one of them does, and the first to end is the one that counts.
 *
 * The tasks of a barrier stage run together: where one of them fails or is lost, all wait again, and
 * what those who are done have made is held until all are. So is what an action's tasks have made of
 * something that would come out otherwise a second time (draws.ts): they may all have to start again.
 *
 * A set lives as long as a job that needs its stage. Attempts are numbered for that long, so a task
 * is never confused with an earlier one of the same partition.
 */
import type { FailureReport } from "../../core/errors.ts";
import type { StagePlan } from "../../core/plan/stages.ts";
import type { PartitionId } from "../../core/plan/plan.ts";
import type {
  ExchangeId,
  ExecutorId,
  JobId,
  KeptElsewhere,
  StageId,
  Task,
  TaskResult,
} from "../../core/task.ts";
import {
  type FailedTask,
  inputFailure,
  isOwnDoing,
  lossFailure,
  poisonFailure,
  type StoryLine,
  summaryOf,
  userFailure,
} from "./failures.ts";
import { patienceMs, type Speculation } from "./speculation.ts";
import type { ExecutorFault } from "./stimulus.ts";

/** How often what may happen before it fails the job. */
export type Limits = Readonly<{ attempts: number; losses: number; stageAttempts: number }>;

/** An attempt that was launched. */
export type Attempt = Readonly<{
  tasks: TaskSet;
  task: Task;
  executor: ExecutorId;
  /** The job on whose behalf it was launched: the first that waited for it. */
  job: JobId;
  /** The pool of that job. */
  pool: string;
  startedAtMs: number;
  /** The version of each input that it was told of (ExchangeOutputs.version). */
  seen: ReadonlyMap<ExchangeId, number>;
  /** The kept partitions that it was told of, and where. */
  elsewhere: readonly KeptElsewhere[];
  /** It is a suspect, and nothing else runs beside it. */
  alone: boolean;
}>;

/** What an attempt that did what it was to do has given. */
export type GoodResult = Extract<TaskResult, { kind: "value" | "written" }>;

/** What is given up, and which files have been written in vain. */
export type Undone = Readonly<{ attempts: readonly Attempt[]; files: readonly string[] }>;

/** What has befallen a partition since it was last done. */
type Trouble = { failures: number; losses: number; isSuspect: boolean; story: StoryLine[] };

/** The story in a message has this many lines at most. */
const STORY_LINES_MAX = 12;

/** The tasks of one stage. */
export class TaskSet {
  readonly plan: StagePlan;
  /** The jobs that wait for it now, in the order in which they came. */
  waitingJobs: JobId[] = [];
  /** How often the stage was started again because its input or its output had been lost. */
  stageAttempt = 0;
  /** The partitions whose accumulator updates have counted. */
  readonly counted = new Set<PartitionId>();
  readonly #limits: Limits;
  readonly #size: number;
  /** Descending, so that the last one is next. */
  readonly #waiting: PartitionId[];
  readonly #suspects: PartitionId[] = [];
  /** The attempts that count, one or two a partition. */
  readonly #running = new Map<PartitionId, readonly Attempt[]>();
  /** How long each partition took that is done. */
  readonly #durationsMs: number[] = [];
  #late: readonly PartitionId[] = [];
  readonly #launches = new Map<PartitionId, number>();
  readonly #troubles = new Map<PartitionId, Trouble>();
  /** What those who are done have made, where it counts only once all are. */
  #held: { readonly attempt: Attempt; readonly result: GoodResult }[] = [];
  /** How often each part of the input was lost since the stage was last done. */
  readonly #inputLosses = new Map<string, number>();

  /** `partitions`: those that have to run, ascending. */
  constructor(plan: StagePlan, partitions: readonly PartitionId[], limits: Limits) {
    this.plan = plan;
    this.#limits = limits;
    this.#size = partitions.length;
    this.#waiting = partitions.toReversed();
  }

  get id(): StageId {
    return this.plan.stage.id;
  }

  /** Whether its tasks run together or not at all. */
  get isBarrier(): boolean {
    return this.plan.stage.barrier === true;
  }

  /** How many partitions wait for a slot. */
  get waiting(): number {
    return this.#waiting.length + this.#suspects.length;
  }

  /** How many of them need an executor of their own. */
  get suspects(): number {
    return this.#suspects.length;
  }

  get running(): readonly Attempt[] {
    return [...this.#running.values()].flat();
  }

  /** How many partitions are not done. */
  get unfinished(): number {
    return this.waiting + this.#running.size;
  }

  /** Whether the attempt may yet be the one that counts. */
  isCurrent(attempt: Attempt): boolean {
    return this.#running.get(attempt.task.partition)?.includes(attempt) === true;
  }

  /** Whether results have been given out that cannot be taken back. */
  get hasGiven(): boolean {
    return this.#size > this.unfinished + this.#held.length;
  }

  /** The other attempts at the same partition that run. */
  rivalsOf(attempt: Attempt): readonly Attempt[] {
    return this.#running.get(attempt.task.partition)!.filter((other) => other !== attempt);
  }

  /** The only attempts at their partitions that run and are late, as of the last look. */
  get late(): readonly Attempt[] {
    return this.#late.flatMap((partition) => {
      const attempts = this.#running.get(partition) ?? [];
      return attempts.length === 1 ? attempts : [];
    });
  }

  /**
   * Looks who is late; without a rule, nobody is. Suspects get no rival, that it does not end another
   * executor; nor do the tasks of a barrier stage, which wait for one another.
   */
  look(rule: Speculation | undefined, nowMs: number): void {
    this.#late = [];
    if (rule === undefined || this.isBarrier) return;
    const patience = patienceMs(rule, this.#size, this.#durationsMs);
    this.#late = [...this.#running.values()].flatMap(([attempt]) => {
      const { task: { partition }, startedAtMs } = attempt!;
      const isSuspect = this.#troubles.get(partition)?.isSuspect === true;
      return !isSuspect && nowMs - startedAtMs > patience ? [partition] : [];
    });
  }

  /** The partitions that wait for a slot. */
  get waitingPartitions(): Iterable<PartitionId> {
    return this.#waiting.concat(this.#suspects);
  }

  /** The next suspect if one is to run `alone`; else the next other one, of those that suit if any. */
  next(alone: boolean, suits?: (partition: PartitionId) => boolean): PartitionId | undefined {
    if (alone) return this.#suspects.at(-1);
    return suits === undefined ? this.#waiting.at(-1) : this.#waiting.findLast(suits);
  }

  /** Starts a partition that waits, or a rival for the attempt that runs. */
  launch(partition: PartitionId, circumstances: Omit<Attempt, "tasks" | "task">): Attempt {
    const rivals = this.#running.get(partition) ?? [];
    const waiting = circumstances.alone ? this.#suspects : this.#waiting;
    if (rivals.length === 0) waiting.splice(waiting.lastIndexOf(partition), 1);
    const number = this.#launches.get(partition) ?? 0;
    this.#launches.set(partition, number + 1);
    const task: Task = { stage: this.id, partition, attempt: number };
    const attempt: Attempt = { ...circumstances, tasks: this, task };
    this.#running.set(partition, [...rivals, attempt]);
    return attempt;
  }

  /**
   * The attempt did what it was to do, and its rivals do not count any more. Gives the results that
   * count now: this one; of a barrier stage, or where they are to be held, none until all tasks are
   * done, then all of them.
   */
  finish<R extends GoodResult>(
    attempt: Attempt,
    result: R,
    nowMs: number,
    isHeld: boolean,
  ): readonly R[] {
    const { partition } = attempt.task;
    this.#durationsMs.push(nowMs - attempt.startedAtMs);
    this.#running.delete(partition);
    this.#troubles.delete(partition);
    if (this.unfinished === 0) this.#inputLosses.clear();
    if (!this.isBarrier && !isHeld) return [result];
    this.#held.push({ attempt, result });
    if (this.unfinished > 0) return [];
    const all = this.#held.map(({ result }) => result as R);
    this.#held = [];
    return all;
  }

  /** Whether a file waits for those of the other tasks. */
  holds(file: string): boolean {
    return this.#held.some(({ result }) => filesOf(result).includes(file));
  }

  /** The partition has to run again: what it made is gone. */
  reopen(partition: PartitionId): void {
    if (this.unfinished === 0) this.stageAttempt++;
    this.#waiting.push(partition);
    if (this.isBarrier) this.#sortWaiting();
  }

  /** Gives up the attempts that run, and what is held; their partitions wait again. */
  abandon(): Undone {
    const attempts = this.running;
    for (const attempt of attempts) this.#returnToQueue(attempt);
    const held = this.#held;
    this.#held = [];
    for (const { attempt: { task } } of held) this.#enqueue(task.partition);
    if (this.isBarrier) this.#sortWaiting();
    return { attempts, files: held.flatMap(({ result }) => filesOf(result)) };
  }

  /** The stage starts anew; else as `abandon`. */
  restart(): Undone {
    this.stageAttempt++;
    return this.abandon();
  }

  /**
   * User code failed; or what the task had written for itself was damaged, which no code of the user
   * answers for and which therefore counts as a loss. Returns why the job fails with it, if it does.
   */
  fail(attempt: Attempt, failure: FailureReport): FailureReport | undefined {
    const trouble = this.#note(attempt, summaryOf(failure));
    const isLoss = failure.code === "CorruptBlock";
    const isEnough = isLoss
      ? ++trouble.losses >= this.#limits.losses
      : ++trouble.failures >= this.#limits.attempts;
    this.#returnToQueue(attempt);
    return failure.final === true || isEnough
      ? userFailure(this.#failed(attempt, trouble), failure)
      : undefined;
  }

  /** The executor went away under the attempt. `blamed`: the attempt may have been the reason. */
  lose(
    attempt: Attempt,
    fault: ExecutorFault,
    reason: string,
    blamed: boolean,
  ): FailureReport | undefined {
    const trouble = this.#note(attempt, reason);
    const failed = this.#failed(attempt, trouble);
    let failure: FailureReport | undefined;
    if (isOwnDoing(fault)) {
      // The tasks of a barrier stage cannot be told apart by running alone: the second time counts.
      const isSure = this.isBarrier ? trouble.isSuspect : attempt.alone;
      if (blamed && isSure) failure = poisonFailure(failed, fault, reason, attempt.alone);
      if (blamed) trouble.isSuspect = true;
    } else if (fault !== "stopped" && ++trouble.losses >= this.#limits.losses) {
      failure = lossFailure(failed, trouble.losses, reason);
    }
    this.#returnToQueue(attempt);
    return failure;
  }

  /**
   * The attempt could not read a part of its input; undefined if that was known. `isNewRound`: it is
   * the first to say so since the input was complete, so the stage has to be started again. A disk
   * that is gone takes many parts along, which are found one by one: each is counted by itself.
   */
  loseInput(
    attempt: Attempt,
    part: string | undefined,
    isNewRound: boolean,
    detail: string,
  ): FailureReport | undefined {
    const trouble = this.#note(attempt, detail);
    const losses = part === undefined ? 0 : (this.#inputLosses.get(part) ?? 0) + 1;
    if (part !== undefined) this.#inputLosses.set(part, losses);
    if (isNewRound) {
      // A barrier stage starts anew with it, and counts that itself.
      if (!this.isBarrier) this.stageAttempt++;
    }
    this.#returnToQueue(attempt);
    return losses >= this.#limits.stageAttempts
      ? inputFailure(this.#failed(attempt, trouble), losses, detail)
      : undefined;
  }

  /** The tasks of a barrier stage are launched in order, and the last one that waits is next. */
  #sortWaiting(): void {
    this.#waiting.sort((a, b) => b - a);
  }

  /** The attempt is over. Its partition waits again, unless a rival goes on. */
  #returnToQueue(attempt: Attempt): void {
    const { partition } = attempt.task;
    const rivals = this.rivalsOf(attempt);
    if (rivals.length > 0) return void this.#running.set(partition, rivals);
    this.#running.delete(partition);
    this.#enqueue(partition);
  }

  #enqueue(partition: PartitionId): void {
    const isSuspect = this.#troubles.get(partition)?.isSuspect === true;
    (isSuspect && !this.isBarrier ? this.#suspects : this.#waiting).push(partition);
  }

  #note({ task, executor }: Attempt, ending: string): Trouble {
    let trouble = this.#troubles.get(task.partition);
    if (trouble === undefined) {
      trouble = { failures: 0, losses: 0, isSuspect: false, story: [] };
      this.#troubles.set(task.partition, trouble);
    }
    trouble.story.push({ attempt: task.attempt, executor, ending });
    if (trouble.story.length > STORY_LINES_MAX) trouble.story.shift();
    return trouble;
  }

  #failed({ task }: Attempt, { story }: Trouble): FailedTask {
    return { stage: this.plan.stage, task, story };
  }
}

function filesOf(result: GoodResult): string[] {
  return result.kind === "written" ? [result.output.file] : [];
}
