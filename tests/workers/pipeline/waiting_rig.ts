/** A task around a chain, as simple as can be: its input is always there, memory has no end. */
import assert from "node:assert/strict";
import { type AnyBatches, type Batches, isPresent } from "../../../workers/pipeline/feed.ts";
import type { Waiting } from "../../../workers/pipeline/waiting.ts";
import type { PipedProgram } from "../../../workers/task_io.ts";

export const patient: Waiting = {
  check: () => {},
  inputReady: () => Promise.resolve(),
  keep: async (batches) => Object.assign(await Array.fromAsync(batches), { [Symbol.dispose]() {} }),
  start: () => new Echo(() => 0.5),
};

/** A program like `cat`; chance decides when it reads, and how much it writes at once. */
export class Echo implements PipedProgram {
  readonly #random: () => number;
  readonly #read: Uint8Array[] = [];
  #unread: Uint8Array[] = [];
  #isInputEnded = false;
  isDisposed = false;

  constructor(random: () => number) {
    this.#random = random;
  }

  get hasRoom(): boolean {
    return !this.#isInputEnded && this.#unread.length < 2;
  }

  feed(bytes: Uint8Array): void {
    assert.ok(this.hasRoom, "fed without room");
    this.#unread.push(bytes);
  }

  endInput(): void {
    this.#isInputEnded = true;
  }

  next(): Uint8Array | "fed" | "ended" {
    for (;;) {
      const [written] = this.#read;
      if (written !== undefined && this.#random() < 0.7) {
        const bytes = Math.ceil(written.length * this.#random()) || 1;
        this.#read[0] = written.subarray(bytes);
        if (bytes >= written.length) this.#read.shift();
        return written.subarray(0, bytes);
      }
      const bytes = this.#unread.shift();
      if (bytes !== undefined) {
        this.#read.push(bytes);
        return "fed";
      }
      assert.ok(written !== undefined || this.#isInputEnded, "everybody waits");
      if (written === undefined) return "ended";
    }
  }

  async nextLater(): Promise<Uint8Array | "fed" | "ended"> {
    for (let turn = this.#random() * 3; turn > 0; turn--) await undefined;
    return this.next();
  }

  [Symbol.dispose](): void {
    this.isDisposed = true;
  }
}

/** Batches of a chain in which nothing waits. */
export function present(batches: AnyBatches): Batches {
  assert.ok(isPresent(batches), "the batches have to be waited for");
  return batches;
}
