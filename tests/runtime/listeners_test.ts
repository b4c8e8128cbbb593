/** Listeners: what they hear, and that they harm nobody. */
import assert from "node:assert/strict";
import { type Event, SparkContext, type SparkListener, TaskError } from "../../mod.ts";
import { test } from "../helpers/shared_context.ts";

const sc = new SparkContext({ master: "local" });

/** Listens while `act` goes on. */
async function heard(listener: SparkListener, act: () => Promise<unknown>): Promise<void> {
  sc.addSparkListener(listener);
  try {
    await act();
  } finally {
    sc.removeSparkListener(listener);
  }
}

test("a listener hears of jobs, stages, tasks and executors in their order", async () => {
  const names: string[] = [];
  const listener: SparkListener = {
    onJobStart: ({ name, properties }) =>
      void names.push(`job ${name.split(" ")[0]} ${properties["spark.jobGroup.id"]}`),
    onStageSubmitted: ({ tasks }) => void names.push(`stage of ${tasks}`),
    onTaskStart: ({ task }) => void names.push(`task ${task.partition}`),
    onTaskEnd: ({ task, outcome, metrics }) =>
      void names.push(`task ${task.partition} ${outcome.ok} ${metrics.recordsRead}`),
    onStageCompleted: ({ outcome }) => void names.push(`stage ${outcome.ok}`),
    onJobEnd: ({ outcome }) => void names.push(`job ${outcome.ok}`),
  };
  await sc.range(1).count();
  await heard(listener, () => sc.withJobGroup("g", () => sc.range(4, { partitions: 2 }).count()));
  assert.deepEqual(names, [
    "job count g",
    "stage of 2",
    "task 0",
    "task 0 true 2",
    "task 1",
    "task 1 true 2",
    "stage true",
    "job true",
  ]);
  await sc.range(1).count();
  assert.equal(names.length, 8, "it hears no more when it has been removed");
});

test("methods are called on the listener itself, and one that was added twice hears once", async () => {
  class Counter implements SparkListener {
    count = 0;
    onTaskEnd() {
      this.count++;
    }
  }
  const counter = new Counter();
  sc.addSparkListener(counter);
  await heard(counter, () => sc.range(1).count());
  assert.equal(counter.count, 1);
});

test("what fails is told with why", async () => {
  const failures: string[] = [];
  const listener: SparkListener = {
    onTaskEnd: ({ outcome }) => void failures.push(outcome.ok ? "ok" : outcome.failure.message),
    onJobEnd: ({ outcome }) => void failures.push(outcome.ok ? "ok" : outcome.failure.name),
  };
  await heard(listener, async () => {
    const fails = sc.range(1).map(() => {
      throw new RangeError("too far");
    });
    await assert.rejects(fails.count(), TaskError);
  });
  assert.match(failures[0]!, /too far/);
  assert.equal(failures[1], "TaskError");
});

test("a listener that throws or rejects is warned of once, and heard again", async () => {
  const warnings: string[] = [];
  using _ = sc.events.subscribe((event: Event) => {
    if (event.type === "warning") warnings.push(event.message);
  });
  let calls = 0;
  const listener: SparkListener = {
    onTaskStart() {
      calls++;
      throw new Error("no room");
    },
    async onTaskEnd() {
      await Promise.resolve();
      throw new Error("no more room");
    },
    onWarning() {
      throw new Error("and this is none");
    },
  };
  await heard(listener, () => sc.range(3, { partitions: 3 }).count());
  assert.equal(calls, 3);
  assert.deepEqual(warnings.sort(), [
    'A listener failed in onTaskEnd(): "no more room"',
    'A listener failed in onTaskStart(): "no room"',
  ]);
});
