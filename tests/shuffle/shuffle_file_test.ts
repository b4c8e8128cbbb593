import assert from "node:assert/strict";
import fc from "fast-check";
import { boundsOf } from "../../core/plan/bounds.ts";
import type { Platform } from "../../core/platform.ts";
import type { MapOutput } from "../../core/task.ts";
import { compareKeyBytes } from "../../shuffle/bytes.ts";
import { MapOutputDamaged } from "../../shuffle/damage.ts";
import { namingFullDisks } from "../../shuffle/full_disk.ts";
import { MemoryBudget } from "../../shuffle/memory_budget.ts";
import { Merge } from "../../shuffle/merge.ts";
import { blocksOf, type Run } from "../../shuffle/run.ts";
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
    using file = sink.create();
    file.append(Uint8Array.of(1));
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
function writeSorted(
  folder: Folder,
  records: readonly KeyedRecord[],
  budgetBytes = 4 * 1024 * 1024,
): MapOutput {
  using sink = new SortedFileSink(placeIn(folder));
  using spills = new SpillManager(platform, [folder.path]);
  const budget = new MemoryBudget(budgetBytes);
  let runs: Run[];
  {
    using file = sink.create();
    using sorter = new Sorter({ platform, budget, spills, output: file });
    for (const { key, value } of records) {
      sorter.add(joined(key, value), 0, key.length, key.length, value.length);
    }
    runs = sorter.writeRuns(file);
    sink.seal(file, runs);
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

/** Two of the files of an application, with the same number of bytes in both. */
function exchangeFiles(one: string, other: string): void {
  for (const kind of [".data", ".index"]) {
    const [a, b] = [one, other].map((path) => path.replace(".data", kind));
    Deno.renameSync(a!, `${a}.aside`);
    Deno.renameSync(b!, a!);
    Deno.renameSync(`${a}.aside`, b!);
  }
}

Deno.test("a file is taken for no other: another attempt, map partition, application, executor", () => {
  using folder = temporaryFolder();
  const place = { ...placeIn(folder), root: folder.path, folder: "executor-0-0-disk-0" };
  const others = [
    { ...place, attempt: 1 },
    { ...place, partition: 8 },
    { ...place, exchange: 4 },
    { ...place, folder: "executor-1-0-disk-0" },
    { ...place, root: `${folder.path}/another-application` },
  ];
  const write = (of: typeof place, byte: number): string => {
    Deno.mkdirSync(`${of.root}/${of.folder}`, { recursive: true });
    using sink = new ShuffleFileSink(of, 1);
    sink.write(0, Uint8Array.of(byte), 1);
    return `${of.root}/${sink.close().file}`;
  };
  const path = write(place, 1);
  for (const other of others) {
    const otherPath = write(other, 2);
    assert.deepEqual(readBlocks(otherPath, 1, other), [[[2]]]);
    exchangeFiles(path, otherPath);
    assert.throws(
      () => readBlocks(path, 1),
      { name: "MapOutputDamaged", partition: 7, detail: /it does not begin as it has to: it is / },
    );
    exchangeFiles(path, otherPath);
    // The data alone, with the index of the right one.
    const right = Deno.readFileSync(path);
    Deno.copyFileSync(otherPath, path);
    assert.throws(() => readBlocks(path, 1), MapOutputDamaged);
    // And its frames behind the right header, where that is as long.
    const stale = Deno.readFileSync(otherPath);
    if (stale.length === right.length) {
      const frameAt = right.length - 13;
      Deno.writeFileSync(
        path,
        Uint8Array.of(...right.subarray(0, frameAt), ...stale.subarray(frameAt)),
      );
      assert.throws(() => readBlocks(path, 1), { detail: /checksum of the block/ });
    }
    Deno.writeFileSync(path, right);
    assert.deepEqual(readBlocks(path, 1), [[[1]]]);
  }
});

Deno.test("blocks that have changed places are found, though they are whole", () => {
  using folder = temporaryFolder();
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 2 }), { minLength: 2, maxLength: 8 }),
      fc.nat({ max: 7 }),
      fc.nat({ max: 7 }),
      (partitions, a, b) => {
        const [one, other] = [a % partitions.length, b % partitions.length];
        fc.pre(one !== other);
        const blocks: Uint8Array[][] = [[], [], []];
        partitions.sort().forEach((partition, i) => blocks[partition]!.push(Uint8Array.of(i)));
        const path = pathOf(folder, writeBlocks(folder, blocks));
        const bytes = Deno.readFileSync(path);
        const frameBytes = 13;
        const frameAt = (i: number) => bytes.length - (partitions.length - i) * frameBytes;
        const frameOf = (i: number) => bytes.slice(frameAt(i), frameAt(i) + frameBytes);
        const [first, second] = [frameOf(one), frameOf(other)];
        bytes.set(second, frameAt(one));
        bytes.set(first, frameAt(other));
        Deno.writeFileSync(path, bytes);
        for (const i of [one, other]) {
          const read = () => [...readPartition(platform, path, origin, partitions[i]!)];
          assert.throws(read, MapOutputDamaged);
        }
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("sizes that a damaged index tells are not allocated", () => {
  using folder = temporaryFolder();
  const path = pathOf(folder, writeBlocks(folder, [[Uint8Array.of(1)]]));
  const index = path.replace(".data", ".index");
  const bytes = Deno.readFileSync(index);
  const largest = { bytes: 0 };
  const counting: Platform = {
    ...namingFullDisks(platform),
    files: {
      ...namingFullDisks(platform).files,
      open(path) {
        const file = platform.files.open(path);
        return {
          path,
          bytes: file.bytes,
          readAt(offset, into) {
            largest.bytes = Math.max(largest.bytes, into.length);
            return file.readAt(offset, into);
          },
          readAtLater: (offset, into) => file.readAtLater(offset, into),
          [Symbol.dispose]: () => file[Symbol.dispose](),
        };
      },
    },
  };
  // 4 GB that are not there.
  Deno.truncateSync(index, 2 ** 32);
  assert.throws(() => [...readPartition(counting, path, origin, 0)], /4294967296 bytes instead of/);
  Deno.writeFileSync(index, bytes);
  Deno.truncateSync(path, 2 ** 32);
  assert.throws(() => [...readPartition(counting, path, origin, 0)], /4294967296 bytes instead of/);
  assert.ok(largest.bytes < 1000, `${largest.bytes} bytes were asked for`);
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

Deno.test("runs of an output that are not kept have an index of the range that is read", () => {
  using folder = temporaryFolder();
  const keys = Array.from({ length: 200 }, (_, i) => new Uint8Array(500).fill(i));
  const path = pathOf(folder, writeSorted(folder, recordsOf(keys)));
  const range = { from: keys[90]!, to: keys[110]! };
  const [whole] = openSortedOutput(platform, path, origin);
  const [part] = openSortedOutput(platform, path, origin, range);
  assert.ok(part!.blocks.length < whole!.blocks.length / 2);
  const { first, end } = blocksOf(whole!, range);
  assert.deepEqual([...part!.blocks], [...whole!.blocks].slice(first, end));
  assert.deepEqual(blocksOf(part!, range), { first: 0, end: end - first });
  assert.deepEqual(openSortedOutput(platform, path, origin, { to: Uint8Array.of(0) }), []);
  const known = new OutputIndexes(1e6);
  for (const wanted of [range, {}]) {
    const [kept] = openSortedOutput(platform, path, origin, wanted, known);
    assert.deepEqual([...kept!.blocks], [...whole!.blocks]);
  }
});

Deno.test("however many runs an output has, their indexes lie in one piece of memory", () => {
  using folder = temporaryFolder();
  const keys = Array.from({ length: 200 }, (_, i) => new Uint8Array(500).fill(i));
  const path = pathOf(folder, writeSorted(folder, recordsOf([...keys, ...keys]), 2 ** 16));
  for (const known of [new OutputIndexes(0), new OutputIndexes(1e6)]) {
    const runs = openSortedOutput(platform, path, origin, { from: keys[90]! }, known);
    assert.ok(runs.length > 4, `${runs.length} runs`);
    assert.equal(new Set(runs.map(({ blocks }) => blocks.memory.bytes.buffer)).size, 1);
    assert.equal(new Set(runs.map(({ blocks }) => blocks.memory.starts.buffer)).size, 1);
  }
});

Deno.test("runs of an output that are known are those that were read", () => {
  const known = new OutputIndexes(10_000);
  let reads = 0;
  const runs = () => {
    reads++;
    return [];
  };
  const first = known.runs("a.data", {}, runs);
  assert.equal(known.runs("a.data", {}, runs), first);
  known.runs("b.data", {}, runs);
  assert.equal(reads, 2);
});
