/** Values by example: what is special about each type, what is refused and how. */
import assert from "node:assert/strict";
import { type ClassTable, decodeValue, encodeValue } from "../../../core/codec/binary.ts";
import { VALUE_DEPTH_MAX } from "../../../core/codec/binary_tags.ts";
import { RecordError } from "../../../core/errors.ts";

// deno-lint-ignore no-explicit-any -- of any type, as the test looks at it
const back = (value: unknown, classes?: ClassTable): any =>
  decodeValue(encodeValue(value, { classes }), { classes });

class Point {
  x: number;
  y: number;
  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
  }
  get length(): number {
    return Math.hypot(this.x, this.y);
  }
  set tripwire(_: unknown) {
    throw new Error("a setter ran");
  }
}
class HttpError extends Error {
  override name = "HttpError";
  status = 404;
}
const CLASSES: ClassTable = {
  idOf: (constructor) => [Point, HttpError].find((known) => known === constructor)?.name,
  classOf: (id) => ({ Point, HttpError })[id],
};

Deno.test("null, undefined, -0 and NaN are told apart", () => {
  const values = [null, undefined, 0, -0, NaN, "", false];
  for (const [i, value] of back(values).entries()) assert.ok(Object.is(value, values[i]));
});

Deno.test("numbers take the fewest bytes that are exact", () => {
  const lengths = [0, 127, -32, 128, 255, 256, 65535, 65536, -33, 2 ** 31 - 1, 2 ** 31, 0.5, -0];
  assert.deepEqual(
    lengths.map((value) => encodeValue(value).length),
    [1, 1, 1, 2, 2, 3, 3, 5, 5, 5, 9, 9, 9],
  );
});

Deno.test("strings of every length, with lone surrogates, keep each of their units", () => {
  for (const length of [0, 1, 31, 32, 84, 85, 86, 255, 256, 21844, 21845, 70_000]) {
    for (const unit of ["a", "é", "漢", "\ud800", "\u{1f600}"]) {
      const text = unit.repeat(length);
      assert.equal(back(text), text);
    }
  }
  const named = Object.fromEntries([["\ud800", 1], ["\udc00", 2]]);
  assert.deepEqual(Object.entries(back(named)), [["\ud800", 1], ["\udc00", 2]]);
});

Deno.test("typed arrays keep their class and bytes, share none, and may lie anywhere", () => {
  const buffer = new ArrayBuffer(64);
  crypto.getRandomValues(new Uint8Array(buffer));
  for (
    const view of [
      new Int8Array(buffer, 3, 5),
      new Uint8Array(buffer, 3, 5),
      new Uint8ClampedArray(buffer, 1, 4),
      new Int16Array(buffer, 2, 3),
      new Uint16Array(buffer, 2, 3),
      new Int32Array(buffer, 4, 3),
      new Uint32Array(buffer, 4, 3),
      new Float16Array(buffer, 2, 2),
      new Float32Array(buffer, 4, 2),
      new Float64Array(buffer, 8, 2),
      new BigInt64Array(buffer, 8, 2),
      new BigUint64Array(buffer, 8, 2),
      new DataView(buffer, 5, 7),
    ]
  ) {
    const copy = back(["shift", view])[1];
    assert.equal(Object.getPrototypeOf(copy), Object.getPrototypeOf(view));
    const bytes = (of: ArrayBufferView) => new Uint8Array(of.buffer, of.byteOffset, of.byteLength);
    assert.deepEqual(bytes(copy), bytes(view));
    assert.equal(copy.buffer.byteLength, view.byteLength);
  }
  const encoded = encodeValue(new Uint8Array([1, 2, 3]));
  const decoded = decodeValue(encoded) as Uint8Array;
  encoded.fill(0);
  assert.deepEqual([...decoded], [1, 2, 3]);
});

Deno.test("holes stay holes, and a huge sparse array is small", () => {
  // deno-lint-ignore no-sparse-arrays -- it is what is tested
  const holes = back([1, , undefined, , 5]);
  assert.deepEqual(Object.keys(holes), ["0", "2", "4"]);
  assert.equal(holes.length, 5);
  const huge: number[] = [];
  huge[4_000_000_000] = 7;
  assert.ok(encodeValue(huge).length < 40);
  const copy = back(huge);
  assert.equal(copy.length, 4_000_000_001);
  assert.equal(copy[4_000_000_000], 7);
  const named = Object.assign(new Array(2), { note: "left behind, as binary.ts says" });
  assert.deepEqual(Object.keys(back(named)), []);
  const empty: number[] = [];
  empty.length = 4_000_000_000;
  assert.equal(back(empty).length, empty.length);
});

Deno.test("objects: any name is a name, and having no prototype is kept", () => {
  const tricky = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 2, "": 3}');
  const copy = back(tricky);
  assert.deepEqual(Object.keys(copy), ["__proto__", "constructor", ""]);
  assert.equal(Object.getPrototypeOf(copy), Object.prototype);
  assert.equal(copy.polluted, undefined);
  const bare = Object.assign(Object.create(null), { __proto__x: 1, a: [2] });
  bare["__proto__"] = 3;
  assert.equal(Object.getPrototypeOf(back(bare)), null);
  assert.deepEqual(Object.entries(back(bare)), Object.entries(bare));
});

Deno.test("Map, Set, Date and RegExp come back with what is in them", () => {
  const key = { k: 1 };
  const map = new Map<unknown, unknown>([[key, new Set([NaN, key])], [-1n, undefined]]);
  const copy: Map<object, Set<object>> = back(map);
  assert.deepStrictEqual(copy, map);
  const [first, set] = [...copy][0]!;
  assert.ok(set.has(first));
  const regexp = /é+/giu;
  regexp.lastIndex = 3;
  assert.deepStrictEqual([back(regexp).source, back(regexp).flags, back(regexp).lastIndex], [
    "é+",
    "giu",
    3,
  ]);
  assert.ok(Number.isNaN(back(new Date(NaN)).getTime()));
});

Deno.test("errors keep class, message, stack, cause and their own fields", () => {
  const cause = new RangeError("inner");
  const error: Error & { status?: number } = new TypeError("outer", { cause });
  error.status = 500;
  const copy = back(error);
  assert.deepEqual([copy.constructor, copy.cause.constructor], [TypeError, RangeError]);
  assert.deepEqual([copy.message, copy.stack, copy.status], ["outer", error.stack, 500]);
  assert.deepEqual(Object.keys(copy), ["status"]);
  assert.equal(Object.hasOwn(back(new Error()), "message"), false);
  const many = back(new AggregateError([cause, 1], "both"));
  assert.ok(many instanceof AggregateError && many.errors[0] instanceof RangeError);
  const loop = new Error("loop");
  loop.cause = loop;
  assert.equal(back(loop).cause.message, "loop");
});

Deno.test("an object that is met again is the same object, also beside many others", () => {
  const shared = { name: "shared" };
  const others = Array.from({ length: 100 }, (_, id) => ({ id }));
  const copy = back([shared, ...others, shared, others[50]]);
  assert.equal(copy[0], copy[101]);
  assert.equal(copy[51], copy[102]);
  const cycle: unknown[] = [];
  cycle.push({ cycle });
  const turned = back(cycle);
  assert.equal(turned[0].cycle, turned);
  const bytes = new Uint8Array(3);
  const pair = back([bytes, bytes]);
  assert.equal(pair[0], pair[1]);
});

Deno.test("instances of known classes keep their class; no constructor and no setter runs", () => {
  const point = Object.assign(new Point(3, 4), { extra: [1] });
  Object.defineProperty(point, "tripwire", { value: 1, enumerable: true });
  const copy = back({ a: point, b: point }, CLASSES);
  assert.ok(copy.a instanceof Point && copy.a === copy.b);
  assert.deepEqual([copy.a.length, copy.a.extra, copy.a.tripwire], [5, [1], 1]);
  const error = back(new HttpError("gone"), CLASSES);
  assert.ok(error instanceof HttpError);
  assert.deepEqual([error.message, error.status, error.name], ["gone", 404, "HttpError"]);
  const bytes = encodeValue(point, { classes: CLASSES });
  assert.throws(() => decodeValue(bytes), {
    code: "NotSerializable",
    message:
      /instance of Point: the class is not known here\n {2}Give the class to sc\.registerClass\(\)/,
  });
});

Deno.test("what cannot travel is refused with its path and the cure", () => {
  class Tags extends Map {}
  const refused: [unknown, RegExp][] = [
    [() => 1, /a record: it is a function\n {2}Functions travel in closures/],
    [
      [0, 1, 2, { b: Promise.resolve() }],
      /: \[3\]\.b is a Promise\n {2}Did you forget await\? Use mapAsync/,
    ],
    [{ "a b": { c: Symbol("s") } }, /: \["a b"\]\.c is a symbol/],
    [new Map([["k", [new WeakMap()]]]), /: \.get\("k"\)\[0\] is a WeakMap/],
    [
      new Set([1, new Point(1, 2)]),
      /: \.item\(1\) is an instance of Point, .*\n {2}Give it to sc\.registerClass\(Point\)/,
    ],
    [{ a: { f: Math.max }, b: { f: Math.max } }, /: \.a\.f is a function \(max\)/],
    [[new Tags()], /: \[0\] is an instance of Tags\n {2}Make it a plain Map/],
    [[new Number(1)], /: \[0\] is an instance of Number\n {2}Make it a plain number/],
    [[[1].values()], /: \[0\] is an iterator\n {2}Make an array of it/],
    [new Error("x", { cause: { f() {} } }), /: \.cause\.f is a function \(f\)/],
    [[new HttpError("x")], /: \[0\] is an instance of HttpError/],
    [new SharedArrayBuffer(1), /it is an instance of SharedArrayBuffer/],
  ];
  const known: ClassTable = { idOf: () => "Tags", classOf: () => Tags };
  assert.throws(() => encodeValue(new Tags(), { classes: known }), { code: "NotSerializable" });
  for (const [value, message] of refused) {
    assert.throws(() => encodeValue(value), {
      name: "RecordError",
      code: "NotSerializable",
      message,
    });
  }
});

Deno.test("nesting up to the limit travels; beyond it is refused, however deep", () => {
  const nested = (depth: number, wrap: (inner: unknown) => unknown) => {
    let value: unknown = 1;
    for (let i = 0; i < depth; i++) value = wrap(value);
    return value;
  };
  const wraps: ((inner: unknown) => unknown)[] = [
    (inner) => [inner],
    (inner) => ({ inner }),
    (inner) => new Map([[1, inner]]),
    (inner) => new Error("e", { cause: inner }),
    (inner) => Object.assign(Object.create(Point.prototype), { inner }),
  ];
  const options = { classes: CLASSES };
  for (const wrap of wraps) {
    const bytes = encodeValue(nested(VALUE_DEPTH_MAX, wrap), options);
    decodeValue(bytes, options);
    for (const depth of [VALUE_DEPTH_MAX + 1, 20_000]) {
      assert.throws(() => encodeValue(nested(depth, wrap), options), {
        code: "NotSerializable",
        message: /nested more than 1000 deep\n {2}Make it flatter/,
      });
    }
  }
  assert.throws(() => decodeValue(new Uint8Array(100_000).fill(0x91)), { code: "CorruptBlock" });
  const wide = Array.from({ length: 3 * VALUE_DEPTH_MAX }, (_, i) => ({ i: new Set([[i]]) }));
  assert.deepStrictEqual(back(wide), wide);
});

Deno.test("damaged counts ask for no memory", () => {
  for (
    const bytes of [
      [0xdd, 0xff, 0xff, 0xff, 0xff],
      [0xdf, 0xff, 0xff, 0xff, 0xff],
      [0xdb, 0xff, 0xff, 0xff, 0xff],
      [0xc6, 0xff, 0xff, 0xff, 0xff],
      [0xc9, 0xff, 0xff, 0xff, 0xff, 5],
      [0xd6, 1, 0, 0, 0, 9], // a reference to nothing
      [0xc7, 4, 7, 0xa1, 0x28, 0xa0, 0x00], // a RegExp that does not compile
      [0x92, 0xc7, 9, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0], // a Date of nine bytes
      [0xc7, 2, 0x55, 0, 0], // an extension of nobody's
      [0xc9, 0, 0, 0, 6, 12, 0xce, 0xff, 0xff, 0xff, 0xff, 0xff], // an index of -1
      [0xc1],
      [],
      [1, 2],
    ]
  ) {
    assert.throws(() => decodeValue(new Uint8Array(bytes)), { code: "CorruptBlock" });
  }
});

Deno.test("a value that cannot be read is refused with the path of what threw", () => {
  const threw = () => {
    throw new RangeError("a getter");
  };
  const odd = Object.defineProperty({}, "odd", { get: threw, enumerable: true });
  const cases: readonly (readonly [value: unknown, where: string])[] = [
    [odd, ".odd"],
    [{ a: [1, { b: odd }] }, ".a[1].b.odd"],
    [new Map([["k", odd]]), '.get("k").odd'],
    [[new Proxy({}, { ownKeys: threw })], "[0]"],
  ];
  for (const [value, where] of cases) {
    assert.throws(() => encodeValue(value), (error) => {
      assert(error instanceof RecordError);
      assert.equal(error.code, "NotSerializable");
      const told = `Cannot encode a value: reading ${where} threw RangeError: a getter\n`;
      assert(error.message.startsWith(told), error.message);
      return error.cause instanceof RangeError;
    });
  }
});
