import assert from "node:assert/strict";
import { BlockStore } from "../../shuffle/block_store.ts";
import { free } from "../../shuffle/free_memory.ts";
import { MemoryBudget } from "../../shuffle/memory_budget.ts";
import { Sorter } from "../../shuffle/sorter.ts";
import { SpillManager } from "../../shuffle/spill_manager.ts";
import { denoPlatform as platform } from "../../workers/platform_deno.ts";
import { temporaryFolder } from "./keyed_records.ts";

const MEGABYTE = 2 ** 20;
const BUDGET_BYTES = 4 * MEGABYTE;
/** Far less than the 64 MB that V8 would leave lying, and than what passes through. */
const SLACK_BYTES = 4 * MEGABYTE;

/** The most that lay in ArrayBuffers while `steps` ran, beside what lay there at first. */
function peakBytes(steps: Iterable<unknown>): number {
  const first = Deno.memoryUsage().external;
  let most = first;
  for (const _ of steps) most = Math.max(most, Deno.memoryUsage().external);
  return most - first;
}

function ioIn(folder: string) {
  const spills = new SpillManager(platform, [folder]);
  return { platform, budget: new MemoryBudget(BUDGET_BYTES), spills, partition: 0 };
}

Deno.test("memory that was freed is gone; freeing it twice does no harm", () => {
  const memory = new Uint8Array(8);
  const part = memory.subarray(4);
  free(memory);
  free(part);
  assert.equal(memory.length, 0);
  assert.equal(part.length, 0);
});

Deno.test("sorting 100 MB holds no more than the budget at any time, garbage included", () => {
  using folder = temporaryFolder();
  using sorter = new Sorter(ioIn(folder.path));
  const record = new Uint8Array(1000);
  const records = 100_000;
  const peak = peakBytes(function* () {
    for (let i = 0; i < records; i++) {
      new DataView(record.buffer).setUint32(0, Math.imul(i, 0x9e3779b1));
      sorter.add(record, 0, 10, 10, 990);
      if (i % 1000 === 0) yield;
    }
    using sorted = sorter.sorted();
    for (let i = 0; sorted.next(); i++) if (i % 1000 === 0) yield;
  }());
  assert.equal(sorter.records, records);
  assert.ok(peak <= BUDGET_BYTES + SLACK_BYTES, `${peak} bytes`);
});

Deno.test("blocks of 100 MB hold no more than the budget at any time, garbage included", () => {
  using folder = temporaryFolder();
  using store = new BlockStore(4, ioIn(folder.path));
  const block = new Uint8Array(100_000).fill(7);
  let drained = 0;
  let atEnd = 0;
  const first = Deno.memoryUsage().external;
  const peak = peakBytes(function* () {
    for (let i = 0; i < 1000; i++) yield store.put(i % 4, block, 1);
    for (const taken of store.blocksOf(2)) yield taken;
    store.drain({
      kind: "blocks",
      write(_, { length }) {
        drained += length;
        atEnd = Math.max(atEnd, Deno.memoryUsage().external - first);
      },
      close: () => ({ file: "none", records: 0, bytes: 0 }),
      [Symbol.dispose]() {},
    });
  }());
  assert.equal(drained, 1000 * block.length);
  assert.ok(peak <= BUDGET_BYTES + SLACK_BYTES, `${peak} bytes`);
  assert.ok(atEnd <= BUDGET_BYTES + SLACK_BYTES, `${atEnd} bytes at the end`);
});
