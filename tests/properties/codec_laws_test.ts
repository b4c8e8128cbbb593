/** The laws of the codec: what comes back is what went in, blocks relocate, damage is an error. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { decode, encode } from "@msgpack/msgpack";
import { decodeValue, encodeValue } from "../../core/codec/binary.ts";
import { blockRecords, decodeBlock, encodeBlock } from "../../core/codec/codec.ts";
import { RecordError } from "../../core/errors.ts";

const RUNS = { numRuns: 1500 };

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ maxLength: 5 }),
  fc.array(fc.constantFrom("a", "\0", "é", "\ud83d", "\ude00", "\u{1f600}"), { maxLength: 5 })
    .map((units) => units.join("")),
  fc.nat(5000).map((length) => "long é ".repeat(length).slice(0, length)),
);
const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.nat(300),
  fc.constantFrom(0, -0, NaN, Infinity, 127, 128, -32, -33, 2 ** 31, -(2 ** 31), 2 ** 53),
);
const exotic = fc.oneof(
  fc.constant(undefined),
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
  fc.constantFrom(2n ** 63n, -(2n ** 63n), 2n ** 63n - 1n, -(2n ** 63n) - 1n),
  fc.constantFrom(new Date(NaN), new Date(0), new Date(-1), /a+b/giu, new RegExp("")),
  fc.sparseArray(fc.integer(), { maxLength: 40, maxNumElements: 5 }),
  fc.uint8Array({ maxLength: 5 }).map((bytes) => bytes.buffer),
  fc.uint8Array({ maxLength: 5 }).map((bytes) => new DataView(bytes.buffer)),
  text,
  number,
);
const anything = fc.oneof(
  fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
    withTypedArray: true,
    withSparseArray: true,
    withUnicodeString: true,
    values: [exotic],
    key: fc.oneof(text, fc.constantFrom("__proto__", "constructor", "toString")),
  }),
  exotic,
);
const batch: fc.Arbitrary<unknown[]> = fc.oneof(
  fc.array(anything, { maxLength: 8 }),
  fc.array(text),
  fc.array(number),
  fc.array(fc.integer({ min: -70_000, max: 70_000 })),
  fc.array(fc.tuple(text, number)),
  fc.array(fc.tuple(number, number)),
  fc.array(fc.tuple(text, text)),
  fc.array(fc.tuple(number, text)),
  fc.array(fc.tuple(text, anything), { maxLength: 8 }),
  fc.array(fc.oneof(text, number, fc.tuple(text, number))),
);

/** `bytes` somewhere else in memory, at any alignment. */
function moved(bytes: Uint8Array, gap: number): Uint8Array {
  const room = new Uint8Array(gap + bytes.length + 3).fill(0xa5);
  room.set(bytes, gap);
  return room.subarray(gap, gap + bytes.length);
}

Deno.test("a value comes back as it was", () => {
  fc.assert(
    fc.property(anything, fc.nat(8), (value, gap) => {
      assert.deepStrictEqual(decodeValue(moved(encodeValue(value), gap)), value);
    }),
    RUNS,
  );
});

Deno.test("a block gives its records back, knows their number, and relocates", () => {
  fc.assert(
    fc.property(batch, batch, fc.nat(8), (a, b, gap) => {
      const [blockA, blockB] = [moved(encodeBlock(a), gap), encodeBlock(b)];
      assert.equal(blockRecords(blockA), a.length);
      assert.deepStrictEqual(decodeBlock(blockA), a);
      const both = decodeBlock(encodeBlock([...a, ...b]));
      assert.deepStrictEqual([...decodeBlock(blockA), ...decodeBlock(blockB)], both);
    }),
    RUNS,
  );
});

Deno.test("sharing and cycles inside a value come back as they were", () => {
  type Node = { next: Node[]; map: Map<string, Node>; id: number };
  const graph = fc.array(fc.array(fc.nat(30), { maxLength: 4 }), { minLength: 1, maxLength: 31 });
  fc.assert(
    fc.property(graph, (edges) => {
      const nodes = edges.map((_, id): Node => ({ next: [], map: new Map(), id }));
      for (const [i, targets] of edges.entries()) {
        for (const target of targets) {
          const to = nodes[target % nodes.length]!;
          nodes[i]!.next.push(to);
          nodes[i]!.map.set(String(target), to);
        }
      }
      const back = decodeValue(encodeValue(nodes)) as Node[];
      for (const [i, node] of back.entries()) {
        assert.equal(node.id, i);
        assert.deepEqual(node.next.map((to) => to.id), nodes[i]!.next.map((to) => to.id));
        assert.ok(node.next.every((to) => to === back[to.id]));
        assert.ok([...node.map.values()].every((to) => to === back[to.id]));
      }
    }),
    RUNS,
  );
});

Deno.test("what MessagePack knows is MessagePack: the library reads ours, and we read the library's", () => {
  const json = fc.jsonValue({ noUnicodeString: false });
  const plain = fc.oneof(json, fc.uint8Array(), fc.string({ maxLength: 300 }), fc.integer());
  fc.assert(
    fc.property(
      fc.oneof(
        plain,
        fc.array(plain),
        fc.dictionary(fc.string(), plain, { noNullPrototype: true }),
      ),
      (value) => {
        fc.pre(!JSON.stringify(value).includes("__proto__")); // the library refuses it
        assert.deepStrictEqual(decode(encodeValue(value)), value);
        const theirs = JSON.parse(JSON.stringify(value)); // it writes -0 as 0
        assert.deepStrictEqual(decodeValue(encode(theirs)), theirs);
      },
    ),
    RUNS,
  );
});

Deno.test("a cut block is refused, and an altered byte gives records or a RecordError", () => {
  fc.assert(
    fc.property(batch, fc.nat(), fc.integer({ min: 1, max: 255 }), (records, place, flip) => {
      const block = encodeBlock(records);
      const cut = block.subarray(0, place % block.length);
      assert.throws(() => decodeBlock(cut), { name: "RecordError", code: "CorruptBlock" });
      const altered = block.slice();
      altered[place % block.length]! ^= flip;
      try {
        decodeBlock(altered);
      } catch (error) {
        assert.ok(error instanceof RecordError, String(error));
      }
    }),
    RUNS,
  );
});

Deno.test("random bytes never do worse than a RecordError", () => {
  const random = fc.uint8Array({ maxLength: 60 });
  fc.assert(
    fc.property(random, fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 8), (bytes, form) => {
      for (const read of [() => decodeValue(bytes), () => decodeBlock(asBlock(bytes, form))]) {
        try {
          read();
        } catch (error) {
          assert.ok(error instanceof RecordError, String(error));
        }
      }
    }),
    RUNS,
  );
});

function asBlock(bytes: Uint8Array, form: number): Uint8Array {
  return new Uint8Array([form, 0, 0, 0, bytes.length >> 2, 0, 0, 0, ...bytes]);
}
