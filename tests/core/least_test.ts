import assert from "node:assert/strict";
import fc from "fast-check";
import { RecordError } from "../../core/errors.ts";
import { compareKeys } from "../../core/key_order.ts";
import { Least } from "../../core/least.ts";

const keys = fc.array(fc.oneof(fc.integer({ min: -9, max: 9 }), fc.double()), { maxLength: 40 });

Deno.test("in any parts it keeps the beginning of a stable sort", () => {
  const cases = fc.record({
    parts: fc.array(keys, { maxLength: 6 }),
    limit: fc.nat(20),
    descending: fc.boolean(),
  });
  fc.assert(fc.property(cases, ({ parts, limit, descending }) => {
    const merged = new Least(limit, descending);
    let position = 0;
    for (const part of parts) {
      const least = new Least(limit, descending);
      for (const key of part) least.offer(key, position++);
      merged.merge(least.kept());
    }
    const sign = descending ? -1 : 1;
    const sorted = parts.flat().map((key, position) => ({ key, position }))
      .sort((a, b) => sign * compareKeys(a.key, b.key));
    assert.deepEqual(merged.records(), sorted.slice(0, limit).map(({ position }) => position));
  }));
});

Deno.test("keys of different types are refused, also where no two of them are compared", () => {
  const least = new Least(1, true);
  for (const key of [null, 1, "a"]) least.offer(key, key);
  assert.throws(() => least.kept(), RecordError);
  // In both parts null hides what the other keys are.
  const [one, other, merged] = [new Least(1, true), new Least(1, true), new Least(1, true)];
  for (const key of [null, 1]) one.offer(key, key);
  for (const key of [null, "a"]) other.offer(key, key);
  merged.merge(one.kept());
  assert.deepEqual(merged.records(), [null]);
  assert.throws(() => merged.merge(other.kept()), /number, string/);
  assert.throws(() => new Least(3).offer({}, 1), /as a key/);
});
