/**
 * Who may hold memory: ask before you hold.
 *
 * What grows with the data (a table, a sorter, buffered blocks) reserves first. Told no, it spills
 * *itself* and asks again; there are no callbacks, so there is no deadlock and a stack trace reads
 * from top to bottom. What is in flight and small (one batch, one block) does not ask: it is the
 * headroom between the budget and the kill limit of the executor.
 *
 * One task can have several holders at once, the table that it reads from, those that it exchanges
 * in place with and the one that it fills, and the first cannot be told to give back when the others
 * start. But how many there will be is known when the task begins. So half of the budget is theirs
 * for certain, in equal parts, and the other half goes to whoever comes first: spilling oneself is
 * always enough.
 *
 *     | 1/2n | 1/2n | … | 1/2n |          first come          |       n holders
 *
 * While the resident memory of the executor is near its limit (workers/memory_levels.ts), whoever
 * holds much already is told no earlier, and spills: that frees what is counted here, whatever it is
 * that is not. No is said once, so that nothing fails that would not fail otherwise.
 *
 * A holder may have several reservations. None of them takes all: one gets at most three quarters of
 * what the others of its holder leave.
 */
import { assert, MemoryError } from "../core/errors.ts";

/** The part of what the others have left that one reservation may have. */
const SHARE_MAX = 3 / 4;
/** What a budget has to have for each holder, so that all of them can sort and merge. */
export const HOLDER_BYTES_MIN = 64 * 1024;

/** Of its share, what a reservation may have while the process holds too much. */
const PRESSED_SHARE = 1 / 4;

/** A part of the budget that is held. Disposing it gives everything back. */
export interface Reservation extends Disposable {
  readonly name: string;
  readonly bytes: number;
  /** Asks for `bytes` more. False: nothing was granted; spill what you hold, then ask again. */
  tryGrow(bytes: number): boolean;
  /** Gives `bytes` back. */
  shrink(bytes: number): void;
}

/** Where a holder asks for memory. */
export interface Budget {
  /** All of the task's memory, of which this holder gets a part. */
  readonly bytesMax: number;
  /** What all holders have. */
  readonly bytesReserved: number;
  /** A reservation of nothing, to be grown. `name` says what it is for, for messages. */
  reserve(name: string): Reservation;
}

/** What the holders of one budget share. */
type Shared = {
  readonly bytesMax: number;
  /** How many holders there will be at the same time. */
  expected: number;
  reserved: number;
  peak: number;
  /** Those that have reservations. */
  holders: Holder[];
  /** Counts whatever changes; with the count of a holder it tells whether the others have changed. */
  changes: number;
  /** Whether the process holds so much that all should spill early. */
  readonly isPressed: () => boolean;
};

/** The memory of one worker slot, in bytes: `flint.worker.memory`. */
export class MemoryBudget implements Budget {
  readonly #shared: Shared;
  readonly #own: Holder;

  /** `isPressed`: the process holds too much, whoever does; looked at whenever somebody asks. */
  constructor(bytesMax: number, isPressed: () => boolean = () => false) {
    const nothing = { expected: 1, reserved: 0, peak: 0, holders: [], changes: 0 };
    this.#shared = { bytesMax, ...nothing, isPressed };
    this.#own = new Holder(this.#shared, true);
  }

  get bytesMax(): number {
    return this.#shared.bytesMax;
  }

  /** The most that a reservation could have if it were the only one. */
  get bytesPerHolderMax(): number {
    return Math.floor(this.bytesMax * SHARE_MAX);
  }

  get bytesReserved(): number {
    return this.#shared.reserved;
  }

  /** The most that was ever reserved at one moment since the last `resetPeak`. */
  get bytesPeak(): number {
    return this.#shared.peak;
  }

  resetPeak(): void {
    this.#shared.peak = this.#shared.reserved;
  }

  /**
   * Says how many holders there will be at the same time: 1 by default. Throws a MemoryError
   * OverBudget where they are too many for the budget.
   */
  expect(holders: number): void {
    const least = holders * HOLDER_BYTES_MIN;
    if (this.bytesMax < least && holders > 1) {
      throw new MemoryError(
        "OverBudget",
        `Cannot run a task in which ${holders} steps hold records at the same time in ` +
          `${this.bytesMax} bytes of memory`,
        `Raise flint.worker.memory to ${least / 1024}k or more`,
      );
    }
    this.#shared.expected = holders;
    this.#shared.changes++;
  }

  /**
   * One more holder. One that was not expected is no part of the reckoning: it gets what the others
   * leave, if they do, and has to do with nothing.
   */
  holder(isExpected = true): Budget {
    return new Holder(this.#shared, isExpected);
  }

  /** Without `holder`: all who reserve here are one. */
  reserve(name: string): Reservation {
    return this.#own.reserve(name);
  }
}

class Holder implements Budget {
  readonly isExpected: boolean;
  bytes = 0;
  readonly #shared: Shared;
  #reservations = 0;
  /** What the others claimed when last asked, and how often anything of theirs had changed by then. */
  #claimed = 0;
  #claimedAt = -1;
  #ownChanges = 0;

  constructor(shared: Shared, isExpected: boolean) {
    this.#shared = shared;
    this.isExpected = isExpected;
  }

  get bytesMax(): number {
    return this.#shared.bytesMax;
  }

  get bytesReserved(): number {
    return this.#shared.reserved;
  }

  reserve(name: string): Reservation {
    if (this.#reservations++ === 0) this.#shared.holders.push(this);
    this.#shared.changes++;
    return new HeldReservation(name, this);
  }

  get isPressed(): boolean {
    return this.#shared.isPressed();
  }

  /** A reservation was disposed. */
  end(): void {
    const shared = this.#shared;
    if (--this.#reservations === 0) {
      shared.holders = shared.holders.filter((other) => other !== this);
    }
    shared.changes++;
  }

  /** What its reservations may come to. */
  get bytesGranted(): number {
    const changesOfOthers = this.#shared.changes - this.#ownChanges;
    if (changesOfOthers !== this.#claimedAt) {
      this.#claimedAt = changesOfOthers;
      this.#claimed = this.#claimedByOthers();
    }
    return this.#shared.bytesMax - this.#claimed;
  }

  change(bytes: number): void {
    const shared = this.#shared;
    this.bytes += bytes;
    shared.reserved += bytes;
    if (shared.reserved > shared.peak) shared.peak = shared.reserved;
    assert(shared.reserved >= 0, "the memory budget gave back more than it had granted");
    shared.changes++;
    this.#ownChanges++;
  }

  /** What the others hold, or will be given for certain. */
  #claimedByOthers(): number {
    const { bytesMax, expected, holders } = this.#shared;
    const certain = expected === 0 ? 0 : bytesMax / (2 * expected);
    let claimed = 0;
    let awaited = expected - (this.isExpected ? 1 : 0);
    for (const other of holders) {
      if (other === this) continue;
      claimed += other.isExpected ? Math.max(other.bytes, certain) : other.bytes;
      if (other.isExpected) awaited--;
    }
    return claimed + Math.max(0, awaited) * certain;
  }
}

class HeldReservation implements Reservation {
  readonly name: string;
  bytes = 0;
  readonly #holder: Holder;
  #isOpen = true;
  /** It was told no for the sake of the process, and has not grown since. */
  #wasPressed = false;

  constructor(name: string, holder: Holder) {
    this.name = name;
    this.#holder = holder;
  }

  tryGrow(bytes: number): boolean {
    const holder = this.#holder;
    assert(this.#isOpen, "a reservation asked for memory after it was disposed");
    const leftByOthers = holder.bytesGranted - (holder.bytes - this.bytes);
    const share = leftByOthers * SHARE_MAX;
    if (this.bytes + bytes > share) return false;
    if (this.bytes > 0 && this.bytes + bytes > share * PRESSED_SHARE && this.#isPressed()) {
      return false;
    }
    this.#wasPressed = false;
    this.#change(bytes);
    return true;
  }

  shrink(bytes: number): void {
    if (bytes > this.bytes) {
      assert(false, `${this.name} shrank by ${bytes} bytes but holds ${this.bytes}`);
    }
    this.#change(-bytes);
  }

  [Symbol.dispose](): void {
    this.#change(-this.bytes);
    if (this.#isOpen) this.#holder.end();
    this.#isOpen = false;
  }

  /** Once: whoever asks again after it has spilled is told yes as ever, so nothing fails for it. */
  #isPressed(): boolean {
    return this.#wasPressed = !this.#wasPressed && this.#holder.isPressed;
  }

  #change(bytes: number): void {
    this.bytes += bytes;
    this.#holder.change(bytes);
  }
}
