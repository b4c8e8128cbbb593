import assert from "node:assert/strict";
import fc from "fast-check";
import { compareBytes, encodeKey } from "../../core/key.ts";
import { hashBytes } from "../../core/key_hash.ts";
import { FULL, KeyTable } from "../../shuffle/key_table.ts";
import { MemoryBudget } from "../../shuffle/memory_budget.ts";

const oddCharacters = fc.string({
  maxLength: 6,
  unit: fc.constantFrom("\0", "\x01", "\x02", "\x7f", "\x80", "a", "\ud800", "\udc00", "Ā", "😀"),
});
const text = fc.oneof(fc.string({ maxLength: 14 }), oddCharacters);
const number = fc.oneof(
  fc.double(),
  fc.integer({ min: -9, max: 9 }),
  fc.constantFrom(0, -0, NaN),
);
const key: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: text },
  number,
  fc.constantFrom(null, undefined, true, "__proto__", "constructor"),
  fc.bigInt(),
  fc.array(fc.oneof(text, number), { maxLength: 3 }),
  fc.dictionary(fc.constantFrom("a", "__proto__", "c"), number, { maxKeys: 2 }),
);

const roomy = () => new MemoryBudget(1 << 30).reserve("test");
const nameOf = (bytes: Uint8Array) => bytes.join();

function hashOf(bytes: Uint8Array): number {
  return hashBytes(new DataView(bytes.buffer), bytes.byteOffset, bytes.byteLength);
}

Deno.test("groups are those of the key's bytes, whichever way a key comes in", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.nat(3)), { maxLength: 80 }), (keys) => {
      const table = new KeyTable(roomy());
      const groups = new Map<string, number>();
      for (const [value, shift] of keys) {
        const bytes = encodeKey(value);
        const name = nameOf(bytes);
        if (!groups.has(name)) groups.set(name, groups.size);
        const moved = new Uint8Array(bytes.length + shift);
        moved.set(bytes, shift);
        assert.equal(table.groupOf(value), groups.get(name));
        assert.equal(table.groupOfBytes(moved, shift, bytes.length), groups.get(name));
      }
      assert.equal(table.size, groups.size);
    }),
    { numRuns: 500 },
  );
});

Deno.test("sorted, the groups come in the order of hash and key bytes", () => {
  fc.assert(
    fc.property(fc.array(key, { maxLength: 200 }), (keys) => {
      const table = new KeyTable(roomy());
      const groups = new Map<string, Uint8Array>();
      for (const value of keys) {
        const bytes = encodeKey(value);
        groups.set(nameOf(bytes), bytes);
        table.groupOf(value);
      }
      const expected = [...groups.values()].sort((a, b) =>
        (hashOf(a) >>> 0) - (hashOf(b) >>> 0) || compareBytes(a, 0, a.length, b, 0, b.length)
      );
      table.sort();
      const found = expected.map((_, i) => {
        const record = table.recordAt(i);
        assert.equal(table.hashAt(i), hashOf(expected[i]!));
        return table.keys.slice(table.keyAt(record), table.keyAt(record) + table.keyLength(record));
      });
      assert.deepEqual(found, expected);
    }),
    { numRuns: 300 },
  );
});

Deno.test("told no it changes nothing, and what it holds is exactly what it asked for", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(key, fc.string({ minLength: 50, maxLength: 400 })), { maxLength: 120 }),
      fc.integer({ min: 500, max: 30_000 }),
      (keys, bytesMax) => {
        const budget = new MemoryBudget(bytesMax);
        using memory = budget.reserve("test");
        const table = new KeyTable(memory);
        const groups = new Map<string, number>();
        for (const value of keys) {
          const name = nameOf(encodeKey(value));
          const group = table.groupOf(value);
          assert.equal(table.bytes, budget.bytesReserved);
          if (group === FULL) {
            assert.equal(table.size, groups.size);
            table.clear();
            groups.clear();
            continue;
          }
          if (!groups.has(name)) groups.set(name, groups.size);
          assert.equal(group, groups.get(name));
        }
        assert.ok(budget.bytesPeak <= bytesMax);
        table.release();
        assert.equal(budget.bytesReserved, 0);
        assert.equal(table.groupOf("again"), table.size - 1);
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("keys whose hashes are all equal are still parted, and sorted by their bytes", () => {
  const table = new KeyTable(roomy());
  const texts = Array.from({ length: 700 }, (_, i) => `key ${i}`);
  const { imul } = Math;
  try {
    Math.imul = () => 0;
    for (let round = 0; round < 2; round++) {
      texts.forEach((text, i) => assert.equal(table.groupOf(text), i));
    }
  } finally {
    Math.imul = imul;
  }
  table.sort();
  const groups = texts.map((_, i) => table.groupAt(table.recordAt(i)));
  assert.deepEqual(groups.map((group) => texts[group]), texts.toSorted());
});

Deno.test("a key that is none is refused, and the table goes on", () => {
  const table = new KeyTable(roomy());
  assert.equal(table.groupOf("a"), 0);
  assert.throws(() => table.groupOf(new Map()), { code: "UnhashableKey" });
  assert.throws(() => table.groupOf([() => 1]), { code: "UnhashableKey" });
  assert.equal(table.groupOf("b"), 1);
  assert.equal(table.groupOf("a"), 0);
});

Deno.test("a table that is sorted again, for a disk that was full, gives the same", () => {
  const table = new KeyTable(roomy());
  for (let i = 0; i < 1000; i++) table.groupOf(`key ${i}`);
  const records = () => Array.from({ length: table.size }, (_, i) => table.recordAt(i));
  table.sort();
  const once = records();
  table.sort();
  assert.deepEqual(records(), once);
  table.clear();
  for (let i = 0; i < 1000; i++) assert.equal(table.groupOf(`other ${i}`), i);
});
