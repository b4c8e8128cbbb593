import assert from "node:assert/strict";
import { PlanError, SparkContext, TaskContext, TaskError } from "../../mod.ts";
import { collectOf, mapped, recordsOf, recordsPlan, testEngine } from "../helpers/local_plans.ts";
import { refused, test } from "../helpers/shared_context.ts";

const sc = new SparkContext({ master: "local[2,2]", name: "task context" });
Deno.test.afterAll(() => sc.stop());

test("there is none on the driver", async () => {
  assert.equal(TaskContext.get(), undefined);
  const inside = await sc.range(1).map(() => TaskContext.get() === TaskContext.get()).collect();
  assert.deepEqual(inside, [true]);
  assert.equal(TaskContext.get(), undefined);
});

test("each job has a stage of its own, each task its partition", async () => {
  const stages = sc.range(0, 3, 1, 3).map(() => {
    const context = TaskContext.get()!;
    return [context.stageId(), context.partitionId(), context.numPartitions()];
  });
  const first = await stages.collect();
  const stage = first[0]![0];
  assert.deepEqual(first, [[stage, 0, 3], [stage, 1, 3], [stage, 2, 3]]);
  const second = await stages.collect();
  assert.deepEqual(second.map(([id]) => id), [stage + 1, stage + 1, stage + 1]);
  // A job that wants one partition only is told of all.
  assert.deepEqual(await stages.take(1), [[stage + 2, 0, 3]]);
  const union = sc.range(0, 2, 1, 2).union(sc.range(0, 4, 1, 2));
  const partitions = union.mapPartitions(() => [TaskContext.get()!.numPartitions()]);
  assert.deepEqual(await partitions.collect(), [4, 4, 4, 4]);
});

test("attempts are numbered, and no two have the same id", async () => {
  const attempts = sc.range(0, 4, 1, 4).map((n) => {
    const context = TaskContext.get()!;
    if (n === 0 && context.attemptNumber() === 0) throw new Error("once more");
    return [context.attemptNumber(), context.taskAttemptId(), context.stageAttemptNumber()];
  });
  const told = [...await attempts.collect(), ...await attempts.collect()];
  assert.deepEqual(told.map(([attempt]) => attempt), [1, 0, 0, 0, 1, 0, 0, 0]);
  assert.equal(new Set(told.map(([, id]) => id)).size, 8);
  assert.deepEqual(new Set(told.map(([, , stageAttempt]) => stageAttempt)), new Set([0]));
});

test("a task has one core and nothing else of its own", async () => {
  const have = sc.range(1).map(() => {
    const context = TaskContext.get()!;
    return [context.cpus(), context.cpuAmount(), context.resources().size];
  });
  assert.deepEqual(await have.collect(), [[1, 1, 0]]);
});

test("local properties of a job are read by all of its stages", async () => {
  await using rig = testEngine();
  const plan = mapped(await recordsPlan(["color", "size", "toString"], 2), (key: string) => {
    return TaskContext.get()!.getLocalProperty(key) ?? null;
  });
  const properties = { color: "blue" };
  assert.deepEqual(await recordsOf(rig.engine, collectOf(plan, { properties })), [
    "blue",
    null,
    null,
  ]);
  assert.deepEqual(await recordsOf(rig.engine, collectOf(plan)), [null, null, null]);
});

test("arguments are checked", async () => {
  const wrong = (act: (context: TaskContext) => unknown) =>
    sc.range(1).map(() => {
      act(TaskContext.get()!);
    }).collect();
  const pass = { key: 1 as unknown as string, listener: "close" as unknown as () => void };
  await refused(
    () => wrong((context) => context.getLocalProperty(pass.key)),
    PlanError,
    "InvalidArgument",
    /getLocalProperty\(\): key is 1/,
  );
  await refused(
    () => wrong((context) => context.addTaskCompletionListener(pass.listener)),
    PlanError,
    "InvalidArgument",
    /addTaskCompletionListener\(\): listener is "close"/,
  );
});

test("completion listeners count in accumulators, in stages that wait as well", async () => {
  const closed = sc.accumulator(0);
  const opened = sc.range(0, 10, 1, 2).mapPartitions((records) => {
    TaskContext.get()!.addTaskCompletionListener((context) =>
      closed.add(1 + context.partitionId())
    );
    return records;
  });
  assert.equal(await opened.count(), 10);
  assert.equal(closed.value, 3);
  assert.equal(await opened.mapAsync((n) => Promise.resolve(n)).count(), 10);
  assert.equal(closed.value, 6);
  assert.deepEqual(await opened.map((n) => [n % 2, n]).countByKey(), new Map([[0, 5], [1, 5]]));
  assert.equal(closed.value, 9);
});

test("failure listeners hear what was thrown, then the task may succeed", async () => {
  const path = await Deno.makeTempFile();
  try {
    await using own = new SparkContext({
      master: "local[1,2]",
      conf: { "flint.allow.write": path },
    });
    const told = own.range(0, 1, 1, 1).map(() => {
      const context = TaskContext.get()!;
      const note = (line: string) => Deno.writeTextFileSync(path, `${line}\n`, { append: true });
      context.addTaskFailureListener((_, error) => note(`failed: ${(error as Error).message}`));
      context.addTaskCompletionListener(() => note("completed"));
      if (context.attemptNumber() === 0) throw new Error("no luck");
      return "luck";
    });
    assert.deepEqual(await told.collect(), ["luck"]);
    assert.equal(await Deno.readTextFile(path), "failed: no luck\ncompleted\ncompleted\n");
  } finally {
    await Deno.remove(path);
  }
});

test("what a completion listener throws fails the task", async () => {
  const failing = sc.range(1).map((n) => {
    TaskContext.get()!.addTaskCompletionListener(() => {
      throw new RangeError("cannot close");
    });
    return n;
  });
  const message = /a task completion listener threw RangeError: cannot close/;
  await refused(() => failing.collect(), TaskError, "TaskFailed", message);
  await refused(
    () => failing.map((n) => [n, n]).reduceByKey((a, b) => a + b).collect(),
    TaskError,
    "TaskFailed",
    message,
  );
});
