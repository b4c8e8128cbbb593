/**
 * What a scheduler must do, told by one who only watches: it keeps its own books from the stimuli
 * and the instructions, in its own way, and throws where a rule is broken.
 */
import type { ErrorCode } from "../../core/errors.ts";
import type { StagePlan } from "../../core/plan/stages.ts";
import type {
  ExchangeId,
  ExchangeLocation,
  ExecutorId,
  JobId,
  StageId,
  Task,
  TaskResult,
} from "../../core/task.ts";
import { FairnessRule } from "./fairness_rule.ts";
import type { Instruction, SchedulerOptions, Stimulus } from "../../runtime/local/scheduler.ts";

/** The size of every map output in the simulation. */
export const OUTPUT_BYTES = 30;

type Seen = {
  readonly task: Task;
  readonly executor: ExecutorId;
  readonly locations: readonly ExchangeLocation[];
  readonly alone: boolean;
  isCancelled: boolean;
};
type Job = {
  readonly wanted: ReadonlySet<number>;
  readonly delivered: Set<number>;
  plans: readonly StagePlan[];
  isFinished: boolean;
};
type Misfortune = { failures: number; losses: number; isSuspect: boolean };
/** A failure that the books say is due now: all these jobs wait for a stage that cannot go on. */
type Due = Readonly<{ jobs: readonly JobId[]; code: ErrorCode }>;

export class Rules {
  readonly #options: SchedulerOptions;
  readonly #fairness: FairnessRule;
  readonly #jobs = new Map<JobId, Job>();
  /** What the engine was told to run for each stage: its exchange, or -1 for an action's stage. */
  readonly #exchangeOfStage = new Map<StageId, ExchangeId>();
  readonly #jobOfStage = new Map<StageId, JobId>();
  /** Map partitions of each exchange. */
  readonly #sizes = new Map<ExchangeId, number>();
  readonly #parents = new Map<ExchangeId | `job ${JobId}`, readonly ExchangeId[]>();
  /** Tasks by executor that is alive: launched, and no end was reported. */
  readonly #executors = new Map<ExecutorId, Map<string, Seen>>();
  readonly #prepared = new Map<string, readonly ExchangeLocation[]>();
  /** The file that counts, by exchange and map partition. */
  readonly #kept = new Map<ExchangeId, Map<number, string>>();
  readonly #written = new Set<string>();
  readonly #bounds = new Map<ExchangeId, string>();
  readonly #counted = new Set<string>();
  readonly #misfortunes = new Map<string, Misfortune>();
  readonly #rounds = new Map<StageId, number>();
  readonly #launched = new Set<string>();
  /** Exchanges that nobody will read any more, and whose files may still be there. */
  readonly #forgotten = new Set<ExchangeId>();
  #startFailures = 0;
  #recruited = 0;
  // What the stimulus at hand must lead to.
  #due: Due[] = [];
  #allFail = false;
  #cancelled: JobId | undefined;
  #mustCount: string | undefined;
  #mustKeep: string | undefined;
  #mustDiscard: string | undefined;
  /** Who waits for what may have changed: a job ended, or an output came or went. */
  #isNews = false;
  #failed: { job: JobId; code: ErrorCode | undefined }[] = [];

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#fairness = new FairnessRule(options.sharing);
  }

  expect(job: JobId, wanted: readonly number[]): void {
    this.#jobs.set(job, {
      wanted: new Set(wanted),
      delivered: new Set(),
      plans: [],
      isFinished: false,
    });
  }

  // What the engine says

  before(stimulus: Stimulus): void {
    this.#fairness.before(stimulus);
    this.#due = [];
    this.#failed = [];
    this.#allFail = false;
    this.#isNews = false;
    this.#cancelled =
      this.#mustCount =
      this.#mustKeep =
      this.#mustDiscard =
        undefined;
    switch (stimulus.kind) {
      case "jobSubmitted":
        this.#startFailures = 0;
        return this.#submitted(stimulus.job, stimulus.stages);
      case "executorReady":
        this.#startFailures = 0;
        this.#executors.set(stimulus.executor, new Map());
        return;
      case "executorLost":
        return this.#lost(stimulus);
      case "startFailed":
        this.#recruited--;
        this.#allFail = ++this.#startFailures >= 4 && this.#executors.size === 0;
        return;
      case "taskEnded":
        return this.#ended(stimulus.executor, stimulus.result);
      case "jobCancelled":
        this.#cancelled = stimulus.job;
        return;
      case "forget":
        this.#forgotten.add(stimulus.exchange);
        return;
    }
  }

  #submitted(id: JobId, plans: readonly StagePlan[]): void {
    this.#jobs.get(id)!.plans = plans;
    for (const { stage: { id: stage, output }, flows, parents } of plans) {
      const exchange = output.kind === "exchange" ? output.id : -1;
      this.#exchangeOfStage.set(stage, exchange);
      this.#parents.set(exchange < 0 ? `job ${id}` : exchange, parents);
      if (exchange < 0) {
        this.#jobOfStage.set(stage, id);
      } else {
        this.#sizes.set(exchange, flows.size);
        if (!this.#kept.has(exchange)) this.#kept.set(exchange, new Map());
      }
    }
  }

  #lost({ executor, fault, culprit }: Extract<Stimulus, { kind: "executorLost" }>): void {
    const tasks = this.#executors.get(executor)!;
    this.#executors.delete(executor);
    this.#recruited--;
    for (const seen of tasks.values()) {
      if (seen.isCancelled) continue;
      const misfortune = this.#misfortune(seen.task);
      if (fault === "outOfMemory" || fault === "exited") {
        if (culprit !== undefined && key(culprit) !== key(seen.task)) continue;
        const code = fault === "exited" ? "TaskExited" : "ExecutorOutOfMemory";
        if (seen.alone) this.#mustFail(seen.task.stage, code);
        misfortune.isSuspect = true;
      } else if (fault !== "stopped") {
        this.#countLoss(seen.task);
      }
    }
  }

  #countLoss(task: Task): void {
    if (++this.#misfortune(task).losses < 4) return;
    this.#mustFail(task.stage, "ExecutorLost");
  }

  #ended(executor: ExecutorId, result: TaskResult): void {
    const { task } = result;
    const seen = this.#executors.get(executor)?.get(key(task));
    this.#executors.get(executor)?.delete(key(task));
    const counts = seen !== undefined && !seen.isCancelled;
    switch (result.kind) {
      case "value":
        if (counts) {
          this.#misfortunes.delete(place(task));
          this.#mustCount = place(task);
        }
        return;
      case "written": {
        const { file } = result.output;
        this.#written.add(file);
        const kept = this.#kept.get(this.#exchangeOfStage.get(task.stage)!)!;
        if (!counts) {
          if (kept.get(task.partition) !== file) this.#mustDiscard = file;
          else this.#mustKeep = file;
          return;
        }
        kept.set(task.partition, file);
        this.#isNews = true;
        this.#mustKeep = file;
        this.#mustCount = place(task);
        this.#misfortunes.delete(place(task));
        if (this.#isDone(task.stage)) this.#rounds.delete(task.stage);
        return;
      }
      case "inputLost":
        if (counts) this.#inputLost(seen, result);
        return;
      case "failed":
        if (!counts) return;
        if (
          ++this.#misfortune(task).failures >= this.#options.attemptsMax || result.failure.final
        ) {
          this.#mustFail(task.stage, result.failure.code ?? "TaskFailed");
        }
        return;
      case "killed":
        if (counts) this.#countLoss(task);
        return;
    }
  }

  #inputLost(
    { task, locations }: Seen,
    { exchange, partition }: Extract<TaskResult, { kind: "inputLost" }>,
  ): void {
    const known = locations.find(({ id }) => id === exchange)!.outputs[partition]!.file;
    const kept = this.#kept.get(exchange)!;
    if (kept.get(partition) === known) {
      if (this.#isComplete(exchange)) {
        this.#rounds.set(task.stage, (this.#rounds.get(task.stage) ?? 0) + 1);
      }
      this.#mustDiscard = known;
    }
    if ((this.#rounds.get(task.stage) ?? 0) < 4) return;
    this.#mustFail(task.stage, "MapOutputLost");
  }

  // What the scheduler answers

  see(instruction: Instruction): void {
    this.#fairness.see(instruction);
    switch (instruction.kind) {
      case "recruit":
        ensure(instruction.executors <= this.#options.executorsMax, "too many executors recruited");
        ensure(instruction.executors > this.#recruited, "recruited without need");
        this.#recruited = instruction.executors;
        return;
      case "prepare":
        return this.#prepare(instruction);
      case "release":
        ensure(this.#executors.has(instruction.executor), "released on a dead executor");
        this.#prepared.delete(`${instruction.executor}/${instruction.stage}`);
        return;
      case "launch":
        return this.#launch(instruction.executor, instruction.task);
      case "cancel": {
        const seen = this.#executors.get(instruction.executor)?.get(key(instruction.task));
        ensure(seen !== undefined && !seen.isCancelled, "cancelled what does not run");
        seen.isCancelled = true;
        return;
      }
      case "deliver":
        return this.#deliver(instruction);
      case "accumulate":
        for (const { id, bytes } of instruction.updates) this.#count(`${id}/${bytes[0]}`);
        return;
      case "discard":
        for (const file of instruction.files) this.#discard(file);
        return;
      case "finish":
        return this.#finish(instruction);
      case "announce":
        return;
    }
  }

  #prepare({ executor, stage, locations }: Extract<Instruction, { kind: "prepare" }>): void {
    ensure(this.#executors.has(executor), "prepared on a dead executor");
    const preparedKey = `${executor}/${stage.id}`;
    ensure(this.#prepared.get(preparedKey) !== locations, "prepared twice");
    this.#prepared.set(preparedKey, locations);
    for (const { id, bounds } of locations) {
      const now = JSON.stringify(bounds?.map((bound) => [...bound]));
      ensure((this.#bounds.get(id) ?? now) === now, `the bounds of exchange ${id} changed`);
      if (now !== undefined) this.#bounds.set(id, now);
    }
    const { output } = stage;
    this.#exchangeOfStage.set(stage.id, output.kind === "exchange" ? output.id : -1);
  }

  #launch(executor: ExecutorId, task: Task): void {
    const running = this.#executors.get(executor);
    ensure(running !== undefined, "launched on a dead executor");
    ensure(running.size < this.#options.slotsPerExecutor, "launched without a free slot");
    ensure(!this.#launched.has(key(task)), "launched the same attempt twice");
    this.#launched.add(key(task));
    const locations = this.#prepared.get(`${executor}/${task.stage}`);
    ensure(locations !== undefined, "launched before it was prepared");
    const exchange = this.#exchangeOfStage.get(task.stage)!;
    this.#checkLocations(exchange, task.stage, locations);
    this.#checkNeeded(exchange, task);
    const alone = this.#misfortunes.get(place(task))?.isSuspect === true;
    ensure(!alone || running.size === 0, "a suspect is not alone");
    ensure(![...running.values()].some((seen) => seen.alone), "launched beside a suspect");
    running.set(key(task), { task, executor, locations, alone, isCancelled: false });
  }

  /** The locations name, for each parent in order, exactly the files that count now. */
  #checkLocations(
    exchange: ExchangeId,
    stage: StageId,
    locations: readonly ExchangeLocation[],
  ): void {
    const parents = this.#parents.get(
      exchange < 0 ? `job ${this.#jobOfStage.get(stage)!}` : exchange,
    )!;
    ensure(parents.length === locations.length, "an input has no location");
    for (const [index, { id, outputs }] of locations.entries()) {
      ensure(id === parents[index] && this.#isComplete(id), "launched before its input was there");
      const kept = this.#kept.get(id)!;
      ensure(
        outputs.length === kept.size && outputs.every(({ file }, at) => kept.get(at) === file),
        "launched with locations that are not current",
      );
    }
  }

  #checkNeeded(exchange: ExchangeId, task: Task): void {
    for (const running of this.#executors.values()) {
      for (const seen of running.values()) {
        if (!seen.isCancelled && place(seen.task) === place(task)) {
          throw new Error(`partition ${place(task)} runs twice at once`);
        }
      }
    }
    if (exchange < 0) {
      const job = this.#jobs.get(this.#jobOfStage.get(task.stage)!)!;
      ensure(!job.isFinished, "launched for a finished job");
      ensure(!job.delivered.has(task.partition), "launched what was delivered");
      ensure(job.wanted.has(task.partition), "launched what nobody wants");
    } else {
      ensure(!this.#kept.get(exchange)!.has(task.partition), "launched what is there");
      ensure(this.#waitingFor(task.stage).length > 0, "launched a stage that no job waits for");
    }
  }

  #deliver({ job: id, partition, updates }: Extract<Instruction, { kind: "deliver" }>): void {
    const job = this.#jobs.get(id);
    ensure(job !== undefined && !job.isFinished, "delivered to a job that does not run");
    ensure(job.wanted.has(partition), `delivered partition ${partition}, which is not wanted`);
    ensure(!job.delivered.has(partition), `delivered partition ${partition} twice`);
    job.delivered.add(partition);
    for (const update of updates) this.#count(`${update.id}/${update.bytes[0]}`);
  }

  #count(place: string): void {
    ensure(!this.#counted.has(place), `accumulators of ${place} counted twice`);
    this.#counted.add(place);
  }

  #discard(file: string): void {
    ensure(file !== this.#mustKeep, `discarded ${file}, which counts`);
    if (file === this.#mustDiscard) this.#mustDiscard = undefined;
    this.#written.delete(file);
    this.#isNews = true;
    for (const [exchange, kept] of this.#kept) {
      for (const [partition, name] of kept) if (name === file) kept.delete(partition);
      if (kept.size === 0) this.#bounds.delete(exchange);
    }
  }

  #finish({ job: id, outcome }: Extract<Instruction, { kind: "finish" }>): void {
    const job = this.#jobs.get(id);
    ensure(job !== undefined && !job.isFinished, `job ${id} finished twice`);
    job.isFinished = true;
    this.#isNews = true;
    if (outcome.ok) ensure(job.delivered.size === job.wanted.size, `job ${id} lacks partitions`);
    else this.#failed.push({ job: id, code: outcome.failure.code });
  }

  /** The stimulus has led to what it had to, and to no more failures than that. */
  after(): void {
    this.#fairness.after();
    ensure(this.#mustDiscard === undefined, `did not discard ${this.#mustDiscard}`);
    if (this.#mustCount !== undefined) {
      ensure(
        this.#counted.has(this.#mustCount),
        `accumulators of ${this.#mustCount} did not count`,
      );
    }
    for (const { job, code } of this.#failed) {
      const isRight = job === this.#cancelled && code === "Cancelled" ||
        this.#allFail && code === "ExecutorLost" ||
        this.#due.some((due) => due.code === code && due.jobs.includes(job));
      ensure(isRight, `job ${job} failed without cause: ${code}`);
    }
    for (const { jobs, code } of this.#due) {
      ensure(
        jobs.length > 0 && jobs.every((job) => this.#jobs.get(job)!.isFinished),
        `jobs ${jobs} should have failed: ${code}`,
      );
    }
    if (this.#cancelled !== undefined) {
      ensure(this.#jobs.get(this.#cancelled)!.isFinished, "a cancelled job goes on");
    }
    for (const [id, job] of this.#jobs) {
      ensure(
        !this.#allFail || job.plans.length === 0 || job.isFinished,
        `job ${id} waits for nobody`,
      );
    }
    if (this.#isNews) this.#checkNothingInVain();
    this.#checkForgotten();
    this.#checkLimit();
  }

  /** Above the limit only what a running job reads is kept. */
  #checkLimit(): void {
    const outputs = [...this.#kept.values()].reduce((sum, kept) => sum + kept.size, 0);
    if (outputs * OUTPUT_BYTES <= (this.#options.shuffleBytesMax ?? Infinity)) return;
    for (const [exchange, kept] of this.#kept) {
      ensure(
        kept.size === 0 || this.#isRead(exchange),
        `exchange ${exchange} is kept, which nobody reads, and ${outputs} outputs are too many`,
      );
    }
  }

  #isRead(exchange: ExchangeId): boolean {
    return [...this.#jobs.values()].some((job) => !job.isFinished && reads(job, exchange));
  }

  #checkNothingInVain(): void {
    for (const running of this.#executors.values()) {
      for (const { task, isCancelled } of running.values()) {
        const isWanted = isCancelled || this.#waitingFor(task.stage).length > 0;
        ensure(isWanted, `${key(task)} goes on, and nobody waits for it`);
      }
    }
  }

  #checkForgotten(): void {
    for (const exchange of this.#forgotten) {
      if (this.#isRead(exchange)) continue;
      ensure((this.#kept.get(exchange)?.size ?? 0) === 0, `exchange ${exchange} was not forgotten`);
      this.#forgotten.delete(exchange);
    }
  }

  checkAllFinished(): void {
    for (const [id, job] of this.#jobs) ensure(job.isFinished, `job ${id} is stuck`);
  }

  checkNothingLeft(): void {
    ensure(this.#written.size === 0, `left behind: ${[...this.#written].join(", ")}`);
  }

  #mustFail(stage: StageId, code: ErrorCode): void {
    this.#due.push({ jobs: this.#waitingFor(stage), code });
  }

  /** The jobs that cannot go on without a stage: every exchange on a way to it lacks something. */
  #waitingFor(stage: StageId): JobId[] {
    const wanted = this.#exchangeOfStage.get(stage)!;
    if (wanted < 0) {
      const job = this.#jobOfStage.get(stage)!;
      return this.#jobs.get(job)!.isFinished ? [] : [job];
    }
    return [...this.#jobs].flatMap(([id, job]) => {
      if (job.isFinished || job.plans.length === 0) return [];
      const met = new Set<ExchangeId>();
      const open = [...this.#parents.get(`job ${id}`)!];
      for (let at = open.pop(); at !== undefined; at = open.pop()) {
        if (met.has(at) || this.#isComplete(at)) continue;
        met.add(at);
        open.push(...this.#parents.get(at)!);
      }
      return met.has(wanted) ? [id] : [];
    });
  }

  #isComplete(exchange: ExchangeId): boolean {
    return this.#kept.get(exchange)!.size === this.#sizes.get(exchange);
  }

  #isDone(stage: StageId): boolean {
    return this.#isComplete(this.#exchangeOfStage.get(stage)!);
  }

  #misfortune(task: Task): Misfortune {
    let misfortune = this.#misfortunes.get(place(task));
    if (misfortune === undefined) {
      misfortune = { failures: 0, losses: 0, isSuspect: false };
      this.#misfortunes.set(place(task), misfortune);
    }
    return misfortune;
  }
}

function reads(job: Job, exchange: ExchangeId): boolean {
  return job.plans.some(({ stage: { output } }) =>
    output.kind === "exchange" && output.id === exchange
  );
}

function place({ stage, partition }: Task): string {
  return `${stage}/${partition}`;
}

function key(task: Task): string {
  return `${place(task)}/${task.attempt}`;
}

function ensure(condition: boolean, broken: string): asserts condition {
  if (!condition) throw new Error(broken);
}
