/** Merges encoded pieces where they lie in memory; the twin of `Merge`, which reads from disk. */
import { getVarint, varintBytes } from "./bytes.ts";
import { free } from "./free_memory.ts";
import { LoserTree, SLACK_BYTES } from "./loser_tree.ts";
import type { SortedRecords } from "./merge.ts";

/** The records of sorted pieces in key order; equal keys come in the order of the pieces. */
export class PieceMerge implements SortedRecords {
  bytes: Uint8Array = new Uint8Array(0);
  keyAt = 0;
  keyLength = 0;
  valueAt = 0;
  valueLength = 0;
  sameKey = false;

  #pieces: readonly Uint8Array<ArrayBuffer>[];
  readonly #tree: LoserTree;
  /** Where the next record of each piece begins. */
  readonly #recordAt: Uint32Array;
  readonly #valueLengths: Uint32Array;
  readonly #reservation: Disposable;

  /**
   * `pieces` are as `Piece.encoded` gives them; `reservation` is that their memory, given back when
   * the merge is closed.
   */
  constructor(pieces: readonly Uint8Array<ArrayBuffer>[], reservation: Disposable) {
    this.#pieces = pieces;
    this.#recordAt = new Uint32Array(pieces.length);
    this.#valueLengths = new Uint32Array(pieces.length);
    this.#reservation = reservation;
    // No key is ever overwritten, so the tree needs no memory to keep one.
    this.#tree = new LoserTree(
      { fetch: (slot) => this.#fetch(slot) },
      pieces.length,
      new Uint8Array(0),
    );
    for (const [slot, { buffer }] of pieces.entries()) {
      this.#tree.views[slot] = new DataView(buffer);
    }
  }

  next(): boolean {
    const slot = this.#tree.next();
    if (slot < 0) {
      this.close();
      return false;
    }
    this.bytes = this.#pieces[slot]!;
    this.sameKey = this.#tree.sameKey;
    this.keyAt = this.#tree.keyAt[slot]!;
    this.keyLength = this.#tree.keyLength[slot]!;
    this.valueAt = this.keyAt + this.keyLength;
    this.valueLength = this.#valueLengths[slot]!;
    return true;
  }

  close(): void {
    for (const piece of this.#pieces) free(piece);
    this.#pieces = [];
    this.#reservation[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #fetch(slot: number): boolean {
    const piece = this.#pieces[slot]!;
    let at = this.#recordAt[slot]!;
    if (at === piece.length - SLACK_BYTES) return false;
    let keyLength = piece[at]!;
    if (keyLength >= 128) keyLength = getVarint(piece, at);
    at += varintBytes(keyLength);
    let valueLength = piece[at]!;
    if (valueLength >= 128) valueLength = getVarint(piece, at);
    at += varintBytes(valueLength);
    this.#tree.keyAt[slot] = at;
    this.#tree.keyLength[slot] = keyLength;
    this.#valueLengths[slot] = valueLength;
    this.#recordAt[slot] = at + keyLength + valueLength;
    return true;
  }
}
