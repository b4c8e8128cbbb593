/**
 * Finished blocks that wait for their turn: blocks come for any partition at any time, and leave
 * with the partitions ascending.
 *
 *     put(3, a)  put(0, b)  put(3, c)   told no: all of them go to a file  put(0, d)
 *
 *     file      b | a, c                      each partition's blocks beside each other
 *     drain     0: b (file), d (memory)   1: –   2: –   3: a, c (file)
 */
import type { ReadableFile } from "../core/platform.ts";
import type { PartitionId } from "../core/plan/plan.ts";
import type { BlockSink, ShuffleIO } from "./carrier.ts";
import { damaged, openWritten } from "./damage.ts";
import { free } from "./free_memory.ts";
import type { Reservation } from "./memory_budget.ts";
import { ReusedMemory } from "./reused_memory.ts";

/** A block: in memory of its own, in that of whoever puts it, which ends with `put`, or in a file. */
type StoredBlock =
  & Readonly<{ records: number }>
  & (
    | Readonly<{ kind: "held"; bytes: Uint8Array<ArrayBuffer> }>
    | Readonly<{ kind: "lent"; bytes: Uint8Array }>
    | Readonly<{ kind: "spilled"; path: string; offset: number; length: number; crc: number }>
  );

/** How many spill files are open at once. */
const FILES_OPEN_MAX = 100;

/** Blocks of one map task within the budget: in memory while there is room, then in spill files. */
export class BlockStore implements Disposable {
  readonly #io: ShuffleIO;
  readonly #memory: Reservation;
  readonly #blocks: StoredBlock[][];
  readonly #paths: string[] = [];
  readonly #open = new Map<string, ReadableFile>();

  constructor(partitions: number, io: ShuffleIO) {
    this.#io = io;
    this.#memory = io.budget.reserve("blocks");
    this.#blocks = Array.from({ length: partitions }, () => []);
  }

  /** Takes a copy of a block; told no by the budget, it spills what it holds and the block too. */
  put(partition: PartitionId, block: Uint8Array, records: number): void {
    const blocks = this.#blocks[partition]!;
    if (this.#memory.tryGrow(block.length)) {
      blocks.push({ kind: "held", bytes: new Uint8Array(block), records });
    } else {
      blocks.push({ kind: "lent", bytes: block, records });
      this.spill();
    }
  }

  /** Moves all blocks in memory to a file. */
  spill(): void {
    if (this.#blocks.every((blocks) => (blocks.at(-1)?.kind ?? "spilled") === "spilled")) return;
    const spilled = this.#io.spills.write("blocks", (file) => {
      this.#paths.push(file.path);
      return this.#blocks.map((blocks) =>
        blocks.map((block): StoredBlock => {
          if (block.kind === "spilled") return block;
          const offset = file.bytes;
          file.append(block.bytes);
          return {
            kind: "spilled",
            path: file.path,
            offset,
            length: block.bytes.length,
            crc: this.#io.platform.crc32(block.bytes),
            records: block.records,
          };
        })
      );
    });
    this.#forget();
    spilled.forEach((blocks, partition) => this.#blocks[partition] = blocks);
    this.#memory.shrink(this.#memory.bytes);
  }

  /** Writes all blocks, partitions ascending, each partition's in the order in which they came. */
  drain(sink: BlockSink): void {
    const memory = new ReusedMemory();
    for (const [partition, blocks] of this.#blocks.entries()) {
      for (const block of blocks) {
        sink.write(partition, this.#bytesOf(block, memory), block.records);
      }
    }
    this[Symbol.dispose]();
  }

  /** The blocks of a partition in the order in which they came; each may be overwritten by the next. */
  *blocksOf(partition: PartitionId): Generator<Uint8Array> {
    const memory = new ReusedMemory();
    for (const block of this.#blocks[partition]!) yield this.#bytesOf(block, memory);
  }

  [Symbol.dispose](): void {
    for (const file of this.#open.values()) file[Symbol.dispose]();
    this.#open.clear();
    for (const path of this.#paths) this.#io.spills.release(path);
    this.#paths.length = 0;
    this.#forget();
    this.#memory[Symbol.dispose]();
  }

  #forget(): void {
    for (const blocks of this.#blocks) {
      for (const block of blocks) if (block.kind === "held") free(block.bytes);
      blocks.length = 0;
    }
  }

  #bytesOf(block: StoredBlock, memory: ReusedMemory): Uint8Array {
    if (block.kind !== "spilled") return block.bytes;
    const { path, offset, length, crc } = block;
    const bytes = memory.take(length);
    const found = this.#fileOf(path).readAt(offset, bytes);
    if (found === length && this.#io.platform.crc32(bytes) === crc) return bytes;
    throw damaged(path, offset, "a spilled block is not what was written");
  }

  #fileOf(path: string): ReadableFile {
    let file = this.#open.get(path);
    if (file !== undefined) return file;
    if (this.#open.size === FILES_OPEN_MAX) {
      const [oldest, oldestFile] = this.#open.entries().next().value!;
      oldestFile[Symbol.dispose]();
      this.#open.delete(oldest);
    }
    file = openWritten(this.#io.platform, path, undefined);
    this.#open.set(path, file);
    return file;
  }
}
