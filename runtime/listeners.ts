/**
 * Listeners in the manner of Spark: an object with a method for each kind of event.
 *
 *     EventBus ── event ──► the method that METHODS names, if the listener has it
 *
 * They are eyes: nothing waits for them, and one that throws is warned of once and heard again.
 */
import { shown } from "../core/errors.ts";
import type { Event, EventBus } from "../core/events.ts";

/** An event of a kind. */
export type EventOf<T extends Event["type"]> = Extract<Event, { type: T }>;

/**
 * What {@linkcode SparkContext.addSparkListener} takes: an object with any of these methods. They are
 * called at once, in the order of what happens; what they return is not waited for.
 */
export interface SparkListener {
  /** A job has been submitted: its name, stages and properties. */
  onJobStart?(event: EventOf<"job.started">): void;
  /** A job has ended, well or not. */
  onJobEnd?(event: EventOf<"job.ended">): void;
  /** The first task of a stage is about to start. */
  onStageSubmitted?(event: EventOf<"stage.started">): void;
  /** A stage has ended, well or not. */
  onStageCompleted?(event: EventOf<"stage.ended">): void;
  /** A task has been sent to an executor. */
  onTaskStart?(event: EventOf<"task.started">): void;
  /** A task has ended; its metrics and, where it failed, why. */
  onTaskEnd?(event: EventOf<"task.ended">): void;
  /** A function tried what its stage was not granted, and its task has failed by that. */
  onPermissionDenied?(event: EventOf<"permission.denied">): void;
  /** A named accumulator has a new value. */
  onAccumulatorUpdated?(event: EventOf<"accumulator.updated">): void;
  /** An executor can take tasks. */
  onExecutorAdded?(event: EventOf<"executor.started">): void;
  /** An executor is gone, and why. */
  onExecutorRemoved?(event: EventOf<"executor.lost">): void;
  /** A task has printed a line. */
  onExecutorPrinted?(event: EventOf<"executor.printed">): void;
  /** Something the user should read. */
  onWarning?(event: EventOf<"warning">): void;
}

/** The method for each kind of event. */
const METHODS = {
  "job.started": "onJobStart",
  "job.ended": "onJobEnd",
  "stage.started": "onStageSubmitted",
  "stage.ended": "onStageCompleted",
  "task.started": "onTaskStart",
  "task.ended": "onTaskEnd",
  "permission.denied": "onPermissionDenied",
  "accumulator.updated": "onAccumulatorUpdated",
  "executor.started": "onExecutorAdded",
  "executor.lost": "onExecutorRemoved",
  "executor.printed": "onExecutorPrinted",
  "warning": "onWarning",
} as const satisfies Record<Event["type"], keyof SparkListener>;

/** The listeners of a context. */
export class Listeners {
  readonly #events: EventBus;
  readonly #warn: (message: string) => void;
  readonly #added = new Map<SparkListener, Disposable>();

  /** `warn` says everything once. */
  constructor(events: EventBus, warn: (message: string) => void) {
    this.#events = events;
    this.#warn = warn;
  }

  /** Adding one that has been added changes nothing. */
  add(listener: SparkListener): void {
    if (this.#added.has(listener)) return;
    this.#added.set(listener, this.#events.subscribe((event) => this.#call(listener, event)));
  }

  remove(listener: SparkListener): void {
    this.#added.get(listener)?.[Symbol.dispose]();
    this.#added.delete(listener);
  }

  #call(listener: SparkListener, event: Event): void {
    const method = METHODS[event.type];
    const failed = (error: unknown) => {
      // A warning about a warning would come back to it.
      if (event.type === "warning") return;
      this.#warn(`A listener failed in ${method}(): ${shown(messageOf(error), 200)}`);
    };
    try {
      const returned: unknown = (listener[method] as ((event: Event) => unknown) | undefined)
        ?.call(listener, event);
      if (returned instanceof Promise) returned.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}

function messageOf(error: unknown): unknown {
  return error instanceof Error ? error.message : error;
}
