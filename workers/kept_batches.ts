/**
 * Batches that had to be waited for, kept for a function that cannot wait: as blocks, within the
 * memory budget, in a file where there are too many.
 */
import { BlockPacker } from "../core/codec/block_packer.ts";
import { decodeBlock } from "../core/codec/codec.ts";
import { BlockStore } from "../shuffle/block_store.ts";
import type { ShuffleIO } from "../shuffle/carrier.ts";
import type { Batches, BatchesLater } from "./pipeline/feed.ts";
import { BATCH_RECORDS_MAX } from "./pipeline/records.ts";

/** Can be iterated over several times, until it is disposed. */
export class KeptBatches implements Batches, Disposable {
  readonly #io: ShuffleIO;
  readonly #store: BlockStore;

  private constructor(io: ShuffleIO) {
    this.#io = io;
    this.#store = new BlockStore(1, io);
  }

  /** Takes all batches. Throws a RecordError NotSerializable where a record cannot be encoded. */
  static async of(batches: BatchesLater, io: ShuffleIO): Promise<KeptBatches> {
    const kept = new KeptBatches(io);
    try {
      const put = (block: Uint8Array, records: number) => kept.#store.put(0, block, records);
      const packer = new BlockPacker(put, io.classes);
      for await (const batch of batches) packer.add(batch);
      packer.finish();
      return kept;
    } catch (error) {
      kept[Symbol.dispose]();
      throw error;
    }
  }

  *[Symbol.iterator](): Generator<readonly unknown[]> {
    for (const block of this.#store.blocksOf(0)) {
      const records = decodeBlock(block, this.#io.classes);
      for (let from = 0; from < records.length; from += BATCH_RECORDS_MAX) {
        yield records.slice(from, from + BATCH_RECORDS_MAX);
      }
    }
  }

  [Symbol.dispose](): void {
    this.#store[Symbol.dispose]();
  }
}
