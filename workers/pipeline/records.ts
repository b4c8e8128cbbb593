/**
 * Between batches and single records: what a user's function sees of a partition, and the way back.
 *
 *     batches ─► Records ─► fn(iterator, partition) ─► iterable ─► inBatches ─► batches
 */
import type { Blame } from "./blame.ts";

/** A batch has at most so many records; a source makes them smaller where records are large. */
export const BATCH_RECORDS_MAX = 1024;

/**
 * The records of a partition, one by one, as user code gets them: lazy, with all of
 * `Iterator.prototype` (`map`, `take`, `toArray` …).
 */
export class Records extends Iterator<unknown, undefined> {
  readonly #batches: Iterator<readonly unknown[]>;
  readonly #blame: Blame;
  #batch: readonly unknown[] = [];
  #position = 0;
  #ended = false;
  /** How many batches have been begun. */
  batchesTaken = 0;

  constructor(batches: Iterable<readonly unknown[]>, blame: Blame) {
    super();
    this.#batches = batches[Symbol.iterator]();
    this.#blame = blame;
  }

  /** The record that was handed out last, for messages. */
  get latest(): Readonly<{ value: unknown }> | undefined {
    return this.#position === 0 ? undefined : { value: this.#batch[this.#position - 1] };
  }

  /** Whether the next record is in a batch that has not been begun. */
  protected get isBatchTaken(): boolean {
    return this.#position === this.#batch.length;
  }

  override next(): IteratorResult<unknown, undefined> {
    while (this.#position === this.#batch.length) {
      if (!this.#pull()) return { done: true, value: undefined };
    }
    return { done: false, value: this.#batch[this.#position++] };
  }

  /** Ends what the records come from, so that `finally` runs in the user's generators there. */
  override return(): IteratorResult<unknown, undefined> {
    if (!this.#ended) {
      this.#ended = true;
      this.#batch = this.#batch.slice(0, this.#position);
      this.#batches.return?.();
    }
    return { done: true, value: undefined };
  }

  #pull(): boolean {
    if (this.#ended) return false;
    try {
      const next = this.#batches.next();
      if (next.done) {
        this.#ended = true;
        return false;
      }
      this.batchesTaken++;
      if (next.value.length > 0) {
        this.#batch = next.value;
        this.#position = 0;
      }
      return true;
    } catch (error) {
      this.#ended = true;
      this.#blame.notTheUser(error);
      throw error;
    }
  }
}

/**
 * `results` in batches. A batch ends where its function begins another batch of its input, so that
 * large records, which come in small batches, are not gathered.
 */
export function* inBatches(
  results: Iterable<unknown>,
  inputs: readonly Records[],
): Generator<unknown[]> {
  let batch: unknown[] = [];
  let taken = 0;
  for (const record of results) {
    const takenNow = inputs.reduce((sum, input) => sum + input.batchesTaken, 0);
    if (takenNow !== taken && batch.length > 0) {
      yield batch;
      batch = [];
    }
    taken = takenNow;
    batch.push(record);
    if (batch.length === BATCH_RECORDS_MAX) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}
