/**
 * Sorts records in memory by key: caching multikey quicksort with a radix front end.
 *
 * A record is a (start, key length) pair into bytes that do not move. Beside each pair stands a
 * COLUMN: six bytes of its key, from the depth on that its group has reached, and a marker, in one
 * exact double (51 bits).
 *
 *     b0 b1 b2 b3 b4 b5 | marker        marker = key bytes left at this depth, at most 7
 *
 * Columns compare like the keys they stand for, *including* where keys end ("a" before "a\0"), so
 * keys need no terminator. Equal columns with marker < 7 mean equal keys; with 7 the keys go on.
 *
 *     group [from, to) at a depth, its columns loaded
 *       few records    insertion sort on whole keys
 *       many           counting sort on the column's top byte: linear, and no pivot to choose badly
 *       else           partition by column:   less | equal | greater
 *                      equal and the keys go on: load columns six bytes deeper
 *
 * Many keys that differ in eight bytes at most, such as numbers, are sorted by short_key_sort.ts.
 *
 * So the arena is touched, a cache miss each time, once per six key bytes. Pairs are moved, not
 * record numbers, which would cost two more misses a look: 1.2 times the time on paths. What is
 * left to do lies on an explicit stack, so a key may be as long as it likes.
 *
 * Stable: starts rise in the order in which records came, so records with equal keys are put in
 * order by their starts, as plain integers.
 */

import { free } from "./free_memory.ts";
import { SHORT_KEY_BYTES, sortShortKeys } from "./short_key_sort.ts";

const COLUMN_BYTES = 6;
/** Groups up to this size are sorted by insertion. From 4 to 40 it makes no difference. */
const INSERTION_MAX = 12;
/** Groups from this size on are counted by one byte first. */
const RADIX_MIN = 4096;
/** So many records are touched before their columns are read. */
const TOUCH_RECORDS = 256;
/** From so many short keys on, counting their bytes pays. */
const SHORT_KEYS_MIN = 1024;
/** The stack at first; it grows. */
const STACK_GROUPS = 1024;

/** What is sorted: `starts` and `keyLengths` are permuted, the bytes stay. */
export type SortInput = Readonly<{
  bytes: Uint8Array;
  view: DataView;
  /** Where each key begins, rising. */
  starts: Uint32Array;
  keyLengths: Uint32Array;
}>;

/** Memory for sorting `records` records, which the caller has counted: 24 bytes each. */
export class SortScratch {
  static readonly BYTES_PER_RECORD = 24;

  readonly columns: Float64Array<ArrayBuffer>;
  readonly spareColumns: Float64Array;
  readonly spareStarts: Uint32Array;
  readonly spareLengths: Uint32Array;

  constructor(bytes: number) {
    const records = Math.floor(bytes / SortScratch.BYTES_PER_RECORD);
    const buffer = new ArrayBuffer(records * SortScratch.BYTES_PER_RECORD);
    this.columns = new Float64Array(buffer, 0, records);
    this.spareColumns = new Float64Array(buffer, 8 * records, records);
    this.spareStarts = new Uint32Array(buffer, 16 * records, records);
    this.spareLengths = new Uint32Array(buffer, 20 * records, records);
  }

  /** Gives its memory back; it is not to be used again. */
  release(): void {
    free(this.columns);
  }

  /** For how many records it is large enough. */
  get records(): number {
    return this.columns.length;
  }
}

/** Sorts records by key, equal keys by start. `scratch` is large enough for all of them. */
export function sortByKey(input: SortInput, scratch: SortScratch): void {
  switch (directionOf(input)) {
    case "rising":
      return;
    case "falling":
      input.starts.reverse();
      input.keyLengths.reverse();
      return;
    case "mixed":
      sortMixed(input, scratch);
  }
}

function sortMixed(input: SortInput, scratch: SortScratch): void {
  const shared = sharedBytes(input);
  const lengthMax = input.keyLengths.reduce((most, length) => Math.max(most, length), 0);
  const tail = lengthMax - shared === SHORT_KEY_BYTES + 1 && endAlike(input) ? 1 : 0;
  const isShort = lengthMax - shared - tail <= SHORT_KEY_BYTES;
  if (isShort && input.starts.length >= SHORT_KEYS_MIN) {
    sortShortKeys(input, shared, tail, scratch);
  } else {
    new KeySort(input, scratch).sort(shared);
  }
}

/** Whether all keys have one length and one last byte, as numbers have. */
function endAlike({ bytes, starts, keyLengths }: SortInput): boolean {
  const length = keyLengths[0]!;
  const last = bytes[starts[0]! + length - 1];
  for (let i = 1; i < starts.length; i++) {
    if (keyLengths[i] !== length || bytes[starts[i]! + length - 1] !== last) return false;
  }
  return true;
}

/** How many bytes all keys begin with. */
function sharedBytes({ bytes, starts, keyLengths }: SortInput): number {
  const first = starts[0]!;
  let shared = keyLengths[0]!;
  for (let i = 1; i < starts.length && shared > 0; i++) {
    const at = starts[i]!;
    if (keyLengths[i]! < shared) shared = keyLengths[i]!;
    let same = 0;
    while (same < shared && bytes[first + same] === bytes[at + same]) same++;
    shared = same;
  }
  return shared;
}

/**
 * Keys that never fall, or that strictly fall (so no two are equal), are recognised in one pass. It
 * stops at the first contradiction, so that other input does not pay for it.
 */
function directionOf({ view, starts, keyLengths }: SortInput): "rising" | "falling" | "mixed" {
  const count = starts.length;
  if (count < 2) return "rising";
  const isFalling = compareAt(view, starts[0]!, keyLengths[0]!, starts[1]!, keyLengths[1]!, 0) > 0;
  for (let i = 2; i < count; i++) {
    const order = compareAt(
      view,
      starts[i - 1]!,
      keyLengths[i - 1]!,
      starts[i]!,
      keyLengths[i]!,
      0,
    );
    if (isFalling ? order <= 0 : order > 0) return "mixed";
  }
  return isFalling ? "falling" : "rising";
}

/** One sort; its fields are arrays that the loops read. */
class KeySort {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #starts: Uint32Array;
  readonly #lengths: Uint32Array;
  readonly #columns: Float64Array;
  readonly #scratch: SortScratch;
  readonly #ends = new Uint32Array(257);
  /** Groups that wait, as from, to, depth, and the byte of the column that comes next. */
  #stack = new Float64Array(4 * STACK_GROUPS);
  #stackTop = 0;
  #random = 0x9e3779b9;
  /** Read by nobody; written so that the loop that touches memory is not optimized away. */
  touched = 0;

  constructor(input: SortInput, scratch: SortScratch) {
    this.#view = input.view;
    this.#bytes = input.bytes;
    this.#starts = input.starts;
    this.#lengths = input.keyLengths;
    this.#columns = scratch.columns;
    this.#scratch = scratch;
  }

  /** `shared`: how many bytes all keys begin with. */
  sort(shared: number): void {
    const count = this.#starts.length;
    this.#load(0, count, shared);
    this.#push(0, count, shared, 0);
    while (this.#stackTop > 0) {
      const stack = this.#stack;
      const top = this.#stackTop -= 4;
      const from = stack[top]!;
      const to = stack[top + 1]!;
      const depth = stack[top + 2]!;
      const digit = stack[top + 3]!;
      if (to - from <= INSERTION_MAX) this.#insertByColumn(from, to, depth);
      else if (to - from >= RADIX_MIN && digit < COLUMN_BYTES) this.#radix(from, to, depth, digit);
      else this.#partition(from, to, depth);
    }
  }

  #push(from: number, to: number, depth: number, digit: number): void {
    if (to - from < 2) return;
    const top = this.#stackTop;
    if (top === this.#stack.length) {
      const larger = new Float64Array(2 * top);
      larger.set(this.#stack);
      this.#stack = larger;
    }
    const stack = this.#stack;
    stack[top] = from;
    stack[top + 1] = to;
    stack[top + 2] = depth;
    stack[top + 3] = digit;
    this.#stackTop = top + 4;
  }

  /**
   * Fills the columns of a group. Touch, then read: a loop of bare byte loads keeps many cache
   * misses in flight, while the arithmetic behind each column would fill the processor's window
   * with three or four records (20 ns a record against 35 to 50).
   */
  #load(from: number, to: number, depth: number): void {
    const view = this.#view;
    const bytes = this.#bytes;
    const starts = this.#starts;
    const lengths = this.#lengths;
    const columns = this.#columns;
    let touched = 0;
    for (let begin = from; begin < to; begin += TOUCH_RECORDS) {
      const end = Math.min(begin + TOUCH_RECORDS, to);
      for (let i = begin; i < end; i++) touched += bytes[starts[i]! + depth]!;
      for (let i = begin; i < end; i++) {
        columns[i] = columnAt(view, starts[i]! + depth, lengths[i]! - depth);
      }
    }
    this.touched = touched;
  }

  /** The columns of the group are equal: it is done, or it goes on behind what its keys share. */
  #goDeeper(from: number, to: number, depth: number): void {
    if (to - from < 2) return;
    if (!goesOn(this.#columns[from]!)) {
      this.#starts.subarray(from, to).sort();
      return;
    }
    const next = depth + COLUMN_BYTES;
    if (to - from <= INSERTION_MAX) {
      this.#insertByKey(from, to, next);
      return;
    }
    const shared = next + this.#sharedBytes(from, to, next);
    this.#load(from, to, shared);
    this.#push(from, to, shared, 0);
  }

  /** How many bytes, by fours, all keys of the group share from `depth` on. */
  #sharedBytes(from: number, to: number, depth: number): number {
    const view = this.#view;
    const starts = this.#starts;
    const lengths = this.#lengths;
    const first = starts[from]! + depth;
    let shared = (lengths[from]! - depth) & ~3;
    for (let i = from + 1; i < to && shared > 0; i++) {
      const at = starts[i]! + depth;
      shared = Math.min(shared, (lengths[i]! - depth) & ~3);
      let same = 0;
      while (same < shared && view.getInt32(first + same) === view.getInt32(at + same)) same += 4;
      shared = same;
    }
    return shared;
  }

  /** Three ways by a pivot column. What already lies right stays where it is. */
  #partition(from: number, to: number, depth: number): void {
    const columns = this.#columns;
    const starts = this.#starts;
    const lengths = this.#lengths;
    const pivot = this.#pivot(from, to);
    let less = from;
    let i = from;
    let greater = to;
    while (i < greater) {
      const column = columns[i]!;
      if (column === pivot) {
        i++;
        continue;
      }
      let other: number;
      if (column < pivot) other = less++;
      else do other = --greater; while (other > i && columns[other]! > pivot);
      const start = starts[i]!;
      const length = lengths[i]!;
      columns[i] = columns[other]!;
      starts[i] = starts[other]!;
      lengths[i] = lengths[other]!;
      columns[other] = column;
      starts[other] = start;
      lengths[other] = length;
      if (column < pivot) i++;
    }
    // The smaller side is worked on first: so a long stack takes many equal groups in a row.
    if (less - from > to - greater) {
      this.#push(from, less, depth, COLUMN_BYTES);
      this.#push(greater, to, depth, COLUMN_BYTES);
    } else {
      this.#push(greater, to, depth, COLUMN_BYTES);
      this.#push(from, less, depth, COLUMN_BYTES);
    }
    this.#goDeeper(less, greater, depth);
  }

  /** A median at pseudo-random places: no input is bad by design, and every run does the same. */
  #pivot(from: number, to: number): number {
    const columns = this.#columns;
    const count = to - from;
    if (count < 64) {
      return median(columns[from]!, columns[from + (count >> 1)]!, columns[to - 1]!);
    }
    let x = this.#random;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#random = x;
    const third = Math.floor(count / 3);
    const jump = (x >>> 0) % third;
    const at = (part: number, offset: number) => columns[from + part * third + offset]!;
    const low = at(0, jump);
    const middle = at(1, jump);
    const high = at(2, jump);
    if (count < 512) return median(low, middle, high);
    const half = jump >> 1;
    return median(
      median(low, at(0, half), at(0, (jump + half) % third)),
      median(middle, at(1, half), at(1, (jump + half) % third)),
      median(high, at(2, half), at(2, (jump + half) % third)),
    );
  }

  /** A counting sort on one byte of the columns, the first being 0. */
  #radix(from: number, to: number, depth: number, digit: number): void {
    const columns = this.#columns;
    const starts = this.#starts;
    const lengths = this.#lengths;
    const ends = this.#ends;
    const count = to - from;
    const scale = 2 ** (8 * (digit + 1) - 51);
    const first = columns[from]!;
    let allEqual = true;
    ends.fill(0);
    for (let i = from; i < to; i++) {
      const column = columns[i]!;
      if (column !== first) allEqual = false;
      ends[(Math.floor(column * scale) & 255) + 1]!++;
    }
    if (allEqual) return this.#goDeeper(from, to, depth);
    if (ends[(Math.floor(first * scale) & 255) + 1] === count) {
      return this.#push(from, to, depth, digit + 1);
    }
    for (let byte = 0; byte < 256; byte++) ends[byte + 1]! += ends[byte]!;
    const { spareColumns, spareStarts, spareLengths } = this.#scratch;
    for (let i = from; i < to; i++) {
      const column = columns[i]!;
      const at = ends[Math.floor(column * scale) & 255]!++;
      spareColumns[at] = column;
      spareStarts[at] = starts[i]!;
      spareLengths[at] = lengths[i]!;
    }
    columns.set(spareColumns.subarray(0, count), from);
    starts.set(spareStarts.subarray(0, count), from);
    lengths.set(spareLengths.subarray(0, count), from);
    let begin = 0;
    for (let byte = 0; byte < 256; byte++) {
      // Each count has moved on to where its byte's records end.
      this.#push(from + begin, from + ends[byte]!, depth, digit + 1);
      begin = ends[byte]!;
    }
  }

  /** Insertion sort of a group whose columns are loaded: keys are read where columns are equal. */
  #insertByColumn(from: number, to: number, depth: number): void {
    const columns = this.#columns;
    const starts = this.#starts;
    const lengths = this.#lengths;
    for (let i = from + 1; i < to; i++) {
      const column = columns[i]!;
      const start = starts[i]!;
      const length = lengths[i]!;
      const behind = goesOn(column) ? depth + COLUMN_BYTES : length;
      let j = i - 1;
      for (; j >= from && columns[j]! >= column; j--) {
        if (columns[j] === column && !this.#isAfter(j, start, length, behind)) break;
        columns[j + 1] = columns[j]!;
        starts[j + 1] = starts[j]!;
        lengths[j + 1] = lengths[j]!;
      }
      columns[j + 1] = column;
      starts[j + 1] = start;
      lengths[j + 1] = length;
    }
  }

  /** Insertion sort of a small group whose keys are equal up to `depth`. */
  #insertByKey(from: number, to: number, depth: number): void {
    const starts = this.#starts;
    const lengths = this.#lengths;
    for (let i = from + 1; i < to; i++) {
      const start = starts[i]!;
      const length = lengths[i]!;
      let j = i - 1;
      for (; j >= from && this.#isAfter(j, start, length, depth); j--) {
        starts[j + 1] = starts[j]!;
        lengths[j + 1] = lengths[j]!;
      }
      starts[j + 1] = start;
      lengths[j + 1] = length;
    }
  }

  /** Whether record `i` belongs behind another one, with which it is equal up to `depth`. */
  #isAfter(i: number, start: number, length: number, depth: number): boolean {
    const order = compareAt(this.#view, this.#starts[i]!, this.#lengths[i]!, start, length, depth);
    return order > 0 || (order === 0 && this.#starts[i]! > start);
  }
}

/** The column of a key that has `left` bytes from `at` on. */
function columnAt(view: DataView, at: number, left: number): number {
  if (left < COLUMN_BYTES) return shortColumn(view, at, left);
  return view.getUint32(at) * 2 ** 19 + view.getUint16(at + 4) * 8 + (left < 7 ? left : 7);
}

function shortColumn(view: DataView, at: number, left: number): number {
  if (left <= 0) return 0;
  let value = 0;
  for (let i = 0; i < COLUMN_BYTES; i++) {
    value = value * 256 + (i < left ? view.getUint8(at + i) : 0);
  }
  return value * 8 + left;
}

/** The marker of the column is 7. A double of 51 bits has no `& 7`, and `%` on doubles is a call. */
function goesOn(column: number): boolean {
  return column - Math.floor(column / 8) * 8 === 7;
}

/** Compares two keys, known to be equal up to `depth`, four bytes at a time. */
function compareAt(
  view: DataView,
  atA: number,
  lengthA: number,
  atB: number,
  lengthB: number,
  depth: number,
): number {
  const shorter = lengthA < lengthB ? lengthA : lengthB;
  let i = depth;
  for (; i + 4 <= shorter; i += 4) {
    const a = view.getUint32(atA + i);
    const b = view.getUint32(atB + i);
    if (a !== b) return a < b ? -1 : 1;
  }
  for (; i < shorter; i++) {
    const difference = view.getUint8(atA + i) - view.getUint8(atB + i);
    if (difference !== 0) return difference;
  }
  return lengthA - lengthB;
}

function median(a: number, b: number, c: number): number {
  if (a < b) return b < c ? b : a < c ? c : a;
  return a < c ? a : b < c ? c : b;
}
