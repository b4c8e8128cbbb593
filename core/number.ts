/** Records that sums and statistics can use. */
import { RecordError, shown } from "./errors.ts";

/**
 * The record as a number. Throws a RecordError (NotANumber) where it is none: `+` would make a text
 * of "1" and 2, and count null as 0.
 */
export function numberOf(record: unknown, operator: string): number {
  if (typeof record === "number") return record;
  throw new RecordError(
    "NotANumber",
    `${operator}() needs numbers, and a record is ${shown(record)}`,
    "Make numbers first, as in map((text) => Number(text))",
  );
}
