/**
 * Which jobs run, what each of them waits for, and how they end.
 *
 *     job ──► tasks of its action ──► tasks whose output is missing ──► … ──► tasks that are ready
 *
 * A job waits for its action, and from there back to the first stages whose input is there; only these
 * can start. What no job waits for any more is given up.
 */
import type { FailureReport } from "../../core/errors.ts";
import type { Outcome } from "../../core/events.ts";
import type { JobId } from "../../core/task.ts";
import { poolOf } from "../job_properties.ts";
import type { Announcements } from "./announcements.ts";
import { drawnFailure } from "./failures.ts";
import type { Holdings } from "./holdings.ts";
import type { MapSide } from "./map_sides.ts";
import type { Seats } from "./placement.ts";
import type { Instruction, Stimulus } from "./stimulus.ts";
import { type Attempt, type Limits, TaskSet } from "./task_set.ts";

type RunningJob = Readonly<{
  id: JobId;
  pool: string;
  /** The action's stage. */
  result: TaskSet;
  /** All exchanges of its lineage, whether they have to run or not. */
  sides: readonly MapSide[];
}>;

/** What the jobs look at, and whom they tell. */
export type RunningJobsParts = Readonly<{
  limits: Limits;
  holdings: Holdings;
  seats: Seats<Attempt>;
  announce: Announcements;
  say: (instruction: Instruction) => void;
}>;

const NOT_NEEDED: FailureReport = { name: "CancelledError", message: "no job waits for it" };

export class RunningJobs {
  readonly #parts: RunningJobsParts;
  /** In the order in which they came, which is the order in which they are served. */
  readonly #jobs = new Map<JobId, RunningJob>();
  #ready: readonly TaskSet[] = [];
  /** What is ready may have changed. */
  #isStale = false;

  constructor(parts: RunningJobsParts) {
    this.#parts = parts;
  }

  /** The tasks whose input is complete, in the order in which they are served, as of the last survey. */
  get ready(): readonly TaskSet[] {
    return this.#ready;
  }

  poolOf(job: JobId): string {
    return this.#jobs.get(job)!.pool;
  }

  /** Whether these are the tasks of the job's action. */
  isAction(job: JobId, tasks: TaskSet): boolean {
    return this.#jobs.get(job)?.result === tasks;
  }

  start(submitted: Extract<Stimulus, { kind: "jobSubmitted" }>): void {
    const { holdings, limits, announce } = this.#parts;
    const { job: id, stages, properties = {} } = submitted;
    const sides = holdings.join(id, stages);
    const last = stages.at(-1)!;
    const result = new TaskSet(last, [...last.flows.keys()], limits);
    this.#jobs.set(id, { id, pool: poolOf(properties), result, sides });
    this.#isStale = true;
    this.survey();
    announce.jobStarted(submitted, sides);
    if (result.unfinished === 0) this.end(id, { ok: true });
  }

  /** The last word on a job, if it runs. What only it needed is given up. */
  end(id: JobId, outcome: Outcome): void {
    const { holdings, say } = this.#parts;
    const job = this.#jobs.get(id);
    if (job === undefined) return;
    this.#jobs.delete(id);
    this.#isStale = true;
    this.#close(job.result, id, outcome);
    for (const side of job.sides) {
      side.jobs.delete(id);
      if (side.jobs.size > 0) continue;
      if (side.tasks !== undefined) this.#close(side.tasks, id, outcome);
      holdings.rest(side);
    }
    say({ kind: "finish", job: id, outcome });
  }

  /** Every job fails that waits for a stage which cannot be finished. */
  failStage(tasks: TaskSet, failure: FailureReport): void {
    this.#fail(tasks.waitingJobs, failure);
  }

  failAll(failure: FailureReport): void {
    this.#fail([...this.#jobs.keys()], failure);
  }

  /** What was written is of no use: every job that could read it fails, and it goes with them. */
  refuse(side: MapSide, failure: FailureReport): void {
    side.isForgotten = true;
    this.#fail([...side.jobs], failure);
  }

  /** As `Holdings.rollBack`: who has given results of what is gone cannot go on. */
  rollBack(lost: MapSide): void {
    const jobs = [...this.#jobs.values()];
    const hopeless = this.#parts.holdings.rollBack(lost, jobs.map(({ result }) => result));
    const failed = jobs.filter(({ result }) => hopeless.has(result)).map(({ id }) => id);
    this.#fail(failed, drawnFailure(lost.plan.stage));
  }

  /** What is there, or what has to run, may have changed. */
  changed(): void {
    this.#isStale = true;
  }

  /** Finds what each job waits for, and gives up what none waits for any more, if that may be new. */
  survey(): void {
    if (!this.#isStale) return;
    this.#isStale = false;
    const { holdings, announce } = this.#parts;
    for (const { tasks } of holdings.sides) {
      if (tasks !== undefined) tasks.waitingJobs = [];
    }
    const ready = new Set<TaskSet>();
    for (const { result } of this.#jobs.values()) result.waitingJobs = [];
    for (const job of this.#jobs.values()) {
      const awaited = holdings.awaited(job.result);
      for (const tasks of awaited.all) tasks.waitingJobs.push(job.id);
      for (const tasks of awaited.ready) ready.add(tasks);
    }
    this.#ready = [...ready];
    for (const { tasks, jobs: [job] } of holdings.sides) {
      if (tasks === undefined || job === undefined || tasks.waitingJobs.length > 0) continue;
      holdings.giveUp(tasks.abandon(), NOT_NEEDED.message);
      announce.stageEnded(tasks, job, { ok: false, failure: NOT_NEEDED });
    }
  }

  #fail(jobs: readonly JobId[], failure: FailureReport): void {
    for (const job of jobs) this.end(job, { ok: false, failure });
  }

  #close(tasks: TaskSet, job: JobId, outcome: Outcome): void {
    const { holdings, seats, announce, say } = this.#parts;
    holdings.giveUp(tasks.abandon(), "the job has ended");
    announce.stageEnded(tasks, job, outcome);
    for (const seat of seats) {
      if (!seat.prepared.delete(tasks.id)) continue;
      say({ kind: "release", executor: seat.id, stage: tasks.id });
    }
  }
}
