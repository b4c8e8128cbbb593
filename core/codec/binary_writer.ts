/** Writes values as binary.ts describes them, one after the other into one growing buffer. */
import type { ClassTable } from "./binary.ts";
import { refusalOf, slottedClassOf, Unwritable } from "./binary_refusal.ts";
import * as tag from "./binary_tags.ts";

/** Up to so many characters, ASCII is written faster by a loop than by the encoder. */
const SHORT_STRING_CHARS = 31;
/** Up to so many objects of a value, a list finds one faster than a Map. */
const LISTED_OBJECTS_MAX = 16;

const utf8 = new TextEncoder();
const typedArrayIndexes = new Map<object, number>(
  tag.TYPED_ARRAYS.map((constructor, index) => [constructor.prototype, index]),
);
const errorNames = new Map<object, string>(
  [...tag.ERROR_CLASSES].map(([name, { prototype }]) => [prototype, name]),
);

/**
 * Appends values to `bytes`; `end` is where the next one goes. `bytes` and `view` are replaced when
 * they are full. Set `end` back to use the buffer again.
 */
export class BinaryWriter {
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView<ArrayBuffer>;
  end = 0;
  /** The classes whose instances keep their class. */
  classes: ClassTable | undefined;
  /** The objects of the value so far, in the order of their numbers; in #numbers when they are many. */
  #objects: object[] = [];
  #numbers: Map<object, number> | undefined;
  #depth = 0;

  constructor(capacity: number, classes?: ClassTable) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
    this.classes = classes;
  }

  /** Writes a value with references of its own. On an error `end` is where it was. */
  value(value: unknown): void {
    const start = this.end;
    this.#objects.length = 0;
    this.#numbers = undefined;
    this.#depth = 0;
    try {
      this.#any(value);
    } catch (error) {
      this.end = start;
      throw refusalOf(value, error);
    }
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    const needed = this.end + count;
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, needed));
    larger.set(this.bytes.subarray(0, this.end));
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }

  /** Appends bytes as they are. */
  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.end);
    this.end += bytes.length;
  }

  #any(value: unknown): void {
    switch (typeof value) {
      case "string":
        return this.#string(value);
      case "number":
        return this.#number(value);
      case "boolean":
        return this.#byte(value ? tag.TRUE : tag.FALSE);
      case "undefined":
        return this.#empty(tag.UNDEFINED);
      case "bigint":
        return this.#bigint(value);
      case "function":
      case "symbol":
        throw new Unwritable(value);
      case "object":
        if (value === null) return this.#byte(tag.NIL);
        if (this.#known(value)) return;
        if (++this.#depth > tag.VALUE_DEPTH_MAX) throw new Unwritable(value);
        this.#object(value);
        this.#depth--;
    }
  }

  /** Writes a reference if the object has a number already, and gives it one if it has none. */
  #known(object: object): boolean {
    const objects = this.#objects;
    let number: number | undefined;
    if (this.#numbers !== undefined) {
      number = this.#numbers.get(object);
    } else {
      const listed = objects.indexOf(object);
      if (listed >= 0) number = listed;
    }
    if (number !== undefined) {
      this.#extension(tag.REFERENCE, 4);
      this.view.setUint32(this.end, number);
      this.end += 4;
      return true;
    }
    if (this.#numbers !== undefined) {
      this.#numbers.set(object, this.#numbers.size);
    } else if (objects.push(object) > LISTED_OBJECTS_MAX) {
      this.#numbers = new Map(objects.map((listed, index) => [listed, index]));
      objects.length = 0;
    }
    return false;
  }

  #object(object: object): void {
    const prototype = Object.getPrototypeOf(object);
    switch (prototype) {
      case Object.prototype:
        return this.#properties(object);
      case Array.prototype:
        return this.#array(object as unknown[]);
      case null:
        return this.#sized(tag.BARE_OBJECT, () => this.#pairs(Object.entries(object)));
      case Uint8Array.prototype:
        return this.#binary(object as Uint8Array);
      case Date.prototype:
        this.#extension(tag.DATE, 8);
        this.view.setFloat64(this.end, (object as Date).getTime());
        this.end += 8;
        return;
      case Map.prototype:
        return this.#sized(tag.MAP, () => this.#pairs(object as Map<unknown, unknown>));
      case Set.prototype:
        return this.#sized(tag.SET, () => {
          for (const item of object as Set<unknown>) this.#any(item);
        });
      case RegExp.prototype: {
        const { source, flags, lastIndex } = object as RegExp;
        return this.#sized(tag.REGEXP, () => {
          this.#string(source);
          this.#string(flags);
          this.#number(lastIndex);
        });
      }
      case ArrayBuffer.prototype:
        return this.#raw(tag.ARRAY_BUFFER, new Uint8Array(object as ArrayBuffer));
      case DataView.prototype:
        return this.#raw(tag.DATA_VIEW, bytesOf(object as DataView));
    }
    const index = typedArrayIndexes.get(prototype);
    if (index !== undefined) return this.#typedArray(object as ArrayBufferView, index);
    const error = errorNames.get(prototype);
    if (error !== undefined) return this.#error(object as Error, error);
    this.#instance(object, prototype);
  }

  #instance(object: object, prototype: { constructor?: unknown }): void {
    const id = this.classes?.idOf(prototype.constructor);
    if (
      id === undefined ||
      (slottedClassOf(object) ?? Error) !== Error
    ) {
      throw new Unwritable(object);
    }
    this.#sized(tag.INSTANCE, () => {
      this.#string(id);
      if (object instanceof Error) this.#error(object, "Error");
      else this.#properties(object);
    });
  }

  #array(array: readonly unknown[]): void {
    const { length } = array;
    for (let i = 0; i < length; i++) {
      if (array[i] === undefined && !Object.hasOwn(array, i)) return this.#sparse(array);
    }
    this.#header(tag.ARRAY_SMALL, 15, 0, tag.ARRAY_16, tag.ARRAY_32, length);
    for (let i = 0; i < length; i++) this.#any(array[i]);
  }

  #sparse(array: readonly unknown[]): void {
    this.#sized(tag.SPARSE_ARRAY, () => {
      this.#number(array.length);
      for (const name of Object.keys(array)) {
        const index = Number(name);
        if (String(index >>> 0) !== name) continue; // a property, no element
        this.#number(index);
        this.#any(array[index]);
      }
    });
  }

  #properties(object: object): void {
    const names = Object.keys(object);
    this.#header(tag.MAP_SMALL, 15, 0, tag.MAP_16, tag.MAP_32, names.length);
    for (const name of names) {
      this.#string(name);
      this.#any((object as Record<string, unknown>)[name]);
    }
  }

  #pairs(pairs: Iterable<readonly [unknown, unknown]>): void {
    for (const [key, value] of pairs) {
      this.#any(key);
      this.#any(value);
    }
  }

  #error(error: Error, className: string): void {
    this.#sized(tag.ERROR, () => {
      this.#string(className);
      const shownToo = new Set(Object.keys(error));
      const hidden = tag.HIDDEN_ERROR_PROPERTIES.filter((name) =>
        Object.hasOwn(error, name) && !shownToo.has(name)
      );
      this.#header(tag.MAP_SMALL, 15, 0, tag.MAP_16, tag.MAP_32, hidden.length);
      this.#pairs(
        hidden.map((name) => [name, (error as unknown as Record<string, unknown>)[name]]),
      );
      this.#properties(error);
    });
  }

  #string(text: string): void {
    const chars = text.length;
    this.reserve(3 * chars + 5);
    const { bytes } = this;
    if (chars <= SHORT_STRING_CHARS) {
      let at = this.end;
      let all = 0;
      bytes[at++] = tag.STRING_SMALL | chars;
      for (let i = 0; i < chars; i++) {
        const unit = text.charCodeAt(i);
        all |= unit;
        bytes[at++] = unit;
      }
      if (all < 0x80) {
        this.end = at;
        return;
      }
    }
    if (!text.isWellFormed()) return this.#text16(text);
    // The header is that of the longest UTF-8 there can be, so the text is written where it stays.
    const longest = 3 * chars;
    const headerBytes = longest < 32 ? 1 : longest < 0x100 ? 2 : longest < 0x10000 ? 3 : 5;
    const { written } = utf8.encodeInto(text, bytes.subarray(this.end + headerBytes));
    switch (headerBytes) {
      case 1:
        bytes[this.end] = tag.STRING_SMALL | written;
        break;
      case 2:
        bytes[this.end] = tag.STRING_8;
        bytes[this.end + 1] = written;
        break;
      case 3:
        bytes[this.end] = tag.STRING_16;
        this.view.setUint16(this.end + 1, written);
        break;
      case 5:
        bytes[this.end] = tag.STRING_32;
        this.view.setUint32(this.end + 1, written);
    }
    this.end += headerBytes + written;
  }

  #text16(text: string): void {
    this.#extension(tag.TEXT_16, 2 * text.length);
    for (let i = 0; i < text.length; i++) {
      this.view.setUint16(this.end, text.charCodeAt(i), true);
      this.end += 2;
    }
  }

  #number(value: number): void {
    this.reserve(9);
    const { bytes } = this;
    if ((value | 0) !== value || Object.is(value, -0)) {
      bytes[this.end] = tag.FLOAT_64;
      this.view.setFloat64(this.end + 1, value);
      this.end += 9;
    } else if (value >= -0x20 && value < 0x80) {
      bytes[this.end++] = value; // a negative one ends up at NEGATIVE_SMALL and above
    } else if (value >= 0 && value < 0x100) {
      bytes[this.end++] = tag.UINT_8;
      bytes[this.end++] = value;
    } else if (value >= 0 && value < 0x10000) {
      bytes[this.end] = tag.UINT_16;
      this.view.setUint16(this.end + 1, value);
      this.end += 3;
    } else {
      bytes[this.end] = tag.INT_32;
      this.view.setInt32(this.end + 1, value);
      this.end += 5;
    }
  }

  #bigint(value: bigint): void {
    if (BigInt.asIntN(64, value) === value) {
      this.#extension(tag.BIGINT, 8);
      this.view.setBigInt64(this.end, value);
      this.end += 8;
      return;
    }
    const negative = value < 0n;
    let hex = (negative ? -value : value).toString(16);
    if (hex.length % 2 === 1) hex = `0${hex}`;
    const count = hex.length / 2;
    this.#extension(tag.BIGINT, 1 + count);
    this.bytes[this.end++] = negative ? 1 : 0;
    for (let i = 0; i < count; i++) {
      this.bytes[this.end++] = parseInt(hex.slice(2 * i, 2 * i + 2), 16);
    }
  }

  #binary(bytes: Uint8Array): void {
    this.#header(0, -1, tag.BINARY_8, tag.BINARY_16, tag.BINARY_32, bytes.length);
    this.append(bytes);
  }

  #typedArray(array: ArrayBufferView, index: number): void {
    this.#extension(tag.TYPED_ARRAY, 1 + array.byteLength);
    this.bytes[this.end++] = index;
    this.append(bytesOf(array));
  }

  #raw(type: number, bytes: Uint8Array): void {
    this.#extension(type, bytes.length);
    this.append(bytes);
  }

  /** An extension whose length is known when `write` has written it. */
  #sized(type: number, write: () => void): void {
    this.reserve(6);
    this.bytes[this.end] = tag.EXTENSION_32;
    this.bytes[this.end + 5] = type;
    this.end += 6;
    const start = this.end;
    write();
    this.view.setUint32(start - 5, this.end - start);
  }

  /** The header of an extension, and room for its `length` bytes. */
  #extension(type: number, length: number): void {
    this.reserve(6 + length);
    if (length > 0 && length <= 16 && (length & (length - 1)) === 0) {
      this.bytes[this.end++] = tag.EXTENSION_FIXED + 31 - Math.clz32(length);
    } else {
      this.#header(0, -1, tag.EXTENSION_8, tag.EXTENSION_16, tag.EXTENSION_32, length);
    }
    this.bytes[this.end++] = type;
  }

  /** A first byte and a count; there is no form of one byte where `tag8` is 0. */
  #header(small: number, smallMax: number, tag8: number, tag16: number, tag32: number, n: number) {
    this.reserve(5);
    if (n <= smallMax) {
      this.bytes[this.end++] = small | n;
    } else if (n < 0x100 && tag8 !== 0) {
      this.bytes[this.end++] = tag8;
      this.bytes[this.end++] = n;
    } else if (n < 0x10000) {
      this.bytes[this.end] = tag16;
      this.view.setUint16(this.end + 1, n);
      this.end += 3;
    } else {
      this.bytes[this.end] = tag32;
      this.view.setUint32(this.end + 1, n);
      this.end += 5;
    }
  }

  #empty(type: number): void {
    this.#extension(type, 1);
    this.bytes[this.end++] = 0;
  }

  #byte(byte: number): void {
    this.reserve(1);
    this.bytes[this.end++] = byte;
  }
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
