import assert from "node:assert/strict";
import { NO_METRICS, type TaskResult } from "../../core/task.ts";
import type { LocalTaskIO } from "../../workers/local_io.ts";
import { runOnDisks } from "../../workers/run_on_disks.ts";

const end = { task: { stage: 0, partition: 0, attempt: 0 }, metrics: NO_METRICS };
const good: TaskResult = { ...end, kind: "value", blocks: [], updates: [] };
const full: TaskResult = {
  ...end,
  kind: "failed",
  failure: { name: "OutputError", code: "DiskFull", message: "no space is left" },
};

/** Runs over disks, of which each ends the task as `ends` says. Gives the end and what was done. */
async function run(ends: readonly TaskResult[], isOutputDiskFull = true) {
  const story: string[] = [];
  const ioOn = (turn: number) => {
    const io = {
      isOutputDiskFull,
      ended: (result: TaskResult) => result,
      [Symbol.dispose]: () => story.push(`left ${turn}`),
    };
    story.push(`disk ${turn}`);
    return io as unknown as LocalTaskIO;
  };
  let runs = 0;
  const result = await runOnDisks(ends.length, ioOn, () => ends[runs++]!);
  return { result, story: story.join(", ") };
}

Deno.test("a task whose output finds no room runs on the next disk, up to the last", async () => {
  assert.deepEqual(await run([full, good, good]), {
    result: good,
    story: "disk 0, left 0, disk 1, left 1",
  });
  assert.deepEqual(await run([full, full]), {
    result: full,
    story: "disk 0, left 0, disk 1, left 1",
  });
});

Deno.test("spills have found all disks full, and other failures are none of a disk", async () => {
  assert.deepEqual(await run([full, good], false), { result: full, story: "disk 0, left 0" });
  const failed: TaskResult = { ...end, kind: "failed", failure: { name: "Error", message: "no" } };
  assert.deepEqual(await run([failed, good]), { result: failed, story: "disk 0, left 0" });
});
