/** What counts as a pair, and how much of anything a block or batch is. */
import { RecordError, shown } from "../core/errors.ts";
import type { Budget } from "./memory_budget.ts";

/** Records that are handed on at once. */
export const BATCH_RECORDS = 1024;

const BLOCK_BYTES_MAX = 256 * 1024;
const BLOCK_BYTES_MIN = 2 * 1024;
/** The part of the budget that the blocks being filled may come to. */
const BLOCKS_SHARE = 1 / 4;

/** The length at which one of `blocks` blocks that are being filled at the same time is cut. */
export function blockBytesFor(budget: Budget, blocks: number): number {
  const share = Math.floor(budget.bytesMax * BLOCKS_SHARE / blocks);
  return Math.max(BLOCK_BYTES_MIN, Math.min(BLOCK_BYTES_MAX, share));
}

/** The record, if it is an array of two: key and value. Else throws a RecordError `NotAPair`. */
export function pairOf(record: unknown): readonly [key: unknown, value: unknown] {
  if (Array.isArray(record) && record.length === 2) return record as [unknown, unknown];
  throw new RecordError(
    "NotAPair",
    `Cannot take ${shown(record)} for a pair of key and value`,
    "An operation by key needs records of the form [key, value]: make them with map() or keyBy()",
  );
}
