import assert from "node:assert/strict";
import fc from "fast-check";
import { boundsOf } from "../../core/plan/bounds.ts";
import type { MapOutput } from "../../core/task.ts";
import { compareKeyBytes } from "../../shuffle/bytes.ts";
import { MapOutputDamaged } from "../../shuffle/damage.ts";
import { MemoryBudget } from "../../shuffle/memory_budget.ts";
import { Merge } from "../../shuffle/merge.ts";
import type { Run } from "../../shuffle/run.ts";
import { OutputIndexes } from "../../shuffle/output_indexes.ts";
import {
  openSortedOutput,
  readPartition,
  removeOutput,
  ShuffleFileSink,
  SortedFileSink,
} from "../../shuffle/shuffle_file.ts";
import { Sorter } from "../../shuffle/sorter.ts";
import { SpillManager } from "../../shuffle/spill_manager.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";
import {
  joined,
  type KeyedRecord,
  randomSource,
  recordsOf,
  sortedSlowly,
  temporaryFolder,
  textsIn,
  textsOf,
} from "./keyed_records.ts";

const platform = denoPlatform;
const origin = { exchange: 3, partition: 7 };

type Folder = ReturnType<typeof temporaryFolder>;

function placeIn(folder: Folder) {
  const parts = folder.path.split("/");
  return {
    ...origin,
    platform,
    root: parts.slice(0, -1).join("/"),
    folder: parts.at(-1)!,
    attempt: 0,
  };
}

function pathOf(folder: Folder, output: MapOutput): string {
  return `${placeIn(folder).root}/${output.file}`;
}

/** Blocks by partition, as they are written. */
function writeBlocks(folder: Folder, blocks: readonly (readonly Uint8Array[])[]): MapOutput {
  using sink = new ShuffleFileSink(placeIn(folder), blocks.length);
  for (const [partition, some] of blocks.entries()) {
    for (const block of some) sink.write(partition, block, block.length);
  }
  return sink.close();
}

function readBlocks(path: string, partitions: number, from = origin): number[][][] {
  return Array.from(
    { length: partitions },
    (_, partition) => Array.from(readPartition(platform, path, from, partition), (b) => [...b]),
  );
}

Deno.test("what was written to a partition is read from it", () => {
  using folder = temporaryFolder();
  const block = fc.uint8Array({ maxLength: 20 });
  fc.assert(
    fc.property(fc.array(fc.array(block, { maxLength: 3 }), { maxLength: 6 }), (blocks) => {
      const output = writeBlocks(folder, blocks);
      const path = pathOf(folder, output);
      const expected = blocks.map((some) => some.map((bytes) => [...bytes]));
      assert.deepEqual(readBlocks(path, blocks.length), expected);
      assert.equal(output.records, blocks.flat().reduce((sum, bytes) => sum + bytes.length, 0));
      assert.equal(output.bytes, Deno.statSync(path).size);
      removeOutput(platform, path);
      assert.deepEqual(folder.names(), []);
    }),
    { numRuns: 100 },
  );
});

Deno.test("partitions ascend", () => {
  using folder = temporaryFolder();
  using sink = new ShuffleFileSink(placeIn(folder), 3);
  sink.write(1, Uint8Array.of(1), 1);
  assert.throws(() => sink.write(0, Uint8Array.of(1), 1), { name: "InvariantError" });
  assert.throws(() => sink.write(3, Uint8Array.of(1), 1), { name: "InvariantError" });
});

Deno.test("an output that was not closed leaves nothing; one that was replaces an earlier one", () => {
  using folder = temporaryFolder();
  {
    using sink = new ShuffleFileSink(placeIn(folder), 2);
    sink.write(0, Uint8Array.of(1), 1);
  }
  {
    using sink = new SortedFileSink(placeIn(folder));
    Deno.writeTextFileSync(sink.path, "begun");
  }
  assert.deepEqual(folder.names(), []);
  Deno.writeTextFileSync(`${folder.path}/exchange-3-map-7-0.data.part`, "a killed attempt");
  writeBlocks(folder, [[Uint8Array.of(1)]]);
  const output = writeBlocks(folder, [[Uint8Array.of(2)]]);
  assert.deepEqual(readBlocks(pathOf(folder, output), 1), [[[2]]]);
  assert.deepEqual(folder.names(), ["exchange-3-map-7-0.data", "exchange-3-map-7-0.index"]);
});

/** Every truncation and every flipped bit of both files of an output has to be found by `read`. */
function expectAllDamageFound(path: string, read: () => void): void {
  for (const file of [path, path.replace(".data", ".index")]) {
    const bytes = Deno.readFileSync(file);
    const expectDamage = (changed: Uint8Array, what: string) => {
      Deno.writeFileSync(file, changed);
      try {
        read();
      } catch (error) {
        assert.ok(error instanceof MapOutputDamaged, `${what} of ${file}: ${error}`);
        assert.deepEqual([error.exchange, error.partition, error.code], [3, 7, "CorruptBlock"]);
        return;
      }
      assert.fail(`${what} of ${file} was not found`);
    };
    for (let at = 0; at < bytes.length; at++) {
      expectDamage(bytes.subarray(0, at), `cut to ${at}`);
      const changed = bytes.slice();
      changed[at]! ^= 1 << (at % 8);
      expectDamage(changed, `flipped at ${at}`);
    }
    Deno.removeSync(file);
    assert.throws(read, MapOutputDamaged);
    Deno.writeFileSync(file, bytes);
  }
  read();
}

Deno.test("lost, cut and changed files are found, and the error says whose they are", () => {
  using folder = temporaryFolder();
  const blocks = [[Uint8Array.of(1, 2, 3), new Uint8Array(20)], [], [Uint8Array.of(9)]];
  const path = pathOf(folder, writeBlocks(folder, blocks));
  expectAllDamageFound(path, () => readBlocks(path, 3));
  const other = { exchange: 3, partition: 8 };
  assert.throws(() => readBlocks(path, 3, other), {
    name: "MapOutputDamaged",
    message: /output of map partition 8 of exchange 3: this is map partition 7 of exchange 3/,
    partition: 8,
  });
  assert.throws(() => readBlocks(path, 4), { detail: /no partition 3/ });
});

/** What a map task of a sort leaves behind. */
function writeSorted(folder: Folder, records: readonly KeyedRecord[]): MapOutput {
  using sink = new SortedFileSink(placeIn(folder));
  using spills = new SpillManager(platform, [folder.path]);
  const budget = new MemoryBudget(4 * 1024 * 1024);
  let runs: Run[];
  {
    using file = platform.files.create(sink.path);
    using sorter = new Sorter({ platform, budget, spills, output: file });
    for (const { key, value } of records) {
      sorter.add(joined(key, value), 0, key.length, key.length, value.length);
    }
    runs = sorter.writeRuns(file);
  }
  return sink.close(runs);
}

function readSorted(path: string): string[] {
  const runs = openSortedOutput(platform, path, origin);
  using merge = new Merge(platform, runs, {}, new Uint8Array(Merge.bytesFor(runs)));
  return textsIn(merge);
}

Deno.test("sorted output is opened as runs, and damage to it is found", () => {
  using folder = temporaryFolder();
  const records = recordsOf(Array.from({ length: 12 }, (_, i) => Uint8Array.of(i * 5 % 12)), 0, 3);
  const output = writeSorted(folder, records);
  const path = pathOf(folder, output);
  assert.equal(output.records, 12);
  assert.equal(output.bytes, Deno.statSync(path).size);
  assert.deepEqual(folder.names(), ["exchange-3-map-7-0.data", "exchange-3-map-7-0.index"]);
  assert.deepEqual(readSorted(path), textsOf(sortedSlowly(records)));
  expectAllDamageFound(path, () => readSorted(path));
});

/** A key of four bytes for a number. */
function keyOf(number: number): Uint8Array {
  const key = new Uint8Array(4);
  new DataView(key.buffer).setUint32(0, number);
  return key;
}

/** How many of the keys lie in each partition. */
function sizesOf(keys: readonly Uint8Array[], bounds: readonly Uint8Array[]): number[] {
  const sizes = new Array(bounds.length + 1).fill(0);
  for (const key of keys) {
    sizes[bounds.filter((bound) => compareKeyBytes(bound, key) <= 0).length]++;
  }
  return sizes;
}

Deno.test("samples of map outputs small and large make even bounds", () => {
  const next = randomSource(5);
  for (
    const [counts, partitions, skewMax] of [
      [[1, 1, 1, 1], 4, 1],
      [[100], 4, 1.7],
      [[3000, 10, 0, 400], 5, 1.3],
      [[60_000, 50], 8, 1.3],
    ] as const
  ) {
    const keys: Uint8Array[] = [];
    const outputs = counts.map((count) => {
      using folder = temporaryFolder();
      const some = Array.from({ length: count }, () => keyOf(next()));
      keys.push(...some);
      const output = writeSorted(folder, recordsOf(some, 0, 40));
      assert.ok(output.sample!.length <= 1000);
      return output;
    });
    const sizes = sizesOf(keys, boundsOf(outputs, partitions));
    assert.equal(sizes.length, partitions);
    const even = keys.length / partitions;
    assert.ok(Math.max(...sizes) <= even * skewMax, `${counts} in ${partitions}: ${sizes}`);
  }
});

Deno.test("a sample is ascending, cut to keys of 1 KB and of at most a thousand keys", () => {
  using folder = temporaryFolder();
  const keys = Array.from({ length: 3000 }, (_, i) => new Uint8Array(3000).fill(i % 250));
  const { sample = [] } = writeSorted(folder, recordsOf(keys, 0, 0));
  assert.ok(sample.length > 100 && sample.length <= 1000, `${sample.length}`);
  for (const [i, key] of sample.entries()) {
    assert.ok(key.length <= 1024);
    assert.ok(i === 0 || compareKeyBytes(sample[i - 1]!, key) <= 0);
  }
});

Deno.test("what is known of an output is not read again, as far as there is room", () => {
  using folder = temporaryFolder();
  const output = writeBlocks(folder, [[Uint8Array.of(1)], [Uint8Array.of(2)]]);
  const path = pathOf(folder, output);
  const known = new OutputIndexes(1000);
  const read = (partition: number, indexes: OutputIndexes) =>
    Array.from(readPartition(platform, path, origin, partition, indexes), (block) => [...block]);
  const little = new OutputIndexes(100);
  assert.deepEqual([read(0, known), read(0, little)], [[[1]], [[1]]]);
  assert.ok(known.bytes > 0 && known.bytes <= 1000 && little.bytes === 0);
  Deno.removeSync(path.replace(".data", ".index"));
  assert.deepEqual(read(1, known), [[2]]);
  assert.throws(() => read(1, little), MapOutputDamaged);
});

Deno.test("runs of an output that are known are those that were read", () => {
  const known = new OutputIndexes(10_000);
  let reads = 0;
  const runs = () => {
    reads++;
    return [];
  };
  const first = known.runs("a.data", runs);
  assert.equal(known.runs("a.data", runs), first);
  known.runs("b.data", runs);
  assert.equal(reads, 2);
});
