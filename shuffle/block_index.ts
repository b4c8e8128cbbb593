/**
 * Where the blocks of a run lie and what they are, as the directory of a file of runs has them on disk:
 *
 *     entry | entry | ...     f64 offset, u32 payload bytes, u32 records, u32 CRC32 of the block,
 *                             u32 key length, first key
 *
 * There is one of these a block, so it grows with the data whatever the budget is. As bytes it takes
 * 28 and the key; as objects, it was ten times as much.
 */

import { free } from "./free_memory.ts";

/** An entry without its key. */
const ENTRY_BYTES = 24;
const CAPACITY_FIRST = 256;

/**
 * Where a block lies and what it is: `offset` in its file, `bytes` of payload, its checksum, and how
 * its first key begins.
 */
export type BlockEntry = Readonly<{
  offset: number;
  bytes: number;
  records: number;
  crc: number;
  firstKey: Uint8Array;
}>;

/**
 * Bytes in which the entries of any number of runs lie, and where each entry begins. Runs share it,
 * because an ArrayBuffer costs V8 several times what the index of a short run has in it.
 */
export class IndexMemory {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
  readonly starts: Uint32Array<ArrayBuffer>;
  #entries = 0;

  /** `entriesMax`: how many entries will be read; by default as many as there is room for. */
  constructor(
    bytes: Uint8Array<ArrayBuffer>,
    entriesMax = Math.floor(bytes.length / ENTRY_BYTES),
  ) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.starts = new Uint32Array(entriesMax);
  }

  /** The `count` entries that begin at `at`, where they lie. */
  read(at: number, count: number): BlockIndex {
    const first = this.#entries;
    let end = at;
    for (let i = 0; i < count; i++) {
      this.starts[this.#entries++] = end;
      end += ENTRY_BYTES + this.view.getUint32(end + 20, true);
    }
    return new BlockIndex(this, first, count);
  }

  /** Gives the memory back at once, that of all indexes in it. */
  free(): void {
    free(this.bytes);
    free(this.starts);
  }
}

/** The entries of a run, in the order of its blocks. */
export class BlockIndex implements Iterable<BlockEntry> {
  /** How many blocks there are. */
  readonly length: number;
  /** What the entries lie in, maybe with those of other runs. */
  readonly memory: IndexMemory;
  readonly #first: number;

  constructor(memory: IndexMemory, first: number, length: number) {
    this.memory = memory;
    this.#first = first;
    this.length = length;
  }

  static of(entries: Iterable<BlockEntry>): BlockIndex {
    const builder = new BlockIndexBuilder();
    for (const entry of entries) builder.add(entry);
    return builder.finish();
  }

  /** All entries, one behind the other. */
  get encoded(): Uint8Array<ArrayBuffer> {
    if (this.length === 0) return this.memory.bytes.subarray(0, 0);
    const last = this.#at(this.length - 1);
    const end = last + ENTRY_BYTES + this.memory.view.getUint32(last + 20, true);
    return this.memory.bytes.subarray(this.#at(0), end);
  }

  at(i: number): BlockEntry {
    const at = this.#at(i);
    const { view } = this.memory;
    return {
      offset: view.getFloat64(at, true),
      bytes: view.getUint32(at + 8, true),
      records: view.getUint32(at + 12, true),
      crc: view.getUint32(at + 16, true),
      firstKey: this.firstKey(i),
    };
  }

  /** Where a block begins in its file. */
  offset(i: number): number {
    return this.memory.view.getFloat64(this.#at(i), true);
  }

  /** The payload of a block. */
  bytes(i: number): number {
    return this.memory.view.getUint32(this.#at(i) + 8, true);
  }

  /** How the first key of a block begins; a view of the index. */
  firstKey(i: number): Uint8Array {
    const at = this.#at(i);
    const keyAt = at + ENTRY_BYTES;
    return this.memory.bytes.subarray(keyAt, keyAt + this.memory.view.getUint32(at + 20, true));
  }

  /** The entries of the blocks from `first` up to `end`, in the same memory. */
  slice(first: number, end: number): BlockIndex {
    return new BlockIndex(this.memory, this.#first + first, end - first);
  }

  *[Symbol.iterator](): Generator<BlockEntry> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }

  #at(i: number): number {
    return this.memory.starts[this.#first + i]!;
  }
}

/** Copies of the indexes in one piece of memory, with nothing else in it. */
export function copiesOf(indexes: readonly BlockIndex[]): BlockIndex[] {
  let bytes = 0;
  let entries = 0;
  for (const { encoded, length } of indexes) {
    bytes += encoded.length;
    entries += length;
  }
  const memory = new IndexMemory(new Uint8Array(bytes), entries);
  let at = 0;
  return indexes.map(({ encoded, length }) => {
    memory.bytes.set(encoded, at);
    const copy = memory.read(at, length);
    at += encoded.length;
    return copy;
  });
}

/** Takes the entries of a run one by one. */
export class BlockIndexBuilder {
  #encoded = new Uint8Array(CAPACITY_FIRST);
  #view = new DataView(this.#encoded.buffer);
  #end = 0;
  #count = 0;

  add({ offset, bytes, records, crc, firstKey }: BlockEntry): void {
    const at = this.#end;
    const end = at + ENTRY_BYTES + firstKey.length;
    if (end > this.#encoded.length) this.#grow(end);
    const view = this.#view;
    view.setFloat64(at, offset, true);
    view.setUint32(at + 8, bytes, true);
    view.setUint32(at + 12, records, true);
    view.setUint32(at + 16, crc, true);
    view.setUint32(at + 20, firstKey.length, true);
    this.#encoded.set(firstKey, at + ENTRY_BYTES);
    this.#count++;
    this.#end = end;
  }

  /** The index; nothing can be added any more. */
  finish(): BlockIndex {
    const memory = new IndexMemory(this.#encoded.slice(0, this.#end), this.#count);
    free(this.#encoded);
    return memory.read(0, this.#count);
  }

  #grow(bytes: number): void {
    const larger = new Uint8Array(2 * bytes);
    larger.set(this.#encoded.subarray(0, this.#end));
    free(this.#encoded);
    this.#encoded = larger;
    this.#view = new DataView(larger.buffer);
  }
}
