/**
 * One task: from where its records come to what it leaves behind.
 *
 *     flow      read ─► chain ─┐                              one batch at a time,
 *               read ─► chain ─┴─ concat ─► chain ─► batch    pulled from the right
 *                                                      │
 *     output    an exchange:  writer.add(batch) … finish() ─► MapOutput
 *               an action:    records or a value ─► blocks ─► io.emit
 *
 * It does not know which engine it runs in: `io` is all it sees. Nothing in it waits for a promise:
 * pulling a batch may block the thread. `steps` pauses after every batch, so that whoever drives it
 * can look up; `drive` looks whether the job was cancelled.
 *
 * The way in is workers/task_input.ts. Whatever is thrown ends in a TaskResult
 * (workers/task_failure.ts).
 */
import type { Closure } from "../core/closure/closure.ts";
import { BlockPacker } from "../core/codec/block_packer.ts";
import { encodeBlock } from "../core/codec/codec.ts";
import type { Action, Flow, StageOutput, Task, TaskResult } from "../core/task.ts";
import { sinkOf } from "../io/registry.ts";
import { createWriter } from "../shuffle/writer.ts";
import { blaming, stepOf, withFunctions } from "./exchange_functions.ts";
import { Blame } from "./pipeline/blame.ts";
import { Records } from "./pipeline/records.ts";
import { refusePromise } from "./pipeline/returned.ts";
import type { PreparedStage } from "./prepare_stage.ts";
import { enterTask, TaskContext } from "./task_context.ts";
import { badEnd, TaskCancelled } from "./task_failure.ts";
import { TaskFunctions } from "./task_functions.ts";
import { type Batches, shuffleIO, TaskInput, type TaskParts } from "./task_input.ts";
import type { TaskIO } from "./task_io.ts";
import { TaskMeter } from "./task_meter.ts";

export { type PreparedStage, prepareStage } from "./prepare_stage.ts";

type ExchangeOutput = Extract<StageOutput, { kind: "exchange" }>;

/** A TaskResult without what every task has, whichever way it ended. */
type End<R> = R extends unknown ? Omit<R, "task" | "metrics"> : never;
type GoodEnd = End<Extract<TaskResult, { kind: "value" | "written" }>>;

/**
 * Runs a task to its end; never throws. The blocks of an action's value go through `io.emit` as they
 * are made, so that `blocks` of the result is empty.
 */
export function runTask(
  prepared: PreparedStage,
  task: Task,
  flow: Flow,
  io: TaskIO,
): TaskResult {
  const meter = new TaskMeter(io);
  const blame = new Blame();
  using _entered = enterTask(new TaskContext(task));
  try {
    const functions = new TaskFunctions(prepared, io);
    const run = new TaskRun(task, { prepared, io, meter, blame, functions });
    const end = drive(run.steps(flow), io);
    return { task, metrics: meter.metrics(), ...end };
  } catch (error) {
    return { task, metrics: meter.metrics(), ...badEnd(error, blame, io.cancelled) };
  }
}

/** Goes from step to step without a pause. */
function drive<R>(running: Generator<void, R>, io: TaskIO): R {
  using steps = running;
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (io.cancelled) throw new TaskCancelled();
  }
}

class TaskRun {
  readonly #task: Task;
  readonly #parts: TaskParts;

  constructor(task: Task, parts: TaskParts) {
    this.#task = task;
    this.#parts = parts;
  }

  /** The whole task, with a pause after each batch. */
  *steps(flow: Flow): Generator<void, GoodEnd> {
    const { prepared, functions } = this.#parts;
    const { output } = prepared.stage;
    const batches = new TaskInput(this.#parts).batches(flow);
    if (output.kind === "exchange") return yield* this.#write(output, batches);
    yield* this.#act(output.action, batches);
    this.#refuseCancelled();
    return { kind: "value", blocks: [], updates: functions.updates() };
  }

  /** The map side of an exchange. */
  *#write(output: ExchangeOutput, batches: Batches): Generator<void, GoodEnd> {
    const { io, meter, blame, functions } = this.#parts;
    const step = stepOf(output.exchange);
    const exchange = withFunctions(output.exchange, functions.of);
    const sink = io.sink(output.id, exchange);
    const writerIO = { ...shuffleIO(this.#parts, this.#task.partition), sink };
    using writer = createWriter(exchange, writerIO);
    for (const batch of batches) {
      blaming(blame, step, () => writer.add(batch));
      yield;
    }
    this.#refuseCancelled();
    const written = blaming(blame, step, () => writer.finish());
    meter.recordsWritten += written.records;
    meter.bytesWritten += written.bytes;
    return { kind: "written", output: written, updates: functions.updates() };
  }

  *#act(action: Action<Closure>, batches: Batches): Generator<void> {
    switch (action.kind) {
      case "collect":
        return yield* this.#collect(batches, action.limit ?? Infinity);
      case "count":
        return yield* this.#count(batches);
      case "apply":
        return this.#emitValue(this.#apply(action.fn, batches));
      case "save": {
        const sink = sinkOf(action.format);
        for (const bytes of sink.encode(action.options, this.#counted(batches))) {
          this.#emit(bytes);
          yield;
        }
      }
    }
  }

  *#collect(batches: Batches, limit: number): Generator<void> {
    if (limit === 0) return;
    const packer = new BlockPacker((block) => this.#emit(block), this.#parts.functions.classes);
    let wanted = limit;
    for (const batch of batches) {
      const taken = batch.length <= wanted ? batch : batch.slice(0, wanted);
      packer.add(taken);
      this.#parts.meter.recordsWritten += taken.length;
      wanted -= taken.length;
      if (wanted === 0) break;
      yield;
    }
    packer.finish();
  }

  *#count(batches: Batches): Generator<void> {
    let records = 0;
    for (const batch of batches) {
      records += batch.length;
      yield;
    }
    this.#emitValue(records);
  }

  /** The value of the action's function over the whole partition. */
  #apply(closure: Closure, batches: Batches): unknown {
    const { prepared, blame, functions } = this.#parts;
    const step = { kind: actionIn(prepared.stage.name), place: closure.place };
    const records = new Records(batches, blame);
    try {
      const value = functions.of(closure)(records, this.#task.partition);
      if (value instanceof Promise) refusePromise(step);
      return value;
    } catch (error) {
      blame.on(error, step, records.latest);
      throw error;
    } finally {
      records.return();
    }
  }

  *#counted(batches: Batches): Generator<readonly unknown[]> {
    for (const batch of batches) {
      this.#parts.meter.recordsWritten += batch.length;
      yield batch;
    }
  }

  #emitValue(value: unknown): void {
    this.#emit(encodeBlock([value], this.#parts.functions.classes));
  }

  #emit(bytes: Uint8Array): void {
    this.#parts.meter.bytesWritten += bytes.length;
    this.#parts.io.emit(bytes);
  }

  /** Asked at the end once more: a function of the user may have caught what ended its input. */
  #refuseCancelled(): void {
    if (this.#parts.io.cancelled) throw new TaskCancelled();
  }
}

/** `reduce` of a stage that is named `reduce at job.ts:12`. */
function actionIn(stageName: string): string {
  return stageName.split(" ", 1)[0]!;
}
