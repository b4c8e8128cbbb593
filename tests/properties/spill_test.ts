/**
 * An exchange gives what its slow twin gives, element by element, whatever the memory: so spilling
 * and not spilling cannot be told apart.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeKey } from "../../core/key.ts";
import type { Partitioner } from "../../core/plan/exchange.ts";
import type { UserFunction } from "../../core/plan/plan.ts";
import {
  type Pair,
  type RigOptions,
  runExchange,
  type TestExchange,
  twinOf,
} from "../shuffle/exchange_rig.ts";

const KIB = 1024;
const AMPLE = 1 << 28;

const text = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.constantFrom("__proto__", "constructor", "", "\0", "\x01", "\ud800", "\udc00x", "😀", "é"),
);
const number = fc.oneof(fc.integer({ min: -5, max: 20 }), fc.double(), fc.constantFrom(-0, NaN));
const simpleKey = fc.oneof(text, number);
/** Keys that go together in a sort. */
const sortKeys = [text, number, fc.tuple(text, number), fc.oneof(fc.bigInt(), fc.integer())];
const anyKey: fc.Arbitrary<unknown> = fc.oneof(
  simpleKey,
  fc.constantFrom(null, undefined, true, false),
  fc.bigInt(),
  fc.tuple(text, number),
);
const padding = fc.integer({ min: 0, max: 2000 }).map((length) => "p".repeat(length));
const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.double(),
  text,
  { weight: 3, arbitrary: padding },
  fc.record({ a: number, b: fc.array(text, { maxLength: 3 }) }, { noNullPrototype: true }),
  fc.constantFrom(null, undefined, -0, NaN, true),
);

const partitions = fc.constantFrom(1, 2, 3, 7, 64);

/** Partitioners that need no bounds. */
const partitioner: fc.Arbitrary<Partitioner<UserFunction, number>> = fc.oneof(
  { weight: 3, arbitrary: partitions.map((partitions) => ({ kind: "hash", partitions }) as const) },
  partitions.map((partitions) =>
    ({
      kind: "custom",
      partitions,
      fn: (key: unknown) => String(key).length * 7 - 11,
    }) as const
  ),
);

function inputsOf(key: fc.Arbitrary<unknown>, value: fc.Arbitrary<unknown>) {
  const pairs = fc.array(fc.tuple(key, value), { maxLength: 150, size: "max" });
  return fc.array(pairs, { minLength: 1, maxLength: 3 }) as fc.Arbitrary<Pair[][]>;
}

/** Under each budget the exchange gives what its twin gives. Returns how often it spilled. */
function holds(
  exchange: TestExchange,
  inputs: readonly (readonly unknown[])[],
  budgets: readonly number[],
  options: RigOptions = {},
): number {
  const expected = twinOf(exchange, inputs, options.bounds);
  let spills = 0;
  for (const bytesMax of budgets) {
    const result = runExchange(exchange, inputs, { ...options, bytesMax });
    assert.deepEqual(result.partitions, expected);
    spills += result.spills;
  }
  return spills;
}

/** Runs a property, and makes sure that it was about spilling. */
function spillingProperty(property: (count: (spills: number) => void) => fc.IProperty<unknown>) {
  let spills = 0;
  fc.assert(property((more) => spills += more), { numRuns: 25 });
  assert.ok(spills > 10, `only ${spills} spills: the property shows nothing`);
}

Deno.test("rebalance and partition give what their twin gives under any budget", () => {
  spillingProperty((count) =>
    fc.property(inputsOf(anyKey, anyValue), partitioner, fc.boolean(), (inputs, by, deal) => {
      const exchange: TestExchange = deal
        ? { kind: "rebalance", partitions: by.partitions }
        : { kind: "partition", partitioner: by };
      count(holds(exchange, inputs, [12 * KIB, 40 * KIB, AMPLE]));
    })
  );
});

type Functions = Readonly<
  { create: UserFunction; mergeValue: UserFunction; mergeCombiners: UserFunction }
>;

/** Associative, and not commutative but for the sum: the order of merging shows. */
const combines: Readonly<Record<string, Functions>> = {
  sum: { create: (v) => v, mergeValue: (c, v) => c + v, mergeCombiners: (a, b) => a + b },
  last: { create: (v) => v, mergeValue: (_, v) => v, mergeCombiners: (_, b) => b },
  list: {
    create: (v) => [v],
    mergeValue: (c, v) => (c.push(v), c),
    mergeCombiners: (a, b) => a.concat(b),
  },
  text: {
    create: String,
    mergeValue: (c, v) => `${c},${v}`,
    mergeCombiners: (a, b) => `${a},${b}`,
  },
};

Deno.test("combine gives what its twin gives under any budget", () => {
  spillingProperty((count) =>
    fc.property(
      fc.constantFrom("sum", "last", "list", "list", "text", "text"),
      fc.boolean(),
      partitioner,
      inputsOf(anyKey, fc.oneof(fc.integer({ min: -1e6, max: 1e6 }), fc.constantFrom(1))),
      inputsOf(anyKey, anyValue),
      (name, mapSide, by, counts, values) => {
        const exchange: TestExchange = {
          kind: "combine",
          partitioner: by,
          mapSide,
          ...combines[name]!,
        };
        count(holds(exchange, name === "sum" ? counts : values, [96 * KIB, 192 * KIB, AMPLE]));
      },
    )
  );
});

Deno.test("combine keeps numbers and what they turn into apart under any budget", () => {
  const exchange = (mapSide: boolean): TestExchange => ({
    kind: "combine",
    partitioner: { kind: "hash", partitions: 2 },
    mapSide,
    create: (v) => v,
    // A number, until a seven comes: then text, and text again.
    mergeValue: (c, v) => v === 7 || typeof c === "string" ? `${c}|${v}` : c + v,
    mergeCombiners: (a, b) => typeof a === "string" || typeof b === "string" ? `${a}&${b}` : a + b,
  });
  const pairs = (count: number): Pair[] =>
    Array.from({ length: count }, (_, i) => [`key ${i * 31 % 400}`, i % 397 === 0 ? 7 : 1]);
  for (const mapSide of [true, false]) {
    // One input each: how often `mergeCombiners` is called depends on spills, and shows in "&".
    for (const bytesMax of [AMPLE, 60 * KIB]) {
      const { partitions } = runExchange(exchange(mapSide), [pairs(3000)], { bytesMax });
      const plain = partitions.flat().map((record) => {
        const [key, value] = record as Pair;
        return [key, String(value).replaceAll("&", "|")] as const;
      });
      assert.equal(plain.length, 400);
      assert.ok(plain.some(([, value]) => value.includes("|")));
    }
  }
});

Deno.test("group gives what its twin gives under any budget", () => {
  spillingProperty((count) =>
    fc.property(inputsOf(anyKey, anyValue), partitioner, (inputs, by) => {
      count(holds({ kind: "group", partitioner: by }, inputs, [64 * KIB, 96 * KIB, AMPLE]));
    })
  );
});

Deno.test("sort by range gives what its twin gives under any budget, as runs and as blocks", () => {
  spillingProperty((count) =>
    fc.property(
      fc.constantFrom(...sortKeys).chain((key) => inputsOf(key, anyValue)),
      partitions,
      fc.boolean(),
      fc.array(fc.nat(200), { maxLength: 6 }),
      (inputs, count_, ascending, cuts) => {
        const exchange: TestExchange = {
          kind: "sort",
          partitioner: { kind: "range", partitions: count_, ascending },
          ascending,
        };
        const bounds = boundsOf(inputs.flat(), cuts.slice(0, count_ - 1), ascending);
        for (const sink of ["runs", "blocks"] as const) {
          count(holds(exchange, inputs, [64 * KIB, 96 * KIB, AMPLE], { sink, bounds }));
        }
      },
    )
  );
});

Deno.test("sort within other partitions gives what its twin gives, as runs and as blocks", () => {
  spillingProperty((count) =>
    fc.property(
      fc.constantFrom(...sortKeys).chain((key) => inputsOf(key, anyValue)),
      partitioner,
      fc.boolean(),
      (inputs, by, ascending) => {
        const exchange: TestExchange = { kind: "sort", partitioner: by, ascending };
        for (const sink of ["runs", "blocks"] as const) {
          count(holds(exchange, inputs, [64 * KIB, AMPLE], { sink }));
        }
      },
    )
  );
});

function boundsOf(
  pairs: readonly Pair[],
  cuts: readonly number[],
  ascending: boolean,
): Uint8Array[] {
  if (pairs.length === 0) return [];
  return cuts.map((cut) => {
    const bytes = encodeKey(pairs[cut % pairs.length]![0]);
    return ascending ? bytes : bytes.map((byte) => 255 - byte);
  }).sort(compare);
}

function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}
