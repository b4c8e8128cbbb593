import assert from "node:assert/strict";
import fc from "fast-check";
import { boundsOf } from "../../../core/plan/bounds.ts";

function sampled(bytes: number, ...keys: number[]) {
  return { bytes, sample: keys.map((key) => new Uint8Array([key])) };
}

function keysOf(bounds: readonly Uint8Array[]): number[] {
  return bounds.map((bound) => bound[0]!);
}

Deno.test("bounds part the bytes evenly", () => {
  const samples = [sampled(40, 1, 4, 7, 10), sampled(40, 2, 5, 8, 11)];
  assert.deepEqual(keysOf(boundsOf(samples, 2)), [7]);
  assert.deepEqual(keysOf(boundsOf(samples, 4)), [4, 7, 10]);
});

Deno.test("a key of a larger output stands for more", () => {
  assert.deepEqual(keysOf(boundsOf([sampled(300, 1, 2, 3), sampled(3, 7, 8, 9)], 3)), [2, 3]);
});

Deno.test("a frequent key has a partition of its own, and the rest is parted evenly", () => {
  const samples = [sampled(100, 5, 5, 5, 5, 5, 5, 6, 7, 8, 9)];
  assert.deepEqual(keysOf(boundsOf(samples, 3)), [6, 8]);
});

Deno.test("too few keys, no sample, one partition: fewer bounds or none", () => {
  assert.deepEqual(boundsOf([], 4), []);
  assert.deepEqual(boundsOf([{ bytes: 0 }, sampled(10, 1)], 4), []);
  assert.deepEqual(keysOf(boundsOf([sampled(10, 1, 2)], 9)), [2]);
  assert.deepEqual(boundsOf([sampled(10, 1, 2, 3)], 1), []);
});

Deno.test("bounds ascend strictly, are sampled keys, and leave no partition without one", () => {
  const samples = fc.array(fc.record({
    bytes: fc.integer({ min: 1, max: 1_000_000 }),
    sample: fc.array(fc.uint8Array({ maxLength: 2 }), { maxLength: 20 }),
  }));
  fc.assert(fc.property(samples, fc.integer({ min: 1, max: 12 }), (outputs, partitions) => {
    const bounds = boundsOf(outputs, partitions).map(textOf);
    const keys = outputs.flatMap(({ sample }) => sample.map(textOf)).sort();
    assert.ok(bounds.length <= partitions - 1);
    assert.deepEqual(bounds, [...new Set(bounds)].sort());
    assert.ok(bounds.every((bound) => keys.includes(bound) && bound > keys[0]!));
  }));
});

Deno.test("no partition holds much more than its share where all keys differ", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 250 }),
      fc.integer({ min: 1, max: 9 }),
      (count, parts) => {
        const keys = Array.from({ length: count }, (_, key) => key);
        const bounds = keysOf(boundsOf([sampled(count, ...keys)], parts));
        const edges = [0, ...bounds, count];
        const largest = Math.max(...edges.slice(1).map((edge, at) => edge - edges[at]!));
        assert.ok(largest <= Math.ceil(count / parts) + 1, `${largest} of ${count} in ${parts}`);
      },
    ),
  );
});

/** Sorts as its bytes do. */
function textOf(key: Uint8Array): string {
  return [...key].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
