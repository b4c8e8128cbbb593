/**
 * Has the driver's garbage collected now and then, as Spark's ContextCleaner does.
 *
 * What the engine keeps for a dataset (map outputs, kept partitions, broadcasts) goes when V8 finds
 * that the program cannot reach it any more. A program that makes much garbage has it looked for
 * every few seconds; one that runs a large job an hour might not for a day, while its disk fills.
 */
import { Session } from "node:inspector";

/** As long as timers can wait. */
const INTERVAL_MS_MAX = 2 ** 31 - 1;

export class Cleaner implements Disposable {
  readonly #intervalMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isDisposed = false;

  /** Works from now on until it is disposed; it does not keep the process alive. */
  constructor(intervalMs: number) {
    this.#intervalMs = Math.min(intervalMs, INTERVAL_MS_MAX);
    this.#wait();
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
  }

  #wait(): void {
    if (this.#isDisposed) return;
    this.#timer = setTimeout(() => collectGarbage(() => this.#wait()), this.#intervalMs);
    Deno.unrefTimer(this.#timer as unknown as number);
  }
}

/**
 * The inspector does it in any process; `gc()` is there only where V8 was started with a flag. Without
 * `--allow-sys` nothing is done, and `done` is not called.
 */
function collectGarbage(done: () => void): void {
  const session = new Session();
  try {
    session.connect();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return;
    throw error;
  }
  // It is done later, and only in a session that lasts.
  session.post("HeapProfiler.collectGarbage", () => {
    session.disconnect();
    done();
  });
}
