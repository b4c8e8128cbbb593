/** Records that operators over keys can use. */
import { RecordError, shown } from "./errors.ts";

/** The record as a pair of key and value. Throws a RecordError (NotAPair) where it is none. */
export function pairOf(record: unknown): readonly [key: unknown, value: unknown] {
  if (Array.isArray(record) && record.length === 2) return record as [unknown, unknown];
  throw new RecordError(
    "NotAPair",
    `Operators over keys need pairs, and a record is ${shown(record)}`,
    "Make pairs first, as in map((word) => [word, 1]) or keyBy()",
  );
}
