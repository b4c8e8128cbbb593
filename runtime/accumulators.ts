/**
 * The accumulators of a context: what they hold, how they travel, and what comes home.
 *
 *     Accumulator ─► Ledger { sum, how } ── token ──► task: adds to a sum of its own
 *                       ▲                                      │
 *                       └────────── merge ◄── encoded sum ◄────┘   once per job, stage and partition
 */
import { type AccumulationName, accumulations, sumOrThrow } from "../core/accumulation.ts";
import type { Closure } from "../core/closure/closure.ts";
import type { CustomAccumulation, Token } from "../core/closure/tokens.ts";
import { type ClassTable, decodeValue } from "../core/codec/binary.ts";
import { ClosureError } from "../core/errors.ts";
import type { UserFunction } from "../core/plan/plan.ts";
import type { AccumulatorUpdate } from "../core/task.ts";

/**
 * How an accumulator adds; PySpark's `AccumulatorParam`. An object or an instance of a class; it
 * travels to the tasks with what it uses, as functions do.
 *
 * `zero` gives what a task starts with, where the accumulator holds `value`. `addInPlace` gives the sum
 * of two sums; it may change `sum` and return it. Tasks add with it, and the driver adds what the
 * tasks have: so it has to give the same in whatever order it is called.
 */
export type AccumulatorParam<T> = {
  zero(value: T): T;
  addInPlace(sum: T, amount: T): T;
};

/** What the accumulators ask of their context. */
type Home = Readonly<{ capture: (fn: UserFunction) => Closure; classes: ClassTable }>;

/** How a ledger adds, by a name that workers know too or as the user said. */
type How =
  | Readonly<{ kind: "known"; name: AccumulationName }>
  | Readonly<{ kind: "custom"; param: AccumulatorParam<unknown> }>;

/** What one accumulator holds on the driver. */
export class Ledger {
  readonly id: number;
  readonly name: string | undefined;
  sum: unknown;
  readonly #how: How;
  readonly #home: Home;
  #isTravelling = false;

  constructor(id: number, name: string | undefined, how: How, sum: unknown, home: Home) {
    this.id = id;
    this.name = name;
    this.sum = sum;
    this.#how = how;
    this.#home = home;
  }

  add(amount: unknown): void {
    this.sum = this.#how.kind === "known"
      ? accumulations[this.#how.name].add(this.sum as never, amount as never)
      : sumOrThrow(this.#how.param.addInPlace(this.sum, amount), "addInPlace");
  }

  /** Adds what a task has added. */
  merge(bytes: Uint8Array): void {
    const other = decodeValue(bytes, { classes: this.#home.classes });
    if (this.#how.kind === "custom") return this.add(other);
    this.sum = accumulations[this.#how.name].merge(this.sum as never, other as never);
  }

  /** Starts again from nothing; for those whose nothing is known. */
  reset(): void {
    if (this.#how.kind === "known") this.sum = accumulations[this.#how.name].zero();
  }

  token(): Token {
    const { id, name } = this;
    const adds = this.#how.kind === "known" ? this.#how.name : this.#travelling(this.#how.param);
    return { kind: "accumulator", id, name, adds };
  }

  /** The value in a few words, at a cost that does not grow with it. */
  get text(): string {
    const { sum } = this;
    if (Array.isArray(sum)) return `${sum.length} values`;
    if (typeof sum !== "object" || sum === null) return String(sum).slice(0, 80);
    return "sum" in sum ? String(sum.sum) : sum.constructor?.name ?? "Object";
  }

  /** The param as its tasks have it, with the zero of this moment. */
  #travelling(param: AccumulatorParam<unknown>): Closure {
    if (this.#isTravelling) {
      throw new ClosureError(
        "NotShippable",
        "an accumulator that its own param uses",
        "Let the param use its arguments only",
      );
    }
    this.#isTravelling = true;
    try {
      const zero = sumOrThrow(param.zero(this.sum), "zero");
      const custom = (): CustomAccumulation => ({
        zero,
        add: (sum, amount) => sumOrThrow(param.addInPlace(sum, amount), "addInPlace"),
      });
      return this.#home.capture(custom);
    } catch (error) {
      throw error instanceof ClosureError ? ofParam(error) : error;
    } finally {
      this.#isTravelling = false;
    }
  }
}

/** The driver's accumulators, for as long as the program can reach them. */
export class Accumulators {
  readonly #home: Home;
  readonly #ledgers = new Map<number, WeakRef<Ledger>>();
  readonly #owners = new WeakMap<object, Ledger>();
  readonly #gone = new FinalizationRegistry<number>((id) => this.#ledgers.delete(id));
  #count = 0;

  constructor(home: Home) {
    this.#home = home;
  }

  /** A new accumulator: what `make` makes around its ledger. */
  add<A extends object>(
    name: string | undefined,
    how: How,
    sum: unknown,
    make: (ledger: Ledger) => A,
  ): A {
    const ledger = new Ledger(this.#count++, name, how, sum, this.#home);
    const accumulator = make(ledger);
    this.#ledgers.set(ledger.id, new WeakRef(ledger));
    this.#gone.register(ledger, ledger.id);
    this.#owners.set(accumulator, ledger);
    return accumulator;
  }

  /** What stands for an accumulator in closures; undefined for all else. */
  tokenOf(value: object): Token | undefined {
    return this.#owners.get(value)?.token();
  }

  /**
   * Adds what the tasks of one stage and partition added, and returns what those with a name hold
   * now. What nobody can read any more is left out. Throws what a param throws.
   */
  apply(updates: readonly AccumulatorUpdate[]): { name: string; value: string }[] {
    return updates.flatMap(({ id, bytes }) => {
      const ledger = this.#ledgers.get(id)?.deref();
      if (ledger === undefined) return [];
      ledger.merge(bytes);
      return ledger.name === undefined ? [] : [{ name: ledger.name, value: ledger.text }];
    });
  }
}

/** What is wrong with the param, in words that follow "which is". */
function ofParam({ code, message }: ClosureError): ClosureError {
  const story = message.replace(/^Cannot ship the function at .*?: it /, "");
  return new ClosureError(code, `an accumulator that cannot travel, because it ${story}`);
}
