/** The values of a job on their way from the scheduler to the one who iterates over them. */
import type { TaskValue } from "../../core/engine.ts";
import { type FailureReport, reportOf } from "../../core/errors.ts";

/** A queue with an end, which may be an error. Values that were there before an error come first. */
export class JobValues {
  readonly #values: TaskValue[] = [];
  #next = 0;
  #ended = false;
  #error: (() => unknown) | undefined;
  #cancelled: FailureReport | undefined;
  #wake: (() => void) | undefined;

  get ended(): boolean {
    return this.#ended;
  }

  push(value: TaskValue): void {
    this.#values.push(value);
    this.#wake?.();
  }

  /**
   * Only the first end counts. `error` makes what is thrown where the values are awaited, so that
   * its stack leads to the one who awaits them.
   */
  end(error?: () => unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#wake?.();
  }

  /** Ends them with what is thrown as it is, whatever it is; returns it as a report. */
  cancel(error: unknown): FailureReport {
    const failure = reportOf(error);
    if (!this.#ended) this.#cancelled = failure;
    this.end(() => error);
    return failure;
  }

  /** Why they were cancelled, if nothing had ended them before. */
  get cancelled(): FailureReport | undefined {
    return this.#cancelled;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TaskValue> {
    for (;;) {
      while (this.#next < this.#values.length) {
        const value = this.#values[this.#next]!;
        // Whoever has taken a value decides how long it lives.
        this.#values[this.#next++] = undefined!;
        yield value;
      }
      this.#values.length = this.#next = 0;
      if (this.#ended) {
        if (this.#error !== undefined) throw this.#error();
        return;
      }
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}
