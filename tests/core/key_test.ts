/** Keys by example: what is refused and how, partitions. */
import assert from "node:assert/strict";
import { encodeKey, KeyWriter, NUMBER_KEY_BYTES } from "../../core/key.ts";
import { finishHash, HASH_SEED, hashBytes, mixWord, partitionOf } from "../../core/key_hash.ts";
import { compareKeys, KeyTypes } from "../../core/key_order.ts";
import { KeyReader, readKey } from "../../core/key_reader.ts";

const hex = (bytes: Uint8Array) => [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
const hashOf = (bytes: Uint8Array<ArrayBuffer>) =>
  hashBytes(new DataView(bytes.buffer), 0, bytes.length);

Deno.test("1, 1n, '1' and true are four keys; 0 and -0 are one, and so is every NaN", () => {
  assert.equal(
    new Set([1, 1n, "1", true, [1], new Date(1)].map((key) => hex(encodeKey(key)))).size,
    6,
  );
  assert.equal(hex(encodeKey(-0)), hex(encodeKey(0)));
  const odd = new Float64Array(new BigUint64Array([0xfff8000000000123n]).buffer)[0];
  assert.equal(hex(encodeKey(odd)), hex(encodeKey(NaN)));
  assert.equal(encodeKey(7).length, NUMBER_KEY_BYTES);
});

Deno.test("keys lie one after the other in a writer that grows", () => {
  const writer = new KeyWriter(0);
  const keys = ["a", 1, ["x".repeat(100), null], 12n, undefined, new Date(5)];
  const starts = keys.map((key) => writer.write(key));
  const reader = new KeyReader(writer.bytes, 0, writer.end);
  for (const [i, key] of keys.entries()) {
    assert.equal(reader.at, starts[i]);
    assert.deepStrictEqual(reader.read(), key);
  }
  assert.equal(reader.at, writer.end);
});

Deno.test("a key that is read shares no memory with its arena", () => {
  const bytes = encodeKey(new Uint8Array([7, 8, 9]));
  const key = readKey(bytes) as Uint8Array;
  bytes.fill(0);
  assert.deepEqual([...key], [7, 8, 9]);
});

Deno.test("what is no key is refused with its place and the cure, and leaves no trace", () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  class Point {}
  const refused: [unknown, RegExp][] = [
    [{ city: "Oslo" }, /it is a plain object\n {2}Use an array .*\[o\.city, o\.year\]/],
    [[1, [2, {}]], /it has a plain object at \[1\]\[1\]/],
    [new Point(), /it is an instance of Point\n {2}Use an array/],
    [new Map(), /it is an instance of Map/],
    [new Number(1), /it is an instance of Number/],
    [Promise.resolve(1), /it is an instance of Promise\n {2}Did you forget await\?/],
    [() => 1, /it is a function\n {2}A key is null/],
    [Symbol("s"), /it is a symbol/],
    [cyclic, /nested more than 500 deep, or cyclic/],
  ];
  const writer = new KeyWriter();
  writer.write("before");
  const { end } = writer;
  for (const [key, message] of refused) {
    assert.throws(() => writer.write(key), { name: "RecordError", code: "UnhashableKey", message });
    assert.equal(writer.end, end);
  }
  assert.throws(() => writer.writeGroupingKey({ a: { b: new Point() } }), {
    code: "UnhashableKey",
    message: /it has an instance of Point at \.a\.b/,
  });
  assert.throws(() => writer.writeGroupingKey(cyclic), { code: "UnhashableKey" });
  assert.equal(writer.end, end);
});

Deno.test("a property named __proto__ is a property", () => {
  const key = JSON.parse('{"__proto__": {"a": 1}}');
  const back = readKey(encodeKey(key)) as object;
  assert.deepEqual(Object.keys(back), ["__proto__"]);
  assert.equal(Object.getPrototypeOf(back), Object.prototype);
});

Deno.test("the steps of the hash are those of hashBytes", () => {
  const bytes = encodeKey("hash"); // 40 68 61 73 68 00: two words
  const hash = finishHash(mixWord(mixWord(HASH_SEED, 0x73616840), 0x68));
  assert.equal(hash, hashOf(bytes));
});

Deno.test("partitions are evenly filled and ascend with the hash", () => {
  const counts = new Array(7).fill(0);
  for (let i = 0; i < 70_000; i++) counts[partitionOf(hashOf(encodeKey(`key:${i}`)), 7)]++;
  assert.ok(counts.every((count) => count > 9_500 && count < 10_500), String(counts));
  const hashes = [0, 1, 0x7fffffff, -0x80000000, -2, -1]; // ascending as unsigned numbers
  assert.deepEqual(hashes.map((hash) => partitionOf(hash, 4)), [0, 0, 1, 2, 3, 3]);
  assert.equal(partitionOf(-1, 1), 0);
});

Deno.test("compareKeys sorts by value, NaN, null and undefined last", () => {
  const wanted = [-1n, -0.5, 1, 1n, 2n ** 60n, Infinity, NaN, null];
  assert.deepEqual([NaN, null, 1n, 1, Infinity, 2n ** 60n, -0.5, -1n].sort(compareKeys), wanted);
  assert.deepEqual(["\u{1f600}", "\uffff", "a", ""].sort(compareKeys), [
    "",
    "a",
    "\uffff",
    "\u{1f600}",
  ]);
  assert.ok(compareKeys(undefined, null) > 0);
});

Deno.test("compareKeys refuses types that do not go together, and what is no key", () => {
  assert.throws(() => compareKeys(1, "a"), {
    name: "RecordError",
    code: "KeyTypeMismatch",
    message: 'Cannot sort keys of different types: number, string (1 and "a")\n' +
      "  Make them one type first, for example sortBy((x) => String(x))",
  });
  assert.throws(() => compareKeys([1, "a"], [1, true]), { code: "KeyTypeMismatch" });
  assert.ok(compareKeys([1, "a"], [2, true]) < 0);
  assert.throws(() => compareKeys({}, {}), { code: "UnhashableKey" });
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  assert.throws(() => compareKeys(cyclic, cyclic), { code: "UnhashableKey" });
});

Deno.test("KeyTypes notices types that do not go together over tasks, in any order", () => {
  const typesOf = (...keys: unknown[]) => {
    const types = new KeyTypes();
    for (const key of keys) types.note(key);
    return types;
  };
  typesOf(1, 2n, null, undefined, NaN).check();
  typesOf(["a", 1], ["b", 2n], ["c", null], [], null).check();
  typesOf().check();
  const first = typesOf(1, 2);
  first.merge(JSON.parse(JSON.stringify(typesOf("a", null).masks)));
  assert.throws(() => first.check(), {
    code: "KeyTypeMismatch",
    message: /Cannot sort keys of different types: number, string\n/,
  });
  assert.throws(() => typesOf(["a", 1], ["b", true]).check(), {
    message: /array keys whose element 1 is of different types: boolean, number/,
  });
  assert.throws(() => typesOf([1], 1).check(), { code: "KeyTypeMismatch" });
  assert.throws(() => new KeyTypes(typesOf(1n, "a").masks).check(), { message: /bigint, string/ });
});

Deno.test("bytes that are no key are refused", () => {
  for (
    const bytes of [
      [],
      [0x00],
      [0xff],
      [0x40],
      [0x40, 0x61],
      [0x40, 0x01, 0x03, 0x00], // no such escape
      [0x40, 0xc3, 0x00], // half a character
      [0x40, 0xed, 0xa0, 0x00], // half a surrogate
      [0x20, 0x80, 0, 0, 0, 0, 0, 0, 0],
      [0x20, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x30],
      [0x20, 0xff, 0xf8, 0, 0, 0, 0, 0, 0, 0x2a, 0x00], // NaN as a bigint
      [0x20, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x2a, 0xff, 0xff, 0xff, 0xff, 0xff],
      [0x50, 0x50, 0x00],
      [0x58, 0x10, 0x10, 0x00], // a name that is no string
      new Array(100_000).fill(0x50),
    ]
  ) {
    assert.throws(() => readKey(new Uint8Array(bytes)), {
      name: "RecordError",
      code: "CorruptBlock",
    });
  }
});
