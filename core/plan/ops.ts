/**
 * What happens to a partition without moving it: the operations that are fused into one loop.
 *
 * A new kind fails `deno check` until it has an emitter (workers/pipeline/emit.ts) and a slow twin
 * (workers/pipeline/interpret.ts). Most operators need none: they are written with these.
 */

/**
 * An operation over functions `F`.
 *
 * - `map`: `fn(record)` is the new record.
 * - `filter`: the record stays where `fn(record)` is true in JavaScript's sense.
 * - `flatMap`: the records of the iterable `fn(record)`. A string is not taken apart: it is refused.
 * - `mapPartitions`: `fn(iterator, partition)` gives the new records as an iterable. It breaks the
 *   loop in two: what lies before it is one loop, what comes after it another.
 * - `mapAsync`: what the Promise `fn(record)` becomes is the new record. At most `concurrency` calls
 *   (1 by default) run at once; their results keep the order of the records.
 * - `mapPartitionsAsync`: as `mapPartitions`, but `fn` may wait: it gives an async iterable, or a
 *   Promise of an iterable of either kind.
 *
 * The last two break the loop too, and the tasks of a stage that has one of them wait for promises.
 *
 * `keepsKeys` promises that pairs keep their keys, so that a partitioner of the input is one of the
 * output too (as in `mapValues`).
 */
export type NarrowOp<F> = Readonly<{
  kind: "map" | "filter" | "flatMap" | "mapPartitions" | "mapAsync" | "mapPartitionsAsync";
  fn: F;
  concurrency?: number | undefined;
  keepsKeys?: boolean;
}>;
