/**
 * Where the blocks of a run lie and what they are, as the directory of a file of runs has them on disk:
 *
 *     entry | entry | ...     f64 offset, u32 payload bytes, u32 records, u32 CRC32 of the block,
 *                             u32 key length, first key
 *
 * There is one of these a block, so it grows with the data whatever the budget is. As bytes it takes
 * 28 and the key; as objects, it was ten times as much.
 */

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

/** The entries of a run, in the order of its blocks. */
export class BlockIndex implements Iterable<BlockEntry> {
  /** All entries, one behind the other. */
  readonly encoded: Uint8Array<ArrayBuffer>;
  /** Where each entry begins. */
  readonly starts: Uint32Array;
  readonly #view: DataView;

  constructor(encoded: Uint8Array<ArrayBuffer>, starts: Uint32Array) {
    this.encoded = encoded;
    this.starts = starts;
    this.#view = new DataView(encoded.buffer, encoded.byteOffset, encoded.length);
  }

  static of(entries: Iterable<BlockEntry>): BlockIndex {
    const builder = new BlockIndexBuilder();
    for (const entry of entries) builder.add(entry);
    return builder.finish();
  }

  /** The `count` entries that begin at `at`, where they lie. */
  static read(bytes: Uint8Array<ArrayBuffer>, at: number, count: number): BlockIndex {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const starts = new Uint32Array(count);
    let end = at;
    for (let i = 0; i < count; i++) {
      starts[i] = end - at;
      end += ENTRY_BYTES + view.getUint32(end + 20, true);
    }
    return new BlockIndex(bytes.subarray(at, end), starts);
  }

  /** How many blocks there are. */
  get length(): number {
    return this.starts.length;
  }

  at(i: number): BlockEntry {
    const at = this.starts[i]!;
    const view = this.#view;
    return {
      offset: view.getFloat64(at, true),
      bytes: view.getUint32(at + 8, true),
      records: view.getUint32(at + 12, true),
      crc: view.getUint32(at + 16, true),
      firstKey: this.firstKey(i),
    };
  }

  /** The payload of a block. */
  bytes(i: number): number {
    return this.#view.getUint32(this.starts[i]! + 8, true);
  }

  /** How the first key of a block begins; a view of the index. */
  firstKey(i: number): Uint8Array {
    const at = this.starts[i]!;
    const keyAt = at + ENTRY_BYTES;
    return this.encoded.subarray(keyAt, keyAt + this.#view.getUint32(at + 20, true));
  }

  /** A copy of the entries of the blocks from `first` up to `end`. */
  slice(first: number, end: number): BlockIndex {
    const starts = this.starts.slice(first, end);
    if (starts.length === 0) return new BlockIndex(new Uint8Array(0), starts);
    const from = starts[0]!;
    for (let i = 0; i < starts.length; i++) starts[i]! -= from;
    return new BlockIndex(this.encoded.slice(from, this.starts[end]), starts);
  }

  *[Symbol.iterator](): Generator<BlockEntry> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }
}

/** Takes the entries of a run one by one. */
export class BlockIndexBuilder {
  #encoded = new Uint8Array(CAPACITY_FIRST);
  #view = new DataView(this.#encoded.buffer);
  #end = 0;
  readonly #starts: number[] = [];

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
    this.#starts.push(at);
    this.#end = end;
  }

  finish(): BlockIndex {
    return new BlockIndex(this.#encoded.slice(0, this.#end), Uint32Array.from(this.#starts));
  }

  #grow(bytes: number): void {
    const larger = new Uint8Array(2 * bytes);
    larger.set(this.#encoded.subarray(0, this.#end));
    this.#encoded = larger;
    this.#view = new DataView(larger.buffer);
  }
}
