/**
 * Who threw. What a user's function throws travels on as it is, so that user code around it (a
 * `try` in `mapPartitions`) meets its own errors; which function it was, and at which record, is
 * kept here beside it.
 */

/** A function of the user, as messages name it. */
export type Step = Readonly<{
  /** The operation that it was given to, such as `map`. */
  kind: string;
  /** Where it was written. */
  place: string;
}>;

export type Culprit = Readonly<{
  step: Step;
  /** The record that was being handled, where there was one. */
  record?: Readonly<{ value: unknown }> | undefined;
}>;

/** The last error that crossed a function of the user, and whose it was. One for each task. */
export class Blame {
  #thrown: readonly [error: unknown, culprit: Culprit | undefined] | undefined;

  /** `step` threw `error`. Whoever said so of the same error first was closer to it and is believed. */
  on(error: unknown, step: Step, record?: Readonly<{ value: unknown }>): void {
    if (!this.#knows(error)) this.#thrown = [error, { step, record }];
  }

  /** `error` came from below and is about to cross a function of the user, which is innocent. */
  notTheUser(error: unknown): void {
    if (!this.#knows(error)) this.#thrown = [error, undefined];
  }

  /** Whose `error` is; undefined if no function of the user threw it. */
  of(error: unknown): Culprit | undefined {
    return this.#knows(error) ? this.#thrown![1] : undefined;
  }

  #knows(error: unknown): boolean {
    return this.#thrown !== undefined && Object.is(this.#thrown[0], error);
  }
}
