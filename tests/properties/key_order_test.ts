/** The laws of key bytes, against an order that is written down here without bytes. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { compareBytes, encodeKey, invertBytes, type Key } from "../../core/key.ts";
import { hashBytes } from "../../core/key_hash.ts";
import { compareKeys, KeyTypes } from "../../core/key_order.ts";
import { KeyReader, readKey } from "../../core/key_reader.ts";
import { RecordError } from "../../core/errors.ts";

const RUNS = { numRuns: 3000 };

const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(
    0,
    -0,
    NaN,
    Infinity,
    -Infinity,
    5e-324,
    -5e-324,
    2 ** 53,
    -(2 ** 53),
    1.5,
    1e308,
  ),
);
const bigint = fc.oneof(
  fc.bigInt(),
  fc.bigInt({ min: -300n, max: 300n }),
  fc.tuple(fc.bigInt({ min: -3n, max: 3n }), fc.nat(3000), fc.bigInt({ min: -3n, max: 3n }))
    .map(([factor, shift, more]) => (factor << BigInt(shift)) + more),
);
/** Doubles and bigints close to each other, where rounding could betray the order. */
const neighbours = fc.tuple(fc.double({ noNaN: true }), fc.bigInt({ min: -2n, max: 2n }))
  .filter(([double]) => Number.isFinite(double))
  .map(([double, more]): [Key, Key] => [double, BigInt(Math.trunc(double)) + more]);
/** Strings of the units where UTF-8, UTF-16 and escapes change their ways. */
const units = fc.array(
  fc.constantFrom(
    ..."\0\x01\x02a\x7f\x80\u07ff\ud7ff\ue000\uffff",
    ...["\ud800", "\udbff", "\udc00", "\udfff", "\u{10000}", "\u{10ffff}"],
  ),
  { maxLength: 4 },
).map((chosen) => chosen.join(""));
const text = fc.oneof(
  units,
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.string({ maxLength: 4 }),
  fc.string({ minLength: 55, maxLength: 90, unit: "binary" }),
);
const date = fc.oneof(fc.date({ noInvalidDate: true }), fc.constant(new Date(NaN)));
const scalar: fc.Arbitrary<Key> = fc.oneof(
  fc.constantFrom<Key[]>(null, undefined, true, false),
  number,
  bigint,
  text,
  date,
  fc.uint8Array({ maxLength: 6 }),
);
const sortable: fc.Arbitrary<Key> = fc.letrec<{ key: Key }>((tie) => ({
  key: fc.oneof({ maxDepth: 4 }, scalar, fc.array(tie("key"), { maxLength: 4 })),
})).key;
const groupable: fc.Arbitrary<Key> = fc.letrec<{ key: Key }>((tie) => ({
  key: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie("key"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(text, fc.constant("__proto__")), tie("key"), { maxKeys: 4 }),
  ),
})).key;
const pair: fc.Arbitrary<[Key, Key]> = fc.oneof(
  fc.tuple(sortable, sortable),
  fc.tuple(text, text),
  fc.tuple(units, units, units).map(([start, a, b]): [Key, Key] => [start + a, start + b]),
  fc.tuple(number, number),
  fc.tuple(bigint, bigint),
  fc.tuple(number, bigint),
  neighbours,
  fc.tuple(fc.array(text, { maxLength: 3 }), fc.array(text, { maxLength: 3 })),
  fc.tuple(fc.uint8Array({ max: 3, maxLength: 4 }), fc.uint8Array({ max: 3, maxLength: 4 })),
);

function rank(key: Key): number {
  if (key === null) return 7;
  if (key === undefined) return 8;
  if (typeof key === "boolean") return 1;
  if (typeof key === "number" || typeof key === "bigint") return 2;
  if (key instanceof Date) return 3;
  if (typeof key === "string") return 4;
  return key instanceof Uint8Array ? 5 : 6;
}

const sign = (order: number) => order < 0 ? -1 : order > 0 ? 1 : 0;

function numberOrder(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a === b ? 0 : a < b ? -1 : 1;
}

function bigintOrder(a: bigint, b: bigint): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Exact: by the integer below the number, then by whether there is a fraction; 1 before 1n. */
function mixedOrder(a: number, b: bigint): number {
  if (Number.isNaN(a) || a === Infinity) return 1;
  if (a === -Infinity) return -1;
  const below = Math.floor(a);
  return bigintOrder(BigInt(below), b) || (a > below ? 1 : -1);
}

function itemsOrder<T>(a: readonly T[], b: readonly T[], order: (x: T, y: T) => number): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const found = order(a[i]!, b[i]!);
    if (found !== 0) return found;
  }
  return a.length - b.length;
}

const codePoints = (value: string) => [...value].map((char) => char.codePointAt(0)!);

/** The order as the documentation states it. */
function twin(a: Key, b: Key): number {
  const ranks = rank(a) - rank(b);
  if (ranks !== 0) return ranks;
  if (typeof a === "boolean") return Number(a) - Number(b);
  if (typeof a === "number") {
    return typeof b === "number" ? numberOrder(a, b) : mixedOrder(a, b as bigint);
  }
  if (typeof a === "bigint") {
    return typeof b === "bigint" ? bigintOrder(a, b) : -mixedOrder(b as number, a);
  }
  if (a instanceof Date) return numberOrder(a.getTime(), (b as Date).getTime());
  if (typeof a === "string") return itemsOrder(codePoints(a), codePoints(b as string), numberOrder);
  if (a instanceof Uint8Array) return itemsOrder([...a], [...b as Uint8Array], numberOrder);
  if (Array.isArray(a)) return itemsOrder(a, b as Key[], twin);
  return 0;
}

/** The key that comes back: -0 has become 0. */
function normal(key: Key): Key {
  if (key === 0) return 0;
  if (Array.isArray(key)) return key.map(normal);
  if (key === null || typeof key !== "object") return key;
  if (key instanceof Date || key instanceof Uint8Array) return key;
  return Object.fromEntries(Object.entries(key).map(([name, value]) => [name, normal(value)]));
}

function order(a: Uint8Array, b: Uint8Array): number {
  return sign(compareBytes(a, 0, a.length, b, 0, b.length));
}

function inverted(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  invertBytes(copy, 0, copy.length);
  return copy;
}

Deno.test("the order of the bytes is the documented order, and equal bytes are equal keys", () => {
  fc.assert(
    fc.property(pair, ([a, b]) => {
      assert.equal(order(encodeKey(a), encodeKey(b)), sign(twin(a, b)));
    }),
    { numRuns: 10_000 },
  );
});

Deno.test("inverted bytes are the descending order, also as a part of a compound key", () => {
  fc.assert(
    fc.property(pair, pair, ([a, b], [c, d]) => {
      const compound = (x: Key, y: Key) =>
        new Uint8Array([...encodeKey(x), ...inverted(encodeKey(y))]);
      assert.equal(order(inverted(encodeKey(a)), inverted(encodeKey(b))), sign(twin(b, a)));
      assert.equal(order(compound(a, c), compound(b, d)), sign(twin(a, b) || twin(d, c)));
    }),
    RUNS,
  );
});

Deno.test("no key's bytes begin another's", () => {
  fc.assert(
    fc.property(pair, fc.tuple(groupable, groupable), (first, second) => {
      for (const [a, b] of [first, second]) {
        const x = encodeKey(a);
        const y = encodeKey(b);
        if (order(x, y) !== 0) assert.notEqual(order(x, y.subarray(0, x.length)), 0);
      }
    }),
    RUNS,
  );
});

Deno.test("decoding gives the key back, from any place and never a byte too far", () => {
  fc.assert(
    fc.property(fc.array(groupable, { maxLength: 4 }), fc.nat(9), (keys, gap) => {
      const parts = keys.map((key) => encodeKey(key));
      const reader = new KeyReader(
        new Uint8Array([...new Array(gap).fill(0x40), ...parts.flatMap((part) => [...part])]),
        gap,
      );
      for (const key of keys) assert.deepStrictEqual(reader.read(), normal(key));
      assert.equal(reader.at, reader.end);
    }),
    RUNS,
  );
});

Deno.test("objects are one key exactly when their properties are equal", () => {
  const small = fc.dictionary(
    fc.constantFrom("a", "b", "\u{10000}", "\uffff"),
    fc.constantFrom(1, undefined, "x"),
  );
  fc.assert(
    fc.property(small, small, (a, b) => {
      const equal = Object.keys(a).length === Object.keys(b).length &&
        Object.keys(a).every((name) => Object.hasOwn(b, name) && a[name] === b[name]);
      assert.equal(order(encodeKey(a), encodeKey(b)) === 0, equal);
      const turned = Object.fromEntries(Object.entries(a).reverse());
      assert.equal(order(encodeKey(a), encodeKey(turned)), 0);
    }),
    RUNS,
  );
});

Deno.test("compareKeys is the order of the bytes, or refuses what KeyTypes refuses too", () => {
  fc.assert(
    fc.property(pair, ([a, b]) => {
      const types = new KeyTypes();
      types.note(a);
      const others = new KeyTypes();
      others.note(b);
      types.merge(others.masks);
      let found: number;
      try {
        found = compareKeys(a, b);
      } catch (error) {
        assert.ok(error instanceof RecordError && error.code === "KeyTypeMismatch");
        const shallow = (key: Key) =>
          !Array.isArray(key) || !key.some((item) => Array.isArray(item));
        if (shallow(a) && shallow(b)) {
          assert.throws(() => types.check(), { code: "KeyTypeMismatch" });
        }
        return;
      }
      assert.equal(sign(found), sign(twin(a, b)));
    }),
    { numRuns: 10_000 },
  );
});

Deno.test("the hash is that of the bytes alone, from any alignment", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(8), (bytes, gap) => {
      const moved = new Uint8Array(gap + bytes.length + 5).fill(0xa5);
      moved.set(bytes, gap);
      const view = new DataView(moved.buffer);
      assert.equal(hashBytes(view, gap, gap + bytes.length), slowHash(bytes));
    }),
    RUNS,
  );
});

/** The hash by the book: bigints, one word after the other, the last one filled up with zeros. */
function slowHash(bytes: Uint8Array): number {
  const word32 = (value: bigint) => BigInt.asUintN(32, value);
  let hash = 0n;
  for (let at = 0; at < bytes.length; at += 4) {
    let word = 0n;
    for (let i = 0; i < 4; i++) word += BigInt(bytes[at + i] ?? 0) << BigInt(8 * i);
    hash = word32((hash ^ word) * 0x9e3779b1n);
    hash ^= hash >> 15n;
  }
  hash = word32(hash * 0x85ebca6bn);
  return Number(BigInt.asIntN(32, hash ^ (hash >> 13n)));
}

Deno.test("cut or altered bytes never give more than a key or a RecordError", () => {
  fc.assert(
    fc.property(groupable, fc.nat(), fc.integer({ min: 1, max: 255 }), (key, place, flip) => {
      const bytes = encodeKey(key);
      const cut = () => readKey(bytes, 0, place % bytes.length);
      assert.throws(cut, { code: "CorruptBlock" });
      const altered = bytes.slice();
      altered[place % bytes.length]! ^= flip;
      try {
        readKey(altered);
      } catch (error) {
        assert.ok(error instanceof RecordError && error.code === "CorruptBlock", String(error));
      }
    }),
    RUNS,
  );
});
