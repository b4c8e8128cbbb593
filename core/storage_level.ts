/**
 * Where the partitions of a persisted dataset are kept.
 *
 * A level is five facts, as in Spark. Two of them decide something on one machine: whether memory is
 * used, and whether the disk is. Partitions are always kept encoded, always outside of V8's heap, and
 * once; so `useOffHeap`, `deserialized` and `replication` are accepted, shown and mean no more.
 */

/**
 * A storage level; PySpark's `StorageLevel`.
 *
 * | level                                    | a partition is kept                                   |
 * | ---------------------------------------- | ----------------------------------------------------- |
 * | `MEMORY_ONLY`                            | in memory; where there is no room it is made again    |
 * | `MEMORY_AND_DISK`, `_DESER`, `OFF_HEAP`  | in memory; where there is no room, in a file          |
 * | `DISK_ONLY`                              | in a file                                             |
 * | `NONE`                                   | not at all                                            |
 *
 * `_2` and `_3` ask for as many copies: on one machine there is one.
 *
 * @example
 * ```ts
 * import { StorageLevel } from "@flint/flint";
 * import assert from "node:assert/strict";
 *
 * assert.equal(String(StorageLevel.MEMORY_ONLY), "Memory Serialized 1x Replicated");
 * assert.equal(StorageLevel.DISK_ONLY_2.replication, 2);
 * ```
 */
export class StorageLevel {
  /** Not kept. */
  static readonly NONE: StorageLevel = new StorageLevel(false, false, false, false);
  /** In files. */
  static readonly DISK_ONLY: StorageLevel = new StorageLevel(true, false, false, false);
  /** In files; two copies where there are two machines. */
  static readonly DISK_ONLY_2: StorageLevel = new StorageLevel(true, false, false, false, 2);
  /** In files; three copies where there are three machines. */
  static readonly DISK_ONLY_3: StorageLevel = new StorageLevel(true, false, false, false, 3);
  /** In memory, as far as there is room. */
  static readonly MEMORY_ONLY: StorageLevel = new StorageLevel(false, true, false, false);
  /** In memory, as far as there is room; two copies where there are two machines. */
  static readonly MEMORY_ONLY_2: StorageLevel = new StorageLevel(false, true, false, false, 2);
  /** In memory, and in files where there is no room. */
  static readonly MEMORY_AND_DISK: StorageLevel = new StorageLevel(true, true, false, false);
  /** In memory, and in files where there is no room; two copies where there are two machines. */
  static readonly MEMORY_AND_DISK_2: StorageLevel = new StorageLevel(true, true, false, false, 2);
  /** The same as `MEMORY_AND_DISK` but for its name. */
  static readonly MEMORY_AND_DISK_DESER: StorageLevel = new StorageLevel(true, true, false, true);
  /** The same as `MEMORY_AND_DISK` but for its name. */
  static readonly OFF_HEAP: StorageLevel = new StorageLevel(true, true, true, false);

  /** A level of one's own; the named ones are all that make a difference. */
  constructor(
    /** Whether the disk is used. */
    readonly useDisk: boolean,
    /** Whether memory is used. */
    readonly useMemory: boolean,
    /** Whether memory outside of the heap is meant: it always is. */
    readonly useOffHeap: boolean,
    /** Whether objects are kept as they are: they never are. */
    readonly deserialized: boolean,
    /** How many copies are wanted. */
    readonly replication: number = 1,
  ) {}

  /** Whether nothing is kept at this level. */
  get isNone(): boolean {
    return !this.useDisk && !this.useMemory;
  }

  /** Whether both are the same five facts. */
  equals(other: StorageLevel): boolean {
    return this.useDisk === other.useDisk && this.useMemory === other.useMemory &&
      this.useOffHeap === other.useOffHeap && this.deserialized === other.deserialized &&
      this.replication === other.replication;
  }

  /** `Disk Memory Serialized 1x Replicated`, as PySpark writes it. */
  toString(): string {
    const places = [
      ...(this.useDisk ? ["Disk"] : []),
      ...(this.useMemory ? ["Memory"] : []),
      ...(this.useOffHeap ? ["OffHeap"] : []),
      this.deserialized ? "Deserialized" : "Serialized",
    ];
    return `${places.join(" ")} ${this.replication}x Replicated`;
  }

  /** What the console shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `StorageLevel(${this})`;
  }
}
