/**
 * Where the frames of a zstd file begin and end, told from their headers alone (RFC 8878).
 *
 *     frame       magic │ header: 2 to 14 bytes │ block │ block … last block │ checksum, if any
 *     block       3 bytes: last? · kind · length │ so many bytes
 *     skippable   magic │ length │ so many bytes of somebody else
 *
 * A decoder says nothing of a frame that is cut off, and stops at the end of the first one: so
 * whoever unpacks a file has to know whether it is whole, and when to begin anew.
 */

/** A part of a frame; `last`: the frame ends with it. */
export type FramePart = Readonly<{ bytes: Uint8Array; last: boolean }>;

type State = "magic" | "descriptor" | "header" | "block" | "content" | "checksum" | "skipLength";

const FRAME_MAGIC = 0xfd2fb528;
/** The last four bits are free: sixteen kinds of frames that decoders skip. */
const SKIPPABLE_MAGIC = 0x184d2a50;

const MAGIC_BYTES = 4;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;
const DICTIONARY_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];

export class ZstdFrames {
  #state: State = "magic";
  /** Bytes that the state still takes. */
  #left = MAGIC_BYTES;
  /** What the bytes of the state say so far; little-endian. */
  #value = 0;
  #taken = 0;
  #isLastBlock = false;
  #hasChecksum = false;
  #isSkipping = false;
  #frames = 0;

  /** The parts of frames in `piece`, in order. Throws an Error where a header is none. */
  *parts(piece: Uint8Array): Generator<FramePart> {
    let from = 0;
    for (let at = 0; at < piece.length;) {
      const taken = Math.min(this.#left, piece.length - at);
      this.#note(piece, at, taken);
      at += taken;
      this.#left -= taken;
      if (this.#left > 0 || !this.#next()) continue;
      yield { bytes: piece.subarray(from, at), last: true };
      from = at;
    }
    if (from < piece.length) yield { bytes: piece.subarray(from), last: false };
  }

  /** Throws an Error unless a frame has just ended. */
  finish(): void {
    if (this.#state !== "magic" || this.#taken > 0) throw new Error("it ends within a frame");
    if (this.#frames === 0) throw new Error("there is no frame in it");
  }

  #note(piece: Uint8Array, at: number, count: number): void {
    if (this.#state === "content") return;
    for (let i = 0; i < count; i++) {
      // Only the first bytes of a header say something; the longest number has four.
      if (this.#taken < 4) this.#value += piece[at + i]! * 2 ** (8 * this.#taken);
      this.#taken++;
    }
  }

  /** Goes on to the next state; true where a frame has ended. */
  #next(): boolean {
    const value = this.#value;
    switch (this.#state) {
      case "magic":
        return this.#magic(value);
      case "skipLength":
        return this.#enter("content", value);
      case "descriptor":
        return this.#descriptor(value);
      case "header":
        return this.#enter("block", BLOCK_HEADER_BYTES);
      case "block":
        return this.#block(value);
      case "content":
        if (this.#isSkipping || this.#isLastBlock && !this.#hasChecksum) return this.#ended();
        return this.#isLastBlock
          ? this.#enter("checksum", CHECKSUM_BYTES)
          : this.#enter("block", BLOCK_HEADER_BYTES);
      case "checksum":
        return this.#ended();
    }
  }

  #magic(magic: number): boolean {
    this.#frames++;
    if (magic === FRAME_MAGIC) {
      return this.#enter("descriptor", 1);
    }
    if (magic - magic % 16 !== SKIPPABLE_MAGIC) throw new Error("no frame begins here");
    this.#isSkipping = true;
    return this.#enter("skipLength", 4);
  }

  #descriptor(descriptor: number): boolean {
    const isSingle = (descriptor & 0b10_0000) !== 0;
    if ((descriptor & 0b1000) !== 0) throw new Error("a reserved bit of a frame is set");
    this.#hasChecksum = (descriptor & 0b100) !== 0;
    const sizeFlag = descriptor >> 6;
    const sizeBytes = isSingle && sizeFlag === 0 ? 1 : CONTENT_SIZE_BYTES[sizeFlag]!;
    const windowBytes = isSingle ? 0 : 1;
    return this.#enter("header", windowBytes + DICTIONARY_BYTES[descriptor & 0b11]! + sizeBytes);
  }

  #block(header: number): boolean {
    this.#isLastBlock = (header & 1) === 1;
    const kind = header >> 1 & 0b11;
    if (kind === 3) throw new Error("a block is of no known kind");
    const isRepeated = kind === 1;
    return this.#enter("content", isRepeated ? 1 : header >> 3);
  }

  /** States that take no bytes are passed at once. */
  #enter(state: State, bytes: number): boolean {
    this.#state = state;
    this.#left = bytes;
    this.#value = 0;
    this.#taken = 0;
    return bytes === 0 && this.#next();
  }

  #ended(): boolean {
    this.#isSkipping = false;
    this.#enter("magic", MAGIC_BYTES);
    return true;
  }
}
