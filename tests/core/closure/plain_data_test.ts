/** Plain data comes back as it was, and what refers into it still does. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Closure } from "../../../core/closure/closure.ts";
import { plainCopyOf } from "../../../core/closure/plain_data.ts";
import { loadClosure } from "../../../core/closure/revive.ts";
import { newHarness, sent } from "./harness.ts";

const harness = newHarness();

function captured(value: unknown): Closure {
  return harness.capturer.capture(() => value);
}

async function travelled(value: unknown): Promise<unknown> {
  const loaded = await loadClosure(sent(captured(value)), () => assert.fail(), {});
  return loaded.revive(String).fn();
}

const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
  withNullPrototype: true,
  withBoxedValues: true,
});

Deno.test("any value comes back as it was", () =>
  fc.assert(
    fc.asyncProperty(anything, async (value) => {
      assert.deepStrictEqual(await travelled(value), value);
    }),
    { numRuns: 300 },
  ));

/** Values in which some objects are reached more than once: a pool, and links into it. */
const linked = fc.tuple(
  fc.array(fc.record({ name: fc.string(), list: fc.array(fc.integer(), { maxLength: 2 }) }), {
    minLength: 1,
    maxLength: 6,
  }),
  fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { maxLength: 8 }),
).map(([pool, links]) => {
  const objects: Record<string, unknown>[] = pool;
  links.forEach(([from, to], at) => {
    objects[from % pool.length]![`link${at}`] = objects[to % pool.length]!;
  });
  return [objects[0]!, new Map([[objects.at(-1)!, objects.slice(1)]])];
});

Deno.test("what is the same object stays the same object", () =>
  fc.assert(
    fc.asyncProperty(linked, async (value) => {
      // structuredClone keeps identity too: the order in which objects are first met must agree.
      assert.deepEqual(shapeOf(await travelled(value)), shapeOf(structuredClone(value)));
    }),
    { numRuns: 300 },
  ));

/** A value with a number for each object: equal for values that share in the same way. */
function shapeOf(root: unknown): unknown[] {
  const numbers = new Map<unknown, number>();
  const shape: unknown[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) {
      shape.push(value);
      return;
    }
    const seen = numbers.get(value);
    shape.push(seen === undefined ? "new" : `seen ${seen}`);
    if (seen !== undefined) return;
    numbers.set(value, numbers.size);
    const inside = value instanceof Map ? [...value].flat() : Object.entries(value).flat();
    inside.forEach(visit);
  };
  visit(root);
  return shape;
}

Deno.test("ten thousand objects are one node", () => {
  const rows = Array.from(
    { length: 10_000 },
    (_, id) => ({ id, tags: ["a", "b"], at: new Date(id) }),
  );
  assert.equal(captured(rows).nodes.length, 2);
});

Deno.test("ten thousand objects with one function among them are as many nodes as objects", () => {
  const rows: object[] = Array.from({ length: 10_000 }, (_, id) => ({ id, tags: ["a", "b"] }));
  rows.push({ act: () => 1 });
  assert.ok(captured(rows).nodes.length < 10_010);
});

Deno.test("a copy shares nothing that can change", () => {
  const tree = { a: [new Date(1)], m: new Map([["k", new Set([[1]])]]), b: new Uint8Array(2) };
  const copy = plainCopyOf(tree) as typeof tree;
  assert.deepStrictEqual(copy, tree);
  assert.notEqual(copy.a[0], tree.a[0]);
  assert.notEqual([...copy.m.get("k")!][0], [...tree.m.get("k")!][0]);
  assert.notEqual(copy.b.buffer, tree.b.buffer);
});
