/** Records, files and slow twins for the tests of sorting and merging. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { compareKeyBytes } from "../../shuffle/bytes.ts";
import type { SortedRecords } from "../../shuffle/merge.ts";
import { type Run, RunWriter } from "../../shuffle/run.ts";
import type { WritableFile } from "../../core/platform.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";

export type KeyedRecord = Readonly<{ key: Uint8Array; value: Uint8Array }>;

/** A folder of its own; disposing checks nothing and removes it. */
export function temporaryFolder(): Disposable & { path: string; names(): string[] } {
  const path = Deno.makeTempDirSync({ prefix: "flint-test-" });
  return {
    path,
    names: () => [...denoPlatform.files.list(path)],
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}

/** Numbers of 32 bits that are the same in every run. */
export function randomSource(seed: number): () => number {
  let x = seed | 0 || 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

/** Keys of few different bytes: empty ones, prefixes of one another, zeros, equals, long prefixes. */
const keyArbitrary: fc.Arbitrary<Uint8Array> = fc.tuple(
  fc.constantFrom(0, 0, 3, 6, 11, 40),
  fc.array(fc.constantFrom(0, 1, 97, 255), { maxLength: 9 }),
).map(([shared, tail]) => Uint8Array.from([...new Array(shared).fill(47), ...tail]));

/** Keys; values are given by `recordsOf`. */
export const keysArbitrary: fc.Arbitrary<Uint8Array[]> = fc.array(keyArbitrary, { maxLength: 80 });

/** A record per key; its value is the number of the record and up to `paddingMax` bytes more. */
export function recordsOf(
  keys: readonly Uint8Array[],
  first = 0,
  paddingMax = 40,
): KeyedRecord[] {
  return keys.map((key, i) => {
    const number = first + i;
    const value = new Uint8Array(4 + (number * 7) % (paddingMax + 1)).fill(number);
    new DataView(value.buffer).setUint32(0, number);
    return { key, value };
  });
}

/** The slow twin of every sort and merge here: by key, and stable. */
export function sortedSlowly(records: readonly KeyedRecord[]): KeyedRecord[] {
  return [...records].sort((a, b) => compareKeyBytes(a.key, b.key));
}

/** A record as text, so that sequences can be compared and shown. */
export function textOf({ key, value }: KeyedRecord): string {
  const shownKey = key.length > 100 ? `${key.length} bytes` : key.join(" ");
  return `${shownKey} = ${
    new DataView(value.buffer, value.byteOffset).getUint32(0)
  }, ${value.length}`;
}

export function textsOf(records: readonly KeyedRecord[]): string[] {
  return records.map(textOf);
}

/** Reads to the end; checks `sameKey` on its way. */
export function textsIn(cursor: SortedRecords): string[] {
  const texts: string[] = [];
  let last: Uint8Array | undefined;
  while (cursor.next()) {
    const { bytes, keyAt, keyLength, valueAt, valueLength } = cursor;
    const key = bytes.slice(keyAt, keyAt + keyLength);
    const same = last !== undefined && compareKeyBytes(last, key) === 0;
    if (same !== cursor.sameKey) throw new Error(`sameKey is ${cursor.sameKey} at ${key}`);
    texts.push(textOf({ key, value: bytes.slice(valueAt, valueAt + valueLength) }));
    last = key;
  }
  return texts;
}

/** Writes sorted records as one run. */
export function writeRun(
  file: WritableFile,
  records: readonly KeyedRecord[],
  blockBytes = 300,
): Run {
  const writer = new RunWriter(denoPlatform, file, { blockBytes });
  for (const record of records) writeRecord(writer, record);
  return writer.finish();
}

export function writeRecord(writer: RunWriter, { key, value }: KeyedRecord): void {
  const bytes = joined(key, value);
  writer.write(bytes, 0, key.length, key.length, value.length);
}

export function joined(key: Uint8Array, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(key.length + value.length);
  bytes.set(key);
  bytes.set(value, key.length);
  return bytes;
}

/** Names the first difference; the diff of `deepEqual` takes minutes on thousands of records. */
export function assertSameTexts(
  actual: readonly string[],
  expected: readonly string[],
  what = "records",
): void {
  const at = expected.findIndex((text, i) => actual[i] !== text);
  if (at >= 0) assert.fail(`${what}: record ${at} is ${actual[at]} instead of ${expected[at]}`);
  assert.equal(actual.length, expected.length, what);
}

/** What a run tells; its index may share memory with those of other runs. */
export function told(run: Run) {
  return { ...run, blocks: [...run.blocks] };
}
