/**
 * What runs where, and what happens when something dies: decided purely.
 *
 * The scheduler hears one stimulus at a time and answers with instructions. It has no clock, no
 * I/O, no promise and no randomness: the local engine is its ears and hands, and a simulator can be
 * them as well (tests/simulation).
 *
 *     engine ── jobSubmitted · executorReady · taskEnded · executorLost … ──► scheduler
 *            ◄── recruit · prepare · launch · cancel · deliver · finish … ──
 *
 * What it decides about has its rooms: which jobs wait for which tasks (running_jobs.ts), what there is
 * for them to read (holdings.ts), what befalls the tasks of a stage (task_set.ts), what starts where
 * (launcher.ts), how many executors there should be (recruiting.ts). What eyes are told is apart
 * (announcements.ts).
 *
 * - Jobs share the executors first come, first served, or pool by pool (pools.ts); a task starts as
 *   soon as all outputs that it reads are there.
 * - The output of an exchange is kept by the exchange's id, and later jobs find it there: their
 *   stage is skipped. It lies on disk and outlives the executor that made it; it is gone only when a
 *   reader says so (`inputLost`), and then that one map partition runs again, nothing else.
 * - Where what is gone would come out otherwise a second time, because a task drew at random or asked
 *   for the time, all of its stage runs again, and all that was made of it (draws.ts).
 * - Partitions of persisted datasets are known by where they are kept: a task that finds one needs
 *   nothing of what it is made from, and runs where it is kept if there is room. One that is gone
 *   (`keptLost`) is made again.
 * - Errors of user code, lost executors and lost outputs are counted apart (see
 *   `SchedulerOptions`). A task whose executor ended by the task's own doing runs again alone; if
 *   that ends in the same way, the job fails and says so.
 * - What takes time is told by `tick`: an attempt that runs for too long has failed, and is cancelled;
 *   one that is late gets a rival on another executor, and the first of them to end counts.
 * - What comes late (from an attempt that was given up) changes nothing; its file is discarded.
 * - The tasks of a barrier stage are launched together, as soon as there is a slot for each; nothing
 *   whose turn is later starts before. Where one fails or is lost, all start again.
 * - An executor that holds too much memory gets no new tasks until it holds less; where nothing runs
 *   there, it is replaced.
 * - Accumulators count once per job, stage and partition.
 */
import type { FailureReport } from "../../core/errors.ts";
import type { StagePlan } from "../../core/plan/stages.ts";
import type { ExecutorId, JobId, TaskResult } from "../../core/task.ts";
import { Announcements } from "./announcements.ts";
import { answerFailure, keyTypeFailure, slotsFailure, timeoutFailure } from "./failures.ts";
import { Holdings } from "./holdings.ts";
import { keepsAny, KeptBlocks } from "./kept_blocks.ts";
import { Launcher } from "./launcher.ts";
import { Seats, taskKey } from "./placement.ts";
import { FIRST_COME, type Sharing } from "./pools.ts";
import { Recruiting } from "./recruiting.ts";
import { RunningJobs } from "./running_jobs.ts";
import type { Speculation } from "./speculation.ts";
import type { Instruction, Stimulus } from "./stimulus.ts";
import type { Attempt, TaskSet } from "./task_set.ts";

export type { ExecutorFault, Instruction, Stimulus } from "./stimulus.ts";

/** How many of what there may be. Counts of 1 or more. */
export type SchedulerOptions = Readonly<{
  /** Executors at most; `recruit` asks for no more than there is work for. */
  executorsMax: number;
  /** Slots of one executor. */
  slotsPerExecutor: number;
  /** A task whose user code fails so often fails its job: 1 under `local[N]`, F under `local[N,F]`. */
  attemptsMax: number;
  /** A task that loses its executor so often, by no fault of its own, fails its job. 4 by default. */
  lossesMax?: number;
  /** A stage that loses the same part of its input so often fails its job. 4 by default. */
  stageAttemptsMax?: number | undefined;
  /** An attempt that runs longer has failed, and is cancelled; no limit by default. */
  taskMsMax?: number | undefined;
  /** When a task that is late gets a second attempt; never by default. */
  speculation?: Speculation | undefined;
  /** So many failed starts in a row, and no executor at all, fail every job. 4 by default. */
  startFailuresMax?: number;
  /** Above so many bytes, outputs that no running job reads go, oldest first; no limit by default. */
  shuffleBytesMax?: number | undefined;
  /** How jobs share the executors; first come, first served by default. */
  sharing?: Sharing | undefined;
}>;

/** Decides. The same stimuli always give the same instructions. */
export interface Scheduler {
  handle(stimulus: Stimulus): readonly Instruction[];
}

/** A scheduler that knows no job and no executor yet. */
export function createScheduler(options: SchedulerOptions): Scheduler {
  return new LocalScheduler(options);
}

const LOSSES_MAX = 4;
const STAGE_ATTEMPTS_MAX = 4;
const START_FAILURES_MAX = 4;

/** What a stage cannot be finished because of. */
type Verdict = readonly [TaskSet, FailureReport];

class LocalScheduler implements Scheduler {
  readonly #options: SchedulerOptions;
  readonly #seats = new Seats<Attempt>();
  readonly #holdings: Holdings;
  readonly #jobs: RunningJobs;
  readonly #announce = new Announcements((event) => this.#say({ kind: "announce", event }));
  readonly #launcher: Launcher;
  readonly #recruiting: Recruiting;
  #nowMs = 0;
  #instructions: Instruction[] = [];

  constructor(options: SchedulerOptions) {
    this.#options = options;
    const limits = {
      attempts: options.attemptsMax,
      losses: options.lossesMax ?? LOSSES_MAX,
      stageAttempts: options.stageAttemptsMax ?? STAGE_ATTEMPTS_MAX,
    };
    const kept = new KeptBlocks();
    const say = (instruction: Instruction) => this.#say(instruction);
    this.#holdings = new Holdings({
      kept,
      seats: this.#seats,
      limits,
      changed: () => this.#jobs.changed(),
      say,
    });
    this.#jobs = new RunningJobs({
      limits,
      holdings: this.#holdings,
      seats: this.#seats,
      announce: this.#announce,
      say,
    });
    this.#launcher = new Launcher({
      seats: this.#seats,
      kept,
      sharing: options.sharing ?? FIRST_COME,
      poolOf: (job) => this.#jobs.poolOf(job),
      outputsOf: (exchange) => this.#holdings.sideOf(exchange)!.outputs,
      announce: this.#announce,
      say,
    });
    this.#recruiting = new Recruiting({
      executors: options.executorsMax,
      slotsPerExecutor: options.slotsPerExecutor,
      startFailures: options.startFailuresMax ?? START_FAILURES_MAX,
    }, this.#seats);
  }

  handle(stimulus: Stimulus): readonly Instruction[] {
    this.#nowMs = stimulus.atMs;
    this.#instructions = [];
    this.#hear(stimulus);
    this.#jobs.survey();
    this.#failHopeless();
    this.#holdings.shrink(this.#options.shuffleBytesMax ?? Infinity);
    const rule = stimulus.kind === "tick" ? this.#options.speculation : undefined;
    for (const tasks of this.#jobs.ready) tasks.look(rule, this.#nowMs);
    this.#launcher.launch(this.#jobs.ready, this.#nowMs);
    const executors = this.#recruiting.wanted(this.#jobs.ready);
    if (executors !== undefined) this.#say({ kind: "recruit", executors });
    return this.#instructions;
  }

  #hear(stimulus: Stimulus): void {
    switch (stimulus.kind) {
      case "jobSubmitted":
        return this.#submit(stimulus);
      case "jobCancelled":
        return this.#jobs.end(stimulus.job, { ok: false, failure: stimulus.failure });
      case "executorReady":
        return this.#welcome(stimulus.executor, stimulus.slots);
      case "executorLost":
        return this.#mourn(stimulus);
      case "executorPaused":
        return this.#pause(stimulus);
      case "startFailed":
        return this.#startFailed(stimulus.reason);
      case "taskEnded":
        return this.#taskEnded(stimulus.executor, stimulus.result);
      case "tick":
        return this.#failOverdue();
      case "forget":
        return this.#holdings.forget(stimulus.exchange, stimulus.isForGood === true);
      case "forgetKept":
        return this.#holdings.forgetKept(stimulus.dataset);
      case "keptDropped":
        return this.#holdings.dropKept(stimulus.executor, stimulus.id);
    }
  }

  #say(instruction: Instruction): void {
    this.#instructions.push(instruction);
  }

  // Jobs

  #submit(job: Extract<Stimulus, { kind: "jobSubmitted" }>): void {
    this.#recruiting.takeHeart();
    this.#jobs.start(job);
    this.#refuseTooFewSlots(job.job, job.stages);
  }

  /** A barrier stage that can never start fails its job at once. */
  #refuseTooFewSlots(job: JobId, stages: readonly StagePlan[]): void {
    const { executorsMax, slotsPerExecutor } = this.#options;
    const slots = executorsMax * slotsPerExecutor;
    for (const { stage, flows } of stages) {
      if (stage.barrier !== true || flows.size <= slots) continue;
      return this.#jobs.end(job, { ok: false, failure: slotsFailure(stage, flows.size, slots) });
    }
  }

  // Executors

  #welcome(executor: ExecutorId, slots: number): void {
    this.#seats.add(executor, slots);
    this.#recruiting.started();
  }

  /**
   * Nothing frees what an executor holds on which nothing runs, so it is replaced as soon as there is
   * work that could run there.
   */
  #pause({ executor, isPaused, reason }: Extract<Stimulus, { kind: "executorPaused" }>): void {
    const seat = this.#seats.get(executor);
    if (seat === undefined) return;
    seat.isPaused = isPaused;
    const isIdle = isPaused && seat.running.size === 0;
    if (isIdle && this.#jobs.ready.some(({ waiting }) => waiting > 0)) {
      this.#say({ kind: "replace", executor, reason });
    }
  }

  #startFailed(reason: string): void {
    this.#recruiting.startFailed(reason);
    if (!this.#recruiting.hasGivenUp || this.#seats.size > 0) return;
    this.#jobs.failAll(this.#recruiting.failure);
  }

  /** Where no more executors start, a barrier stage for which there are too few cannot either. */
  #failHopeless(): void {
    if (!this.#recruiting.hasGivenUp) return;
    for (const tasks of this.#jobs.ready) {
      if (!tasks.isBarrier || tasks.waiting <= this.#seats.slots) continue;
      this.#jobs.failStage(tasks, this.#recruiting.failure);
    }
    this.#jobs.survey();
  }

  #mourn(lost: Extract<Stimulus, { kind: "executorLost" }>): void {
    const seat = this.#seats.remove(lost.executor);
    if (seat === undefined) return;
    this.#recruiting.lost();
    this.#holdings.loseExecutor(lost.executor);
    this.#jobs.changed();
    const culprit = lost.culprit && taskKey(lost.culprit);
    const verdicts: Verdict[] = [];
    const hit = new Set<TaskSet>();
    for (const [key, attempt] of seat.running) {
      const { tasks } = attempt;
      const isCurrent = tasks.isCurrent(attempt);
      this.#announce.taskLost(attempt, lost.reason, this.#nowMs, isCurrent);
      if (!isCurrent) continue;
      const blamed = culprit === undefined || culprit === key;
      const verdict = tasks.lose(attempt, lost.fault, lost.reason, blamed);
      hit.add(tasks);
      if (verdict !== undefined) verdicts.push([tasks, verdict]);
    }
    // Only now is nothing left that runs there, so that nothing is cancelled on what is gone.
    this.#settle(hit, verdicts);
  }

  // Tasks

  #taskEnded(executor: ExecutorId, result: TaskResult): void {
    const attempt = this.#seats.end(executor, result.task);
    if (attempt === undefined) return this.#holdings.ignore(result);
    const isCurrent = attempt.tasks.isCurrent(attempt);
    this.#announce.taskEnded(attempt, result, isCurrent);
    if (result.kind === "value" || result.kind === "written") {
      this.#holdings.learn(attempt, result);
    }
    if (!isCurrent) return this.#holdings.ignore(result);
    const verdict = this.#judge(attempt, result);
    if (verdict !== undefined) this.#jobs.failStage(attempt.tasks, verdict);
    this.#keepTogether(attempt.tasks);
  }

  /** Those that have run for too long have failed, as if their code had thrown. */
  #failOverdue(): void {
    const limitMs = this.#options.taskMsMax ?? Infinity;
    const verdicts: Verdict[] = [];
    const hit = new Set<TaskSet>();
    const failure = timeoutFailure(limitMs);
    for (const { running } of this.#seats) {
      for (const attempt of running.values()) {
        const { tasks, task, executor, startedAtMs } = attempt;
        if (this.#nowMs - startedAtMs <= limitMs || !tasks.isCurrent(attempt)) continue;
        this.#say({ kind: "cancel", executor, task, reason: "it ran for too long" });
        const verdict = tasks.fail(attempt, failure);
        hit.add(tasks);
        if (verdict !== undefined) verdicts.push([tasks, verdict]);
        if (keepsAny(tasks.plan.stage)) this.#jobs.changed();
      }
    }
    this.#settle(hit, verdicts);
  }

  /** After several attempts have ended at once: what fails with them, what starts again. */
  #settle(hit: ReadonlySet<TaskSet>, verdicts: readonly Verdict[]): void {
    for (const [tasks, failure] of verdicts) this.#jobs.failStage(tasks, failure);
    for (const tasks of hit) this.#keepTogether(tasks);
  }

  /** Where a task of a barrier stage has to run again, all of them do. */
  #keepTogether(tasks: TaskSet): void {
    if (!tasks.isBarrier || tasks.waiting === 0) return;
    this.#holdings.giveUp(tasks.restart(), "its barrier stage starts again");
  }

  /** Takes the result of an attempt that counts, and returns why its stage fails, if it does. */
  #judge(attempt: Attempt, result: TaskResult): FailureReport | undefined {
    const { tasks } = attempt;
    const isDone = result.kind === "value" || result.kind === "written";
    // What its task needs may have changed since it was launched, and it has to run again.
    if (!isDone && keepsAny(tasks.plan.stage)) this.#jobs.changed();
    switch (result.kind) {
      case "value":
        return this.#deliver(attempt, result);
      case "written":
        return this.#keep(attempt, result);
      case "inputLost":
        return this.#inputLost(attempt, result);
      case "keptLost":
        return this.#keptLost(attempt, result);
      case "failed":
        return tasks.fail(attempt, result.failure);
      case "killed":
        // Not by us: a task that was cancelled does not count any more.
        return tasks.lose(attempt, "signal", `it was killed: ${result.reason}`, true);
    }
  }

  /** As `TaskSet.finish`; who was slower is cancelled. */
  #finish<R extends TaskResult & { kind: "value" | "written" }>(
    attempt: Attempt,
    result: R,
  ): readonly R[] {
    const { tasks } = attempt;
    for (const { executor, task } of tasks.rivalsOf(attempt)) {
      this.#say({ kind: "cancel", executor, task, reason: "another attempt was faster" });
    }
    // The outputs of an exchange can be taken back as long as nobody is given results.
    const isHeld = result.kind === "value" && this.#holdings.mayRollBack(tasks.plan);
    return tasks.finish(attempt, result, this.#nowMs, isHeld);
  }

  #deliver(
    attempt: Attempt,
    result: Extract<TaskResult, { kind: "value" }>,
  ): FailureReport | undefined {
    const { tasks } = attempt;
    const job = tasks.waitingJobs[0]!;
    if (!this.#jobs.isAction(job, tasks)) {
      return tasks.fail(attempt, answerFailure("sent a value for the task of an exchange"));
    }
    for (const { blocks, updates, task: { partition } } of this.#finish(attempt, result)) {
      this.#say({ kind: "deliver", job, stage: tasks.id, partition, blocks, updates });
    }
    if (tasks.unfinished === 0) this.#jobs.end(job, { ok: true });
    return undefined;
  }

  #keep(
    attempt: Attempt,
    result: Extract<TaskResult, { kind: "written" }>,
  ): FailureReport | undefined {
    const { tasks } = attempt;
    const side = this.#holdings.writtenBy(tasks.plan);
    if (side === undefined) {
      this.#holdings.discard([result.output.file]);
      return tasks.fail(attempt, answerFailure("sent an output for the task of an action"));
    }
    const job = tasks.waitingJobs[0]!;
    for (const written of this.#finish(attempt, result)) {
      const { updates, task: { partition } } = written;
      this.#holdings.add(side, written);
      if (tasks.counted.has(partition)) continue;
      tasks.counted.add(partition);
      if (updates.length > 0) this.#say({ kind: "accumulate", job, stage: tasks.id, updates });
    }
    if (!side.outputs.isComplete) return undefined;
    this.#jobs.changed();
    const mismatch = side.outputs.keyTypeMismatch();
    if (mismatch === undefined) this.#announce.stageEnded(tasks, job, { ok: true });
    else this.#jobs.refuse(side, keyTypeFailure(side.plan.stage, mismatch));
    return undefined;
  }

  /** Only that output is made again; who reads others of the exchange goes on. Unless tasks drew. */
  #inputLost(
    attempt: Attempt,
    { exchange, partition, detail }: Extract<TaskResult, { kind: "inputLost" }>,
  ): FailureReport | undefined {
    const { tasks, seen } = attempt;
    const side = this.#holdings.sideOf(exchange);
    const seenVersion = seen.get(exchange);
    if (side === undefined || seenVersion === undefined) {
      return tasks.fail(
        attempt,
        answerFailure(`lost exchange ${exchange}, which it does not read`),
      );
    }
    const wasComplete = side.outputs.isComplete;
    const isNew = this.#holdings.lose(side, partition, seenVersion);
    const story = `output ${partition} of exchange ${exchange} was lost: ${detail}`;
    const part = isNew ? `${exchange}/${partition}` : undefined;
    const isRolledBack = isNew && this.#holdings.isDrawn(exchange);
    // What is rolled back is started again as a whole, and that is counted there.
    const isNewRound = isNew && wasComplete && !isRolledBack;
    const verdict = tasks.loseInput(attempt, part, isNewRound, story);
    if (isRolledBack) this.#jobs.rollBack(side);
    return verdict;
  }

  /** What it was told of is there no more; it is launched again when it can do without. */
  #keptLost(
    attempt: Attempt,
    { lost, detail }: Extract<TaskResult, { kind: "keptLost" }>,
  ): FailureReport | undefined {
    const wasKept = this.#holdings.loseKept(attempt, lost);
    return attempt.tasks.loseInput(
      attempt,
      wasKept ? "kept" : undefined,
      wasKept,
      `kept partitions were lost: ${detail}`,
    );
  }
}
