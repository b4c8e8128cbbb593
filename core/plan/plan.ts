/**
 * A program as data: pipelines joined by exchanges.
 *
 * The same seven kinds of node describe a program twice. While it is being written it is a
 * *draft*: functions are the user's own, a source is what was asked for, a partition count may be
 * open. When an action is called it becomes a *plan*: functions are closures, sources are lists of
 * splits, every count is known. A plan is plain data, the same for every engine.
 *
 *     Draft = Node<UserFunction, SourceRequest, number | undefined>
 *       │ capture (synchronous)      core/closure
 *       │ resolve (asks the sources) core/plan/resolve.ts
 *       ▼
 *     Plan  = Node<Closure, SourceSpec, number>
 *
 * A node never changes and holds no context. Two nodes are the same dataset exactly when their ids
 * are equal.
 */
import type { Closure } from "../closure/closure.ts";
import type { Grants } from "../grants.ts";
import type { StorageLevel } from "../storage_level.ts";
import type { Exchange, Partitioner } from "./exchange.ts";
import type { NarrowOp } from "./ops.ts";

/** The number of a dataset, unique in its context; what Spark calls the id of an RDD. */
export type PlanId = number;
/** The index of a partition in its dataset, from 0. */
export type PartitionId = number;
/** Options of a source or sink: plain data. */
export type Options = Readonly<Record<string, unknown>>;

// deno-lint-ignore no-explicit-any -- the arguments and the result are the user's
export type UserFunction = (...args: any[]) => any;

/** A source as the program asked for it. */
export type SourceRequest = Readonly<{
  format: string;
  options: Options;
  /** At least so many splits are wanted; the default parallelism where it is undefined. */
  partitionsMin?: number | undefined;
}>;

/** A part of a source that one task reads. */
export type Split = Readonly<{
  /** Bytes to be read, where that is known: for progress and for placement. */
  bytes?: number;
  /** What the source needs to find it again: plain data, encoded with the plan. */
  data: unknown;
}>;

/** A source as it was found when the plan was resolved. */
export type SourceSpec = Readonly<{ format: string; options: Options; splits: readonly Split[] }>;

/**
 * A node over functions `F`, sources `S` and partition counts `N`.
 *
 * | kind       | partitions       | what a partition holds                                          |
 * | ---------- | ---------------- | --------------------------------------------------------------- |
 * | `source`   | one a split      | the records of the split                                        |
 * | `narrow`   | as `from`        | what `op` makes of the partition of the same index              |
 * | `exchange` | as its kind says | the records that the exchange moves there                       |
 * | `union`    | the sum          | the partitions of each side, one after the other                |
 * | ` aligned` | as each side     | the partitions of the same index of each side, one after the other |
 * | `zip`      | as each side     | `fn` over the iterators of the partitions of the same index     |
 * | `cross`    | left × right     | pairs of every record of one partition with every of the other  |
 * | `coalesce` | `partitions`     | neighbouring partitions, one after the other; never more of them |
 *
 * Where records lie already as they are to lie, nothing moves. Resolving finds out, so only a plan
 * says: a union is `aligned` if all its sides are partitioned in the same way, and an exchange is
 * done `inPlace`, by the task that has the partition, if its input is partitioned as its output
 * shall be.
 */
export type Node<F, S, N> = Readonly<
  & {
    id: PlanId;
    /** What people see: the operator and where it was called, such as `map at job.ts:12`. */
    label: string;
    /** Of a plan: where its partitions are kept for later jobs. Drafts never change: they have none. */
    level?: StorageLevel | undefined;
  }
  & (
    /** `partitioner`: how the records were divided by key when they were written, if that is known. */
    | { kind: "source"; source: S; partitioner?: Partitioner<F, N> | undefined }
    | { kind: "narrow"; from: Node<F, S, N>; op: NarrowOp<F> }
    | { kind: "exchange"; from: Node<F, S, N>; exchange: Exchange<F, N>; inPlace?: boolean }
    /** `grants`: what the stage that computes it may do besides (core/plan/stage_grants.ts). */
    | { kind: "union"; from: readonly Node<F, S, N>[]; aligned?: boolean; grants?: Grants }
    | { kind: "zip"; from: readonly Node<F, S, N>[]; fn: F }
    | { kind: "cross"; left: Node<F, S, N>; right: Node<F, S, N> }
    | { kind: "coalesce"; from: Node<F, S, N>; partitions: number }
  )
>;

/** A program as it is being written: nothing is captured, nothing has been looked at. */
export type Draft = Node<UserFunction, SourceRequest, number | undefined>;
/** A draft whose functions have been captured; its sources have not been looked at yet. */
export type CapturedDraft = Node<Closure, SourceRequest, number | undefined>;
/** A program that can run: plain data. */
export type Plan = Node<Closure, SourceSpec, number>;

/** The nodes that `node` reads from, in order. */
export function inputsOf<F, S, N>(node: Node<F, S, N>): readonly Node<F, S, N>[] {
  switch (node.kind) {
    case "source":
      return [];
    case "narrow":
    case "exchange":
    case "coalesce":
      return [node.from];
    case "union":
    case "zip":
      return node.from;
    case "cross":
      return [node.left, node.right];
  }
}
