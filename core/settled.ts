/** Results of functions that had better not be Promises: no task waits for one. */
import { RecordError } from "./errors.ts";

/** `value`, unless it is a Promise: then a RecordError (PromiseReturned) that names `operator`. */
export function settled<T>(value: T, operator: string): T {
  if (!(value instanceof Promise)) return value;
  throw new RecordError(
    "PromiseReturned",
    `The function given to ${operator}() returned a Promise`,
    "Did you forget await? A function that has to wait goes into mapAsync() before it",
  );
}
