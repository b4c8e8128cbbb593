import assert from "node:assert/strict";
import fc from "fast-check";
import type { ClassTable } from "../../core/codec/binary.ts";
import { encodeValue } from "../../core/codec/binary.ts";
import { decodeBlock, encodeBlock } from "../../core/codec/codec.ts";
import { MemoryBudget } from "../../shuffle/memory_budget.ts";
import type { SidedValues } from "../../shuffle/side_values.ts";
import { sizeOf } from "../../shuffle/size_of.ts";
import { SpillManager } from "../../shuffle/spill_manager.ts";
import { withValues } from "../../shuffle/values.ts";
import { ValuesBuilder } from "../../shuffle/values_builder.ts";
import { fileCount, folder, platform } from "./exchange_rig.ts";

/** Makes groups of tagged values under a budget; what they spill lasts until it is disposed. */
function task(bytesMax: number, classes?: ClassTable) {
  const spills = new SpillManager(platform, [folder]);
  const io = { platform, budget: new MemoryBudget(bytesMax), spills, partition: 0 };
  const builder = new ValuesBuilder(io, withValues(classes));
  return {
    group(sides: readonly (readonly unknown[])[]): SidedValues {
      sides.forEach((values, side) => {
        for (const value of values) {
          const bytes = encodeValue([side, value], { classes });
          builder.add(bytes, 0, bytes.length);
        }
      });
      return builder.finish() as SidedValues;
    },
    [Symbol.dispose]() {
      builder[Symbol.dispose]();
      spills[Symbol.dispose]();
    },
  };
}

const AMPLE = 1 << 28;
const TINY = 64 * 1024; // 4 KB a group

const shared = { n: 1 };
const value = fc.oneof(
  fc.double(),
  fc.string({ maxLength: 3000, size: "max" }),
  fc.constantFrom<unknown>(undefined, null, -0, NaN, 3n, [shared, shared], [0, 1]),
);
const sides = fc.array(fc.array(value, { maxLength: 8, size: "max" }), { maxLength: 5 });

Deno.test("a group is parted into its sides, from memory and from disk", () => {
  let onDisk = 0;
  const property = fc.property(fc.array(sides, { maxLength: 4 }), (groups) => {
    for (const bytesMax of [TINY, AMPLE]) {
      using running = task(bytesMax);
      const made = groups.map((group) => running.group(group).sides(group.length));
      onDisk += fileCount();
      made.forEach((parts, i) => {
        for (let round = 0; round < 2; round++) {
          assert.deepEqual(parts.map((part) => [...part]), groups[i]);
        }
        assert.deepEqual(parts.map((part) => part.length), groups[i]!.map((side) => side.length));
      });
    }
  });
  fc.assert(property, { numRuns: 60 });
  assert(onDisk > 0, "no group was large enough for the disk");
});

Deno.test("a large side stays on disk, a small one beside it needs no file", () => {
  const large = Array.from({ length: 40_000 }, (_, i) => `value ${i}`);
  using running = task(TINY); // whose groups share a file
  for (const group of [[large, ["x"]], [["x"], large], [["x"], [], large, ["y"]]]) {
    const parts = running.group(group).sides(group.length);
    assert.deepEqual(parts.map((part) => part.toArray()), group);
    for (const [side, part] of parts.entries()) {
      assert(sizeOf(part) < 1000, `side ${side} takes ${sizeOf(part)} bytes`);
    }
  }
});

Deno.test("sides travel as records do, from memory and from disk", () => {
  const large = Array.from({ length: 40_000 }, (_, i) => i);
  for (const bytesMax of [TINY, AMPLE]) {
    using running = task(bytesMax);
    const record = ["key", running.group([large, [], ["x"]]).sides(3)];
    const [arrived] = decodeBlock(encodeBlock([record], withValues()), withValues());
    const [key, parts] = arrived as [string, Iterable<unknown>[]];
    assert.equal(key, "key");
    assert.deepEqual(parts.map((part) => [...part]), [large, [], ["x"]]);
  }
});

Deno.test("instances in sides keep their class", () => {
  class Point {
    constructor(readonly x: number) {}
  }
  const classes: ClassTable = {
    idOf: (constructor) => constructor === Point ? "Point" : undefined,
    classOf: (id) => id === "Point" ? Point : undefined,
  };
  const large = Array.from({ length: 40_000 }, (_, i) => i);
  for (const [count, others] of [[1, [0]], [1, large], [20_000, [0]]] as const) {
    using running = task(TINY, classes);
    const points = Array.from({ length: count }, (_, i) => new Point(i));
    const [, part] = running.group([others, points]).sides(2);
    assert(part!.toArray().every((point) => point instanceof Point));
    const [arrived] = decodeBlock(encodeBlock([part], withValues(classes)), withValues(classes));
    assert([...arrived as Iterable<unknown>].every((point) => point instanceof Point));
  }
});

Deno.test("the console and JSON show the values of a side", () => {
  using running = task(AMPLE);
  const [part] = running.group([[1, 2]]).sides(1);
  assert.equal(Deno.inspect(part), "Values(2) [ 1, 2 ]");
  assert.equal(JSON.stringify(part), "[1,2]");
});
