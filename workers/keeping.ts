/**
 * What the task of a slot wants of persisted datasets, done for it by the control thread: it reads
 * what is kept, here or by another executor, and hands in what it makes.
 *
 *     read(id) ─► made by this very task · kept here · kept elsewhere: a file that its holder writes
 *     put, end, finish ─► kept here, once the task has ended well
 */
import { assert, reportOf } from "../core/errors.ts";
import type { Platform } from "../core/platform.ts";
import type { KeptElsewhere, KeptId, KeptPartition } from "../core/task.ts";
import { MapOutputDamaged } from "../shuffle/damage.ts";
import { readPartition } from "../shuffle/shuffle_file.ts";
import type { BlockCache } from "./block_cache.ts";
import { KeptAbsent } from "./kept_errors.ts";
import { shuffleFilePath } from "./local_io.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";
import type { StoredPartition } from "./stored_partition.ts";
import type { BlockPlace, KeptWhere } from "./task_io.ts";

export type KeepingHost = Readonly<{
  platform: Platform;
  cache: BlockCache;
  /** The application's folders, one on each disk. */
  folders: readonly string[];
  /**
   * Has another executor write a partition that it keeps to a file, and gives its name; undefined
   * where the executor or the partition is gone. `damaged`: a file of it that is not as it was written.
   */
  fetch: (wanted: KeptElsewhere, damaged?: string) => Promise<string | undefined>;
}>;

export class TaskKeeping {
  readonly #host: KeepingHost;
  readonly #elsewhere: readonly KeptElsewhere[];
  /** What the task makes or has made. */
  readonly #made: { stored: StoredPartition; isWhole: boolean }[] = [];

  /** `elsewhere`: what other executors keep of what the task may want. */
  constructor(host: KeepingHost, elsewhere: readonly KeptElsewhere[]) {
    this.#host = host;
    this.#elsewhere = elsewhere;
  }

  /** The next block of a partition; the first one begins it. Throws an OutputError DiskFull. */
  put(id: KeptId, where: KeptWhere, mayHold: boolean, block: Uint8Array): BlockPlace {
    return this.#host.cache.put(this.#begun(id, where), block, mayHold);
  }

  /** A partition is complete, or is given up; one without blocks may not have begun. */
  end(id: KeptId, where: KeptWhere, isWhole: boolean): void {
    const stored = this.#begun(id, where);
    const index = this.#made.findIndex((made) => made.stored === stored);
    if (isWhole) {
      stored.seal();
      this.#made[index]!.isWhole = true;
    } else {
      this.#made.splice(index, 1);
      this.#host.cache.discard(stored);
    }
  }

  /** The blocks of a partition. Throws a KeptAbsent, maybe in the midst of them. */
  async *read(id: KeptId): AsyncGenerator<Uint8Array> {
    const mine = this.#made.find(({ stored }) => isSame(stored.id, id))?.stored;
    const kept = mine ?? this.#host.cache.find(id);
    try {
      yield* kept?.read() ?? this.#readElsewhere(id);
    } catch (error) {
      if (!(error instanceof MapOutputDamaged)) throw error;
      if (kept !== undefined && kept !== mine) this.#host.cache.lose(kept);
      throw new KeptAbsent(error.detail);
    }
  }

  /** The task has ended: what it has made is kept if it ended well. */
  finish(isWell: boolean): readonly KeptPartition[] {
    const { cache } = this.#host;
    return this.#made.splice(0).flatMap(({ stored, isWhole }) => {
      const kept = isWell && isWhole ? cache.commit(stored) : cache.discard(stored);
      return kept === undefined ? [] : [kept];
    });
  }

  /** Of damage its holder is told before the task ends: nobody else is sent there. */
  async *#readElsewhere(id: KeptId): AsyncGenerator<Uint8Array> {
    const place = this.#elsewhere.find((other) => isSame(other, id));
    const file = place && await this.#host.fetch(place);
    if (file === undefined) throw new KeptAbsent("no executor keeps it");
    const path = shuffleFilePath(this.#host.folders, file);
    const origin = { exchange: id.dataset, partition: id.partition };
    try {
      yield* readPartition(this.#host.platform, path, origin, 0);
    } catch (error) {
      if (error instanceof MapOutputDamaged) await this.#host.fetch(place!, file);
      throw error;
    }
  }

  #begun(id: KeptId, where: KeptWhere): StoredPartition {
    const begun = this.#made.find(({ stored }) => isSame(stored.id, id));
    if (begun !== undefined) {
      assert(!begun.isWhole, `partition ${id.partition} of dataset ${id.dataset} is made twice`);
      return begun.stored;
    }
    const stored = this.#host.cache.begin(id, where);
    this.#made.push({ stored, isWhole: false });
    return stored;
  }
}

/** What the task hears that hands in a block; it waits for that. */
export function keepAnswer(
  keeping: TaskKeeping | undefined,
  { stream, id, memory, disk, mayHold, bytes }: FromWorker & { kind: "keep" },
): ToWorker {
  try {
    const place = keeping?.put(id, { memory, disk }, mayHold, bytes) ?? "nowhere";
    return { kind: "keptBlock", stream, place };
  } catch (error) {
    return { kind: "streamFailed", stream, failure: reportOf(error) };
  }
}

function isSame(a: KeptId, b: KeptId): boolean {
  return a.dataset === b.dataset && a.partition === b.partition;
}
