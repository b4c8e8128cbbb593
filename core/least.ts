/**
 * The least few of many records, by key, in memory for those few alone.
 *
 *     offer   5 3 9 1 7 4      limit 3
 *     heap    the greatest of those kept is on top: what is not below it is not looked at again
 *     sorted  1 3 4
 *
 * Of equal keys the one that was offered first counts as less. So the result is the beginning of a
 * stable sort, however the records are parted, as long as the parts are merged in their order.
 */
import { compareKeys, KeyTypes } from "./key_order.ts";

type Entry = Readonly<{ key: unknown; record: unknown; position: number }>;

/** What was kept of a part, as plain data: the types of all its keys, and pairs of key and record. */
export type Kept = readonly [types: readonly number[], pairs: readonly [unknown, unknown][]];

/** Keeps the `limit` least records, or the greatest where `descending` says so. */
export class Least {
  readonly #limit: number;
  readonly #sign: number;
  readonly #types = new KeyTypes();
  /** A binary heap: no entry comes after its parent in the wanted order. */
  readonly #heap: Entry[] = [];
  #offered = 0;

  constructor(limit: number, descending = false) {
    this.#limit = limit;
    this.#sign = descending ? -1 : 1;
  }

  /** Looks at one record. Throws a RecordError for a key that is none, or not of the others' type. */
  offer(key: unknown, record: unknown): void {
    this.#types.note(key);
    this.#offerNoted(key, record);
  }

  /** Looks at what another one, of the records after these, has kept. */
  merge([types, pairs]: Kept): void {
    this.#types.merge(types);
    // Before any two are compared: so the error does not depend on how the records are parted.
    this.#types.check();
    for (const [key, record] of pairs) this.#offerNoted(key, record);
  }

  /** What was kept, as plain data, in the wanted order. Throws where keys do not go together. */
  kept(): Kept {
    this.#types.check();
    const entries = this.#heap.toSorted((a, b) => this.#compare(a, b));
    return [this.#types.masks, entries.map(({ key, record }) => [key, record])];
  }

  /** The records that were kept, in the wanted order. */
  records(): unknown[] {
    return this.kept()[1].map(([, record]) => record);
  }

  #offerNoted(key: unknown, record: unknown): void {
    const entry = { key, record, position: this.#offered++ };
    if (this.#heap.length < this.#limit) this.#add(entry);
    else if (this.#limit > 0 && this.#compare(entry, this.#heap[0]!) < 0) this.#replaceTop(entry);
  }

  #compare(a: Entry, b: Entry): number {
    return this.#sign * compareKeys(a.key, b.key) || a.position - b.position;
  }

  #add(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#compare(entry, heap[parent]!) <= 0) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  #replaceTop(entry: Entry): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#compare(heap[child + 1]!, heap[child]!) > 0) child++;
      if (this.#compare(heap[child]!, entry) <= 0) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = entry;
  }
}
