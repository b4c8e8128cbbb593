import assert from "node:assert/strict";
import { encodeKey } from "../../core/key.ts";
import { placementOf, rangeOf, readPrefix, writePrefix } from "../../shuffle/partitioner.ts";

Deno.test("hash partitions ascend with the hash as an unsigned number, and all of them are met", () => {
  const placement = placementOf({ kind: "hash", partitions: 7 });
  assert.equal(placement.kind, "hash");
  const hashes = Array.from({ length: 1000 }, (_, i) => (i * 4294967296 / 1000) | 0);
  const found = hashes.map((hash) => (placement.of as (hash: number) => number)(hash));
  assert.deepEqual(found, found.toSorted((a, b) => a - b));
  assert.deepEqual([...new Set(found)], [0, 1, 2, 3, 4, 5, 6]);
});

Deno.test("what a custom function returns is taken modulo the partitions, never negative", () => {
  const placement = placementOf({ kind: "custom", partitions: 3, fn: (key: number) => key });
  assert.equal(placement.kind, "custom");
  const of = placement.of as (key: unknown) => number;
  assert.deepEqual([0, 1, 5, -1, -3, -4, 2 ** 40, -0].map(of), [0, 1, 2, 2, 0, 2, 1, 0]);
  assert.ok([-3, -0, 0].map(of).every((partition) => Object.is(partition, 0)));
});

Deno.test("a custom function that returns no integer is an error that names key and value", () => {
  for (const wrong of [1.5, NaN, Infinity, "2", undefined, null, 3n, Promise.resolve(1)]) {
    const placement = placementOf({ kind: "custom", partitions: 3, fn: () => wrong });
    assert.throws(
      () => (placement.of as (key: unknown) => number)("oslo"),
      (error: Error & { code?: string }) => {
        assert.equal(error.name, "PlanError");
        assert.equal(error.code, "InvalidArgument");
        assert.match(error.message, /for the key "oslo" it returned/);
        return true;
      },
    );
  }
});

Deno.test("a bound belongs to the partition above it", () => {
  const bounds = ["b", "d"].map(encodeKey);
  const placement = placementOf({ kind: "range", partitions: 3, ascending: true }, bounds);
  assert.equal(placement.kind, "range");
  const of = placement.of as (bytes: Uint8Array, at: number, length: number) => number;
  const found = ["a", "b", "c", "d", "e"].map((key) => {
    const bytes = encodeKey(key);
    return of(Uint8Array.of(99, ...bytes, 99), 1, bytes.length);
  });
  assert.deepEqual(found, [0, 1, 1, 2, 2]);
});

Deno.test("fewer bounds than partitions leave the last partitions empty", () => {
  const exchange = {
    kind: "sort",
    partitioner: { kind: "range", partitions: 4, ascending: true },
    ascending: true,
  } as const;
  const bound = encodeKey("b");
  assert.deepEqual(rangeOf(exchange, 0, [bound]), { to: bound });
  assert.deepEqual(rangeOf(exchange, 1, [bound]), { from: bound });
  const none = { from: new Uint8Array(0), to: new Uint8Array(0) };
  assert.deepEqual(rangeOf(exchange, 2, [bound]), none);
  assert.deepEqual(rangeOf(exchange, 3, [bound]), none);
  assert.deepEqual(rangeOf(exchange, 0, []), {});
});

Deno.test("where keys carry their partition, the range is that of the prefix", () => {
  const exchange = {
    kind: "sort",
    partitioner: { kind: "hash", partitions: 400 },
    ascending: true,
  } as const;
  assert.deepEqual(rangeOf(exchange, 255), {
    from: Uint8Array.of(0, 0, 0, 255),
    to: Uint8Array.of(0, 0, 1, 0),
  });
});

Deno.test("a prefix comes back as an unsigned number", () => {
  const bytes = new Uint8Array(6);
  for (const value of [0, 1, 255, 256, 0x7fffffff, 0x80000000, 0xffffffff]) {
    writePrefix(bytes, 1, value);
    assert.equal(readPrefix(bytes, 1), value);
    writePrefix(bytes, 1, value | 0);
    assert.equal(readPrefix(bytes, 1), value);
  }
});
