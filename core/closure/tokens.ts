/**
 * What stands in a closure for a value that the worker has its own form of. The driver puts a token
 * where it finds the value (capture), a task puts its own form where it finds the token (revive).
 */
import type { BroadcastId } from "../engine.ts";
import type { Closure } from "./closure.ts";

export type Token =
  /** `value` in a task: what the engine published under `id` (core/codec/binary.ts), decoded. */
  | Readonly<{ kind: "broadcast"; id: BroadcastId }>
  /**
   * In a task it only adds: to a copy of `zero`, with `add(sum, amount)`, or as numbers where there
   * is no `add`. What the task added goes home in TaskResult.updates.
   */
  | Readonly<{ kind: "accumulator"; id: number; zero: unknown; add?: Closure }>;
