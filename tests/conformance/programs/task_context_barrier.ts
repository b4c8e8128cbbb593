/** What tasks of barrier stages know of themselves and of one another. */
import assert from "node:assert/strict";
import { BarrierTaskContext, PlanError, type SparkContext, TaskContext } from "@flint/flint";
import { refused } from "../../helpers/shared_context.ts";
import { executorPids } from "../executors.ts";
import type { Program } from "../program.ts";

/** Every task comes late in its own way and leaves when all have come. Their clock is the same. */
async function assertMeeting(sc: SparkContext): Promise<void> {
  const times = await sc.range(0, 10, 1, 2).barrier().mapPartitions(() => {
    const context = BarrierTaskContext.get();
    for (const until = Date.now() + 50 * context.partitionId(); Date.now() < until;);
    const came = Date.now();
    context.barrier();
    return [{ came, left: Date.now() }];
  }).collect();
  assert.equal(times.length, 2);
  const lastCame = Math.max(...times.map(({ came }) => came));
  assert(times.every(({ left }) => left >= lastCame));
}

/** Of what kind the contexts of tasks are, without or with a barrier. */
function kindsIn(sc: SparkContext, isBarrier: boolean): Promise<string[]> {
  const rdd = sc.range(0, 4, 1, 2);
  const kind = () => [TaskContext.get()!.constructor.name];
  return (isBarrier ? rdd.barrier().mapPartitions(kind) : rdd.mapPartitions(kind)).collect();
}

export const barrierContext: readonly Program[] = [
  {
    name: "no task leaves a barrier before all have come",
    pyspark: "test_taskcontext.TaskContextTests.test_barrier",
    run: assertMeeting,
  },
  {
    name: "every task gets the messages of all, by partition",
    pyspark: "test_taskcontext.TaskContextTests.test_all_gather",
    async run(sc) {
      const gathered = await sc.range(0, 10, 1, 2).barrier().mapPartitions(() => {
        const context = BarrierTaskContext.get();
        const ids = context.allGather(String(context.partitionId()));
        const texts = context.allGather(`😀 ${"x".repeat(100_000 * context.partitionId())}`);
        return [[ids, texts.map((text) => text.length)] as const];
      }).collect();
      assert.deepEqual(gathered, Array(2).fill([["0", "1"], [3, 100_003]]));
    },
  },
  {
    name: "every task knows where all of them run",
    pyspark: "test_taskcontext.TaskContextTests.test_barrier_infos",
    async run(sc) {
      const addresses = await sc.range(0, 10, 1, 2).barrier().mapPartitions(() => [
        BarrierTaskContext.get().getTaskInfos().map(({ address }) => address),
      ]).collect();
      assert.equal(addresses.length, 2);
      assert.deepEqual(addresses[0], addresses[1]);
      assert.equal(addresses[0]!.length, 2);
      assert(addresses[0]!.every((address) => /^[\w.-]+:\d+$/.test(address)), `${addresses[0]}`);
    },
  },
  {
    name: "the context of a task is of the kind of its stage",
    pyspark: "test_taskcontext.TaskContextTests.test_context_get",
    async run(sc) {
      assert.deepEqual(await kindsIn(sc, false), ["TaskContext", "TaskContext"]);
      assert.deepEqual(await kindsIn(sc, true), ["BarrierTaskContext", "BarrierTaskContext"]);
      const same = sc.range(0, 4, 1, 2).barrier().mapPartitions(() => [
        TaskContext.get() === BarrierTaskContext.get(),
      ]);
      assert.deepEqual(await same.collect(), [true, true]);
    },
  },
  {
    name: "there is no barrier's context outside of barrier stages",
    pyspark: "test_taskcontext.TaskContextTests.test_barrier_context_get",
    async run(sc) {
      const why = /not in a barrier stage/;
      await refused(() => BarrierTaskContext.get(), PlanError, "NotAvailable", why);
      const job = () => sc.range(2).map(() => BarrierTaskContext.get().partitionId()).collect();
      await refused(job, PlanError, "NotAvailable", why);
      const ids = sc.range(0, 4, 1, 2).barrier().mapPartitions(() => [
        BarrierTaskContext.get().partitionId(),
      ]);
      assert.deepEqual(await ids.collect(), [0, 1]);
    },
  },
  {
    name: "tasks meet in executors that have run other tasks before",
    pyspark:
      "test_taskcontext.TaskContextTestsWithWorkerReuse.test_barrier_with_python_worker_reuse",
    async run(sc) {
      const before = await executorPids(sc);
      await assertMeeting(sc);
      const pids = await sc.range(0, 2, 1, 2).barrier().mapPartitions(() => [Deno.pid]).collect();
      for (const pid of pids) assert(before.includes(pid));
    },
  },
  {
    name: "a task never sees the context of an earlier one",
    pyspark:
      "test_taskcontext.TaskContextTestsWithWorkerReuse.test_task_context_correct_with_python_worker_reuse",
    async run(sc) {
      const before = await executorPids(sc);
      for (const isBarrier of [false, true, false]) {
        const kind = isBarrier ? "BarrierTaskContext" : "TaskContext";
        assert.deepEqual(await kindsIn(sc, isBarrier), [kind, kind]);
      }
      const stages = await sc.range(0, 2, 1, 2).map(() => TaskContext.get()!.stageId()).collect();
      const later = await sc.range(0, 2, 1, 2).map(() => TaskContext.get()!.stageId()).collect();
      assert.deepEqual(later, stages.map((stage) => stage + 1));
      for (const pid of await executorPids(sc)) assert(before.includes(pid));
    },
  },
];
