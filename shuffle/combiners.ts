/**
 * The partial results of the groups of a table, by group: doubles as long as all are numbers, then
 * any values.
 *
 *     numbers   Float64Array                            8 bytes a group, exact
 *        │ the first value that is no number
 *        ▼
 *     values    array of values, merge counts, sizes    20 bytes a group, and what the values take
 *
 * Values are metered: measured when they come and each time the number of their merges has doubled,
 * so a list that grows is noticed and measuring costs next to nothing.
 */
import { RecordError } from "../core/errors.ts";
import type { Reservation } from "./memory_budget.ts";
import { sizeOf } from "./size_of.ts";

const GROUPS_MIN = 64;
const NUMBER_BYTES = 8;
/** A slot of the array, a merge count, a size. */
const VALUE_SLOT_BYTES = 8 + 4 + 8;

export class Combiners {
  /** How many groups have a partial result: those from 0 up to it. */
  size = 0;
  /** The results while all of them are numbers; for the hot loop, which may write numbers to it. */
  numbers: Float64Array | undefined = new Float64Array(0);
  #values: unknown[] = [];
  #merges = new Uint32Array(0);
  #sizes = new Float64Array(0);
  #valueBytes = 0;
  /** A result that is no number, when there was no room to leave `numbers`. */
  #late: Readonly<{ group: number; value: unknown }> | undefined;
  readonly #memory: Reservation;

  /** Grows within `memory`, which may have other holders; nothing is held at first. */
  constructor(memory: Reservation) {
    this.#memory = memory;
  }

  /** The bytes that it holds and has asked for. */
  get bytes(): number {
    const slots = this.#merges.length * VALUE_SLOT_BYTES;
    return slots + this.#valueBytes + (this.numbers?.byteLength ?? 0);
  }

  get(group: number): unknown {
    if (this.numbers === undefined) return this.#values[group];
    return this.#late?.group === group ? this.#late.value : this.numbers[group];
  }

  /** The first result of the next group. False: there is no room, and nothing was changed. */
  append(value: unknown): boolean {
    if (this.numbers !== undefined) {
      if (typeof value === "number") {
        if (this.size === this.numbers.length && !this.#growNumbers()) return false;
        this.numbers[this.size++] = value;
        return true;
      }
      if (!this.#leaveNumbers()) return false;
    }
    refusePromise(value);
    const bytes = sizeOf(value);
    if (this.size === this.#merges.length && !this.#growValues()) return false;
    if (!this.#memory.tryGrow(bytes)) return false;
    this.#valueBytes += bytes;
    const group = this.size++;
    this.#values[group] = value;
    this.#merges[group] = 0;
    this.#sizes[group] = bytes;
    return true;
  }

  /**
   * The new result of a known group. It is kept in any case; false: there is no room for it, so
   * everything has to be taken out and cleared before anything else is put in.
   */
  set(group: number, value: unknown): boolean {
    if (this.numbers !== undefined) {
      if (typeof value === "number") {
        this.numbers[group] = value;
        return true;
      }
      if (!this.#leaveNumbers()) {
        this.#late = { group, value };
        return false;
      }
    }
    refusePromise(value);
    this.#values[group] = value;
    const merges = ++this.#merges[group]!;
    // A string says how long it is: no need to wait for a doubling.
    if (typeof value !== "string" && (merges & (merges - 1)) !== 0) return true;
    return this.#measure(group, value);
  }

  #measure(group: number, value: unknown): boolean {
    const bytes = sizeOf(value);
    const growth = bytes - this.#sizes[group]!;
    if (growth > 0 && !this.#memory.tryGrow(growth)) return false;
    if (growth < 0) this.#memory.shrink(-growth);
    this.#sizes[group] = bytes;
    this.#valueBytes += growth;
    return true;
  }

  #growNumbers(): boolean {
    const old = this.numbers!;
    const length = Math.max(GROUPS_MIN, old.length * 2);
    if (!this.#memory.tryGrow(length * NUMBER_BYTES)) return false;
    this.numbers = new Float64Array(length);
    this.numbers.set(old);
    this.#memory.shrink(old.byteLength);
    return true;
  }

  #growValues(): boolean {
    const old = this.#merges.length;
    const length = Math.max(GROUPS_MIN, old * 2);
    if (!this.#memory.tryGrow(length * VALUE_SLOT_BYTES)) return false;
    const merges = new Uint32Array(length);
    const sizes = new Float64Array(length);
    merges.set(this.#merges);
    sizes.set(this.#sizes);
    this.#merges = merges;
    this.#sizes = sizes;
    this.#memory.shrink(old * VALUE_SLOT_BYTES);
    return true;
  }

  #leaveNumbers(): boolean {
    const numbers = this.numbers!;
    const length = Math.max(GROUPS_MIN, numbers.length);
    const bytesOfNumber = sizeOf(0);
    const valueBytes = this.size * bytesOfNumber;
    if (!this.#memory.tryGrow(length * VALUE_SLOT_BYTES + valueBytes)) return false;
    this.#values = Array.from(numbers.subarray(0, this.size));
    this.#merges = new Uint32Array(length);
    this.#sizes = new Float64Array(length).fill(bytesOfNumber);
    this.#valueBytes = valueBytes;
    this.numbers = undefined;
    this.#memory.shrink(numbers.byteLength);
    return true;
  }

  /** Forgets all results; the room for as many stays held. */
  clear(): void {
    this.size = 0;
    this.#late = undefined;
    this.#values = [];
    this.#memory.shrink(this.#valueBytes);
    this.#valueBytes = 0;
  }

  /** Forgets all results and gives the memory back. */
  release(): void {
    this.#memory.shrink(this.bytes);
    this.#valueBytes = 0;
    this.#merges = new Uint32Array(0);
    this.#sizes = new Float64Array(0);
    this.numbers = new Float64Array(0);
    this.clear();
  }
}

function refusePromise(value: unknown): void {
  if (value instanceof Promise) {
    throw new RecordError(
      "PromiseReturned",
      "Cannot combine values: the function returned a Promise",
      "Combining is synchronous; do what has to be awaited in mapAsync() before or after it",
    );
  }
}
