import assert from "node:assert/strict";
import fc from "fast-check";
import { FlintError, InputError } from "../../core/errors.ts";
import type { Compression } from "../../core/platform.ts";
import type { Split } from "../../core/plan/plan.ts";
import { localFileSystem } from "../../io/local_files.ts";
import { objectSink, objectSource } from "../../io/object.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";

const files = localFileSystem(denoPlatform);
const tools = { platform: denoPlatform };
const COMPRESSIONS: readonly (Compression | undefined)[] = [undefined, "gzip", "zstd"];

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const made = await Deno.makeTempDir({ prefix: "flint-object-" });
  try {
    await test(await Deno.realPath(made));
  } finally {
    await Deno.remove(made, { recursive: true });
  }
}

function fileOf(records: readonly unknown[], compression?: Compression): Uint8Array<ArrayBuffer> {
  const batches: unknown[][] = [];
  for (let at = 0; at < records.length; at += 1000) batches.push(records.slice(at, at + 1000));
  const options = { path: "/out", compression };
  return new Uint8Array([...objectSink.encode(options, batches, tools)].flatMap((b) => [...b]));
}

async function recordsIn(split: Split, pieceBytes = 1 << 20): Promise<unknown[]> {
  const kept: Uint8Array[] = [];
  for await (const piece of objectSource.read({}, split, files)) kept.push(piece.slice());
  const all = new Uint8Array(await new Blob(kept as BlobPart[]).arrayBuffer());
  function* pieces(): Generator<Uint8Array> {
    for (let at = 0; at < all.length; at += pieceBytes) {
      const piece = all.slice(at, at + pieceBytes);
      yield piece;
      piece.fill(0xee);
    }
  }
  const batches = [...objectSource.decode({}, split, pieces(), tools)];
  assert(batches.every((batch) => batch.length > 0 && batch.length <= 1024));
  return batches.flat();
}

async function splitsOf(path: string, partitionsMin = 1, whole = false) {
  return await objectSource.split({ path, whole }, { partitionsMin }, files);
}

const mixed: unknown[] = [1, "two", 3n, null, undefined, new Date(4), [5, { six: 6 }], NaN, -0];

for (const compression of COMPRESSIONS) {
  const name = compression ?? "none";

  Deno.test(`${name}: records come back as they were, however the bytes are cut`, async () => {
    await inFolder(async (folder) => {
      const path = `${folder}/part-00000`;
      for (const records of [[], mixed, Array.from({ length: 5_000 }, (_, n) => [`k${n}`, n])]) {
        await Deno.writeFile(path, fileOf(records, compression));
        for (const pieceBytes of [1, 7, 100_000]) {
          const [split] = await splitsOf(path);
          assert.deepEqual(await recordsIn(split!, pieceBytes), records);
        }
      }
    });
  });

  Deno.test(`${name}: a file is parted between its blocks, down to one block a part`, async () => {
    const records = Array.from(
      { length: 15_000 },
      (_, n) => ["x".repeat(n % 60), n, { of: n % 7 }],
    );
    await inFolder(async (folder) => {
      const path = `${folder}/part-00000`;
      await Deno.writeFile(path, fileOf(records, compression));
      const seen: number[] = [];
      for (const wanted of [1, 2, 5, 1_000]) {
        const splits = await splitsOf(path, wanted);
        const parts = await Promise.all(splits.map((split) => recordsIn(split, 10_000)));
        assert.deepEqual(parts.flat(), records);
        assert(parts.every((part) => part.length > 0));
        seen.push(splits.length);
      }
      assert.equal(seen[0], 1);
      assert(seen[1]! >= 2 && seen[3]! >= 4, `${seen}`);
      assert.equal((await splitsOf(path, 5, true)).length, 1);
    });
  });

  Deno.test(`${name}: every flipped byte and every cut is noticed, and told with its file`, async () => {
    const whole = fileOf(mixed, compression);
    await inFolder(async (folder) => {
      const path = `${folder}/part-00000`;
      const refused = async (bytes: Uint8Array, what: string): Promise<void> => {
        await Deno.writeFile(path, bytes);
        // Also where it would be parted, had it more blocks.
        for (const wanted of [1, 100]) {
          const read = async () => {
            for (const split of await splitsOf(path, wanted)) await recordsIn(split);
          };
          await assert.rejects(read(), (error) => {
            assert(error instanceof InputError, `${what}: ${(error as Error).stack}`);
            assert(["CorruptInput", "InputUnsupported"].includes(error.code), error.code);
            assert.match(error.message, /part-00000/);
            return true;
          }, `${what} in ${wanted}`);
        }
      };
      for (let at = 0; at < whole.length; at++) {
        await refused(whole.with(at, whole[at]! ^ 0x10), `byte ${at} flipped`);
        await refused(whole.subarray(0, at), `cut at ${at}`);
      }
      await refused(new Uint8Array([...whole, 0]), "a byte more");
    });
  });
}

Deno.test("any records in any compression, parted anyhow", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/part-00000`;
    const property = fc.asyncProperty(
      fc.array(fc.oneof(fc.integer(), fc.string(), fc.tuple(fc.string(), fc.double())), {
        maxLength: 300,
      }),
      fc.constantFrom(...COMPRESSIONS),
      fc.integer({ min: 1, max: 9 }),
      async (records, compression, wanted) => {
        await Deno.writeFile(path, fileOf(records, compression));
        const splits = await splitsOf(path, wanted);
        assert.deepEqual(
          (await Promise.all(splits.map((split) => recordsIn(split)))).flat(),
          records,
        );
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });
});

Deno.test("blocks that have changed places are found, however the file is parted", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/part-00000`;
    const records = Array.from({ length: 800 }, (_, n) => `${n % 10}`.repeat(2_000));
    const whole = fileOf(records);
    const view = new DataView(whole.buffer);
    const indexAt = Number(view.getBigUint64(whole.length - 24, true));
    const frames = Number(view.getBigUint64(whole.length - 16, true));
    const frameAt = (i: number) => Number(view.getBigUint64(indexAt + 12 + 8 * i, true));
    assert(frames >= 4);
    const bytes = frameAt(2) - frameAt(1);
    assert.equal(frameAt(3) - frameAt(2), bytes, "the blocks are of one size");
    const swapped = whole.slice();
    swapped.set(whole.subarray(frameAt(1), frameAt(2)), frameAt(2));
    swapped.set(whole.subarray(frameAt(2), frameAt(3)), frameAt(1));
    assert.notDeepEqual(swapped, whole);
    await Deno.writeFile(path, swapped);
    for (const wanted of [1, 2, 100]) {
      const read = async () => {
        for (const split of await splitsOf(path, wanted)) await recordsIn(split);
      };
      await assert.rejects(read(), { name: "InputError", code: "CorruptInput" });
    }
  });
});

Deno.test("a damaged end does not have the whole file read as its index", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/part-00000`;
    const whole = fileOf(Array.from({ length: 400 }, () => "x".repeat(2_000)));
    new DataView(whole.buffer).setBigUint64(whole.length - 24, 16n, true);
    await Deno.writeFile(path, whole);
    let most = 0;
    const counting = {
      ...files,
      info: (path: string) => files.info(path),
      list: (path: string) => files.list(path),
      realPath: (path: string) => files.realPath(path),
      read: (path: string, from: number, to: number) => {
        most = Math.max(most, to - from);
        return files.read(path, from, to);
      },
    };
    await assert.rejects(
      async () => await objectSource.split({ path }, { partitionsMin: 9 }, counting),
      { name: "InputError", code: "CorruptInput" },
    );
    assert(most > 0 && most < 100, `${most} bytes were asked for`);
  });
});

Deno.test("a file that is something else, or of a later version, is refused as such", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/x`;
    const refusal = async (bytes: Uint8Array): Promise<FlintError> => {
      await Deno.writeFile(path, bytes);
      const [split] = await splitsOf(path);
      return await recordsIn(split!).then(() => assert.fail("it was read"), (error) => error);
    };
    const text = await refusal(new TextEncoder().encode("a text of several words, no object file"));
    assert.equal(text.code, "InputUnsupported");
    assert.match(text.message, /no object file of Flint\n.*textFile/);
    const header = fileOf([1]).subarray(0, 12);
    header[8] = 9;
    const checksum = new Uint8Array(Uint32Array.of(denoPlatform.crc32(header)).buffer);
    const later = await refusal(new Uint8Array([...header, ...checksum]));
    assert.equal(later.code, "InputUnsupported");
    assert.match(later.message, /version 9/);
    assert.equal((await refusal(new Uint8Array())).code, "CorruptInput");
  });
});

Deno.test("the files of many partitions are read in the order of the partitions", async () => {
  await inFolder(async (folder) => {
    for (const name of ["part-100000", "part-99999", "part-00001"]) {
      await Deno.writeFile(`${folder}/${name}`, fileOf([name]));
    }
    const splits = await splitsOf(folder, 1, true);
    const records = await Promise.all(splits.map((split) => recordsIn(split)));
    assert.deepEqual(records.flat(), ["part-00001", "part-99999", "part-100000"]);
  });
});
