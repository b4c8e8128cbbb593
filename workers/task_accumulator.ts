/** Accumulators as a task has them: they only add, and nobody can read them. */
import { accumulations } from "../core/accumulation.ts";
import type { CustomAccumulation, Token } from "../core/closure/tokens.ts";
import { PlanError } from "../core/errors.ts";
import { FUNCTION_ONLY } from "../core/function_only.ts";

type AccumulatorToken = Extract<Token, { kind: "accumulator" }>;

/** What a task has added so far; undefined if it has added nothing. */
export let accumulatedBy: (
  accumulator: TaskAccumulator,
) => Readonly<{ value: unknown }> | undefined;

export class TaskAccumulator {
  readonly id: number;
  readonly name: string | undefined;
  readonly #how: () => CustomAccumulation;
  #sum: { value: unknown; add: CustomAccumulation["add"] } | undefined;

  static {
    accumulatedBy = (accumulator) => accumulator.#sum;
  }

  /** `custom` gives what the token's own function gives, revived for this task. */
  constructor({ id, name, adds }: AccumulatorToken, custom: () => CustomAccumulation) {
    this.id = id;
    this.name = name;
    this.#how = typeof adds === "string" ? () => known(accumulations[adds]) : custom;
  }

  get [FUNCTION_ONLY](): string {
    return "an accumulator";
  }

  add(amount: unknown): void {
    this.#sum ??= this.#start();
    this.#sum.value = this.#sum.add(this.#sum.value, amount);
  }

  get value(): never {
    throw this.#onDriverOnly("value");
  }

  set value(_value: unknown) {
    throw this.#onDriverOnly("value");
  }

  get sum(): never {
    throw this.#onDriverOnly("sum");
  }

  get count(): never {
    throw this.#onDriverOnly("count");
  }

  get avg(): never {
    throw this.#onDriverOnly("avg");
  }

  get isZero(): never {
    throw this.#onDriverOnly("isZero");
  }

  reset(): never {
    throw this.#onDriverOnly("reset()");
  }

  #start() {
    const { zero, add } = this.#how();
    return { value: zero, add };
  }

  #onDriverOnly(member: string): PlanError {
    return new PlanError(
      "ContextOnlyOnDriver",
      `Cannot use ${member} of accumulator ${this.name ?? this.id} in a task`,
      "A task only adds; read the value on the driver when the action has ended",
    );
  }
}

function known(
  { zero, add }: Readonly<{ zero(): unknown; add(sum: never, amount: never): unknown }>,
): CustomAccumulation {
  return { zero: zero(), add: add as CustomAccumulation["add"] };
}
