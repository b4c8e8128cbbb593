/**
 * One JavaScript value as bytes, exactly: MessagePack with extension types.
 *
 * What MessagePack knows is written as MessagePack: null, booleans, numbers, strings, Uint8Arrays,
 * arrays, plain objects. What it does not know is an extension: undefined, bigints, Dates, Maps,
 * Sets, RegExps, typed arrays, errors, sparse arrays, objects without a prototype, instances of
 * known classes, strings with lone surrogates (which UTF-8 would collapse), and references:
 *
 *     { a: x, b: [x] }   ─►   map 2 │ "a" │ x │ "b" │ array 1 │ REFERENCE 1
 *                             no. 0          no. 1    no. 2
 *
 * Every object of a value has a number, counted in the order in which they begin; meeting one again
 * writes its number. So sharing and cycles survive, within one value.
 *
 * The writer (binary_writer.ts) and reader (binary_reader.ts) are our own and not the library's: it
 * takes undefined for null, -0 for 0, and every string for well-formed, before an extension is
 * asked; each record would have to be copied first. The tests hold the two against each other.
 *
 * **What does not travel.** Functions, symbols, Promises, weak collections, and instances of
 * unknown classes are refused with their path and the cure. Quietly left behind are, as
 * structuredClone leaves them: properties named by symbols, named properties of arrays and
 * collections, that a property was a getter or an object frozen. A view travels with its own bytes,
 * not with the rest of its buffer. A Proxy cannot be told from what it stands for.
 */
import { BinaryReader } from "./binary_reader.ts";
import { BinaryWriter } from "./binary_writer.ts";

/**
 * The classes whose instances keep their class. An id is the same in every process. An instance
 * travels as its own enumerable properties; its constructor is not called when it is read. So a
 * class with `#private` fields must not be in it: nobody but the class can read or set them.
 */
export interface ClassTable {
  idOf(constructor: unknown): string | undefined;
  classOf(id: string): { prototype: object } | undefined;
  /** The class of that name, where exactly one has it: for records that another program wrote. */
  classNamed?(name: string): { prototype: object } | undefined;
}

/** What `encodeValue` and `decodeValue` need beside the value. */
export type BinaryOptions = Readonly<{ classes?: ClassTable | undefined }>;

/**
 * A value as bytes. Throws a RecordError `NotSerializable` that names the path of what cannot
 * travel, such as `[3].b`.
 */
export function encodeValue(value: unknown, options: BinaryOptions = {}): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter(256, options.classes);
  writer.value(value);
  return writer.bytes.slice(0, writer.end);
}

/**
 * The value of bytes that `encodeValue` made. It shares no memory with them. Throws a RecordError
 * `CorruptBlock` if the bytes are none, `NotSerializable` if a class is not known here.
 */
export function decodeValue(bytes: Uint8Array, options: BinaryOptions = {}): unknown {
  const reader = new BinaryReader(bytes, 0, bytes.length, options.classes);
  const value = reader.value();
  reader.expectEnd();
  return value;
}
