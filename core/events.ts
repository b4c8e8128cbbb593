/**
 * All that eyes ever see: the progress bar, `--verbose`, listeners and the status tracker read these
 * and nothing else. No decision reads one. The dotted names are in the past tense.
 */
import type { FailureReport } from "./errors.ts";
import type { Grants } from "./grants.ts";
import type { ExecutorId, JobId, StageId, Task, TaskMetrics } from "./task.ts";

/** How a job, a stage or a task ended. */
export type Outcome = Readonly<{ ok: true }> | Readonly<{ ok: false; failure: FailureReport }>;

/** A stage of a job, as it is announced when the job starts. */
export type StageSummary = Readonly<{
  stage: StageId;
  name: string;
  tasks: number;
  /** The output is there already from an earlier job, or nobody needs it; the stage will not run. */
  skipped: boolean;
  /** It is skipped because what would be made of it is kept: its dataset or one above is persisted. */
  cached?: boolean;
}>;

/** Something that has happened; `atMs` is the time since the epoch. */
export type Event = Readonly<
  & { atMs: number }
  & (
    | {
      type: "job.started";
      job: JobId;
      name: string;
      stages: readonly StageSummary[];
      /** Group, tags, pool and other local properties. */
      properties: Readonly<Record<string, string>>;
    }
    | { type: "job.ended"; job: JobId; outcome: Outcome }
    | {
      type: "stage.started";
      job: JobId;
      stage: StageId;
      name: string;
      tasks: number;
      /** What its functions may do beyond the application's folder. */
      grants: Grants;
      /** The programs that `pipe` runs for it, beside its functions. */
      programs: readonly string[];
    }
    | { type: "stage.ended"; job: JobId; stage: StageId; outcome: Outcome }
    | { type: "task.started"; job: JobId; task: Task; executor: ExecutorId }
    | { type: "task.ended"; job: JobId; task: Task; metrics: TaskMetrics; outcome: Outcome }
    /**
     * A task has failed because its stage was not granted what a function tried: `value` of Deno's
     * `permission`, such as "127.0.0.1:80" of "net"; "" where there is none. A symbolic link takes
     * "read write" as a whole; "all" is granted to no task.
     */
    | { type: "permission.denied"; job: JobId; task: Task; permission: string; value: string }
    /** A task has counted for an accumulator that has a name; `value`: its value now, as a short text. */
    | { type: "accumulator.updated"; job: JobId; stage: StageId; name: string; value: string }
    | { type: "executor.started"; executor: ExecutorId; slots: number; memoryBytesMax: number }
    | { type: "executor.lost"; executor: ExecutorId; reason: string }
    /** What a task printed; announced before the line is written. */
    | { type: "executor.printed"; executor: ExecutorId; line: string }
    | { type: "warning"; message: string }
  )
>;

/** Omits over a union, member by member. */
export type WithoutTime<E> = E extends unknown ? Omit<E, "atMs"> : never;
/** An event as it is announced; the bus adds the time. */
export type Announcement = WithoutTime<Event>;

/** Hears of every event as it happens. */
export type Listener = (event: Event) => void;

/** Hands every event to every listener, in order, at once. A listener that throws harms nobody. */
export class EventBus {
  readonly #listeners = new Set<Listener>();
  readonly #now: () => number;

  /** `now` gives the time in milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Tells every listener, at once. */
  emit(event: Announcement): void {
    const stamped = { ...event, atMs: this.#now() } as Event;
    for (const listener of this.#listeners) {
      try {
        listener(stamped);
      } catch { /* eyes must not be able to break the run */ }
    }
  }

  /** Dispose what it returns to stop listening. */
  subscribe(listener: Listener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }
}
