/**
 * The partitions of persisted datasets that an executor keeps, within a share of its memory.
 *
 *     task ── put ──► being made ── commit, once the task has ended well ──► kept ──► read by tasks
 *                                                                              │
 *           room is needed: the one that was used longest ago, of another dataset
 *                                                                              ▼
 *                                                  its file, if its level has disk; else nowhere
 *
 * Partitions of the dataset that is being stored do not make room for one another, as in Spark: a
 * dataset that is larger than memory would push itself out from the front while it is read from the
 * front. Nobody who reads waits for anything here; what is gone is made again.
 */
import type { PlanId } from "../core/plan/plan.ts";
import { FileError, type Platform } from "../core/platform.ts";
import type { KeptId, KeptPartition } from "../core/task.ts";
import { OutputError } from "../core/errors.ts";
import { namingFullDisks } from "../shuffle/full_disk.ts";
import type { MapOutputPlace } from "../shuffle/shuffle_file.ts";
import { ownFolderName } from "./local_io.ts";
import { StoredPartition } from "./stored_partition.ts";
import type { BlockPlace, KeptWhere } from "./task_io.ts";

export type BlockCacheOptions = Readonly<{
  platform: Platform;
  executor: number;
  /** The application's folders, one on each disk. */
  folders: readonly string[];
  /** What all partitions may take together in memory. */
  bytesMax: number;
  /** A partition that was kept is gone, and not because its dataset was forgotten. */
  dropped: (id: KeptId) => void;
}>;

export class BlockCache {
  readonly #options: BlockCacheOptions;
  readonly #platform: Platform;
  /** The one that was used longest ago is first. */
  readonly #kept = new Map<string, StoredPartition>();
  readonly #beingMade = new Set<StoredPartition>();
  readonly #folders = new Set<string>();
  #bytesInMemory = 0;
  #files = 0;

  constructor(options: BlockCacheOptions) {
    this.#options = options;
    this.#platform = namingFullDisks(options.platform);
  }

  /** What all partitions take in memory, those included that are being made. */
  get bytesInMemory(): number {
    return this.#bytesInMemory;
  }

  /** A partition that a task begins to make. */
  begin(id: KeptId, where: KeptWhere): StoredPartition {
    const stored = new StoredPartition(id, where, (id) => this.#newPlace(id));
    this.#beingMade.add(stored);
    return stored;
  }

  /**
   * The next block of a partition that is being made; it is the cache's from now on. `mayHold`: the
   * task's budget has room for it. Throws an OutputError DiskFull.
   */
  put(stored: StoredPartition, block: Uint8Array, mayHold: boolean): BlockPlace {
    const { id, where } = stored;
    if (!stored.isOnDisk && where.memory && mayHold && this.#makeRoom(block.length, id.dataset)) {
      this.#changing(stored, () => stored.hold(block));
      return "memory";
    }
    if (!where.disk) return "nowhere";
    this.#changing(stored, () => stored.append(block));
    return "disk";
  }

  /** The task has ended well: the partition is there for all. Undefined where nobody wants it. */
  commit(stored: StoredPartition): KeptPartition | undefined {
    const key = keyOf(stored.id);
    // Two tasks may have made the same one at the same time.
    if (stored.isForgotten || this.#kept.has(key)) {
      this.discard(stored);
      return undefined;
    }
    this.#beingMade.delete(stored);
    this.#kept.set(key, stored);
    return stored.report;
  }

  /** Gives up a partition that was being made. */
  discard(stored: StoredPartition): void {
    this.#beingMade.delete(stored);
    this.#drop(stored);
  }

  /** A partition that is kept, which counts as its use. */
  find(id: KeptId): StoredPartition | undefined {
    const key = keyOf(id);
    const stored = this.#kept.get(key);
    if (stored === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, stored);
    return stored;
  }

  /** A partition that turned out to be damaged goes. */
  lose(stored: StoredPartition): void {
    if (this.#kept.get(keyOf(stored.id)) === stored) this.#evict(stored);
  }

  /** A file turned out to be damaged: a partition that is nowhere else goes with it. */
  loseFile(id: KeptId, file: string): void {
    const stored = this.find(id);
    if (stored?.file !== file) return;
    if (stored.bytesInMemory > 0) stored.dropFile();
    else this.#evict(stored);
  }

  /** Lets go of all partitions of a dataset; what is being made will not be kept. */
  forget(dataset: PlanId): void {
    for (const stored of this.#beingMade) {
      if (stored.id.dataset === dataset) stored.isForgotten = true;
    }
    for (const [key, stored] of this.#kept) {
      if (stored.id.dataset !== dataset) continue;
      this.#kept.delete(key);
      this.#drop(stored);
    }
  }

  /**
   * The name of a file, below the application's folder, that has a kept partition; it is written if
   * there is none. Undefined where the partition is not kept, or no disk has room.
   */
  exported(id: KeptId): string | undefined {
    const stored = this.find(id);
    try {
      stored?.copyToDisk();
    } catch (error) {
      if (!isDiskTrouble(error)) throw error;
    }
    return stored?.file;
  }

  /** False: there is no room, and nobody has made any. */
  #makeRoom(bytes: number, dataset: PlanId): boolean {
    const missing = this.#bytesInMemory + bytes - this.#options.bytesMax;
    if (missing <= 0) return true;
    const victims: StoredPartition[] = [];
    let freed = 0;
    for (const stored of this.#kept.values()) {
      if (freed >= missing) break;
      const isFree = stored.id.dataset !== dataset && !stored.isBeingRead;
      if (!isFree || stored.bytesInMemory === 0) continue;
      victims.push(stored);
      freed += stored.bytesInMemory;
    }
    if (freed < missing) return false;
    for (const victim of victims) this.#toDiskOrNowhere(victim);
    return true;
  }

  #toDiskOrNowhere(stored: StoredPartition): void {
    if (!stored.where.disk) return this.#evict(stored);
    try {
      stored.copyToDisk();
    } catch (error) {
      if (!isDiskTrouble(error)) throw error;
      return this.#evict(stored);
    }
    this.#changing(stored, () => stored.releaseMemory());
  }

  #evict(stored: StoredPartition): void {
    this.#kept.delete(keyOf(stored.id));
    this.#drop(stored);
    this.#options.dropped(stored.id);
  }

  #drop(stored: StoredPartition): void {
    this.#changing(stored, () => stored.drop());
  }

  /** Keeps the books while a partition comes to hold more or less. */
  #changing(stored: StoredPartition, change: () => void): void {
    const before = stored.bytesInMemory;
    try {
      change();
    } finally {
      this.#bytesInMemory += stored.bytesInMemory - before;
    }
  }

  #newPlace({ dataset, partition }: KeptId): MapOutputPlace {
    const { executor, folders } = this.#options;
    const number = this.#files++;
    const disk = number % folders.length;
    const root = folders[disk]!;
    // Not the folder of a slot: user code may write there.
    const folder = ownFolderName(executor, "kept", disk);
    const path = `${root}/${folder}`;
    if (!this.#folders.has(path)) this.#platform.files.makeFolder(path);
    this.#folders.add(path);
    const name = `dataset-${dataset}-partition-${partition}-${number}`;
    return {
      platform: this.#platform,
      root,
      folder,
      name,
      exchange: dataset,
      partition,
      attempt: number,
    };
  }
}

function keyOf({ dataset, partition }: KeptId): string {
  return `${dataset}/${partition}`;
}

/** What a disk refuses must not fail a task that wants room for something else. */
function isDiskTrouble(error: unknown): boolean {
  return error instanceof OutputError || error instanceof FileError;
}
