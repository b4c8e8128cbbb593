/** Keys written and read many at a time are the keys written and read one by one. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeKey, invertBytes } from "../../core/key.ts";
import { ITS_KEY, KeyBatchWriter, PairBatchReader } from "../../shuffle/key_batch.ts";

/** What text keys are made of: what is escaped, what UTF-8 cannot have, and what stands for it. */
const CHARS = [
  "a",
  "@",
  "\0",
  "\x01",
  "\x02",
  "\x7f",
  "é",
  "語",
  "🙂",
  "\ud83d",
  "\ude42",
  "\ufffd",
];

const text = fc.oneof(
  fc.string({ unit: fc.constantFrom(...CHARS), maxLength: 6 }),
  fc.constantFrom("plain", "x".repeat(100), "é".repeat(70)),
);
const key = fc.oneof(
  { weight: 6, arbitrary: text },
  { weight: 1, arbitrary: fc.oneof(fc.double().map((x) => x + 0), fc.bigInt(), fc.constant(null)) },
  { weight: 1, arbitrary: fc.array(text, { maxLength: 3 }) },
);
const keys = fc.array(key, { maxLength: 40 });

/** The bytes of each key, as the batch writer gives them. */
function written(batch: readonly unknown[]): Uint8Array[] {
  const writer = new KeyBatchWriter();
  const found: Uint8Array[] = [];
  for (let from = 0, count; from < batch.length; from += count) {
    count = writer.write(batch, from);
    assert.ok(count > 0);
    for (let i = 0, at = 0; i < count; i++) {
      found.push(writer.bytes.slice(at, writer.endOf(i)));
      at = writer.endOf(i);
    }
  }
  return found;
}

/** Keys that come back from their bytes, each with its index, or with itself at odd indexes. */
function readBack(all: readonly unknown[], isInverted: boolean): unknown[] {
  const reader = new PairBatchReader(isInverted);
  const found: unknown[] = [];
  for (const [i, key] of all.entries()) {
    const bytes = Uint8Array.from([7, ...encodeKey(key), 7]);
    if (isInverted) invertBytes(bytes, 0, bytes.length);
    reader.add(bytes, 1, bytes.length - 2, i % 2 === 0 ? i : ITS_KEY);
    bytes.fill(9); // it may be overwritten
    if (reader.isFull) found.push(...reader.take());
  }
  found.push(...reader.take());
  assert.deepEqual(reader.take(), []);
  return found;
}

Deno.test("keys of a batch have the bytes that they have alone", () => {
  fc.assert(
    fc.property(keys, (keys) => {
      assert.deepEqual(written(keys.map((key) => [key, 0])), keys.map((key) => encodeKey(key)));
    }),
    { numRuns: 300 },
  );
});

Deno.test("keys of a batch are read as they are alone, also where they are inverted", () => {
  fc.assert(
    fc.property(keys, fc.boolean(), (keys, isInverted) => {
      const expected = keys.map((key, i) => [key, i % 2 === 0 ? i : key]);
      assert.deepEqual(readBack(keys, isInverted), expected);
    }),
    { numRuns: 300 },
  );
});

Deno.test("more than a batch of keys, and keys longer than a batch", () => {
  const many = Array.from({ length: 5000 }, (_, i) => `${i % 7 === 0 ? "ü" : "u"}-${i}`);
  const long = ["s", "x".repeat(200_000), "ä".repeat(100_000), "", "\0".repeat(70_000), "e"];
  const numbers = Array.from({ length: 3000 }, (_, i) => i / 3);
  for (const all of [many, long, numbers, [...numbers, ...many, 5, ...long]]) {
    assert.deepEqual(written(all.map((key) => [key, 0])), all.map((key) => encodeKey(key)));
    for (const isInverted of [false, true]) {
      assert.deepEqual(
        readBack(all, isInverted),
        all.map((key, i) => [key, i % 2 === 0 ? i : key]),
      );
    }
  }
});
