/**
 * One task: from where its records come to what it leaves behind.
 *
 *     flow      read ─► chain ─┐                              one batch at a time,
 *               read ─► chain ─┴─ concat ─► chain ─► batch    pulled from the right
 *                                                      │
 *     output    an exchange:  writer.add(batch) … finish() ─► MapOutput
 *               an action:    records or a value ─► blocks ─► io.emit
 *
 * It does not know which engine it runs in: `io` is all it sees. `steps` pauses after every batch, so
 * that whoever drives it can look up. There are two drivers: `drive` never waits for a promise, and
 * pulling a batch may block the thread; `driveLater` waits before each step until the batch is there,
 * for stages in which a function of the user waits. Both look whether the job was cancelled.
 *
 * The way in is workers/task_input.ts. Whatever is thrown ends in a TaskResult
 * (workers/task_failure.ts).
 */
import type { Closure } from "../core/closure/closure.ts";
import { BlockPacker } from "../core/codec/block_packer.ts";
import { encodeBlock } from "../core/codec/codec.ts";
import { assert } from "../core/errors.ts";
import type { Action, AttemptInfo, Flow, StageOutput, Task, TaskResult } from "../core/task.ts";
import { sinkOf } from "../io/registry.ts";
import { createWriter } from "../shuffle/writer.ts";
import { blaming, stepOf, withFunctions } from "./exchange_functions.ts";
import { Blame, type Step } from "./pipeline/blame.ts";
import { valueLater } from "./pipeline/call_later.ts";
import { type AnyBatches, type Batches, Feed, isPresent } from "./pipeline/feed.ts";
import { Records } from "./pipeline/records.ts";
import { BarrierTaskContext } from "./barrier_task_context.ts";
import { refusePromise } from "./pipeline/returned.ts";
import type { Waiting } from "./pipeline/waiting.ts";
import { holdersOf } from "./holders.ts";
import type { PreparedStage } from "./prepare_stage.ts";
import { enterTask, taskCompleted, TaskContext, taskFailed } from "./task_context.ts";
import { badEnd, TaskCancelled } from "./task_failure.ts";
import { TaskFunctions } from "./task_functions.ts";
import { recordTools, shuffleIO, TaskInput, type TaskParts } from "./task_input.ts";
import type { TaskIO } from "./task_io.ts";
import { TaskMeter } from "./task_meter.ts";

export { type PreparedStage, prepareStage } from "./prepare_stage.ts";

type ExchangeOutput = Extract<StageOutput, { kind: "exchange" }>;

/** A TaskResult without what every task has, whichever way it ended. */
type End<R> = R extends unknown ? Omit<R, "task" | "metrics"> : never;
/** Without the updates too: a generator that is closed at the end may still add to an accumulator. */
type GoodEnd<E = End<Extract<TaskResult, { kind: "value" | "written" }>>> = E extends unknown
  ? Omit<E, "updates">
  : never;

/** What is told of an attempt that nobody counts. */
const FIRST_ATTEMPT: AttemptInfo = { id: 0, stageAttempt: 0 };

/**
 * Runs a task to its end; never throws. The blocks of an action's value go through `io.emit` as they
 * are made, so that `blocks` of the result is empty. For stages in which nothing waits.
 */
export function runTask(
  prepared: PreparedStage,
  task: Task,
  flow: Flow,
  io: TaskIO,
  info = FIRST_ATTEMPT,
): TaskResult {
  const whole = new WholeTask(prepared, task, io, info);
  using _entered = enterTask(whole.context);
  try {
    const parts = whole.parts(flow);
    const batches = new TaskInput(parts).batches(flow);
    assert(isPresent(batches), `the functions of stage ${task.stage} wait: use runTaskLater()`);
    return whole.ended(drive(new TaskRun(task, parts).steps(batches), io), parts);
  } catch (error) {
    return whole.failed(error);
  }
}

/** The same for any stage. One task at a time, as ever: the thread does nothing else meanwhile. */
export async function runTaskLater(
  prepared: PreparedStage,
  task: Task,
  flow: Flow,
  io: TaskIO,
  info = FIRST_ATTEMPT,
): Promise<TaskResult> {
  const whole = new WholeTask(prepared, task, io, info);
  using _entered = enterTask(whole.context);
  try {
    const parts = whole.parts(flow);
    const input = new TaskInput(parts);
    const batches = input.batches(flow);
    const run = new TaskRun(task, parts);
    return whole.ended(await endLater(run, batches, input.waiting, parts), parts);
  } catch (error) {
    return whole.failed(error);
  }
}

/** What stands around the work of a task, whichever way it is driven. */
class WholeTask {
  readonly context: TaskContext;
  readonly #prepared: PreparedStage;
  readonly #task: Task;
  readonly #io: TaskIO;
  readonly #meter: TaskMeter;
  readonly #blame = new Blame();

  constructor(prepared: PreparedStage, task: Task, io: TaskIO, info: AttemptInfo) {
    const meter = this.#meter = new TaskMeter(io);
    this.#prepared = prepared;
    this.#task = task;
    this.#io = io;
    const running = {
      stage: prepared.stage,
      task,
      info,
      isInterrupted: () => io.cancelled,
      metrics: () => meter.metrics(),
    };
    const { addresses } = info;
    this.context = addresses === undefined ? new TaskContext(running) : new BarrierTaskContext({
      ...running,
      addresses,
      meet: (meeting, message) => io.meet(meeting, message),
    });
  }

  /** The parts of the task; throws where its functions cannot be revived, or memory cannot do. */
  parts(flow: Flow): TaskParts {
    const [prepared, io] = [this.#prepared, this.#io];
    io.budget.expect(holdersOf(prepared.stage, flow));
    const functions = new TaskFunctions(prepared, io);
    return { prepared, io, meter: this.#meter, blame: this.#blame, functions };
  }

  /** The work is done; it counts if the listeners of the task agree. */
  ended(end: GoodEnd, { functions }: TaskParts): TaskResult {
    try {
      taskCompleted(this.context);
    } catch (error) {
      if (end.kind === "written") this.#io.discard(end.output);
      throw error;
    }
    const metrics = this.#meter.metrics();
    return { task: this.#task, metrics, ...end, updates: functions.updates() };
  }

  failed(error: unknown): TaskResult {
    taskFailed(this.context, error);
    const end = badEnd(error, this.#blame, this.#io.cancelled);
    return { task: this.#task, metrics: this.#meter.metrics(), ...end };
  }
}

/** What takes all batches at once, and not one at each step, gets them when all are there. */
async function endLater(
  run: TaskRun,
  batches: AnyBatches,
  waiting: Waiting,
  { prepared: { stage: { output } }, io }: TaskParts,
): Promise<GoodEnd> {
  if (output.kind === "action" && output.action.kind === "applyAsync") {
    return await run.applyLater(output.action.fn, batches, waiting);
  }
  const takesAll = output.kind === "action" &&
    (output.action.kind === "apply" || output.action.kind === "save");
  if (!takesAll || isPresent(batches)) {
    return await driveLater(run, new Feed(batches, waiting), io);
  }
  using kept = await waiting.keep(batches);
  return drive(run.steps(kept), io);
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

/** Goes from step to step; each takes one batch, which is waited for before. */
async function driveLater(run: TaskRun, feed: Feed, io: TaskIO): Promise<GoodEnd> {
  try {
    using steps = run.steps(feed);
    for (;;) {
      await feed.ready();
      const step = steps.next();
      if (step.done) return step.value;
      if (io.cancelled) throw new TaskCancelled();
    }
  } finally {
    await feed.close();
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
  *steps(batches: Batches): Generator<void, GoodEnd> {
    const { prepared } = this.#parts;
    const { output } = prepared.stage;
    if (output.kind === "exchange") return yield* this.#write(output, batches);
    yield* this.#act(output.action, batches);
    return this.#acted();
  }

  /** An action whose function waits. */
  async applyLater(closure: Closure, batches: AnyBatches, waiting: Waiting): Promise<GoodEnd> {
    const { blame, functions } = this.#parts;
    const fn = functions.of(closure);
    const call = (records: Records) => fn(records, this.#task.partition);
    this.#emitValue(await valueLater(this.#stepOf(closure), call, batches, blame, waiting));
    return this.#acted();
  }

  #acted(): GoodEnd {
    this.#refuseCancelled();
    return { kind: "value", blocks: [] };
  }

  #stepOf(closure: Closure): Step {
    return { kind: actionIn(this.#parts.prepared.stage.name), place: closure.place };
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
    return { kind: "written", output: written };
  }

  *#act(action: Action<Closure>, batches: Batches): Generator<void> {
    switch (action.kind) {
      case "collect":
        return yield* this.#collect(batches, action.limit ?? Infinity);
      case "count":
        return yield* this.#count(batches);
      case "apply":
        return this.#emitValue(this.#apply(action.fn, batches));
      case "applyAsync":
        return assert(false, "an action whose function waits has no steps");
      case "save": {
        const sink = sinkOf(action.format);
        const tools = recordTools(this.#parts);
        for (const bytes of sink.encode(action.options, this.#counted(batches), tools)) {
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
    const { blame, functions } = this.#parts;
    const step = this.#stepOf(closure);
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
