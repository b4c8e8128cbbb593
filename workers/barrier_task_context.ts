/** What user code in a task of a barrier stage can learn, and how it waits for the other tasks. */
import { PlanError, shown } from "../core/errors.ts";
import type { Meeting } from "../core/task.ts";
import { type RunningTask, TaskContext } from "./task_context.ts";

/** A running task of a barrier stage, as those who run it know it. */
export type RunningBarrierTask =
  & RunningTask
  & Readonly<{
    /** Where each task of the stage runs, by partition. */
    addresses: readonly string[];
    /** Blocks until all tasks of the stage have called it; gives their messages by partition. */
    meet: (meeting: Meeting, message: string) => readonly string[];
  }>;

/** A task of a barrier stage, as the others see it. */
export class BarrierTaskInfo {
  readonly #address: string;

  /** Made by {@linkcode BarrierTaskContext.getTaskInfos}. */
  constructor(address: string) {
    this.#address = address;
  }

  /** The host that the task runs on and, behind a colon, the number of its executor. */
  get address(): string {
    return this.#address;
  }
}

/**
 * The running task of a barrier stage, whose tasks all run at the same time; PySpark's
 * `BarrierTaskContext`. While it waits in {@linkcode BarrierTaskContext.barrier} or
 * {@linkcode BarrierTaskContext.allGather} its worker stands still, promises included.
 *
 * All tasks of the stage have to make the same calls in the same order. Where they do not, or one ends
 * while others wait, it is a PlanError (InvalidArgument) in those that wait, and not a halt.
 *
 * @example
 * ```ts
 * import { BarrierTaskContext, SparkContext } from "@flint/flint";
 * import assert from "node:assert/strict";
 *
 * await using sc = new SparkContext({ master: "local[2]" });
 * const met = sc.parallelize([1, 2, 3, 4], 2).barrier().mapPartitions((numbers) => {
 *   const sum = [...numbers].reduce((a, b) => a + b, 0);
 *   return [BarrierTaskContext.get().allGather(`${sum}`)];
 * });
 * assert.deepEqual(await met.collect(), [["3", "7"], ["3", "7"]]);
 * ```
 */
export class BarrierTaskContext extends TaskContext {
  readonly #running: RunningBarrierTask;

  /** Made by the worker; user code calls {@linkcode BarrierTaskContext.get}. */
  constructor(running: RunningBarrierTask) {
    super(running);
    this.#running = running;
  }

  /**
   * The context of the running task. Throws a PlanError (NotAvailable) where that is none of a barrier
   * stage, and outside of tasks.
   */
  static override get(): BarrierTaskContext {
    const context = TaskContext.get();
    if (context instanceof BarrierTaskContext) return context;
    throw new PlanError(
      "NotAvailable",
      "Cannot call BarrierTaskContext.get(): this is not in a barrier stage",
      "Call it in a function of rdd.barrier().mapPartitions()",
    );
  }

  /** Waits until all tasks of the stage have called it. */
  barrier(): void {
    this.#running.meet("barrier", "");
  }

  /** Waits as {@linkcode BarrierTaskContext.barrier}; gives the messages of all tasks by partition. */
  allGather(message = ""): string[] {
    if (typeof message !== "string") {
      throw new PlanError(
        "InvalidArgument",
        `Cannot call allGather(): message is ${shown(message)}`,
        "Pass a text, such as JSON.stringify(value)",
      );
    }
    return [...this.#running.meet("allGather", message)];
  }

  /** What is known of all tasks of the stage, by partition. */
  getTaskInfos(): BarrierTaskInfo[] {
    return this.#running.addresses.map((address) => new BarrierTaskInfo(address));
  }
}
