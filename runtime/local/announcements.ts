/**
 * What the scheduler says for eyes: how jobs, stages and tasks start and end. Nothing is decided by it.
 * The end of a job is told by `finish`, and announced by the engine.
 */
import type { FailureReport } from "../../core/errors.ts";
import type { Announcement, Outcome, StageSummary } from "../../core/events.ts";
import { NO_GRANTS } from "../../core/grants.ts";
import { commandsOf } from "../../core/plan/ops.ts";
import type { StagePlan } from "../../core/plan/stages.ts";
import { type JobId, NO_METRICS, type TaskMetrics, type TaskResult } from "../../core/task.ts";
import type { MapSide } from "./map_sides.ts";
import type { Stimulus } from "./stimulus.ts";
import type { Attempt, TaskSet } from "./task_set.ts";

const TOO_LATE: Outcome = {
  ok: false,
  failure: { name: "CancelledError", message: "it was not waited for any more" },
};

export class Announcements {
  readonly #announce: (event: Announcement) => void;
  /** The stages whose start has been announced, and their end has not. */
  readonly #begun = new WeakSet<TaskSet>();

  constructor(announce: (event: Announcement) => void) {
    this.#announce = announce;
  }

  /** Call it when it is known which of the map sides have to run for the job. */
  jobStarted(
    { job, name, stages, properties = {} }: Extract<Stimulus, { kind: "jobSubmitted" }>,
    sides: readonly MapSide[],
  ): void {
    const earlier = sides.map(({ plan, tasks, outputs }) => {
      const skipped = tasks?.waitingJobs.includes(job) !== true;
      const cached = skipped && !outputs.isComplete;
      return { ...summaryOf(plan, skipped), ...(cached ? { cached } : {}) };
    });
    const all = [...earlier, summaryOf(stages.at(-1)!, false)];
    this.#announce({ type: "job.started", job, name, stages: all, properties });
  }

  /** Says what the stage does, and what it may; unless that has been said. */
  stageStarted(tasks: TaskSet, job: JobId): void {
    if (this.#begun.has(tasks)) return;
    this.#begun.add(tasks);
    const { id: stage, name, chains, grants = NO_GRANTS } = tasks.plan.stage;
    const programs = [...new Set(commandsOf(chains).map(({ argv: [program] }) => program))];
    const event = { stage, name, tasks: tasks.unfinished, grants, programs };
    this.#announce({ type: "stage.started", job, ...event });
  }

  /** Of a stage that has not started nothing is said. */
  stageEnded(tasks: TaskSet, job: JobId, outcome: Outcome): void {
    if (!this.#begun.delete(tasks)) return;
    this.#announce({ type: "stage.ended", job, stage: tasks.id, outcome });
  }

  taskStarted({ job, task, executor }: Attempt): void {
    this.#announce({ type: "task.started", job, task, executor });
  }

  /** `isCurrent`: the attempt still counted. */
  taskEnded(attempt: Attempt, result: TaskResult, isCurrent: boolean): void {
    const outcome = outcomeOf(result);
    this.#taskEnded(attempt, result.metrics, outcome.ok && !isCurrent ? TOO_LATE : outcome);
  }

  /** The executor of the attempt is gone, which has measured nothing. */
  taskLost(attempt: Attempt, reason: string, nowMs: number, isCurrent: boolean): void {
    const metrics = { ...NO_METRICS, durationMs: nowMs - attempt.startedAtMs };
    const failure: FailureReport = { name: "ExecutorLost", message: reason };
    this.#taskEnded(attempt, metrics, isCurrent ? { ok: false, failure } : TOO_LATE);
  }

  #taskEnded({ job, task }: Attempt, metrics: TaskMetrics, outcome: Outcome): void {
    this.#announce({ type: "task.ended", job, task, metrics, outcome });
    const denied = outcome.ok ? undefined : denialOf(outcome.failure);
    if (denied !== undefined) this.#announce({ type: "permission.denied", job, task, ...denied });
  }
}

function summaryOf({ stage, flows }: StagePlan, skipped: boolean): StageSummary {
  return { stage: stage.id, name: stage.name, tasks: flows.size, skipped };
}

/** What a task was denied, if that is why it failed: the worker has found it (task_failure.ts). */
function denialOf(
  { code, fields }: FailureReport,
): { permission: string; value: string } | undefined {
  if (code !== "PermissionDenied" || fields?.permission === undefined) return undefined;
  return { permission: String(fields.permission), value: String(fields.value ?? "") };
}

function outcomeOf(result: TaskResult): Outcome {
  switch (result.kind) {
    case "value":
    case "written":
      return { ok: true };
    case "inputLost":
    case "keptLost":
      return { ok: false, failure: { name: "InputLost", message: result.detail } };
    case "failed":
      return { ok: false, failure: result.failure };
    case "killed":
      return { ok: false, failure: { name: "CancelledError", message: result.reason } };
  }
}
