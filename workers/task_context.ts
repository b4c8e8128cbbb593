/** What user code in a task can learn about the task. */
import { PlanError, shown } from "../core/errors.ts";
import type { PartitionId } from "../core/plan/plan.ts";
import type { AttemptInfo, Stage, StageId, Task, TaskMetrics } from "../core/task.ts";
import { TaskListeners } from "./task_listeners.ts";

/** A running task, as those who run it know it. */
export type RunningTask = Readonly<{
  stage: Stage;
  task: Task;
  info: AttemptInfo;
  isInterrupted: () => boolean;
  metrics: () => TaskMetrics;
}>;

let current: TaskContext | undefined;
/** The listeners of a context, for whoever runs its task. */
let listenersOf: (context: TaskContext) => TaskListeners<TaskContext>;

/**
 * The task that is running; PySpark's `TaskContext`.
 *
 * @example
 * ```ts
 * import { SparkContext, TaskContext } from "@flint/flint";
 * import assert from "node:assert/strict";
 *
 * assert.equal(TaskContext.get(), undefined, "the driver runs no task");
 * await using sc = new SparkContext({ master: "local" });
 * const partitions = sc.parallelize(["a", "b"], 2).map(() => TaskContext.get()!.partitionId());
 * assert.deepEqual(await partitions.collect(), [0, 1]);
 * ```
 */
export class TaskContext {
  readonly #running: RunningTask;
  readonly #listeners = new TaskListeners<TaskContext>();

  static {
    listenersOf = (context) => context.#listeners;
  }

  /** Made by the worker; user code calls {@linkcode TaskContext.get}. */
  constructor(running: RunningTask) {
    this.#running = running;
  }

  /** The context of the running task; undefined outside of a task, as on the driver. */
  static get(): TaskContext | undefined {
    return current;
  }

  /** The number of the stage, unique in its SparkContext. */
  stageId(): StageId {
    return this.#running.task.stage;
  }

  /** How often the stage was started before, because its input or one of its tasks was lost. */
  stageAttemptNumber(): number {
    return this.#running.info.stageAttempt;
  }

  /** The partition that the task computes, from 0. */
  partitionId(): PartitionId {
    return this.#running.task.partition;
  }

  /** How many partitions there are, of which the task computes one. */
  numPartitions(): number {
    return this.#running.stage.partitions;
  }

  /** How often the task was tried before: 0 at the first attempt. */
  attemptNumber(): number {
    return this.#running.task.attempt;
  }

  /** The number of this attempt, which no other attempt in the SparkContext has. */
  taskAttemptId(): number {
    return this.#running.info.id;
  }

  /** How many cores the task may use: always 1. */
  cpus(): number {
    return 1;
  }

  /** The same as a number that may be a fraction elsewhere: always 1. */
  cpuAmount(): number {
    return 1;
  }

  /** What else was set aside for the task, by name: nothing, because a local engine has no more. */
  resources(): ReadonlyMap<string, unknown> {
    return new Map();
  }

  /**
   * A local property of the one who called the action; undefined where it was not set.
   * Throws a PlanError (InvalidArgument) for a key that is no string.
   */
  getLocalProperty(key: string): string | undefined {
    if (typeof key !== "string") {
      throw new PlanError(
        "InvalidArgument",
        `Cannot call getLocalProperty(): key is ${shown(key)}`,
        "Pass the name of the property",
      );
    }
    const { properties = {} } = this.#running.stage;
    return Object.hasOwn(properties, key) ? properties[key] : undefined;
  }

  /** Whether the task is to end: its job was cancelled. It ends by itself at its next batch. */
  isInterrupted(): boolean {
    return this.#running.isInterrupted();
  }

  /** What the task has read, written, spilled and held so far. */
  taskMetrics(): TaskMetrics {
    return this.#running.metrics();
  }

  /**
   * Has `listener` called when the task has ended, in whatever way; the last one added is called
   * first. It cannot wait for promises. What it throws fails the task.
   *
   * @example
   * ```ts
   * import { SparkContext, TaskContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const closed = sc.accumulator(0);
   * const firsts = sc.range(0, 100, 1, 2).mapPartitions((records) => {
   *   TaskContext.get()!.addTaskCompletionListener(() => closed.add(1)); // or connection.close()
   *   return records;
   * });
   * await firsts.count();
   * assert.equal(closed.value, 2);
   * ```
   */
  addTaskCompletionListener(listener: (context: TaskContext) => void): this {
    this.#listeners.addCompletion(this, callable(listener, "addTaskCompletionListener"));
    return this;
  }

  /**
   * Has `listener` called if the task fails or is cancelled, with what was thrown; before the
   * completion listeners, and the last one added first.
   */
  addTaskFailureListener(listener: (context: TaskContext, error: unknown) => void): this {
    this.#listeners.addFailure(this, callable(listener, "addTaskFailureListener"));
    return this;
  }
}

function callable<F>(listener: F, method: string): F {
  if (typeof listener === "function") return listener;
  throw new PlanError(
    "InvalidArgument",
    `Cannot call ${method}(): listener is ${shown(listener)}`,
    "Pass a function",
  );
}

/** Makes `context` the current one until the result is disposed. */
export function enterTask(context: TaskContext): Disposable {
  const outer = current;
  current = context;
  return { [Symbol.dispose]: () => void (current = outer) };
}

/** The task did its work: tells its listeners, and throws what they throw. */
export function taskCompleted(context: TaskContext): void {
  listenersOf(context).completed(context);
}

/** The task failed: tells its listeners. */
export function taskFailed(context: TaskContext, error: unknown): void {
  listenersOf(context).failed(context, error);
}
