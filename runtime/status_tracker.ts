/**
 * What runs, what has run, and how far it has come: figures for programs that watch themselves.
 *
 * Put together from events alone, so that it shows what has happened and decides nothing. Of what has
 * ended it remembers the last jobs and stages, `spark.ui.retainedJobs` and `retainedStages` of them.
 */
import type { Event, EventBus } from "../core/events.ts";
import type { ExecutorId, JobId, StageId } from "../core/task.ts";
import { groupOf, type JobProperties, tagsOf } from "./job_properties.ts";

/** How a job stands. `UNKNOWN` is Spark's word for what cannot be told; here it can. */
export type JobStatus = "RUNNING" | "SUCCEEDED" | "FAILED" | "UNKNOWN";

/** What is known of a job. */
export type SparkJobInfo = Readonly<{
  jobId: JobId;
  /** Its stages, those included whose output was there already. */
  stageIds: readonly StageId[];
  status: JobStatus;
}>;

/** What is known of a stage. */
export type SparkStageInfo = Readonly<{
  stageId: StageId;
  /** How often it had to be started again, because output that was lost is made anew. */
  currentAttemptId: number;
  /** The operator that made its last dataset, and where: `map at job.ts:3:4`. */
  name: string;
  /** The tasks of this attempt; of a stage whose output was there already, those that made it. */
  numTasks: number;
  /** Tasks that run now. */
  numActiveTasks: number;
  /** Tasks that have done their work. */
  numCompletedTasks: number;
  /** Attempts at tasks that failed; those that were cancelled do not count. */
  numFailedTasks: number;
}>;

/** What is known of an executor that is there. */
export type SparkExecutorInfo = Readonly<{
  executorId: ExecutorId;
  /** The machine that it runs on: of a local master always `localhost`. */
  host: string;
  /** How many tasks it can run at once. */
  slots: number;
  /** Tasks that run there now. */
  numRunningTasks: number;
  /** It is killed when it holds more, in bytes. */
  memoryBytesMax: number;
}>;

type Job = { readonly stageIds: readonly StageId[]; readonly properties: JobProperties } & {
  status: JobStatus;
};
type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Stage = {
  readonly info: Mutable<SparkStageInfo>;
  /** The running jobs that it is part of. */
  readonly jobs: Set<JobId>;
  starts: number;
  isActive: boolean;
};

/** How much is remembered of what has ended. */
export type Retention = Readonly<{ jobs: number; stages: number }>;

/**
 * Watches the jobs, stages and executors of a context; PySpark's `StatusTracker`. What it answers is a
 * copy of the moment. Comes from {@linkcode SparkContext.statusTracker}.
 *
 * @example
 * ```ts
 * import { SparkContext } from "@flint/flint";
 * import assert from "node:assert/strict";
 *
 * await using sc = new SparkContext({ master: "local[2]" });
 * const tracker = sc.statusTracker();
 * await sc.withJobGroup("nightly", () => sc.range(10, { partitions: 2 }).count());
 * const [id] = tracker.getJobIdsForGroup("nightly");
 * assert.equal(tracker.getJobInfo(id!)?.status, "SUCCEEDED");
 * ```
 */
export class StatusTracker {
  readonly #retained: Retention;
  readonly #jobs = new Map<JobId, Job>();
  readonly #stages = new Map<StageId, Stage>();
  readonly #executors = new Map<ExecutorId, Mutable<SparkExecutorInfo>>();
  /** Where the tasks that run now are. */
  readonly #places = new Map<string, ExecutorId>();

  /** Listens to the bus from now on; made by the context. */
  constructor(events: EventBus, retained: Retention) {
    this.#retained = retained;
    events.subscribe((event) => this.#hear(event));
  }

  /** The numbers of the jobs that run now. */
  getActiveJobsIds(): JobId[] {
    return this.#jobIds((job) => job.status === "RUNNING");
  }

  /** The numbers of the stages that run now. */
  getActiveStageIds(): StageId[] {
    return [...this.#stages].filter(([, stage]) => stage.isActive).map(([id]) => id);
  }

  /** The executors that are there now. */
  getExecutorInfos(): SparkExecutorInfo[] {
    return [...this.#executors.values()].map((info) => ({ ...info }));
  }

  /** The jobs of a group, ended ones too; without a group, those that have none. */
  getJobIdsForGroup(group?: string | null): JobId[] {
    return this.#jobIds((job) => groupOf(job.properties) === (group ?? undefined));
  }

  /** The jobs with a tag, ended ones too. */
  getJobIdsForTag(tag: string): JobId[] {
    return this.#jobIds((job) => tagsOf(job.properties).includes(tag));
  }

  /** How a job stands; undefined where it is not known or not remembered. */
  getJobInfo(jobId: JobId): SparkJobInfo | undefined {
    const job = this.#jobs.get(jobId);
    return job && { jobId, stageIds: job.stageIds, status: job.status };
  }

  /** How a stage stands; undefined where it is not known or not remembered. */
  getStageInfo(stageId: StageId): SparkStageInfo | undefined {
    const stage = this.#stages.get(stageId);
    return stage && { ...stage.info };
  }

  #jobIds(wanted: (job: Job) => boolean): JobId[] {
    return [...this.#jobs].filter(([, job]) => wanted(job)).map(([id]) => id);
  }

  #hear(event: Event): void {
    switch (event.type) {
      case "job.started":
        return this.#jobStarted(event);
      case "job.ended":
        return this.#jobEnded(event);
      case "stage.started":
        return this.#stageStarted(event);
      case "stage.ended": {
        const stage = this.#stages.get(event.stage);
        if (stage !== undefined) stage.isActive = false;
        return;
      }
      case "task.started":
        return this.#taskStarted(event);
      case "task.ended":
        return this.#taskEnded(event);
      case "executor.started": {
        const { executor: executorId, slots, memoryBytesMax } = event;
        const info = { executorId, host: "localhost", slots, numRunningTasks: 0, memoryBytesMax };
        return void this.#executors.set(executorId, info);
      }
      case "executor.lost":
        return void this.#executors.delete(event.executor);
      case "permission.denied":
      case "accumulator.updated":
      case "executor.printed":
      case "warning":
        return;
    }
  }

  #jobStarted({ job, stages, properties }: Extract<Event, { type: "job.started" }>): void {
    const stageIds = stages.map(({ stage }) => stage);
    this.#jobs.set(job, { stageIds, properties, status: "RUNNING" });
    for (const { stage, name, tasks } of stages) {
      let known = this.#stages.get(stage);
      if (known === undefined) {
        const info = {
          stageId: stage,
          currentAttemptId: 0,
          name,
          numTasks: tasks,
          numActiveTasks: 0,
          numCompletedTasks: 0,
          numFailedTasks: 0,
        };
        this.#stages.set(stage, known = { info, jobs: new Set(), starts: 0, isActive: false });
      }
      known.jobs.add(job);
    }
  }

  #jobEnded({ job: id, outcome }: Extract<Event, { type: "job.ended" }>): void {
    const job = this.#jobs.get(id);
    if (job === undefined) return;
    job.status = outcome.ok ? "SUCCEEDED" : "FAILED";
    for (const stage of job.stageIds) this.#stages.get(stage)?.jobs.delete(id);
    forgetOldest(this.#jobs, this.#retained.jobs, (job) => job.status !== "RUNNING");
    forgetOldest(this.#stages, this.#retained.stages, (stage) => stage.jobs.size === 0);
  }

  #stageStarted({ stage, tasks }: Extract<Event, { type: "stage.started" }>): void {
    const known = this.#stages.get(stage);
    if (known === undefined) return;
    known.isActive = true;
    Object.assign(known.info, {
      currentAttemptId: known.starts++,
      numTasks: tasks,
      numCompletedTasks: 0,
      numFailedTasks: 0,
    });
  }

  #taskStarted({ task, executor }: Extract<Event, { type: "task.started" }>): void {
    const stage = this.#stages.get(task.stage);
    if (stage !== undefined) stage.info.numActiveTasks++;
    this.#places.set(`${task.stage}/${task.partition}/${task.attempt}`, executor);
    const there = this.#executors.get(executor);
    if (there !== undefined) there.numRunningTasks++;
  }

  #taskEnded({ task, outcome }: Extract<Event, { type: "task.ended" }>): void {
    const key = `${task.stage}/${task.partition}/${task.attempt}`;
    const executor = this.#executors.get(this.#places.get(key) ?? -1);
    this.#places.delete(key);
    if (executor !== undefined) executor.numRunningTasks--;
    const info = this.#stages.get(task.stage)?.info;
    if (info === undefined) return;
    info.numActiveTasks--;
    if (outcome.ok) info.numCompletedTasks++;
    else if (outcome.failure.name !== "CancelledError") info.numFailedTasks++;
  }
}

/** Of what may be forgotten, the oldest goes until no more than `most` are left. */
function forgetOldest<K, V>(all: Map<K, V>, most: number, mayGo: (value: V) => boolean): void {
  let tooMany = all.size - most;
  for (const [key, value] of all) {
    if (tooMany <= 0) return;
    if (!mayGo(value)) continue;
    all.delete(key);
    tooMany--;
  }
}
