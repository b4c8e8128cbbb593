/** Records for the suites of sorting and merging, and a check that they come out in order. */
import assert from "node:assert/strict";
import { compareBytes, encodeKey } from "../core/key.ts";
import type { SortedRecords } from "../shuffle/merge.ts";

/** Keys one behind the other, and where each begins; the last entry is where the last one ends. */
export type PackedKeys = Readonly<{ bytes: Uint8Array; starts: readonly number[] }>;

/** The canonical bytes of keys, in their order. */
export function packed(keys: readonly unknown[]): PackedKeys {
  const parts = keys.map(encodeKey);
  const starts = [0];
  for (const { length } of parts) starts.push(starts.at(-1)! + length);
  const bytes = new Uint8Array(starts.at(-1)!);
  for (const [i, part] of parts.entries()) bytes.set(part, starts[i]!);
  return { bytes, starts };
}

/** Reads to the end; the number of records. */
export function drained(records: SortedRecords): number {
  let count = 0;
  while (records.next()) count++;
  return count;
}

/** Throws unless the keys ascend and there are `count` of them. */
export function assertSorted(records: SortedRecords, count: number): void {
  let last: Uint8Array | undefined;
  let found = 0;
  while (records.next()) {
    const { bytes, keyAt, keyLength } = records;
    if (last !== undefined) {
      assert(compareBytes(last, 0, last.length, bytes, keyAt, keyLength) <= 0, "not in order");
    }
    last = bytes.slice(keyAt, keyAt + keyLength);
    found++;
  }
  assert.equal(found, count);
}
