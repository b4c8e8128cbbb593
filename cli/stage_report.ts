/** `--verbose`: one line a stage, with the sums of its tasks' figures and with its permissions. */
import type { Event, EventBus } from "../core/events.ts";
import { grantsText } from "../core/grants.ts";
import { NO_METRICS, type StageId, type TaskMetrics } from "../core/task.ts";

type StageFigures = {
  readonly name: string;
  readonly startedAtMs: number;
  tasks: number;
  failed: number;
  /** Sums over the tasks; the peak is the highest of them. */
  metrics: TaskMetrics;
  /** What its functions may do, as text; and what they were denied. */
  readonly granted: string;
  readonly denied: Set<string>;
  /** What `pipe` runs for it. */
  readonly programs: readonly string[];
  /** The values of named accumulators that the stage has added to, by their names. */
  readonly accumulators: Map<string, string>;
};

/** Collects figures from events and gives a line when a stage has ended. */
export class StageReport {
  readonly #stages = new Map<StageId, StageFigures>();

  /** The line of the stage that `event` ended, or of those that will not run; else undefined. */
  handle(event: Event): string | undefined {
    switch (event.type) {
      case "stage.started":
        if (!this.#stages.has(event.stage)) this.#stages.set(event.stage, figuresOf(event));
        return undefined;
      case "task.ended": {
        const stage = this.#stages.get(event.task.stage);
        if (stage === undefined) return undefined;
        if (event.outcome.ok) addTask(stage, event.metrics);
        else stage.failed++;
        return undefined;
      }
      case "permission.denied": {
        const { permission, value } = event;
        const what = value === "" ? permission : `${permission}=${value}`;
        this.#stages.get(event.task.stage)?.denied.add(what);
        return undefined;
      }
      case "accumulator.updated":
        this.#stages.get(event.stage)?.accumulators.set(event.name, event.value);
        return undefined;
      case "stage.ended": {
        const stage = this.#stages.get(event.stage);
        this.#stages.delete(event.stage);
        return stage &&
          stageLine(event.stage, stage, event.atMs - stage.startedAtMs, event.outcome.ok);
      }
      case "job.started":
        return skippedLines(event);
      case "job.ended":
      case "task.started":
      case "executor.started":
      case "executor.lost":
      case "executor.printed":
      case "warning":
        return undefined;
    }
  }
}

/** Writes a line for every stage that ends. */
export function attachStageReport(events: EventBus, write: (line: string) => void): Disposable {
  const report = new StageReport();
  return events.subscribe((event) => {
    const line = report.handle(event);
    if (line !== undefined) write(`${line}\n`);
  });
}

/** Why stages do not run that one might wait for: what others make is kept. */
function skippedLines({ stages }: Extract<Event, { type: "job.started" }>): string | undefined {
  const lines = stages.filter(({ cached }) => cached).map(({ stage, name }) =>
    `Stage ${stage} (${name}) skipped: what is made of it is cached`
  );
  return lines.length === 0 ? undefined : lines.join("\n");
}

function figuresOf(event: Extract<Event, { type: "stage.started" }>): StageFigures {
  const { name, atMs: startedAtMs, grants, programs } = event;
  return {
    name,
    startedAtMs,
    tasks: 0,
    failed: 0,
    metrics: NO_METRICS,
    granted: grantsText(grants),
    denied: new Set(),
    programs,
    accumulators: new Map(),
  };
}

function addTask(stage: StageFigures, metrics: TaskMetrics): void {
  const sums = stage.metrics;
  stage.tasks++;
  stage.metrics = {
    durationMs: sums.durationMs + metrics.durationMs,
    recordsRead: sums.recordsRead + metrics.recordsRead,
    bytesRead: sums.bytesRead + metrics.bytesRead,
    recordsWritten: sums.recordsWritten + metrics.recordsWritten,
    bytesWritten: sums.bytesWritten + metrics.bytesWritten,
    spills: sums.spills + metrics.spills,
    bytesSpilled: sums.bytesSpilled + metrics.bytesSpilled,
    memoryBytesMax: Math.max(sums.memoryBytesMax, metrics.memoryBytesMax),
  };
}

function stageLine(id: StageId, stage: StageFigures, durationMs: number, ok: boolean): string {
  const { metrics } = stage;
  const failed = stage.failed > 0 ? ` (${count(stage.failed, "attempt")} failed)` : "";
  return [
    `Stage ${id} (${stage.name}) ${ok ? "done" : "failed"} in ${(durationMs / 1000).toFixed(2)} s`,
    `${count(stage.tasks, "task")}${failed}`,
    `read ${count(metrics.recordsRead, "record")}, ${bytes(metrics.bytesRead)}`,
    `wrote ${count(metrics.recordsWritten, "record")}, ${bytes(metrics.bytesWritten)}`,
    `${count(metrics.spills, "spill")}, ${bytes(metrics.bytesSpilled)}`,
    `peak ${bytes(metrics.memoryBytesMax)}`,
    ...(stage.granted === "" ? [] : [`granted ${stage.granted}`]),
    ...(stage.programs.length === 0 ? [] : [`pipes to ${stage.programs.join(", ")}`]),
    ...(stage.denied.size === 0 ? [] : [`denied ${[...stage.denied].join(" ")}`]),
    ...[...stage.accumulators].map(([name, value]) => `${name}: ${value}`),
  ].join(" · ");
}

/** `1 task`, `2,000 records`. */
function count(n: number, what: string): string {
  return `${n.toLocaleString("en-US")} ${what}${n === 1 ? "" : "s"}`;
}

function bytes(n: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let unit = 0;
  let value = n;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
