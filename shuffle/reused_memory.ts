/**
 * The same memory for one block after the other, for those who keep none of them.
 *
 * A block of its own each would be garbage outside of V8's heap. Of that, V8 leaves 64 MB and more
 * lying before it collects: many times what a task may hold.
 */
export class ReusedMemory {
  #memory = new Uint8Array(0);

  /** So many bytes; what was taken before is theirs to overwrite. */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    // Blocks differ by a little: the next one, which may be larger, has room too.
    if (this.#memory.length < bytes) this.#memory = new Uint8Array(bytes + (bytes >>> 3));
    return this.#memory.subarray(0, bytes);
  }
}
