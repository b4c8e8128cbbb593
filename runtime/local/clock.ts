/**
 * The clock of a local engine: ticks while jobs run.
 *
 * A driver that was held up, as by a long function of the user, has not heard yet what ended
 * meanwhile. So a tick that comes far too late is left out, and the next one comes when it has.
 */

/** So much a machine that has a lot to do may be late. */
const SLACK_MS = 100;

/** Ticks between `start` and `stop`, about every `intervalMs`. */
export class Clock {
  readonly #intervalMs: number;
  readonly #tick: () => void;
  #timer: ReturnType<typeof setInterval> | undefined;
  #lastMs = 0;

  constructor(intervalMs: number, tick: () => void) {
    this.#intervalMs = intervalMs;
    this.#tick = tick;
  }

  /** Does nothing if it ticks already. It does not keep the process alive. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#lastMs = performance.now();
    this.#timer = setInterval(() => {
      const nowMs = performance.now();
      const wasHeldUp = nowMs - this.#lastMs > 2 * this.#intervalMs + SLACK_MS;
      this.#lastMs = nowMs;
      if (!wasHeldUp) this.#tick();
    }, this.#intervalMs);
    Deno.unrefTimer(this.#timer as unknown as number);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
