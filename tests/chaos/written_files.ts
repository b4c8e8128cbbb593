/**
 * One file of every kind that a small job writes and reads again, written by what tasks write with and
 * read by what tasks read with, so that each of its bytes can be tried.
 *
 *     a word count     exchange-*.data, .index (frames)    spill-combine (a run)   spill-blocks
 *     a sort           exchange-*.data, .index (runs)
 *     a groupByKey     spill-values
 *     a cached one     dataset-*.data, .index
 *     and a broadcast, and an object file
 */
import { encodeKey } from "../../core/key.ts";

import type { MapOutput } from "../../core/task.ts";
import { encodeBlock } from "../../core/codec/codec.ts";
import { objectSink, objectSource } from "../../io/object.ts";
import { BlockStore } from "../../shuffle/block_store.ts";
import type { ExchangeSink } from "../../shuffle/carrier.ts";
import { PAGE_BYTES } from "../../shuffle/checked_part.ts";
import { MemoryBudget } from "../../shuffle/memory_budget.ts";
import { Merge, type SortedRecords } from "../../shuffle/merge.ts";
import { BLOCK_HEADER_BYTES, type Run, RunWriter } from "../../shuffle/run.ts";
import {
  type MapOutputPlace,
  openSortedOutput,
  readPartition,
  ShuffleFileSink,
  SortedFileSink,
} from "../../shuffle/shuffle_file.ts";
import { SpillManager } from "../../shuffle/spill_manager.ts";
import { ValuesBuilder } from "../../shuffle/values_builder.ts";
import { withValues } from "../../shuffle/values.ts";
import { createWriter } from "../../shuffle/writer.ts";
import { readBroadcast, writeBroadcast } from "../../workers/broadcast_file.ts";
import { denoPlatform as platform } from "../../workers/platform_deno.ts";
import { StoredPartition } from "../../workers/stored_partition.ts";
import type { TestExchange } from "../shuffle/exchange_rig.ts";

/** Bytes of a file from one place to another. */
export type Part = Readonly<{ at: number; bytes: number }>;

/** A file that can be damaged, and how it is read. */
export type WrittenFile = Readonly<{
  name: string;
  path: string;
  /** All that the file says, as its readers understand it; throws where they find damage. */
  read: () => unknown | Promise<unknown>;
  /** Parts that may change places: blocks, in the order of the file. */
  blocks: readonly Part[];
  /** Files of the same kind that do not belong in this place: another attempt's and so on. */
  others: readonly string[];
  /** Its writer reads it again, and has the index in memory. */
  isSpill?: true;
  /** What finding damage has to lead to: a map output is made again. */
  origin?: Readonly<{ exchange: number; partition: number }>;
}>;

const HASH = { kind: "hash", partitions: 2 } as const;
const COUNT: TestExchange = {
  kind: "combine",
  partitioner: HASH,
  create: (v) => v,
  mergeValue: (c, v) => c + v,
  mergeCombiners: (a, b) => a + b,
  mapSide: true,
};
const SORT: TestExchange = {
  kind: "sort",
  partitioner: { kind: "range", partitions: 1, ascending: true },
  ascending: true,
};
const AMPLE_BYTES = 1 << 22;

/** Writes the files into `folder`; `words` says how large they get. */
export function writeFiles(folder: string, words: number): WrittenFile[] {
  const root = `${folder}/flint-1-0123456789abcdef`;
  const records = Array.from({ length: words }, (_, i) => [`word ${i * 7 % words}`, i] as const);
  return [
    ...outputFiles(root, records),
    ...spillFiles(`${root}/executor-0-0-disk-0`, records),
    ...keptFiles(root, records),
    broadcastFile(root, records),
    objectFile(folder, records),
  ];
}

type Records = readonly (readonly [string, number])[];

/** Data and index of two map outputs, with those that a reader could take for them. */
function outputFiles(root: string, records: Records): WrittenFile[] {
  const origin = { exchange: 2, partition: 1 };
  const place: MapOutputPlace = {
    ...origin,
    platform,
    root,
    folder: "executor-0-0-disk-0",
    attempt: 1,
  };
  const wrong: MapOutputPlace[] = [
    { ...place, attempt: 0 },
    { ...place, partition: 0 },
    { ...place, exchange: 3 },
    { ...place, folder: "executor-1-0-disk-0" },
    { ...place, root: root.replace("flint-1", "flint-2") },
  ];
  return ([["word count", COUNT], ["sort", SORT]] as const).flatMap(([job, exchange]) => {
    const isSort = exchange === SORT;
    const write = (of: MapOutputPlace): string => {
      Deno.mkdirSync(`${of.root}/${of.folder}`, { recursive: true });
      const named = isSort ? { ...of, exchange: of.exchange + 10 } : of;
      const sink = isSort ? new SortedFileSink(named) : new ShuffleFileSink(named, 2);
      return `${of.root}/${written(exchange, records, sink).file}`;
    };
    const path = write(place);
    const others = wrong.map(write);
    const own = isSort ? { ...origin, exchange: origin.exchange + 10 } : origin;
    const read = () =>
      isSort
        ? recordsOf(runsMerged(openSortedOutput(platform, path, own)))
        : [0, 1].map((partition) => [...readPartition(platform, path, own, partition)]);
    const blocks = isSort
      ? openSortedOutput(platform, path, own).flatMap(blocksOf)
      : framesOf(path, [0, 1].flatMap((p) => [...readPartition(platform, path, own, p)]));
    return [
      { name: `${job}, map output`, path, read, blocks, others, origin: own },
      {
        name: `${job}, index`,
        path: indexOf(path),
        read,
        blocks: [],
        others: others.map(indexOf),
        origin: own,
      },
    ];
  });
}

function written(exchange: TestExchange, records: Records, sink: ExchangeSink): MapOutput {
  const budget = new MemoryBudget(AMPLE_BYTES);
  using spills = new SpillManager(platform, []);
  using writer = createWriter(exchange, { platform, budget, spills, sink, partition: 1 });
  writer.add(records);
  return writer.finish();
}

function spillFiles(folder: string, records: Records): WrittenFile[] {
  const spills = new SpillManager(platform, [folder]);
  const io = { platform, budget: new MemoryBudget(AMPLE_BYTES), spills, partition: 0 };
  const run = spills.write("combine", (file) => {
    const writer = new RunWriter(platform, file, { blockBytes: 256 });
    const sorted = records.map(([word]) => encodeKey(word)).sort((a, b) => compared(a, b));
    for (const key of sorted) writer.write(key, 0, key.length, 0, key.length);
    return writer.finish();
  });
  const store = new BlockStore(2, io);
  for (let at = 0; at < records.length; at += 16) {
    store.put(at % 2, encodeBlock(records.slice(at, at + 16)), 16);
  }
  store.spill();
  // So small a budget that a group of these few is one that is read from disk.
  const builder = new ValuesBuilder({ ...io, budget: new MemoryBudget(1) }, withValues());
  const payload = encodeBlock(records);
  for (let at = 0; at + 200 <= 3 * PAGE_BYTES / 2; at += 200) {
    builder.add(payload, at % Math.max(1, payload.length - 200), Math.min(200, payload.length));
  }
  const values = builder.finish() as unknown as { encoded: Uint8Array };
  builder[Symbol.dispose]();
  const pathOf = (label: string) =>
    Array.from(Deno.readDirSync(folder), ({ name }) => `${folder}/${name}`)
      .find((path) => path.includes(`spill-${label}`))!;
  const [blocksPath, valuesPath] = [pathOf("blocks"), pathOf("values")];
  const stored = [0, 1].flatMap((partition) =>
    Array.from(store.blocksOf(partition), (block) => block.slice())
  );
  return [
    {
      name: "spilled run",
      path: run.path,
      read: () => recordsOf(runsMerged([run])),
      blocks: blocksOf(run),
      others: [blocksPath],
      isSpill: true,
    },
    {
      name: "spilled blocks",
      path: blocksPath,
      read: () =>
        [0, 1].flatMap((partition) =>
          Array.from(store.blocksOf(partition), (block) => block.slice())
        ),
      blocks: inARow(0, stored.map(({ length }) => length)),
      others: [run.path],
      isSpill: true,
    },
    {
      name: "spilled group",
      path: valuesPath,
      read: () => values.encoded,
      blocks: [],
      others: [run.path],
      isSpill: true,
    },
  ];
}

function keptFiles(root: string, records: Records): WrittenFile[] {
  const keep = (partition: number, number: number): StoredPartition => {
    const place = { platform, root, folder: "executor-0-0-disk-0", exchange: 5, partition };
    const name = `dataset-5-partition-${partition}-${number}`;
    const id = { dataset: 5, partition };
    const where = { memory: false, disk: true };
    const stored = new StoredPartition(id, where, () => ({ ...place, attempt: number, name }));
    for (let at = 0; at < records.length; at += 32) {
      stored.hold(encodeBlock(records.slice(at, at + 32)));
    }
    stored.copyToDisk();
    stored.releaseMemory();
    return stored;
  };
  const [stored, ...wrong] = [keep(0, 1), keep(0, 0), keep(1, 1)];
  const path = `${root}/${stored!.file}`;
  const others = wrong.map(({ file }) => `${root}/${file}`);
  const origin = { exchange: 5, partition: 0 };
  const read = async () => await Array.fromAsync(stored!.read());
  const blocks = framesOf(path, [...readPartition(platform, path, origin, 0)]);
  return [
    { name: "cached partition", path, read, blocks, others, origin },
    {
      name: "cached partition, index",
      path: indexOf(path),
      read,
      blocks: [],
      others: others.map(indexOf),
      origin,
    },
  ];
}

function broadcastFile(root: string, records: Records): WrittenFile {
  const bytes = encodeBlock(records);
  for (const id of [3, 4]) writeBroadcast(platform, root, id, bytes);
  return {
    name: "broadcast",
    path: `${root}/broadcast-3`,
    read: () => readBroadcast(platform, root, 3),
    blocks: [],
    others: [`${root}/broadcast-4`],
  };
}

/** A file of `saveAsObjectFile`, which outlives its application. */
function objectFile(folder: string, records: Records): WrittenFile {
  const tools = { platform };
  const path = `${folder}/part-00000`;
  const file = Uint8Array.of(
    ...[...objectSink.encode({ path: "/out" }, [records], tools)].flatMap((piece) => [...piece]),
  );
  Deno.writeFileSync(path, file);
  const read = () => {
    const bytes = Deno.readFileSync(path);
    const version = platform.files.info(path).version;
    const input = { path, bytes: bytes.length, version };
    const data = { file: input, from: 0, to: bytes.length };
    return [...objectSource.decode({}, { bytes: bytes.length, data }, [bytes], tools)];
  };
  return { name: "object file", path, read, blocks: [], others: [] };
}

function indexOf(path: string): string {
  return path.replace(/\.data$/, ".index");
}

/** Frames at the end of a file, one behind the other. */
function framesOf(path: string, blocks: readonly Uint8Array[]): Part[] {
  const lengths = blocks.map(({ length }) => 12 + length);
  const bytes = lengths.reduce((sum, length) => sum + length, 0);
  return inARow(Deno.statSync(path).size - bytes, lengths);
}

function inARow(from: number, lengths: readonly number[]): Part[] {
  let at = from;
  return lengths.map((bytes) => ({ at: (at += bytes) - bytes, bytes }));
}

function blocksOf(run: Run): Part[] {
  return Array.from(
    run.blocks,
    ({ offset, bytes }) => ({ at: offset, bytes: BLOCK_HEADER_BYTES + bytes }),
  );
}

function runsMerged(runs: readonly Run[]): SortedRecords {
  return new Merge(platform, runs, {}, new Uint8Array(Merge.bytesFor(runs)));
}

function recordsOf(records: SortedRecords): Uint8Array[] {
  using sorted = records;
  const found: Uint8Array[] = [];
  while (sorted.next()) {
    found.push(sorted.bytes.slice(sorted.keyAt, sorted.valueAt + sorted.valueLength));
  }
  return found;
}

function compared(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}
