/**
 * Sorts any number of records by key within a memory budget. Stable.
 *
 *     add ──► piece (≤ 4 MB, fits the cache) ──full──► sort ──► encoded in memory ──► merged there
 *                                                       │
 *                                                    told no: spill what is encoded, and the piece
 *                                                       ▼
 *                                         file of runs, one run a piece ──► merged from disk
 *
 * Memory is reserved before it is made, nothing that is made grows, and no record is an object. A
 * map task needs no merge at all: `writeRuns` leaves that to the readers.
 */
import { assert, MemoryError } from "../core/errors.ts";
import type { Platform, WritableFile } from "../core/platform.ts";
import { free } from "./free_memory.ts";
import { SortScratch } from "./key_sort.ts";
import { KEY_BYTES_MAX, keyTooLarge } from "./loser_tree.ts";
import type { Budget, Reservation } from "./memory_budget.ts";
import type { SortedRecords } from "./merge.ts";
import { mergeRuns } from "./merge_passes.ts";
import { Piece, writeEncoded } from "./piece.ts";
import { PieceMerge } from "./piece_merge.ts";
import { BLOCK_BYTES, BLOCK_HEADER_BYTES, copyRun, type Run, RunWriter } from "./run.ts";
import type { SpillManager } from "./spill_manager.ts";

/**
 * Sorting is bound by cache misses, so how much is sorted at once counts more than how. Per 100 MB
 * of paths: pieces of 2 MB 200 ms, 4 MB 275, 8 MB 410, 32 MB 520, all at once 600 to 690. Smaller
 * pieces make more runs: at 4 MB the whole (sort, write, merge) is fastest.
 */
export const PIECE_BYTES_MAX = 4 * 1024 * 1024;
/** The first piece: most partitions are small. */
const PIECE_BYTES_FIRST = 1024 * 1024;
/** No piece is smaller, so that a tiny budget does not end in tiny runs. */
const PIECE_BYTES_MIN = 8 * 1024;
/** Pieces that fit a budget at the least: two are for filling and sorting, the rest for keeping. */
const PIECES_MIN = 8;
/** Blocks that fit a budget at the least: so many runs can be merged at once, or a few less. */
const BLOCKS_MIN = 256;
const BLOCK_BYTES_MIN = 4 * 1024;

export type SorterOptions = Readonly<{
  platform: Platform;
  budget: Budget;
  spills: SpillManager;
  /** The most that it asks of the budget; all of it by default. */
  bytesMax?: number;
  /**
   * The file that `writeRuns` will be called with. Full pieces go there at once: memory for one of
   * them is enough, and every record is written once.
   */
  output?: WritableFile;
}>;

/** Takes records in any order; gives them back in key order once, by `sorted` or `writeRuns`. */
export class Sorter implements Disposable {
  readonly #options: SorterOptions;
  readonly #bytesMax: number;
  readonly #blockBytes: number;
  readonly #pieceBytesMax: number;
  readonly #reservation: Reservation;
  #block: Uint8Array<ArrayBuffer> | undefined;
  #scratch = new SortScratch(0);
  #scratchBytes = 0;
  /** The piece that is being filled; at first one without room. */
  #piece = new Piece(0, 0);
  /** Sorted pieces, in the order in which they were filled. */
  #encoded: Uint8Array<ArrayBuffer>[] = [];
  readonly #runs: Run[] = [];
  #records = 0;
  #isDone = false;

  constructor(options: SorterOptions) {
    this.#options = options;
    this.#bytesMax = Math.min(options.bytesMax ?? Infinity, options.budget.bytesMax);
    this.#blockBytes = clamp(this.#bytesMax / BLOCKS_MIN, BLOCK_BYTES_MIN, BLOCK_BYTES);
    this.#pieceBytesMax = clamp(this.#bytesMax / PIECES_MIN, PIECE_BYTES_MIN, PIECE_BYTES_MAX);
    this.#reservation = options.budget.reserve("sort");
  }

  /** How many records it was given. */
  get records(): number {
    return this.#records;
  }

  /**
   * Copies one record; key and value lie in `bytes`, anywhere. Throws a MemoryError OverBudget
   * where the record alone is more than the budget, a RecordError RecordTooLarge where its key is
   * longer than 512 KB, and an OutputError DiskFull where it has to spill and cannot.
   */
  add(
    bytes: Uint8Array,
    keyAt: number,
    keyLength: number,
    valueAt: number,
    valueLength: number,
  ): void {
    if (keyLength > KEY_BYTES_MAX) throw keyTooLarge(keyLength);
    if (!this.#piece.add(bytes, keyAt, keyLength, valueAt, valueLength)) {
      assert(!this.#isDone, "a record was added to a sorter whose records had been taken");
      this.#makeRoom(Piece.bytesFor(keyLength, valueLength));
      const added = this.#piece.add(bytes, keyAt, keyLength, valueAt, valueLength);
      assert(added, "a new piece had no room for a record");
    }
    this.#records++;
  }

  /**
   * The records in key order, equal keys in the order in which they were added. What was spilled
   * is merged from disk, and its files are deleted as soon as they are being read.
   */
  sorted(): SortedRecords {
    assert(this.#options.output === undefined, "a sorter with an output was asked for its records");
    this.#finish();
    if (this.#runs.length > 0) {
      this.#spill();
      this.#release();
      return mergeRuns(this.#runs, this.#options);
    }
    const encoded = this.#encoded;
    this.#encoded = [];
    this.#release(encoded.reduce((sum, piece) => sum + piece.length, 0));
    return new PieceMerge(encoded, this.#reservation);
  }

  /**
   * Appends the records to `file` as sorted runs of up to 4 MB, the earlier record in the earlier
   * run where keys are equal. No merge: the readers do it.
   */
  writeRuns(file: WritableFile): Run[] {
    const { platform, spills, output } = this.#options;
    assert(output === undefined || output === file, "runs were written to another output");
    this.#finish();
    const moved = this.#runs.map((run) => {
      if (run.path === file.path) return run;
      return copyRun(platform, run, file, new Uint8Array(BLOCK_HEADER_BYTES + run.blockBytesMax));
    });
    if (output === undefined) this.#runs.forEach((run) => spills.release(run.path));
    const runs = [...moved, ...this.#writeAll(file)];
    this.#release();
    return runs;
  }

  /** Gives the memory back and deletes what it has spilled. */
  [Symbol.dispose](): void {
    this.#isDone = true;
    this.#release();
    this.#reservation[Symbol.dispose]();
    if (this.#options.output !== undefined) return;
    for (const run of this.#runs) this.#options.spills.release(run.path);
  }

  #finish(): void {
    assert(!this.#isDone, "the records of a sorter were taken twice");
    this.#isDone = true;
    this.#closePiece();
  }

  /** Empties the piece: sorts it while it is in the cache, and keeps it encoded or writes it. */
  #closePiece(): void {
    const piece = this.#piece;
    if (piece.records === 0) return;
    if (this.#scratch.records < piece.records) this.#useScratch(this.#scratchBytes);
    piece.sort(this.#scratch);
    if (this.#options.output === undefined && this.#tryGrow(piece.encodedBytes)) {
      this.#encoded.push(piece.encoded());
      piece.clear();
    } else {
      this.#spill();
    }
    if (piece.bytes > this.#pieceBytesMax) {
      this.#reservation.shrink(piece.bytes);
      this.#usePiece(0, 0);
    }
  }

  /** Empties the piece and makes it large enough for a record; larger still where that is granted. */
  #makeRoom(recordBytes: number): void {
    this.#closePiece();
    const size = this.#piece.bytes;
    const wanted = Math.min(this.#pieceBytesMax, Math.max(PIECE_BYTES_FIRST, 4 * size));
    if (size >= wanted && size >= recordBytes) return;
    const most = Math.max(wanted, recordBytes);
    const least = size >= recordBytes ? wanted : Math.max(recordBytes, PIECE_BYTES_MIN);
    if (this.#tryReplacePiece(most, least) || size >= recordBytes) return;
    this.#spill();
    if (this.#tryReplacePiece(most, least)) return;
    throw overBudget(recordBytes, this.#options.budget);
  }

  /** Replaces the piece, which is empty, by one of `most` bytes, or half of it, down to `least`. */
  #tryReplacePiece(most: number, least: number): boolean {
    for (let bytes = most;; bytes = Math.max(least, (bytes >>> 1) & ~7)) {
      const scratchBytes = Math.max(this.#scratchBytes, Math.min(bytes, this.#pieceBytesMax));
      const blockBytes = this.#reservation.bytes === 0 ? this.#blockBytes : 0;
      const more = bytes - this.#piece.bytes + scratchBytes - this.#scratchBytes + blockBytes;
      if (this.#tryGrow(more)) {
        this.#scratchBytes = scratchBytes;
        this.#usePiece(bytes, Math.floor(scratchBytes / SortScratch.BYTES_PER_RECORD));
        return true;
      }
      if (bytes <= least) return false;
    }
  }

  /** What it had before is given back first: the system may hand out the same memory again. */
  #usePiece(bytes: number, recordsMax: number): void {
    this.#piece.release();
    this.#piece = new Piece(bytes, recordsMax);
  }

  #useScratch(bytes: number): void {
    this.#scratch.release();
    this.#scratch = new SortScratch(bytes);
  }

  #freeEncoded(): void {
    for (const encoded of this.#encoded) free(encoded);
    this.#encoded = [];
  }

  #tryGrow(bytes: number): boolean {
    return this.#reservation.bytes + bytes <= this.#bytesMax && this.#reservation.tryGrow(bytes);
  }

  /** Writes all that is held to the output, or to a file of its own, as a run a piece. */
  #spill(): void {
    if (this.#encoded.length === 0 && this.#piece.records === 0) return;
    const { output, spills } = this.#options;
    const runs = output === undefined
      ? spills.write("sort", (file) => this.#writeAll(file))
      : this.#writeAll(output);
    for (const run of runs) this.#runs.push(run);
    for (const { length } of this.#encoded) this.#reservation.shrink(length);
    this.#freeEncoded();
    this.#piece.clear();
  }

  #writeAll(file: WritableFile): Run[] {
    const runs = this.#encoded.map((encoded) =>
      this.#writeRun(file, (writer) => writeEncoded(writer, encoded))
    );
    if (this.#piece.records > 0) {
      runs.push(this.#writeRun(file, (writer) => this.#piece.writeTo(writer)));
    }
    return runs;
  }

  #writeRun(file: WritableFile, write: (writer: RunWriter) => void): Run {
    this.#block ??= new Uint8Array(this.#blockBytes);
    const writer = new RunWriter(this.#options.platform, file, { block: this.#block });
    write(writer);
    return writer.finish();
  }

  /** Lets go of all memory but `bytesKept`, which somebody else has taken over. */
  #release(bytesKept = 0): void {
    this.#freeEncoded();
    this.#usePiece(0, 0);
    if (this.#block !== undefined) free(this.#block);
    this.#block = undefined;
    this.#useScratch(0);
    this.#scratchBytes = 0;
    this.#reservation.shrink(this.#reservation.bytes - bytesKept);
  }
}

function overBudget(recordBytes: number, budget: Budget): MemoryError {
  return new MemoryError(
    "OverBudget",
    `Cannot sort a record that takes ${recordBytes} bytes: the memory budget of a task is ` +
      `${budget.bytesMax} bytes, of which ${budget.bytesReserved} are in use`,
    "Raise flint.worker.memory to several times the size of the largest record",
  );
}

/** A multiple of 8, as pieces need. */
function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most) & ~7;
}
