/** Maps whose keys are compared by value: what actions that give a Map make it as. */
import { MemoryError } from "./errors.ts";
import { encodeKey } from "./key.ts";

/** The most entries that V8 lets a Map have. */
const ENTRIES_MAX = 2 ** 24;

/**
 * A Map that finds arrays, Dates, Uint8Arrays and plain objects by their value, as exchanges do.
 * Its keys are those that were set first. Throws a RecordError `UnhashableKey` for what is no key.
 */
export class KeyMap<K, V> extends Map<K, V> {
  /** The key that stands for all that are equal to it, by canonical bytes as text. */
  readonly #objects = new Map<string, K>();

  override get(key: K): V | undefined {
    return super.get(this.#known(key));
  }

  override has(key: K): boolean {
    return super.has(this.#known(key));
  }

  override set(key: K, value: V): this {
    if (isPrimitive(key)) return super.set(key, value);
    const text = textOf(key);
    const known = this.#objects.get(text);
    if (known === undefined) this.#objects.set(text, key);
    return super.set(known ?? key, value);
  }

  override delete(key: K): boolean {
    const known = this.#known(key);
    if (!isPrimitive(key)) this.#objects.delete(textOf(key));
    return super.delete(known);
  }

  override clear(): void {
    this.#objects.clear();
    super.clear();
  }

  #known(key: K): K {
    return isPrimitive(key) ? key : this.#objects.get(textOf(key)) ?? key;
  }
}

/**
 * The pairs as a Map in which equal keys are one, with the last of their values. An ordinary Map where
 * every key is primitive, which finds as much. Throws a RecordError `UnhashableKey` for what is no key,
 * and a MemoryError `OverBudget` for more keys than a Map holds.
 */
export function mapByValue<K, V>(
  pairs: Iterable<readonly [K, V]>,
  entriesMax = ENTRIES_MAX,
): Map<K, V> {
  let map = new Map<K, V>();
  let ordinary = true;
  for (const [key, value] of pairs) {
    if (ordinary && !isPrimitive(key)) {
      const primitives = map;
      map = new KeyMap();
      for (const [known, its] of primitives) map.set(known, its);
      ordinary = false;
    }
    if (map.size === entriesMax && !map.has(key)) throw tooMany(entriesMax);
    map.set(key, value);
  }
  return map;
}

function tooMany(entriesMax: number): MemoryError {
  return new MemoryError(
    "OverBudget",
    `Cannot make a Map of the result: there are more than ${entriesMax} keys`,
    "Keep them as an RDD, which reduceByKey() gives, or iterate it with for await",
  );
}

/** Map compares these as their bytes do: NaN is one key, and so are 0 and -0; 1 and 1n are two. */
function isPrimitive(key: unknown): boolean {
  return key === null || typeof key !== "object" && typeof key !== "function" &&
      typeof key !== "symbol";
}

/** A character for each byte. */
function textOf(key: unknown): string {
  let text = "";
  for (const byte of encodeKey(key)) text += String.fromCharCode(byte);
  return text;
}
