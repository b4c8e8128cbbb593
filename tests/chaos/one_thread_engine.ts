/**
 * An executor and its driver in one thread: the scheduler, tasks, map outputs, spills and attempt
 * files of the product, without processes between them. So a job takes some milliseconds, every
 * operation on a file is in the same order each time, and a sweep can fail each one in turn.
 *
 *     scheduler ── launch ──► runTask over LocalTaskIO ──► taskEnded ──► scheduler
 *                             emit ──► AttemptFile
 */
import type { Job } from "../../core/engine.ts";
import { decodeBlock, encodeBlock } from "../../core/codec/codec.ts";
import { errorOf, type FailureReport, reportOf } from "../../core/errors.ts";
import type { Outcome } from "../../core/events.ts";
import { FileError, type Platform } from "../../core/platform.ts";
import type { Options, Split } from "../../core/plan/plan.ts";
import { cut } from "../../core/plan/stages.ts";
import type { ExchangeLocation, Flow, Stage, Task, TaskResult } from "../../core/task.ts";
import { localFileSystem } from "../../io/local_files.ts";
import { sinkOf, sourceOf } from "../../io/registry.ts";
import type { SavedPart } from "../../io/sink.ts";
import { failedJob } from "../../runtime/local/failed_job.ts";
import { createScheduler, type Instruction, type Stimulus } from "../../runtime/local/scheduler.ts";
import { removeOutput } from "../../shuffle/shuffle_file.ts";
import { AttemptFile } from "../../workers/attempt_file.ts";
import {
  LocalTaskIO,
  ownFolderName,
  shuffleFilePath,
  StageInputs,
} from "../../workers/local_io.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";
import type { FromWorker } from "../../workers/protocol.ts";
import { createRing } from "../../workers/ring.ts";
import { runOnDisks } from "../../workers/run_on_disks.ts";
import { type PreparedStage, prepareStage, runTask } from "../../workers/run_task.ts";
import { servingFailure } from "../../workers/task_failure.ts";
import { WorkerLink } from "../../workers/worker_link.ts";

type Launch = Extract<Instruction, { kind: "launch" }>;
type Untimed<S = Stimulus> = S extends unknown ? Omit<S, "atMs"> : never;
type Known = { readonly stage: Stage; readonly prepared: PreparedStage; inputs: StageInputs };

const RING_BYTES = 1 << 12;

/** A link to nobody: inputs are there before the task begins, and what it emits is kept. */
class ThreadLink extends WorkerLink {
  readonly emitted: Uint8Array[] = [];
  readonly #pieces: ReadonlyMap<Split, Piece[]>;

  constructor(pieces: ReadonlyMap<Split, Piece[]>) {
    super({
      input: createRing(RING_BYTES),
      output: createRing(RING_BYTES),
      flags: new SharedArrayBuffer(64),
    });
    this.#pieces = pieces;
  }

  override send(message: FromWorker): void {
    if (message.kind !== "emit") throw new Error(`a task said ${message.kind}`);
    this.emitted.push(message.bytes.slice());
  }

  override *open(_format: string, _options: Options, split: Split): Generator<Uint8Array> {
    for (const piece of this.#pieces.get(split)!) {
      if (piece instanceof Uint8Array) yield piece;
      else throw errorOf(piece);
    }
  }
}

/** Bytes of an input, or why there are no more. */
type Piece = Uint8Array | FailureReport;

export type OneThreadOptions = Readonly<{
  /** What tasks use; the driver's own work is done on the system itself. */
  platform: Platform;
  /** The application's folders, one on each disk. They exist. */
  folders: readonly string[];
  workerMemoryBytes: number;
  attemptsMax: number;
}>;

export class OneThreadEngine {
  readonly #options: OneThreadOptions;
  readonly #scheduler;
  readonly #ownNames: readonly string[];
  readonly #stages = new Map<number, Promise<Known>>();
  readonly #launches: Launch[] = [];
  readonly #driverFiles = localFileSystem(denoPlatform);
  #values = new Map<number, unknown[]>();
  #outcome: Outcome | undefined;
  #stageCount = 0;
  #isReady = false;
  spills = 0;

  constructor(options: OneThreadOptions) {
    this.#options = options;
    this.#scheduler = createScheduler({
      executorsMax: 1,
      slotsPerExecutor: 1,
      attemptsMax: options.attemptsMax,
    });
    this.#ownNames = options.folders.map((_, disk) => ownFolderName(0, 0, disk));
    for (const [disk, folder] of options.folders.entries()) {
      denoPlatform.files.makeFolder(`${folder}/${this.#ownNames[disk]}`);
    }
  }

  /** The values of a job by partition; a save is committed, or taken back. Throws what users catch. */
  async run(job: Job): Promise<ReadonlyMap<number, readonly unknown[]>> {
    const { action } = job;
    if (action.kind !== "save") return await this.#tasksOf(job);
    const sink = sinkOf(action.format);
    await sink.begin(action.options, job.id, this.#driverFiles);
    try {
      const values = await this.#tasksOf(job);
      const parts = [...values.values()].flat() as SavedPart[];
      await sink.commit(action.options, job.id, parts, this.#driverFiles);
      return values;
    } catch (error) {
      await sink.abort(action.options, job.id, this.#driverFiles);
      throw error;
    }
  }

  /** Lets go of the output of an exchange. */
  forget(exchange: number): void {
    this.#tell({ kind: "forget", exchange, isForGood: true });
  }

  async #tasksOf(job: Job): Promise<ReadonlyMap<number, readonly unknown[]>> {
    const stages = cut(job.plan, job.action, {
      nextStage: () => this.#stageCount++,
      partitions: job.partitions,
      name: job.name,
      classes: job.classes,
      properties: job.properties,
    });
    this.#values = new Map();
    this.#outcome = undefined;
    this.#tell({ kind: "jobSubmitted", job: job.id, name: job.name, stages });
    for (let next = this.#launches.shift(); next !== undefined; next = this.#launches.shift()) {
      this.#tell({ kind: "taskEnded", executor: 0, result: await this.#runTask(job, next) });
    }
    const outcome = this.#outcome as Outcome | undefined;
    if (outcome === undefined) throw new Error("the job has no task left and did not end");
    if (!outcome.ok) throw failedJob(outcome.failure, (stack) => stack);
    return this.#values;
  }

  #tell(untimed: Untimed): void {
    const stimulus = { ...untimed, atMs: performance.now() } as Stimulus;
    for (const instruction of this.#scheduler.handle(stimulus)) this.#do(instruction);
  }

  #do(instruction: Instruction): void {
    switch (instruction.kind) {
      case "recruit":
        if (this.#isReady) return;
        this.#isReady = true;
        return this.#tell({ kind: "executorReady", executor: 0, slots: 1 });
      case "prepare":
        return this.#prepare(instruction.stage, instruction.locations);
      case "release":
        return void this.#stages.delete(instruction.stage);
      case "launch":
        return void this.#launches.push(instruction);
      case "deliver":
        return void this.#values.set(
          instruction.partition,
          instruction.blocks.flatMap((block) => decodeBlock(block)),
        );
      case "discard":
        return this.#discard(instruction.files);
      case "finish":
        this.#outcome = instruction.outcome;
        return;
      case "cancel":
        throw new Error("one thread has no other task to cancel");
      case "forgetKept":
      case "accumulate":
      case "announce":
        return;
    }
  }

  #prepare(stage: Stage, locations: readonly ExchangeLocation[]): void {
    const inputs = new StageInputs(locations, this.#options.workerMemoryBytes);
    const known = this.#stages.get(stage.id);
    this.#stages.set(
      stage.id,
      known === undefined
        ? prepareStage(stage, (specifier) => import(specifier))
          .then((prepared) => ({ stage, prepared, inputs }))
        : known.then((before) => ({ ...before, inputs })),
    );
  }

  #discard(names: readonly string[]): void {
    for (const name of names) {
      try {
        removeOutput(denoPlatform, shuffleFilePath(this.#options.folders, name));
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
      }
    }
  }

  async #runTask(job: Job, { task, flow, info }: Launch): Promise<TaskResult> {
    const { platform, folders, workerMemoryBytes } = this.#options;
    const { stage, prepared, inputs } = await this.#stages.get(task.stage)!;
    const pieces = await this.#piecesOf(stage, flow);
    let link = new ThreadLink(pieces);
    const writer = { partition: task.partition, attempt: info.id };
    const place = { folders, ownNames: this.#ownNames, workerMemoryBytes };
    const result = await runOnDisks(
      folders.length,
      (turn) => {
        link = new ThreadLink(pieces);
        return new LocalTaskIO(platform, link, place, writer, inputs, workerMemoryBytes, turn);
      },
      (io) => {
        const result = runTask(prepared, task, flow, io, info);
        this.spills += io.spills.spills;
        return result;
      },
    );
    if (result.kind !== "value") return result;
    const { output } = stage;
    const blocks = [...link.emitted, ...result.blocks];
    if (output.kind !== "action" || output.action.kind !== "save") return { ...result, blocks };
    return await this.#saved(job, output.action, task, result, blocks);
  }

  /** What the control thread does for a task that saves (workers/slot.ts). */
  async #saved(
    job: Job,
    { format, options }: { format: string; options: Options },
    task: Task,
    result: Extract<TaskResult, { kind: "value" }>,
    emitted: readonly Uint8Array[],
  ): Promise<TaskResult> {
    const sink = sinkOf(format);
    const path = sink.attemptPath(options, job.id, task);
    const files = localFileSystem(this.#options.platform);
    const file = new AttemptFile(files, { path, compression: sink.compression?.(options) });
    try {
      for (const bytes of emitted) await file.append(bytes);
      await file.keep();
    } catch (error) {
      await file.discard();
      return { task, metrics: result.metrics, kind: "failed", failure: servingFailure(error) };
    }
    const part: SavedPart = { partition: task.partition, path, records: 0 };
    return { ...result, blocks: [encodeBlock([part])] };
  }

  /** The inputs of a task, read as the control thread reads them. */
  async #piecesOf(stage: Stage, flow: Flow): Promise<ReadonlyMap<Split, Piece[]>> {
    const files = localFileSystem(this.#options.platform);
    const pieces = new Map<Split, Piece[]>();
    for (const read of readsOf(flow)) {
      const input = stage.inputs[read.input]!;
      if (input.kind !== "source" || read.split === undefined) continue;
      const got: Piece[] = [];
      pieces.set(read.split, got);
      try {
        for await (const piece of sourceOf(input.format).read(input.options, read.split, files)) {
          got.push(piece.slice());
        }
      } catch (error) {
        got.push(reportOf(error));
      }
    }
    return pieces;
  }
}

function* readsOf(flow: Flow): Generator<Extract<Flow, { kind: "read" }>> {
  switch (flow.kind) {
    case "read":
      return yield flow;
    case "apply":
    case "exchange":
    case "keep":
      return yield* readsOf(flow.from);
    case "concat":
    case "zip":
      for (const from of flow.from) yield* readsOf(from);
      return;
    case "cross":
      yield* readsOf(flow.left);
      yield* readsOf(flow.right);
  }
}
