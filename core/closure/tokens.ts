/**
 * What stands in a closure for a value that the worker has its own form of. The driver puts a token
 * where it finds the value (capture), a task puts its own form where it finds the token (revive).
 */
import type { AccumulationName } from "../accumulation.ts";
import type { BroadcastId } from "../engine.ts";
import type { Closure } from "./closure.ts";

export type Token =
  /** `value` in a task: what the engine published under `id` (core/codec/binary.ts), decoded. */
  | Readonly<{ kind: "broadcast"; id: BroadcastId }>
  /**
   * In a task it only adds, to a sum of its own that goes home in TaskResult.updates. `adds`: how, by
   * name, or a function that gives a task's own `CustomAccumulation`.
   */
  | Readonly<
    { kind: "accumulator"; id: number; name?: string | undefined; adds: AccumulationName | Closure }
  >;

/** How tasks add where the user said how. Revived for each task, so `zero` is nobody else's. */
export type CustomAccumulation = Readonly<{
  zero: unknown;
  add(sum: unknown, amount: unknown): unknown;
}>;
