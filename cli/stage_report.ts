/** `--verbose`: one line a stage with the sums of its tasks' figures. */
import type { Event, EventBus } from "../core/events.ts";
import type { StageId, TaskMetrics } from "../core/task.ts";

type StageFigures = {
  readonly name: string;
  readonly startedAtMs: number;
  tasks: number;
  failed: number;
  recordsRead: number;
  bytesRead: number;
  recordsWritten: number;
  bytesWritten: number;
  spills: number;
  bytesSpilled: number;
  memoryBytesMax: number;
};

/** Collects figures from events and gives a line when a stage has ended. */
export class StageReport {
  readonly #stages = new Map<StageId, StageFigures>();

  /** The line of the stage that `event` ended, else undefined. */
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
      case "stage.ended": {
        const stage = this.#stages.get(event.stage);
        this.#stages.delete(event.stage);
        return stage &&
          stageLine(event.stage, stage, event.atMs - stage.startedAtMs, event.outcome.ok);
      }
      case "job.started":
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

function figuresOf(event: Extract<Event, { type: "stage.started" }>): StageFigures {
  return {
    name: event.name,
    startedAtMs: event.atMs,
    tasks: 0,
    failed: 0,
    recordsRead: 0,
    bytesRead: 0,
    recordsWritten: 0,
    bytesWritten: 0,
    spills: 0,
    bytesSpilled: 0,
    memoryBytesMax: 0,
  };
}

function addTask(stage: StageFigures, metrics: TaskMetrics): void {
  stage.tasks++;
  stage.recordsRead += metrics.recordsRead;
  stage.bytesRead += metrics.bytesRead;
  stage.recordsWritten += metrics.recordsWritten;
  stage.bytesWritten += metrics.bytesWritten;
  stage.spills += metrics.spills;
  stage.bytesSpilled += metrics.bytesSpilled;
  stage.memoryBytesMax = Math.max(stage.memoryBytesMax, metrics.memoryBytesMax);
}

function stageLine(id: StageId, stage: StageFigures, durationMs: number, ok: boolean): string {
  const failed = stage.failed > 0 ? ` (${stage.failed} attempts failed)` : "";
  return [
    `Stage ${id} (${stage.name}) ${ok ? "done" : "failed"} in ${(durationMs / 1000).toFixed(2)} s`,
    `${stage.tasks} tasks${failed}`,
    `read ${count(stage.recordsRead)} records, ${bytes(stage.bytesRead)}`,
    `wrote ${count(stage.recordsWritten)} records, ${bytes(stage.bytesWritten)}`,
    `${stage.spills} spills, ${bytes(stage.bytesSpilled)}`,
    `peak ${bytes(stage.memoryBytesMax)}`,
  ].join(" · ");
}

function count(n: number): string {
  return n.toLocaleString("en-US");
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
