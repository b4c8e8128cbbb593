/** What tasks know of themselves. */
import assert from "node:assert/strict";
import { TaskContext } from "@flint/flint";
import type { Program } from "../program.ts";

export const taskContext: readonly Program[] = [
  {
    name: "each job has a stage with a number of its own",
    pyspark: "test_taskcontext.TaskContextTests.test_stage_id",
    settings: {},
    async run(sc) {
      const stages = sc.range(10).map(() => TaskContext.get()!.stageId()).distinct(1);
      const [first] = await sc.range(10).map(() => TaskContext.get()!.stageId()).take(1);
      const [second] = await sc.range(10).map(() => TaskContext.get()!.stageId()).take(1);
      assert.equal(second, first! + 1);
      assert.deepEqual(await stages.collect(), [second! + 1]);
    },
  },
  {
    name: "a task knows its partition",
    pyspark: "test_taskcontext.TaskContextTests.test_partition_id",
    async run(sc) {
      const ids = (partitions: number) =>
        sc.range(0, 10, 1, partitions).map(() => TaskContext.get()!.partitionId()).collect();
      assert.deepEqual(await ids(1), Array(10).fill(0));
      assert.deepEqual(await ids(2), [...Array(5).fill(0), ...Array(5).fill(1)]);
    },
  },
  {
    name: "a task that is tried again knows it; no two attempts have the same id",
    pyspark: "test_taskcontext.TaskContextTests.test_attempt_number",
    settings: { "spark.task.maxFailures": "2" },
    async run(sc) {
      const attempts = await sc.range(0, 10, 1, 10).map(() => {
        const context = TaskContext.get()!;
        const attempt = context.attemptNumber();
        if (context.partitionId() === 0 && attempt === 0) throw new Error("fail the first attempt");
        return [context.partitionId(), attempt, context.taskAttemptId()];
      }).collect();
      assert.deepEqual(
        attempts.map(([partition, attempt]) => [partition, attempt]),
        attempts.map((_, partition) => [partition, partition === 0 ? 1 : 0]),
      );
      assert.equal(new Set(attempts.map(([, , id]) => id)).size, 10);
    },
  },
  {
    name: "the driver runs no task",
    pyspark: "test_taskcontext.TaskContextTests.test_tc_on_driver",
    async run(sc) {
      assert.equal(TaskContext.get(), undefined);
      await sc.range(1).foreach(() => void TaskContext.get()!.partitionId());
      assert.equal(TaskContext.get(), undefined);
    },
  },
  {
    name: "local properties of the program are there in its tasks",
    pyspark: "test_taskcontext.TaskContextTests.test_get_local_property",
    async run(sc) {
      const [key, value] = ["testkey", "testvalue"];
      const read = (name: string) =>
        sc.range(1).map(() => TaskContext.get()!.getLocalProperty(name)).first();
      sc.setLocalProperty(key, value);
      try {
        assert.equal(await read(key), value);
        assert.equal(await read("otherkey"), undefined);
      } finally {
        sc.setLocalProperty(key, null);
      }
      assert.equal(await read(key), undefined);
    },
  },
];
