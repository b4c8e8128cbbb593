/** Bytes in the lengths in which they are wanted, from pieces that are cut anywhere. */
export class PieceReader {
  readonly #pieces: Iterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array(0);
  /** Where the next byte lies in the file. */
  at: number;

  /** `at`: where the first of them lies in the file. */
  constructor(pieces: Iterable<Uint8Array>, at: number) {
    this.#pieces = pieces[Symbol.iterator]();
    this.at = at;
  }

  /** The next bytes, valid until more are taken; undefined where there are not so many. */
  take(bytes: number): Uint8Array | undefined {
    if (bytes > this.#piece.length) return this.#gather(bytes);
    const taken = this.#piece.subarray(0, bytes);
    this.#piece = this.#piece.subarray(bytes);
    this.at += bytes;
    return taken;
  }

  #gather(bytes: number): Uint8Array | undefined {
    const gathered = new Uint8Array(bytes);
    let filled = 0;
    while (filled < bytes) {
      if (this.#piece.length === 0) {
        const next = this.#pieces.next();
        if (next.done) return undefined;
        this.#piece = next.value;
      }
      const part = this.#piece.subarray(0, bytes - filled);
      gathered.set(part, filled);
      filled += part.length;
      this.#piece = this.#piece.subarray(part.length);
    }
    this.at += bytes;
    return gathered;
  }
}
