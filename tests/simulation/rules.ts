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
  KeptElsewhere,
  KeptId,
  StageId,
  Task,
  TaskResult,
} from "../../core/task.ts";
import { FairnessRule } from "./fairness_rule.ts";
import type { Instruction, SchedulerOptions, Stimulus } from "../../runtime/local/scheduler.ts";
import { KeptBooks, keptOf, nameOf } from "./kept_books.ts";

/** The size of every map output in the simulation. */
export const OUTPUT_BYTES = 30;

type Seen = {
  readonly task: Task;
  readonly executor: ExecutorId;
  readonly locations: readonly ExchangeLocation[];
  readonly elsewhere: readonly KeptElsewhere[];
  readonly alone: boolean;
  readonly startedAtMs: number;
  isCancelled: boolean;
  /** The datasets of which it makes what was rolled back. */
  inVain?: ReadonlySet<number>;
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
  readonly #plans = new Map<ExchangeId | `job ${JobId}`, StagePlan>();
  readonly #books = new KeptBooks();
  /** Tasks by executor that is alive: launched, and no end was reported. */
  readonly #executors = new Map<ExecutorId, Map<string, Seen>>();
  /** Those that hold too much memory. */
  readonly #paused = new Set<ExecutorId>();
  readonly #prepared = new Map<string, readonly ExchangeLocation[]>();
  /** The file that counts, by exchange and map partition. */
  readonly #kept = new Map<ExchangeId, Map<number, string>>();
  readonly #written = new Set<string>();
  readonly #bounds = new Map<ExchangeId, string>();
  readonly #counted = new Set<string>();
  readonly #misfortunes = new Map<string, Misfortune>();
  /** How often a stage has lost what part of its input, since it was last done. */
  readonly #rounds = new Map<StageId, Map<string, number>>();
  readonly #launched = new Set<string>();
  /** How many tasks each barrier stage has. */
  readonly #barriers = new Map<StageId, number>();
  readonly #barrierExchanges = new Set<ExchangeId>();
  /** What would come out otherwise if it were made again: exchanges, and persisted datasets. */
  readonly #drawn = new Set<number>();
  /** Of stages whose results count only together: the partitions that are done while others are not, and what they wrote. */
  readonly #held = new Map<StageId, Map<number, string | undefined>>();
  /** Exchanges that nobody will read any more, and whose files may still be there. */
  readonly #forgotten = new Set<ExchangeId>();
  #startFailures = 0;
  #recruited = 0;
  // What the stimulus at hand must lead to.
  #due: Due[] = [];
  #allFail = false;
  #cancelled: JobId | undefined;
  /** The attempts that read what is rolled back, or make it. */
  #undone: Seen[] = [];
  /** The datasets that go with it, those that may, and those that executors were told of. */
  #mustForget: ReadonlySet<number> = new Set();
  #mayForget: ReadonlySet<number> = new Set();
  #forgotAt = new Set<string>();
  #forgot = new Set<number>();
  #mustCount: string[] = [];
  #mustKeep: string | undefined;
  #isKeptDiscarded = false;
  #mustDiscard = new Set<string>();
  /** The attempts that have run for too long. */
  #overdue: Seen[] = [];
  #nowMs = 0;
  #isTick = false;
  /** Attempts that another one was faster than. */
  #outrun: Seen[] = [];
  /** How long the tasks took that counted. */
  readonly #durationsMs = new Map<StageId, number[]>();
  /** The tasks of barrier stages that are launched. */
  #together = new Map<StageId, number>();
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
    this.#nowMs = stimulus.atMs;
    this.#overdue = [];
    this.#outrun = [];
    this.#undone = [];
    this.#mustForget = this.#mayForget = new Set();
    this.#forgotAt = new Set();
    this.#forgot = new Set();
    this.#isTick = stimulus.kind === "tick";
    this.#due = [];
    this.#failed = [];
    this.#allFail = false;
    this.#isNews = false;
    this.#cancelled = this.#mustKeep = undefined;
    this.#isKeptDiscarded = false;
    this.#mustCount = [];
    this.#mustDiscard = new Set();
    this.#together = new Map();
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
      case "executorPaused":
        if (stimulus.isPaused) this.#paused.add(stimulus.executor);
        else this.#paused.delete(stimulus.executor);
        return;
      case "startFailed":
        this.#recruited--;
        this.#allFail = ++this.#startFailures >= 4 && this.#executors.size === 0;
        return;
      case "taskEnded":
        return this.#ended(stimulus.executor, stimulus.result);
      case "tick":
        return this.#ticked();
      case "jobCancelled":
        this.#cancelled = stimulus.job;
        return;
      case "forget":
        this.#forgotten.add(stimulus.exchange);
        return;
      case "forgetKept":
        this.#books.forget(stimulus.dataset);
        this.#isNews = true;
        return;
      case "keptDropped":
        this.#isNews = this.#books.drop(stimulus.executor, stimulus.id);
        return;
    }
  }

  #submitted(id: JobId, plans: readonly StagePlan[]): void {
    this.#jobs.get(id)!.plans = plans;
    const slots = this.#options.executorsMax * this.#options.slotsPerExecutor;
    for (const plan of plans) {
      const { stage: { id: stage, output, barrier }, flows } = plan;
      this.#books.submitted(plan.stage);
      if (barrier === true) {
        this.#barriers.set(stage, flows.size);
        if (output.kind === "exchange") this.#barrierExchanges.add(output.id);
        if (flows.size > slots) this.#due.push({ jobs: [id], code: "InvalidArgument" });
      }
      const exchange = output.kind === "exchange" ? output.id : -1;
      this.#exchangeOfStage.set(stage, exchange);
      this.#plans.set(exchange < 0 ? `job ${id}` : exchange, plan);
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
    this.#recruited--;
    for (const seen of tasks.values()) {
      if (seen.isCancelled) continue;
      const misfortune = this.#misfortune(seen.task);
      this.#broken(seen.task.stage);
      if (fault === "outOfMemory" || fault === "exited") {
        if (culprit !== undefined && key(culprit) !== key(seen.task)) continue;
        const code = fault === "exited" ? "TaskExited" : "ExecutorOutOfMemory";
        const isBarrier = this.#barriers.has(seen.task.stage);
        if (isBarrier ? misfortune.isSuspect : seen.alone) this.#mustFail(seen.task.stage, code);
        misfortune.isSuspect = true;
      } else if (fault !== "stopped") {
        this.#countLoss(seen.task);
      }
    }
    // What fails with it waited until now: only afterwards is what it kept missing elsewhere.
    this.#executors.delete(executor);
    this.#books.lost(executor);
    this.#isNews = true;
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
    if (counts && (result.kind === "value" || result.kind === "written")) this.#won(seen);
    if (seen !== undefined && (result.kind === "value" || result.kind === "written")) {
      const kept = result.kept ?? [];
      this.#books.add(executor, kept.filter(({ dataset }) => !seen.inVain?.has(dataset)));
      this.#noteDraws(result);
      this.#isNews ||= (result.kept ?? []).length > 0;
    }
    switch (result.kind) {
      case "value":
        if (counts) {
          this.#misfortunes.delete(place(task));
          this.#mustCount = this.#doneWith(task, undefined).map(([partition]) =>
            place({ ...task, partition })
          );
        }
        return;
      case "written": {
        const { file } = result.output;
        this.#written.add(file);
        const kept = this.#kept.get(this.#exchangeOfStage.get(task.stage)!)!;
        if (!counts) {
          const held = this.#held.get(task.stage)?.get(task.partition);
          if (kept.get(task.partition) !== file && held !== file) this.#mustDiscard.add(file);
          else this.#mustKeep = file;
          return;
        }
        this.#mustKeep = file;
        this.#misfortunes.delete(place(task));
        for (const [partition, written] of this.#doneWith(task, file)) {
          kept.set(partition, written!);
          this.#isNews = true;
          this.#mustCount.push(place({ ...task, partition }));
        }
        if (this.#isDone(task.stage)) this.#rounds.delete(task.stage);
        return;
      }
      case "inputLost":
        if (counts) this.#inputLost(seen, result);
        return;
      case "keptLost":
        if (counts) this.#keptLost(seen, result);
        return;
      case "failed":
        if (counts) this.#countFailure(task, result.failure.code, result.failure.final);
        return;
      case "killed":
        if (!counts) return;
        this.#broken(task.stage);
        this.#countLoss(task);
        return;
    }
  }

  #noteDraws(result: TaskResult & { kind: "value" | "written" }): void {
    const { stage } = result.task;
    if (result.drew !== true && !this.#readsDrawn(stage)) return;
    this.#drawn.add(this.#exchangeOfStage.get(stage)!);
    for (const { dataset } of result.kept ?? []) this.#drawn.add(dataset);
  }

  #readsDrawn(id: StageId): boolean {
    const { parents, stage } = this.#planOf(this.#exchangeOfStage.get(id)!, id);
    return parents.some((parent) => this.#drawn.has(parent)) ||
      stage.inputs.some((input) => input.kind === "cached" && this.#drawn.has(input.id));
  }

  #won({ task, startedAtMs }: Seen): void {
    this.#outrun = this.#attemptsAt(task);
    const durations = this.#durationsMs.get(task.stage) ?? [];
    this.#durationsMs.set(task.stage, [...durations, this.#nowMs - startedAtMs]);
  }

  /** Those that run and may yet count. */
  #attemptsAt(task: Task): Seen[] {
    return [...this.#executors.values()].flatMap((running) =>
      [...running.values()].filter((seen) => !seen.isCancelled && place(seen.task) === place(task))
    );
  }

  #countFailure(task: Task, code: ErrorCode = "TaskFailed", isFinal = false): void {
    this.#broken(task.stage);
    const isLast = ++this.#misfortune(task).failures >= this.#options.attemptsMax;
    if (isLast || isFinal) this.#mustFail(task.stage, code);
  }

  #ticked(): void {
    for (const running of this.#executors.values()) {
      for (const seen of running.values()) {
        const isOver = this.#nowMs - seen.startedAtMs > (this.#options.taskMsMax ?? Infinity);
        if (isOver && !seen.isCancelled) this.#overdue.push(seen);
      }
    }
    for (const { task } of this.#overdue) this.#countFailure(task, "TaskTimeout");
  }

  /** Whether the results of a stage count only together. */
  #isHeld(stage: StageId): boolean {
    const job = this.#jobOfStage.get(stage);
    return this.#barriers.has(stage) ||
      job !== undefined && this.#plans.get(`job ${job}`)!.parents.some((id) => this.#drawn.has(id));
  }

  /** Whether all are there that count only together. */
  #isWhole(stage: StageId): boolean {
    const held = this.#held.get(stage) ?? new Map<number, unknown>();
    const size = this.#barriers.get(stage);
    if (size !== undefined) return held.size === size;
    const { wanted, delivered } = this.#jobs.get(this.#jobOfStage.get(stage)!)!;
    return [...wanted].every((partition) => held.has(partition) || delivered.has(partition));
  }

  /** A task is done: what counts now, by partition. Where it counts only together, all or nothing. */
  #doneWith({ stage, partition }: Task, file: string | undefined): [number, string | undefined][] {
    if (!this.#isHeld(stage)) return [[partition, file]];
    const held = this.#held.get(stage) ?? new Map<number, string | undefined>();
    this.#held.set(stage, held.set(partition, file));
    return this.#isWhole(stage) ? [...held] : [];
  }

  /** A task of a stage will not be done: of a barrier stage that is true of all of them. */
  #broken(stage: StageId): void {
    if (!this.#barriers.has(stage)) return;
    for (const file of this.#held.get(stage)?.values() ?? []) {
      if (file !== undefined) this.#mustDiscard.add(file);
    }
    this.#held.delete(stage);
  }

  #inputLost(
    { task, locations }: Seen,
    { exchange, partition }: Extract<TaskResult, { kind: "inputLost" }>,
  ): void {
    const known = locations.find(({ id }) => id === exchange)!.outputs[partition]!.file;
    const kept = this.#kept.get(exchange)!;
    let rounds = 0;
    if (kept.get(partition) === known) {
      rounds = this.#losses(task.stage, `${exchange}/${partition}`);
      const isBarrier = this.#barrierExchanges.has(exchange);
      if (this.#drawn.has(exchange)) this.#rollBack(exchange);
      for (const file of isBarrier ? kept.values() : [known]) this.#mustDiscard.add(file);
    }
    this.#broken(task.stage);
    if (rounds < this.#stageAttemptsMax) return;
    this.#mustFail(task.stage, "MapOutputLost");
  }

  /** What was made of an exchange that draws goes with it, however far it has come. */
  #rollBack(exchange: ExchangeId): void {
    const made = this.#madeOf(exchange, (id) => this.#kept.get(id)!.size > 0 || this.#isRead(id));
    const stages = new Set<StageId>();
    for (const [stage, of] of this.#exchangeOfStage) if (made.has(of)) stages.add(stage);
    for (const id of made) {
      for (const file of this.#kept.get(id)?.values() ?? []) this.#mustDiscard.add(file);
    }
    for (const stage of stages) this.#broken(stage);
    for (const [stage, id] of this.#jobOfStage) {
      const { parents } = this.#plans.get(`job ${id}`)!;
      const { isFinished, delivered } = this.#jobs.get(id)!;
      if (isFinished || !parents.some((parent) => made.has(parent))) continue;
      stages.add(stage);
      this.#broken(stage);
      this.#held.delete(stage);
      if (delivered.size > 0) this.#due.push({ jobs: [id], code: "MapOutputLost" });
    }
    this.#mustForget = keptOf(this.#plans.values(), made);
    this.#mayForget = keptOf(this.#plans.values(), this.#madeOf(exchange, () => true));
    for (const running of this.#executors.values()) {
      for (const seen of running.values()) {
        if (seen.isCancelled || !stages.has(seen.task.stage)) continue;
        seen.inVain = this.#forgot;
        this.#undone.push(seen);
      }
    }
    this.#isNews = true;
  }

  /** An exchange, and those that were made of it, without any between that is not known any more. */
  #madeOf(exchange: ExchangeId, isKnown: (id: ExchangeId) => boolean): Set<ExchangeId> {
    const made = new Set([exchange]);
    for (const id of made) {
      for (const [of, { parents }] of this.#plans) {
        if (typeof of === "number" && parents.includes(id) && isKnown(of)) made.add(of);
      }
    }
    return made;
  }

  get #stageAttemptsMax(): number {
    return this.#options.stageAttemptsMax ?? 4;
  }

  #losses(stage: StageId, part: string): number {
    const losses = this.#rounds.get(stage) ?? new Map<string, number>();
    this.#rounds.set(stage, losses.set(part, (losses.get(part) ?? 0) + 1));
    return losses.get(part)!;
  }

  /** The places that it was told of are forgotten; it is a round if any was still believed in. */
  #keptLost(
    { task, executor, elsewhere }: Seen,
    { lost }: TaskResult & { kind: "keptLost" },
  ): void {
    const waiting = this.#waitingFor(task.stage);
    const places = [...elsewhere, ...lost.map((id) => ({ ...id, executor }))]
      .filter((place) => lost.some((id) => nameOf(id) === nameOf(place)));
    const dropped = places.filter((place) => this.#books.drop(place.executor, place));
    this.#broken(task.stage);
    this.#isNews = true;
    if (dropped.length === 0) return;
    if (this.#losses(task.stage, "kept") < this.#stageAttemptsMax) return;
    this.#due.push({ jobs: waiting, code: "MapOutputLost" });
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
        return this.#launch(instruction);
      case "cancel": {
        const seen = this.#executors.get(instruction.executor)?.get(key(instruction.task));
        ensure(seen !== undefined && !seen.isCancelled, "cancelled what does not run");
        seen.isCancelled = true;
        this.#broken(instruction.task.stage);
        return;
      }
      case "deliver":
        return this.#deliver(instruction);
      case "replace":
        ensure(this.#paused.has(instruction.executor), "replaced one that has memory left");
        return ensure(
          this.#executors.get(instruction.executor)?.size === 0,
          "replaced one on which a task runs",
        );
      case "accumulate":
        for (const { id, bytes } of instruction.updates) this.#count(`${id}/${bytes[0]}`);
        return;
      case "discard":
        for (const file of instruction.files) this.#discard(file);
        return;
      case "finish":
        return this.#finish(instruction);
      case "forgetKept":
        ensure(this.#executors.has(instruction.executor), "forgets on a dead executor");
        if (!this.#books.isPersisted(instruction.dataset)) return;
        ensure(this.#mayForget.has(instruction.dataset), "forgets what is persisted");
        this.#books.clear(instruction.dataset);
        this.#forgot.add(instruction.dataset);
        this.#forgotAt.add(`${instruction.executor}/${instruction.dataset}`);
        return;
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
    if (stage.barrier === true) this.#barriers.set(stage.id, stage.partitions);
    this.#exchangeOfStage.set(stage.id, output.kind === "exchange" ? output.id : -1);
  }

  #launch(launch: Extract<Instruction, { kind: "launch" }>): void {
    const { executor, task, elsewhere } = launch;
    const running = this.#executors.get(executor);
    ensure(running !== undefined, "launched on a dead executor");
    ensure(running.size < this.#options.slotsPerExecutor, "launched without a free slot");
    ensure(!this.#paused.has(executor), "launched on an executor that is short of memory");
    ensure(!this.#launched.has(key(task)), "launched the same attempt twice");
    this.#launched.add(key(task));
    const locations = this.#prepared.get(`${executor}/${task.stage}`);
    ensure(locations !== undefined, "launched before it was prepared");
    const exchange = this.#exchangeOfStage.get(task.stage)!;
    this.#checkLocations(exchange, launch, locations);
    this.#checkKept(exchange, launch);
    this.#checkRivals(launch);
    this.#checkNeeded(exchange, task);
    const isBarrier = this.#barriers.has(task.stage);
    const alone = !isBarrier && this.#misfortunes.get(place(task))?.isSuspect === true;
    if (isBarrier) this.#together.set(task.stage, (this.#together.get(task.stage) ?? 0) + 1);
    ensure(!alone || running.size === 0, "a suspect is not alone");
    ensure(![...running.values()].some((seen) => seen.alone), "launched beside a suspect");
    const startedAtMs = this.#nowMs;
    const seen = { task, executor, locations, elsewhere, alone, startedAtMs, isCancelled: false };
    running.set(key(task), seen);
  }

  /** The locations name exactly the files that count now, and of no exchange less that it needs. */
  #checkLocations(
    exchange: ExchangeId,
    { task, flow }: Extract<Instruction, { kind: "launch" }>,
    locations: readonly ExchangeLocation[],
  ): void {
    const { stage, parents } = this.#planOf(exchange, task.stage);
    const located = new Set(locations.map(({ id }) => id));
    for (const needed of this.#books.needs(stage, flow)) {
      ensure(located.has(needed), "launched before its input was there");
    }
    for (const { id, outputs } of locations) {
      ensure(parents.includes(id) && this.#isComplete(id), "an input is located that is not there");
      const kept = this.#kept.get(id)!;
      ensure(
        outputs.length === kept.size && outputs.every(({ file }, at) => kept.get(at) === file),
        "launched with locations that are not current",
      );
    }
  }

  /** It is told of all that others keep for it, and none of them that is free keeps more of it. */
  #checkKept(
    exchange: ExchangeId,
    { executor, task, flow, elsewhere }: Extract<Instruction, { kind: "launch" }>,
  ): void {
    const { stage } = this.#planOf(exchange, task.stage);
    const own = this.#books.readable(executor, stage, flow);
    const told = new Set(elsewhere.map(nameOf));
    const isRival = this.#attemptsAt(task).length > 0;
    const hasSuspects = [...this.#misfortunes.values()].some(({ isSuspect }) => isSuspect);
    for (const [other, running] of this.#executors) {
      const kept = other === executor ? [] : this.#books.readable(other, stage, flow);
      for (const id of kept) ensure(own.includes(id) || told.has(id), `was not told of ${id}`);
      if (kept.length === 0 || own.length > 0 || hasSuspects || isRival) continue;
      ensure(
        running.size === this.#options.slotsPerExecutor || this.#paused.has(other),
        `launched on ${executor} what a free executor keeps`,
      );
    }
    for (const place of elsewhere) {
      ensure(this.#books.holds(place.executor, place), "was told of what is not kept there");
    }
  }

  #planOf(exchange: ExchangeId, stage: StageId): StagePlan {
    return this.#plans.get(exchange < 0 ? `job ${this.#jobOfStage.get(stage)!}` : exchange)!;
  }

  /** One that runs twice does so for a reason: the first attempt is late, by the rule. */
  #checkRivals({ executor, task }: Extract<Instruction, { kind: "launch" }>): void {
    const [first, ...more] = this.#attemptsAt(task);
    if (first === undefined) return;
    const rule = this.#options.speculation;
    ensure(rule !== undefined && this.#isTick, `partition ${place(task)} runs twice at once`);
    ensure(more.length === 0, `partition ${place(task)} runs three times at once`);
    ensure(first.executor !== executor, `${key(task)} is where the one is that it is to outrun`);
    ensure(!this.#barriers.has(task.stage), `${key(task)} is of a barrier stage`);
    ensure(!first.alone, `${key(task)} is the rival of a suspect`);
    const ended = (this.#durationsMs.get(task.stage) ?? []).toSorted((a, b) => a - b);
    const late = ended.filter((ms) => this.#nowMs - first.startedAtMs > ms * rule.multiplier);
    ensure(late.length * 2 >= ended.length, `${key(first.task)} is not late`);
    ensure(this.#nowMs - first.startedAtMs > rule.taskMsMin, `${key(first.task)} has just begun`);
    const job = this.#jobOfStage.get(task.stage);
    const wanted = job === undefined ? 0 : this.#jobs.get(job)!.wanted.size;
    ensure(ended.length >= Math.floor(wanted * rule.quantile), `${key(task)} came too early`);
  }

  #checkNeeded(exchange: ExchangeId, task: Task): void {
    if (exchange < 0) {
      const job = this.#jobs.get(this.#jobOfStage.get(task.stage)!)!;
      ensure(!job.isFinished, "launched for a finished job");
      ensure(!job.delivered.has(task.partition), "launched what was delivered");
      ensure(job.wanted.has(task.partition), "launched what nobody wants");
      ensure(
        this.#held.get(task.stage)?.has(task.partition) !== true,
        "launched what is done",
      );
    } else {
      ensure(!this.#kept.get(exchange)!.has(task.partition), "launched what is there");
      ensure(this.#waitingFor(task.stage).length > 0, "launched a stage that no job waits for");
    }
  }

  #deliver(
    { job: id, stage, partition, updates }: Extract<Instruction, { kind: "deliver" }>,
  ): void {
    const job = this.#jobs.get(id);
    ensure(job !== undefined && !job.isFinished, "delivered to a job that does not run");
    ensure(job.wanted.has(partition), `delivered partition ${partition}, which is not wanted`);
    ensure(!job.delivered.has(partition), `delivered partition ${partition} twice`);
    ensure(
      !this.#isHeld(stage) || this.#isWhole(stage),
      `delivered partition ${partition} before all of its stage were done`,
    );
    job.delivered.add(partition);
    for (const update of updates) this.#count(`${update.id}/${update.bytes[0]}`);
  }

  #count(place: string): void {
    ensure(!this.#counted.has(place), `accumulators of ${place} counted twice`);
    this.#counted.add(place);
  }

  #discard(file: string): void {
    this.#isKeptDiscarded ||= file === this.#mustKeep;
    this.#mustDiscard.delete(file);
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
    ensure(this.#mustDiscard.size === 0, `did not discard ${[...this.#mustDiscard]}`);
    for (const counted of this.#mustCount) {
      ensure(this.#counted.has(counted), `accumulators of ${counted} did not count`);
    }
    // With it a stage may have become ready that cannot run, and that its job fails by.
    ensure(
      !this.#isKeptDiscarded || this.#failed.some(({ job }) => this.#isHopeless(job)),
      `discarded ${this.#mustKeep}, which counts`,
    );
    for (const { task, isCancelled } of this.#overdue) {
      ensure(isCancelled, `${key(task)} runs on, and its time is over`);
    }
    for (const { task, isCancelled } of this.#outrun) {
      ensure(isCancelled, `${key(task)} runs on, and another attempt was faster`);
    }
    for (const { task, isCancelled } of this.#undone) {
      ensure(isCancelled, `${key(task)} runs on, and what it reads was rolled back`);
    }
    for (const dataset of this.#mustForget) {
      for (const executor of this.#executors.keys()) {
        const isTold = this.#forgotAt.has(`${executor}/${dataset}`);
        ensure(
          isTold || !this.#books.isPersisted(dataset),
          `${executor} keeps ${dataset}, which was rolled back`,
        );
      }
    }
    this.#checkTogether();
    for (const { job, code } of this.#failed) {
      const isRight = job === this.#cancelled && code === "Cancelled" ||
        (this.#allFail || this.#isHopeless(job)) && code === "ExecutorLost" ||
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

  /** Of the tasks of a barrier stage all run or are done, or none. */
  #checkTogether(): void {
    const running = new Map<StageId, number>();
    for (const tasks of this.#executors.values()) {
      for (const { task: { stage }, isCancelled } of tasks.values()) {
        if (!isCancelled) running.set(stage, (running.get(stage) ?? 0) + 1);
      }
    }
    for (const stage of this.#held.keys()) {
      if (!this.#barriers.has(stage) && this.#isWhole(stage)) this.#held.delete(stage);
    }
    for (const [stage, size] of this.#barriers) {
      const launched = this.#together.get(stage) ?? 0;
      const held = this.#held.get(stage)?.size ?? 0;
      if (held === size) this.#held.delete(stage);
      const present = (running.get(stage) ?? 0) + held;
      ensure(
        (launched === 0 || launched === size) && (present === 0 || present === size),
        `of barrier stage ${stage} ${present} of ${size} run, ${launched} of them new: ` +
          "not launched together",
      );
    }
  }

  /** No more executors start, and those that there are have too few slots for a barrier stage. */
  #isHopeless(id: JobId): boolean {
    const slots = this.#executors.size * this.#options.slotsPerExecutor;
    return this.#startFailures >= 4 &&
      this.#jobs.get(id)!.plans.some(({ stage, flows }) =>
        stage.barrier === true && flows.size > slots
      );
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
    const awaited = new Set([...this.#jobs.keys()].flatMap((id) => [...this.#awaited(id)]));
    for (const running of this.#executors.values()) {
      for (const { task, isCancelled } of running.values()) {
        const exchange = this.#exchangeOfStage.get(task.stage)!;
        const isWanted = isCancelled || awaited.has(exchange) ||
          exchange < 0 && !this.#jobs.get(this.#jobOfStage.get(task.stage)!)!.isFinished;
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

  checkKeptForSomebody(executor: ExecutorId, kept: readonly KeptId[]): void {
    for (const id of kept) {
      ensure(this.#books.isPersisted(id.dataset), `${executor} keeps ${nameOf(id)} for nobody`);
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
    return [...this.#jobs.keys()].filter((id) => this.#awaited(id).has(wanted));
  }

  /** The exchanges that a job cannot go on without. */
  #awaited(id: JobId): Set<ExchangeId> {
    const job = this.#jobs.get(id)!;
    const met = new Set<ExchangeId>();
    if (job.isFinished || job.plans.length === 0) return met;
    const open = [...this.#needs(this.#plans.get(`job ${id}`)!, this.#unlaunched(job))];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (met.has(at) || this.#isComplete(at)) continue;
      met.add(at);
      open.push(...this.#needs(this.#plans.get(at)!, this.#unmade(at)));
    }
    return met;
  }

  /** What the partitions of a stage read that have not been launched. */
  #needs({ stage, flows, parents }: StagePlan, partitions: readonly number[]): Set<ExchangeId> {
    if (stage.inputs.every(({ kind }) => kind !== "cached")) return new Set(parents);
    return new Set(
      partitions.flatMap((partition) => [...this.#books.needs(stage, flows.get(partition)!)]),
    );
  }

  #unlaunched(job: Job): number[] {
    const stage = job.plans.at(-1)!.stage.id;
    const begun = this.#begunOf((id) => id === stage);
    return [...job.wanted].filter((p) => !job.delivered.has(p) && !begun.has(p));
  }

  #unmade(exchange: ExchangeId): number[] {
    const begun = this.#begunOf((id) => this.#exchangeOfStage.get(id) === exchange);
    const all = Array.from({ length: this.#sizes.get(exchange)! }, (_, partition) => partition);
    return all.filter((p) => !this.#kept.get(exchange)!.has(p) && !begun.has(p));
  }

  /** The partitions that run, or are done in a barrier stage that is not. */
  #begunOf(isMeant: (stage: StageId) => boolean): Set<number> {
    const begun = new Set<number>();
    for (const running of this.#executors.values()) {
      for (const { task, isCancelled } of running.values()) {
        if (!isCancelled && isMeant(task.stage)) begun.add(task.partition);
      }
    }
    for (const [stage, held] of this.#held) {
      if (isMeant(stage)) { for (const partition of held.keys()) begun.add(partition); }
    }
    return begun;
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
