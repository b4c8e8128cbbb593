/**
 * The values of one key, parted by the dataset that they come from: what `cogroup` and the joins are
 * made of.
 *
 *     Values of the key     [0, a] [0, b]  │  [1, x] [1, y] [1, z]      tagged with their side
 *     SideValues            a  b           │  x  y  z                   a view of its part of them
 *
 * The sides follow each other, because the partitions of a union do and a group keeps their order.
 * So a side is a range of bytes, in memory or of a file, and nothing is decoded to find it.
 */
import { ARRAY_SMALL, MAP_SMALL } from "../core/codec/binary_tags.ts";
import { SIZE_BYTES, sizeOf } from "./size_of.ts";
import type { ValueReader } from "./value_bytes.ts";
import type { Values } from "./values.ts";
import { INSPECT, type Inspect, inspected } from "./values_shown.ts";

/** A value and the index of the dataset that it comes from. */
export type Tagged<V> = readonly [side: number, value: V];

/** What a group gives: values that can be parted into sides, if they are tagged. */
export interface SidedValues extends Values<Tagged<unknown>> {
  /** The values of the sides 0 to `count` - 1, without their tags; a side may be empty. */
  sides(count: number): Values<unknown>[];
}

/** The values of one side. Its one property is what travels. */
export class SideValues<V> implements Values<V> {
  readonly tagged: Values<Tagged<V>>;

  constructor(tagged: Values<Tagged<V>>) {
    this.tagged = tagged;
  }

  get length(): number {
    return this.tagged.length;
  }

  /** For `sizeOf`. */
  get [SIZE_BYTES](): number {
    return sizeOf(this.tagged);
  }

  *[Symbol.iterator](): Generator<V> {
    for (const [, value] of this.tagged) yield value;
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
}

/** A part of the values of a key: how many, and between which bytes they lie. */
export type SideRange = Readonly<{ length: number; start: number; end: number }>;

/** Finds the ranges of the sides while the values pass by in order. */
export class SideRanges {
  readonly #lengths: number[];
  readonly #ends: number[];
  readonly #reader: ValueReader;

  constructor(count: number, reader: ValueReader) {
    this.#lengths = new Array(count).fill(0);
    this.#ends = new Array(count).fill(0);
    this.#reader = reader;
  }

  /** A tagged value that begins at `at`; among all values it ends at `end`. */
  add(bytes: Uint8Array, at: number, end: number): void {
    const side = this.#sideOf(bytes, at);
    this.#lengths[side]!++;
    this.#ends[side] = end;
  }

  ranges(): SideRange[] {
    let start = 0;
    return this.#lengths.map((length, side) => {
      const end = length === 0 ? start : this.#ends[side]!;
      const range = { length, start, end };
      start = end;
      return range;
    });
  }

  /** A small tag is the byte after that of the pair itself; any other is decoded with its value. */
  #sideOf(bytes: Uint8Array, at: number): number {
    const tag = bytes[at + 1]!;
    if (bytes[at] === (ARRAY_SMALL | 2) && tag < MAP_SMALL) return tag;
    return (this.#reader.read(bytes, at) as Tagged<unknown>)[0];
  }
}
