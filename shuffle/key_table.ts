/**
 * A hash table from keys to groups 0, 1, 2, … in the order of their first appearance.
 *
 * Keys are kept as their canonical bytes (core/key.ts) in one arena of 32-bit words, so a key is no
 * object and the table knows exactly what it holds.
 *
 *     slots   … | record, hash | 0, – | record, hash | …       open addressing, low bits of the hash
 *                    │
 *     arena   – | group | bytes | the key's words, filled up with zeros | group | bytes | …
 *
 * Keys are prefix-free: equal words as far as one key goes mean equal keys, lengths need no look.
 *
 * The table asks before it grows. Told no, a lookup returns FULL and has changed nothing; the
 * caller takes the groups out (`sort`, then `recordAt`), clears the table and asks again. Sorting
 * happens inside the slots, so taking everything out needs no memory.
 */
import { KeyWriter } from "../core/key.ts";
import { finishHash, HASH_SEED, mixWord } from "../core/key_hash.ts";
import { asciiKeyBytes, asciiKeyWords, NOT_PLAIN, packAsciiKey } from "./ascii_key.ts";
import type { Reservation } from "./memory_budget.ts";

/** What a lookup returns when the table would have to grow and may not. */
export const FULL = -1;

const RECORD_HEADER_WORDS = 2;
/** Word 0 stays unused: a record at 0 would be an empty slot. */
const ARENA_START = 1;
const ARENA_WORDS_MIN = 512;
const SLOTS_MIN = 64;
// Between 0.35 and 0.85 no difference could be measured, so memory decides.
const LOAD_MAX = 0.75;

/** Keys and their group numbers. A lookup costs a hash and, mostly, one comparison of words. */
export class KeyTable {
  /** The number of groups. */
  size = 0;
  #arena = new Int32Array(0);
  #slots = new Int32Array(0);
  #top = ARENA_START;
  #sizeMax = 0;
  readonly #memory: Reservation;
  readonly #scratch = new KeyWriter(256);
  #source: ArrayBufferLike = this.#scratch.bytes.buffer;
  #view = new DataView(this.#source);

  /** Grows within `memory`, which may have other holders; nothing is held at first. */
  constructor(memory: Reservation) {
    this.#memory = memory;
  }

  /** The bytes that the table holds and has asked for. */
  get bytes(): number {
    return this.#arena.byteLength + this.#slots.byteLength;
  }

  /** The group of a key, new or known; FULL where there is no room. Throws `UnhashableKey`. */
  groupOf(key: unknown): number {
    if (typeof key === "string") return this.#groupOfText(key);
    const scratch = this.#scratch;
    scratch.end = 0;
    scratch.writeGroupingKey(key);
    return this.groupOfBytes(scratch.bytes, 0, scratch.end);
  }

  /** The group of a key given by its canonical bytes: `length` of them in `bytes` from `at` on. */
  groupOfBytes(bytes: Uint8Array, at: number, length: number): number {
    const start = this.#top;
    const keyAt = start + RECORD_HEADER_WORDS;
    const end = keyAt + ((length + 3) >> 2);
    if (end > this.#arena.length && !this.#growArena(end)) return FULL;
    if (bytes.buffer !== this.#source) {
      this.#source = bytes.buffer;
      this.#view = new DataView(bytes.buffer);
    }
    const arena = this.#arena;
    const view = this.#view;
    const to = bytes.byteOffset + at + length;
    let from = bytes.byteOffset + at;
    let word = keyAt;
    let hash = HASH_SEED;
    for (; from + 4 <= to; from += 4) {
      const packed = view.getInt32(from, true);
      arena[word++] = packed;
      hash = mixWord(hash, packed);
    }
    if (from < to) {
      let packed = 0;
      for (let shift = 0; from < to; from++, shift += 8) packed |= view.getUint8(from) << shift;
      arena[word] = packed;
      hash = mixWord(hash, packed);
    }
    return this.#find(finishHash(hash), start, end, length);
  }

  #groupOfText(text: string): number {
    const start = this.#top;
    const end = start + RECORD_HEADER_WORDS + asciiKeyWords(text.length);
    if (end > this.#arena.length && !this.#growArena(end)) return FULL;
    const hash = packAsciiKey(text, this.#arena, start + RECORD_HEADER_WORDS);
    if (hash !== NOT_PLAIN) return this.#find(hash, start, end, asciiKeyBytes(text.length));
    const scratch = this.#scratch;
    scratch.end = 0;
    scratch.write(text);
    return this.groupOfBytes(scratch.bytes, 0, scratch.end);
  }

  /** The key's words lie behind the last record, from `start` on; a new key stays there. */
  #find(hash: number, start: number, end: number, bytes: number): number {
    const arena = this.#arena;
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = (hash << 1) & mask;; slot = (slot + 2) & mask) {
      const record = slots[slot]!;
      if (record === 0) return this.#insert(slot, hash, start, end, bytes);
      if (slots[slot + 1] !== hash) continue;
      let a = start + RECORD_HEADER_WORDS;
      let b = record + RECORD_HEADER_WORDS;
      while (a < end && arena[a] === arena[b]) {
        a++;
        b++;
      }
      if (a === end) return arena[record]!;
    }
  }

  #insert(slot: number, hash: number, start: number, end: number, bytes: number): number {
    if (this.size >= this.#sizeMax) {
      if (!this.#growSlots()) return FULL;
      slot = freeSlot(this.#slots, hash);
    }
    this.#slots[slot] = start;
    this.#slots[slot + 1] = hash;
    this.#arena[start] = this.size;
    this.#arena[start + 1] = bytes;
    this.#top = end;
    return this.size++;
  }

  #growArena(words: number): boolean {
    if (this.#slots.length === 0 && !this.#growSlots()) return false;
    const old = this.#arena;
    // Both are held while the records are copied. Near the limit a smaller step may be granted.
    for (const factor of [2, 1.25]) {
      const length = Math.max(ARENA_WORDS_MIN, Math.ceil(old.length * factor), words);
      if (!this.#memory.tryGrow(length * 4)) continue;
      this.#arena = new Int32Array(length);
      this.#arena.set(old.subarray(0, this.#top));
      this.#memory.shrink(old.byteLength);
      return true;
    }
    return false;
  }

  #growSlots(): boolean {
    const old = this.#slots;
    const count = Math.max(SLOTS_MIN, old.length);
    if (!this.#memory.tryGrow(count * 2 * 4)) return false;
    const slots = new Int32Array(count * 2);
    for (let i = 0; i < old.length; i += 2) {
      const record = old[i]!;
      if (record === 0) continue;
      const slot = freeSlot(slots, old[i + 1]!);
      slots[slot] = record;
      slots[slot + 1] = old[i + 1]!;
    }
    this.#slots = slots;
    this.#sizeMax = Math.floor(count * LOAD_MAX); // some slot stays empty, or a lookup would not end
    this.#memory.shrink(old.byteLength);
    return true;
  }

  /**
   * Puts the groups in the order (hash as an unsigned number, key bytes). After it the table can
   * only be read with `recordAt` and `hashAt`, until it is cleared.
   */
  sort(): void {
    const slots = this.#slots;
    let end = 0;
    for (let i = 0; i < slots.length; i += 2) {
      if (slots[i] === 0) continue;
      slots[end] = slots[i]!;
      slots[end + 1] = slots[i + 1]!;
      end += 2;
    }
    slots.fill(0, end);
    // A slot is one number of 64 bits: the hash above, the record below.
    new BigUint64Array(slots.buffer, 0, end / 2).sort();
    for (let i = 2; i < end; i += 2) {
      if (slots[i + 1] === slots[i - 1]) this.#sortByBytes(i);
    }
  }

  /** Moves the entry at `i` down among those of the same hash to where its key belongs. */
  #sortByBytes(i: number): void {
    const slots = this.#slots;
    const hash = slots[i + 1]!;
    const record = slots[i]!;
    let to = i;
    while (to > 0 && slots[to - 1] === hash && this.#compare(slots[to - 2]!, record) > 0) {
      slots[to] = slots[to - 2]!;
      to -= 2;
    }
    slots[to] = record;
  }

  #compare(a: number, b: number): number {
    const keys = this.keys;
    const aAt = this.keyAt(a);
    const bAt = this.keyAt(b);
    const shorter = Math.min(this.keyLength(a), this.keyLength(b));
    for (let i = 0; i < shorter; i++) {
      const difference = keys[aAt + i]! - keys[bAt + i]!;
      if (difference !== 0) return difference;
    }
    return this.keyLength(a) - this.keyLength(b);
  }

  /** The `i`-th record in the order that `sort` made. */
  recordAt(i: number): number {
    return this.#slots[2 * i]!;
  }

  /** The hash of the `i`-th record, an integer of 32 bits. */
  hashAt(i: number): number {
    return this.#slots[2 * i + 1]!;
  }

  /** The group of a record. */
  groupAt(record: number): number {
    return this.#arena[record]!;
  }

  /** Where a record's key starts in `keys`. */
  keyAt(record: number): number {
    return 4 * (record + RECORD_HEADER_WORDS);
  }

  keyLength(record: number): number {
    return this.#arena[record + 1]!;
  }

  /** The arena as bytes. A view: stale after the next lookup. */
  get keys(): Uint8Array {
    return new Uint8Array(this.#arena.buffer);
  }

  /** Forgets all groups and keeps the memory. */
  clear(): void {
    this.#slots.fill(0);
    this.size = 0;
    this.#top = ARENA_START;
  }

  /** Forgets all groups and gives the memory back. */
  release(): void {
    this.#memory.shrink(this.bytes);
    this.#arena = new Int32Array(0);
    this.#slots = new Int32Array(0);
    this.#sizeMax = 0;
    this.clear();
  }
}

function freeSlot(slots: Int32Array, hash: number): number {
  const mask = slots.length - 1;
  let slot = (hash << 1) & mask;
  while (slots[slot] !== 0) slot = (slot + 2) & mask;
  return slot;
}
