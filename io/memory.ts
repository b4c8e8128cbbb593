/**
 * Sources that read nothing: the records of `parallelize` lie encoded in the splits, those of
 * `range` are counted out where they are needed.
 *
 *     [a b c d e f g]  ──► options (a handle) ──split──► [a b] [c d] [e f g]   as blocks
 *
 * The options of a source travel with every stage, so they hold no records: for `parallelize` they
 * are a handle, known only in the process that made it, to blocks that live as long as it does.
 */
import type { ClassTable } from "../core/codec/binary.ts";
import { BlockPacker } from "../core/codec/block_packer.ts";
import { decodeBlock } from "../core/codec/codec.ts";
import { assert } from "../core/errors.ts";
import type { Options, Split } from "../core/plan/plan.ts";
import type { Source } from "./source.ts";

type MemorySplit = Readonly<{ blocks: readonly Uint8Array[] }>;

const slices = new WeakMap<Options, readonly Split[]>();

const BATCH_RECORDS_MAX = 1024;

/**
 * Options for the source `memory`: `records` in `partitions` slices of equal length, as they are
 * now. Throws a RecordError NotSerializable where a record cannot be encoded.
 */
export function memoryOptions(
  records: readonly unknown[],
  partitions: number,
  classes?: ClassTable,
): Options {
  const options: Options = { records: records.length };
  const splits = Array.from({ length: partitions }, (_, i): Split => {
    const blocks: Uint8Array[] = [];
    const packer = new BlockPacker((block) => blocks.push(block), classes);
    packer.add(records.slice(...sliceOf(i, partitions, records.length)));
    packer.finish();
    const bytes = blocks.reduce((sum, block) => sum + block.length, 0);
    return { bytes, data: { blocks } satisfies MemorySplit };
  });
  slices.set(options, splits);
  return options;
}

export const memorySource: Source = {
  format: "memory",
  inSplit: true,

  split(options) {
    const splits = slices.get(options);
    assert(splits !== undefined, "the records of a parallelized dataset lie in another process");
    return Promise.resolve(splits);
  },

  async *read() {},

  *decode(_options, split, _pieces, tools) {
    for (const block of (split.data as MemorySplit).blocks) {
      const records = decodeBlock(block, tools?.classes);
      for (let at = 0; at < records.length; at += BATCH_RECORDS_MAX) {
        yield records.slice(at, at + BATCH_RECORDS_MAX);
      }
    }
  },
};

/** Options of the source `range`: `start`, `start + step` …, up to `end`, which is not among them. */
export type RangeOptions = Readonly<{ start: number; end: number; step: number }>;

/** The numbers `start + step * from` to `start + step * (to - 1)`. */
type RangeSplit = Readonly<{ from: number; to: number }>;

export const rangeSource: Source = {
  format: "range",
  inSplit: true,

  split(options, { partitionsMin }) {
    const { start, end, step } = options as RangeOptions;
    assert(step !== 0, "a range was made with step 0");
    const length = Math.max(0, Math.ceil((end - start) / step));
    return Promise.resolve(Array.from({ length: partitionsMin }, (_, i): Split => {
      const [from, to] = sliceOf(i, partitionsMin, length);
      return { data: { from, to } satisfies RangeSplit };
    }));
  },

  async *read() {},

  *decode(options, split) {
    const { start, step } = options as RangeOptions;
    const { from, to } = split.data as RangeSplit;
    for (let at = from; at < to; at += BATCH_RECORDS_MAX) {
      const batch: number[] = [];
      const end = Math.min(at + BATCH_RECORDS_MAX, to);
      for (let i = at; i < end; i++) batch.push(start + step * i);
      yield batch;
    }
  },
};

/** The part of `length` records that slice `i` of `count` has: as Spark cuts them. */
function sliceOf(i: number, count: number, length: number): [from: number, to: number] {
  return [Math.floor(i * length / count), Math.floor((i + 1) * length / count)];
}
