/** Asynchronous functions over whole partitions: what they get, and what becomes of their result. */
import { RecordError } from "../../core/errors.ts";
import type { Blame, Step } from "./blame.ts";
import { type AnyBatches, Feed } from "./feed.ts";
import { BATCH_RECORDS_MAX, Records } from "./records.ts";
import { iterableOf, named } from "./returned.ts";
import type { Waiting } from "./waiting.ts";

/**
 * The records of a partition for a function that can wait: with `for await` other promises move on
 * while input is waited for. `for` does as well where nothing before it in the task waits.
 */
export class RecordsLater extends Records implements AsyncIterable<unknown> {
  readonly #feed: Feed;
  readonly #step: Step;
  readonly #blame: Blame;

  constructor(step: Step, batches: AnyBatches, blame: Blame, waiting: Waiting) {
    const feed = new Feed(batches, waiting);
    super(feed, blame);
    this.#feed = feed;
    this.#step = step;
    this.#blame = blame;
  }

  /** Throws a RecordError (NotAwaited) where the next record has to be waited for. */
  override next(): IteratorResult<unknown, undefined> {
    if (this.isBatchTaken && !this.#feed.isReady) {
      throw new RecordError(
        "NotAwaited",
        `${named(this.#step)} iterates with for, but the records come from a function that waits`,
        "Iterate with for await (const record of records)",
      );
    }
    return super.next();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, undefined> {
    try {
      for (;;) {
        if (this.isBatchTaken) await this.#ready();
        const next = this.next();
        if (next.done) return;
        yield next.value;
      }
    } finally {
      await this.close();
    }
  }

  /** Ends what the records come from, so that `finally` has run in the user's generators there. */
  async close(): Promise<void> {
    this.return();
    await this.#feed.close();
  }

  async #ready(): Promise<void> {
    try {
      await this.#feed.ready();
    } catch (error) {
      this.#blame.notTheUser(error);
      throw error;
    }
  }
}

/** The records that an asynchronous function makes of whole partitions, in batches. */
export async function* recordsLater(
  step: Step,
  fn: (...records: RecordsLater[]) => unknown,
  inputs: readonly AnyBatches[],
  blame: Blame,
  waiting: Waiting,
): AsyncGenerator<unknown[]> {
  const records = inputs.map((batches) => new RecordsLater(step, batches, blame, waiting));
  try {
    yield* inBatchesLater(anyIterableOf(await fn(...records), step), records, waiting);
  } catch (error) {
    blame.on(error, step, records.length === 1 ? records[0]!.latest : undefined);
    throw error;
  } finally {
    for (const input of records) await input.close();
  }
}

/** The value of an asynchronous function over a whole partition. */
export async function valueLater(
  step: Step,
  fn: (records: RecordsLater) => unknown,
  batches: AnyBatches,
  blame: Blame,
  waiting: Waiting,
): Promise<unknown> {
  const records = new RecordsLater(step, batches, blame, waiting);
  try {
    return await fn(records);
  } catch (error) {
    blame.on(error, step, records.latest);
    throw error;
  } finally {
    await records.close();
  }
}

/** What can be iterated over with `for await`: an async iterable, or what a plain function may return. */
function anyIterableOf(
  result: unknown,
  step: Step,
): AsyncIterable<unknown> | Iterable<unknown> {
  const isLater = typeof result === "object" && result !== null && Symbol.asyncIterator in result;
  return isLater ? result as AsyncIterable<unknown> : iterableOf(result, step);
}

/** As `inBatches`: a batch ends where the function begins another batch of one of its inputs. */
async function* inBatchesLater(
  results: AsyncIterable<unknown> | Iterable<unknown>,
  inputs: readonly Records[],
  waiting: Waiting,
): AsyncGenerator<unknown[]> {
  let batch: unknown[] = [];
  let taken = 0;
  for await (const record of results) {
    waiting.check();
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
