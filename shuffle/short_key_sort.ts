/**
 * Sorts records whose keys differ in eight bytes at most, such as numbers behind their type: by
 * counting, byte by byte, the last byte first.
 *
 *     key     shared | b0 b1 b2 b3 | b4 b5 b6 b7          zeros where a key is shorter
 *     words            high          low                  passes over b7, b6, ..., b0
 *
 * A pass keeps the order of records whose byte is equal, so the whole is stable, and a byte that is
 * the same in all keys takes no pass. Keys of different lengths are put in order by length first: it
 * decides between keys that only zeros tell apart. A million doubles: 35 ms, against 115 ms for the
 * general way (key_sort.ts).
 */
import type { SortInput, SortScratch } from "./key_sort.ts";

/** How many bytes behind the shared ones a key may have. */
export const SHORT_KEY_BYTES = 8;

/** The passes over the eight bytes, and one over the length. */
const DIGITS = SHORT_KEY_BYTES + 1;
const LENGTH_DIGIT = SHORT_KEY_BYTES;

/** The columns that a pass moves together. */
type Columns = Readonly<{
  /** High and low word of each key, in turn. */
  words: Uint32Array;
  starts: Uint32Array;
  lengths: Uint32Array;
}>;

/**
 * Sorts by the bytes between `shared` bytes at the beginning of all keys and `tail` bytes at their
 * end, of which no key has more than SHORT_KEY_BYTES. `tail` is 0 unless all keys are of one length.
 */
export function sortShortKeys(
  input: SortInput,
  shared: number,
  tail: number,
  scratch: SortScratch,
): void {
  const count = input.starts.length;
  const own: Columns = {
    words: new Uint32Array(scratch.columns.buffer, scratch.columns.byteOffset, 2 * count),
    starts: input.starts,
    lengths: input.keyLengths,
  };
  const spare: Columns = {
    words: new Uint32Array(scratch.spareColumns.buffer, scratch.spareColumns.byteOffset, 2 * count),
    starts: scratch.spareStarts,
    lengths: scratch.spareLengths,
  };
  const counts = load(input, shared, tail, own.words);
  let from = own;
  let to = spare;
  for (const digit of [LENGTH_DIGIT, 7, 6, 5, 4, 3, 2, 1, 0]) {
    const ends = counts.subarray(256 * digit, 256 * (digit + 1));
    if (ends.indexOf(count) >= 0) continue;
    pass(from, to, count, digit, shared, ends);
    [from, to] = [to, from];
  }
  if (from === own) return;
  own.starts.set(spare.starts.subarray(0, count));
  own.lengths.set(spare.lengths.subarray(0, count));
}

/** Fills the words and counts, for each digit, how many keys have each of its values. */
function load(
  input: SortInput,
  shared: number,
  tail: number,
  words: Uint32Array,
): Uint32Array {
  const { view, starts, keyLengths } = input;
  const counts = new Uint32Array(256 * DIGITS);
  for (let i = 0; i < starts.length; i++) {
    const length = keyLengths[i]! - shared - tail;
    const at = starts[i]! + shared;
    const high = wordAt(view, at, length);
    const low = wordAt(view, at + 4, length - 4);
    words[2 * i] = high;
    words[2 * i + 1] = low;
    counts[high >>> 24]!++;
    counts[256 + (high >>> 16 & 255)]!++;
    counts[512 + (high >>> 8 & 255)]!++;
    counts[768 + (high & 255)]!++;
    counts[1024 + (low >>> 24)]!++;
    counts[1280 + (low >>> 16 & 255)]!++;
    counts[1536 + (low >>> 8 & 255)]!++;
    counts[1792 + (low & 255)]!++;
    counts[2048 + length]!++;
  }
  return counts;
}

/** Four key bytes, zeros behind the end of a key that has `left` bytes more. */
function wordAt(view: DataView, at: number, left: number): number {
  if (left >= 4) return view.getUint32(at);
  let word = 0;
  for (let i = 0; i < 4; i++) word = word << 8 | (i < left ? view.getUint8(at + i) : 0);
  return word >>> 0;
}

/** Moves all records, those with a lesser digit first. `ends` holds counts and is used up. */
function pass(
  from: Columns,
  to: Columns,
  count: number,
  digit: number,
  shared: number,
  ends: Uint32Array,
): void {
  let sum = 0;
  for (let value = 0; value < 256; value++) {
    const records = ends[value]!;
    ends[value] = sum;
    sum += records;
  }
  const isLength = digit === LENGTH_DIGIT;
  const word = digit >> 2;
  const shift = 24 - 8 * (digit & 3);
  for (let i = 0; i < count; i++) {
    const length = from.lengths[i]!;
    const value = isLength ? length - shared : from.words[2 * i + word]! >>> shift & 255;
    const at = ends[value]!++;
    to.words[2 * at] = from.words[2 * i]!;
    to.words[2 * at + 1] = from.words[2 * i + 1]!;
    to.starts[at] = from.starts[i]!;
    to.lengths[at] = length;
  }
}
