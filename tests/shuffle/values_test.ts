import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeBlock, encodeBlock } from "../../core/codec/codec.ts";
import { decodeValue, encodeValue } from "../../core/codec/binary.ts";
import type { ClassTable } from "../../core/codec/binary.ts";
import { MemoryBudget } from "../../shuffle/memory_budget.ts";
import { sizeOf } from "../../shuffle/size_of.ts";
import { SpillManager } from "../../shuffle/spill_manager.ts";
import { type Values, withValues } from "../../shuffle/values.ts";
import { ValuesBuilder } from "../../shuffle/values_builder.ts";
import { fileCount, fileNames, folder, platform } from "./exchange_rig.ts";

/** Groups, each made of its values, under a budget; the task ends when it is disposed. */
function task(bytesMax: number, classes?: ClassTable) {
  const spills = new SpillManager(platform, [folder]);
  const io = { platform, budget: new MemoryBudget(bytesMax), spills, partition: 0 };
  const builder = new ValuesBuilder(io, withValues(classes));
  return {
    spills,
    group(values: readonly unknown[]): Values<unknown> {
      for (const value of values) {
        const bytes = encodeValue([null, value], { classes });
        const at = encodeValue([null]).length; // the value lies somewhere in other bytes
        builder.add(bytes, at, bytes.length - at);
      }
      return builder.finish();
    },
    [Symbol.dispose]() {
      builder[Symbol.dispose]();
      spills[Symbol.dispose]();
    },
  };
}

const AMPLE = 1 << 28;
const TINY = 64 * 1024; // 4 KB a group
const value = fc.oneof(
  fc.double(),
  fc.string({ maxLength: 3000, size: "max" }),
  fc.constantFrom(undefined, null, -0, NaN, "\ud800", 3n),
  fc.array(fc.integer(), { maxLength: 4 }),
);

Deno.test("values come as they were added, as often as asked, from memory and from disk", () => {
  let onDisk = 0;
  fc.assert(
    fc.property(
      fc.array(fc.array(value, { maxLength: 12, size: "max" }), { maxLength: 6 }),
      (groups) => {
        for (const bytesMax of [TINY, AMPLE]) {
          using running = task(bytesMax);
          const made = groups.map((values) => running.group(values));
          for (let round = 0; round < 2; round++) {
            made.forEach((values, i) => {
              assert.equal(values.length, groups[i]!.length);
              assert.deepEqual([...values], groups[i]);
              assert.deepEqual(values.toArray(), groups[i]);
            });
          }
          onDisk += fileCount();
        }
        assert.equal(fileCount(), 0);
      },
    ),
    { numRuns: 60 },
  );
  assert.ok(onDisk > 10);
});

Deno.test("two iterations at once do not disturb each other, and one may end early", () => {
  for (const bytesMax of [TINY, AMPLE]) {
    using running = task(bytesMax);
    const words = Array.from({ length: 3000 }, (_, i) => `word ${i}`);
    const values = running.group(words);
    const other = running.group(["other"]);
    const zipped: unknown[] = [];
    for (const a of values) {
      zipped.push(a);
      for (const b of values) {
        assert.equal(b, "word 0");
        break;
      }
    }
    assert.deepEqual(zipped, words);
    assert.deepEqual(other.toArray(), ["other"]);
  }
});

Deno.test("values on disk end with their task, with an error that says so", () => {
  const running = task(TINY);
  const values = running.group(Array.from({ length: 2000 }, (_, i) => i * 0.5));
  const few = running.group([1, 2]);
  assert.equal(values.toArray().length, 2000);
  running[Symbol.dispose]();
  assert.throws(() => values.toArray(), {
    name: "RecordError",
    code: "ValuesGone",
    message: /2000 values.*\n.*toArray\(\)/,
  });
  assert.deepEqual(few.toArray(), [1, 2]);
});

Deno.test("values on disk are checked each time that they are read", () => {
  using running = task(TINY);
  const list = Array.from({ length: 2000 }, (_, i) => `value ${i}`);
  const values = running.group(list);
  const path = fileNames().find((name) => name.includes("spill-values"));
  const whole = Deno.readFileSync(path!);
  assert.deepEqual(values.toArray(), list);
  for (let at = 0; at < whole.length; at += 97) {
    const changed = whole.slice();
    changed[at]! ^= 0xff;
    Deno.writeFileSync(path!, changed);
    assert.throws(() => values.toArray(), { name: "RecordError", code: "CorruptBlock" });
    Deno.writeFileSync(path!, whole.subarray(0, at));
    assert.throws(() => values.toArray(), { name: "RecordError", code: "CorruptBlock" });
  }
  Deno.writeFileSync(path!, whole);
  assert.deepEqual(values.toArray(), list);
});

Deno.test("values travel, from memory and from disk, alone and inside records", () => {
  const classes = withValues();
  for (const bytesMax of [TINY, AMPLE]) {
    const list = Array.from({ length: 1500 }, (_, i) => [i, `v${i}`]);
    let bytes: Uint8Array;
    {
      using running = task(bytesMax);
      bytes = encodeBlock([["key", running.group(list)], ["other", running.group([])]], classes);
    }
    const [[, first], [, second]] = decodeBlock(bytes, withValues()) as [
      [string, Values<unknown>],
      [string, Values<unknown>],
    ];
    assert.equal(first.length, 1500);
    assert.deepEqual(first.toArray(), list);
    assert.deepEqual([...first], list);
    assert.deepEqual(second.toArray(), []);
    // And on from there: they are values like any others.
    const again = decodeValue(encodeValue(first, { classes }), { classes }) as Values<unknown>;
    assert.deepEqual(again.toArray(), list);
    assert.equal(JSON.stringify(second), "[]");
  }
});

Deno.test("instances in values keep their class, in the task and where they arrive", () => {
  class City {
    constructor(readonly name: string) {}
    shout() {
      return this.name.toUpperCase();
    }
  }
  const cities: ClassTable = {
    idOf: (constructor) => constructor === City ? "City" : undefined,
    classOf: (id) => id === "City" ? City : undefined,
  };
  for (const bytesMax of [TINY, AMPLE]) {
    using running = task(bytesMax, cities);
    const many = Array.from({ length: 1000 }, (_, i) => new City(`town ${i}`));
    const values = running.group(many) as Values<City>;
    assert.equal(values.toArray()[7]!.shout(), "TOWN 7");
    const bytes = encodeValue(values, { classes: withValues(cities) });
    const there = decodeValue(bytes, { classes: withValues(cities) }) as Values<City>;
    assert.equal(there.toArray()[999]!.shout(), "TOWN 999");
  }
});

Deno.test("sizes of values are those of their bytes in memory", () => {
  using ample = task(AMPLE);
  using tiny = task(TINY);
  const words = Array.from({ length: 3000 }, (_, i) => `word ${i}`);
  assert.ok(sizeOf(ample.group(words)) > 3000 * 9);
  assert.ok(sizeOf(tiny.group(words)) < 1000);
});

Deno.test("the size of a value grows with it, and costs no more to find", () => {
  assert.ok(sizeOf("x".repeat(1000)) >= 1000);
  assert.ok(sizeOf(new Array(1e6).fill(1)) >= 8e6);
  assert.ok(sizeOf(new Map(Array.from({ length: 1000 }, (_, i) => [i, "v"]))) >= 40_000);
  assert.ok(sizeOf(new Set(["a", "b"])) < 1000);
  assert.ok(sizeOf({ a: { b: { c: "x".repeat(5000) } } }) >= 5000);
  assert.ok(sizeOf(new Float64Array(1000)) >= 8000);
  assert.ok(sizeOf(1n << 80000n) >= 10_000);
  const cyclic: unknown[] = [];
  cyclic.push(cyclic, cyclic);
  assert.ok(Number.isInteger(sizeOf(cyclic)));
  let reads = 0;
  const guarded = {
    get price() {
      return reads++;
    },
  };
  assert.ok(sizeOf([guarded]) > 0);
  assert.equal(reads, 0, "a getter ran");
  for (const value of [null, undefined, true, 1.5, () => 1, Symbol("s"), Object.create(null)]) {
    assert.ok(sizeOf(value) > 0 && sizeOf(value) < 200);
  }
});

Deno.test("the console shows the values, and not all of very many", () => {
  using made = task(AMPLE);
  assert.equal(Deno.inspect(made.group([1, "two"])), 'Values(2) [ 1, "two" ]');
  const many = made.group(Array.from({ length: 103 }, (_, i) => i));
  assert.match(Deno.inspect(many), /^Values\(103\) \[[^]*\] and 3 more$/);
});
