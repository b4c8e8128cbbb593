import assert from "node:assert/strict";
import fc from "fast-check";
import { type BlockEntry, BlockIndex } from "../../shuffle/block_index.ts";
import { compareKeyBytes } from "../../shuffle/bytes.ts";
import { Merge } from "../../shuffle/merge.ts";
import {
  BLOCK_HEADER_BYTES,
  blocksOf,
  copyRun,
  INDEX_KEY_BYTES_MAX,
  type KeyRange,
  openRuns,
  type Run,
  RunWriter,
  sealRuns,
} from "../../shuffle/run.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";
import {
  type KeyedRecord,
  keysArbitrary,
  recordsOf,
  sortedSlowly,
  temporaryFolder,
  textsIn,
  textsOf,
  told,
  writeRecord,
  writeRun,
} from "./keyed_records.ts";

function readRange(run: Run, range: KeyRange = {}): string[] {
  const memory = new Uint8Array(Merge.bytesFor([run], range));
  using merge = new Merge(denoPlatform, [run], range, memory);
  return textsIn(merge);
}

function isIn({ from, to }: KeyRange, { key }: KeyedRecord): boolean {
  return (from === undefined || compareKeyBytes(key, from) >= 0) &&
    (to === undefined || compareKeyBytes(key, to) < 0);
}

Deno.test("a range of a run is the records whose keys lie in it", () => {
  using folder = temporaryFolder();
  let files = 0;
  const bound = fc.option(fc.nat({ max: 1000 }), { nil: undefined });
  fc.assert(
    fc.property(
      keysArbitrary,
      fc.constantFrom(64, 150, 4000),
      bound,
      bound,
      (keys, block, a, b) => {
        const records = sortedSlowly(recordsOf(keys));
        using file = denoPlatform.files.create(`${folder.path}/${files++}`);
        const run = writeRun(file, records, block);
        assert.equal(run.records, records.length);
        const keyAt = (i: number | undefined) =>
          i === undefined || keys.length === 0 ? undefined : keys[i % keys.length]!;
        const from = keyAt(a);
        const to = keyAt(b);
        const range = { ...(from ? { from } : {}), ...(to ? { to } : {}) };
        const expected = records.filter((record) => isIn(range, record));
        assert.deepEqual(readRange(run, range), textsOf(expected));
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("long keys are cut in the index, and ranges are right all the same", () => {
  using folder = temporaryFolder();
  using file = denoPlatform.files.create(`${folder.path}/long`);
  // All alike in what the index keeps of them.
  const keys = Array.from({ length: 60 }, (_, i) => {
    const key = new Uint8Array(INDEX_KEY_BYTES_MAX + 2).fill(7);
    key[INDEX_KEY_BYTES_MAX + 1] = i >> 1;
    return i === 0 ? new Uint8Array(INDEX_KEY_BYTES_MAX).fill(7) : key;
  });
  const records = recordsOf(keys);
  const run = writeRun(file, records, 4096);
  assert.ok([...run.blocks].every((block) => block.firstKey.length <= INDEX_KEY_BYTES_MAX));
  for (let from = 0; from < 60; from += 3) {
    for (let to = 0; to < 60; to += 7) {
      const range = { from: keys[from]!, to: keys[to]! };
      const expected = records.filter((record) => isIn(range, record));
      assert.deepEqual(readRange(run, range), textsOf(expected), `${from} to ${to}`);
    }
  }
});

Deno.test("a range reads only the blocks that it needs", () => {
  using folder = temporaryFolder();
  using file = denoPlatform.files.create(`${folder.path}/run`);
  const keys = Array.from({ length: 256 }, (_, i) => Uint8Array.of(i));
  const run = writeRun(file, recordsOf(keys), 300);
  assert.ok(run.blocks.length > 20);
  const { first, end } = blocksOf(run, { from: Uint8Array.of(100), to: Uint8Array.of(110) });
  assert.ok(end - first <= 4);
  const behindAll = blocksOf(run, { from: Uint8Array.of(255, 1) });
  assert.equal(behindAll.end - behindAll.first, 1);
});

Deno.test("a record larger than a block has a block of its own", () => {
  using folder = temporaryFolder();
  using file = denoPlatform.files.create(`${folder.path}/run`);
  const records = recordsOf([1, 2, 3, 4].map((byte) => new Uint8Array(byte * 1000).fill(byte)));
  const writer = new RunWriter(denoPlatform, file, { block: new Uint8Array(2048) });
  for (const record of records) writeRecord(writer, record);
  const run = writer.finish();
  assert.deepEqual(Array.from(run.blocks, (block) => block.records), [1, 1, 1, 1]);
  assert.ok(run.blockBytesMax > 4000);
  assert.equal(run.bytes, file.bytes);
  assert.deepEqual(readRange(run), textsOf(records));
});

/** A sealed file of two runs. */
function writeFile(path: string): { runs: Run[]; records: KeyedRecord[][] } {
  using file = denoPlatform.files.create(path);
  const keysOf = (offset: number) =>
    Array.from({ length: 12 }, (_, i) => Uint8Array.of(1, i * 2 + offset));
  const records = [recordsOf(keysOf(0), 0, 5), recordsOf(keysOf(1), 100, 5)];
  const runs = records.map((some) => writeRun(file, some, 100));
  sealRuns(denoPlatform, file, runs);
  return { runs, records };
}

Deno.test("a file of runs says by itself what is in it", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/runs`;
  const { runs, records } = writeFile(path);
  const opened = openRuns(denoPlatform, path);
  assert.deepEqual(opened.map(told), runs.map(told));
  assert.deepEqual(opened.map((run) => readRange(run)), records.map(textsOf));
});

Deno.test("every truncation, every flipped bit and every byte too many is found", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/runs`;
  writeFile(path);
  const bytes = Deno.readFileSync(path);
  const readAll = () => openRuns(denoPlatform, path).forEach((run) => readRange(run));
  const expectDamage = (changed: Uint8Array, what: string) => {
    Deno.writeFileSync(path, changed);
    assert.throws(
      readAll,
      { name: "RecordError", code: "CorruptBlock", message: /byte \d+ of / },
      what,
    );
  };
  for (let length = 0; length < bytes.length; length++) {
    expectDamage(bytes.subarray(0, length), `cut to ${length}`);
  }
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at]! ^= 1 << (at % 8);
    expectDamage(changed, `flipped at ${at}`);
  }
  expectDamage(new Uint8Array([...bytes, 0]), "a byte too many");
});

Deno.test("a block that is whole but not the one of the index is found", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/runs`;
  const { runs } = writeFile(path);
  const [first, second] = runs[0]!.blocks;
  const swapped = { ...runs[0]!, blocks: BlockIndex.of([{ ...first!, offset: second!.offset }]) };
  assert.throws(() => readRange(swapped), { code: "CorruptBlock" });
});

Deno.test("blocks of one size that have changed places are found, in a file and in a spill", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/runs`;
  const keys = Array.from({ length: 24 }, (_, i) => Uint8Array.of(1, i));
  const runs: Run[] = [];
  {
    using file = denoPlatform.files.create(path);
    runs.push(...[0, 100].map((first) => writeRun(file, recordsOf(keys, first, 0), 70)));
    sealRuns(denoPlatform, file, runs);
  }
  const whole = Deno.readFileSync(path);
  const blocks = runs.flatMap((run) => [...run.blocks]);
  const end = (block: BlockEntry) => block.offset + BLOCK_HEADER_BYTES + block.bytes;
  let swaps = 0;
  for (const one of blocks) {
    for (const other of blocks) {
      if (one.offset >= other.offset || one.bytes !== other.bytes) continue;
      const changed = whole.slice();
      changed.set(whole.subarray(other.offset, end(other)), one.offset);
      changed.set(whole.subarray(one.offset, end(one)), other.offset);
      Deno.writeFileSync(path, changed);
      for (const some of [runs, openRuns(denoPlatform, path)]) {
        const read = () => some.forEach((run) => readRange(run));
        assert.throws(read, { code: "CorruptBlock", message: /not the one that the index names/ });
      }
      swaps++;
    }
  }
  assert.ok(swaps > 0);
});

Deno.test("a run can be copied to another file", () => {
  using folder = temporaryFolder();
  const { runs, records } = writeFile(`${folder.path}/runs`);
  using file = denoPlatform.files.create(`${folder.path}/copies`);
  const memory = new Uint8Array(1000);
  const copies = [runs[1]!, runs[0]!].map((run) => copyRun(denoPlatform, run, file, memory));
  assert.deepEqual(copies.map((run) => readRange(run)), [records[1]!, records[0]!].map(textsOf));
});
