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
 * A holder may have several reservations. None of them takes all: one gets at most three quarters of
 * what the others of its holder leave.
 */
import { assert, MemoryError } from "../core/errors.ts";

/** The part of what the others have left that one reservation may have. */
const SHARE_MAX = 3 / 4;
/** What a budget has to have for each holder, so that all of them can sort and merge. */
export const HOLDER_BYTES_MIN = 64 * 1024;

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

/** The memory of one worker slot, in bytes: `flint.worker.memory`. */
export class MemoryBudget implements Budget {
  readonly bytesMax: number;
  #reserved = 0;
  #peak = 0;
  #expected = 1;
  /** Those that have reservations. */
  #holders: Holder[] = [];
  readonly #own: Holder;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
    this.#own = this.#newHolder(true);
  }

  /** The most that a reservation could have if it were the only one. */
  get bytesPerHolderMax(): number {
    return Math.floor(this.bytesMax * SHARE_MAX);
  }

  get bytesReserved(): number {
    return this.#reserved;
  }

  /** The most that was ever reserved at one moment since the last `resetPeak`. */
  get bytesPeak(): number {
    return this.#peak;
  }

  resetPeak(): void {
    this.#peak = this.#reserved;
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
    this.#expected = holders;
  }

  /**
   * One more holder. One that was not expected is no part of the reckoning: it gets what the others
   * leave, if they do, and has to do with nothing.
   */
  holder(isExpected = true): Budget {
    return this.#newHolder(isExpected);
  }

  /** Without `holder`: all who reserve here are one. */
  reserve(name: string): Reservation {
    return this.#own.reserve(name);
  }

  #newHolder(isExpected: boolean): Holder {
    return new Holder(isExpected, {
      bytesMax: this.bytesMax,
      reserved: () => this.#reserved,
      others: (holder) => this.#claimedByOthers(holder),
      changed: (bytes) => {
        this.#reserved += bytes;
        this.#peak = Math.max(this.#peak, this.#reserved);
        assert(this.#reserved >= 0, "the memory budget gave back more than it had granted");
      },
      came: (holder) => void this.#holders.push(holder),
      went: (holder) => void (this.#holders = this.#holders.filter((other) => other !== holder)),
    });
  }

  /** What the others hold, or will be given for certain. */
  #claimedByOthers(holder: Holder): number {
    const certain = this.#expected === 0 ? 0 : this.bytesMax / (2 * this.#expected);
    const holders = this.#holders;
    let claimed = 0;
    let awaited = this.#expected - (holder.isExpected ? 1 : 0);
    for (let i = 0; i < holders.length; i++) {
      const other = holders[i]!;
      if (other === holder) continue;
      claimed += other.isExpected ? Math.max(other.bytes, certain) : other.bytes;
      if (other.isExpected) awaited--;
    }
    return claimed + Math.max(0, awaited) * certain;
  }
}

/** What a holder may know of its budget. */
type HolderHost = Readonly<{
  bytesMax: number;
  reserved: () => number;
  others: (holder: Holder) => number;
  changed: (bytes: number) => void;
  /** It has a reservation; it has none any more. */
  came: (holder: Holder) => void;
  went: (holder: Holder) => void;
}>;

class Holder implements Budget {
  readonly isExpected: boolean;
  bytes = 0;
  readonly #host: HolderHost;
  #reservations = 0;

  constructor(isExpected: boolean, host: HolderHost) {
    this.isExpected = isExpected;
    this.#host = host;
  }

  get bytesMax(): number {
    return this.#host.bytesMax;
  }

  get bytesReserved(): number {
    return this.#host.reserved();
  }

  reserve(name: string): Reservation {
    const host = this.#host;
    if (this.#reservations++ === 0) host.came(this);
    let held = 0;
    let isOpen = true;
    const change = (bytes: number) => {
      held += bytes;
      this.bytes += bytes;
      host.changed(bytes);
    };
    return {
      name,
      get bytes() {
        return held;
      },
      tryGrow: (bytes) => {
        assert(isOpen, `${name} asked for memory after it was disposed`);
        const forAll = host.bytesMax - host.others(this);
        if (held + bytes > (forAll - (this.bytes - held)) * SHARE_MAX) return false;
        change(bytes);
        return true;
      },
      shrink: (bytes) => {
        assert(bytes <= held, `${name} shrank by ${bytes} bytes but holds ${held}`);
        change(-bytes);
      },
      [Symbol.dispose]: () => {
        change(-held);
        if (isOpen && --this.#reservations === 0) host.went(this);
        isOpen = false;
      },
    };
  }
}
