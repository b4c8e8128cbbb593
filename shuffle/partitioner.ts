/**
 * From a partitioner, which is data, to the partition of a key, and to the range of sorted keys that
 * belongs to a partition.
 *
 *     hash     the hash of the key's bytes      high bits, so partitions ascend with the hash
 *     custom   the key itself                   fn(key) modulo partitions, never negative
 *     range    the key's bytes as sorted        how many bounds are at or below them
 *
 * What a partition is found by differs, and each is at hand at another moment: therefore a union and
 * not one function.
 */
import { assert, PlanError, shown } from "../core/errors.ts";
import { compareBytes } from "../core/key.ts";
import { partitionOf } from "../core/key_hash.ts";
import type { Exchange, Partitioner } from "../core/plan/exchange.ts";
import type { PartitionId, UserFunction } from "../core/plan/plan.ts";
import type { KeyRange } from "./run.ts";

/** Finds partitions. `of` is told what the kind says. */
export type Placement =
  & Readonly<{ partitions: number }>
  & (
    | Readonly<{ kind: "hash"; of(hash: number): PartitionId }>
    | Readonly<{ kind: "custom"; of(key: unknown): PartitionId }>
    | Readonly<{ kind: "range"; of(bytes: Uint8Array, at: number, length: number): PartitionId }>
  );

/**
 * The placement of a partitioner. `bounds` are those of a range partitioner: keys as they are sorted
 * (inverted where the order is descending), ascending by bytes. Without them every key would land in
 * the first partition, so they have to be there, if it is not the only one.
 */
export function placementOf(
  partitioner: Partitioner<UserFunction, number>,
  bounds?: readonly Uint8Array[],
): Placement {
  const { partitions } = partitioner;
  switch (partitioner.kind) {
    case "hash":
      return { kind: "hash", partitions, of: (hash) => partitionOf(hash, partitions) };
    case "custom":
      return {
        kind: "custom",
        partitions,
        of: (key) => customPartition(partitioner.fn, key, partitions),
      };
    case "range": {
      assert(bounds !== undefined || partitions === 1, "a range partitioner has no bounds yet");
      const known = bounds ?? [];
      return {
        kind: "range",
        partitions,
        of: (bytes, at, length) => Math.min(boundsUpTo(known, bytes, at, length), partitions - 1),
      };
    }
  }
}

function customPartition(fn: UserFunction, key: unknown, partitions: number): PartitionId {
  const chosen: unknown = fn(key);
  if (typeof chosen !== "number" || !Number.isInteger(chosen)) {
    throw new PlanError(
      "InvalidArgument",
      `Cannot partition by the custom function: for the key ${shown(key)} it returned ${
        shown(chosen)
      }, which is no integer`,
      "Return an integer; it is taken modulo the number of partitions",
    );
  }
  const rest = chosen % partitions;
  return rest < 0 ? rest + partitions : rest + 0; // + 0: -0 is no index
}

/** How many bounds are at or below a key: a binary search. */
function boundsUpTo(
  bounds: readonly Uint8Array[],
  bytes: Uint8Array,
  at: number,
  length: number,
): number {
  let from = 0;
  let to = bounds.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    const bound = bounds[middle]!;
    if (compareBytes(bound, 0, bound.length, bytes, at, length) <= 0) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Bytes that a partition's number takes in front of a key. */
export const PREFIX_BYTES = 4;

/** Writes a number of 32 bits so that it sorts by value. */
export function writePrefix(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** The number that `writePrefix` wrote, unsigned. */
export function readPrefix(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>>
    0;
}

/**
 * The keys of one partition in the runs of a sort exchange: from a bound on, up to the next one; or,
 * where another partitioner deals the keys out, those that carry the partition's number in front.
 */
export function rangeOf(
  exchange: Extract<Exchange<unknown>, { kind: "sort" }>,
  partition: PartitionId,
  bounds: readonly Uint8Array[] = [],
): KeyRange {
  switch (exchange.partitioner.kind) {
    case "hash":
    case "custom":
      return { from: prefix(partition), to: prefix(partition + 1) };
    case "range": {
      if (partition > bounds.length) return NO_KEYS;
      const from = bounds[partition - 1];
      const to = bounds[partition];
      return { ...(from && { from }), ...(to && { to }) };
    }
  }
}

const NO_KEYS: KeyRange = { from: new Uint8Array(0), to: new Uint8Array(0) };

function prefix(partition: PartitionId): Uint8Array {
  const bytes = new Uint8Array(PREFIX_BYTES);
  writePrefix(bytes, 0, partition);
  return bytes;
}
