/**
 * Which executor is next: the idlest; among equals one that has the stage already, then the one that
 * has waited longest.
 *
 * A task that is suspected of having ended its executor runs alone: on an executor where nothing else
 * runs, and where nothing is added while it does. If none is free, the one with the fewest tasks is
 * kept free of new ones until it is.
 */
import type { ExecutorId, StageId, Task } from "../../core/task.ts";

/** An executor as the scheduler sees it; `A` is what it knows of a running attempt. */
export class Seat<A> {
  readonly id: ExecutorId;
  readonly slots: number;
  /** What runs there, also what was cancelled and has not ended yet. By `taskKey`. */
  readonly running = new Map<string, A>();
  /** Which stages have been prepared there, with which version of their locations. */
  readonly prepared = new Map<StageId, string>();
  /** A task runs there that must be alone. */
  isExclusive = false;
  /** It holds so much memory that nothing new may start there. */
  isPaused = false;
  /** The number of the last launch there, to tell who has waited longest. */
  lastLaunch = 0;

  constructor(id: ExecutorId, slots: number) {
    this.id = id;
    this.slots = slots;
  }

  get hasRoom(): boolean {
    return !this.isExclusive && !this.isPaused && this.running.size < this.slots;
  }
}

/** Tells attempts apart, over all stages. */
export function taskKey(task: Task): string {
  return `${task.stage}/${task.partition}/${task.attempt}`;
}

/** The executors that are there. */
export class Seats<A> {
  readonly #seats = new Map<ExecutorId, Seat<A>>();
  readonly #reserved = new Set<ExecutorId>();
  #launches = 0;

  get size(): number {
    return this.#seats.size;
  }

  /** How many slots nothing else can start in, everywhere. */
  get slotsTaken(): number {
    let sum = 0;
    for (const { isExclusive, isPaused, slots, running } of this.#seats.values()) {
      sum += isExclusive || isPaused ? slots : running.size;
    }
    return sum;
  }

  /** How many tasks could start now, everywhere. */
  get slotsFree(): number {
    return this.open.reduce((sum, { slots, running }) => sum + slots - running.size, 0);
  }

  /** How many slots there are, taken or not. */
  get slots(): number {
    return this.#seats.values().reduce((sum, { slots }) => sum + slots, 0);
  }

  add(id: ExecutorId, slots: number): void {
    this.#seats.set(id, new Seat(id, slots));
  }

  get(id: ExecutorId): Seat<A> | undefined {
    return this.#seats.get(id);
  }

  /** Takes an executor away, and returns it as it was. */
  remove(id: ExecutorId): Seat<A> | undefined {
    const seat = this.#seats.get(id);
    this.#seats.delete(id);
    return seat;
  }

  [Symbol.iterator](): IterableIterator<Seat<A>> {
    return this.#seats.values();
  }

  /** Begins a round of launches: what was kept free in the last one is looked at anew. */
  beginRound(): void {
    this.#reserved.clear();
  }

  /** Where a task may start now. */
  get open(): readonly Seat<A>[] {
    return [...this].filter((seat) => seat.hasRoom && !this.#reserved.has(seat.id));
  }

  /** Where a task of the stage had best start now, but not on `except`. */
  free(stage: StageId, except?: ExecutorId): Seat<A> | undefined {
    return this.#best(stage, this.open.filter(({ id }) => id !== except));
  }

  /** The same for a task that must be alone; keeps an executor free for it if there is none. */
  freeAlone(stage: StageId): Seat<A> | undefined {
    const open = [...this].filter((seat) =>
      !seat.isExclusive && !seat.isPaused && !this.#reserved.has(seat.id)
    );
    const best = this.#best(stage, open);
    if (best === undefined || best.running.size === 0) return best;
    this.#reserved.add(best.id);
    return undefined;
  }

  /** Takes a slot; returns how many launches there were before, anywhere. */
  launch(seat: Seat<A>, task: Task, attempt: A, alone: boolean): number {
    seat.running.set(taskKey(task), attempt);
    seat.isExclusive = alone;
    seat.lastLaunch = ++this.#launches;
    return this.#launches - 1;
  }

  /** Frees the slot of a task that ended; undefined if it does not run there. */
  end(executor: ExecutorId, task: Task): A | undefined {
    const seat = this.#seats.get(executor);
    const attempt = seat?.running.get(taskKey(task));
    if (seat === undefined || attempt === undefined) return undefined;
    seat.running.delete(taskKey(task));
    seat.isExclusive = false;
    return attempt;
  }

  #best(stage: StageId, seats: readonly Seat<A>[]): Seat<A> | undefined {
    let best: Seat<A> | undefined;
    for (const seat of seats) {
      if (best === undefined || precedes(stage, seat, best)) best = seat;
    }
    return best;
  }
}

function precedes<A>(stage: StageId, a: Seat<A>, b: Seat<A>): boolean {
  if (a.running.size !== b.running.size) return a.running.size < b.running.size;
  const [aReady, bReady] = [a.prepared.has(stage), b.prepared.has(stage)];
  return aReady === bReady ? a.lastLaunch < b.lastLaunch : aReady;
}
