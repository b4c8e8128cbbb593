import assert from "node:assert/strict";
import fc from "fast-check";
import { MemoryBudget } from "../../shuffle/memory_budget.ts";
import { Merge } from "../../shuffle/merge.ts";
import { openRuns, sealRuns } from "../../shuffle/run.ts";
import { Sorter } from "../../shuffle/sorter.ts";
import { SpillManager } from "../../shuffle/spill_manager.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";
import {
  assertSameTexts,
  joined,
  type KeyedRecord,
  keysArbitrary,
  randomSource,
  recordsOf,
  sortedSlowly,
  temporaryFolder,
  textsIn,
  textsOf,
  told,
} from "./keyed_records.ts";

const KB = 1024;

function addAll(sorter: Sorter, records: readonly KeyedRecord[]): void {
  for (const { key, value } of records) {
    sorter.add(joined(key, value), 0, key.length, key.length, value.length);
  }
}

/** Sorts under a budget; checks that the budget was kept and that nothing is left behind. */
function sortUnder(bytesMax: number, records: readonly KeyedRecord[]): {
  texts: string[];
  spills: number;
} {
  using folder = temporaryFolder();
  const budget = new MemoryBudget(bytesMax);
  using spills = new SpillManager(denoPlatform, [folder.path]);
  using sorter = new Sorter({ platform: denoPlatform, budget, spills });
  addAll(sorter, records);
  const sorted = sorter.sorted();
  assert.deepEqual(folder.names(), [], "files are deleted as soon as they are being read");
  const texts = textsIn(sorted);
  assert.ok(budget.bytesPeak <= bytesMax);
  assert.equal(budget.bytesReserved, 0, "memory is given back at the end");
  return { texts, spills: spills.spills };
}

/** Keys of all kinds: short, long, with long equal beginnings, a few of 100 KB. */
function manyKeys(count: number, seed: number): Uint8Array[] {
  const next = randomSource(seed);
  return Array.from({ length: count }, (_, i) => {
    if (i % 997 === 5) return new Uint8Array(100 * KB).fill(next() % 2);
    const shared = next() % 3 === 0 ? 30 : 0;
    const key = new Uint8Array(shared + next() % 12);
    for (let j = shared; j < key.length; j++) key[j] = next() % 4;
    return key;
  });
}

Deno.test("a sorter is a stable sort, whatever the keys", () => {
  fc.assert(
    fc.property(keysArbitrary, (keys) => {
      const records = recordsOf(keys);
      assertSameTexts(sortUnder(1024 * KB, records).texts, textsOf(sortedSlowly(records)));
    }),
    { numRuns: 200 },
  );
});

Deno.test("the sequence is the same under every budget", () => {
  const records = recordsOf(manyKeys(12_000, 11));
  const expected = textsOf(sortedSlowly(records));
  const spills = [512 * KB, 1024 * KB, 4096 * KB, 64 * 1024 * KB].map((bytesMax) => {
    const sorted = sortUnder(bytesMax, records);
    assertSameTexts(sorted.texts, expected);
    return sorted.spills;
  });
  assert.ok(spills[0]! > spills[1]! && spills[1]! > 0, `spills: ${spills}`);
  assert.equal(spills[3], 0);
});

Deno.test("it sorts within 128 KB, in several passes", () => {
  const next = randomSource(3);
  const keys = Array.from({ length: 30_000 }, () => Uint8Array.of(next() % 200, next(), 1));
  const records = recordsOf(keys, 0, 20);
  const sorted = sortUnder(128 * KB, records);
  assertSameTexts(sorted.texts, textsOf(sortedSlowly(records)));
  assert.ok(sorted.spills > 10);
});

Deno.test("presorted, falling, equal and organ-pipe keys of many records", () => {
  const count = 12_000;
  const numbers: Record<string, (i: number) => number> = {
    rising: (i) => i,
    falling: (i) => count - i,
    "falling by pairs": (i) => (count - i) >> 1,
    equal: () => 7,
    "organ pipe": (i) => i < count / 2 ? i : count - i,
    "few values": (i) => i * 7919 % 10,
  };
  for (const [name, numberAt] of Object.entries(numbers)) {
    const records = recordsOf(Array.from({ length: count }, (_, i) => {
      const key = new Uint8Array(12);
      new DataView(key.buffer).setUint32(8, numberAt(i));
      return key;
    }));
    const sorted = sortUnder(16 * 1024 * KB, records);
    assertSameTexts(sorted.texts, textsOf(sortedSlowly(records)), name);
  }
});

Deno.test("many keys of nine bytes that end alike, as numbers do, and of which some are shorter", () => {
  const next = randomSource(29);
  for (const [lengthLeast, last] of [[9, 7], [8, 7], [1, 7], [9, undefined]] as const) {
    const records = recordsOf(Array.from({ length: 3000 }, () => {
      const key = new Uint8Array(lengthLeast + next() % (10 - lengthLeast));
      for (let i = 0; i < key.length; i++) key[i] = next() % 3;
      if (last !== undefined) key[key.length - 1] = last;
      return key;
    }));
    const sorted = sortUnder(16 * 1024 * KB, records);
    assertSameTexts(sorted.texts, textsOf(sortedSlowly(records)), `from ${lengthLeast} bytes`);
  }
});

Deno.test("many short keys, behind shared bytes and of different lengths", () => {
  const next = randomSource(23);
  for (
    const [shared, lengthLeast, lengthMost, values] of [
      [0, 0, 8, 3],
      [1, 8, 8, 256],
      [5, 0, 4, 2],
      [0, 4, 9, 256],
      [3, 1, 1, 256],
    ] as const
  ) {
    const records = recordsOf(Array.from({ length: 3000 }, () => {
      const tail = lengthLeast + next() % (lengthMost - lengthLeast + 1);
      return Uint8Array.from(
        { length: shared + tail },
        (_, i) => i < shared ? 200 : next() % values,
      );
    }));
    const sorted = sortUnder(16 * 1024 * KB, records);
    assertSameTexts(sorted.texts, textsOf(sortedSlowly(records)), `${shared} shared`);
  }
});

Deno.test("records of so few bytes that a piece is full by their number", () => {
  const next = randomSource(29);
  const records = recordsOf(Array.from({ length: 8000 }, () => Uint8Array.of(next())), 0, 0);
  assertSameTexts(sortUnder(1024 * KB, records).texts, textsOf(sortedSlowly(records)));
});

Deno.test("every key a prefix of the next, 800 deep", () => {
  for (const byte of [0, 97]) {
    const keys = Array.from({ length: 800 }, (_, i) => new Uint8Array(i * 7919 % 800).fill(byte));
    const records = recordsOf([...keys, ...keys]);
    const sorted = sortUnder(32 * 1024 * KB, records);
    assertSameTexts(sorted.texts, textsOf(sortedSlowly(records)));
  }
});

Deno.test("a record that takes more than the budget, or a key of more than 512 KB, is refused", () => {
  using folder = temporaryFolder();
  using spills = new SpillManager(denoPlatform, [folder.path]);
  const budget = new MemoryBudget(256 * KB);
  using sorter = new Sorter({ platform: denoPlatform, budget, spills });
  addAll(sorter, recordsOf([Uint8Array.of(1)]));
  const big = new Uint8Array(600 * KB);
  assert.throws(() => sorter.add(big, 0, 4, 4, 300 * KB), {
    name: "MemoryError",
    code: "OverBudget",
    message: /takes 307\d\d\d bytes.*262144 bytes[^]*flint\.worker\.memory/,
  });
  assert.throws(() => sorter.add(big, 0, 525 * KB, 0, 0), {
    name: "RecordError",
    code: "RecordTooLarge",
  });
});

Deno.test("runs in the order they were written are the sort, and another process can open them", () => {
  const records = recordsOf(manyKeys(4000, 5));
  for (const bytesMax of [512 * KB, 64 * 1024 * KB]) {
    for (const isKnownAtFirst of [true, false]) {
      using folder = temporaryFolder();
      const path = `${folder.path}/output`;
      using spills = new SpillManager(denoPlatform, [folder.path]);
      const budget = new MemoryBudget(bytesMax);
      using file = denoPlatform.files.create(path);
      using sorter = new Sorter({
        platform: denoPlatform,
        budget,
        spills,
        ...(isKnownAtFirst ? { output: file } : {}),
      });
      addAll(sorter, records);
      const runs = sorter.writeRuns(file);
      sealRuns(denoPlatform, file, runs);
      assert.equal(budget.bytesReserved, 0);
      assert.deepEqual(folder.names(), ["output"]);
      assert.deepEqual(openRuns(denoPlatform, path).map(told), runs.map(told));
      if (isKnownAtFirst) assert.equal(spills.spills, 0);
      const memory = new Uint8Array(Merge.bytesFor(runs));
      using merge = new Merge(denoPlatform, runs, {}, memory);
      assertSameTexts(textsIn(merge), textsOf(sortedSlowly(records)));
    }
  }
});

Deno.test("an empty sorter gives nothing, and a disposed one keeps nothing", () => {
  using folder = temporaryFolder();
  using spills = new SpillManager(denoPlatform, [folder.path]);
  const budget = new MemoryBudget(256 * KB);
  const options = { platform: denoPlatform, budget, spills };
  assert.deepEqual(textsIn(new Sorter(options).sorted()), []);
  {
    using file = denoPlatform.files.create(`${folder.path}/empty`);
    assert.deepEqual(new Sorter(options).writeRuns(file), []);
    sealRuns(denoPlatform, file, []);
  }
  assert.deepEqual(openRuns(denoPlatform, `${folder.path}/empty`), []);
  const sorter = new Sorter(options);
  addAll(sorter, recordsOf(manyKeys(10_000, 9).filter((key) => key.length < 100)));
  assert.ok(spills.spills > 0);
  sorter[Symbol.dispose]();
  assert.deepEqual(folder.names(), ["empty"]);
  assert.equal(budget.bytesReserved, 0);
});
