import assert from "node:assert/strict";
import fc from "fast-check";
import { compareKeyBytes } from "../../shuffle/bytes.ts";
import { KEY_BYTES_MAX } from "../../shuffle/loser_tree.ts";
import { MemoryBudget } from "../../shuffle/memory_budget.ts";
import { Merge } from "../../shuffle/merge.ts";
import { FILES_OPEN_MAX, mergeDown, mergeRuns } from "../../shuffle/merge_passes.ts";
import type { KeyRange, Run } from "../../shuffle/run.ts";
import { SpillManager } from "../../shuffle/spill_manager.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";
import {
  assertSameTexts,
  type KeyedRecord,
  keysArbitrary,
  randomSource,
  recordsOf,
  sortedSlowly,
  temporaryFolder,
  textsIn,
  textsOf,
  writeRun,
} from "./keyed_records.ts";

const platform = denoPlatform;

function mergeAll(runs: readonly Run[], range: KeyRange = {}): string[] {
  const memory = new Uint8Array(Merge.bytesFor(runs, range));
  using merge = new Merge(platform, runs, range, memory);
  return textsIn(merge);
}

/** Writes each list, sorted, as a run of a file of its own, or all to one file. */
function writeRuns(
  spills: SpillManager,
  lists: readonly (readonly KeyedRecord[])[],
  blockBytes: number,
  inOneFile: boolean,
): Run[] {
  if (inOneFile) {
    return spills.write(
      "test",
      (file) => lists.map((records) => writeRun(file, records, blockBytes)),
    );
  }
  return lists.map((records) =>
    spills.write("test", (file) => writeRun(file, records, blockBytes))
  );
}

/** Each run's records have numbers of their own, so that ties show whose they are. */
function listsOf(keysOfRuns: readonly (readonly Uint8Array[])[]): KeyedRecord[][] {
  return keysOfRuns.map((keys, run) => sortedSlowly(recordsOf(keys, run * 1000)));
}

Deno.test("a merge is a stable sort of all runs, in one pass and in several, and any range of it", () => {
  using folder = temporaryFolder();
  fc.assert(
    fc.property(
      fc.array(keysArbitrary, { maxLength: 9 }),
      fc.constantFrom(64, 200, 5000),
      fc.boolean(),
      fc.nat(),
      (keysOfRuns, blockBytes, inOneFile, seed) => {
        using spills = new SpillManager(platform, [folder.path]);
        const lists = listsOf(keysOfRuns);
        const runs = writeRuns(spills, lists, blockBytes, inOneFile);
        const all = sortedSlowly(lists.flat());
        assertSameTexts(mergeAll(runs), textsOf(all));

        const from = all[seed % Math.max(1, all.length)]?.key ?? new Uint8Array(0);
        const parts = [...mergeAll(runs, { to: from }), ...mergeAll(runs, { from })];
        assertSameTexts(parts, textsOf(all), "two ranges are the whole");

        const largest = runs.reduce((most, run) => Math.max(most, Merge.bytesFor([run])), 0);
        const memory = new Uint8Array(3 * largest + 512);
        const few = mergeDown(runs, { platform, spills, memory, range: { from }, blockBytes: 256 });
        assert.ok(Merge.bytesFor(few, { from }) <= memory.length);
        assertSameTexts(
          mergeAll(few, { from }),
          textsOf(all.filter(({ key }) => compareKeyBytes(key, from) >= 0)),
        );
      },
    ),
    { numRuns: 150 },
  );
  assert.deepEqual(folder.names(), []);
});

Deno.test("two thousand runs within 256 KB; what was merged is deleted, memory is given back", () => {
  using folder = temporaryFolder();
  using spills = new SpillManager(platform, [folder.path]);
  const next = randomSource(17);
  const lists = listsOf(Array.from(
    { length: 2000 },
    () => Array.from({ length: next() % 20 }, () => Uint8Array.of(next() % 3, next(), next() % 5)),
  ));
  const runs = writeRuns(spills, lists, 4096, true);
  const budget = new MemoryBudget(256 * 1024);
  const merge = mergeRuns(runs, { platform, budget, spills });
  assert.deepEqual(folder.names(), [], "files are deleted as soon as they are being read");
  assert.ok(budget.bytesReserved > 0);
  assertSameTexts(textsIn(merge), textsOf(sortedSlowly(lists.flat())));
  assert.equal(budget.bytesReserved, 0);
  assert.ok(budget.bytesPeak <= budget.bytesMax);
});

Deno.test("passes over a range read and write only what lies in it", () => {
  using folder = temporaryFolder();
  using spills = new SpillManager(platform, [folder.path]);
  const keys = Array.from({ length: 200 }, (_, i) => Uint8Array.of(i));
  const runs = writeRuns(spills, listsOf(new Array(9).fill(keys)), 100, true);
  const range = { from: Uint8Array.of(50), to: Uint8Array.of(60) };
  const memory = new Uint8Array(Merge.bytesFor(runs.slice(0, 3), range) + 128);
  const few = mergeDown(runs, { platform, spills, memory, range, blockBytes: 128 });
  const merged = few.filter((run) => !runs.includes(run));
  assert.ok(merged.length > 0);
  for (const run of merged) assert.ok(run.records <= 90, `${run.records} records were written`);
  assert.equal(mergeAll(few, range).length, 90);
});

Deno.test("more files than may be open are merged in passes", () => {
  using folder = temporaryFolder();
  using spills = new SpillManager(platform, [folder.path]);
  const lists = listsOf(Array.from({ length: FILES_OPEN_MAX + 5 }, (_, i) => [Uint8Array.of(i)]));
  const runs = writeRuns(spills, lists, 64, false);
  const few = mergeDown(runs, { platform, spills, memory: new Uint8Array(1024 * 1024) });
  assert.equal(few.length, FILES_OPEN_MAX);
  assert.equal(folder.names().length, FILES_OPEN_MAX);
  assertSameTexts(mergeAll(few), textsOf(sortedSlowly(lists.flat())));
});

Deno.test("one large block does not make all slots large", () => {
  using folder = temporaryFolder();
  using spills = new SpillManager(platform, [folder.path]);
  const keysOfRuns = Array.from({ length: 50 }, (_, i) => [Uint8Array.of(i), Uint8Array.of(90)]);
  const lists = listsOf(keysOfRuns);
  const big = { key: Uint8Array.of(60), value: new Uint8Array(100_000) };
  lists[7] = sortedSlowly([...lists[7]!, big]);
  const runs = writeRuns(spills, lists, 64, true);
  assert.ok(Merge.bytesFor(runs) < 250_000);
  assert.ok(Merge.bytesFor(runs, { to: Uint8Array.of(40) }) < 10_000);
  assertSameTexts(mergeAll(runs), textsOf(sortedSlowly(lists.flat())));
});

Deno.test("runs with large values are merged two at a time where that fits", () => {
  using folder = temporaryFolder();
  using spills = new SpillManager(platform, [folder.path]);
  const lists = listsOf(Array.from({ length: 19 }, (_, i) => [Uint8Array.of(i % 5)]))
    .map((list) => list.map(({ key }, i) => ({ key, value: new Uint8Array(62_000).fill(i) })));
  const runs = writeRuns(spills, lists, 4096, true);
  const budget = new MemoryBudget(170_000); // three quarters of it: two of the values
  const merge = mergeRuns(runs, { platform, budget, spills });
  assertSameTexts(textsIn(merge), textsOf(sortedSlowly(lists.flat())));
  const less = new MemoryBudget(160_000);
  assert.throws(() => mergeRuns(runs, { platform, budget: less, spills }), {
    code: "OverBudget",
    message: /19 sorted runs two at a time in \d+ bytes: .* takes 62\d\d\d bytes/,
  });
  assert.equal(less.bytesReserved, 0);
});

Deno.test("keys of 512 KB are merged; larger ones are refused", () => {
  using folder = temporaryFolder();
  using spills = new SpillManager(platform, [folder.path]);
  const longest = new Uint8Array(KEY_BYTES_MAX).fill(3);
  const other = longest.slice();
  other[KEY_BYTES_MAX - 1] = 4;
  const lists = listsOf([[longest, other, longest], [other, longest]]);
  const runs = writeRuns(spills, lists, 4096, true);
  assertSameTexts(mergeAll(runs), textsOf(sortedSlowly(lists.flat())));
  const tooLong = writeRuns(spills, listsOf([[new Uint8Array(KEY_BYTES_MAX + 1)]]), 4096, true);
  assert.throws(() => mergeAll(tooLong), {
    name: "RecordError",
    code: "RecordTooLarge",
    message: /524281 bytes/,
  });
});

Deno.test("a budget that does not hold two blocks is named, and nothing stays reserved", () => {
  using folder = temporaryFolder();
  using spills = new SpillManager(platform, [folder.path]);
  const value = new Uint8Array(100_000);
  const lists = [1, 2, 3].map((byte) => [{ key: Uint8Array.of(byte), value }]);
  const runs = writeRuns(spills, lists, 4096, true);
  const budget = new MemoryBudget(200_000);
  assert.throws(() => mergeRuns(runs, { platform, budget, spills }), {
    name: "MemoryError",
    code: "OverBudget",
    message: /3 sorted runs[^]*flint\.worker\.memory/,
  });
  assert.equal(budget.bytesReserved, 0);
});

Deno.test("a run that is not sorted is our own bug", () => {
  using folder = temporaryFolder();
  using spills = new SpillManager(platform, [folder.path]);
  const falling = recordsOf([Uint8Array.of(2), Uint8Array.of(1)]);
  const [run] = writeRuns(spills, [falling], 4096, true);
  assert.throws(() => mergeAll([run!]), { name: "InvariantError" });
});

Deno.test("closing early gives memory back and may be repeated", () => {
  using folder = temporaryFolder();
  using spills = new SpillManager(platform, [folder.path]);
  const runs = writeRuns(spills, listsOf([[Uint8Array.of(1)], [Uint8Array.of(2)]]), 64, false);
  const budget = new MemoryBudget(64 * 1024);
  const merge = mergeRuns(runs, { platform, budget, spills });
  assert.ok(merge.next());
  merge.close();
  merge.close();
  assert.equal(budget.bytesReserved, 0);
});
