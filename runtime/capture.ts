/**
 * From the draft to its captured form, in the very call of the action: what the user's functions see
 * at that moment is what the tasks will see.
 *
 * A narrow chain is captured anew at each action, as PySpark does: a variable that has changed since
 * counts. What lies at or below an exchange that has run, or a persisted dataset that a job has gone
 * through, keeps the captures it ran with, because its output is kept too and one dataset must not be
 * made of two programs.
 */
import type { Closure } from "../core/closure/closure.ts";
import { assert, ClosureError } from "../core/errors.ts";
import type { Exchange, Partitioner } from "../core/plan/exchange.ts";
import {
  type CapturedDraft,
  type Draft,
  inputsOf,
  type PlanId,
  type UserFunction,
} from "../core/plan/plan.ts";
import { inputsFirst } from "../core/plan/walk.ts";
import type { Action } from "../core/task.ts";
import { isAsync, userFunctionOf } from "./wrapped.ts";

/** `mayWait`: the function may be async. */
type Capture = (fn: UserFunction, mayWait?: boolean) => Closure;

/** What capturing a function takes. */
export type FunctionCapture = Readonly<{
  /** Turns a function into data, synchronously. Throws a ClosureError where it cannot travel. */
  capture: Capture;
  /** Where a function was written, such as `job.ts:12:20`. */
  placeOf: (fn: UserFunction) => string;
}>;

type ExchangeDraft = Extract<Draft, { kind: "exchange" }>;

/** Captures drafts, and remembers what has run. */
export class DraftCapturer {
  readonly #capture: Capture;
  /** Goes with its draft: nothing is held for datasets that the program has let go of. */
  readonly #ran = new WeakMap<Draft, CapturedDraft>();
  /** Functions of partitioners are captured once, so that what they divide is divided alike. */
  readonly #dividing = new WeakMap<UserFunction, Closure>();

  constructor(functions: FunctionCapture) {
    this.#capture = (fn, mayWait = false) => captured(fn, mayWait, functions);
  }

  /** `root` with all its functions captured. Nodes that are shared stay shared. */
  capture(root: Draft): CapturedDraft {
    const order = inputsFirst(root);
    const closureOf = memoized(this.#capture);
    const captured = new Map<PlanId, CapturedDraft>();
    const wanted = new Set<PlanId>([root.id]);
    for (const node of order.toReversed()) {
      if (!wanted.has(node.id)) continue;
      const kept = this.#ran.get(node);
      if (kept !== undefined) captured.set(node.id, kept);
      else for (const input of inputsOf(node)) wanted.add(input.id);
    }
    for (const node of order) {
      if (!wanted.has(node.id) || captured.has(node.id)) continue;
      const capturing = {
        closureOf,
        dividing: (fn: UserFunction) => this.#dividingBy(fn, closureOf),
      };
      captured.set(node.id, capturedNode(node, (input) => captured.get(input.id)!, capturing));
    }
    return captured.get(root.id)!;
  }

  /** Remembers that these datasets have run with the functions in `captured`, which has them all. */
  markRan(drafts: readonly Draft[], captured: CapturedDraft): void {
    const fresh = drafts.filter((node) => !this.#ran.has(node));
    if (fresh.length === 0) return;
    const capturedOf = new Map(inputsFirst(captured).map((node) => [node.id, node]));
    for (const node of fresh) {
      const kept = capturedOf.get(node.id);
      assert(kept !== undefined, `${node.label} has run but was not captured`);
      this.#ran.set(node, kept);
    }
  }

  /** A dataset is not kept any more: from now on it is captured anew, unless it is an exchange. */
  release(draft: Draft): void {
    if (draft.kind !== "exchange") this.#ran.delete(draft);
  }

  /**
   * The closure of a partitioner's function: the same one for as long as the function lives. So two
   * partitioners are the same if their functions are, whether they have been captured or not.
   */
  #dividingBy(fn: UserFunction, closureOf: Capture): Closure {
    const known = this.#dividing.get(fn);
    if (known !== undefined) return known;
    const closure = closureOf(fn);
    this.#dividing.set(fn, closure);
    return closure;
  }

  /** The action with its function captured. */
  action(action: Action<UserFunction>): Action<Closure> {
    if (!("fn" in action)) return action;
    return { kind: action.kind, fn: this.#capture(action.fn, action.kind === "applyAsync") };
  }
}

/** One function, async only where it may wait; what is said of it speaks of the user's own. */
function captured(
  fn: UserFunction,
  mayWait: boolean,
  { capture, placeOf }: FunctionCapture,
): Closure {
  const user = userFunctionOf(fn);
  const closure = user === fn ? capture(fn) : captureAround(user, fn, capture);
  const place = user === fn ? closure.place : placeOf(user);
  if (!mayWait && (closure.async === true || isAsync(user))) {
    throw new ClosureError(
      "PromiseReturned",
      `Cannot ship the function at ${place}: it is async, and its task would not wait for it`,
      "Did you mean to await something before the action? " +
        "A function that has to wait goes into mapAsync()",
    );
  }
  return user === fn ? closure : { ...closure, place, name: user.name };
}

/** What is wrong with the user's function is told as if nothing were around it. */
function captureAround(user: UserFunction, fn: UserFunction, capture: Capture): Closure {
  try {
    return capture(fn);
  } catch (error) {
    if (error instanceof ClosureError) capture(user);
    throw error;
  }
}

/** A function that is used twice is one closure. */
function memoized(capture: Capture): Capture {
  const closures = [new Map<UserFunction, Closure>(), new Map<UserFunction, Closure>()] as const;
  return (fn, mayWait = false) => {
    const known = closures[mayWait ? 1 : 0].get(fn);
    if (known !== undefined) return known;
    const closure = capture(fn, mayWait);
    closures[mayWait ? 1 : 0].set(fn, closure);
    return closure;
  };
}

/** How the functions of nodes become closures. */
type Capturing = Readonly<{
  closureOf: Capture;
  /** Of a partitioner. */
  dividing: (fn: UserFunction) => Closure;
}>;

/** One node, given those it reads from. */
function capturedNode(
  node: Draft,
  captured: (input: Draft) => CapturedDraft,
  capturing: Capturing,
): CapturedDraft {
  const { id, label } = node;
  const { closureOf } = capturing;
  switch (node.kind) {
    case "source":
      return {
        id,
        label,
        kind: "source",
        source: node.source,
        partitioner: node.partitioner && capturedPartitioner(node.partitioner, capturing),
      };
    case "narrow": {
      const mayWait = node.op.kind === "mapAsync" || node.op.kind === "mapPartitionsAsync";
      const op = { ...node.op, fn: closureOf(node.op.fn, mayWait) };
      return { id, label, kind: "narrow", from: captured(node.from), op };
    }
    case "exchange": {
      const exchange = capturedExchange(node.exchange, capturing);
      return { id, label, kind: "exchange", from: captured(node.from), exchange };
    }
    case "union": {
      const { grants } = node;
      return { id, label, kind: "union", from: node.from.map(captured), ...(grants && { grants }) };
    }
    case "zip":
      return {
        id,
        label,
        kind: "zip",
        from: node.from.map(captured),
        fn: closureOf(node.fn, true),
      };
    case "cross":
      return { id, label, kind: "cross", left: captured(node.left), right: captured(node.right) };
    case "coalesce":
      return {
        id,
        label,
        kind: "coalesce",
        from: captured(node.from),
        partitions: node.partitions,
      };
  }
}

function capturedExchange(
  exchange: ExchangeDraft["exchange"],
  capturing: Capturing,
): Exchange<Closure, number | undefined> {
  if (exchange.kind === "rebalance") return exchange;
  const { closureOf } = capturing;
  const partitioner = capturedPartitioner(exchange.partitioner, capturing);
  switch (exchange.kind) {
    case "partition":
    case "group":
      return { kind: exchange.kind, partitioner };
    case "sort":
      return { kind: "sort", partitioner, ascending: exchange.ascending };
    case "combine":
      return {
        kind: "combine",
        partitioner,
        create: closureOf(exchange.create),
        mergeValue: closureOf(exchange.mergeValue),
        mergeCombiners: closureOf(exchange.mergeCombiners),
        mapSide: exchange.mapSide,
      };
  }
}

function capturedPartitioner(
  partitioner: Partitioner<UserFunction, number | undefined>,
  { dividing }: Capturing,
): Partitioner<Closure, number | undefined> {
  return partitioner.kind === "custom"
    ? { ...partitioner, fn: dividing(partitioner.fn) }
    : partitioner;
}
