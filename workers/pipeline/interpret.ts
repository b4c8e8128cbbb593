/**
 * What a chain means, said as plainly as can be: one generator for each operation, one record at a
 * time. Ten times slower than compile.ts and the oracle of its property tests.
 */
import type { NarrowOp } from "../../core/plan/ops.ts";
import type { PartitionId, UserFunction } from "../../core/plan/plan.ts";
import type { Blame, Step } from "./blame.ts";
import { type CompiledChain, pipePart, type Placed, stepOf } from "./compile.ts";
import { emit } from "./emit.ts";
import { type AnyBatches, type Batches, isPresent } from "./feed.ts";
import { BATCH_RECORDS_MAX } from "./records.ts";
import { iterableOf, refusePromise } from "./returned.ts";
import type { Waiting } from "./waiting.ts";

/** The slow twin of `compile`: the same outputs, calls, errors and closings in the same order. */
export function interpret(ops: readonly NarrowOp<Placed>[]): CompiledChain {
  return {
    instantiate: (fns, blame, waiting) => (batches, partition) => {
      let from: AnyBatches = batches;
      for (let start = 0; start < ops.length;) {
        const loopEnd = endOfLoop(ops, start);
        if (loopEnd > start) {
          const [loop, first] = [ops.slice(start, loopEnd), start];
          from = through(from, (present) => eachBatch(present, loop, fns, first, blame));
        }
        if (loopEnd < ops.length) {
          from = broken(from, ops[loopEnd]!, fns[loopEnd]!, partition, blame, waiting);
        }
        start = loopEnd + 1;
      }
      return from;
    },
  };
}

function endOfLoop(ops: readonly NarrowOp<Placed>[], start: number): number {
  const breaker = ops.findIndex((op, k) => k >= start && emit[op.kind].kind !== "fused");
  return breaker < 0 ? ops.length : breaker;
}

/** What has to be waited for is waited for to its end, and goes through the same then. */
function through(batches: AnyBatches, make: (batches: Batches) => Batches): AnyBatches {
  if (isPresent(batches)) return make(batches);
  return (async function* () {
    yield* make(await Array.fromAsync(batches));
  })();
}

function broken(
  batches: AnyBatches,
  op: NarrowOp<Placed>,
  fn: UserFunction,
  partition: PartitionId,
  blame: Blame,
  waiting: Waiting,
): AnyBatches {
  switch (op.kind) {
    case "pipe":
      // What a program does with its lines is its own business: there is one way to ask it.
      return pipePart(op, 0).instantiate([fn], blame, waiting)(batches, partition);
    case "mapAsync":
      return oneByOne(batches, op, fn, blame);
    case "mapPartitionsAsync":
      return whollyLater(batches, op, fn, partition, blame);
    case "mapPartitions":
    case "map":
    case "filter":
    case "flatMap":
      return through(batches, (present) => wholly(present, op, fn, partition, blame));
  }
}

async function* oneByOne(
  batches: AnyBatches,
  op: NarrowOp<Placed>,
  fn: UserFunction,
  blame: Blame,
): AsyncGenerator<unknown[]> {
  for await (const batch of batches) {
    for (const record of batch) {
      try {
        yield [await fn(record)];
      } catch (error) {
        blame.on(error, stepOf(op), { value: record });
        throw error;
      }
    }
  }
}

async function* whollyLater(
  batches: AnyBatches,
  op: NarrowOp<Placed>,
  fn: UserFunction,
  partition: PartitionId,
  blame: Blame,
): AsyncGenerator<unknown[]> {
  let latest: { value: unknown } | undefined;
  const input = async function* () {
    for await (const batch of batches) {
      for (const value of batch) {
        latest = { value };
        yield value;
      }
    }
  };
  try {
    yield* cut(await Array.fromAsync(await fn(input(), partition)));
  } catch (error) {
    blame.on(error, stepOf(op), latest);
    throw error;
  }
}

function* eachBatch(
  batches: Batches,
  ops: readonly NarrowOp<Placed>[],
  fns: readonly UserFunction[],
  start: number,
  blame: Blame,
): Generator<unknown[]> {
  for (const batch of batches) {
    let records: Iterable<unknown> = batch;
    ops.forEach((op, k) => records = eachRecord(records, op, fns[start + k]!, blame));
    yield* cut(records);
  }
}

function* eachRecord(
  records: Iterable<unknown>,
  op: NarrowOp<Placed>,
  fn: UserFunction,
  blame: Blame,
): Generator<unknown> {
  const step: Step = { kind: op.kind, place: op.fn.place };
  for (const record of records) {
    try {
      const result = fn(record);
      if (op.kind === "flatMap") {
        yield* iterableOf(result, step);
      } else {
        if (result instanceof Promise) refusePromise(step);
        if (op.kind === "map") yield result;
        else if (result) yield record;
      }
    } catch (error) {
      blame.on(error, step, { value: record });
      throw error;
    }
  }
}

/** The records of the whole partition go through one call. */
function* wholly(
  batches: Batches,
  op: NarrowOp<Placed>,
  fn: UserFunction,
  partition: PartitionId,
  blame: Blame,
): Generator<unknown[]> {
  const step: Step = { kind: op.kind, place: op.fn.place };
  const seen: { value: unknown }[] = [];
  let taken = 0;
  const input = function* () {
    for (const batch of innocent(batches, blame)) {
      taken++;
      for (const value of batch) {
        seen[0] = { value };
        yield value;
      }
    }
  };
  const records = input();
  try {
    const results = iterableOf(fn(records, partition), step);
    yield* cut(results, () => taken);
  } catch (error) {
    blame.on(error, step, seen[0]);
    throw error;
  } finally {
    records.return();
  }
}

function* innocent(batches: Batches, blame: Blame): Generator<readonly unknown[]> {
  try {
    yield* batches;
  } catch (error) {
    blame.notTheUser(error);
    throw error;
  }
}

/** Pieces of at most 1,024 records, and never records from before and after `mark()` changed. */
function* cut(records: Iterable<unknown>, mark: () => number = () => 0): Generator<unknown[]> {
  let piece: unknown[] = [];
  let marked = mark();
  for (const record of records) {
    if (mark() !== marked && piece.length > 0) {
      yield piece;
      piece = [];
    }
    marked = mark();
    piece.push(record);
    if (piece.length === BATCH_RECORDS_MAX) {
      yield piece;
      piece = [];
    }
  }
  if (piece.length > 0) yield piece;
}
