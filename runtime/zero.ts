/** The first values of folds, which a fold may change. */
import { encodeBlock } from "../core/codec/codec.ts";
import { PlanError, RecordError, shown } from "../core/errors.ts";
import { freshCopy } from "../core/fresh.ts";

/**
 * Gives a first value to each fold: what `zero()` returns where it is a function, else a copy of it.
 * Throws a PlanError (InvalidArgument) for what cannot be copied.
 */
export function firstValues(zero: unknown, operator: string): () => unknown {
  if (typeof zero === "function") return zero as () => unknown;
  if (typeof zero !== "object" || zero === null) return () => zero;
  const block = encodedZero(zero, operator);
  return () => freshCopy(block);
}

function encodedZero(zero: object, operator: string): Uint8Array {
  try {
    return encodeBlock([zero]);
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    throw new PlanError(
      "InvalidArgument",
      `Cannot call ${operator}(): zero, ${
        shown(zero)
      }, cannot be copied, and each fold starts with one of its own`,
      "Pass a function that makes it, such as () => new Totals()",
      { cause: error },
    );
  }
}
