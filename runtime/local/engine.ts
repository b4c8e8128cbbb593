/**
 * The local engine: the hands and ears of the scheduler.
 *
 *     run(job) ─► cut ─► scheduler ─► instructions ─► pool, files, job values, events
 *                            ▲                          │
 *                            └── stimuli ◄── executors ─┘
 *
 * It decides nothing. What happens becomes a stimulus, what the scheduler answers is done, in order.
 * While no job runs nothing here keeps the process alive, and whatever way the process ends, its
 * executors end and its folders go.
 */
import type { BroadcastId, Engine, EngineHost, Job, TaskValue } from "../../core/engine.ts";
import { encodeValue } from "../../core/codec/binary.ts";
import type { Grants } from "../../core/grants.ts";
import { CancelledError, PlanError } from "../../core/errors.ts";
import type { Outcome } from "../../core/events.ts";
import { commandsOf } from "../../core/plan/ops.ts";
import { cut } from "../../core/plan/stages.ts";
import type { PlanId } from "../../core/plan/plan.ts";
import type {
  ExchangeLocation,
  ExecutorId,
  JobId,
  Stage,
  StageId,
  Task,
  TaskResult,
} from "../../core/task.ts";
import { removeBroadcast, writeBroadcast } from "../../workers/broadcast_file.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";
import type { FromExecutor } from "../../workers/protocol.ts";
import { filesFolder } from "../../workers/spark_files.ts";
import { mapStack } from "../source_places.ts";
import { ArrivingValues } from "./arriving_values.ts";
import { type Answer, Barriers } from "./barriers.ts";
import { Clock } from "./clock.ts";
import { ExecutorFiles } from "./executor_files.ts";
import type { Ending } from "./executor_process.ts";
import { watchExit } from "./exit.ts";
import { failedJob } from "./failed_job.ts";
import { resultFailure } from "./failures.ts";
import { type LocalFolders, makeLocalFolders } from "./folders.ts";
import { JobValues } from "./job_values.ts";
import { KeptReads } from "./kept_reads.ts";
import { taskKey } from "./placement.ts";
import { Pool, type PoolOptions } from "./pool.ts";
import type { Sharing } from "./pools.ts";
import type { Speculation } from "./speculation.ts";
import { createScheduler, type Instruction, type Scheduler, type Stimulus } from "./scheduler.ts";

export type LocalEngineOptions = Readonly<{
  executors: number;
  slotsPerExecutor: number;
  /** A task whose user code fails so often fails its job. */
  attemptsMax: number;
  /** What one task may hold before it spills. */
  workerMemoryBytes: number;
  /** The share of it that kept partitions may take; 0.5 by default. */
  storageFraction?: number | undefined;
  /** An executor that comes near it is killed (workers/memory_levels.ts). */
  executorMemoryBytes: number;
  /** A stage that loses the same part of its input so often fails its job; 4 by default. */
  stageAttemptsMax?: number | undefined;
  /** A task that runs longer has failed, and is ended; no limit by default. */
  taskMsMax?: number | undefined;
  /** When tasks that are late get a second attempt, and how often that is looked at; never by default. */
  speculation?: Speculation & Readonly<{ intervalMs: number }> | undefined;
  /** Local directories, in which the engine makes private folders. */
  folders: readonly string[];
  /** What the tasks of all stages may do. */
  grants: Grants;
  /** What the values of a job may come to, encoded, in bytes; no limit by default. */
  resultBytesMax?: number | undefined;
  /** Shuffle output that no running job reads is let go above this; no limit by default. */
  shuffleBytesMax?: number | undefined;
  /** How jobs share the executors; first come, first served by default. */
  sharing?: Sharing | undefined;
  /** Environment variables of the executors, beside those of the driver. */
  environment?: Readonly<Record<string, string>> | undefined;
  /** The program of the executors: workers/executor.ts, unless a test has one of its own. */
  executorEntry?: URL | undefined;
  /** How executors reach this process, as `PoolOptions` has it. */
  listen?: PoolOptions["listen"];
}>;

const STORAGE_FRACTION = 0.5;
/** What a task has at least, however much is kept: enough for all that one may hold at once. */
const TASK_BYTES_MIN = 1 << 20;

/** How often it is looked who takes too long, where speculation does not say it. */
const TICK_MS = 100;

/** How long a cancelled task may go on before its executor is killed. */
const CANCEL_MS_MAX = 300;

/**
 * An engine of executors on this machine. The first executor starts at once, so that it is ready
 * when the first job comes. Throws an OutputError where a folder cannot be used.
 */
export function createLocalEngine(options: LocalEngineOptions, host: EngineHost): Engine {
  return new LocalEngine(options, host);
}

/** A stimulus without its time. */
type Untimed = Stimulus extends infer S ? S extends unknown ? Omit<S, "atMs"> : never : never;

/** What an executor that can take tasks has been told, and what it does. */
type Known = {
  /** Stages that it has. */
  readonly stages: Set<StageId>;
  /** Timers of tasks that have been asked to end. */
  readonly cancelTimers: Map<string, ReturnType<typeof setTimeout>>;
};

class LocalEngine implements Engine {
  readonly name = "local";
  readonly parallelism: number;
  readonly filesFolder: string;
  readonly #options: LocalEngineOptions;
  readonly #host: EngineHost;
  readonly #folders: LocalFolders;
  readonly #files: ExecutorFiles;
  readonly #pool: Pool;
  readonly #scheduler: Scheduler;
  readonly #keptReads = new KeptReads((executor, message) => this.#pool.send(executor, message));
  readonly #barriers = new Barriers();
  readonly #clock: Clock | undefined;
  readonly #exitWatch: Disposable;
  readonly #executors = new Map<ExecutorId, Known>();
  readonly #jobs = new Map<JobId, JobValues>();
  readonly #arriving: ArrivingValues;
  /** The job of each stage that saves: its files are named by it. */
  readonly #savingJobs = new Map<StageId, JobId>();
  readonly #encodedStages = new WeakMap<Stage, Uint8Array>();
  readonly #warnings = new Set<string>();
  /** What has happened while instructions were being carried out. */
  readonly #untold: Stimulus[] = [];
  #isTelling = false;
  /** The last executor that was to start did not, and there is no other. */
  #cannotStart = false;
  #stageCount = 0;
  #stopped: Promise<void> | undefined;

  constructor(options: LocalEngineOptions, host: EngineHost) {
    this.#options = options;
    this.#host = host;
    this.parallelism = options.executors * options.slotsPerExecutor;
    this.#folders = makeLocalFolders(options.folders);
    this.filesFolder = filesFolder(this.#folders.paths);
    this.#files = new ExecutorFiles(denoPlatform, this.#folders.paths);
    this.#arriving = new ArrivingValues(options.resultBytesMax ?? Infinity);
    this.#scheduler = createScheduler({
      executorsMax: options.executors,
      slotsPerExecutor: options.slotsPerExecutor,
      attemptsMax: options.attemptsMax,
      stageAttemptsMax: options.stageAttemptsMax,
      taskMsMax: options.taskMsMax,
      speculation: options.speculation,
      shuffleBytesMax: options.shuffleBytesMax,
      sharing: options.sharing,
    });
    this.#pool = new Pool(
      {
        setup: {
          slots: options.slotsPerExecutor,
          folders: this.#folders.paths,
          workerMemoryBytes: options.workerMemoryBytes,
          storageBytesMax: storageBytesMax(options),
          grants: options.grants,
        },
        socketPath: this.#folders.socketPath,
        listen: options.listen,
        entry: options.executorEntry,
        environment: options.environment,
        allFolders: this.#folders.all,
        executorMemoryBytes: options.executorMemoryBytes,
      },
      {
        heard: (executor, message) => this.#heard(executor, message),
        lost: (executor, ending) => this.#lost(executor, ending),
        paused: (executor, isPaused, reason) =>
          this.#tell({ kind: "executorPaused", executor, isPaused, reason }),
        startFailed: (reason) => {
          this.#cannotStart = this.#executors.size === 0;
          this.#tell({ kind: "startFailed", reason });
        },
        printed: (executor, line) => {
          host.events.emit({ type: "executor.printed", executor, line });
          printToStderr(line);
        },
      },
    );
    if (options.taskMsMax !== undefined || options.speculation !== undefined) {
      const intervalMs = options.speculation?.intervalMs ?? TICK_MS;
      this.#clock = new Clock(intervalMs, () => this.#tell({ kind: "tick" }));
    }
    const removeFolders = () => this.#folders[Symbol.dispose]();
    this.#exitWatch = watchExit(
      () => {
        // For ever: who waits for a job, or for the end, does not learn of it and goes on.
        this.#stopped ??= new Promise(() => {});
        this.#pool.stopNow();
        removeFolders();
      },
      // Where one starts, it does that. A program that goes on has lost what nobody could have read.
      () => this.#cannotStart && removeFolders(),
      () => host.interrupted(),
    );
    this.#pool.recruit(1);
  }

  async *run(job: Job): AsyncGenerator<TaskValue> {
    if (this.#stopped !== undefined) {
      throw new PlanError("ContextStopped", `Cannot run ${job.name}: the context has been stopped`);
    }
    job.signal?.throwIfAborted();
    const values = new JobValues();
    const cancel = () => this.#cancelJob(job.id, values, job.signal?.reason);
    job.signal?.addEventListener("abort", cancel);
    try {
      this.#submit(job, values);
      yield* values;
    } finally {
      job.signal?.removeEventListener("abort", cancel);
      // Whoever stops listening before the end wants no more of it.
      if (!values.ended) this.#cancelJob(job.id, values, undefined);
    }
  }

  /**
   * At once and in the call itself: the first capture of a function loads a module of Node, and
   * microtasks that run meanwhile cannot load another one, as that of the checksum.
   */
  publish(id: BroadcastId, bytes: Uint8Array): Promise<void> {
    return Promise.try(() => writeBroadcast(denoPlatform, this.#folders.paths[0]!, id, bytes));
  }

  async unpersist(id: BroadcastId): Promise<void> {
    await Promise.resolve();
    for (const executor of this.#executors.keys()) {
      this.#pool.send(executor, { kind: "dropBroadcast", broadcast: id });
    }
  }

  async unpublish(id: BroadcastId): Promise<void> {
    await this.unpersist(id);
    removeBroadcast(denoPlatform, this.#folders.paths[0]!, id);
  }

  /** At once: a job that is submitted after it may keep the dataset again. */
  forget(plan: PlanId, what?: "output" | "kept"): Promise<void> {
    if (this.#stopped === undefined && what !== "kept") {
      this.#tell({ kind: "forget", exchange: plan, isForGood: what === undefined });
    }
    if (this.#stopped === undefined && what !== "output") {
      this.#tell({ kind: "forgetKept", dataset: plan });
    }
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stopped ??= this.#stop();
  }

  async #stop(): Promise<void> {
    for (const [job, values] of this.#jobs) {
      const stopped = new CancelledError("Cancelled", `the context was stopped during job ${job}`);
      this.#cancelJob(job, values, stopped);
    }
    this.#exitWatch[Symbol.dispose]();
    this.#clock?.stop();
    await this.#pool.stop();
    for (const known of this.#executors.values()) clearTimers(known);
    this.#folders[Symbol.dispose]();
  }

  #submit(job: Job, values: JobValues): void {
    const stages = cut(job.plan, job.action, {
      nextStage: () => this.#stageCount++,
      partitions: job.partitions,
      name: job.name,
      classes: job.classes,
      grants: this.#options.grants,
      properties: job.properties,
    });
    const last = stages.at(-1)!.stage;
    if (job.action.kind === "save") this.#savingJobs.set(last.id, job.id);
    this.#jobs.set(job.id, values);
    this.#arriving.expect(last, job);
    this.#pool.setReferenced(true);
    this.#clock?.start();
    const { id, name, properties } = job;
    this.#tell({ kind: "jobSubmitted", job: id, name, stages, properties });
  }

  /** Ends a job for the one who iterates at once; its tasks end when they can. */
  #cancelJob(job: JobId, values: JobValues, reason: unknown): void {
    const error = reason ?? new CancelledError("Cancelled", "the job was cancelled");
    this.#tell({ kind: "jobCancelled", job, failure: values.cancel(error) });
  }

  #heard(executor: ExecutorId, message: FromExecutor): void {
    switch (message.kind) {
      case "ready":
        return this.#ready(executor);
      case "value":
        return this.#arrived(executor, message.task, message.bytes, message.blockBytes);
      case "ended":
        return this.#taskEnded(executor, message.result);
      case "keptDropped": {
        const { dataset, partition } = message;
        return this.#tell({ kind: "keptDropped", executor, id: { dataset, partition } });
      }
      case "wantKept":
        return this.#keptReads.wanted(executor, message);
      case "keptExported":
        return this.#keptReads.exported(executor, message);
      case "meet":
        return this.#answer(
          this.#barriers.arrived(executor, message.task, message.meeting, message.message),
        );
      case "hello":
      case "heartbeat":
      case "ending":
      case "programStarted":
      case "programEnded":
        return;
    }
  }

  #ready(executor: ExecutorId): void {
    this.#cannotStart = false;
    this.#executors.set(executor, {
      stages: new Set(),
      cancelTimers: new Map(),
    });
    this.#keptReads.welcome(executor);
    const { slotsPerExecutor: slots, executorMemoryBytes: memoryBytesMax } = this.#options;
    this.#host.events.emit({ type: "executor.started", executor, slots, memoryBytesMax });
    this.#tell({ kind: "executorReady", executor, slots });
  }

  #lost(executor: ExecutorId, { fault, reason }: Ending): void {
    const known = this.#executors.get(executor);
    this.#executors.delete(executor);
    if (known !== undefined) clearTimers(known);
    if (this.#stopped !== undefined) return;
    this.#host.events.emit({ type: "executor.lost", executor, reason });
    this.#arriving.lost(executor);
    this.#barriers.lost(executor);
    this.#tell({ kind: "executorLost", executor, fault, reason });
    // Those who waited for it to write what it kept must not wait for ever.
    this.#keptReads.lost(executor);
    this.#files.lost(executor);
    // One is always there: for the next job, and to clean up should an uncaught error end us.
    if (this.#stopped === undefined) this.#pool.recruit(1);
  }

  /** Counted before it is held: a job that brings too much ends at once. */
  #arrived(executor: ExecutorId, task: Task, bytes: Uint8Array, blockBytes?: number): void {
    const excess = this.#arriving.add(executor, task, bytes, blockBytes);
    if (excess === undefined) return;
    this.#tell({ kind: "jobCancelled", job: excess.job.id, failure: resultFailure(excess) });
  }

  #taskEnded(executor: ExecutorId, told: TaskResult): void {
    const known = this.#executors.get(executor);
    if (known === undefined) return;
    const key = taskKey(told.task);
    clearTimeout(known.cancelTimers.get(key));
    known.cancelTimers.delete(key);
    if (told.kind === "value") {
      for (const block of told.blocks) this.#arrived(executor, told.task, block);
    }
    const blocks = this.#arriving.take(executor, told.task);
    const result = told.kind === "value" ? { ...told, blocks } : told;
    if (result.kind === "value" || result.kind === "written") {
      for (const warning of result.warnings ?? []) this.#warnOnce(warning);
    }
    if (result.kind === "written") this.#files.wrote(result.output.file);
    this.#answer(this.#barriers.ended(result.task, isWell(result)));
    this.#tell({ kind: "taskEnded", executor, result });
  }

  #answer(answers: readonly Answer[]): void {
    for (const { executor, task, ...answer } of answers) {
      this.#pool.send(
        executor,
        "failure" in answer
          ? { kind: "notMet", task, ...answer }
          : { kind: "met", task, ...answer },
      );
    }
  }

  #warnOnce(warning: string): void {
    if (this.#warnings.has(warning)) return;
    this.#warnings.add(warning);
    this.#host.warn(warning);
  }

  /**
   * Tells the scheduler, and does what it answers. What happens while that is being done, such as a
   * listener that aborts the job it hears of, is told afterwards: instructions keep their order.
   */
  #tell(stimulus: Untimed): void {
    this.#untold.push({ ...stimulus, atMs: performance.now() } as Stimulus);
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      for (let next = this.#untold.shift(); next !== undefined; next = this.#untold.shift()) {
        for (const instruction of this.#scheduler.handle(next)) this.#do(instruction);
      }
    } finally {
      this.#isTelling = false;
    }
  }

  #do(instruction: Instruction): void {
    switch (instruction.kind) {
      case "recruit":
        return this.#pool.recruit(instruction.executors);
      case "prepare":
        return this.#prepare(instruction.executor, instruction.stage, instruction.locations);
      case "release":
        this.#executors.get(instruction.executor)?.stages.delete(instruction.stage);
        return this.#pool.send(instruction.executor, instruction);
      case "launch":
        this.#barriers.launched(instruction.executor, instruction.task, instruction.info);
        return this.#pool.send(instruction.executor, instruction);
      case "replace": {
        const { executor, reason } = instruction;
        return this.#pool.kill(executor, { fault: "stopped", reason });
      }
      case "forgetKept":
        return this.#pool.send(instruction.executor, instruction);
      case "cancel":
        return this.#cancelTask(instruction.executor, instruction.task, instruction.reason);
      case "deliver":
        this.#accumulate(instruction);
        return this.#jobs.get(instruction.job)?.push(instruction);
      case "accumulate":
        return this.#accumulate(instruction);
      case "discard":
        return this.#files.discard(instruction.files);
      case "finish":
        return this.#finish(instruction.job, instruction.outcome);
      case "announce":
        return this.#host.events.emit(instruction.event);
    }
  }

  #prepare(executor: ExecutorId, stage: Stage, locations: readonly ExchangeLocation[]): void {
    const known = this.#executors.get(executor);
    if (known === undefined) return;
    const isNew = !known.stages.has(stage.id);
    if (isNew) {
      known.stages.add(stage.id);
      let bytes = this.#encodedStages.get(stage);
      if (bytes === undefined) this.#encodedStages.set(stage, bytes = encodeValue(stage));
      const job = this.#savingJobs.get(stage.id);
      const commands = commandsOf(stage.chains);
      const action = stage.output.kind === "action" ? stage.output.action : undefined;
      this.#pool.send(executor, {
        kind: "prepare",
        stage: stage.id,
        bytes,
        ...(commands.length > 0 ? { commands } : {}),
        ...(stage.grants ? { grants: stage.grants } : {}),
        ...(action?.kind === "save" && job !== undefined
          ? { save: { format: action.format, options: action.options, job } }
          : {}),
      });
    }
    if (isNew && locations.length === 0) return;
    this.#pool.send(executor, { kind: "locate", stage: stage.id, bytes: encodeValue(locations) });
  }

  /** Asks the task to end, and ends its executor if it does not. */
  #cancelTask(executor: ExecutorId, task: Task, reason: string): void {
    const known = this.#executors.get(executor);
    if (known === undefined) return;
    this.#pool.send(executor, { kind: "cancel", task, reason });
    const timer = setTimeout(() => {
      const spent = `a cancelled task went on for ${CANCEL_MS_MAX} ms`;
      this.#pool.kill(executor, { fault: "stopped", reason: spent });
    }, CANCEL_MS_MAX);
    known.cancelTimers.set(taskKey(task), timer);
  }

  /** Sums may be added by a function of the user; where that throws, only its job fails. */
  #accumulate({ job, stage, updates }: Extract<Instruction, { updates: unknown }>): void {
    if (updates.length === 0) return;
    try {
      this.#host.accumulate(job, stage, updates);
    } catch (error) {
      const values = this.#jobs.get(job);
      if (values !== undefined) this.#cancelJob(job, values, error);
    }
  }

  /**
   * A job that was cancelled has failed, for eyes as for the one who iterates, also where its last task
   * was done before the scheduler heard of it: so are those whose last sums could not be added.
   */
  #finish(job: JobId, told: Outcome): void {
    const values = this.#jobs.get(job);
    const failure = values?.cancelled;
    const outcome = failure === undefined ? told : { ok: false, failure } as const;
    this.#host.events.emit({ type: "job.ended", job, outcome });
    this.#jobs.delete(job);
    this.#arriving.forget(job);
    for (const [stage, saving] of this.#savingJobs) {
      if (saving === job) this.#savingJobs.delete(stage);
    }
    values?.end(outcome.ok ? undefined : () => failedJob(outcome.failure, mapStack));
    if (this.#jobs.size > 0) return;
    this.#pool.setReferenced(false);
    this.#clock?.stop();
  }
}

/** What an executor may keep in memory: its share of the budgets of all its slots. */
function storageBytesMax(options: LocalEngineOptions): number {
  const { slotsPerExecutor, workerMemoryBytes, storageFraction = STORAGE_FRACTION } = options;
  const bytes = Math.min(workerMemoryBytes * storageFraction, workerMemoryBytes - TASK_BYTES_MIN);
  return slotsPerExecutor * Math.max(0, Math.floor(bytes));
}

function isWell({ kind }: TaskResult): boolean {
  return kind === "value" || kind === "written";
}

function clearTimers(known: Known): void {
  for (const timer of known.cancelTimers.values()) clearTimeout(timer);
  known.cancelTimers.clear();
}

const encoder = new TextEncoder();

/** What executors print is a log, and never mixes with what the program itself prints. */
function printToStderr(line: string): void {
  Deno.stderr.writeSync(encoder.encode(`${line}\n`));
}
