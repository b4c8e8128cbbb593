/** What user code in a task can learn about the task. */
import type { PartitionId } from "../core/plan/plan.ts";
import type { StageId, Task } from "../core/task.ts";

let current: TaskContext | undefined;

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
  readonly #task: Task;

  /** Made by the worker; user code calls {@linkcode TaskContext.get}. */
  constructor(task: Task) {
    this.#task = task;
  }

  /** The context of the running task; undefined outside of a task, as on the driver. */
  static get(): TaskContext | undefined {
    return current;
  }

  /** The number of the stage, unique in its SparkContext. */
  stageId(): StageId {
    return this.#task.stage;
  }

  /** The partition that the task computes, from 0. */
  partitionId(): PartitionId {
    return this.#task.partition;
  }

  /** How often the task was tried before: 0 at the first attempt. */
  attemptNumber(): number {
    return this.#task.attempt;
  }
}

/** Makes `context` the current one until the result is disposed. */
export function enterTask(context: TaskContext): Disposable {
  const outer = current;
  current = context;
  return { [Symbol.dispose]: () => void (current = outer) };
}
