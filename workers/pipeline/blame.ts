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

/**
 * The errors that crossed functions of the user, and whose they were. One for each task. Where functions
 * run at the same time several of them may throw; of thrown primitives only the last one is known.
 */
export class Blame {
  readonly #errors = new WeakMap<object, Culprit | "nobody">();
  #primitive: readonly [thrown: unknown, culprit: Culprit | "nobody"] | undefined;

  /** `step` threw `error`. Whoever said so of the same error first was closer to it and is believed. */
  on(error: unknown, step: Step, record?: Readonly<{ value: unknown }>): void {
    this.#note(error, { step, record });
  }

  /** `error` came from below and is about to cross a function of the user, which is innocent. */
  notTheUser(error: unknown): void {
    this.#note(error, "nobody");
  }

  /** Whose `error` is; undefined if no function of the user threw it. */
  of(error: unknown): Culprit | undefined {
    const culprit = this.#culpritOf(error);
    return culprit === "nobody" ? undefined : culprit;
  }

  #note(error: unknown, culprit: Culprit | "nobody"): void {
    if (this.#culpritOf(error) !== undefined) return;
    if (isObject(error)) this.#errors.set(error, culprit);
    else this.#primitive = [error, culprit];
  }

  #culpritOf(error: unknown): Culprit | "nobody" | undefined {
    if (isObject(error)) return this.#errors.get(error);
    return this.#primitive !== undefined && Object.is(this.#primitive[0], error)
      ? this.#primitive[1]
      : undefined;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null || typeof value === "function";
}
