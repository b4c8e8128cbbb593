/**
 * A chain of operations as generated loops: the hot path of every task.
 *
 *     ops          flatMap  filter  map │ mapPartitions │ map
 *                  └──── one loop ────┘     breaker       └ one loop
 *
 *     batches ─►  for each record          the user's      for each   ─► batches
 *                   for each element       iterator          record
 *                     if kept: push
 *
 * The text depends on the kinds of the operations alone. It is compiled once for a stage; each task
 * instantiates it with functions of its own. Every stage has a loop of its own, so that a call in
 * it meets one function only and V8 can inline it.
 *
 * A batch comes in, its records go out: nothing is kept between two batches, so a batch that is
 * small because its records are large stays small. What a flatMap makes too much of goes out in the
 * middle of a batch.
 *
 * Batches are there to be taken until an operation waits; what comes after it gets them as an async
 * iterable. The loops are the same: there they are called for each batch.
 */
import { assert } from "../../core/errors.ts";
import type { NarrowOp } from "../../core/plan/ops.ts";
import type { PartitionId, UserFunction } from "../../core/plan/plan.ts";
import type { Blame, Step } from "./blame.ts";
import { recordsLater } from "./call_later.ts";
import { emit } from "./emit.ts";
import { type AnyBatches, type Batches, type BatchesLater, isPresent } from "./feed.ts";
import { mapAsync } from "./map_async.ts";
import { BATCH_RECORDS_MAX, inBatches, Records } from "./records.ts";
import { linesOf, piped, pipedLater } from "./pipe.ts";
import { iterableOf, refusePromise } from "./returned.ts";
import type { Waiting } from "./waiting.ts";

/** What a chain needs to know of a function before it is revived; a `Closure` has it. */
export type Placed = Readonly<{ place: string }>;

/**
 * A chain in one task. Closing its result early ends the user's generators in it. The result has to
 * be waited for where the input has to be, or where an operation of the chain waits.
 */
export type Chain = (batches: AnyBatches, partition: PartitionId) => AnyBatches;

/** A chain in one stage. */
export interface CompiledChain {
  /** `fns`: the function of each operation, revived for one task. */
  instantiate(fns: readonly UserFunction[], blame: Blame, waiting: Waiting): Chain;
}

type Part = Readonly<{ from: number; instantiate: CompiledChain["instantiate"] }>;
type Loop = (batches: Iterable<readonly unknown[]>) => Generator<unknown[]>;
type LoopFactory = (
  fns: readonly UserFunction[],
  steps: readonly Step[],
  blame: Blame,
  refuse: typeof refusePromise,
  iterable: typeof iterableOf,
) => Loop;

/** Compiles the operations of a chain. */
export function compile(ops: readonly NarrowOp<Placed>[]): CompiledChain {
  const parts = partsOf(ops);
  return {
    instantiate(fns, blame, waiting) {
      assert(fns.length === ops.length, `${ops.length} operations got ${fns.length} functions`);
      const chains = parts.map((part) => part.instantiate(fns.slice(part.from), blame, waiting));
      return (batches, partition) =>
        chains.reduce((from, chain) => chain(from, partition), batches);
    },
  };
}

/** Loops as long as they can be, and the breakers between them. */
function partsOf(ops: readonly NarrowOp<Placed>[]): Part[] {
  const parts: Part[] = [];
  for (let from = 0; from < ops.length;) {
    let to = from;
    while (to < ops.length && emit[ops[to]!.kind].kind === "fused") to++;
    if (to > from) parts.push(loopPart(ops.slice(from, to), from));
    if (to < ops.length) {
      parts.push(partAround(ops[to]!, to));
      to++;
    }
    from = to;
  }
  return parts;
}

/** An operation that no loop goes through. */
function partAround(op: NarrowOp<Placed>, from: number): Part {
  const { kind } = emit[op.kind];
  assert(kind !== "fused", `${op.kind} is part of a loop`);
  switch (kind) {
    case "breaker":
      return breakerPart(op, from);
    case "waiting":
      return waitingPart(op, from);
    case "outside":
      return pipePart(op, from);
  }
}

let loopsCompiled = 0;

function loopPart(ops: readonly NarrowOp<Placed>[], from: number): Part {
  // V8 shares what it learns about calls between functions of the same text: the number keeps the
  // loops of different stages apart.
  const text = `${loopText(ops)}\n//# sourceURL=flint:loop-${++loopsCompiled}`;
  const factory = new Function("fns", "steps", "blame", "refusePromise", "iterableOf", text);
  const steps = ops.map(stepOf);
  return {
    from,
    instantiate: (fns, blame) => {
      const loop = (factory as LoopFactory)(fns, steps, blame, refusePromise, iterableOf);
      return (batches) => isPresent(batches) ? loop(batches) : eachLater(loop, batches);
    },
  };
}

/** A loop keeps nothing between two batches, so it can be run for each one as it comes. */
async function* eachLater(loop: Loop, batches: BatchesLater): AsyncGenerator<readonly unknown[]> {
  for await (const batch of batches) yield* loop([batch]);
}

/** The loop over the records of all batches. */
function loopText(ops: readonly NarrowOp<Placed>[]): string {
  const functions = ops.map((_, k) => `fn${k}`);
  const records = [...ops, undefined].map((_, k) => `record${k}`);
  const emitters = ops.map((op) => emit[op.kind]).filter((emitter) => emitter.kind === "fused");
  return `"use strict";
  const [${functions.join(", ")}] = fns;
  return function* loop(batches) {
    let step = 0, ${records.join(", ")};
    for (const batch of batches) {
      let out = [];
      try {
      for (let i = 0; i < batch.length; i++) {
      record0 = batch[i];
      ${emitters.map((emitter, k) => emitter.open(k)).join("")}
      out.push(record${ops.length});
      if (out.length === ${BATCH_RECORDS_MAX}) {
        yield out;
        out = [];
      }
      ${emitters.map((emitter, k) => emitter.close(k)).reverse().join("")}
      }
      } catch (error) {
        blame.on(error, steps[step], { value: [${records.join(", ")}][step] });
        throw error;
      }
      if (out.length > 0) yield out;
    }
  };`;
}

function breakerPart(op: NarrowOp<Placed>, from: number): Part {
  const step = stepOf(op);
  return {
    from,
    instantiate: ([fn], blame, waiting) => (batches, partition) => {
      const call = (present: Batches) =>
        callWithRecords(step, (records) => fn!(records, partition), [present], blame);
      return isPresent(batches) ? call(batches) : onceKept(batches, waiting, call);
    },
  };
}

/** A function that cannot wait gets the records when all of them are there. */
export async function* onceKept(
  batches: BatchesLater,
  waiting: Waiting,
  call: (batches: Batches) => Batches,
): AsyncGenerator<readonly unknown[]> {
  using kept = await waiting.keep(batches);
  yield* call(kept);
}

function waitingPart(op: NarrowOp<Placed>, from: number): Part {
  const step = stepOf(op);
  const { concurrency = 1 } = op;
  return {
    from,
    instantiate: ([fn], blame, waiting) => (batches, partition) =>
      op.kind === "mapAsync"
        ? mapAsync(step, fn!, concurrency, batches, blame, waiting)
        : recordsLater(step, (records) => fn!(records, partition), [batches], blame, waiting),
  };
}

export function pipePart(op: NarrowOp<Placed>, from: number): Part {
  const step = stepOf(op);
  const { command } = op;
  assert(command !== undefined, `the pipe at ${step.place} has no command`);
  return {
    from,
    instantiate: ([fn], blame, waiting) => {
      const lines = (batch: readonly unknown[]) => linesOf(batch, fn!, step, blame);
      const start = () => waiting.start(command);
      return (batches) =>
        isPresent(batches) ? piped(batches, lines, start) : pipedLater(batches, lines, start);
    },
  };
}

/**
 * The records that a function makes of whole partitions, in batches. It is called when the first
 * batch is asked for; what it left unread is closed when its result has ended.
 */
export function* callWithRecords(
  step: Step,
  fn: (...records: Records[]) => unknown,
  inputs: readonly Iterable<readonly unknown[]>[],
  blame: Blame,
): Generator<unknown[]> {
  const records = inputs.map((batches) => new Records(batches, blame));
  try {
    yield* inBatches(iterableOf(fn(...records), step), records);
  } catch (error) {
    blame.on(error, step, records.length === 1 ? records[0]!.latest : undefined);
    throw error;
  } finally {
    for (const input of records) input.return();
  }
}

/** An operation as its user called it: `mapPartitions` waits or does not, as its function needs it. */
export function stepOf({ kind, fn }: NarrowOp<Placed>): Step {
  return { kind: kind === "mapPartitionsAsync" ? "mapPartitions" : kind, place: fn.place };
}
