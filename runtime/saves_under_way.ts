/** The saves that have begun and not ended, for the moment in which a signal ends the program. */

/** Ends what a save has begun, in one way or the other. */
type End = () => Promise<unknown>;

export class SavesUnderWay {
  readonly #ends = new Set<End>();

  /** A save has begun; dispose it when that is over. */
  add(end: End): Disposable {
    this.#ends.add(end);
    return { [Symbol.dispose]: () => void this.#ends.delete(end) };
  }

  /** Ends all of them. Never rejects: nobody is left who could do better. */
  async end(): Promise<void> {
    await Promise.allSettled([...this.#ends].map((end) => end()));
  }
}
