/**
 * The values of one key of a grouping, without holding them as JavaScript objects.
 *
 *     small    their bytes in memory             each iteration decodes them anew
 *     large    a part of a file of the task      each iteration reads it in pieces
 *     bytes    varint length, value | varint length, value | …
 *
 * A list of ten million values would not fit; their bytes do, on disk if they have to.
 *
 * **Across processes** values travel as what they are, bytes and a count, and arrive backed by
 * memory: `collect()` gives `Values` again, and `toArray()` a plain array. The codec knows nothing of
 * it. It is a class like a user's that is known everywhere: `withValues` adds it to a table of
 * classes, and whoever encodes or decodes records uses a table that has been through it.
 */
import type { ClassTable } from "../core/codec/binary.ts";
import { RecordError } from "../core/errors.ts";
import { FileError, type Platform } from "../core/platform.ts";
import { getVarint, varintBytes } from "./bytes.ts";
import { type CheckedPart, readPart } from "./checked_part.ts";
import { PartCursor, PIECE_BYTES } from "./part_cursor.ts";
import { type SideRange, SideRanges, SideValues } from "./side_values.ts";
import { SIZE_BYTES } from "./size_of.ts";
import { ValueReader } from "./value_bytes.ts";
import { INSPECT, type Inspect, inspected } from "./values_shown.ts";

/**
 * The values of one key, in the order of the records. They can be iterated as often as you like,
 * and are decoded each time. Very many values lie on disk until the task ends.
 *
 * @example What `groupByKey` gives
 * ```ts
 * import type { Values } from "@flint/flint";
 *
 * const longest = (words: Values<string>) =>
 *   words.toArray().reduce((a, b) => b.length > a.length ? b : a);
 * ```
 */
export interface Values<V> extends Iterable<V> {
  /** How many values there are. */
  readonly length: number;
  /** All values at once, in memory. */
  toArray(): V[];
  /** Begins anew at each call. */
  [Symbol.iterator](): IterableIterator<V>;
}

/** What an instance of `EncodedValues` takes besides its bytes. */
const INSTANCE_BYTES = 200;

/** Values in memory. Its two properties are all that travels. */
export class EncodedValues<V> implements Values<V> {
  readonly length: number;
  readonly encoded: Uint8Array;

  constructor(length: number, encoded: Uint8Array) {
    this.length = length;
    this.encoded = encoded;
  }

  /** What instances of the user's classes are decoded with. */
  protected get classes(): ClassTable | undefined {
    return undefined;
  }

  /** For `sizeOf`. */
  get [SIZE_BYTES](): number {
    return INSTANCE_BYTES + this.encoded.byteLength;
  }

  *[Symbol.iterator](): Generator<V> {
    const { encoded, length } = this;
    const reader = new ValueReader(this.classes);
    let at = 0;
    for (let i = 0; i < length; i++) {
      const bytes = getVarint(encoded, at);
      at += varintBytes(bytes);
      yield reader.read(encoded, at) as V;
      at += bytes;
    }
  }

  toArray(): V[] {
    return [...this];
  }

  toJSON(): V[] {
    return this.toArray();
  }

  [INSPECT](_depth: number, options: unknown, inspect: Inspect): string {
    return inspected(this, inspect, options);
  }

  /** As SidedValues says. The sides share the memory of all. */
  sides(count: number): Values<unknown>[] {
    const { encoded, length } = this;
    const found = new SideRanges(count, new ValueReader(this.classes));
    let at = 0;
    for (let i = 0; i < length; i++) {
      const bytes = getVarint(encoded, at);
      at += varintBytes(bytes);
      found.add(encoded, at, at + bytes);
      at += bytes;
    }
    const Same = this.constructor as typeof EncodedValues<readonly [number, unknown]>;
    return found.ranges().map(({ length, start, end }) =>
      new SideValues(new Same(length, encoded.subarray(start, end)))
    );
  }
}

/** Values on disk; they end with the task. A file is open only while it is read from. */
export class SpilledValues<V> implements Values<V> {
  readonly length: number;
  /** The values in memory, for those who send them to another process. */
  declare readonly encoded: Uint8Array;
  readonly #platform: Platform;
  readonly #part: CheckedPart;
  readonly #classes: ClassTable | undefined;
  /** Where they begin and end in the part. */
  readonly #start: number;
  readonly #end: number;

  /** They are all of the part, or the `range` of it. */
  constructor(
    length: number,
    part: CheckedPart,
    platform: Platform,
    classes?: ClassTable,
    range: Readonly<{ start: number; end: number }> = { start: 0, end: part.bytes },
  ) {
    this.length = length;
    this.#platform = platform;
    this.#part = part;
    this.#classes = classes;
    this.#start = range.start;
    this.#end = range.end;
    // A property of its own, so that it travels as that of EncodedValues does.
    Object.defineProperty(this, "encoded", {
      enumerable: true,
      get: () => this.#read(0, this.#end - this.#start),
    });
  }

  get [SIZE_BYTES](): number {
    return INSTANCE_BYTES;
  }

  *[Symbol.iterator](): Generator<V> {
    const reader = new ValueReader(this.#classes);
    const cursor = this.#cursor();
    for (let i = 0; i < this.length; i++) {
      cursor.next();
      yield reader.read(cursor.piece, cursor.at) as V;
    }
  }

  toArray(): V[] {
    return [...this];
  }

  toJSON(): V[] {
    return this.toArray();
  }

  [INSPECT](_depth: number, options: unknown, inspect: Inspect): string {
    return inspected(this, inspect, options);
  }

  /** As SidedValues says. A side that is small is read here, so that iterating it opens no file. */
  sides(count: number): Values<unknown>[] {
    const found = new SideRanges(count, new ValueReader(this.#classes));
    const cursor = this.#cursor();
    for (let i = 0; i < this.length; i++) {
      cursor.next();
      found.add(cursor.piece, cursor.at, cursor.end);
    }
    return found.ranges().map((range) => new SideValues(this.#range(range)));
  }

  #range({ length, start, end }: SideRange): Values<readonly [number, unknown]> {
    if (end - start <= PIECE_BYTES) {
      // A copy of its own: what is held must not keep its pages.
      const encoded = this.#read(start, end - start).slice();
      return valuesOf(length, encoded, this.#classes ?? withValues());
    }
    const range = { start: this.#start + start, end: this.#start + end };
    return new SpilledValues(length, this.#part, this.#platform, this.#classes, range);
  }

  #cursor(): PartCursor {
    const bytes = this.#end - this.#start;
    return new PartCursor(bytes, (offset, bytes) => this.#read(offset, bytes));
  }

  #read(offset: number, bytes: number): Uint8Array<ArrayBuffer> {
    const from = this.#start + offset;
    try {
      return readPart(this.#platform, this.#part, from, from + bytes);
    } catch (error) {
      if (!(error instanceof FileError && error.kind === "notFound")) throw error;
      throw new RecordError(
        "ValuesGone",
        `Cannot read the ${this.length} values of a group: the task that made them has ended`,
        "Use Values inside the function they are given to; to keep them longer, take toArray()",
        { cause: error },
      );
    }
  }
}

const VALUES_ID = "flint.Values";
const SIDE_VALUES_ID = "flint.SideValues";

/** A table of classes that knows `Values` too, and what values decode their own instances with. */
export function withValues(classes?: ClassTable): ClassTable {
  class TableValues<V> extends EncodedValues<V> {
    protected override get classes(): ClassTable | undefined {
      return table;
    }
  }
  const table: ClassTable = {
    idOf(constructor) {
      if (constructor === EncodedValues || constructor === SpilledValues) return VALUES_ID;
      if (constructor === SideValues) return SIDE_VALUES_ID;
      const isValues = typeof constructor === "function" &&
        Object.getPrototypeOf(constructor) === EncodedValues;
      return isValues ? VALUES_ID : classes?.idOf(constructor);
    },
    classOf(id) {
      if (id === VALUES_ID) return TableValues;
      return id === SIDE_VALUES_ID ? SideValues : classes?.classOf(id);
    },
    classNamed: (name) => classes?.classNamed?.(name),
  };
  return table;
}

/** Values in memory that decode instances of the classes of `table`, which `withValues` made. */
export function valuesOf<V>(length: number, encoded: Uint8Array, table: ClassTable): Values<V> {
  const constructor = table.classOf(VALUES_ID) as typeof EncodedValues<V>;
  return new constructor(length, encoded);
}
