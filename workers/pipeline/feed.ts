/**
 * Batches that may have to be waited for, for code that cannot wait: whoever drives it waits before
 * each batch, and the code takes what lies ready.
 *
 *     driver   await feed.ready()     await feed.ready()     await feed.close()
 *                     │                      │
 *     code            └─► feed.next()        └─► feed.next()
 */
import { assert } from "../../core/errors.ts";
import type { Waiting } from "./waiting.ts";

type Batch = readonly unknown[];

export type Batches = Iterable<Batch>;
/** Batches that come from a function that waits, further up in the same task. */
export type BatchesLater = AsyncIterable<Batch>;
export type AnyBatches = Batches | BatchesLater;

/** Whether batches can be taken without waiting. */
export function isPresent(batches: AnyBatches): batches is Batches {
  return Symbol.iterator in batches;
}

export class Feed implements IterableIterator<Batch, undefined> {
  readonly #now: Iterator<Batch> | undefined;
  readonly #later: AsyncIterator<Batch> | undefined;
  readonly #waiting: Waiting;
  #ready: IteratorResult<Batch, unknown> | undefined;
  #pending: Promise<void> | undefined;
  /** What ended the batches. Whoever waited may have looked away just then: it is told again. */
  #failure: Readonly<{ error: unknown }> | undefined;
  #ended = false;

  constructor(batches: AnyBatches, waiting: Waiting) {
    if (isPresent(batches)) this.#now = batches[Symbol.iterator]();
    else this.#later = batches[Symbol.asyncIterator]();
    this.#waiting = waiting;
  }

  /** Whether `next` can be called at all: batches that come later have to be waited for first. */
  get isReady(): boolean {
    return this.#ended || this.#now !== undefined || this.#ready !== undefined ||
      this.#failure !== undefined;
  }

  /** Resolves once `next` can be called and does not block the thread for its input. */
  ready(): Promise<void> {
    return this.#pending ??= this.#wait().finally(() => this.#pending = undefined);
  }

  async #wait(): Promise<void> {
    if (this.#ended) return;
    if (this.#later === undefined) return await this.#waiting.inputReady();
    if (this.#failure !== undefined) throw this.#failure.error;
    try {
      this.#ready ??= await this.#later.next();
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  next(): IteratorResult<Batch, undefined> {
    if (this.#ended) return { done: true, value: undefined };
    if (this.#failure !== undefined) throw this.#failure.error;
    const next = this.#now === undefined ? this.#ready : this.#now.next();
    assert(next !== undefined, "a batch was taken that had not been waited for");
    this.#ready = undefined;
    if (!next.done) return next;
    this.#ended = true;
    return { done: true, value: undefined };
  }

  /** Wants no more batches; what has to be waited for is ended by `close`. */
  return(): IteratorResult<Batch, undefined> {
    if (!this.#ended) this.#now?.return?.();
    this.#ended = true;
    return { done: true, value: undefined };
  }

  /** Ends what the batches come from, so that `finally` has run in the user's generators there. */
  async close(): Promise<void> {
    // Nobody is left waiting for input: the next task reads from the same ring.
    await this.#pending?.catch(() => undefined);
    this.return();
    await this.#later?.return?.();
  }

  [Symbol.iterator](): this {
    return this;
  }
}
