/** What is known of jobs, stages and executors: from events made by hand, and from real jobs. */
import assert from "node:assert/strict";
import { type Announcement, EventBus } from "../../core/events.ts";
import { NO_METRICS } from "../../core/task.ts";
import { SparkContext, TaskError } from "../../mod.ts";
import { StatusTracker } from "../../runtime/status_tracker.ts";
import { test } from "../helpers/shared_context.ts";

const OK = { ok: true } as const;
const FAILED = { ok: false, failure: { name: "Error", message: "boom" } } as const;
const CANCELLED = { ok: false, failure: { name: "CancelledError", message: "why" } } as const;

function tracked(retained = { jobs: 9, stages: 9 }) {
  const bus = new EventBus(() => 0);
  const tracker = new StatusTracker(bus, retained);
  const emit = (...events: Announcement[]) => events.forEach((event) => bus.emit(event));
  return { tracker, emit };
}

function started(job: number, stages: number[], properties = {}): Announcement {
  const summaries = stages.map((stage) => ({
    stage,
    name: `stage ${stage}`,
    tasks: 2,
    skipped: false,
  }));
  return { type: "job.started", job, name: `job ${job}`, stages: summaries, properties };
}

function task(partition: number, attempt = 0, stage = 0) {
  return { stage, partition, attempt };
}

Deno.test("a stage counts its tasks: running, done, failed; the cancelled are none of these", () => {
  const { tracker, emit } = tracked();
  emit(
    { type: "executor.started", executor: 5, slots: 2, memoryBytesMax: 100 },
    started(0, [0]),
    {
      type: "stage.started",
      job: 0,
      stage: 0,
      name: "stage 0",
      tasks: 2,
      grants: {},
      programs: [],
    },
    { type: "task.started", job: 0, task: task(0), executor: 5 },
    { type: "task.started", job: 0, task: task(1), executor: 5 },
  );
  assert.deepEqual(tracker.getActiveJobsIds(), [0]);
  assert.deepEqual(tracker.getActiveStageIds(), [0]);
  assert.equal(tracker.getStageInfo(0)?.numActiveTasks, 2);
  assert.equal(tracker.getExecutorInfos()[0]?.numRunningTasks, 2);
  const metrics = NO_METRICS;
  emit(
    { type: "task.ended", job: 0, task: task(0), metrics, outcome: FAILED },
    { type: "task.started", job: 0, task: task(0, 1), executor: 5 },
    { type: "task.ended", job: 0, task: task(0, 1), metrics, outcome: OK },
    { type: "task.ended", job: 0, task: task(1), metrics, outcome: CANCELLED },
    { type: "stage.ended", job: 0, stage: 0, outcome: FAILED },
    { type: "job.ended", job: 0, outcome: FAILED },
  );
  assert.deepEqual(tracker.getStageInfo(0), {
    stageId: 0,
    currentAttemptId: 0,
    name: "stage 0",
    numTasks: 2,
    numActiveTasks: 0,
    numCompletedTasks: 1,
    numFailedTasks: 1,
  });
  assert.deepEqual(tracker.getJobInfo(0), { jobId: 0, stageIds: [0], status: "FAILED" });
  assert.deepEqual([tracker.getActiveJobsIds(), tracker.getActiveStageIds()], [[], []]);
  emit({ type: "executor.lost", executor: 5, reason: "killed" });
  assert.deepEqual(tracker.getExecutorInfos(), []);
});

Deno.test("a stage that starts again counts anew", () => {
  const { tracker, emit } = tracked();
  const again = (tasks: number): Announcement => ({
    type: "stage.started",
    job: 0,
    stage: 0,
    name: "stage 0",
    tasks,
    grants: {},
    programs: [],
  });
  emit(
    started(0, [0]),
    again(2),
    { type: "task.started", job: 0, task: task(0), executor: 0 },
    { type: "task.ended", job: 0, task: task(0), metrics: NO_METRICS, outcome: OK },
    { type: "stage.ended", job: 0, stage: 0, outcome: OK },
    again(1),
  );
  const info = tracker.getStageInfo(0)!;
  assert.deepEqual(
    [info.currentAttemptId, info.numTasks, info.numCompletedTasks],
    [1, 1, 0],
  );
});

Deno.test("of what has ended the last is remembered, and all that runs", () => {
  const { tracker, emit } = tracked({ jobs: 2, stages: 3 });
  emit(started(0, [0]));
  for (let job = 1; job < 6; job++) {
    emit(started(job, [10 + job, 20 + job]), { type: "job.ended", job, outcome: OK });
  }
  const known = [0, 1, 2, 3, 4, 5].filter((job) => tracker.getJobInfo(job) !== undefined);
  assert.deepEqual(known, [0, 5]);
  const stages = [0, 14, 24, 15, 25].filter((stage) => tracker.getStageInfo(stage) !== undefined);
  assert.deepEqual(stages, [0, 15, 25]);
  // What is not remembered any more may still be spoken of.
  emit({ type: "job.ended", job: 1, outcome: OK });
  assert.equal(tracker.getJobInfo(1), undefined);
});

Deno.test("jobs are found by group and by tag, those without a group as well", () => {
  const { tracker, emit } = tracked();
  emit(
    started(0, [], { "spark.jobGroup.id": "g", "spark.job.tags": "a,b" }),
    started(1, [], { "spark.job.tags": "b" }),
    started(2, []),
  );
  assert.deepEqual(tracker.getJobIdsForGroup("g"), [0]);
  assert.deepEqual(tracker.getJobIdsForGroup(), [1, 2]);
  assert.deepEqual(tracker.getJobIdsForGroup(null), [1, 2]);
  assert.deepEqual(tracker.getJobIdsForGroup("other"), []);
  assert.deepEqual(tracker.getJobIdsForTag("b"), [0, 1]);
  assert.deepEqual(tracker.getJobIdsForTag("a,b"), []);
});

const sc = new SparkContext({ master: "local[2]" });

test("right after an action, its job and stages are known, the skipped ones too", async () => {
  const tracker = sc.statusTracker();
  const counts = sc.range(10, { partitions: 3 }).map((n) => [n % 2, 1])
    .reduceByKey((a, b) => a + b, 2);
  const runs = async (group: string) => {
    await sc.withJobGroup(group, () => counts.count());
    const [id] = tracker.getJobIdsForGroup(group);
    const { status, stageIds } = tracker.getJobInfo(id!)!;
    return { status, stages: stageIds.map((id) => tracker.getStageInfo(id)!) };
  };
  const first = await runs("first");
  assert.equal(first.status, "SUCCEEDED");
  assert.deepEqual(
    first.stages.map(({ numTasks, numCompletedTasks }) => [numTasks, numCompletedTasks]),
    [[3, 3], [2, 2]],
  );
  assert.match(first.stages[0]!.name, /^reduceByKey at status_tracker_test\.ts/);
  const second = await runs("second");
  assert.deepEqual(
    second.stages.map(({ numTasks, numCompletedTasks }) => [numTasks, numCompletedTasks]),
    [[3, 0], [2, 2]],
  );
});

test("a job that fails is known as failed", async () => {
  const fails = sc.range(2, { partitions: 1 }).map(() => {
    throw new Error("boom");
  });
  await assert.rejects(sc.withJobGroup("fails", () => fails.count()), TaskError);
  const tracker = sc.statusTracker();
  const info = tracker.getJobInfo(tracker.getJobIdsForGroup("fails")[0]!)!;
  assert.equal(info.status, "FAILED");
  assert.equal(tracker.getStageInfo(info.stageIds[0]!)!.numFailedTasks, 1);
  assert.deepEqual(tracker.getActiveJobsIds(), []);
});

test("executors are known by what they may hold and how many tasks they take", async () => {
  await sc.range(1).count();
  for (const info of sc.statusTracker().getExecutorInfos()) {
    const { executorId, memoryBytesMax, ...rest } = info;
    assert(Number.isInteger(executorId) && memoryBytesMax > 512 * 2 ** 20);
    assert.deepEqual(rest, { host: "localhost", slots: 1, numRunningTasks: 0 });
  }
});
