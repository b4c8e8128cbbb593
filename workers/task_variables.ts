/**
 * Broadcasts and accumulators as a task has them: what stands where its functions hold tokens.
 */
import { type ClassTable, decodeValue, encodeValue } from "../core/codec/binary.ts";
import type { Token } from "../core/closure/tokens.ts";
import type { BroadcastId } from "../core/engine.ts";
import { PlanError, shown } from "../core/errors.ts";
import type { UserFunction } from "../core/plan/plan.ts";
import type { AccumulatorUpdate } from "../core/task.ts";

/** What broadcasts are decoded to: once for all tasks of a stage in a worker, when it is asked for. */
export class BroadcastValues {
  readonly #values = new Map<BroadcastId, unknown>();

  value(id: BroadcastId, bytes: () => Uint8Array, classes: ClassTable): unknown {
    if (!this.#values.has(id)) this.#values.set(id, decodeValue(bytes(), { classes }));
    return this.#values.get(id);
  }
}

/** What the variables of a task need from around it. */
export type VariablesHost = Readonly<{
  broadcasts: BroadcastValues;
  broadcastBytes: (id: BroadcastId) => Uint8Array;
  /** The custom addition of an accumulator, revived for this task. */
  additionOf: (id: number) => UserFunction | undefined;
  classes: ClassTable;
}>;

/** The variables of one task. */
export class TaskVariables {
  readonly #host: VariablesHost;
  readonly #broadcasts = new Map<BroadcastId, TaskBroadcast>();
  readonly #accumulators = new Map<number, TaskAccumulator>();

  constructor(host: VariablesHost) {
    this.#host = host;
  }

  /** The task's own form of what a token stands for: the same object for the same id. */
  readonly revive = (untyped: unknown): unknown => {
    const token = untyped as Token;
    switch (token.kind) {
      case "broadcast":
        return entry(this.#broadcasts, token.id, () => new TaskBroadcast(token.id, this.#host));
      case "accumulator":
        return entry(
          this.#accumulators,
          token.id,
          () =>
            new TaskAccumulator(
              token.id,
              token.zero,
              () => this.#host.additionOf(token.id) ?? addNumbers,
            ),
        );
    }
  };

  /** What was added, for each accumulator that the task added to. */
  updates(): AccumulatorUpdate[] {
    const { classes } = this.#host;
    return [...this.#accumulators.values()].flatMap((accumulator) => {
      const sum = accumulatedBy(accumulator);
      if (sum === undefined) return [];
      return [{ id: accumulator.id, bytes: encodeValue(sum.value, { classes }) }];
    });
  }
}

/** A broadcast in a task. */
class TaskBroadcast {
  readonly #host: VariablesHost;

  constructor(readonly id: BroadcastId, host: VariablesHost) {
    this.#host = host;
  }

  get value(): unknown {
    const { broadcasts, broadcastBytes, classes } = this.#host;
    return broadcasts.value(this.id, () => broadcastBytes(this.id), classes);
  }

  unpersist(): never {
    return onDriverOnly("unpersist()", "broadcast", this.id);
  }

  destroy(): never {
    return onDriverOnly("destroy()", "broadcast", this.id);
  }
}

/** What a task has added so far; undefined if it has added nothing. */
let accumulatedBy: (accumulator: TaskAccumulator) => Readonly<{ value: unknown }> | undefined;

/** An accumulator in a task: it only adds. */
class TaskAccumulator {
  readonly #zero: unknown;
  readonly #addition: () => UserFunction;
  #sum: { value: unknown } | undefined;

  static {
    accumulatedBy = (accumulator) => accumulator.#sum;
  }

  constructor(readonly id: number, zero: unknown, addition: () => UserFunction) {
    this.#zero = zero;
    this.#addition = addition;
  }

  add(amount: unknown): void {
    this.#sum ??= { value: copyOf(this.#zero) };
    this.#sum.value = this.#addition()(this.#sum.value, amount);
  }

  get value(): never {
    return onDriverOnly("value", "accumulator", this.id);
  }
}

function addNumbers(sum: unknown, amount: unknown): number | bigint {
  if (typeof sum === "number" && typeof amount === "number") return sum + amount;
  if (typeof sum === "bigint" && typeof amount === "bigint") return sum + amount;
  throw new PlanError(
    "InvalidArgument",
    `Cannot add ${shown(amount)} to an accumulator that holds ${shown(sum)}`,
    "Add a number; to a bigint, a bigint",
  );
}

function onDriverOnly(member: string, what: string, id: number): never {
  throw new PlanError(
    "ContextOnlyOnDriver",
    `Cannot use ${member} of ${what} ${id} in a task`,
    what === "accumulator"
      ? "A task only adds; read the value on the driver when the action has ended"
      : "Call it on the driver",
  );
}

/** The zero may be an array or a Map that additions change. */
function copyOf(zero: unknown): unknown {
  return typeof zero === "object" && zero !== null ? decodeValue(encodeValue(zero)) : zero;
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  if (!map.has(key)) map.set(key, make());
  return map.get(key)!;
}
