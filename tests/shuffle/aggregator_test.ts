import assert from "node:assert/strict";
import { encodeKey } from "../../core/key.ts";
import { readKey } from "../../core/key_reader.ts";
import { Aggregator, type CombineFunctions } from "../../shuffle/aggregator.ts";
import type { CombinedRecords } from "../../shuffle/combined_records.ts";
import { Combiners } from "../../shuffle/combiners.ts";
import { MemoryBudget } from "../../shuffle/memory_budget.ts";
import { type Placement, placementOf } from "../../shuffle/partitioner.ts";
import { SpillManager } from "../../shuffle/spill_manager.ts";
import { fileCount, folder, platform } from "./exchange_rig.ts";

const ONE = placementOf({ kind: "hash", partitions: 1 });
const SUM: CombineFunctions = {
  create: (v) => v,
  mergeValue: (c, v) => c + v,
  mergeCombiners: (a, b) => a + b,
};
const LIST: CombineFunctions = {
  create: (v) => [v],
  mergeValue: (c, v) => (c.push(v), c),
  mergeCombiners: (a, b) => a.concat(b),
};

function rig(functions: CombineFunctions, bytesMax: number, placement: Placement = ONE) {
  const budget = new MemoryBudget(bytesMax);
  const spills = new SpillManager(platform, [folder]);
  const io = { platform, budget, spills, partition: 0 };
  const aggregator = new Aggregator(functions, placement, io);
  return {
    budget,
    spills,
    aggregator,
    [Symbol.dispose]() {
      aggregator[Symbol.dispose]();
      assert.equal(budget.bytesReserved, 0);
      assert.ok(budget.bytesPeak <= bytesMax);
      spills[Symbol.dispose]();
      assert.equal(fileCount(), 0);
    },
  };
}

function collected(results: CombinedRecords): [number, unknown, unknown][] {
  const out: [number, unknown, unknown][] = [];
  while (results.next()) {
    const { bytes, keyAt, keyLength, partition, value } = results;
    out.push([partition, readKey(bytes, keyAt, keyAt + keyLength), value]);
  }
  return out;
}

Deno.test("keys as values and as bytes meet; the sequence does not depend on spills", () => {
  const sequences = [1 << 28, 24 * 1024].map((bytesMax) => {
    using running = rig(SUM, bytesMax);
    const { aggregator } = running;
    for (let i = 0; i < 6000; i++) {
      const key = `word ${i * 7919 % 1500}`;
      const bytes = encodeKey(key);
      if (i % 3 === 0) aggregator.add(key, 1);
      if (i % 3 === 1) aggregator.addBytes(bytes, 0, bytes.length, 1);
      if (i % 3 === 2) aggregator.merge(bytes, 0, bytes.length, 1);
    }
    const found = collected(aggregator.results());
    assert.equal(running.spills.spills > 1, bytesMax < 1 << 20);
    return found;
  });
  assert.equal(sequences[0]!.length, 1500);
  assert.ok(sequences[0]!.every(([, , count]) => count === 4));
  assert.deepEqual(sequences[1], sequences[0]);
});

Deno.test("results of a custom partitioner come partition by partition, spilled or not", () => {
  const placement = placementOf({
    kind: "custom",
    partitions: 5,
    fn: (key: string) => -Number(key.slice(5)),
  });
  const sequences = [1 << 28, 24 * 1024].map((bytesMax) => {
    using running = rig(SUM, bytesMax, placement);
    for (let i = 0; i < 4000; i++) running.aggregator.add(`word ${i % 1000}`, i);
    const found = collected(running.aggregator.results());
    assert.equal(running.spills.spills > 1, bytesMax < 1 << 20);
    return found;
  });
  const partitions = sequences[0]!.map(([partition]) => partition);
  assert.deepEqual(partitions, partitions.toSorted());
  for (const [partition, key] of sequences[0]!) {
    assert.equal(partition, (5 - Number((key as string).slice(5)) % 5) % 5);
  }
  assert.deepEqual(sequences[1], sequences[0]);
});

Deno.test("partial results are combined in the order of the values", () => {
  using running = rig(LIST, 64 * 1024);
  const expected = new Map<unknown, string[]>();
  for (let i = 0; i < 2000; i++) {
    const key = i % 50;
    const value = `${i} `.repeat(1 + i % 5);
    running.aggregator.add(key, value);
    expected.set(key, [...expected.get(key) ?? [], value]);
  }
  const found = collected(running.aggregator.results());
  assert.ok(running.spills.spills > 1);
  assert.deepEqual(new Map(found.map(([, key, list]) => [key, list])), expected);
});

Deno.test("a result that stops being a number is not lost when there is no room for it", () => {
  // 300 numbers fit; as values of any kind they do not.
  const functions: CombineFunctions = {
    create: (v) => v,
    mergeValue: (c, v) => v === "text" ? `was ${c}` : c + v,
    mergeCombiners: (a, b) => typeof a === "number" ? a + b : `${a} and ${b}`,
  };
  using running = rig(functions, 26 * 1024);
  for (let i = 0; i < 300; i++) running.aggregator.add(i, i);
  assert.equal(running.spills.spills, 0);
  running.aggregator.add(17, "text");
  assert.equal(running.spills.spills, 1);
  running.aggregator.add(17, 5);
  running.aggregator.add(18, 5);
  const found = new Map(
    collected(running.aggregator.results()).map(([, key, value]) => [key, value]),
  );
  assert.equal(found.get(17), "was 17 and 5");
  assert.equal(found.get(18), 23);
  assert.equal(found.get(299), 299);
  assert.equal(found.size, 300);
});

Deno.test("one key that grows without end is an error with a cure, and nothing stays behind", () => {
  using running = rig(LIST, 64 * 1024);
  const overBudget = { name: "MemoryError", code: "OverBudget", message: /flint\.worker\.memory/ };
  assert.throws(() => {
    for (let i = 0; i < 20_000; i++) running.aggregator.add("hot", `value ${i}`);
    collected(running.aggregator.results());
  }, overBudget);
});

Deno.test("a key or value larger than the budget is an error that names the key", () => {
  const overBudget = { name: "MemoryError", code: "OverBudget", message: /of the key "kkk/ };
  const huge = "k".repeat(100_000);
  {
    using running = rig(LIST, 64 * 1024);
    running.aggregator.add("before", 1);
    assert.throws(() => running.aggregator.add(huge, 1), overBudget);
  }
  using running = rig(LIST, 64 * 1024);
  running.aggregator.add("before", 1);
  assert.throws(() => running.aggregator.add("kkk", huge), overBudget);
  const bytes = encodeKey(huge);
  assert.throws(() => running.aggregator.addBytes(bytes, 0, bytes.length, 1), overBudget);
});

Deno.test("a function that returns a Promise is refused, and what it throws passes through", () => {
  using running = rig({ ...LIST, create: (v) => Promise.resolve(v) }, 1 << 20);
  assert.throws(() => running.aggregator.add("a", 1), { code: "PromiseReturned" });
  const failing: CombineFunctions = {
    ...SUM,
    mergeValue: () => {
      throw new RangeError("mine");
    },
  };
  using other = rig(failing, 1 << 20);
  other.aggregator.add("a", 1);
  assert.throws(() => other.aggregator.add("a", 1), { name: "RangeError", message: "mine" });
});

Deno.test("results that are left early give everything back", () => {
  for (const bytesMax of [1 << 28, 24 * 1024]) {
    using running = rig(SUM, bytesMax);
    for (let i = 0; i < 3000; i++) running.aggregator.add(`word ${i}`, 1);
    using results = running.aggregator.results();
    assert.ok(results.next());
  }
});

Deno.test("without a result nothing is held, and there is nothing to read", () => {
  using running = rig(SUM, 1 << 20);
  assert.equal(running.budget.bytesPeak, 0);
  assert.equal(running.aggregator.results().next(), false);
});

Deno.test("combiners hold what they asked for, whatever they hold", () => {
  const budget = new MemoryBudget(1 << 20);
  const combiners = new Combiners(budget.reserve("test"));
  const check = () => assert.equal(combiners.bytes, budget.bytesReserved);
  for (let i = 0; i < 200; i++) combiners.append(i * 0.5), check();
  assert.notEqual(combiners.numbers, undefined);
  combiners.set(3, -0), check();
  assert.ok(Object.is(combiners.get(3), -0));
  combiners.set(4, NaN), check();
  combiners.set(5, [1]), check();
  assert.equal(combiners.numbers, undefined);
  combiners.append({ a: "x".repeat(1000) }), check();
  for (let i = 0; i < 100; i++) combiners.set(6, "y".repeat(i)), check();
  combiners.set(6, "y"), check();
  assert.deepEqual([3, 4, 5, 6, 7, 199].map((i) => combiners.get(i)), [
    -0,
    NaN,
    [1],
    "y",
    3.5,
    99.5,
  ]);
  combiners.clear(), check();
  assert.equal(combiners.size, 0);
  combiners.append("again"), check();
  assert.equal(combiners.get(0), "again");
  combiners.release(), check();
  assert.equal(budget.bytesReserved, 0);
});
