import assert from "node:assert/strict";
import type { Stage } from "../../../core/task.ts";
import { ArrivingValues } from "../../../runtime/local/arriving_values.ts";

const JOB = { id: 7, name: "collect at test.ts" };
const STAGE = { id: 3, name: "collect at test.ts" } as Stage;
const [HERE, THERE] = [0, 1];

/** A stage of which values are expected, and what comes of it: so many bytes. */
function arriving(bytesMax: number) {
  const values = new ArrivingValues(bytesMax);
  values.expect(STAGE, JOB);
  const task = (partition: number, attempt = 0) => ({ stage: STAGE.id, partition, attempt });
  return {
    values,
    task,
    come: (partition: number, bytes: number, attempt = 0, executor = HERE) =>
      values.add(executor, task(partition, attempt), new Uint8Array(bytes).fill(partition)),
    sizes: (partition: number, attempt = 0, executor = HERE) =>
      values.take(executor, task(partition, attempt)).map(({ length }) => length),
  };
}

Deno.test("blocks are held until the task has ended, each task's apart", () => {
  const { come, sizes } = arriving(1_000);
  for (const [partition, bytes] of [[0, 10], [1, 20], [0, 30]] as const) {
    assert.equal(come(partition, bytes), undefined);
  }
  assert.deepEqual([sizes(0), sizes(1), sizes(0)], [[10, 30], [20], []]);
});

Deno.test("a job may bring what the limit says, and not a byte more", () => {
  const { come, sizes } = arriving(100);
  assert.equal(come(0, 60), undefined);
  assert.equal(come(1, 40), undefined);
  const excess = come(4, 1);
  assert.deepEqual(excess, {
    job: JOB,
    stage: STAGE,
    partitionsSeen: 3,
    bytes: 101,
    bytesMax: 100,
  });
  assert.deepEqual([sizes(0), sizes(1), sizes(4)], [[], [], []], "it still holds what came");
  assert.equal(come(5, 1_000), undefined, "said once; what still comes is not held");
  assert.deepEqual(sizes(5), []);
});

Deno.test("what was taken counts on; a second attempt counts only where it is larger", () => {
  const { come, sizes } = arriving(100);
  assert.equal(come(0, 60), undefined);
  sizes(0);
  assert.equal(come(0, 60, 1), undefined);
  assert.equal(come(0, 20, 1), undefined);
  assert.equal(come(1, 20), undefined);
  assert.equal(come(1, 1)?.bytes, 101);
});

Deno.test("a block in parts is one block, and counts as a whole when it is announced", () => {
  const { values, task } = arriving(7);
  values.add(HERE, task(0), Uint8Array.of(1, 2), 4);
  values.add(HERE, task(0), Uint8Array.of(3));
  values.add(HERE, task(0), Uint8Array.of(4));
  values.add(HERE, task(0), Uint8Array.of(5));
  assert.deepEqual(values.take(HERE, task(0)).map((block) => [...block]), [[1, 2, 3, 4], [5]]);
  assert.equal(values.add(HERE, task(1), Uint8Array.of(6), 3)?.bytes, 8);
});

Deno.test("a block that is longer than it was announced ends the executor that sent it", () => {
  const { values, task } = arriving(100);
  const damaged = { name: "JobError", message: /more came of a block than its 3 bytes/ };
  assert.throws(() => values.add(HERE, task(0), Uint8Array.of(1, 2, 3, 4), 3), damaged);
  values.add(HERE, task(1), Uint8Array.of(1, 2), 3);
  assert.throws(() => values.add(HERE, task(1), Uint8Array.of(3, 4)), damaged);
});

Deno.test("what a lost executor sent goes with it, and no executor adds to another's", () => {
  const { values, come, sizes } = arriving(100);
  come(0, 10, 0, HERE);
  come(0, 20, 0, THERE);
  come(1, 30, 0, THERE);
  values.lost(THERE);
  assert.deepEqual([sizes(0), sizes(0, 0, THERE), sizes(1, 0, THERE)], [[10], [], []]);
});

Deno.test("of a job that has ended nothing is held", () => {
  const { values, come, sizes } = arriving(100);
  come(0, 10);
  values.forget(JOB.id);
  come(1, 10);
  assert.deepEqual([sizes(0), sizes(1)], [[], []]);
});
