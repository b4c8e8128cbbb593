/**
 * One life of the scheduler: a virtual engine with executors that die, files that vanish, tasks that
 * fail, and messages that come late, twice or not at all. The seed decides everything.
 *
 * Time is the number of the step: what may happen next lies in a heap of happenings, and chance picks
 * one. So every order of events that could be is as likely as any other, the unlikely ones included.
 */
import type { FailureReport } from "../../core/errors.ts";
import type { PlanId } from "../../core/plan/plan.ts";
import {
  type ExchangeId,
  type ExchangeLocation,
  type ExecutorId,
  type Flow,
  type JobId,
  type KeptElsewhere,
  type KeptId,
  type MapOutput,
  NO_METRICS,
  type Stage,
  type StageId,
  type Task,
  type TaskResult,
} from "../../core/task.ts";
import type {
  ExecutorFault,
  Instruction,
  Scheduler,
  SchedulerOptions,
  Stimulus,
} from "../../runtime/local/scheduler.ts";
import { DrawRule, readsOf } from "./draw_rule.ts";
import { keptIn, nameOf, walk } from "./kept_books.ts";
import { type Program, randomPrograms } from "./programs.ts";
import { Random } from "./random.ts";
import { readAll } from "./reading.ts";
import { OUTPUT_BYTES, Rules } from "./rules.ts";

/** What happened in a life, summed up over many of them to see that everything does happen. */
export type Tally = Map<string, number>;

export type CreateScheduler = (options: SchedulerOptions) => Scheduler;

/** Without its time, member by member. */
type Timeless<S> = S extends unknown ? Omit<S, "atMs"> : never;
type Executor = {
  readonly id: ExecutorId;
  readonly prepared: Map<StageId, { stage: Stage; locations: readonly ExchangeLocation[] }>;
  readonly running: Set<Running>;
  /** The partitions of persisted datasets that it keeps, by name. */
  readonly kept: Map<string, KeptId>;
  /** Those that it has let go of, and has not told the driver. */
  readonly dropped: KeptId[];
};
type Running = {
  readonly executor: Executor;
  readonly task: Task;
  readonly flow: Flow;
  readonly stage: Stage;
  readonly locations: readonly ExchangeLocation[];
  readonly elsewhere: readonly KeptElsewhere[];
  /** The datasets of which it was told, while it ran, to keep nothing. */
  readonly forgotten: Set<PlanId>;
  isCancelled: boolean;
};

const NOTHING: KeptId = { dataset: -1, partition: -1 };
const STEPS_MAX = 20_000;
/** How often time is looked at. Each step takes a millisecond. */
const TICK_RATE = 0.2;
const FAULTS: readonly ExecutorFault[] = [
  "outOfMemory",
  "exited",
  "signal",
  "signal",
  "heartbeat",
  "stopped",
];

/** Lives the life of a seed to its end. Throws, naming the seed, where a rule is broken. */
export function live(seed: number, create: CreateScheduler): Tally {
  const life = new Life(seed, create);
  try {
    return life.run();
  } catch (cause) {
    throw new Error(`seed ${seed}, step ${life.steps}: ${(cause as Error).message}`, { cause });
  }
}

class Life {
  steps = 0;
  readonly #random: Random;
  readonly #options: SchedulerOptions;
  readonly #scheduler: Scheduler;
  readonly #rules: Rules;
  /** What may happen next. */
  readonly #happenings: (() => void)[] = [];
  readonly #executors = new Map<ExecutorId, Executor>();
  /** Those that are to be replaced; they live until they are gone. */
  readonly #replaced = new Set<ExecutorId>();
  readonly #files = new Set<string>();
  readonly #exchanges = new Set<ExchangeId>();
  /** Those whose tasks draw at random. */
  readonly #drawing = new Set<ExchangeId>();
  readonly #drawRate: number;
  readonly #draws = new DrawRule();
  /** What the values of tasks were made of, by attempt. */
  readonly #valueReads = new Map<string, ReadonlySet<string>>();
  /** What each partition that was kept is called by the rule of draws: by executor and partition. */
  readonly #keptNames = new Map<string, string>();
  readonly #datasets = new Set<PlanId>();
  readonly #roomRate: number;
  readonly #evictionRate: number;
  /** Those that come when one before has finished. */
  readonly #later: Program[];
  readonly #unfinished = new Set<JobId>();
  readonly #failureRate: number;
  readonly #startFailureRate: number;
  readonly #disasterRate: number;
  #disasters: number;
  #starting = 0;
  #nextExecutor = 0;
  #nextStage = 0;
  readonly #tally: Tally = new Map();

  constructor(seed: number, create: CreateScheduler) {
    const random = this.#random = new Random(seed);
    this.#options = {
      executorsMax: random.between(1, 4),
      slotsPerExecutor: random.between(1, 3),
      attemptsMax: random.pick([1, 2, 4]),
      stageAttemptsMax: random.pick([undefined, 1, 2]),
      taskMsMax: random.pick([undefined, undefined, 5, 20]),
      speculation: random.pick([
        undefined,
        { quantile: 0.5, multiplier: 1, taskMsMin: 2 },
        { quantile: 0.75, multiplier: 2, taskMsMin: 0 },
      ]),
      sharing: random.pick([undefined, { mode: "FAIR", weights: new Map([["heavy", 3]]) }]),
      shuffleBytesMax: random.pick([undefined, undefined, 0, 4 * OUTPUT_BYTES, 12 * OUTPUT_BYTES]),
    };
    this.#failureRate = random.pick([0, 0, 0.1, 0.3]);
    this.#startFailureRate = random.pick([0, 0.1, 0.8]);
    this.#disasters = random.pick([0, 3, 10, 40]);
    this.#roomRate = random.pick([0.2, 0.8, 1]);
    this.#evictionRate = random.pick([0, 0.1, 0.4]);
    this.#drawRate = random.pick([0, 0, 0.3, 1]);
    this.#disasterRate = random.pick([0.05, 0.2, 0.4]);
    this.#scheduler = create(this.#options);
    this.#rules = new Rules(this.#options);
    const programs = randomPrograms(random);
    this.#later = programs.splice(random.chance(0.5) ? 1 : programs.length);
    for (const program of programs) this.#happenings.push(() => this.#submit(program));
  }

  run(): Tally {
    while (this.#happenings.length > 0) {
      if (++this.steps > STEPS_MAX) throw new Error("the life does not end");
      if (this.#random.chance(TICK_RATE)) this.#tell({ kind: "tick" });
      if (this.#disasters > 0 && this.#random.chance(this.#disasterRate)) this.#disaster();
      else this.#happen();
    }
    this.#rules.checkAllFinished();
    for (const exchange of this.#exchanges) this.#tell({ kind: "forget", exchange });
    for (const dataset of this.#datasets) this.#tell({ kind: "forgetKept", dataset });
    this.#rules.checkNothingLeft();
    return this.#tally;
  }

  #happen(): void {
    const index = this.#random.below(this.#happenings.length);
    const happening = this.#happenings[index]!;
    this.#happenings[index] = this.#happenings.at(-1)!;
    this.#happenings.pop();
    happening();
  }

  #count(what: string): void {
    this.#tally.set(what, (this.#tally.get(what) ?? 0) + 1);
  }

  // The engine's ears

  #tell(stimulus: Timeless<Stimulus>): void {
    const timed = { ...stimulus, atMs: this.steps } as Stimulus;
    this.#rules.before(timed);
    const instructions = this.#scheduler.handle(timed);
    for (const instruction of instructions) {
      this.#rules.see(instruction);
      this.#obey(instruction);
    }
    this.#rules.after();
    for (const { id, kept } of this.#executors.values()) {
      this.#rules.checkKeptForSomebody(id, [...kept.values()]);
    }
  }

  #submit({ job, wanted, stages, properties }: Program): void {
    const plans = stages(() => this.#nextStage++);
    for (const { stage: { inputs, output } } of plans) {
      if (output.kind === "exchange" && !this.#exchanges.has(output.id)) {
        this.#exchanges.add(output.id);
        if (this.#random.chance(this.#drawRate)) this.#drawing.add(output.id);
      }
      for (const input of inputs) if (input.kind === "cached") this.#datasets.add(input.id);
    }
    this.#count("jobs");
    this.#unfinished.add(job);
    this.#rules.expect(job, wanted);
    this.#draws.submitted(job, this.steps);
    this.#tell({ kind: "jobSubmitted", job, name: `count ${job}`, stages: plans, properties });
  }

  #welcome(): void {
    this.#starting--;
    if (this.#disasters > 0 && this.#random.chance(this.#startFailureRate)) {
      this.#disasters--;
      return this.#tell({ kind: "startFailed", reason: "no process" });
    }
    const id = this.#nextExecutor++;
    const nothing = { prepared: new Map(), running: new Set<Running>(), kept: new Map() };
    this.#executors.set(id, { id, ...nothing, dropped: [] });
    this.#tell({ kind: "executorReady", executor: id, slots: this.#options.slotsPerExecutor });
  }

  // The engine's hands

  #obey(instruction: Instruction): void {
    switch (instruction.kind) {
      case "recruit": {
        const more = instruction.executors - this.#executors.size - this.#starting;
        this.#starting += Math.max(0, more);
        for (let i = 0; i < more; i++) this.#happenings.push(() => this.#welcome());
        break;
      }
      case "prepare": {
        const { stage, locations } = instruction;
        this.#executors.get(instruction.executor)!.prepared.set(stage.id, { stage, locations });
        break;
      }
      case "replace":
        this.#replace(instruction.executor);
        break;
      case "release":
        this.#executors.get(instruction.executor)!.prepared.delete(instruction.stage);
        break;
      case "launch":
        this.#launch(instruction);
        break;
      case "cancel":
        if (instruction.reason.includes("made anew")) this.#count("undone");
        for (const running of this.#executors.get(instruction.executor)!.running) {
          if (sameTask(running.task, instruction.task)) running.isCancelled = true;
        }
        break;
      case "discard":
        for (const file of instruction.files) this.#files.delete(file);
        break;
      case "finish":
        this.#unfinished.delete(instruction.job);
        if (instruction.outcome.ok) this.#draws.check(instruction.job);
        for (const program of this.#later.splice(0, 1)) {
          this.#happenings.push(() => this.#submit(program));
        }
        this.#count(instruction.outcome.ok ? "succeeded" : `${instruction.outcome.failure.code}`);
        break;
      case "forgetKept": {
        const { kept, running } = this.#executors.get(instruction.executor)!;
        for (const { forgotten } of running) forgotten.add(instruction.dataset);
        for (const [name, id] of kept) if (id.dataset === instruction.dataset) kept.delete(name);
        break;
      }
      case "deliver": {
        const { job, stage, blocks } = instruction;
        this.#draws.delivered(job, this.#valueReads.get(`${stage}/${blocks[0]}`)!);
        break;
      }
      case "accumulate":
      case "announce":
        break;
    }
  }

  #launch(launch: Extract<Instruction, { kind: "launch" }>): void {
    const { executor: id, task, info, flow, elsewhere } = launch;
    const executor = this.#executors.get(id)!;
    const prepared = executor.prepared.get(task.stage)!;
    const running = {
      ...{ executor, task, flow, elsewhere, ...prepared },
      forgotten: new Set<PlanId>(),
      isCancelled: false,
    };
    const exchanges = prepared.stage.inputs.filter(({ kind }) => kind === "exchange");
    if (prepared.locations.length < exchanges.length) this.#count("withoutExchange");
    const isRival = [...this.#executors.values()].some((other) =>
      [...other.running].some(({ task: { stage, partition }, isCancelled }) =>
        !isCancelled && stage === task.stage && partition === task.partition
      )
    );
    if (isRival) this.#count("rivals");
    executor.running.add(running);
    this.#count("launches");
    if (info.addresses !== undefined) {
      this.#count(info.stageAttempt === 0 ? "barrierLaunches" : "barrierRelaunches");
    }
    this.#happenings.push(() => this.#taskEnds(running));
  }

  // What happens to tasks

  #taskEnds(running: Running): void {
    const { executor } = running;
    if (!executor.running.delete(running)) return; // its executor died meanwhile
    const result = this.#result(running);
    this.#tellDropped(executor);
    if (result.kind === "value" || result.kind === "written") {
      for (const id of result.kept ?? []) executor.kept.set(nameOf(id), id);
      if (this.#random.chance(this.#evictionRate)) this.#evict();
    }
    this.#tell({ kind: "taskEnded", executor: executor.id, result });
    if (this.#random.chance(0.05)) this.#comeLate(executor.id, result);
  }

  /** A message that comes once more, or from one who is dead, whenever it likes. */
  #comeLate(executor: ExecutorId, result: TaskResult): void {
    this.#count("late");
    this.#happenings.push(() => this.#tell({ kind: "taskEnded", executor, result }));
  }

  #result(running: Running): TaskResult {
    const { stage, task, executor, isCancelled } = running;
    const base = { task, metrics: NO_METRICS };
    if (isCancelled && this.#random.chance(0.5)) return { ...base, kind: "killed", reason: "told" };
    const found = readAll(stage, running.flow, {
      locations: running.locations,
      isThere: (file) => this.#files.has(file),
      kept: (id) => this.#keptState(running, id),
    });
    if (found.kind !== "all") {
      this.#count(found.kind === "inputLost" ? "lostOutputs" : "keptLost");
      return { ...base, ...found, detail: "not there" };
    }
    if (this.#random.chance(this.#failureRate)) {
      this.#count("failures");
      return { ...base, kind: "failed", failure: this.#failure() };
    }
    const kept = found.made.filter(() => this.#random.chance(this.#roomRate))
      .filter(({ dataset }) => !running.forgotten.has(dataset))
      .map((id) => ({ ...id, bytesInMemory: 1, bytesOnDisk: 0 }));
    const reads = this.#reads(running, kept);
    const updates = [{ id: task.stage, bytes: new Uint8Array([task.partition]) }];
    if (stage.output.kind === "action") {
      const block = new Uint8Array([task.partition, task.attempt >> 8, task.attempt]);
      this.#valueReads.set(`${task.stage}/${block}`, reads);
      return { ...base, kind: "value", blocks: [block], updates, kept };
    }
    const name = `${stage.output.id}-${task.stage}-${task.partition}-${task.attempt}`;
    const output = this.#write(`${name}-${executor.id}`);
    const drew = this.#drawing.has(stage.output.id);
    const place = drew ? `${stage.output.id}/${task.partition}` : undefined;
    this.#draws.made(output.file, { place, reads, atMs: this.steps });
    return { ...base, kind: "written", output, updates, kept, drew };
  }

  /** What a task has read; what it keeps of that is known from now on. */
  #reads({ executor, elsewhere, stage, flow, locations }: Running, kept: readonly KeptId[]) {
    const keptAs = (id: KeptId) => {
      const name = nameOf(id);
      const other = elsewhere.find((place) => nameOf(place) === name)?.executor ?? -1;
      const holder = executor.kept.has(name) ? executor : this.#executors.get(other);
      return holder?.kept.has(name) ? this.#keptNames.get(`${holder.id}/${name}`) : undefined;
    };
    for (const id of kept) {
      const at = [...walk(flow)].find((at) => nameOf(keptIn(stage, at) ?? NOTHING) === nameOf(id));
      const reads = readsOf(stage, (at as Flow & { kind: "keep" }).from, locations, keptAs);
      const name = `${nameOf(id)} of executor ${executor.id}, step ${this.steps}`;
      this.#draws.made(name, { place: undefined, reads, atMs: this.steps });
      this.#keptNames.set(`${executor.id}/${nameOf(id)}`, name);
    }
    return readsOf(stage, flow, locations, keptAs);
  }

  // What is kept

  #keptState({ executor, elsewhere }: Running, id: KeptId): "there" | "absent" | "broken" {
    const name = nameOf(id);
    const place = elsewhere.find((other) => nameOf(other) === name);
    const holder = executor.kept.has(name) ? executor : this.#executors.get(place?.executor ?? -1);
    if (holder?.kept.has(name) !== true) return "absent";
    if (this.#disasters > 0 && this.#random.chance(0.3)) {
      this.#disasters--;
      this.#drop(holder, id);
      return this.#random.chance(0.5) ? "broken" : "absent";
    }
    this.#count(holder === executor ? "keptReads" : "keptElsewhere");
    return "there";
  }

  /** Who drops something says so before whatever else it says. */
  #drop(executor: Executor, id: KeptId): void {
    executor.kept.delete(nameOf(id));
    executor.dropped.push(id);
    this.#happenings.push(() => this.#tellDropped(executor));
  }

  #tellDropped(executor: Executor): void {
    if (!this.#executors.has(executor.id)) return;
    for (const id of executor.dropped.splice(0)) {
      this.#tell({ kind: "keptDropped", executor: executor.id, id });
    }
  }

  #evict(): void {
    const holders = [...this.#executors.values()].filter(({ kept }) => kept.size > 0);
    if (holders.length === 0) return;
    this.#count("evictions");
    const executor = this.#random.pick(holders);
    this.#drop(executor, this.#random.pick([...executor.kept.values()]));
  }

  #unpersist(): void {
    if (this.#datasets.size === 0) return;
    this.#tell({ kind: "forgetKept", dataset: this.#random.pick([...this.#datasets]) });
  }

  #failure(): FailureReport {
    return this.#random.chance(0.2)
      ? { name: "RecordError", code: "UnhashableKey", message: "a function", final: true }
      : { name: "Error", message: "boom" };
  }

  /** Samples differ from attempt to attempt, as they may: bounds must not. */
  #write(file: string): MapOutput {
    this.#files.add(file);
    const sample = Array.from({ length: 3 }, () => new Uint8Array([this.#random.below(256)]));
    return { file, records: 3, bytes: OUTPUT_BYTES, sample };
  }

  // What befalls the engine

  #disaster(): void {
    this.#disasters--;
    const draw = this.#random.next();
    if (draw < 0.35) this.#loseExecutor();
    else if (draw < 0.65) this.#loseFile();
    else if (draw < 0.78) this.#evict();
    else if (draw < 0.8) this.#unpersist();
    else if (draw < 0.9) this.#cancelJob();
    else if (draw < 0.97) this.#forgetExchange();
    else this.#pause();
  }

  #loseExecutor(): void {
    if (this.#executors.size === 0) return;
    const executor = this.#random.pick([...this.#executors.values()]);
    this.#count("losses");
    this.#executors.delete(executor.id);
    const running = [...executor.running];
    for (const one of running) {
      if (this.#random.chance(0.3)) this.#comeLate(executor.id, this.#result(one));
    }
    executor.running.clear();
    const culprit = this.#random.chance(0.2) && running.length > 0
      ? this.#random.pick(running).task
      : undefined;
    const fault = this.#random.pick(FAULTS);
    this.#tell({ kind: "executorLost", executor: executor.id, fault, reason: fault, culprit });
  }

  /** An executor holds too much memory, and says so until it holds less or is gone. */
  #pause(): void {
    if (this.#executors.size === 0) return;
    const { id: executor } = this.#random.pick([...this.#executors.values()]);
    this.#count("pauses");
    const beat = () => {
      if (!this.#executors.has(executor)) return;
      const isPaused = this.#random.chance(0.8);
      this.#tell({ kind: "executorPaused", executor, isPaused, reason: "full" });
      if (isPaused) this.#happenings.push(beat);
    };
    beat();
  }

  #replace(executor: ExecutorId): void {
    if (this.#replaced.has(executor)) return;
    this.#replaced.add(executor);
    this.#count("replaced");
    this.#happenings.push(() => {
      if (!this.#executors.delete(executor)) return;
      this.#tell({ kind: "executorLost", executor, fault: "stopped", reason: "replaced" });
    });
  }

  #loseFile(): void {
    if (this.#files.size > 0) this.#files.delete(this.#random.pick([...this.#files]));
  }

  #cancelJob(): void {
    if (this.#unfinished.size === 0) return;
    this.#count("cancelled");
    const failure = { name: "CancelledError", code: "Cancelled", message: "by hand" } as const;
    this.#tell({ kind: "jobCancelled", job: this.#random.pick([...this.#unfinished]), failure });
  }

  #forgetExchange(): void {
    if (this.#exchanges.size === 0) return;
    this.#tell({ kind: "forget", exchange: this.#random.pick([...this.#exchanges]) });
  }
}

export function sameTask(a: Task, b: Task): boolean {
  return a.stage === b.stage && a.partition === b.partition && a.attempt === b.attempt;
}
