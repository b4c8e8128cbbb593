import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeKey } from "../../core/key.ts";
import { keyMatcher } from "../../core/key_equality.ts";
import { KeyMap } from "../../core/key_map.ts";

const primitive = fc.oneof(
  fc.integer({ min: -2, max: 2 }),
  fc.bigInt({ min: -2n, max: 2n }),
  fc.constantFrom(NaN, -0, 0, null, undefined, true, "", "1", "\ud800"),
);
const key = fc.oneof(
  primitive,
  fc.array(primitive, { maxLength: 2 }),
  fc.dictionary(fc.constantFrom("a", "b"), primitive),
  fc.constantFrom(new Uint8Array([1]), new Uint8Array([1, 0]), new Date(1), new Date(NaN)),
);
const textOf = (key: unknown) => encodeKey(key).join();

Deno.test("a KeyMap does what a Map of the keys' bytes does", () => {
  const step = fc.tuple(fc.constantFrom("set", "delete"), key);
  fc.assert(fc.property(fc.array(step, { maxLength: 30 }), key, (steps, asked) => {
    const map = new KeyMap<unknown, number>();
    const twin = new Map<string, number>();
    steps.forEach(([act, key], i) => {
      if (act === "set") {
        map.set(key, i);
        twin.set(textOf(key), i);
      } else assert.equal(map.delete(key), twin.delete(textOf(key)));
    });
    assert.equal(map.size, twin.size);
    assert.equal(map.get(asked), twin.get(textOf(asked)));
    assert.equal(map.has(asked), twin.has(textOf(asked)));
    assert.deepEqual([...map].map(([key, value]) => [textOf(key), value]), [...twin]);
    map.clear();
    assert.deepEqual([map.size, map.primitive, map.has(asked)], [0, true, false]);
  }));
});

Deno.test("a keyMatcher says of two keys what their bytes say", () => {
  fc.assert(fc.property(key, key, (a, b) => {
    assert.equal(keyMatcher(a)(b), textOf(a) === textOf(b));
    assert.equal(keyMatcher(a)(structuredClone(a)), true);
  }));
  assert.throws(() => keyMatcher(new Map()), /as a key/);
});
