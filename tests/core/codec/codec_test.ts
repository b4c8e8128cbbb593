/** Blocks by example: which form a batch takes, and what it costs. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { ClassTable } from "../../../core/codec/binary.ts";
import { blockRecords, decodeBlock, encodeBlock } from "../../../core/codec/codec.ts";

const HEADER_BYTES = 8;
const bodyBytes = (records: unknown[]) => encodeBlock(records).length - HEADER_BYTES;

Deno.test("an empty batch is a block of no records", () => {
  assert.deepEqual(decodeBlock(encodeBlock([])), []);
  assert.equal(blockRecords(encodeBlock([])), 0);
});

Deno.test("columns take the narrowest form that is exact", () => {
  assert.equal(bodyBytes([0, 255]), 2);
  assert.equal(bodyBytes([0, 256]), 4);
  assert.equal(bodyBytes([0, -1]), 8);
  assert.equal(bodyBytes([0, 0.5]), 16);
  assert.equal(bodyBytes([0, -0]), 16);
  assert.equal(bodyBytes([0, 2 ** 31]), 16);
  assert.equal(bodyBytes(["a", "bc"]), 2 + 4 + 3);
  assert.equal(bodyBytes(["a".repeat(256), ""]), 4 + 4 + 256);
  assert.equal(bodyBytes([["a", 1], ["bc", 2]]), 2 + 4 + 3 + 2);
});

Deno.test("a batch of many pairs is read as it was written", () => {
  const pairs = Array.from({ length: 100_000 }, (_, i) => [`word é ${i % 977}`, i * 0.5]);
  const block = encodeBlock(pairs);
  assert.equal(blockRecords(block), pairs.length);
  assert.deepEqual(decodeBlock(block), pairs);
});

Deno.test("what only looks like a column is written as it is", () => {
  for (
    const records of [
      ["a", 1, "b"],
      [["a", 1], "b"],
      ["b", ["a", 1]],
      [["a", 1], ["a", 1, 2]],
      [["a", 1], ["a", undefined]],
      [[undefined, 1]],
      [["a", 1], [1, "a"]],
      ["\ud83d", "\ude00"],
      ["x".repeat(5000), "\ud800"],
      [["\ud800", 1]],
      [["a", [1]], ["b", { c: 1 }]],
    ]
  ) {
    assert.deepStrictEqual(decodeBlock(encodeBlock(records)), records);
  }
  const holes: unknown[][] = [["a", 1], new Array(2)];
  assert.deepEqual(Object.keys(decodeBlock(encodeBlock(holes))[1] as unknown[]), []);
});

Deno.test("identity is kept within a record and not between records", () => {
  const shared = { n: 1 };
  const [first, second] = decodeBlock(encodeBlock([[shared, shared], shared])) as [
    object[],
    object,
  ];
  assert.equal(first[0], first[1]);
  assert.notEqual(first[0], second);
  const pair: unknown[] = ["a", null];
  pair[1] = pair;
  const [copy] = decodeBlock(encodeBlock([pair])) as unknown[][];
  assert.equal(copy![1], copy);
});

Deno.test("text is cut from pieces, so that one kept string does not keep the block", () => {
  const lines = Array.from({ length: 300 }, (_, i) => `${i} ${"é".repeat(i)}`);
  assert.deepEqual(decodeBlock(encodeBlock(lines)), lines);
  const long = ["a".repeat(10_000), "b", "c".repeat(4096), "", "d".repeat(4097)];
  assert.deepEqual(decodeBlock(encodeBlock(long)), long);
  assert.equal(bodyBytes(long), 5 * 2 + 4 * 5 + 10_000 + 1 + 4096 + 4097 - 4);
});

Deno.test("lengths that do not fit the text are noticed", () => {
  const block = encodeBlock(["ab", "c"]);
  block[HEADER_BYTES] = 1;
  assert.throws(() => decodeBlock(block), {
    message: "Cannot read a column: its text has another length than its strings",
  });
});

Deno.test("what is read from a Node Buffer lies in buffers of its own", () => {
  const records = [{ bytes: new Uint8Array([1, 2]), numbers: new Float64Array(2) }];
  const block = Buffer.from(encodeBlock(records));
  const decoded = decodeBlock(block);
  const numbers = decodeBlock(Buffer.from(encodeBlock([0.5, 1])));
  block.fill(0xff);
  assert.deepStrictEqual(decoded, records);
  assert.deepEqual(numbers, [0.5, 1]);
});

Deno.test("a block in shared memory is read, and its records are not in shared memory", () => {
  const records = [{ text: "é".repeat(100), bytes: new Uint8Array([1, 2]) }, [
    "a",
    new Float32Array(2),
  ]];
  const block = encodeBlock(records);
  const shared = new Uint8Array(new SharedArrayBuffer(block.length));
  shared.set(block);
  const [first] = decodeBlock(shared) as [{ bytes: Uint8Array }];
  assert.deepStrictEqual(decodeBlock(shared), records);
  assert.ok(first.bytes.buffer instanceof ArrayBuffer);
});

Deno.test("a record that cannot travel leaves nothing behind", () => {
  assert.throws(() => encodeBlock([{ ok: 1 }, { a: [Promise.resolve()] }]), {
    code: "NotSerializable",
    message: /: \.a\[0\] is a Promise/,
  });
  assert.deepEqual(decodeBlock(encodeBlock([{ ok: 1 }])), [{ ok: 1 }]);
});

Deno.test("a record whose getter encodes a block does not disturb the one around it", () => {
  const nested = {
    get inner() {
      return decodeBlock(encodeBlock([{ a: 1 }, "b"]));
    },
  };
  assert.deepEqual(decodeBlock(encodeBlock(["x", nested])), ["x", { inner: [{ a: 1 }, "b"] }]);
});

Deno.test("classes are known to both sides", () => {
  class City {
    name = "Oslo";
  }
  const classes: ClassTable = {
    idOf: (constructor) => constructor === City ? "City" : undefined,
    classOf: (id) => id === "City" ? City : undefined,
  };
  const [city] = decodeBlock(encodeBlock([new City()], classes), classes);
  assert.ok(city instanceof City && city.name === "Oslo");
  assert.throws(() => encodeBlock([new City()]), { code: "NotSerializable" });
});

Deno.test("every cut and every altered byte of small blocks ends well", () => {
  const batches = [
    [["oslo", 3], ["rome", 500]],
    ["a", "é", ""],
    [0.5, 1],
    [{ a: [1n, new Map([[1, new Date(0)]])] }, undefined, new Error("x")],
  ];
  for (const records of batches) {
    const block = encodeBlock(records);
    for (let end = 0; end < block.length; end++) {
      assert.throws(() => decodeBlock(block.subarray(0, end)), { code: "CorruptBlock" });
    }
    for (let at = 0; at < block.length; at++) {
      for (const flip of [0x01, 0x10, 0x80, 0xff]) {
        const altered = block.slice();
        altered[at]! ^= flip;
        try {
          decodeBlock(altered);
        } catch (error) {
          assert.equal((error as Error).name, "RecordError");
        }
      }
    }
  }
  const counted = encodeBlock([1]);
  counted[7] = 0x10;
  assert.throws(() => blockRecords(counted), { code: "CorruptBlock" });
  assert.throws(() => decodeBlock(new Uint8Array([...encodeBlock([1]), 0])), {
    code: "CorruptBlock",
  });
});
