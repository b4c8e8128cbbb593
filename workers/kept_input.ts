/**
 * A partition of a persisted dataset as a task reads it: where it is kept, its blocks; else what the
 * flow below makes, which is kept on the way.
 *
 *     kept ───────────────────────────────────────────► blocks ─► batches
 *     not kept   batches ─► blocks ─► sink, to the end ─► blocks ─► batches
 *                                     told no: what was taken, then that block, then the rest as it comes
 *
 * All of it is made before the first batch goes on, as in Spark: so `take` fills whole partitions, and
 * the memory that it takes is the sink's business. Where nothing has room for it, nothing is kept.
 */
import { BlockPacker } from "../core/codec/block_packer.ts";
import { decodeBlock } from "../core/codec/codec.ts";
import type { KeptId } from "../core/task.ts";
import { type AnyBatches, type Batches, type BatchesLater, isPresent } from "./pipeline/feed.ts";
import { BATCH_RECORDS_MAX } from "./pipeline/records.ts";
import { TaskCancelled } from "./task_failure.ts";
import type { TaskParts } from "./task_input.ts";
import type { KeptSink, KeptWhere } from "./task_io.ts";

/** The records of a partition; `from` has what it is made of, and is not touched where it is kept. */
export function keptBatches(
  id: KeptId,
  where: KeptWhere,
  from: AnyBatches,
  parts: TaskParts,
): AnyBatches {
  const partition = new KeptInput(id, where, parts);
  return isPresent(from) ? partition.batches(from) : partition.batchesLater(from);
}

class KeptInput {
  readonly #id: KeptId;
  readonly #where: KeptWhere;
  readonly #parts: TaskParts;

  constructor(id: KeptId, where: KeptWhere, parts: TaskParts) {
    this.#id = id;
    this.#where = where;
    this.#parts = parts;
  }

  *batches(from: Batches): Generator<readonly unknown[]> {
    const kept = this.#kept();
    if (kept !== undefined) return yield* kept;
    const input = from[Symbol.iterator]();
    try {
      using making = this.#making();
      for (let next = input.next(); !next.done; next = input.next()) {
        if (!making.add(next.value)) break;
      }
      yield* making.end();
      for (let next = input.next(); !next.done; next = input.next()) yield next.value;
    } finally {
      input.return?.();
    }
  }

  async *batchesLater(from: BatchesLater): AsyncGenerator<readonly unknown[]> {
    const { io, meter } = this.#parts;
    const kept = await io.keptLater(this.#id);
    if (kept !== undefined) {
      for await (const block of kept) {
        for (const batch of decoded(meter.reading([block]), this.#parts)) {
          meter.recordsRead += batch.length;
          yield batch;
        }
      }
      return;
    }
    const input = from[Symbol.asyncIterator]();
    try {
      using making = this.#making();
      for (let next = await input.next(); !next.done; next = await input.next()) {
        if (!await making.addLater(next.value)) break;
      }
      yield* making.endLater();
      for (let next = await input.next(); !next.done; next = await input.next()) yield next.value;
    } finally {
      await input.return?.();
    }
  }

  /** What is kept, counted as read. */
  #kept(): Iterable<readonly unknown[]> | undefined {
    const { io, meter } = this.#parts;
    const blocks = io.kept(this.#id);
    return blocks && counted(decoded(meter.reading(blocks), this.#parts), this.#parts);
  }

  #making(): Making {
    return new Making(this.#id, this.#parts.io.keep(this.#id, this.#where), this.#parts);
  }
}

/** A partition on its way into the sink. */
class Making implements Disposable {
  readonly #id: KeptId;
  readonly #sink: KeptSink;
  readonly #parts: TaskParts;
  readonly #packer: BlockPacker;
  /** Blocks that the sink has not been offered yet, or has not taken. */
  readonly #blocks: Uint8Array[] = [];
  #isRefused = false;

  constructor(id: KeptId, sink: KeptSink, parts: TaskParts) {
    this.#id = id;
    this.#sink = sink;
    this.#parts = parts;
    this.#packer = new BlockPacker((block) => this.#blocks.push(block), parts.functions.classes);
  }

  /** False: there is no room, and what follows need not be added. */
  add(batch: readonly unknown[]): boolean {
    this.#pack(batch);
    return this.#offer();
  }

  async addLater(batch: readonly unknown[]): Promise<boolean> {
    this.#pack(batch);
    return await this.#offerLater();
  }

  /** All that was added. It is kept, if all of it was taken. */
  *end(): Generator<readonly unknown[]> {
    this.#packer.finish();
    if (this.#offer()) this.#sink.keep();
    yield* decoded(this.#parts.io.kept(this.#id) ?? [], this.#parts);
    this[Symbol.dispose]();
    yield* decoded(this.#blocks, this.#parts);
  }

  async *endLater(): AsyncGenerator<readonly unknown[]> {
    this.#packer.finish();
    if (await this.#offerLater()) this.#sink.keep();
    const taken = await this.#parts.io.keptLater(this.#id);
    if (taken !== undefined) {
      for await (const block of taken) yield* decoded([block], this.#parts);
    }
    this[Symbol.dispose]();
    yield* decoded(this.#blocks, this.#parts);
  }

  [Symbol.dispose](): void {
    this.#sink[Symbol.dispose]();
  }

  #pack(batch: readonly unknown[]): void {
    if (this.#parts.io.cancelled) throw new TaskCancelled();
    this.#packer.add(batch);
  }

  /** What comes behind a block that was not taken cannot be kept either. */
  #offer(): boolean {
    while (!this.#isRefused && this.#blocks.length > 0) {
      if (this.#sink.put(this.#blocks[0]!)) this.#blocks.shift();
      else this.#isRefused = true;
    }
    return !this.#isRefused;
  }

  async #offerLater(): Promise<boolean> {
    while (!this.#isRefused && this.#blocks.length > 0) {
      if (await this.#sink.putLater(this.#blocks[0]!)) this.#blocks.shift();
      else this.#isRefused = true;
    }
    return !this.#isRefused;
  }
}

function* decoded(
  blocks: Iterable<Uint8Array>,
  { io, functions }: TaskParts,
): Generator<readonly unknown[]> {
  for (const block of blocks) {
    if (io.cancelled) throw new TaskCancelled();
    const records = decodeBlock(block, functions.classes);
    for (let from = 0; from < records.length; from += BATCH_RECORDS_MAX) {
      yield records.slice(from, from + BATCH_RECORDS_MAX);
    }
  }
}

function* counted(
  batches: Iterable<readonly unknown[]>,
  { meter }: TaskParts,
): Generator<readonly unknown[]> {
  for (const batch of batches) {
    meter.recordsRead += batch.length;
    yield batch;
  }
}
