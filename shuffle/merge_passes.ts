/**
 * Merging more runs than fit: within a budget, in as many passes as it takes.
 *
 *     runs       a  b  c  d  e  f  g  h      memory for 4 at once
 *     pass 1     ab    c  d  e  f  g  h      two first: then the rest comes out even
 *     pass 2     ab    cdef        g  h
 *     at last    ab, cdef, g, h              one Merge, no pass
 *
 * Only neighbours are merged, so that runs stay in order and the whole is stable.
 */
import { MemoryError } from "../core/errors.ts";
import type { Platform } from "../core/platform.ts";
import { free } from "./free_memory.ts";
import type { Budget, Reservation } from "./memory_budget.ts";
import { keptBytesFor, Merge, slotBytesOf, type SortedRecords } from "./merge.ts";
import { BLOCK_BYTES, blocksOf, type KeyRange, type Run, RunWriter } from "./run.ts";
import type { SpillManager } from "./spill_manager.ts";

/**
 * How many files are open at once. Systems allow a process 256 (macOS) or 1,024 (Linux) unless told
 * otherwise; runs in one file share it.
 */
export const FILES_OPEN_MAX = 200;

/** Blocks are not written smaller: each has an entry in the index of its run. */
const WRITTEN_BYTES_MIN = 1024;

/** What `mergeRuns` works with. */
export type MergeRunsOptions = Readonly<{
  platform: Platform;
  budget: Budget;
  /** Where longer runs go; runs in its files are deleted as soon as they are being read. */
  spills: SpillManager;
  /** Only records of this range are wanted; everything by default. */
  range?: KeyRange;
}>;

/**
 * The records of all runs, merged within the budget; equal keys come in the order of the runs.
 *
 * It asks for one block a run, makes do with less, and gives all of it back when it is closed or
 * has come to its end. Throws a MemoryError OverBudget where
 * not even two runs fit.
 */
export function mergeRuns(runs: readonly Run[], options: MergeRunsOptions): SortedRecords {
  const { platform, budget, spills, range = {} } = options;
  const reservation = budget.reserve("merge of sorted runs");
  try {
    const some = runs.filter((run) => mayHold(run, range));
    const memory = new Uint8Array(reserveFor(some, range, reservation));
    const few = mergeDown(some, { platform, spills, memory, range });
    const held = {
      [Symbol.dispose]() {
        free(memory);
        reservation[Symbol.dispose]();
      },
    };
    const merge = new Merge(platform, few, range, memory, held);
    for (const run of few) spills.release(run.path);
    return merge;
  } catch (error) {
    reservation[Symbol.dispose]();
    throw error;
  }
}

function mayHold(run: Run, range: KeyRange): boolean {
  const { first, end } = blocksOf(run, range);
  return first < end;
}

/** Reserves what merging the runs takes, or as much of it as is granted; returns how much. */
function reserveFor(runs: readonly Run[], range: KeyRange, reservation: Reservation): number {
  const least = leastBytesFor(runs, range);
  let bytes = Merge.bytesFor(runs, range);
  while (!reservation.tryGrow(bytes)) {
    if (bytes <= least) throw overBudget(runs, bytes, range);
    bytes = Math.max(least, Math.floor(bytes * 0.75));
  }
  return bytes;
}

/** With so much memory any two of the runs can be merged, and written in small blocks. */
function leastBytesFor(runs: readonly Run[], range: KeyRange): number {
  const [first = 0, second = 0] = runs.map((run) => slotBytesOf(run, range)).sort((a, b) => b - a);
  return first + second + keptBytesFor(runs) + WRITTEN_BYTES_MIN;
}

/** What `mergeDown` works with. */
export type MergeDownOptions = Readonly<{
  platform: Platform;
  /** Where the longer runs go; runs in its files are deleted once they have been merged. */
  spills: SpillManager;
  /** For the merges of all passes, and then for the one that follows. */
  memory: Uint8Array;
  /** Only records of this range are kept; everything by default. */
  range?: KeyRange;
  /**
   * The part of `memory` in which blocks are written: 256 KB, or an eighth of less than 2 MB. Where
   * that would leave room for one run alone it is 1 KB.
   */
  blockBytes?: number;
}>;

/** A run that waits to be merged, and what that takes. */
type Candidate = Readonly<{ run: Run; slotBytes: number; bytes: number }>;

/**
 * Merges neighbours until all runs can be merged at once in `memory`, and returns those runs, still
 * in order. The first merge takes just as many runs as make the rest come out even, and the
 * cheapest neighbours (Knuth, volume 3, 5.4.9), so that no pass moves more than it must.
 *
 * Throws a MemoryError OverBudget where not even two runs fit.
 */
export function mergeDown(runs: readonly Run[], options: MergeDownOptions): readonly Run[] {
  const { memory, spills } = options;
  const range = options.range ?? {};
  const kept = keptBytesFor(runs);
  const roomy = options.blockBytes ?? Math.min(BLOCK_BYTES, memory.length >>> 3);
  const waiting = runs.map((run) => candidateOf(run, range));
  for (;;) {
    const fanInAtEnd = fanInOf(waiting, memory.length - kept);
    if (waiting.length <= fanInAtEnd) return waiting.map((candidate) => candidate.run);
    const isRoomy = fanInOf(waiting, memory.length - kept - roomy) >= 2;
    const blockBytes = isRoomy ? roomy : Math.min(roomy, WRITTEN_BYTES_MIN);
    const fanIn = fanInOf(waiting, memory.length - kept - blockBytes);
    if (fanIn < 2) throw overBudget(waiting.map(({ run }) => run), memory.length, range);
    const surplus = (waiting.length - Math.max(1, fanInAtEnd)) % (fanIn - 1);
    const count = surplus === 0 ? fanIn : surplus + 1;
    const first = cheapestNeighbours(waiting, count);
    const group = waiting.slice(first, first + count).map((candidate) => candidate.run);
    const merged = mergeToFile(group, range, blockBytes, options);
    waiting.splice(first, count, candidateOf(merged, range));
    const stillNeeded = new Set(waiting.map((candidate) => candidate.run.path));
    for (const run of group) {
      if (!stillNeeded.has(run.path)) spills.release(run.path);
    }
  }
}

function candidateOf(run: Run, range: KeyRange): Candidate {
  const { first, end } = blocksOf(run, range);
  let bytes = 0;
  for (let i = first; i < end; i++) bytes += run.blocks.bytes(i);
  return { run, slotBytes: slotBytesOf(run, range), bytes };
}

/** How many of the runs, whichever they are, can be read at once. */
function fanInOf(waiting: readonly Candidate[], memoryBytes: number): number {
  const slots = waiting.map((candidate) => candidate.slotBytes).sort((a, b) => b - a);
  let left = memoryBytes;
  let fanIn = 0;
  while (fanIn < slots.length && slots[fanIn]! <= left) left -= slots[fanIn++]!;
  const files = new Set(waiting.map((candidate) => candidate.run.path)).size;
  return files <= FILES_OPEN_MAX ? fanIn : Math.min(fanIn, FILES_OPEN_MAX);
}

/** Where the `count` neighbours with the fewest bytes begin. */
function cheapestNeighbours(waiting: readonly Candidate[], count: number): number {
  let bytes = 0;
  let best = 0;
  let bestBytes = Infinity;
  for (let end = 1; end <= waiting.length; end++) {
    bytes += waiting[end - 1]!.bytes;
    if (end > count) bytes -= waiting[end - 1 - count]!.bytes;
    if (end >= count && bytes < bestBytes) {
      best = end - count;
      bestBytes = bytes;
    }
  }
  return best;
}

function mergeToFile(
  group: readonly Run[],
  range: KeyRange,
  blockBytes: number,
  { platform, spills, memory }: MergeDownOptions,
): Run {
  const slots = memory.subarray(0, memory.length - blockBytes);
  const block = memory.subarray(memory.length - blockBytes);
  return spills.write("merge", (file) => {
    using merge = new Merge(platform, group, range, slots);
    const writer = new RunWriter(platform, file, { block });
    while (merge.next()) {
      writer.write(merge.bytes, merge.keyAt, merge.keyLength, merge.valueAt, merge.valueLength);
    }
    return writer.finish();
  });
}

function overBudget(runs: readonly Run[], memoryBytes: number, range: KeyRange): MemoryError {
  const largest = runs.reduce((most, run) => Math.max(most, slotBytesOf(run, range)), 0);
  return new MemoryError(
    "OverBudget",
    `Cannot merge ${runs.length} sorted runs two at a time in ${memoryBytes} bytes: ` +
      `the largest record of one of them takes ${largest} bytes`,
    "Raise flint.worker.memory, or make the records smaller",
  );
}
