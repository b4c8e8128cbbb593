/**
 * `mapAsync`: several calls of the user's function at once, their results in the order of the records.
 *
 *     records  1 2 3 4 5 6 7 …        at most `concurrency` calls run
 *     calls    ✓ ✓ … ✓ …              3 and 5 run; 4 waits for 3, so that order is kept
 *     out      1 2                    handed on as soon as there is nothing left to start
 *
 * Results that wait for an earlier one are bounded too: no call starts that is more than a batch
 * ahead of the oldest one that runs.
 */
import type { UserFunction } from "../../core/plan/plan.ts";
import type { Blame, Step } from "./blame.ts";
import { type AnyBatches, Feed } from "./feed.ts";
import { BATCH_RECORDS_MAX } from "./records.ts";
import type { Waiting } from "./waiting.ts";

/** One call: running until it is done. */
type Call = { readonly record: unknown; done: boolean; result: unknown };

class Calls {
  readonly #fn: UserFunction;
  readonly #concurrency: number;
  /** In the order of the records; `#first` is the oldest whose result was not taken. */
  #calls: Call[] = [];
  #running = 0;
  #failure: Readonly<{ error: unknown; record: unknown }> | undefined;
  #wake: (() => void) | undefined;

  constructor(fn: UserFunction, concurrency: number) {
    this.#fn = fn;
    this.#concurrency = concurrency;
  }

  get hasRoom(): boolean {
    return this.#running < this.#concurrency &&
      this.#calls.length < this.#concurrency + BATCH_RECORDS_MAX;
  }

  get isEmpty(): boolean {
    return this.#calls.length === 0;
  }

  /** Whether the oldest call is done. */
  get hasResult(): boolean {
    return this.#calls[0]?.done === true;
  }

  /** The first failure, whichever record it was at: there is no point in going on. */
  get failure(): Readonly<{ error: unknown; record: unknown }> | undefined {
    return this.#failure;
  }

  start(record: unknown): void {
    const call: Call = { record, done: false, result: undefined };
    this.#calls.push(call);
    this.#running++;
    void this.#run(call);
  }

  /** The results up to the oldest call that still runs; at most a batch of them. */
  take(): unknown[] {
    const running = this.#calls.findIndex((call) => !call.done);
    const count = Math.min(running < 0 ? this.#calls.length : running, BATCH_RECORDS_MAX);
    return this.#calls.splice(0, count).map((call) => call.result);
  }

  /** Resolves when one more call has ended. */
  progress(): Promise<void> {
    return new Promise((resolve) => this.#wake = resolve);
  }

  /** Resolves when no call runs any more: nothing of a task goes on once the task has ended. */
  async settled(): Promise<void> {
    while (this.#running > 0) await this.progress();
  }

  async #run(call: Call): Promise<void> {
    try {
      call.result = await this.#fn(call.record);
      call.done = true;
    } catch (error) {
      this.#failure ??= { error, record: call.record };
    }
    this.#running--;
    this.#wake?.();
  }
}

/** The results of `fn` for all records. Waits for the calls that run, also when it is closed early. */
export async function* mapAsync(
  step: Step,
  fn: UserFunction,
  concurrency: number,
  batches: AnyBatches,
  blame: Blame,
  waiting: Waiting,
): AsyncGenerator<unknown[]> {
  const feed = new Feed(batches, waiting);
  const calls = new Calls(fn, concurrency);
  let batch: readonly unknown[] | undefined = [];
  let position = 0;
  try {
    for (;;) {
      waiting.check();
      if (calls.failure !== undefined) {
        const { error, record } = calls.failure;
        blame.on(error, step, { value: record });
        throw error;
      }
      while (batch !== undefined && calls.hasRoom && position < batch.length) {
        calls.start(batch[position++]);
      }
      if (calls.hasResult) {
        yield calls.take();
      } else if (batch !== undefined && calls.hasRoom) {
        // What is done meanwhile is handed on, and a failure is noticed, while input is waited for.
        let isReady = false;
        await Promise.race([feed.ready().then(() => isReady = true), calls.progress()]);
        if (!isReady) continue;
        batch = feed.next().value;
        position = 0;
      } else if (calls.isEmpty) {
        return;
      } else {
        await calls.progress();
      }
    }
  } finally {
    await calls.settled();
    await feed.close();
  }
}
