/**
 * Plain data travels as it is: one node for a whole tree instead of one for each object in it.
 *
 * A tree is plain when a copy of it cannot be told from it: only primitives, ordinary objects and
 * arrays, Maps, Sets, Dates and buffers, with nothing about them changed, and no object in it is
 * reached twice. What refers to something inside a tree later says where it lies (`PlainStep`).
 */
import type { PlainStep } from "./closure.ts";
import { isObject } from "./global_values.ts";
import type { Inspector } from "./inspector.ts";

/** A tree of plain data: every object in it, and about how many bytes it takes encoded. */
export type PlainTree = Readonly<{ root: object; members: ReadonlySet<object>; bytes: number }>;

/** Deeper trees become nodes: encoders go down by calling themselves. */
const DEPTH_MAX = 200;
/** What an object or a value takes beside its content, roughly. */
const VALUE_BYTES = 8;

const typedArrayPrototypes = new Set<unknown>([
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
].map((each) => each.prototype));

export type TypedArray = Uint8Array | Float64Array; // stands for all of them: they are used alike

/** Finds plain trees. It remembers what is not plain, so that nothing is looked at again and again. */
export class PlainFinder {
  readonly #inspector: Inspector;
  readonly #isTaken: (value: object) => boolean;
  readonly #notPlain = new Set<object>();
  #members = new Set<object>();
  #bytes = 0;

  /** `isTaken` says of an object that it has a node of its own or travels by its name. */
  constructor(inspector: Inspector, isTaken: (value: object) => boolean) {
    this.#inspector = inspector;
    this.#isTaken = isTaken;
  }

  /** The tree below `root`, itself not taken yet; undefined where it is not plain. */
  find(root: object): PlainTree | undefined {
    this.#members = new Set();
    this.#bytes = 0;
    if (!this.#isPlainObject(root, 0, true)) return undefined;
    return { root, members: this.#members, bytes: this.#bytes };
  }

  #isPlain(value: unknown, depth: number): boolean {
    switch (typeof value) {
      case "string":
        this.#bytes += value.length;
        return true;
      case "number":
        this.#bytes += VALUE_BYTES;
        return value !== 0 || !Object.is(value, -0);
      case "bigint":
      case "boolean":
      case "undefined":
        this.#bytes += VALUE_BYTES;
        return true;
      case "object":
        return value === null || this.#isPlainObject(value, depth, false);
      case "symbol":
      case "function":
        return false;
    }
  }

  #isPlainObject(value: object, depth: number, isRoot: boolean): boolean {
    if (this.#notPlain.has(value) || this.#members.has(value)) return false;
    const isPlain = depth < DEPTH_MAX && (isRoot || !this.#isTaken(value)) &&
      this.#isPlainInside(value, depth + 1);
    if (!isPlain) this.#notPlain.add(value);
    return isPlain;
  }

  #isPlainInside(value: object, depth: number): boolean {
    if (this.#inspector.isProxy(value) || !Object.isExtensible(value)) return false;
    this.#members.add(value);
    this.#bytes += VALUE_BYTES;
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) return this.#hasPlainProperties(value, depth);
    if (Array.isArray(value)) {
      return prototype === Array.prototype && this.#hasPlainElements(value, depth);
    }
    if (typedArrayPrototypes.has(prototype)) return this.#isWholeBuffer(value as TypedArray);
    if (
      prototype !== Map.prototype && prototype !== Set.prototype && prototype !== Date.prototype
    ) {
      return false;
    }
    if (Reflect.ownKeys(value).length > 0) return false;
    switch (this.#inspector.brand(value)) {
      case "date":
        return true;
      case "map":
        for (const [key, inner] of value as Map<unknown, unknown>) {
          if (!this.#isPlain(key, depth) || !this.#isPlain(inner, depth)) return false;
        }
        return true;
      case "set":
        for (const member of value as Set<unknown>) {
          if (!this.#isPlain(member, depth)) return false;
        }
        return true;
    }
    return false;
  }

  #hasPlainProperties(value: object, depth: number): boolean {
    for (const key of Reflect.ownKeys(value)) {
      if (typeof key !== "string" || key === "__proto__") return false;
      const found = Object.getOwnPropertyDescriptor(value, key)!;
      if (!found.enumerable || !found.writable || !found.configurable) return false;
      this.#bytes += key.length;
      if (!this.#isPlain(found.value, depth)) return false;
    }
    return true;
  }

  /** Elements are read as they are: a descriptor for each would cost ten times as much. */
  #hasPlainElements(array: readonly unknown[], depth: number): boolean {
    const keys = Object.keys(array);
    if (keys.length !== array.length || Object.getOwnPropertySymbols(array).length > 0) {
      return false;
    }
    if (keys.length > 0 && keys.at(-1) !== String(array.length - 1)) return false;
    for (let i = 0; i < array.length; i++) {
      if (!this.#isPlain(array[i], depth)) return false;
    }
    return true;
  }

  /**
   * A view of a part of a buffer, or of one that something else views too, is not plain. Properties
   * that a program gave to a typed array are lost: to list its keys would cost more than it holds.
   */
  #isWholeBuffer(view: TypedArray): boolean {
    if (this.#inspector.brand(view) !== "view") return false;
    const buffer: ArrayBufferLike = view.buffer;
    if (this.#members.has(buffer) || this.#isTaken(buffer)) return false;
    if (!(buffer instanceof ArrayBuffer) || buffer.resizable || buffer.detached) return false;
    if (view.byteLength !== buffer.byteLength) return false;
    if (Object.getPrototypeOf(buffer) !== ArrayBuffer.prototype) return false;
    if (Reflect.ownKeys(buffer).length > 0) return false;
    this.#members.add(buffer);
    this.#bytes += view.byteLength;
    return true;
  }
}

/** A copy of plain data that shares nothing with it that can change. */
export function plainCopyOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(plainCopyOf);
  if (value instanceof Date) return new Date(value.getTime());
  if (value instanceof Map) {
    const copy = new Map<unknown, unknown>();
    for (const [key, inner] of value) copy.set(plainCopyOf(key), plainCopyOf(inner));
    return copy;
  }
  if (value instanceof Set) {
    const copy = new Set<unknown>();
    for (const member of value) copy.add(plainCopyOf(member));
    return copy;
  }
  if (ArrayBuffer.isView(value)) return (value as TypedArray).slice();
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    copy[key] = plainCopyOf((value as Record<string, unknown>)[key]);
  }
  return copy;
}

/** The steps from `tree`'s root to each object in it. */
export function pathsIn(tree: PlainTree): Map<object, readonly PlainStep[]> {
  const paths = new Map<object, readonly PlainStep[]>([[tree.root, []]]);
  for (const holder of paths.keys()) { // grows while it is walked
    const path = paths.get(holder)!;
    for (const [step, inner] of stepsFrom(holder)) {
      if (isObject(inner)) paths.set(inner, [...path, step]);
    }
  }
  return paths;
}

/** What lies one step below an object of a plain tree. */
function* stepsFrom(holder: object): Iterable<[step: PlainStep, value: unknown]> {
  if (ArrayBuffer.isView(holder)) {
    yield ["buffer", holder.buffer];
  } else if (Array.isArray(holder)) {
    for (let i = 0; i < holder.length; i++) yield [i, holder[i]];
  } else if (holder instanceof Map) {
    let entry = 0;
    for (const [key, value] of holder) {
      yield [{ entry, part: "key" }, key];
      yield [{ entry, part: "value" }, value];
      entry++;
    }
  } else if (holder instanceof Set) {
    let entry = 0;
    for (const value of holder) yield [{ entry: entry++, part: "value" }, value];
  } else if (!(holder instanceof ArrayBuffer)) {
    yield* Object.entries(holder);
  }
}

/** What lies at the end of the steps from `root`. */
export function plainValueAt(root: unknown, path: readonly PlainStep[]): unknown {
  let value = root;
  for (const step of path) {
    if (typeof step !== "object") {
      value = (value as Record<PropertyKey, unknown>)[step];
    } else if (value instanceof Map) {
      const entry = value.entries().drop(step.entry).next().value;
      value = entry?.[step.part === "key" ? 0 : 1];
    } else if (value instanceof Set) {
      value = value.values().drop(step.entry).next().value;
    }
  }
  return value;
}
