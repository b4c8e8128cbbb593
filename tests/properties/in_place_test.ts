/**
 * An exchange that is done in place gives what it gives when it moves its records, element by
 * element, whatever the memory.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Partitioner } from "../../core/plan/exchange.ts";
import type { UserFunction } from "../../core/plan/plan.ts";
import { exchangeInPlace } from "../../shuffle/in_place.ts";
import { MemoryBudget } from "../../shuffle/memory_budget.ts";
import { SpillManager } from "../../shuffle/spill_manager.ts";
import {
  fileCount,
  folder,
  listed,
  type Pair,
  platform,
  runExchange,
  type TestExchange,
} from "../shuffle/exchange_rig.ts";

const KIB = 1024;
const AMPLE = 1 << 28;

const partitioner: fc.Arbitrary<Partitioner<UserFunction, number>> = fc.oneof(
  fc.constantFrom(1, 3).map((partitions) => ({ kind: "hash", partitions }) as const),
  fc.constant({ kind: "custom", partitions: 2, fn: (key: unknown) => String(key).length }),
);

const text = fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom("", "\0", "😀", "__proto__"));
const number = fc.oneof(fc.integer({ min: -3, max: 9 }), fc.double(), fc.constantFrom(-0, NaN));
const sortKeys = [text, number, fc.tuple(text, number)];
const groupKey: fc.Arbitrary<unknown> = fc.oneof(
  text,
  number,
  fc.constantFrom(null, undefined, true, 1n),
  fc.record({ a: number }, { noNullPrototype: true }),
);
const value: fc.Arbitrary<unknown> = fc.oneof(
  number,
  fc.record({ a: text }, { noNullPrototype: true }),
  fc.constantFrom(null, undefined, -0),
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 2000 }).map((length) => "p".repeat(length)) },
);

function pairsOf(key: fc.Arbitrary<unknown>): fc.Arbitrary<Pair[]> {
  return fc.array(fc.tuple(key, value), { maxLength: 300, size: "max" }) as fc.Arbitrary<Pair[]>;
}

/** Not commutative, so that the order of merging shows. */
const combines: readonly Readonly<
  Record<"create" | "mergeValue" | "mergeCombiners", UserFunction>
>[] = [
  {
    create: String,
    mergeValue: (c, v) => `${c},${v}`,
    mergeCombiners: (a, b) => `${a},${b}`,
  },
  {
    create: (v) => [v],
    mergeValue: (c, v) => (c.push(v), c),
    mergeCombiners: (a, b) => a.concat(b),
  },
  { create: () => 1, mergeValue: (c) => c + 1, mergeCombiners: (a, b) => a + b },
];

const exchangeWithPairs: fc.Arbitrary<readonly [TestExchange, Pair[]]> = fc.oneof(
  fc.tuple(
    partitioner.map((by): TestExchange => ({ kind: "group", partitioner: by })),
    pairsOf(groupKey),
  ),
  fc.tuple(
    fc.record({ by: partitioner, mapSide: fc.boolean(), of: fc.constantFrom(...combines) })
      .map(({ by, mapSide, of }): TestExchange => ({
        kind: "combine",
        partitioner: by,
        mapSide,
        ...of,
      })),
    pairsOf(groupKey),
  ),
  fc.tuple(
    fc.record({ by: partitioner, ascending: fc.boolean() })
      .map(({ by, ascending }): TestExchange => ({ kind: "sort", partitioner: by, ascending })),
    fc.constantFrom(...sortKeys).chain(pairsOf),
  ),
);

Deno.test("an exchange in place gives what it gives when it moves its records", () => {
  let spills = 0;
  fc.assert(
    fc.property(exchangeWithPairs, ([exchange, pairs]) => {
      const by = (exchange as Exclude<TestExchange, { kind: "rebalance" }>).partitioner;
      const parted = runExchange({ kind: "partition", partitioner: by }, [pairs]).partitions;
      for (const [partition, records] of parted.entries()) {
        const moved = runExchange(exchange, [records]).partitions[partition]!;
        for (const bytesMax of [96 * KIB, AMPLE]) {
          const inPlace = exchanged(exchange, records, partition, bytesMax);
          assert.deepEqual(inPlace.records, moved);
          spills += inPlace.spills;
        }
      }
    }),
    { numRuns: 60 },
  );
  assert.ok(spills > 20, `only ${spills} spills: the property shows nothing`);
});

function exchanged(
  exchange: TestExchange,
  records: readonly unknown[],
  partition: number,
  bytesMax: number,
): { records: unknown[]; spills: number } {
  const filesBefore = fileCount();
  const budget = new MemoryBudget(bytesMax);
  const out: unknown[] = [];
  let spilled = 0;
  {
    using spills = new SpillManager(platform, [folder]);
    using inPlace = exchangeInPlace(exchange, { platform, budget, spills, partition });
    for (let at = 0; at < records.length; at += 7) inPlace.add(records.slice(at, at + 7));
    for (const batch of inPlace.records()) {
      assert.ok(batch.length > 0 && batch.length <= 1024);
      out.push(...(exchange.kind === "group" ? batch.map(listed) : batch));
    }
    spilled = spills.spills;
  }
  assert.equal(budget.bytesReserved, 0, "memory was not given back");
  assert.equal(fileCount(), filesBefore, "files were left behind");
  return { records: out, spills: spilled };
}

Deno.test("an exchange in place that ends early leaves nothing behind", () => {
  const records = Array.from({ length: 4000 }, (_, i): Pair => [`key ${i}`, "v".repeat(60)]);
  for (
    const exchange of [
      { kind: "group", partitioner: { kind: "hash", partitions: 1 } },
      {
        kind: "combine",
        partitioner: { kind: "hash", partitions: 1 },
        mapSide: true,
        ...combines[0]!,
      },
      { kind: "sort", partitioner: { kind: "hash", partitions: 1 }, ascending: true },
    ] satisfies TestExchange[]
  ) {
    const filesBefore = fileCount();
    const budget = new MemoryBudget(96 * KIB);
    {
      using spills = new SpillManager(platform, [folder]);
      using inPlace = exchangeInPlace(exchange, { platform, budget, spills, partition: 0 });
      inPlace.add(records);
      for (const batch of inPlace.records()) {
        assert.ok(batch.length > 0);
        break;
      }
      assert.ok(spills.spills > 0);
    }
    assert.equal(budget.bytesReserved, 0);
    assert.equal(fileCount(), filesBefore);
  }
});
