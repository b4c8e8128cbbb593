/**
 * One partition of a persisted dataset as an executor has it: encoded blocks in memory, in a file of
 * the executor's own, or both.
 *
 *     hold ─► memory ── moveToDisk ──► file        while it is being made: `append` goes on where it is
 *                    ── copyToDisk ──► both        so that another executor can read it
 *
 * The file is that of a map output with one partition (shuffle/shuffle_file.ts), so every byte is
 * checked when it is read.
 */
import { blockRecords } from "../core/codec/codec.ts";
import { assert } from "../core/errors.ts";
import type { Platform } from "../core/platform.ts";
import type { KeptId, KeptPartition, MapOutput } from "../core/task.ts";
import {
  type MapOutputPlace,
  readPartition,
  removeOutput,
  ShuffleFileSink,
} from "../shuffle/shuffle_file.ts";
import type { KeptWhere } from "./task_io.ts";

/** A place for a new file that has no name there yet; its folder exists. */
export type NewPlace = (id: KeptId) => MapOutputPlace;

export class StoredPartition {
  readonly id: KeptId;
  readonly where: KeptWhere;
  readonly #newPlace: NewPlace;
  /** Undefined once they are in the file alone. */
  #blocks: Uint8Array[] | undefined = [];
  #bytesInMemory = 0;
  #sink: ShuffleFileSink | undefined;
  #root = "";
  #output: MapOutput | undefined;
  #platform: Platform | undefined;
  /** Its dataset is not persisted any more: whoever makes it need not keep it. */
  isForgotten = false;
  #readers = 0;

  constructor(id: KeptId, where: KeptWhere, newPlace: NewPlace) {
    this.id = id;
    this.where = where;
    this.#newPlace = newPlace;
  }

  /** What it takes in memory. */
  get bytesInMemory(): number {
    return this.#bytesInMemory;
  }

  /** Whether it has, or is getting, a file. */
  get isOnDisk(): boolean {
    return this.#sink !== undefined || this.#output !== undefined;
  }

  /** Whether somebody reads it from memory now: letting go of it would free nothing. */
  get isBeingRead(): boolean {
    return this.#readers > 0;
  }

  /** The name of its file below the application's folder, if it has one. */
  get file(): string | undefined {
    return this.#output?.file;
  }

  get report(): KeptPartition {
    const bytesOnDisk = this.#output?.bytes ?? 0;
    return { ...this.id, bytesInMemory: this.#bytesInMemory, bytesOnDisk };
  }

  /** Takes a block, which is its own from now on, in memory. */
  hold(block: Uint8Array): void {
    assert(this.#blocks !== undefined, "a partition that is on disk was given a block to hold");
    this.#blocks.push(block);
    this.#bytesInMemory += block.length;
  }

  /** Takes a block to its file, behind what it held until now. Throws an OutputError DiskFull. */
  append(block: Uint8Array): void {
    if (this.#sink === undefined) {
      this.#sink = this.#newSink();
      for (const held of this.#blocks ?? []) write(this.#sink, held);
      this.releaseMemory();
    }
    write(this.#sink, block);
  }

  /** All blocks are there. */
  seal(): void {
    if (this.#sink === undefined) return;
    this.#output = this.#sink.close();
    this.#sink = undefined;
  }

  /** Writes what it holds to a file, and goes on holding it. Throws an OutputError DiskFull. */
  copyToDisk(): void {
    if (this.#output !== undefined) return;
    assert(this.#blocks !== undefined, "a partition is nowhere");
    using sink = this.#newSink();
    for (const block of this.#blocks) write(sink, block);
    this.#output = sink.close();
  }

  /** What it has is in its file; it holds nothing from now on. */
  releaseMemory(): void {
    this.#blocks = undefined;
    this.#bytesInMemory = 0;
  }

  /** Its blocks in order. Throws a MapOutputDamaged where the file is not what was written. */
  async *read(): AsyncGenerator<Uint8Array> {
    const blocks = this.#blocks;
    if (blocks === undefined) {
      const origin = { exchange: this.id.dataset, partition: this.id.partition };
      return yield* readPartition(this.#platform!, `${this.#root}/${this.file}`, origin, 0);
    }
    this.#readers++;
    try {
      yield* blocks;
    } finally {
      this.#readers--;
    }
  }

  /** Lets go of everything, the file included. */
  drop(): void {
    this.#sink?.[Symbol.dispose]();
    this.#sink = undefined;
    this.dropFile();
    this.releaseMemory();
  }

  /** Lets go of its file; what it holds in memory stays. */
  dropFile(): void {
    if (this.#output === undefined) return;
    removeOutput(this.#platform!, `${this.#root}/${this.#output.file}`);
    this.#output = undefined;
  }

  #newSink(): ShuffleFileSink {
    const place = this.#newPlace(this.id);
    this.#root = place.root;
    this.#platform = place.platform;
    return new ShuffleFileSink(place, 1);
  }
}

function write(sink: ShuffleFileSink, block: Uint8Array): void {
  sink.write(0, block, blockRecords(block));
}
