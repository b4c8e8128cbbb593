/** Executors that run task after task, and the figures of each. */
import assert from "node:assert/strict";
import { type SparkContext, TaskContext, TaskError, type TaskMetrics } from "@flint/flint";
import { executorPids } from "../executors.ts";
import type { Program } from "../program.ts";
import { spillsOf } from "../spills.ts";

/** The figures of all tasks that end while `act` runs, in the order of their ends. */
async function metricsOf(sc: SparkContext, act: () => Promise<unknown>): Promise<TaskMetrics[]> {
  const all: TaskMetrics[] = [];
  using _listening = sc.events.subscribe((event) => {
    if (event.type === "task.ended") all.push(event.metrics);
  });
  await act();
  return all;
}

export const workerReuse: readonly Program[] = [
  {
    name: "the same accumulators and others, in executors that are used again",
    pyspark: "test_worker.WorkerTests.test_accumulator_when_reuse_worker",
    async run(sc) {
      const numbers = sc.range(0, 100, 1, 8);
      const first = sc.accumulator(0);
      await numbers.foreach((n) => first.add(n));
      assert.equal(first.value, 4950);
      const second = sc.accumulator(0);
      await numbers.foreach((n) => second.add(n));
      assert.deepEqual([first.value, second.value], [4950, 4950]);
    },
  },
  {
    name: "what tasks spill is told with them, stage by stage",
    pyspark: "test_worker.WorkerTests.test_worker_metrics_include_spills",
    settings: { "flint.worker.memory": "256k" },
    async run(sc) {
      const groups = sc.range(0, 20_000, 1, 2).map((
        n,
      ): [number, string] => [n % 100, "x".repeat(50)])
        .groupByKey(2).mapValues((values) => values.length);
      const { spills, bytes } = await spillsOf(sc, () => groups.collect());
      assert(spills > 0 && bytes > 0);
    },
  },
  {
    name: "what take() leaves behind disturbs nobody",
    pyspark: "test_worker.WorkerTests.test_reuse_worker_after_take",
    async run(sc) {
      const rdd = sc.range(0, 100_000, 1, 1).map((n) => `${n}`);
      assert.equal(await rdd.first(), "0");
      assert.equal(await rdd.count(), 100_000);
    },
  },
  {
    name: "a second job runs in the processes of the first",
    pyspark: "test_worker.WorkerReuseTest.test_reuse_worker_of_parallelize_range",
    async run(sc) {
      const first = await executorPids(sc);
      for (const pid of await executorPids(sc)) assert(first.includes(pid));
    },
  },
  {
    // A collector of PySpark's is made for a worker and used by its tasks; ours is the task's.
    name: "a task asks the same figures again and again",
    pyspark: "test_worker.WorkerMetricsTests.test_constructor_reuses_collector",
    async run(sc) {
      const seen = await sc.range(0, 3000, 1, 1).map((n) => {
        const { recordsRead } = TaskContext.get()!.taskMetrics();
        return n % 1000 === 999 ? [n, recordsRead] : undefined;
      }).collect();
      const read = seen.flatMap((pair) => pair === undefined ? [] : [pair[1]!]);
      assert.equal(read.length, 3);
      assert(read[0]! >= 1000 && read[0]! < read[1]! && read[1]! < read[2]! && read[2]! <= 3000);
    },
  },
  {
    name: "the figures of a task begin with it",
    pyspark: "test_worker.WorkerMetricsTests.test_reset_isolates_new_task",
    async run(sc) {
      const rdd = sc.range(0, 40, 1, 4).mapPartitions((records) => {
        const before = TaskContext.get()!.taskMetrics().recordsRead;
        return [before, [...records].length];
      });
      assert.deepEqual(await rdd.collect(), [0, 10, 0, 10, 0, 10, 0, 10]);
      const metrics = await metricsOf(sc, () => rdd.count());
      assert.deepEqual(metrics.map(({ recordsRead }) => recordsRead), [10, 10, 10, 10]);
    },
  },
  {
    name: "time goes forward, in the task and in what is told of it",
    pyspark: "test_worker.WorkerMetricsTests.test_set_current_timestamp",
    async run(sc) {
      const times = await sc.range(0, 100, 1, 1)
        .map(() => TaskContext.get()!.taskMetrics().durationMs).collect();
      assert(times.every((time, index) => time >= (times[index - 1] ?? 0)));
    },
  },
  {
    // Times are kept as they are measured, and never as whole milliseconds.
    name: "times below a millisecond count",
    pyspark: "test_worker.WorkerMetricsTests.test_accumulate_before_converting",
    async run(sc) {
      const metrics = await metricsOf(sc, () => sc.range(0, 32, 1, 32).count());
      assert.equal(metrics.length, 32);
      assert(metrics.every(({ durationMs }) => durationMs > 0));
      assert(metrics.some(({ durationMs }) => !Number.isInteger(durationMs)));
    },
  },
  {
    name: "the time of a task includes all that is called in it",
    pyspark: "test_worker.WorkerMetricsTests.test_nested_timings_inclusive",
    async run(sc) {
      const inner = sc.accumulator(0);
      const rdd = sc.range(0, 1, 1, 1).map((n) => {
        const startMs = performance.now();
        while (performance.now() < startMs + 5);
        inner.add(performance.now() - startMs);
        return n;
      });
      const [task] = await metricsOf(sc, () => rdd.count());
      assert(task!.durationMs >= inner.value && inner.value >= 5);
    },
  },
  {
    // A timer of PySpark's must not run inside of itself; a record that passes twice is one record.
    name: "a record that passes several operators of a task is counted once",
    pyspark: "test_worker.WorkerMetricsTests.test_reuse_timer_scope",
    async run(sc) {
      const rdd = sc.range(0, 50, 1, 1).map((n) => n + 1).mapPartitions((records) => records)
        .filter((n) => n % 2 === 0).mapPartitions((records) => records);
      const [task] = await metricsOf(sc, () => rdd.collect());
      assert.deepEqual([task!.recordsRead, task!.recordsWritten], [50, 25]);
    },
  },
  {
    name: "a task that fails tells its figures up to there, and its error",
    pyspark: "test_worker.WorkerMetricsTests.test_accumulate_and_propagate_exception",
    async run(sc) {
      const rdd = sc.range(0, 5000, 1, 1).map((n) => {
        if (n === 4000) throw new RangeError("too much");
        return n;
      });
      const metrics = await metricsOf(sc, () => assert.rejects(rdd.count(), TaskError));
      for (const { recordsRead, durationMs } of metrics) {
        assert(recordsRead >= 4000 && durationMs > 0);
      }
      assert(metrics.length >= 1);
    },
  },
];
