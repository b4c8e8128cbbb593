/**
 * How many executors there should be, and what it means when they do not start.
 *
 * They are asked for as there is work for them. So many failed starts in a row that it will not get
 * better end the asking, until one starts or a new job comes.
 */
import type { FailureReport } from "../../core/errors.ts";
import { startFailure } from "./failures.ts";
import type { Seats } from "./placement.ts";
import type { Attempt, TaskSet } from "./task_set.ts";

/** How many of what there may be. */
export type RecruitingLimits = Readonly<{
  executors: number;
  slotsPerExecutor: number;
  /** Failed starts in a row. */
  startFailures: number;
}>;

export class Recruiting {
  readonly #limits: RecruitingLimits;
  readonly #seats: Seats<Attempt>;
  /** Executors that are there or on their way. */
  #recruited = 0;
  #startFailures = 0;
  /** Why the last one did not start. */
  #reason = "";

  constructor(limits: RecruitingLimits, seats: Seats<Attempt>) {
    this.#limits = limits;
    this.#seats = seats;
  }

  /** No more executors will start. */
  get hasGivenUp(): boolean {
    return this.#startFailures >= this.#limits.startFailures;
  }

  /** What to say of it. */
  get failure(): FailureReport {
    return startFailure(this.#startFailures, this.#reason);
  }

  /** Starts may succeed from now on. */
  takeHeart(): void {
    this.#startFailures = 0;
  }

  /** An executor has taken its seat. */
  started(): void {
    this.#startFailures = 0;
    this.#recruited = Math.max(this.#recruited, this.#seats.size);
  }

  /** One that was asked for will not come. */
  startFailed(reason: string): void {
    this.#startFailures++;
    this.#reason = reason;
    this.lost();
  }

  /** There is one less, whether it had a seat or was on its way. */
  lost(): void {
    this.#recruited = Math.max(this.#seats.size, this.#recruited - 1);
  }

  /** How many there should be for the stages that are ready; undefined: no more than so far. */
  wanted(ready: readonly TaskSet[]): number | undefined {
    if (this.hasGivenUp && this.#seats.size > 0) return undefined;
    let slots = this.#seats.slotsTaken;
    let apart = 0;
    let executorsMin = 0;
    for (const tasks of ready) {
      slots += tasks.waiting - tasks.suspects;
      apart += tasks.suspects;
      slots += tasks.late.length;
      // A rival runs on another executor than the one that is late.
      if (tasks.late.length > 0) executorsMin = 2;
    }
    const { executors, slotsPerExecutor } = this.#limits;
    const wanted = Math.min(
      executors,
      Math.max(executorsMin, Math.ceil(slots / slotsPerExecutor) + apart),
    );
    if (wanted <= this.#recruited) return undefined;
    return this.#recruited = wanted;
  }
}
