/**
 * Broadcasts and accumulators as a task has them: what stands where its functions hold tokens.
 */
import { type ClassTable, encodeValue } from "../core/codec/binary.ts";
import type { CustomAccumulation, Token } from "../core/closure/tokens.ts";
import type { BroadcastId } from "../core/engine.ts";
import { PlanError } from "../core/errors.ts";
import { FUNCTION_ONLY } from "../core/function_only.ts";
import type { AccumulatorUpdate } from "../core/task.ts";
import type { BroadcastValues } from "./broadcast_values.ts";
import { accumulatedBy, TaskAccumulator } from "./task_accumulator.ts";

/** What the variables of a task need from around it. */
export type VariablesHost = Readonly<{
  broadcasts: BroadcastValues;
  broadcastBytes: (id: BroadcastId) => Uint8Array;
  /** How an accumulator adds where the user said how, revived for this task. */
  accumulationOf: (id: number) => CustomAccumulation;
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
          () => new TaskAccumulator(token, () => this.#host.accumulationOf(token.id)),
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
  #held: Readonly<{ value: unknown }> | undefined;

  constructor(readonly id: BroadcastId, host: VariablesHost) {
    this.#host = host;
  }

  get [FUNCTION_ONLY](): string {
    return "a broadcast";
  }

  get value(): unknown {
    const { broadcasts, broadcastBytes, classes } = this.#host;
    this.#held ??= { value: broadcasts.value(this.id, () => broadcastBytes(this.id), classes) };
    return this.#held.value;
  }

  unpersist(): never {
    return onDriverOnly("unpersist()", this.id);
  }

  destroy(): never {
    return onDriverOnly("destroy()", this.id);
  }
}

function onDriverOnly(member: string, id: BroadcastId): never {
  throw new PlanError(
    "ContextOnlyOnDriver",
    `Cannot use ${member} of broadcast ${id} in a task`,
    "Call it on the driver",
  );
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  if (!map.has(key)) map.set(key, make());
  return map.get(key)!;
}
