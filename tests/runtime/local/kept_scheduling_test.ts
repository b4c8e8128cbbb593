/** What the scheduler makes of kept partitions, case by case. What it does in all others is simulated. */
import assert from "node:assert/strict";
import type { Plan } from "../../../core/plan/plan.ts";
import { cut } from "../../../core/plan/stages.ts";
import {
  type ExecutorId,
  type JobId,
  type KeptId,
  NO_METRICS,
  type StageId,
  type TaskResult,
} from "../../../core/task.ts";
import {
  createScheduler,
  type Instruction,
  type Stimulus,
} from "../../../runtime/local/scheduler.ts";
import { exchange, hash, narrow, persisted, source } from "../../core/plan/programs.ts";

type Said<K extends Instruction["kind"]> = Extract<Instruction, { kind: K }>;
type Launch = Said<"launch">;
type Timeless<S> = S extends unknown ? Omit<S, "atMs"> : never;
type Ending<R = TaskResult> = R extends unknown ? Omit<R, "task" | "metrics"> : never;

/** Dataset 3, persisted: two partitions of what exchange 2 makes of two of its own. */
const dataset = persisted(narrow(3, exchange(2, source(1, 2), hash(2))));
const id = (partition: number): KeptId => ({ dataset: 3, partition });

class Scene {
  said: readonly Instruction[] = [];
  // Nobody is late before there is a tick.
  readonly #scheduler = createScheduler({
    executorsMax: 3,
    slotsPerExecutor: 1,
    attemptsMax: 1,
    speculation: { quantile: 0.5, multiplier: 1, taskMsMin: 0 },
  });
  #nowMs = 0;
  #nextStage: StageId = 0;

  tell(stimulus: Timeless<Stimulus>): this {
    this.said = this.#scheduler.handle({ ...stimulus, atMs: this.#nowMs++ } as Stimulus);
    return this;
  }

  submit(job: JobId, plan: Plan, partitions?: readonly number[]): this {
    const nextStage = () => this.#nextStage++;
    const stages = cut(plan, { kind: "count" }, { nextStage, name: `count ${job}`, partitions });
    return this.tell({ kind: "jobSubmitted", job, name: `count ${job}`, stages });
  }

  ready(executor: ExecutorId): this {
    return this.tell({ kind: "executorReady", executor, slots: 1 });
  }

  ended({ executor, task }: Launch, ending: Ending): this {
    const result = { task, metrics: NO_METRICS, ...ending } as TaskResult;
    return this.tell({ kind: "taskEnded", executor, result });
  }

  written(launch: Launch): this {
    const { stage, partition, attempt } = launch.task;
    const output = { file: `${stage}-${partition}-${attempt}`, records: 1, bytes: 1 };
    return this.ended(launch, { kind: "written", output, updates: [] });
  }

  value(launch: Launch, ...partitions: number[]): this {
    const kept = partitions.map((p) => ({ ...id(p), bytesInMemory: 1, bytesOnDisk: 0 }));
    return this.ended(launch, { kind: "value", blocks: [], updates: [], kept });
  }

  keptLost(launch: Launch, ...partitions: number[]): this {
    return this.ended(launch, { kind: "keptLost", lost: partitions.map(id), detail: "gone" });
  }

  every<K extends Instruction["kind"]>(kind: K): Said<K>[] {
    return this.said.filter((said) => said.kind === kind) as Said<K>[];
  }

  get launch(): Launch {
    const launches = this.every("launch");
    assert.equal(launches.length, 1, `launched ${launches.length} tasks`);
    return launches[0]!;
  }
}

/** Executor 0 keeps the whole dataset, executor 1 has just come; what the exchange wrote is gone. */
function filled(): Scene {
  const scene = new Scene().ready(0).submit(0, dataset);
  scene.written(scene.launch);
  scene.written(scene.launch);
  scene.value(scene.launch, 0);
  scene.value(scene.launch, 1);
  assert.equal(scene.every("finish")[0]!.outcome.ok, true);
  scene.tell({ kind: "forget", exchange: 2 });
  assert.equal(scene.every("discard").length, 1);
  return scene;
}

Deno.test("what is kept is read where it is kept, and nothing below it runs", () => {
  const scene = filled().ready(1);
  scene.submit(1, narrow(4, dataset));
  const [local, remote] = scene.every("launch");
  assert.deepEqual([local!.executor, local!.elsewhere], [0, []]);
  assert.deepEqual([remote!.executor, remote!.task.partition], [1, 1]);
  assert.deepEqual(remote!.elsewhere, [{ ...id(1), executor: 0 }]);
  for (const { locations } of scene.every("prepare")) assert.deepEqual(locations, []);
  const started = scene.every("announce").find(({ event }) => event.type === "job.started")!.event;
  assert(started.type === "job.started");
  assert.deepEqual(
    started.stages.map(({ skipped, cached }) => [skipped, cached]),
    [[true, true], [false, undefined]],
  );
});

/** Partition 0 is late, on executor 0 that keeps it; executor 1 is done with partition 1. */
function late(): Scene {
  const scene = filled().ready(1).submit(1, narrow(4, dataset));
  const [, quick] = scene.every("launch");
  return scene.value(quick!);
}

Deno.test("the rival of a late task reads what is kept where the late one runs", () => {
  const { executor, task, elsewhere } = late().tell({ kind: "tick" }).launch;
  assert.deepEqual([executor, task.partition, task.attempt], [1, 0, 1]);
  assert.deepEqual(elsewhere, [{ ...id(0), executor: 0 }]);
});

Deno.test("a late task gets no rival that would need what is neither kept nor there any more", () => {
  const scene = late().tell({ kind: "keptDropped", executor: 0, id: id(0) });
  assert.deepEqual(scene.tell({ kind: "tick" }).every("launch"), []);
});

Deno.test("the holder of a partition takes it, whoever is idler", () => {
  const scene = new Scene().ready(0).ready(1).submit(0, dataset);
  for (const map of scene.every("launch")) scene.written(map);
  const [first, second] = scene.every("launch");
  scene.value(first!, first!.task.partition);
  scene.value(second!, second!.task.partition);
  scene.ready(2).submit(1, dataset);
  for (const [at, { executor, task }] of scene.every("launch").entries()) {
    const before = [first!, second!].find((launch) => launch.task.partition === task.partition)!;
    assert.equal(executor, before.executor, `launch ${at}`);
  }
});

Deno.test("what is dropped while its task waits brings the exchange back before it starts", () => {
  const scene = filled().submit(1, dataset);
  assert.equal(scene.launch.task.partition, 0);
  const running = scene.launch;
  scene.tell({ kind: "keptDropped", executor: 0, id: id(1) });
  const map = scene.ready(1).launch;
  assert.notEqual(map.task.stage, running.task.stage, "the map side runs, and not partition 1");
  scene.written(map);
  scene.written(scene.launch);
  const [{ locations }] = scene.every("prepare") as [Said<"prepare">];
  assert.deepEqual(locations.map((location) => location.id), [2]);
  assert.equal(scene.launch.task.partition, 1);
});

Deno.test("a task that finds nothing where it was told of it runs again, with what it needs", () => {
  const scene = filled().submit(1, dataset);
  const first = scene.launch;
  scene.keptLost(first, 0);
  const map = scene.launch;
  assert.notEqual(map.task.stage, first.task.stage);
  scene.written(map);
  scene.written(scene.launch);
  // Both wait; partition 1 is where executor 0 keeps it.
  const kept = scene.launch;
  assert.equal(kept.task.partition, 1);
  scene.value(kept);
  const again = scene.launch;
  assert.deepEqual([again.task.partition, again.task.attempt], [0, 1]);
  scene.value(again, 0);
  assert.equal(scene.every("finish")[0]!.outcome.ok, true);
});

Deno.test("a lost executor keeps nothing", () => {
  const scene = filled();
  scene.tell({ kind: "executorLost", executor: 0, fault: "signal", reason: "killed" });
  scene.ready(1).submit(1, dataset);
  const map = scene.launch;
  scene.written(map);
  scene.written(scene.launch);
  assert.deepEqual(scene.launch.elsewhere, []);
});

Deno.test("what a task keeps of a dataset that was unpersisted meanwhile is forgotten", () => {
  const scene = new Scene().ready(0).submit(0, dataset);
  scene.written(scene.launch);
  scene.written(scene.launch);
  const running = scene.launch;
  scene.tell({ kind: "forgetKept", dataset: 3 });
  assert.deepEqual(scene.every("forgetKept"), [{ kind: "forgetKept", executor: 0, dataset: 3 }]);
  scene.value(running, 0);
  assert.deepEqual(scene.every("forgetKept"), [{ kind: "forgetKept", executor: 0, dataset: 3 }]);
  // Persisted again: the next job says so.
  scene.value(scene.launch);
  scene.value(scene.submit(1, dataset).launch, 0);
  assert.deepEqual(scene.every("forgetKept"), []);
});

Deno.test("an end that comes from a task that was cancelled counts for what it kept", () => {
  const scene = new Scene().ready(0).submit(0, dataset);
  scene.written(scene.launch);
  scene.written(scene.launch);
  const running = scene.launch;
  const failure = { name: "CancelledError", code: "Cancelled", message: "by hand" } as const;
  scene.tell({ kind: "jobCancelled", job: 0, failure });
  scene.value(running, 0);
  scene.tell({ kind: "forget", exchange: 2 });
  const { task, executor } = scene.submit(1, dataset, [0]).launch;
  assert.deepEqual([task.partition, executor], [0, 0]);
  assert.deepEqual(scene.every("prepare").map(({ locations }) => locations), [[]]);
});
