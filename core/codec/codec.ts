/**
 * Blocks: many records as one piece of bytes, the only form in which records leave an isolate.
 *
 *     batch                    block
 *     ["oslo", 3]              ┌──────┬────┬───────┬───────────┬─────────────────────────┬───────┐
 *     ["rome", 5]  encode ─►   │ text │ u8 │ 00 00 │ 3 records │ 4 4 4, 12, osloromebonn │ 3 5 1 │
 *     ["bonn", 1]              └──────┴────┴───────┴───────────┴─────────────────────────┴───────┘
 *                                forms             u32         column 1                  column 2
 *
 * A batch of strings or of numbers is one column (columns.ts), a batch of pairs of these is two;
 * everything else is one column of values (binary.ts). The form of a column says how it is written.
 * One pass over the batch decides.
 *
 * The laws: `decodeBlock(encodeBlock(records))` is deeply equal to `records`, exactly; and a block
 * is relocatable, so decoding two blocks gives what decoding the block of both batches gives. For
 * that, identity is kept within a record and not between records: where a block ends is nobody's
 * business.
 *
 * Blocks have no checksum of their own; frame.ts adds one where they are stored.
 */
import { RecordError } from "../errors.ts";
import type { ClassTable } from "./binary.ts";
import { BinaryWriter } from "./binary_writer.ts";
import {
  type Column,
  type ColumnForm,
  NONE,
  NUMBERS,
  readColumn,
  STRINGS,
  VALUES,
  writeColumn,
} from "./columns.ts";

const HEADER_BYTES = 8;
/** A writer that grew larger than this for one block is not kept for the next. */
const KEPT_BYTES_MAX = 4 << 20;

let kept: BinaryWriter | undefined;

/**
 * The block of a batch. `classes` are those whose instances keep their class. Throws a RecordError
 * `NotSerializable` for a record that cannot travel, with the path in it and the cure.
 */
export function encodeBlock(
  records: readonly unknown[],
  classes?: ClassTable,
): Uint8Array<ArrayBuffer> {
  // Taken away while in use: a getter in a record might encode something too.
  const writer = kept !== undefined && classes === undefined
    ? kept
    : new BinaryWriter(1024, classes);
  if (writer === kept) kept = undefined;
  writer.end = HEADER_BYTES;
  const forms = writeColumns(writer, records);
  const { bytes, view } = writer;
  bytes[0] = forms[0];
  bytes[1] = forms[1];
  view.setUint16(2, 0);
  view.setUint32(4, records.length, true);
  const block = bytes.slice(0, writer.end);
  writer.classes = undefined;
  if (bytes.length <= KEPT_BYTES_MAX) kept = writer;
  return block;
}

/**
 * The records of a block, in order, sharing no memory with it. `classes` has to know the classes
 * that encoding knew. Throws a RecordError `CorruptBlock` if the bytes are no block.
 */
export function decodeBlock(block: Uint8Array, classes?: ClassTable): unknown[] {
  const records = blockRecords(block);
  const [first, at] = readColumn(block, HEADER_BYTES, block[0]!, records, classes);
  if (block[1] === NONE) {
    expectEnd(block, at);
    if (Array.isArray(first)) return first;
    const numbers = new Array<unknown>(records); // by index: four times as fast as Array.from
    for (let i = 0; i < records; i++) numbers[i] = first[i];
    return numbers;
  }
  const [second, end] = readColumn(block, at, block[1]!, records, classes);
  expectEnd(block, end);
  const pairs = new Array<unknown>(records);
  for (let i = 0; i < records; i++) pairs[i] = [first[i], second[i]];
  return pairs;
}

/** How many records a block has, without decoding it. */
export function blockRecords(block: Uint8Array): number {
  if (block.length < HEADER_BYTES) {
    throw new RecordError("CorruptBlock", `Cannot read a block: it has ${block.length} bytes`);
  }
  const view = new DataView(block.buffer, block.byteOffset, HEADER_BYTES);
  const records = view.getUint32(4, true);
  if (view.getUint16(2) !== 0 || records > block.length - HEADER_BYTES) {
    throw new RecordError(
      "CorruptBlock",
      `Cannot read a block: its header does not fit its ${block.length} bytes`,
    );
  }
  return records;
}

function writeColumns(writer: BinaryWriter, records: readonly unknown[]): [ColumnForm, ColumnForm] {
  const count = records.length;
  let kinds = 0;
  let keyKinds = 0;
  let valueKinds = 0;
  for (let i = 0; i < count && kinds !== VALUES; i++) {
    const record = records[i];
    if (!isPair(record)) {
      kinds |= kindOf(record);
      continue;
    }
    keyKinds |= kindOf(record[0]);
    valueKinds |= kindOf(record[1]);
    if (((keyKinds | valueKinds) & VALUES) !== 0) kinds = VALUES;
  }
  if (keyKinds === 0) return [writeColumn(writer, records, kinds), NONE];
  if (kinds !== 0) return [writeColumn(writer, records, VALUES), NONE];
  const keys = new Array<unknown>(count);
  const values = new Array<unknown>(count);
  for (let i = 0; i < count; i++) {
    const pair = records[i] as [unknown, unknown];
    keys[i] = pair[0];
    values[i] = pair[1];
  }
  const first = writeColumn(writer, keys, keyKinds);
  return [first, writeColumn(writer, values, valueKinds)];
}

/** Whether a record is an array of two elements. A hole reads as undefined, which fits no column. */
function isPair(record: unknown): record is [unknown, unknown] {
  return Array.isArray(record) && record.length === 2 &&
    Object.getPrototypeOf(record) === Array.prototype;
}

function kindOf(value: unknown): Column {
  return typeof value === "string" ? STRINGS : typeof value === "number" ? NUMBERS : VALUES;
}

function expectEnd(block: Uint8Array, at: number): void {
  if (at !== block.length) {
    throw new RecordError(
      "CorruptBlock",
      `Cannot read a block: ${block.length - at} bytes follow its records`,
    );
  }
}
