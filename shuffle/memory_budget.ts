/**
 * Who may hold memory: ask before you hold.
 *
 * What grows with the data (a table, a sorter, buffered blocks) reserves first. Told no, it spills
 * *itself* and asks again; there are no callbacks, so there is no deadlock and a stack trace reads
 * from top to bottom. What is in flight and small (one batch, one block) does not ask: it is the
 * headroom between the budget and the kill limit of the executor.
 *
 * Nobody may take all of it. One task can have several holders at once, the table that it reads
 * from and the table that it fills, and the first cannot be told to give back when the second
 * starts. So a holder gets at most three quarters of what the others have left: there is always
 * something for the next one, and spilling oneself is always enough.
 *
 *     | first: ≤ 3/4                               | second: ≤ 3/16 | third … |
 */
import { assert } from "../core/errors.ts";

/** The part of what the others have left that one holder may have. */
const SHARE_MAX = 3 / 4;

/** A part of the budget that one holder has. Disposing it gives everything back. */
export interface Reservation extends Disposable {
  readonly name: string;
  readonly bytes: number;
  /** Asks for `bytes` more. False: nothing was granted; spill what you hold, then ask again. */
  tryGrow(bytes: number): boolean;
  /** Gives `bytes` back. */
  shrink(bytes: number): void;
}

/** The memory of one worker slot, in bytes: `flint.worker.memory`. */
export class MemoryBudget {
  readonly bytesMax: number;
  #reserved = 0;
  #peak = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** The most that a holder could have if it were the only one. */
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

  /** A reservation of nothing, to be grown. `name` says who holds it, for messages. */
  reserve(name: string): Reservation {
    let held = 0;
    const take = (bytes: number): boolean => {
      const forHolder = (this.bytesMax - (this.#reserved - held)) * SHARE_MAX;
      if (held + bytes > forHolder) return false;
      held += bytes;
      this.#reserved += bytes;
      this.#peak = Math.max(this.#peak, this.#reserved);
      return true;
    };
    const give = (bytes: number) => {
      this.#reserved -= bytes;
      assert(this.#reserved >= 0, `the memory budget gave back more than it had granted (${name})`);
    };
    return {
      name,
      get bytes() {
        return held;
      },
      tryGrow(bytes) {
        return take(bytes);
      },
      shrink(bytes) {
        assert(bytes <= held, `${name} shrank by ${bytes} bytes but holds ${held}`);
        held -= bytes;
        give(bytes);
      },
      [Symbol.dispose]() {
        give(held);
        held = 0;
      },
    };
  }
}
