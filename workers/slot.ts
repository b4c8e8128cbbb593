/**
 * One slot of an executor: one task at a time, in a worker that is replaced when it ends.
 *
 *     driver ── launch ──► Slot ── prepare, locate, launch ──► worker
 *                           │  ◄── open ─── Source.read ── piece ──►     inputs, with look-ahead
 *                           │  ◄── openKept, keep ─── BlockCache         kept partitions
 *            ◄── value ─────┤  ◄── emit                                  blocks of values
 *                           └──► attempt file  ◄── emit                  the bytes of a sink
 *            ◄── ended ─────┘  ◄── ended
 *
 * Everything here is our code in the control thread: it holds the permissions and touches what lies
 * outside, so that the worker needs none for its input and output.
 */
import { encodeBlock } from "../core/codec/codec.ts";
import { assert, CancelledError, type FailureReport, reportOf } from "../core/errors.ts";
import { areSameGrants, type Grants } from "../core/grants.ts";
import type { BroadcastId } from "../core/engine.ts";
import type { PipeCommand } from "../core/plan/ops.ts";
import type { Options, Split } from "../core/plan/plan.ts";
import type { Platform } from "../core/platform.ts";
import { NO_METRICS, type StageId, type Task, type TaskResult } from "../core/task.ts";
import type { FileSystem } from "../io/file_system.ts";
import type { SavedPart } from "../io/sink.ts";
import { AttemptFile, type AttemptPlace } from "./attempt_file.ts";
import { keepAnswer, type KeepingHost, TaskKeeping } from "./keeping.ts";
import { ownFolderName } from "./local_io.ts";
import { workerPermissions } from "./permissions.ts";
import { Pipes, type PipesHost } from "./pipes.ts";
import type {
  ExecutorSetup,
  FromExecutor,
  FromWorker,
  SaveTarget,
  ToExecutor,
  ToWorker,
} from "./protocol.ts";
import { Streams } from "./streams.ts";
import { servingFailure } from "./task_failure.ts";
import { TaskWorker, type TaskWorkerHost } from "./task_worker.ts";

/** What goes to the driver in one message of a value: with its header one frame, which nobody joins. */
const VALUE_BYTES_MAX = (1 << 20) - (4 << 10);

/** How long a worker may go on that is to be replaced. */
const RETIRE_MS_MAX = 2_000;

/** A stage as an executor keeps it, encoded: only workers look inside. */
export type StageEntry = {
  readonly stage: StageId;
  readonly bytes: Uint8Array;
  readonly save: SaveTarget | undefined;
  /** What its pipes may run. */
  readonly commands: readonly PipeCommand[];
  /** What its functions may do. */
  readonly grants: Grants;
  /** The encoded ExchangeLocation[] of its inputs; another array whenever they have changed. */
  locations: Uint8Array | undefined;
};

/** What a slot may ask of the process around it. */
export type SlotHost = Readonly<{
  platform: Platform;
  /** Where the bytes of sinks go. */
  files: FileSystem;
  start: TaskWorkerHost["start"];
  unlocked: TaskWorkerHost["unlocked"];
  startProgram: PipesHost["startProgram"];
  /** Writes to the log of the executor. */
  print: PipesHost["print"];
  /** The bytes of a split, as its source reads them. */
  read: (format: string, options: Options, split: Split) => AsyncIterable<Uint8Array>;
  /** Where the bytes of an attempt at saving go. */
  attemptPlace: (save: SaveTarget, task: Task) => AttemptPlace;
  /** What the executor keeps of persisted datasets. */
  keeping: KeepingHost;
  /** Says something to the driver; resolves when it has been sent. */
  report: (message: FromExecutor) => Promise<void>;
  /** Ends the process: it cannot run tasks. */
  broken: (reason: string) => void;
}>;

/** The task that runs, and what it needs besides its worker. */
type Running = {
  readonly task: Task;
  readonly entry: StageEntry;
  readonly message: ToExecutor & { kind: "launch" };
  readonly startedMs: number;
  readonly file: AttemptFile | undefined;
  readonly commands: readonly PipeCommand[];
  readonly keeping: TaskKeeping;
  /** It waits for the other tasks of its barrier stage. */
  isMeeting: boolean;
  /** Why it is to end early. */
  cancelReason: string | undefined;
  /** What went wrong in the control thread on behalf of the task. */
  failure: FailureReport | undefined;
};

/** A worker and what it knows. */
type Hired = {
  readonly worker: TaskWorker;
  /** What it may do, from its beginning to its end. */
  readonly grants: Grants;
  readonly streams: Streams;
  readonly pipes: Pipes;
  /** The stages that it has prepared, with the locations it was told. */
  readonly stages: Map<StageId, Uint8Array | undefined>;
  /** The stage whose tasks it runs or ran last. */
  stage: StageId | undefined;
  /** It is to end, and how long that may take. */
  retiring: ReturnType<typeof setTimeout> | undefined;
};

export class Slot {
  readonly #index: number;
  readonly #setup: ExecutorSetup;
  readonly #host: SlotHost;
  readonly #ownNames: readonly string[];
  readonly #ownFolders: readonly string[];
  #hired: Hired | undefined;
  #running: Running | undefined;
  #exiting: (FromWorker & { kind: "exiting" }) | undefined;
  #serial = 0;
  #isPressed = false;

  constructor(index: number, setup: ExecutorSetup, host: SlotHost) {
    this.#index = index;
    this.#setup = setup;
    this.#host = host;
    this.#ownNames = setup.folders.map((_, disk) => ownFolderName(setup.executor, index, disk));
    this.#ownFolders = setup.folders.map((folder, disk) => `${folder}/${this.#ownNames[disk]}`);
    for (const folder of this.#ownFolders) host.platform.files.makeFolder(folder);
  }

  get isFree(): boolean {
    return this.#running === undefined;
  }

  /** Has a worker ready, so that the first task need not wait for it. */
  warmUp(): void {
    this.#hired ??= this.#hire(this.#setup.grants);
  }

  /** Runs a task; the driver hears how it ended, whatever happens. */
  launch(entry: StageEntry, message: ToExecutor & { kind: "launch" }): void {
    const { task, elsewhere } = message;
    assert(this.#running === undefined, `slot ${this.#index} was given two tasks at once`);
    const { save, commands } = entry;
    this.#running = {
      task,
      entry,
      message,
      startedMs: this.#host.platform.monotonicMs(),
      file: save === undefined
        ? undefined
        : new AttemptFile(this.#host.files, this.#host.attemptPlace(save, task)),
      commands,
      keeping: new TaskKeeping(this.#host.keeping, elsewhere),
      isMeeting: false,
      cancelReason: undefined,
      failure: undefined,
    };
    this.#hand(this.#running);
  }

  /** Gives the task to the worker. */
  #hand({ entry, message: { task, info, flow } }: Running): void {
    const hired = this.#hired ??= this.#hire(entry.grants);
    if (!areSameGrants(hired.grants, entry.grants)) return this.#retire(hired);
    const { worker, stages } = hired;
    worker.setCancelled(false);
    if (hired.stage !== entry.stage) {
      if (hired.stage !== undefined) worker.turn();
      hired.stage = entry.stage;
    }
    if (!stages.has(entry.stage)) {
      stages.set(entry.stage, undefined);
      void worker.send({ kind: "prepare", stage: entry.stage, bytes: entry.bytes });
    }
    if (entry.locations !== undefined && stages.get(entry.stage) !== entry.locations) {
      stages.set(entry.stage, entry.locations);
      void worker.send({ kind: "locate", stage: entry.stage, bytes: entry.locations });
    }
    void worker.send({ kind: "launch", task, info, flow, memoryBytes: this.#memoryBytes });
  }

  /** Asks the task to end early, if it is the one that runs; user code that spins does not hear it. */
  cancel(task: Task, reason: string): void {
    const running = this.#running;
    if (running === undefined || !isSame(running.task, task)) return;
    running.cancelReason = reason;
    this.#hired?.worker.setCancelled(true);
    this.#hired?.pipes.closeAll();
    const cancelled = new CancelledError("Cancelled", reason);
    this.answer({ kind: "notMet", task, failure: reportOf(cancelled) });
    void this.#hired?.streams.failAll(cancelled);
  }

  /** Lets the task go on that waits for the others, if it is the one that runs. */
  answer(answer: ToExecutor & { kind: "met" | "notMet" }): void {
    const running = this.#running;
    if (running === undefined || !running.isMeeting || !isSame(running.task, answer.task)) return;
    running.isMeeting = false;
    void this.#hired?.worker.send(
      answer.kind === "met"
        ? { kind: "met", messages: answer.messages }
        : { kind: "notMet", failure: answer.failure },
    );
  }

  /** Whether its tasks are to spill early, from now on. */
  setPressed(isPressed: boolean): void {
    this.#isPressed = isPressed;
    this.#hired?.worker.setPressed(isPressed);
  }

  release(stage: StageId): void {
    const hired = this.#hired;
    if (hired === undefined || !hired.stages.delete(stage)) return;
    if (hired.stage === stage) {
      hired.stage = undefined;
      hired.worker.turn();
    }
    void hired.worker.send({ kind: "release", stage });
  }

  dropBroadcast(broadcast: BroadcastId): void {
    void this.#hired?.worker.send({ kind: "dropBroadcast", broadcast });
  }

  /** Ends what would outlive the process; the task that runs starts no program any more. */
  end(): void {
    if (this.#running !== undefined) this.cancel(this.#running.task, "the driver is gone");
    this.#hired?.pipes.closeAll();
  }

  /** What is kept lies in memory that all slots give up alike. */
  get #memoryBytes(): number {
    const { workerMemoryBytes, slots } = this.#setup;
    return workerMemoryBytes - Math.ceil(this.#host.keeping.cache.bytesInMemory / slots);
  }

  #hire(grants: Grants): Hired {
    const alivePath = `${this.#ownFolders[0]}/alive-${this.#serial++}`;
    this.#host.platform.files.create(alivePath)[Symbol.dispose]();
    const worker = new TaskWorker(
      {
        alivePath,
        folders: this.#setup.folders,
        ownNames: this.#ownNames,
        workerMemoryBytes: this.#setup.workerMemoryBytes,
      },
      workerPermissions(grants, this.#setup.folders, this.#ownFolders),
      {
        start: this.#host.start,
        unlocked: this.#host.unlocked,
        heard: (message) => this.#heard(hired, message),
        gone: (error, wasReady) => this.#gone(hired, error, wasReady),
      },
    );
    const send = (message: ToWorker) => worker.send(message);
    const streams = new Streams(send);
    const { startProgram, report, print } = this.#host;
    const pipes = new Pipes({ startProgram, streams, send, report, print });
    worker.setPressed(this.#isPressed);
    const hired: Hired = {
      worker,
      grants,
      streams,
      pipes,
      stages: new Map(),
      stage: undefined,
      retiring: undefined,
    };
    return hired;
  }

  /**
   * Ends a worker that may do something else than the task that waits. What it has left behind is gone
   * before the next one starts; where that goes on for ever, its process ends with it.
   */
  #retire(hired: Hired): void {
    const endless = `what the last task left behind went on for ${RETIRE_MS_MAX} ms`;
    hired.retiring = setTimeout(() => this.#host.broken(endless), RETIRE_MS_MAX);
    hired.worker.retire();
  }

  async #heard(hired: Hired, message: FromWorker): Promise<void> {
    switch (message.kind) {
      case "ready":
        return await this.#host.report({ kind: "ready" });
      case "open":
        return hired.streams.open(
          message.stream,
          () => this.#host.read(message.format, message.options, message.split),
        );
      case "meet":
        return this.#meet(hired, message);
      case "pipe":
        return this.#pipe(hired, message.stream, message.pipe);
      case "feed":
        return hired.pipes.feed(message.stream, message.bytes);
      case "feedEnded":
        return hired.pipes.feedEnded(message.stream);
      case "openKept": {
        const { keeping } = this.#running ?? {};
        if (keeping === undefined) return;
        return hired.streams.open(message.stream, () => keeping.read(message.id));
      }
      case "keep":
        return await hired.worker.send(keepAnswer(this.#running?.keeping, message));
      case "endKeep":
        return this.#endKeep(message);
      case "more":
        return hired.streams.more(message.stream);
      case "close":
        hired.streams.close(message.stream);
        return hired.pipes.close(message.stream);
      case "emit":
        return await this.#emitted(hired, message.bytes);
      case "ended":
        return await this.#ended(hired, message.result);
      case "exiting":
        this.#exiting = message;
    }
  }

  #meet({ worker }: Hired, { meeting, message }: FromWorker & { kind: "meet" }): void {
    const running = this.#running;
    if (running === undefined || running.cancelReason !== undefined) {
      const failure = reportOf(new CancelledError("Cancelled", "the task is to end"));
      return void worker.send({ kind: "notMet", failure });
    }
    running.isMeeting = true;
    void this.#host.report({ kind: "meet", task: running.task, meeting, message });
  }

  /** Runs what the driver has said, and nothing else. */
  #pipe({ worker, pipes }: Hired, stream: number, pipe: number): void {
    const { task, commands = [], cancelReason = "no task runs" } = this.#running ?? {};
    if (task === undefined || this.#running?.cancelReason !== undefined) {
      const failure = reportOf(new CancelledError("Cancelled", cancelReason));
      return void worker.send({ kind: "streamFailed", stream, failure });
    }
    const command = commands[pipe];
    assert(command !== undefined, `stage ${task.stage} has no pipe ${pipe}`);
    pipes.open(stream, command, task);
  }

  /** Hands a block on, or writes it to the file of the attempt. */
  async #emitted(hired: Hired, bytes: Uint8Array): Promise<void> {
    const running = this.#running;
    if (running === undefined || running.cancelReason !== undefined) return;
    if (running.file === undefined) {
      return await this.#send(running, bytes);
    }
    if (running.failure !== undefined) return;
    try {
      await running.file.append(bytes);
    } catch (error) {
      running.failure = servingFailure(error);
      hired.worker.setCancelled(true);
    }
  }

  /** In parts where it is long; its length comes first, so that the driver can say it is too much. */
  async #send(running: Running, block: Uint8Array): Promise<void> {
    const { task } = running;
    const length = block.length > VALUE_BYTES_MAX ? { blockBytes: block.length } : {};
    for (let at = 0; at < block.length && running.cancelReason === undefined;) {
      const first = at === 0 ? length : {};
      const bytes = block.subarray(at, at += VALUE_BYTES_MAX);
      await this.#host.report({ kind: "value", task, ...first, bytes });
    }
  }

  #endKeep({ id, memory, disk, isWhole }: FromWorker & { kind: "endKeep" }): void {
    const running = this.#running;
    try {
      running?.keeping.end(id, { memory, disk }, isWhole);
    } catch (error) {
      running!.failure = servingFailure(error);
    }
  }

  async #ended(hired: Hired, result: TaskResult): Promise<void> {
    const running = this.#running;
    if (running === undefined || !isSame(running.task, result.task)) return;
    if (result.kind === "value" && running.file !== undefined) {
      for (const bytes of result.blocks) await this.#emitted(hired, bytes);
    }
    const { failure, cancelReason } = running;
    let told = result;
    if (failure !== undefined) {
      told = { task: result.task, metrics: result.metrics, kind: "failed", failure };
    } else if (cancelReason !== undefined && result.kind !== "written") {
      told = { task: result.task, metrics: result.metrics, kind: "killed", reason: cancelReason };
    }
    await this.#finish(running, told);
  }

  async #finish(running: Running, result: TaskResult): Promise<void> {
    let told = result;
    try {
      if (result.kind !== "value") await running.file?.discard();
      else if (running.file !== undefined) told = await saved(result, running.file);
    } catch (error) {
      const { task, metrics } = result;
      told = { task, metrics, kind: "failed", failure: servingFailure(error) };
    }
    this.#running = undefined;
    if (told.kind === "value" || told.kind === "written") {
      told = { ...told, kept: running.keeping.finish(true) };
    } else {
      running.keeping.finish(false);
    }
    await this.#host.report({ kind: "ended", result: told });
  }

  /** The worker has ended. A task that ran in it has failed by that. */
  #gone(hired: Hired, error: string | undefined, wasReady: boolean): void {
    clearTimeout(hired.retiring);
    const isRetired = hired.retiring !== undefined;
    // No other worker would start either.
    if (!wasReady && !isRetired) {
      const why = error ?? "the worker ended before it was ready";
      return this.#host.broken(`the worker does not start: ${why}`);
    }
    const exiting = this.#exiting;
    if (this.#hired === hired) this.#hired = undefined;
    this.#exiting = undefined;
    hired.pipes.closeAll();
    void hired.streams.failAll(new CancelledError("Cancelled", "the worker has ended"));
    const running = this.#running;
    if (hired.worker.hasLeft || isRetired) {
      if (running === undefined) return this.warmUp();
      // It has not seen the task.
      if (running.cancelReason === undefined) return this.#hand(running);
    }
    if (running === undefined) return;
    const { task } = running;
    const durationMs = this.#host.platform.monotonicMs() - running.startedMs;
    const metrics = { ...NO_METRICS, durationMs };
    if (running.cancelReason !== undefined) {
      const reason = running.cancelReason;
      void this.#finish(running, { task, metrics, kind: "killed", reason });
    } else {
      const failure = exitFailure(exiting, error);
      void this.#finish(running, { task, metrics, kind: "failed", failure });
    }
  }
}

/** The value of a task that saved: what its sink needs to commit. */
async function saved(
  result: TaskResult & { kind: "value" },
  file: AttemptFile,
): Promise<TaskResult> {
  await file.keep();
  const { partition } = result.task;
  const part: SavedPart = { partition, path: file.path, records: result.metrics.recordsWritten };
  return { ...result, blocks: [encodeBlock([part])] };
}

function isSame(a: Task, b: Task): boolean {
  return a.stage === b.stage && a.partition === b.partition && a.attempt === b.attempt;
}

function exitFailure(
  exiting: (FromWorker & { kind: "exiting" }) | undefined,
  error: string | undefined,
): FailureReport {
  const what = error === undefined ? "the worker ended without a word" : `it ended: ${error}`;
  return {
    name: "JobError",
    code: "TaskExited",
    message: exiting?.act ??
      `A task ended its worker: ${what}\n  A task ends by returning or by throwing an error`,
    ...(exiting?.cause === undefined ? {} : { cause: exiting.cause }),
  };
}
