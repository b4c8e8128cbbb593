/**
 * Columns: many values of one type as bytes side by side, in the narrowest form that is exact.
 *
 *     numbers   as u8, u16, i32 where all are such integers, else as float64
 *     strings   lengths in UTF-16 units (u8, u16 or u32 each), then the text in pieces
 *     values    one after the other (binary.ts)
 *
 * **Pieces of text.** A substring keeps the whole string that it was cut from alive. With the text of
 * a block in one string, a program that keeps one long record of every block would keep all blocks;
 * so the text is decoded in pieces of about 4,096 characters. A piece is as many strings as fit, at
 * least one; both sides find its bounds from the lengths alone:
 *
 *     3 5 4 │ u32 bytes, UTF-8 of strings 0–2 │ u32 bytes, UTF-8 of strings 3–7 │ …
 *
 * A lone surrogate that does not meet its other half within the piece has no UTF-8; then the
 * column is one of values. All numbers are little-endian, at any alignment.
 */
import { RecordError } from "../errors.ts";
import { BinaryReader } from "./binary_reader.ts";
import type { ClassTable } from "./binary.ts";
import type { BinaryWriter } from "./binary_writer.ts";
import { copyOf, decodeUtf8 } from "./text.ts";

/** What is in a column; the bits of a mixture ored are no longer STRINGS or NUMBERS. */
export type Column = number;
export const STRINGS: Column = 1;
export const NUMBERS: Column = 2;
export const VALUES: Column = 4;

/** How a column is written: one byte in the header of a block. */
export type ColumnForm = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;
/** There is no such column. */
export const NONE = 0;
const ANY = 1;
const UINT8 = 2;
const UINT16 = 3;
const INT32 = 4;
const FLOAT64 = 5;
/** Text with lengths of 1, 2 or 4 bytes. */
const TEXT8 = 6;
const TEXT16 = 7;
const TEXT32 = 8;

type Lengths = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;
type Numbers = Lengths | Int32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

const PIECE_CHARS = 4096;

const utf8 = new TextEncoder();

/** Appends a column of what `column` says (anything, if it is no type alone) and returns its form. */
export function writeColumn(
  writer: BinaryWriter,
  values: readonly unknown[],
  column: Column,
): ColumnForm {
  if (column === NUMBERS) return writeNumbers(writer, values as readonly number[]);
  if (column === STRINGS) {
    const start = writer.end;
    const form = writeStrings(writer, values as readonly string[]);
    if (form !== undefined) return form;
    writer.end = start;
  }
  for (let i = 0; i < values.length; i++) writer.value(values[i]);
  return ANY;
}

/** The `count` values of the column that starts at `at`, and where it ends. */
export function readColumn(
  block: Uint8Array,
  at: number,
  form: number,
  count: number,
  classes: ClassTable | undefined,
): [values: unknown[] | Numbers, end: number] {
  switch (form) {
    case ANY: {
      const reader = new BinaryReader(block, at, block.length, classes);
      const values: unknown[] = [];
      for (let i = 0; i < count; i++) values.push(reader.value());
      return [values, reader.at];
    }
    case UINT8:
      return [new Uint8Array(copied(block, at, count)), at + count];
    case UINT16:
      return [new Uint16Array(copied(block, at, 2 * count)), at + 2 * count];
    case INT32:
      return [new Int32Array(copied(block, at, 4 * count)), at + 4 * count];
    case FLOAT64:
      return [new Float64Array(copied(block, at, 8 * count)), at + 8 * count];
    case TEXT8:
      return readStrings(block, at + count, new Uint8Array(copied(block, at, count)));
    case TEXT16:
      return readStrings(block, at + 2 * count, new Uint16Array(copied(block, at, 2 * count)));
    case TEXT32:
      return readStrings(block, at + 4 * count, new Uint32Array(copied(block, at, 4 * count)));
  }
  throw corrupt(`${form} is no form of a column`);
}

function writeNumbers(writer: BinaryWriter, values: readonly number[]): ColumnForm {
  let least = 0;
  let greatest = 0;
  let exact = true; // all are integers of 32 bits, and none is -0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if ((value | 0) !== value || (value === 0 && 1 / value < 0)) {
      exact = false;
      break;
    }
    if (value < least) least = value;
    else if (value > greatest) greatest = value;
  }
  const { length } = values;
  const [form, numbers]: [ColumnForm, Numbers] = !exact
    ? [FLOAT64, new Float64Array(length)]
    : least < 0 || greatest > 0xffff
    ? [INT32, new Int32Array(length)]
    : greatest > 0xff
    ? [UINT16, new Uint16Array(length)]
    : [UINT8, new Uint8Array(length)];
  for (let i = 0; i < length; i++) numbers[i] = values[i]!;
  writer.append(new Uint8Array(numbers.buffer));
  return form;
}

/** Undefined if a lone surrogate stands in the way; what has been appended is then void. */
function writeStrings(writer: BinaryWriter, strings: readonly string[]): ColumnForm | undefined {
  const count = strings.length;
  let longest = 0;
  for (let i = 0; i < count; i++) longest = Math.max(longest, strings[i]!.length);
  const [form, lengths]: [ColumnForm, Lengths] = longest < 0x100
    ? [TEXT8, new Uint8Array(count)]
    : longest < 0x10000
    ? [TEXT16, new Uint16Array(count)]
    : [TEXT32, new Uint32Array(count)];
  for (let i = 0; i < count; i++) lengths[i] = strings[i]!.length;
  writer.append(new Uint8Array(lengths.buffer));
  for (let from = 0, to; from < count; from = to) {
    to = pieceEnd(lengths, from);
    const text = strings.slice(from, to).join("");
    if (!text.isWellFormed()) return undefined;
    writer.reserve(4 + 3 * text.length);
    const { written } = utf8.encodeInto(text, writer.bytes.subarray(writer.end + 4));
    writer.view.setUint32(writer.end, written, true);
    writer.end += 4 + written;
  }
  return form;
}

function readStrings(
  block: Uint8Array,
  at: number,
  lengths: Lengths,
): [strings: string[], end: number] {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const strings = new Array<string>(lengths.length);
  for (let from = 0, to; from < lengths.length; from = to) {
    to = pieceEnd(lengths, from);
    if (at + 4 > block.length) throw corrupt("it ends early");
    const end = at + 4 + view.getUint32(at, true);
    if (end > block.length) throw corrupt("it ends early");
    const text = decodedPiece(block, at + 4, end);
    let char = 0;
    for (let i = from; i < to; i++) {
      const next = char + lengths[i]!;
      strings[i] = text.substring(char, next);
      char = next;
    }
    if (char !== text.length) throw corrupt("its text has another length than its strings");
    at = end;
  }
  return [strings, at];
}

/** The first string that is not in the piece that starts with string `from`. */
function pieceEnd(lengths: Lengths, from: number): number {
  let chars = lengths[from]!;
  let to = from + 1;
  while (to < lengths.length && chars + lengths[to]! <= PIECE_CHARS) chars += lengths[to++]!;
  return to;
}

function decodedPiece(block: Uint8Array, from: number, to: number): string {
  const text = decodeUtf8(block.subarray(from, to));
  if (text === undefined) throw corrupt("its text is not UTF-8");
  return text;
}

/** A copy of bytes, at the start of a buffer of its own and so aligned for any typed array. */
function copied(block: Uint8Array, at: number, length: number): ArrayBuffer {
  if (at + length > block.length) throw corrupt("it ends early");
  return copyOf(block, at, at + length).buffer;
}

function corrupt(detail: string): RecordError {
  return new RecordError("CorruptBlock", `Cannot read a column: ${detail}`);
}
