/**
 * Goes over values in a part of a file (varint length, value, varint length, value …) without holding
 * more of it than a piece; a value that is longer than a piece is a piece of its own.
 */
import { getVarint, varintBytes } from "./bytes.ts";

/** What is read at a time. */
export const PIECE_BYTES = 128 * 1024;
/** The most that the length before a value takes. */
const LENGTH_BYTES_MAX = 5;

/** One value after the other: `next()`, and then it lies in `piece` at `at`. */
export class PartCursor {
  /** The bytes that the value lies in, and where in them. */
  piece = new Uint8Array(0);
  at = 0;
  #bytes = 0;
  /** Of the first byte of the piece in the part. */
  #pieceAt = 0;
  readonly #partBytes: number;
  readonly #read: (offset: number, bytes: number) => Uint8Array<ArrayBuffer>;

  constructor(
    partBytes: number,
    read: (offset: number, bytes: number) => Uint8Array<ArrayBuffer>,
  ) {
    this.#partBytes = partBytes;
    this.#read = read;
  }

  /** Where the value ends in the part. */
  get end(): number {
    return this.#pieceAt + this.at + this.#bytes;
  }

  /** On to the next value, of which there has to be one. */
  next(): void {
    this.at += this.#bytes;
    if (this.piece.length - this.at < LENGTH_BYTES_MAX) this.#need(LENGTH_BYTES_MAX);
    this.#bytes = getVarint(this.piece, this.at);
    this.at += varintBytes(this.#bytes);
    this.#need(this.#bytes);
  }

  #need(bytes: number): void {
    if (this.at + bytes <= this.piece.length) return;
    this.#pieceAt += this.at;
    this.at = 0;
    const rest = this.#partBytes - this.#pieceAt;
    this.piece = this.#read(this.#pieceAt, Math.min(rest, Math.max(bytes, PIECE_BYTES)));
  }
}
