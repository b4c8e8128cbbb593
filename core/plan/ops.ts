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
 * - `pipe`: `fn(record)` is a line for the program of `command`; the lines that it writes are the new
 *   records. It breaks the loop too.
 *
 * `mapAsync` and `mapPartitionsAsync` break the loop likewise, and the tasks of a stage that has one of them wait for promises.
 *
 * `barrier`: all tasks of its stage run at the same time and can wait for one another
 * (core/plan/barrier.ts).
 *
 * `keepsKeys` promises that pairs keep their keys, so that a partitioner of the input is one of the
 * output too (as in `mapValues`). `keys` promises that only pairs with keys of that range count:
 * others may be left out of the input, if that is easy.
 */
export type NarrowOp<F> = Readonly<{
  kind:
    | "map"
    | "filter"
    | "flatMap"
    | "mapPartitions"
    | "mapAsync"
    | "mapPartitionsAsync"
    | "pipe";
  fn: F;
  concurrency?: number | undefined;
  command?: PipeCommand | undefined;
  barrier?: boolean | undefined;
  keepsKeys?: boolean;
  keys?: KeysWanted;
}>;

/** Canonical bytes of keys, both included. */
export type KeysWanted = Readonly<{ from: Uint8Array; to: Uint8Array }>;

/**
 * The keys that count for a chain, told by its first operations: those through which nothing but
 * single records go. A function that sees a whole partition sees all of it.
 */
export function keysWanted<F>(ops: readonly NarrowOp<F>[]): KeysWanted | undefined {
  for (const { kind, keepsKeys, keys } of ops) {
    if (keys !== undefined) return keys;
    const isOneByOne = kind === "map" || kind === "filter" || kind === "flatMap";
    if (!isOneByOne || keepsKeys !== true) return undefined;
  }
  return undefined;
}

/** A program that records go through, once for each partition. */
export type PipeCommand = Readonly<{
  /** The program and its arguments, as they are: no shell takes them apart. */
  argv: readonly [program: string, ...parameters: string[]];
  /** The variables of its environment: these and no others. */
  env: Readonly<Record<string, string>>;
  /** Whether an exit code other than 0 fails the task. */
  checkCode: boolean;
}>;

/** The commands of the pipes in `chains`, in order: a pipe is known by its index among them. */
export function commandsOf<F>(chains: readonly (readonly NarrowOp<F>[])[]): PipeCommand[] {
  return chains.flat().flatMap(({ command }) => command === undefined ? [] : [command]);
}
