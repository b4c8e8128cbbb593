/** Who keeps what, and what a stage needs because of it. */
import assert from "node:assert/strict";
import { cut, type StagePlan } from "../../../core/plan/stages.ts";
import type { Plan } from "../../../core/plan/plan.ts";
import { keepsAny, KeptBlocks } from "../../../runtime/local/kept_blocks.ts";
import { exchange, hash, narrow, persisted, source, union, zip } from "../../core/plan/programs.ts";

function lastStage(plan: Plan): StagePlan {
  let next = 0;
  return cut(plan, { kind: "count" }, { nextStage: () => next++, name: "count" }).at(-1)!;
}

const id = (dataset: number, partition: number) => ({ dataset, partition });
const exchanged = exchange(2, source(1, 3), hash(2));

Deno.test("a stage needs the exchanges below what is not kept, and no others", () => {
  const other = exchange(6, source(5, 3), hash(2));
  const plan = lastStage(zip(7, persisted(narrow(3, exchanged)), other));
  const kept = new KeptBlocks();
  assert.deepEqual(kept.needs(plan, [0, 1]).toSorted(), [2, 6]);
  kept.add(4, [id(3, 0)]);
  assert.deepEqual(kept.needs(plan, [0, 1]).toSorted(), [2, 6], "partition 1 is not kept");
  assert.deepEqual(kept.needs(plan, [0]), [6]);
  kept.add(5, [id(3, 1)]);
  assert.deepEqual(kept.needs(plan, [0, 1]), [6]);
  kept.dropAll(5);
  assert.deepEqual(kept.needs(plan, [0, 1]).toSorted(), [2, 6]);
  assert.deepEqual(kept.needs(plan, []), []);
});

Deno.test("what is kept above hides what is not kept below; what is gone above does not", () => {
  const below = persisted(narrow(3, exchanged));
  const plan = lastStage(persisted(narrow(4, below)));
  const kept = new KeptBlocks();
  kept.add(0, [id(4, 0), id(3, 1)]);
  assert.deepEqual(kept.needs(plan, [0, 1]), []);
  assert.equal(kept.drop(0, id(4, 0)), true);
  assert.equal(kept.drop(0, id(4, 0)), false);
  assert.deepEqual(kept.needs(plan, [0, 1]), [2]);
});

Deno.test("a stage that keeps nothing needs all of its parents, whoever waits", () => {
  const plan = lastStage(narrow(3, exchanged));
  assert.equal(keepsAny(plan.stage), false);
  assert.deepEqual(new KeptBlocks().needs(plan, []), [2]);
});

Deno.test("a task suits whoever keeps something of it, and hears of what others keep", () => {
  const below = persisted(source(1, 2));
  const plan = lastStage(persisted(union(2, below, below)));
  const kept = new KeptBlocks();
  kept.add(7, [id(1, 0), id(2, 3)]);
  kept.add(8, [id(1, 0)]);
  assert.equal(kept.suits(7, plan, 0), true);
  assert.equal(kept.suits(7, plan, 1), false);
  assert.equal(kept.suits(7, plan, 2), true, "the same partition, on the other side");
  assert.equal(kept.suits(8, plan, 3), false);
  assert.deepEqual(kept.elsewhere(9, plan, 0), [{ ...id(1, 0), executor: 7 }]);
  assert.deepEqual(kept.elsewhere(7, plan, 0), []);
  assert.deepEqual(kept.elsewhere(9, plan, 3), [{ ...id(2, 3), executor: 7 }]);
  kept.drop(7, id(1, 0));
  assert.deepEqual(kept.elsewhere(9, plan, 0), [{ ...id(1, 0), executor: 8 }]);
  assert.equal(kept.forget(1), true);
  assert.equal(kept.forget(1), false);
  assert.deepEqual(kept.elsewhere(9, plan, 0), []);
});

Deno.test("a flow that is used again and again is walked through once", () => {
  let plan: Plan = persisted(narrow(3, exchanged));
  for (let depth = 10; depth < 40; depth++) plan = zip(depth, plan, plan);
  assert.deepEqual(new KeptBlocks().needs(lastStage(plan), [0]), [2]);
});
