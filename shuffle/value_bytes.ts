/**
 * A value as bytes: in blocks of pairs, in runs and in `Values`. The bytes are those of
 * core/codec/binary.ts; what lies here is to write and read many of them one by one.
 */
import type { ClassTable } from "../core/codec/binary.ts";
import { BinaryReader } from "../core/codec/binary_reader.ts";
import { MAP_SMALL } from "../core/codec/binary_tags.ts";
import { BinaryWriter } from "../core/codec/binary_writer.ts";
import { copyBytes } from "./bytes.ts";
import { PREFIX_BYTES, writePrefix } from "./partitioner.ts";

const CAPACITY_FIRST = 256;

/** A buffer for entries of runs: prefixes, keys and values, one behind the other. */
export class EntryWriter {
  readonly #writer: BinaryWriter;

  constructor(classes?: ClassTable) {
    this.#writer = new BinaryWriter(CAPACITY_FIRST, classes);
  }

  /** What was written. The next write may replace the array. */
  get bytes(): Uint8Array {
    return this.#writer.bytes;
  }

  get end(): number {
    return this.#writer.end;
  }

  /** Forgets what was written. */
  clear(): void {
    this.#writer.end = 0;
  }

  /** Appends a value. Throws a RecordError `NotSerializable`; `end` is then where it was. */
  value(value: unknown): void {
    this.#writer.value(value);
  }

  /** Appends bytes as they are. */
  copy(from: Uint8Array, at: number, length: number): void {
    const writer = this.#writer;
    writer.reserve(length);
    copyBytes(writer.bytes, writer.end, from, at, length);
    writer.end += length;
  }

  /** Appends an integer of 32 bits so that it sorts by value. */
  prefix(value: number): void {
    const writer = this.#writer;
    writer.reserve(PREFIX_BYTES);
    writePrefix(writer.bytes, writer.end, value);
    writer.end += PREFIX_BYTES;
  }
}

/** Reads values wherever they lie. They share no memory with the bytes. */
export class ValueReader {
  readonly #classes: ClassTable | undefined;
  #bytes: Uint8Array = new Uint8Array(0);
  #reader = new BinaryReader(this.#bytes, 0, 0);

  constructor(classes?: ClassTable) {
    this.#classes = classes;
  }

  /** The value that begins at `at`. */
  read(bytes: Uint8Array, at: number): unknown {
    const first = bytes[at]!;
    if (first < MAP_SMALL) return first; // a small count: most of what is counted
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#reader = new BinaryReader(bytes, 0, bytes.length, this.#classes);
    }
    this.#reader.at = at;
    return this.#reader.value();
  }
}
