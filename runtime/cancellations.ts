/**
 * Who can be cancelled: every action, from its call on.
 *
 * An action that waits for its sources to be looked at, or that runs one job after another as
 * `take` does, is as much there as one whose tasks run. So it is the action that is cancelled, and
 * with it every job that it runs or would run. It is known for as long as somebody holds it.
 */
import { CancelledError } from "../core/errors.ts";
import type { JobId } from "../core/task.ts";
import { CallSite } from "./call_site.ts";
import type { JobProperties } from "./job_properties.ts";

/** An action that can be cancelled. */
export type Cancellable = Readonly<{
  /** What people see: `collect at job.ts:12:4`. */
  name: string;
  properties: JobProperties;
  controller: AbortController;
}>;

/** The actions of a context. */
export class Cancellations {
  readonly #known = new Set<WeakRef<Cancellable>>();
  readonly #gone = new FinalizationRegistry<WeakRef<Cancellable>>((ref) => this.#known.delete(ref));
  readonly #jobs = new Map<JobId, Cancellable>();

  /** An action that has just been called. */
  add(name: string, properties: JobProperties): Cancellable {
    const action = { name, properties, controller: new AbortController() };
    const ref = new WeakRef(action);
    this.#known.add(ref);
    this.#gone.register(action, ref);
    return action;
  }

  /** The action runs a job, until the result is disposed. */
  running(job: JobId, action: Cancellable): Disposable {
    this.#jobs.set(job, action);
    return { [Symbol.dispose]: () => void this.#jobs.delete(job) };
  }

  /** Cancels the action that runs a job; where none does, nothing. `act`: `cancelJob(3)`. */
  cancelJob(job: JobId, act: string, reason?: string): void {
    const wanted = this.#jobs.get(job);
    this.#cancel((action) => action === wanted, act, reason);
  }

  /** Cancels the actions that have such properties. `act`: `cancelJobGroup("nightly")`. */
  cancel(concerns: (properties: JobProperties) => boolean, act: string, reason?: string): void {
    this.#cancel(({ properties }) => concerns(properties), act, reason);
  }

  /** Ends all of these actions, each with an error of its own. */
  abort(concerns: (action: Cancellable) => boolean, error: (action: Cancellable) => Error): void {
    for (const ref of [...this.#known]) {
      const action = ref.deref();
      if (action !== undefined && concerns(action)) action.controller.abort(error(action));
    }
  }

  #cancel(concerns: (action: Cancellable) => boolean, act: string, reason?: string): void {
    const site = new CallSite(`sc.${act}`);
    const why = reason === undefined ? "" : `: ${reason}`;
    this.abort(
      concerns,
      ({ name }) => new CancelledError("Cancelled", `${name} was cancelled by ${site.text}${why}`),
    );
  }
}
