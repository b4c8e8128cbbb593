/** `flint.task.timeout`: tasks that run for too long, on a real engine. */
import assert from "node:assert/strict";
import { SparkContext, TaskContext, TaskError } from "../../mod.ts";
import { test } from "../helpers/shared_context.ts";

const sc = new SparkContext({ master: "local[2,2]", conf: { "flint.task.timeout": "200ms" } });

Deno.test.afterAll(() => sc.stop());

test("a task that runs for too long fails, as often as it may, and the next job is right", async () => {
  const spins = sc.range(4, { partitions: 4 }).map((n) => {
    while (n === 2);
    return n;
  });
  await assert.rejects(spins.collect(), (error: TaskError) => {
    assert(error instanceof TaskError, String(error));
    assert.equal(error.code, "TaskTimeout");
    assert.equal(error.place.partition, 2);
    assert.equal(error.place.attempt, 1);
    const [found, cure, place, before] = error.message.split("\n");
    assert.equal(found, "A task ran longer than 0.2 s (flint.task.timeout)");
    assert.match(cure!, /more partitions, or raise the limit/);
    assert.match(place!, /^ {2}in partition 2 of stage \d+ \(.*\), at attempt 1$/);
    assert.match(before!, /before: attempt 0 on executor \d+: TaskError: A task ran longer than/);
    return true;
  });
  assert.deepEqual(await sc.range(4).map((n) => n + 1).collect(), [1, 2, 3, 4]);
});

test("an attempt that runs for too long is made again, and may be faster", async () => {
  const slowAtFirst = sc.range(2, { partitions: 2 }).mapPartitionsWithIndex(
    (partition, records) => {
      while (partition === 1 && TaskContext.get()!.attemptNumber() === 0);
      return records;
    },
  );
  assert.deepEqual(await slowAtFirst.collect(), [0, 1]);
});
