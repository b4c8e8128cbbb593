import assert from "node:assert/strict";
import { attachProgress, StageBoard } from "../../cli/progress.ts";
import { StageReport } from "../../cli/stage_report.ts";
import { type Event, EventBus } from "../../core/events.ts";
import { type Grants, NO_GRANTS } from "../../core/grants.ts";
import type { TaskMetrics } from "../../core/task.ts";

const metrics: TaskMetrics = {
  durationMs: 5,
  recordsRead: 1000,
  bytesRead: 2_500_000,
  recordsWritten: 10,
  bytesWritten: 640,
  spills: 2,
  bytesSpilled: 1_000,
  memoryBytesMax: 77_000,
};
const nothing = { grants: NO_GRANTS, programs: [] };
const started = (
  stage: number,
  tasks: number,
  atMs: number,
  more: { grants: Grants; programs: string[] } = nothing,
): Event => ({
  type: "stage.started",
  job: 0,
  stage,
  name: `collect at job.ts:${stage}`,
  tasks,
  ...more,
  atMs,
});
const task = (stage: number, partition: number) => ({ stage, partition, attempt: 0 });
const taskStarted = (stage: number, partition: number): Event => ({
  type: "task.started",
  job: 0,
  task: task(stage, partition),
  executor: 1,
  atMs: 1,
});
const taskEnded = (stage: number, partition: number, ok = true): Event => ({
  type: "task.ended",
  job: 0,
  task: task(stage, partition),
  metrics,
  outcome: ok ? { ok } : { ok: false, failure: { name: "Error", message: "no" } },
  atMs: 2,
});

function board(...events: Event[]): StageBoard {
  const made = new StageBoard();
  events.forEach((event) => made.handle(event));
  return made;
}

Deno.test("the bar has Spark's format and exactly the width of the terminal", () => {
  const stages = board(started(4, 4, 0), ...[0, 1, 2, 3].map((p) => taskStarted(4, p)));
  stages.handle(taskEnded(4, 0));
  stages.handle(taskEnded(4, 1));
  assert.equal(stages.bar(1000, 40), "[Stage 4:=========>         (2 + 2) / 4]");
  assert.equal(stages.bar(1000, 40).length, 40);
});

Deno.test("young stages are not shown; several share the line in the order of their numbers", () => {
  const stages = board(started(7, 2, 0), started(3, 2, 0), started(9, 2, 900));
  assert.equal(stages.bar(499, 80), "");
  const bar = stages.bar(1000, 80);
  assert.match(bar, /^\[Stage 3:>.*\]\[Stage 7:>.*\]$/);
  assert.equal(bar.length, 80);
  stages.handle({ type: "stage.ended", job: 0, stage: 3, outcome: { ok: true }, atMs: 1 });
  assert.ok(!stages.bar(1000, 80).includes("Stage 3"));
});

Deno.test("a failed attempt is no longer running and not finished", () => {
  const stages = board(started(1, 3, 0), taskStarted(1, 0), taskEnded(1, 0, false));
  assert.deepEqual(stages.lines(1000), ["Stage 1 (collect at job.ts:1): 0 + 0 of 3 tasks"]);
});

Deno.test("on a terminal the line is erased when the last job has ended", () => {
  const events = new EventBus(() => 0);
  let text = "";
  using _progress = attachProgress(events, {
    terminal: true,
    width: () => 60,
    write: (piece) => text += piece,
    now: () => 1000,
  });
  events.emit({ type: "job.started", job: 0, name: "count", stages: [], properties: {} });
  events.emit({ type: "stage.started", job: 0, stage: 0, name: "count", tasks: 1, ...nothing });
  events.emit({ type: "job.ended", job: 0, outcome: { ok: true } });
  assert.equal(text, "");
});

Deno.test("a line that a task prints does not begin behind the bar", async () => {
  const events = new EventBus(() => 0);
  let text = "";
  using _progress = attachProgress(events, {
    terminal: true,
    width: () => 30,
    write: (piece) => text += piece,
    now: () => 1000,
  });
  events.emit({ type: "job.started", job: 0, name: "count", stages: [], properties: {} });
  events.emit({ type: "stage.started", job: 0, stage: 0, name: "count", tasks: 1, ...nothing });
  while (text === "") await new Promise((resolve) => setTimeout(resolve, 20));
  assert.match(text, /\[Stage 0:>.*\]$/);
  events.emit({ type: "executor.printed", executor: 1, line: "hello" });
  assert.match(text, /\]\r +\r$/);
});

Deno.test("a verbose line sums the tasks of a stage", () => {
  const report = new StageReport();
  report.handle(started(2, 2, 0));
  report.handle(taskEnded(2, 0));
  report.handle(taskEnded(2, 1, false));
  report.handle(taskEnded(2, 1));
  assert.equal(
    report.handle({ type: "stage.ended", job: 0, stage: 2, outcome: { ok: true }, atMs: 1500 }),
    "Stage 2 (collect at job.ts:2) done in 1.50 s · 2 tasks (1 attempt failed) · " +
      "read 2,000 records, 5.0 MB · wrote 20 records, 1.3 KB · 4 spills, 2.0 KB · peak 77.0 KB",
  );
});

Deno.test("a verbose line says of a stage that it is not needed, because of what is cached", () => {
  const stage = (stage: number, more: object) => (
    { stage, name: `map at job.ts:${stage}`, tasks: 2, skipped: true, ...more }
  );
  const stages = [stage(1, { cached: true }), stage(2, {}), stage(3, { skipped: false })];
  const report = new StageReport();
  assert.equal(
    report.handle({ type: "job.started", job: 0, name: "count", stages, properties: {}, atMs: 0 }),
    "Stage 1 (map at job.ts:1) skipped: what is made of it is cached",
  );
});

Deno.test("a verbose line ends with what named accumulators hold", () => {
  const report = new StageReport();
  const updated = (stage: number, name: string, value: string): Event => (
    { type: "accumulator.updated", job: 0, stage, name, value, atMs: 0 }
  );
  const events: Event[] = [
    started(2, 2, 0),
    started(3, 2, 0),
    updated(2, "bad lines", "1"),
    updated(3, "other", "7"),
    updated(2, "bad lines", "2"),
  ];
  for (const event of events) report.handle(event);
  const line = report.handle({
    type: "stage.ended",
    job: 0,
    stage: 2,
    outcome: { ok: true },
    atMs: 9,
  });
  assert.match(line!, /peak 0 B · bad lines: 2$/);
});

Deno.test("a verbose line says what a stage was granted, what it pipes to and what it was denied", () => {
  const report = new StageReport();
  const grants: Grants = { read: ["/a", "/b"], net: "all" };
  report.handle(started(2, 2, 0, { grants, programs: ["sort", "uniq"] }));
  const denied = (value: string): Event => (
    { type: "permission.denied", job: 0, task: task(2, 0), permission: "run", value, atMs: 1 }
  );
  for (const value of ["git", "git", ""]) report.handle(denied(value));
  const line = report.handle({
    type: "stage.ended",
    job: 0,
    stage: 2,
    outcome: { ok: true },
    atMs: 9,
  });
  assert.match(
    line!,
    /peak 0 B · granted read=\/a,\/b net · pipes to sort, uniq · denied run=git run$/,
  );
});
