/** Makes `Values` of one key after the other, out of values that are bytes already. */
import type { ClassTable } from "../core/codec/binary.ts";
import type { WritableFile } from "../core/platform.ts";
import { copyBytes, putVarint, varintBytes } from "./bytes.ts";
import type { ShuffleIO } from "./carrier.ts";
import { PageChecksums } from "./checked_part.ts";
import { SpilledValues, type Values, valuesOf } from "./values.ts";

/** What a group, or the groups of a batch, may take in memory; less where the budget is small. */
const MEMORY_BYTES_MAX = 1024 * 1024;
const BUDGET_SHARE = 1 / 16;
const MEMORY_BYTES_MIN = 4 * 1024;
const BUFFER_BYTES_FIRST = 1024;

/** One instance a task and exchange: the file of its large groups stays until the task ends. */
export class ValuesBuilder implements Disposable {
  readonly #io: ShuffleIO;
  readonly #classes: ClassTable;
  readonly #bytesMax: number;
  readonly #checksums: PageChecksums;
  #buffer = new Uint8Array(BUFFER_BYTES_FIRST);
  #end = 0;
  #length = 0;
  #batchBytes = 0;
  #file: WritableFile | undefined;
  /** Where the values of this key begin in the file, once some are there. */
  #offset: number | undefined;

  /** `classes` has been through `withValues`. */
  constructor(io: ShuffleIO, classes: ClassTable) {
    this.#io = io;
    this.#classes = classes;
    this.#checksums = new PageChecksums(io.platform);
    const share = Math.floor(io.budget.bytesMax * BUDGET_SHARE);
    this.#bytesMax = Math.max(MEMORY_BYTES_MIN, Math.min(MEMORY_BYTES_MAX, share));
  }

  /** Whether the groups since `startBatch` take so much memory that they should be handed on. */
  get isBatchFull(): boolean {
    return this.#batchBytes >= this.#bytesMax;
  }

  startBatch(): void {
    this.#batchBytes = 0;
  }

  /** Adds a value of the key. */
  add(bytes: Uint8Array, at: number, length: number): void {
    const needed = varintBytes(length) + length;
    if (this.#end + needed > this.#bytesMax && this.#end > 0) this.#spill();
    this.#reserve(this.#end + needed);
    this.#end = putVarint(this.#buffer, this.#end, length);
    copyBytes(this.#buffer, this.#end, bytes, at, length);
    this.#end += length;
    this.#length++;
  }

  /** The values of the key; the next one begins a new key. */
  finish(): Values<unknown> {
    const values = this.#offset === undefined ? this.#inMemory() : this.#onDisk(this.#offset);
    this.#end = 0;
    this.#length = 0;
    this.#offset = undefined;
    return values;
  }

  /** Closes the file. It lasts as long as the task. */
  [Symbol.dispose](): void {
    this.#file?.[Symbol.dispose]();
  }

  #inMemory(): Values<unknown> {
    this.#batchBytes += this.#end;
    // A copy of its own: a group that is kept must not keep the rest of its batch.
    return valuesOf(this.#length, this.#buffer.slice(0, this.#end), this.#classes);
  }

  #onDisk(offset: number): Values<unknown> {
    this.#spill();
    const { path, bytes } = this.#file!;
    const part = { path, offset, bytes: bytes - offset, checksums: this.#checksums.finish() };
    return new SpilledValues(this.#length, part, this.#io.platform, this.#classes);
  }

  #spill(): void {
    this.#file ??= this.#io.spills.create("values");
    this.#offset ??= this.#file.bytes;
    const bytes = this.#buffer.subarray(0, this.#end);
    this.#file.append(bytes);
    this.#checksums.add(bytes);
    this.#end = 0;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(bytes, 2 * this.#buffer.length));
    larger.set(this.#buffer.subarray(0, this.#end));
    this.#buffer = larger;
  }
}
