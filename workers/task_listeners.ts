/**
 * What user code asked to be told at the end of its task, and the telling: the last registered first,
 * so that what was opened last is closed first.
 *
 *     the task did its work ─► completion listeners ─► the result counts
 *     something was thrown  ─► failure listeners ─► completion listeners ─► the task has failed
 *
 * A listener that throws keeps none of the others from being told, and fails the task.
 */
import { FlintError, RecordError, reportOf } from "../core/errors.ts";

/** Told with `C`, what the task is to user code. */
export type CompletionListener<C> = (context: C) => void;
export type FailureListener<C> = (context: C, error: unknown) => void;

export class TaskListeners<C> {
  readonly #completion: CompletionListener<C>[] = [];
  readonly #failure: FailureListener<C>[] = [];
  #isCompleted = false;
  #failedWith: Readonly<{ error: unknown }> | undefined;

  /** On a task that has ended already it is told at once, as in Spark. */
  addCompletion(context: C, listener: CompletionListener<C>): void {
    if (this.#isCompleted) tell("completion", [() => listener(context)]);
    else this.#completion.push(listener);
  }

  /** The same for a task that has failed already. */
  addFailure(context: C, listener: FailureListener<C>): void {
    const { error } = this.#failedWith ?? {};
    if (this.#failedWith !== undefined) tell("failure", [() => listener(context, error)]);
    else this.#failure.push(listener);
  }

  /** The task did its work. Throws what a listener threw: then the task has failed after all. */
  completed(context: C): void {
    if (this.#isCompleted) return;
    this.#isCompleted = true;
    tell("completion", this.#completion.toReversed().map((listener) => () => listener(context)));
  }

  /** The task failed with `error`, which is what counts, whatever listeners throw. */
  failed(context: C, error: unknown): void {
    this.#failedWith = { error };
    const told = this.#failure.toReversed().map((listener) => () => listener(context, error));
    for (const tellAll of [() => tell("failure", told), () => this.completed(context)]) {
      try {
        tellAll();
      } catch { /* what came first is the reason */ }
    }
  }
}

/** Tells all of them, then throws what some threw. */
function tell(what: "completion" | "failure", listeners: readonly (() => unknown)[]): void {
  const thrown = listeners.flatMap((listener) => {
    try {
      if (listener() instanceof Promise) refusePromise(what);
      return [];
    } catch (error) {
      return [error];
    }
  });
  if (thrown.length === 0) return;
  if (thrown.length === 1 && thrown[0] instanceof FlintError) throw thrown[0];
  const stories = thrown.map(reportOf).map(({ name, message }) => `${name}: ${message}`);
  throw new Error(`a task ${what} listener threw ${stories.join("; another threw ")}`, {
    cause: thrown[0],
  });
}

function refusePromise(what: string): never {
  throw new RecordError(
    "PromiseReturned",
    `a task ${what} listener returned a Promise, for which its task does not wait`,
    "Close what has to be waited for in the function itself, such as in the finally of an " +
      "async generator",
  );
}
