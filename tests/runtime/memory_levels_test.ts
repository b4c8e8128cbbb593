/** Memory that user code holds outside of every budget, as the resident size of executors shows it. */
import assert from "node:assert/strict";
import { JobError, SparkContext } from "@flint/flint";
import { refused, test } from "../helpers/shared_context.ts";

const LIMIT = 200;
const sc = new SparkContext({
  master: "local[1,2]",
  name: "memory levels",
  conf: { "spark.executor.memory": `${LIMIT}m`, "flint.worker.memory": "16m" },
});
Deno.test.afterAll(() => sc.stop());

const lost: string[] = [];
sc.events.subscribe((event) => {
  if (event.type === "executor.lost") lost.push(event.reason);
});

/** Holds so many megabytes for good, and gives the heartbeat the time to see it. */
const holding = (megabytes: number) => (x: number) => {
  const all = globalThis as { held?: Uint8Array[] };
  (all.held ??= []).push(new Uint8Array(megabytes << 20).fill(1));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
  return x;
};

test("an executor that user code has filled is replaced between two tasks", async () => {
  lost.length = 0;
  // Of what each task leaves behind an executor of some 70 MB can hold one, and not two.
  const sum = await sc.range(0, 2, 1, 2).map(holding(LIMIT * 0.9 - 75)).sum();
  assert.equal(sum, 1);
  assert.match(lost[0] ?? "", /^it used \d+ MB of memory and may use 200 MB/);
});

test("one that goes on growing is ended, its task tried alone, and the figures are named", async () => {
  lost.length = 0;
  await refused(
    () => sc.range(0, 1, 1, 1).map(holding(2 * LIMIT)).collect(),
    JobError,
    "ExecutorOutOfMemory",
    /also when it ran alone|for the second time/,
  );
  assert(lost.length >= 2, "it was not tried again");
  for (const reason of lost) assert.match(reason, /^it used \d+ MB of memory and may use 200 MB/);
  assert.equal(await sc.range(10).count(), 10);
});
