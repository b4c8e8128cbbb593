/**
 * Reads the values that binary_writer.ts writes, and any MessagePack without other extensions.
 *
 * Bytes that are none throw a RecordError `CorruptBlock`. Nothing is allocated by a count before its
 * bytes are there, so a damaged one never asks for much memory or time.
 */
import { RecordError } from "../errors.ts";
import type { ClassTable } from "./binary.ts";
import * as tag from "./binary_tags.ts";
import { copyOf, NameCache, readUtf8 } from "./text.ts";

const names = new NameCache();

/** Reads the values that lie one after the other in `bytes`. `at` is where the next one starts. */
export class BinaryReader {
  at: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  readonly #classes: ClassTable | undefined;
  /** The objects of the value so far, in the order in which they began. */
  #objects: object[] = [];
  #depth = 0;

  constructor(bytes: Uint8Array, at: number, end: number, classes?: ClassTable) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
    this.#end = end;
    this.#classes = classes;
  }

  /** The next value. */
  value(): unknown {
    this.#objects = [];
    this.#depth = 0;
    try {
      return this.#any();
    } catch (error) {
      if (error instanceof RecordError) throw error;
      throw corrupt("it holds what no writer wrote", error); // a RegExp that does not compile, say
    }
  }

  /** Throws unless everything has been read. */
  expectEnd(): void {
    if (this.at !== this.#end) throw corrupt(`${this.#end - this.at} bytes follow it`);
  }

  #any(): unknown {
    const first = this.#byte();
    if (first < tag.MAP_SMALL) return first;
    if (first < tag.ARRAY_SMALL) return this.#properties(first & 15, this.#begin({}));
    if (first < tag.STRING_SMALL) return this.#array(first & 15);
    if (first < tag.NIL) return this.#string(first & 31);
    if (first >= tag.NEGATIVE_SMALL) return first - 0x100;
    switch (first) {
      case tag.NIL:
        return null;
      case tag.FALSE:
        return false;
      case tag.TRUE:
        return true;
      case tag.BINARY_8:
        return this.#begin(this.#copy(this.#byte()));
      case tag.BINARY_16:
        return this.#begin(this.#copy(this.#uint16()));
      case tag.BINARY_32:
        return this.#begin(this.#copy(this.#uint32()));
      case tag.EXTENSION_8:
        return this.#extension(this.#byte());
      case tag.EXTENSION_16:
        return this.#extension(this.#uint16());
      case tag.EXTENSION_32:
        return this.#extension(this.#uint32());
      case tag.FLOAT_32:
        return this.#view.getFloat32(this.#take(4));
      case tag.FLOAT_64:
        return this.#view.getFloat64(this.#take(8));
      case tag.UINT_8:
        return this.#byte();
      case tag.UINT_16:
        return this.#uint16();
      case tag.UINT_32:
        return this.#uint32();
      case tag.UINT_64:
        return Number(this.#view.getBigUint64(this.#take(8)));
      case tag.INT_8:
        return this.#view.getInt8(this.#take(1));
      case tag.INT_16:
        return this.#view.getInt16(this.#take(2));
      case tag.INT_32:
        return this.#view.getInt32(this.#take(4));
      case tag.INT_64:
        return Number(this.#view.getBigInt64(this.#take(8)));
      case tag.EXTENSION_FIXED:
      case tag.EXTENSION_FIXED + 1:
      case tag.EXTENSION_FIXED + 2:
      case tag.EXTENSION_FIXED + 3:
      case tag.EXTENSION_FIXED + 4:
        return this.#extension(1 << (first - tag.EXTENSION_FIXED));
      case tag.STRING_8:
        return this.#string(this.#byte());
      case tag.STRING_16:
        return this.#string(this.#uint16());
      case tag.STRING_32:
        return this.#string(this.#uint32());
      case tag.ARRAY_16:
        return this.#array(this.#uint16());
      case tag.ARRAY_32:
        return this.#array(this.#uint32());
      case tag.MAP_16:
        return this.#properties(this.#uint16(), this.#begin({}));
      case tag.MAP_32:
        return this.#properties(this.#uint32(), this.#begin({}));
    }
    throw corrupt(`${first} begins no value`);
  }

  #array(length: number): unknown[] {
    const array: unknown[] = this.#begin([]);
    this.#descend();
    for (let i = 0; i < length; i++) array.push(this.#any());
    this.#depth--;
    return array;
  }

  #properties<T extends object>(count: number, object: T, hidden = false): T {
    this.#descend();
    const plain = Object.getPrototypeOf(object) === Object.prototype;
    for (let i = 0; i < count; i++) {
      const name = this.#name();
      const value = this.#any();
      // Prototypes may have setters; that of a plain object has one.
      const special = hidden || (plain ? name === "__proto__" : name in object);
      if (special) define(object, name, value, !hidden);
      else (object as Record<string, unknown>)[name] = value;
    }
    this.#depth--;
    return object;
  }

  #name(): string {
    const first = this.#bytes[this.at] ?? 0;
    if (first >= tag.STRING_SMALL && first < tag.NIL) {
      this.at++;
      const from = this.#take(first & 31);
      const text = names.read(this.#bytes, from, this.at);
      return text ?? this.#utf8(from);
    }
    const name = this.#any();
    if (typeof name !== "string") throw corrupt("the name of a property is no string");
    return name;
  }

  #string(byteLength: number): string {
    return this.#utf8(this.#take(byteLength));
  }

  #utf8(from: number): string {
    const text = readUtf8(this.#bytes, from, this.at);
    if (text === undefined) throw corrupt("its text is not UTF-8");
    return text;
  }

  #extension(length: number): unknown {
    const type = this.#byte();
    this.#expect(length);
    const end = this.at + length;
    const value = this.#extended(type, length, end);
    if (this.at !== end) throw corrupt(`extension ${type} has another length than it says`);
    return value;
  }

  #extended(type: number, length: number, end: number): unknown {
    switch (type) {
      case tag.UNDEFINED:
        this.at = end;
        return undefined;
      case tag.REFERENCE:
        return this.#reference();
      case tag.TEXT_16:
        return this.#text16(length);
      case tag.BIGINT:
        return this.#bigint(length);
      case tag.DATE:
        return this.#begin(new Date(this.#view.getFloat64(this.#take(8))));
      case tag.REGEXP:
        return this.#regexp();
      case tag.TYPED_ARRAY:
        return this.#typedArray(length);
      case tag.ARRAY_BUFFER:
        return this.#begin(this.#copy(length).buffer);
      case tag.DATA_VIEW:
        return this.#begin(new DataView(this.#copy(length).buffer));
    }
    this.#descend();
    const value = this.#collection(type, end);
    this.#depth--;
    return value;
  }

  #collection(type: number, end: number): unknown {
    switch (type) {
      case tag.MAP: {
        const map = this.#begin(new Map<unknown, unknown>());
        while (this.at < end) map.set(this.#any(), this.#any());
        return map;
      }
      case tag.SET: {
        const set = this.#begin(new Set<unknown>());
        while (this.at < end) set.add(this.#any());
        return set;
      }
      case tag.SPARSE_ARRAY:
        return this.#sparseArray(end);
      case tag.BARE_OBJECT: {
        const object: Record<string, unknown> = this.#begin(Object.create(null));
        while (this.at < end) object[this.#name()] = this.#any();
        return object;
      }
      case tag.ERROR: {
        const errorClass = tag.ERROR_CLASSES.get(String(this.#any()));
        if (errorClass === undefined) throw corrupt("it holds an error of an unknown class");
        return this.#error(errorClass.prototype);
      }
      case tag.INSTANCE:
        return this.#instance();
    }
    throw corrupt(`extension ${type} is unknown`);
  }

  #sparseArray(end: number): unknown[] {
    const array: unknown[] = this.#begin([]);
    const length = this.#any() as number;
    if (length !== length >>> 0) throw corrupt(`${length} is no length of an array`);
    if (length > 0) { // setting the length would allocate it all
      array[length - 1] = undefined;
      delete array[length - 1];
    }
    while (this.at < end) {
      const index = this.#any() as number;
      if (!(index >= 0 && index < length)) throw corrupt(`${index} is no index of an array`);
      array[index] = this.#any();
    }
    return array;
  }

  #error(prototype: object): Error {
    const error = this.#begin(new Error());
    Object.setPrototypeOf(error, prototype);
    this.#properties(this.#mapCount(), error, true);
    return this.#properties(this.#mapCount(), error);
  }

  #instance(): object {
    const id = String(this.#any());
    const prototype = this.#classes?.classOf(id)?.prototype;
    if (prototype === undefined) {
      throw new RecordError(
        "NotSerializable",
        `Cannot decode an instance of ${id}: the class is not known here`,
        "Give the class to sc.registerClass()",
      );
    }
    if (this.#bytes[this.at] !== tag.EXTENSION_32) {
      return this.#properties(this.#mapCount(), this.#begin(Object.create(prototype)));
    }
    this.#take(5);
    if (this.#byte() !== tag.ERROR) throw corrupt("an instance is neither an object nor an error");
    this.#any(); // the name of the built-in class
    return this.#error(prototype);
  }

  #mapCount(): number {
    const first = this.#byte();
    if (first >= tag.MAP_SMALL && first < tag.ARRAY_SMALL) return first & 15;
    if (first === tag.MAP_16) return this.#uint16();
    if (first === tag.MAP_32) return this.#uint32();
    throw corrupt(`${first} begins no map`);
  }

  #reference(): object {
    const object = this.#objects[this.#uint32()];
    if (object === undefined) throw corrupt("it refers to an object that it does not hold");
    return object;
  }

  #text16(length: number): string {
    const parts: string[] = [];
    for (const end = this.at + length; this.at + 2 <= end; this.at += 2) {
      parts.push(String.fromCharCode(this.#view.getUint16(this.at, true)));
    }
    return parts.join("");
  }

  #bigint(length: number): bigint {
    if (length === 8) return this.#view.getBigInt64(this.#take(8));
    const negative = this.#byte() === 1;
    const digits: string[] = ["0x0"];
    for (const byte of this.#copy(length - 1)) digits.push((byte | 0x100).toString(16).slice(1));
    const magnitude = BigInt(digits.join(""));
    return negative ? -magnitude : magnitude;
  }

  #regexp(): RegExp {
    const source = this.#any();
    const flags = this.#any();
    const regexp = this.#begin(new RegExp(String(source), String(flags)));
    regexp.lastIndex = Number(this.#any());
    return regexp;
  }

  #typedArray(length: number): ArrayBufferView {
    const constructor = tag.TYPED_ARRAYS[this.#byte()];
    if (constructor === undefined) throw corrupt("it holds a typed array of an unknown class");
    return this.#begin(new constructor(this.#copy(length - 1).buffer));
  }

  /** Gives an object the next number. It has to be called before its parts are read. */
  #begin<T extends object>(object: T): T {
    this.#objects.push(object);
    return object;
  }

  #descend(): void {
    if (++this.#depth > 2 * tag.VALUE_DEPTH_MAX) throw corrupt("it is nested too deep");
  }

  #copy(count: number): Uint8Array<ArrayBuffer> {
    const from = this.#take(count);
    return copyOf(this.#bytes, from, this.at);
  }

  #byte(): number {
    if (this.at >= this.#end) throw endsEarly();
    return this.#bytes[this.at++]!;
  }

  #uint16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  #uint32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  /** Steps over `count` bytes and returns where they start. */
  #take(count: number): number {
    this.#expect(count);
    const from = this.at;
    this.at += count;
    return from;
  }

  #expect(count: number): void {
    if (count < 0 || count > this.#end - this.at) throw endsEarly();
  }
}

function define(object: object, name: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(object, name, { value, enumerable, configurable: true, writable: true });
}

function endsEarly(): RecordError {
  return corrupt("it ends early");
}

function corrupt(detail: string, cause?: unknown): RecordError {
  return new RecordError("CorruptBlock", `Cannot read a value: ${detail}`, undefined, { cause });
}
