import { ClosureError } from "../errors.ts";

/** The error for a closure that cannot be made into a function here. */
export function corrupt(what: string, cause?: unknown): ClosureError {
  return new ClosureError(
    "ClosureCorrupt",
    `Cannot make the function here: ${what}`,
    "The driver and the workers must run the same version of Flint and of the runtime",
    cause === undefined ? undefined : { cause },
  );
}
