/**
 * How much memory a JavaScript value takes, roughly and cheaply.
 *
 * V8 does not tell. What is counted here are the parts that grow with the data: characters, elements,
 * properties. Large collections are sampled, so the price is the same for ten elements and for ten
 * million; a value is looked at no deeper than a few levels. Rather too much than too little: the
 * figure decides when something is spilled, not whether a result is right.
 */

/** Parts of a value that are looked at; whatever remains counts `UNSEEN_BYTES` each. */
const VISITS_MAX = 128;
const DEPTH_MAX = 5;
/** Elements of a collection that stand for all of them. */
const SAMPLE_MAX = 12;

const NUMBER_BYTES = 16;
const STRING_BYTES = 24;
const OBJECT_BYTES = 40;
const SLOT_BYTES = 8;
const ENTRY_BYTES = 40;
const BUFFER_BYTES = 160;
const UNSEEN_BYTES = 64;

/** What knows its own size, such as `Values`. */
export const SIZE_BYTES: unique symbol = Symbol("sizeBytes");

let visitsLeft = 0;

/** An estimate of the bytes that `value` and what it refers to take on the heap: an integer. */
export function sizeOf(value: unknown): number {
  if (typeof value === "number") return NUMBER_BYTES;
  if (typeof value === "string") return STRING_BYTES + 2 * value.length;
  visitsLeft = VISITS_MAX;
  return Math.ceil(estimate(value, DEPTH_MAX));
}

function estimate(value: unknown, depth: number): number {
  switch (typeof value) {
    case "string":
      return STRING_BYTES + 2 * value.length;
    case "bigint":
      return bigintSize(value);
    case "object":
      if (value === null) return SLOT_BYTES;
      if (depth === 0 || visitsLeft-- <= 0) return UNSEEN_BYTES;
      return objectSize(value, depth - 1);
    case "number":
    case "boolean":
    case "undefined":
    case "function":
    case "symbol":
      return NUMBER_BYTES;
  }
}

function bigintSize(value: bigint): number {
  const small = -(1n << 63n) <= value && value < 1n << 63n;
  return small ? STRING_BYTES : STRING_BYTES + value.toString(16).length / 2;
}

function objectSize(value: object, depth: number): number {
  if (Array.isArray(value)) return OBJECT_BYTES + arraySize(value, depth);
  if (ArrayBuffer.isView(value)) return BUFFER_BYTES + value.byteLength;
  if (value instanceof ArrayBuffer) return BUFFER_BYTES + value.byteLength;
  if (value instanceof Map || value instanceof Set) return collectionSize(value, depth);
  const own = (value as { [SIZE_BYTES]?: unknown })[SIZE_BYTES];
  if (typeof own === "number") return own;
  return propertiesSize(value, depth);
}

function arraySize(array: readonly unknown[], depth: number): number {
  const length = array.length;
  const step = Math.max(1, Math.floor(length / SAMPLE_MAX));
  let seen = 0;
  let bytes = 0;
  for (let i = 0; i < length && seen < SAMPLE_MAX; i += step) {
    bytes += estimate(array[i], depth);
    seen++;
  }
  return length * SLOT_BYTES + (seen === 0 ? 0 : bytes * (length / seen));
}

function collectionSize(
  collection: ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>,
  depth: number,
): number {
  let seen = 0;
  let bytes = 0;
  // A set's entries are pairs of the same element: one of the two counts.
  const isMap = collection instanceof Map;
  for (const [key, value] of collection.entries()) {
    if (seen === SAMPLE_MAX) break;
    bytes += estimate(key, depth) + (isMap ? estimate(value, depth) : 0);
    seen++;
  }
  const scale = seen === 0 ? 0 : collection.size / seen;
  return OBJECT_BYTES + collection.size * ENTRY_BYTES + bytes * scale;
}

function propertiesSize(value: object, depth: number): number {
  const names = Object.keys(value);
  const step = Math.max(1, Math.floor(names.length / SAMPLE_MAX));
  let seen = 0;
  let bytes = 0;
  for (let i = 0; i < names.length && seen < SAMPLE_MAX; i += step) {
    bytes += estimate(dataOf(value, names[i]!), depth);
    seen++;
  }
  const scale = seen === 0 ? 0 : names.length / seen;
  return OBJECT_BYTES + names.length * SLOT_BYTES + bytes * scale;
}

/** A property's value, unless a getter would have to run for it. */
function dataOf(value: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}
