import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeKey } from "../../core/key.ts";
import { keyMatcher } from "../../core/key_equality.ts";
import { KeyMap, mapByValue } from "../../core/key_map.ts";

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
    assert.deepEqual([map.size, map.has(asked)], [0, false]);
  }));
});

Deno.test("pairs as a Map: the first of equal keys with the last of their values", () => {
  fc.assert(fc.property(fc.array(fc.tuple(key, fc.nat())), (pairs) => {
    const twin = new KeyMap<unknown, number>();
    for (const [key, value] of pairs) twin.set(key, value);
    const map = mapByValue(pairs);
    assert.deepEqual([...map], [...twin]);
    const objects = pairs.some(([key]) => typeof key === "object" && key !== null);
    assert.equal(Object.getPrototypeOf(map), objects ? KeyMap.prototype : Map.prototype);
  }));
  assert.throws(() => mapByValue<unknown, number>([[1, 1], [new Map(), 2]]), {
    code: "UnhashableKey",
  });
  assert.equal(mapByValue([[[1], 1], [[2], 1], [[1], 1]], 2).size, 2);
  assert.throws(() => mapByValue([[[1], 1], [[2], 1], [[3], 1]], 2), { code: "OverBudget" });
});

Deno.test("a keyMatcher says of two keys what their bytes say", () => {
  fc.assert(fc.property(key, key, (a, b) => {
    assert.equal(keyMatcher(a)(b), textOf(a) === textOf(b));
    assert.equal(keyMatcher(a)(structuredClone(a)), true);
  }));
  assert.throws(() => keyMatcher(new Map()), /as a key/);
});
