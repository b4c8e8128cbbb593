// `deno task bench`: looking keys up in the table, and summing by key; few keys, many, and numbers.
import assert from "node:assert/strict";
import { Aggregator } from "../shuffle/aggregator.ts";
import { KeyTable } from "../shuffle/key_table.ts";
import { MemoryBudget } from "../shuffle/memory_budget.ts";
import { placementOf } from "../shuffle/partitioner.ts";
import { SpillManager } from "../shuffle/spill_manager.ts";
import { denoPlatform } from "../workers/platform_deno.ts";
import { benchNow, words } from "./suite.ts";

const KEYS = 100_000;
const text = words(KEYS / 10);
const keys: Readonly<Record<string, readonly unknown[]>> = {
  "75 words": Array.from({ length: KEYS }, (_, i) => text[i % 75]),
  words: Array.from({ length: KEYS }, (_, i) => text[i % text.length]),
  "words, all different": Array.from({ length: KEYS }, (_, i) => `${text[i % text.length]}${i}`),
  "200 small integers": Array.from({ length: KEYS }, (_, i) => i * 48_271 % 200),
  doubles: Array.from({ length: KEYS }, (_, i) => i / 3),
  "[number, word]": Array.from({ length: KEYS }, (_, i) => [i % 9, text[i % text.length]]),
};

function lookedUp(list: readonly unknown[]): number {
  const memory = new MemoryBudget(1 << 30).reserve("bench");
  const table = new KeyTable(memory);
  for (let i = 0; i < list.length; i++) table.groupOf(list[i]);
  const { size } = table;
  table.release();
  return size;
}

const add = (a: number, b: number) => a + b;

/** The number of keys, and the sum of all that was counted. */
function summed(list: readonly unknown[]): readonly [keys: number, sum: number] {
  using spills = new SpillManager(denoPlatform, []);
  const io = { platform: denoPlatform, budget: new MemoryBudget(1 << 30), spills, partition: 0 };
  const placement = placementOf({ kind: "hash", partitions: 2 });
  const functions = { create: (value: number) => value, mergeValue: add, mergeCombiners: add };
  using aggregator = new Aggregator(functions, placement, io);
  for (let i = 0; i < list.length; i++) aggregator.add(list[i], 1);
  const results = aggregator.results();
  let [groups, sum] = [0, 0];
  while (results.next()) {
    groups++;
    sum += results.value as number;
  }
  return [groups, sum];
}

for (const [name, list] of Object.entries(keys)) {
  const distinct = new Set(list.map((key) => JSON.stringify(key))).size;
  assert.equal(lookedUp(list), distinct);
  assert.deepEqual(summed(list), [distinct, KEYS]);
  benchNow("look 100,000 keys up", name, () => lookedUp(list));
  benchNow("sum by 100,000 keys", name, () => summed(list));
}
