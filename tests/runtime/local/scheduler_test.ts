/** Single cases of the scheduler, each told step by step. What it does in all others is simulated. */
import assert from "node:assert/strict";
import type { FailureReport } from "../../../core/errors.ts";
import { KeyTypes } from "../../../core/key_order.ts";
import type { Announcement } from "../../../core/events.ts";
import type { Plan } from "../../../core/plan/plan.ts";
import { cut } from "../../../core/plan/stages.ts";
import type { ExchangeId, ExecutorId, JobId, StageId, Task } from "../../../core/task.ts";
import {
  createScheduler,
  type ExecutorFault,
  type Instruction,
  type SchedulerOptions,
  type Stimulus,
} from "../../../runtime/local/scheduler.ts";
import { exchange, hash, narrow, source, union } from "../../core/plan/programs.ts";

type Launch = Extract<Instruction, { kind: "launch" }>;
type Timeless<S> = S extends unknown ? Omit<S, "atMs"> : never;

const METRICS = {
  durationMs: 1,
  recordsRead: 1,
  bytesRead: 1,
  recordsWritten: 1,
  bytesWritten: 1,
  spills: 0,
  bytesSpilled: 0,
  memoryBytesMax: 0,
};

/** A scheduler, what it said last, and short words for what the engine would tell it. */
class Scene {
  said: readonly Instruction[] = [];
  readonly events: Announcement[] = [];
  readonly #scheduler;
  #nowMs = 0;
  #nextStage: StageId = 0;

  constructor(options: Partial<SchedulerOptions> = {}) {
    this.#scheduler = createScheduler({
      executorsMax: 2,
      slotsPerExecutor: 1,
      attemptsMax: 1,
      ...options,
    });
  }

  tell(stimulus: Timeless<Stimulus>): this {
    this.said = this.#scheduler.handle({ ...stimulus, atMs: this.#nowMs++ } as Stimulus);
    for (const { event } of this.every("announce")) this.events.push(event);
    return this;
  }

  every<K extends Instruction["kind"]>(kind: K): Extract<Instruction, { kind: K }>[] {
    return this.said.filter((said) => said.kind === kind) as Extract<Instruction, { kind: K }>[];
  }

  submit(job: JobId, plan: Plan): this {
    const nextStage = () => this.#nextStage++;
    const stages = cut(plan, { kind: "count" }, { nextStage, name: `count ${job}` });
    return this.tell({ kind: "jobSubmitted", job, name: `count ${job}`, stages });
  }

  ready(executor: ExecutorId, slots = 1): this {
    return this.tell({ kind: "executorReady", executor, slots });
  }

  lose(executor: ExecutorId, fault: ExecutorFault, culprit?: Task): this {
    return this.tell({ kind: "executorLost", executor, fault, reason: `(${fault})`, culprit });
  }

  value({ executor, task }: Launch): this {
    const result = { task, metrics: METRICS, kind: "value", blocks: [], updates: [] } as const;
    return this.tell({ kind: "taskEnded", executor, result });
  }

  written({ executor, task }: Launch, file = nameOf(task), keys?: KeyTypes): this {
    const updates = [{ id: 7, bytes: new Uint8Array(1) }];
    const output = {
      file,
      records: 1,
      bytes: 1,
      ...(keys && { keyTypes: keys.masks, sample: [] }),
    };
    const result = { task, metrics: METRICS, kind: "written", output, updates } as const;
    return this.tell({ kind: "taskEnded", executor, result });
  }

  failed({ executor, task }: Launch, failure: FailureReport): this {
    const result = { task, metrics: METRICS, kind: "failed", failure } as const;
    return this.tell({ kind: "taskEnded", executor, result });
  }

  inputLost({ executor, task }: Launch, from: ExchangeId, partition: number): this {
    const what = { exchange: from, partition, detail: "CRC32 differs" };
    const result = { task, metrics: METRICS, kind: "inputLost", ...what } as const;
    return this.tell({ kind: "taskEnded", executor, result });
  }

  get launched(): string[] {
    return this.every("launch").map(({ executor, task }) => `${nameOf(task)} on ${executor}`);
  }

  get launch(): Launch {
    const launches = this.every("launch");
    assert.equal(launches.length, 1, `launched ${this.launched}`);
    return launches[0]!;
  }

  get failure(): FailureReport {
    const [finish] = this.every("finish");
    assert.ok(finish !== undefined && !finish.outcome.ok);
    return finish.outcome.failure;
  }
}

function nameOf({ stage, partition, attempt }: Task): string {
  return `${stage}/${partition}/${attempt}`;
}

const BOOM: FailureReport = { name: "TypeError", message: "boom" };

Deno.test("a job recruits what it needs, runs stage after stage and finishes", () => {
  const scene = new Scene().submit(0, exchange(2, source(1, 1), hash(3)));
  assert.deepEqual(scene.said.filter(({ kind }) => kind !== "announce"), [{
    kind: "recruit",
    executors: 1,
  }]);
  const map = scene.ready(0).launch;
  assert.deepEqual(
    scene.said.map(({ kind }) => kind),
    ["announce", "prepare", "announce", "launch"],
  );
  scene.written(map);
  assert.deepEqual(scene.every("accumulate").map(({ job }) => job), [0]);
  assert.deepEqual(scene.every("prepare")[0]!.locations, [{
    id: 2,
    outputs: [{ file: "0/0/0", records: 1, bytes: 1 }],
  }]);
  assert.deepEqual(scene.every("recruit"), [{ kind: "recruit", executors: 2 }]);
  scene.value(scene.launch);
  assert.deepEqual(scene.every("prepare"), [], "the executor knows the stage already");
  scene.value(scene.launch).value(scene.launch);
  assert.deepEqual(scene.every("deliver").map(({ partition }) => partition), [2]);
  assert.deepEqual(scene.every("finish"), [{ kind: "finish", job: 0, outcome: { ok: true } }]);
  assert.deepEqual(scene.every("release"), [
    { kind: "release", executor: 0, stage: 1 },
    { kind: "release", executor: 0, stage: 0 },
  ]);
  assert.deepEqual(scene.events.map(({ type }) => type), [
    "job.started",
    ...["stage.started", "task.started", "task.ended", "stage.ended"],
    ...["stage.started", "task.started", "task.ended"],
    ...["task.started", "task.ended", "task.started", "task.ended", "stage.ended"],
  ]);
});

Deno.test("a job without partitions finishes at once", () => {
  const scene = new Scene().submit(0, source(1, 0));
  assert.deepEqual(scene.every("finish"), [{ kind: "finish", job: 0, outcome: { ok: true } }]);
  assert.deepEqual(scene.every("recruit"), []);
});

Deno.test("a later job finds the output of an exchange, and its stage is skipped", () => {
  const plan = exchange(2, source(1, 1), hash(1));
  const scene = new Scene().submit(0, plan).ready(0);
  scene.written(scene.launch).value(scene.launch);
  scene.submit(1, narrow(3, plan));
  const [started] = scene.events.filter(({ type }) => type === "job.started").slice(-1);
  assert.ok(started?.type === "job.started");
  assert.deepEqual(started.stages.map(({ skipped }) => skipped), [true, false]);
  assert.deepEqual(scene.launched, ["3/0/0 on 0"]);
});

Deno.test("two jobs share the stage of an exchange that both wait for", () => {
  const plan = exchange(2, source(1, 1), hash(1));
  const scene = new Scene().submit(0, plan).ready(0);
  const map = scene.launch;
  scene.submit(1, plan).ready(1);
  assert.deepEqual(scene.launched, []);
  scene.written(map);
  assert.deepEqual(scene.launched, ["1/0/0 on 1", "3/0/0 on 0"]);
  assert.equal(scene.every("accumulate").length, 1);
});

Deno.test("the job that came first is served first", () => {
  const scene = new Scene().submit(0, source(1, 2)).submit(1, source(2, 2));
  assert.deepEqual(scene.ready(0).launched, ["0/0/0 on 0"]);
  assert.deepEqual(scene.ready(1).launched, ["0/1/0 on 1"]);
});

Deno.test("an error of user code fails the job after its attempts, with place, cause and story", () => {
  const scene = new Scene({ attemptsMax: 2 }).submit(0, narrow(2, source(1, 1))).ready(3);
  scene.failed(scene.launch, BOOM);
  assert.deepEqual(scene.launched, ["0/0/1 on 3"]);
  const { name, code, message, fields, cause } = scene.failed(scene.launch, BOOM).failure;
  assert.deepEqual([name, code, cause], ["TaskError", "TaskFailed", BOOM]);
  assert.deepEqual(fields, { stage: 0, stageName: "count 0", partition: 0, attempt: 1 });
  assert.equal(
    message,
    "TypeError: boom\n  in partition 0 of stage 0 (count 0), at attempt 1\n" +
      "  before: attempt 0 on executor 3: TypeError: boom",
  );
});

Deno.test("a damaged spill is no failure of the user's code: it counts as a loss", () => {
  const scene = new Scene({ attemptsMax: 1 }).submit(0, source(1, 1)).ready(0);
  const damage = {
    name: "RecordError",
    code: "CorruptBlock",
    message: "a page is changed",
  } as const;
  for (let loss = 1; loss < 4; loss++) scene.failed(scene.launch, damage);
  const { code, message } = scene.failed(scene.launch, damage).failure;
  assert.equal(code, "CorruptBlock");
  assert.match(message, /a page is changed/);
});

Deno.test("a final error is not tried again, and an error of ours keeps its class and code", () => {
  const scene = new Scene({ attemptsMax: 4 }).submit(0, source(1, 1)).ready(0);
  const ours = { name: "RecordError", code: "NotAPair", message: "5 is no pair", final: true };
  const { name, code } = scene.failed(scene.launch, ours as FailureReport).failure;
  assert.deepEqual([name, code], ["RecordError", "NotAPair"]);
});

Deno.test("a failed job's other tasks are cancelled, and their slots stay taken until they end", () => {
  const scene = new Scene().submit(0, source(1, 2)).ready(0);
  const [first] = scene.every("launch");
  const [second] = scene.ready(1).every("launch");
  scene.failed(first!, BOOM);
  assert.deepEqual(scene.every("cancel").map(({ task }) => nameOf(task)), ["0/1/0"]);
  scene.submit(1, source(2, 2));
  assert.deepEqual(scene.launched, ["1/0/0 on 0"]);
  assert.deepEqual(scene.value(second!).launched, ["1/1/0 on 1"]);
  assert.deepEqual(scene.every("deliver"), []);
});

Deno.test("a lost executor's task runs again; the fourth loss fails the job", () => {
  const scene = new Scene().submit(0, source(1, 1));
  for (let executor = 0; executor < 3; executor++) {
    scene.ready(executor).lose(executor, "signal");
    assert.deepEqual(scene.every("recruit"), [{ kind: "recruit", executors: 1 }]);
  }
  const { name, code, message } = scene.ready(3).lose(3, "signal").failure;
  assert.deepEqual([name, code], ["JobError", "ExecutorLost"]);
  assert.match(message, /^Partition 0 of stage 0 \(count 0\) lost its executor 4 times/);
});

Deno.test("an executor that the engine ended counts against nobody", () => {
  const scene = new Scene().submit(0, source(1, 1));
  for (let executor = 0; executor < 9; executor++) {
    scene.ready(executor).lose(executor, "stopped");
    assert.deepEqual(scene.every("finish"), []);
  }
});

Deno.test("a task that ends its executor runs again alone; the second time fails the job", () => {
  const scene = new Scene({ slotsPerExecutor: 2, executorsMax: 1 });
  scene.submit(0, source(1, 3)).ready(0, 2);
  assert.deepEqual(scene.launched, ["0/0/0 on 0", "0/1/0 on 0"]);
  scene.lose(0, "outOfMemory").ready(1, 2);
  const first = scene.launch;
  scene.value(first);
  const { name, code, message } = scene.lose(1, "outOfMemory").failure;
  assert.deepEqual([name, code], ["JobError", "ExecutorOutOfMemory"]);
  assert.match(message, /ran its executor out of memory, also when it ran alone: \(outOfMemory\)/);
  assert.match(message, /--executor-memory/);
  assert.match(message, /before: attempt 0 on executor 0/);
});

Deno.test("where the culprit is known, the others are no suspects", () => {
  const scene = new Scene({ slotsPerExecutor: 3, executorsMax: 1 });
  scene.submit(0, source(1, 3)).ready(0, 3);
  scene.lose(0, "exited", scene.every("launch")[1]!.task).ready(1, 3);
  assert.deepEqual(scene.launched, ["0/1/1 on 1"]);
  scene.value(scene.launch);
  assert.deepEqual(scene.launched, ["0/2/1 on 1", "0/0/1 on 1"]);
  assert.deepEqual(scene.lose(1, "exited").every("finish"), []);
});

Deno.test("a lost output is made again, alone, and its reader then reads the new one", () => {
  const scene = new Scene({ executorsMax: 1 });
  scene.submit(0, exchange(2, source(1, 2), hash(1))).ready(0);
  scene.written(scene.launch).written(scene.launch);
  scene.inputLost(scene.launch, 2, 0);
  assert.deepEqual(scene.every("discard"), [{ kind: "discard", files: ["0/0/0"] }]);
  assert.deepEqual(scene.launched, ["0/0/1 on 0"]);
  scene.written(scene.launch);
  assert.deepEqual(scene.every("accumulate"), [], "it has counted already");
  assert.deepEqual(scene.every("prepare")[0]!.locations, [{
    id: 2,
    outputs: [
      { file: "0/0/1", records: 1, bytes: 1 },
      { file: "0/1/0", records: 1, bytes: 1 },
    ],
  }]);
  assert.deepEqual(scene.launched, ["1/0/1 on 0"]);
  assert.deepEqual(scene.value(scene.launch).every("finish")[0]!.outcome, { ok: true });
});

Deno.test("attempts are numbered over all stages, and stages know how often they were started", () => {
  const scene = new Scene({ executorsMax: 1 });
  scene.submit(0, exchange(2, source(1, 1), hash(1))).ready(0);
  const infos = [scene.launch.info];
  infos.push(scene.written(scene.launch).launch.info);
  infos.push(scene.inputLost(scene.launch, 2, 0).launch.info);
  infos.push(scene.written(scene.launch).launch.info);
  assert.deepEqual(infos.map(({ id }) => id), [0, 1, 2, 3]);
  assert.deepEqual(infos.map(({ stageAttempt }) => stageAttempt), [0, 0, 1, 1]);
});

Deno.test("a reader that lost what has been made anew since only runs again", () => {
  const scene = new Scene().submit(0, exchange(2, source(1, 1), hash(2))).ready(0);
  scene.written(scene.launch).ready(1);
  const slow = scene.launch;
  const quick: Launch = { ...slow, executor: 0, task: { ...slow.task, partition: 0 } };
  scene.inputLost(quick, 2, 0).written(scene.launch);
  assert.deepEqual(scene.launched, ["1/0/1 on 0"]);
  scene.inputLost(slow, 2, 0);
  assert.deepEqual(scene.every("discard"), []);
  assert.deepEqual(scene.launched, ["1/1/1 on 1"]);
});

Deno.test("a stage whose input is lost again and again fails its job", () => {
  const scene = new Scene({ executorsMax: 1 });
  scene.submit(0, exchange(2, source(1, 1), hash(1))).ready(0);
  for (let round = 0; round < 3; round++) {
    scene.written(scene.launch);
    scene.inputLost(scene.launch, 2, 0);
  }
  scene.written(scene.launch);
  const { code, message } = scene.inputLost(scene.launch, 2, 0).failure;
  assert.equal(code, "MapOutputLost");
  assert.match(message, /it was lost 4 times, at last output 0 of exchange 2 .* CRC32 differs/);
});

Deno.test("what comes late or twice changes nothing, and only unused files are discarded", () => {
  const scene = new Scene().submit(0, exchange(2, source(1, 2), hash(1))).ready(0).ready(1);
  const stale = scene.launch;
  scene.lose(1, "heartbeat").written(stale, "late");
  assert.deepEqual(scene.said, [{ kind: "discard", files: ["late"] }]);
});

Deno.test("a result that comes twice does not discard the file that counts", () => {
  const scene = new Scene({ executorsMax: 1 });
  scene.submit(0, exchange(2, source(1, 2), hash(1))).ready(0);
  const first = scene.launch;
  assert.deepEqual(scene.written(first).written(first).said, []);
});

Deno.test("a cancelled job ends with the failure it was given; its outputs are kept", () => {
  const plan = exchange(2, source(1, 2), hash(1));
  const scene = new Scene({ executorsMax: 1 }).submit(0, plan).ready(0);
  scene.written(scene.launch);
  const running = scene.launch;
  const failure = { name: "CancelledError", code: "Cancelled", message: "Ctrl-C" } as const;
  scene.tell({ kind: "jobCancelled", job: 0, failure });
  assert.deepEqual(scene.every("cancel").map(({ task }) => nameOf(task)), ["0/1/0"]);
  assert.equal(scene.failure, failure);
  scene.submit(1, plan);
  scene.written(running, "late");
  assert.deepEqual(scene.every("discard"), [{ kind: "discard", files: ["late"] }]);
  assert.deepEqual(scene.launched, ["2/1/0 on 0"], "only what is missing runs");
});

Deno.test("a stage that no job waits for any more is given up, and taken up again if one does", () => {
  // Job 0 reads exchange 2 itself, job 1 reads it only by way of exchange 3.
  const shared = exchange(2, source(1, 1), hash(1));
  const upper = exchange(3, shared, hash(1));
  const scene = new Scene({ executorsMax: 1 }).submit(0, union(4, shared, upper)).ready(0);
  scene.written(scene.launch).written(scene.launch);
  const reader = scene.launch;
  scene.submit(1, upper);
  scene.inputLost(reader, 2, 0);
  const again = scene.launch;
  assert.equal(nameOf(again.task), "0/0/1");
  scene.tell({ kind: "jobCancelled", job: 0, failure: BOOM });
  assert.deepEqual(scene.every("cancel").map(({ task }) => nameOf(task)), ["0/0/1"]);
  // Its executor dies with the cancelled task: that counts against nobody.
  scene.lose(0, "outOfMemory").ready(1);
  const upperReader = scene.launch;
  scene.inputLost(upperReader, 3, 0);
  assert.deepEqual(scene.launched, ["0/0/2 on 1"], "exchange 3 needs exchange 2 again");
  assert.deepEqual(scene.lose(1, "outOfMemory").every("finish"), [], "it was no suspect");
  scene.ready(2);
  assert.deepEqual(scene.launched, ["0/0/3 on 2"]);
  scene.written(scene.launch).written(scene.launch).value(scene.launch);
  assert.deepEqual(scene.every("finish"), [{ kind: "finish", job: 1, outcome: { ok: true } }]);
});

Deno.test("a forgotten exchange is discarded, but not under a job that reads it", () => {
  const scene = new Scene().submit(0, exchange(2, source(1, 1), hash(1))).ready(0);
  scene.written(scene.launch);
  const reader = scene.launch;
  assert.deepEqual(scene.tell({ kind: "forget", exchange: 2 }).said, []);
  assert.deepEqual(scene.value(reader).every("discard"), [{ kind: "discard", files: ["0/0/0"] }]);
});

Deno.test("bounds of a sorted exchange stay when an output is made again", () => {
  const partitioner = { kind: "range", partitions: 2, ascending: true } as const;
  const sorted = exchange(2, source(1, 1), { kind: "sort", partitioner, ascending: true });
  const scene = new Scene({ executorsMax: 1 }).submit(0, sorted).ready(0);
  const write = (keys: number[]) => {
    const { executor, task } = scene.launch;
    const sample = keys.map((key) => new Uint8Array([key]));
    const output = { file: nameOf(task), records: 9, bytes: 9, sample };
    const result = { task, metrics: METRICS, kind: "written", output, updates: [] } as const;
    scene.tell({ kind: "taskEnded", executor, result });
    return scene.every("prepare")[0]!.locations[0]!.bounds;
  };
  assert.deepEqual(write([1, 2, 3, 4]), [new Uint8Array([3])]);
  scene.inputLost(scene.launch, 2, 0);
  assert.deepEqual(write([7, 8, 9]), [new Uint8Array([3])]);
});

const together = narrow(2, source(1, 3), { barrier: true });

Deno.test("the tasks of a barrier stage wait until there is a slot for each", () => {
  const scene = new Scene({ executorsMax: 2, slotsPerExecutor: 2, attemptsMax: 2 });
  scene.submit(0, source(1, 1)).submit(1, together).ready(0, 2);
  // What is behind it does not take its slots away.
  const first = scene.launch;
  scene.submit(2, source(3, 1));
  assert.deepEqual(scene.launched, []);
  scene.ready(1, 2);
  assert.deepEqual(scene.launched, ["1/0/0 on 1", "1/1/0 on 1", "1/2/0 on 0"]);
  const [{ info }] = scene.every("launch") as [Launch];
  assert.deepEqual(info.addresses, ["127.0.0.1:1", "127.0.0.1:1", "127.0.0.1:0"]);
  assert.deepEqual(scene.value(first).launched, ["2/0/0 on 0"]);
});

Deno.test("a task of a barrier stage that fails takes along what the others have done", () => {
  const scene = new Scene({ executorsMax: 3, attemptsMax: 2 });
  const plan = exchange(3, together, hash(1));
  scene.submit(0, plan).ready(0).ready(1).ready(2);
  const [a, b, c] = scene.every("launch") as [Launch, Launch, Launch];
  assert.deepEqual(scene.written(a).said.filter(({ kind }) => kind !== "announce"), []);
  scene.failed(b, BOOM);
  assert.deepEqual(scene.every("discard"), [{ kind: "discard", files: ["0/0/0"] }]);
  assert.deepEqual(scene.every("cancel").map(({ task }) => nameOf(task)), ["0/2/0"]);
  assert.deepEqual(scene.launched, [], "the one that was cancelled still has its slot");
  scene.failed(c, BOOM);
  assert.deepEqual(scene.launched, ["0/0/1 on 0", "0/1/1 on 1", "0/2/1 on 2"]);
  const again = scene.every("launch");
  assert.deepEqual(again.map(({ info }) => info.stageAttempt), [1, 1, 1]);
  for (const launch of again) scene.written(launch);
  assert.equal(scene.every("accumulate").length, 3);
  assert.deepEqual(scene.launched, ["1/0/0 on 0"]);
});

Deno.test("a lost output of a barrier stage has all of its tasks run again", () => {
  const scene = new Scene({ executorsMax: 3 });
  scene.submit(0, exchange(3, together, hash(1))).ready(0).ready(1).ready(2);
  for (const launch of scene.every("launch")) scene.written(launch);
  scene.inputLost(scene.launch, 3, 1);
  assert.deepEqual(scene.every("discard")[0]!.files.toSorted(), ["0/0/0", "0/1/0", "0/2/0"]);
  assert.deepEqual(scene.launched, ["0/0/1 on 1", "0/1/1 on 2", "0/2/1 on 0"]);
  const addresses = ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:0"];
  assert.deepEqual(scene.every("launch")[1]!.info.addresses, addresses);
});

Deno.test("a barrier stage with more tasks than slots fails its job at once", () => {
  const scene = new Scene({ executorsMax: 2 }).submit(0, together);
  const { name, code, message } = scene.failure;
  assert.deepEqual([name, code], ["PlanError", "InvalidArgument"]);
  assert.match(message, /its 3 tasks run at the same time, and there are 2 slots/);
});

Deno.test("where no more executors start, a barrier stage that needs them fails", () => {
  const scene = new Scene({ executorsMax: 3 }).submit(0, together).ready(0);
  for (let i = 0; i < 3; i++) scene.tell({ kind: "startFailed", reason: "no memory" });
  assert.deepEqual(scene.every("finish"), []);
  const { code, message } = scene.tell({ kind: "startFailed", reason: "no memory" }).failure;
  assert.equal(code, "ExecutorLost");
  assert.match(message, /4 times in a row: no memory/);
});

Deno.test("a task of a barrier stage that ends its executor twice fails the job", () => {
  const scene = new Scene({ executorsMax: 3 }).submit(0, together).ready(0).ready(1).ready(2);
  const [a, b] = scene.every("launch") as [Launch, Launch];
  scene.lose(2, "outOfMemory").ready(3);
  scene.failed(a, BOOM).failed(b, BOOM);
  assert.equal(scene.launched.length, 3);
  const guilty = scene.every("launch").find(({ task }) => task.partition === 2)!;
  const { code, message } = scene.lose(guilty.executor, "outOfMemory").failure;
  assert.equal(code, "ExecutorOutOfMemory");
  assert.match(message, /ran its executor out of memory, for the second time/);
});

Deno.test("no executor that starts: the fourth failure in a row fails every job", () => {
  const scene = new Scene().submit(0, source(1, 1)).submit(1, source(2, 1));
  for (let failures = 1; failures < 4; failures++) {
    scene.tell({ kind: "startFailed", reason: "no such file" });
    assert.equal(scene.every("recruit").length, 1);
  }
  scene.tell({ kind: "startFailed", reason: "no such file" });
  assert.deepEqual(scene.every("finish").map(({ job }) => job), [0, 1]);
  assert.match(scene.failure.message, /4 times in a row: no such file/);
});

Deno.test("an executor that answers nonsense fails the job and nothing else", () => {
  const scene = new Scene().submit(0, source(1, 1)).ready(0);
  scene.written(scene.launch, "odd");
  assert.deepEqual(scene.every("discard"), [{ kind: "discard", files: ["odd"] }]);
  assert.equal(scene.failure.code, "Bug");
});

const mixed = exchange(2, source(1, 2), {
  kind: "sort",
  partitioner: { kind: "range", partitions: 1, ascending: true },
  ascending: true,
});
const NUMBER = new KeyTypes();
NUMBER.note(1);
NUMBER.note(null);
const TEXT = new KeyTypes();
TEXT.note("a");

Deno.test("keys of several map tasks that cannot be sorted together fail every job that reads them", () => {
  const scene = new Scene().submit(0, mixed).submit(1, mixed);
  const first = scene.ready(0).launch;
  const second = scene.ready(1).launch;
  scene.written(first, "a", NUMBER).written(second, "b", TEXT);
  assert.deepEqual(scene.every("finish").map(({ job }) => job), [0, 1]);
  const { name, code, message, fields } = scene.failure;
  assert.deepEqual([name, code], ["RecordError", "KeyTypeMismatch"]);
  assert.match(
    message,
    /number, string\n {2}Make them one type.*\n {2}in stage 0 \(sort at job.ts:2\)$/,
  );
  assert.deepEqual(fields, { stage: 0, stageName: "sort at job.ts:2" });
  assert.deepEqual(scene.every("discard").flatMap(({ files }) => files), ["a", "b"]);
  assert.deepEqual(scene.launched, [], "it was tried again");
  const ended = scene.events.filter(({ type }) => type === "stage.ended");
  assert.deepEqual(ended.map((event) => event.type === "stage.ended" && event.outcome.ok), [false]);
  // What was captured may be another program now: a later job begins from the start.
  scene.submit(2, mixed);
  assert.equal(scene.launched.length, 2);
});

Deno.test("null beside numbers, and bigints, are sorted", () => {
  const bigint = new KeyTypes();
  bigint.note(1n);
  bigint.note(undefined);
  const scene = new Scene().submit(0, mixed);
  const first = scene.ready(0).launch;
  const second = scene.ready(1).launch;
  scene.written(first, "a", NUMBER).written(second, "b", bigint);
  assert.deepEqual(scene.every("finish"), []);
  assert.equal(scene.launched.length, 1);
});

Deno.test("above the limit the oldest outputs go that no running job reads", () => {
  const plans = [2, 4, 6].map((id) => exchange(id, source(id - 1, 1), hash(1)));
  const scene = new Scene({ shuffleBytesMax: 2 }).ready(0);
  const gone = () => scene.every("discard").flatMap(({ files }) => files);
  const run = (job: JobId, file: string) => {
    scene.written(scene.submit(job, plans[job]!).launch, file);
    assert.deepEqual(gone(), job < 2 ? [] : ["a"], "of what nobody reads, the oldest goes");
    scene.value(scene.launch);
    assert.deepEqual(gone(), []);
  };
  run(0, "a");
  run(1, "b");
  run(2, "c");
  // What is read stays, whatever it takes.
  const tight = new Scene({ shuffleBytesMax: 0 }).ready(0);
  tight.written(tight.submit(0, plans[0]!).launch, "d");
  assert.deepEqual(tight.every("discard"), []);
  tight.value(tight.launch);
  assert.deepEqual(tight.every("discard"), [{ kind: "discard", files: ["d"] }]);
});

Deno.test("an executor that holds too much gets no new tasks until it holds less", () => {
  const scene = new Scene({ executorsMax: 2, slotsPerExecutor: 1 });
  scene.submit(0, source(1, 4)).ready(0);
  const [first] = scene.every("launch");
  const pause = (isPaused: boolean) =>
    scene.tell({ kind: "executorPaused", executor: 0, isPaused, reason: "860 of 1000 MB" });
  assert.deepEqual(pause(true).every("replace"), [], "a task runs there");
  const elsewhere = scene.ready(1).every("launch");
  assert.deepEqual(elsewhere.map(({ executor }) => executor), [1]);
  assert.deepEqual(scene.value(first!).every("launch"), [], "it holds too much still");
  assert.deepEqual(pause(false).every("launch").map(({ executor }) => executor), [0]);
});

Deno.test("an executor that holds too much while nothing runs there is replaced", () => {
  const scene = new Scene({ executorsMax: 1, slotsPerExecutor: 1 });
  scene.submit(0, source(1, 2)).ready(0);
  const [first] = scene.every("launch");
  const reason = "860 of 1000 MB";
  const pause = () => scene.tell({ kind: "executorPaused", executor: 0, isPaused: true, reason });
  pause();
  assert.deepEqual(scene.value(first!).every("launch"), []);
  assert.deepEqual(pause().every("replace"), [{ kind: "replace", executor: 0, reason }]);
  assert.deepEqual(scene.lose(0, "stopped").every("recruit").length, 1);
  const [second] = scene.ready(1).every("launch");
  assert.equal(second!.task.partition, 1);
  assert.deepEqual(scene.value(second!).every("finish").map(({ outcome }) => outcome.ok), [true]);
});
