/**
 * What a user's function may return. The checks stand in every loop, so they cost next to nothing
 * where all is well: an `instanceof` for a Promise, `Array.isArray` for what `flatMap` takes apart.
 */
import { RecordError, shown } from "../../core/errors.ts";
import type { Step } from "./blame.ts";

/** Whether a function waits has to be known before it is called. */
const ASYNC_CURE = "A function that has to wait is written with async: async (records) => …, " +
  "or async function*";

/** Throws the error for a Promise where a value was expected. */
export function refusePromise(step: Step): never {
  throw new RecordError(
    "PromiseReturned",
    `${named(step)} returned a Promise`,
    step.kind === "mapPartitions"
      ? ASYNC_CURE
      : "Did you forget await? A function that has to wait goes into mapAsync()",
  );
}

/** `result`, if its elements can be taken one after the other and it is no string. */
export function iterableOf(result: unknown, step: Step): Iterable<unknown> {
  if (Array.isArray(result)) return result;
  if (result instanceof Promise) refusePromise(step);
  if (typeof result === "string") {
    throw notIterable(
      step,
      `the string ${shown(result)}`,
      'Return result.split("") for its characters, or [result] for the string as one record',
    );
  }
  if (typeof result !== "object" && typeof result !== "function" || result === null) {
    throw notIterable(step, shown(result), "Return an array or a generator; [] for no record");
  }
  if (Symbol.iterator in result) return result as Iterable<unknown>;
  if (Symbol.asyncIterator in result) {
    throw notIterable(
      step,
      "an async iterable",
      step.kind === "mapPartitions"
        ? ASYNC_CURE
        : "Return an array or a generator (function*); what has to wait goes into mapAsync()",
    );
  }
  throw notIterable(step, shown(result), "Return an array or a generator, such as [result]");
}

function notIterable(step: Step, what: string, cure: string): RecordError {
  return new RecordError("NotIterable", `${named(step)} returned ${what}: not iterable`, cure);
}

/** `map's function at job.ts:3:9`. */
export function named(step: Step): string {
  return `${step.kind}'s function at ${step.place}`;
}
