import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { InputError } from "../../core/errors.ts";
import type { Options } from "../../core/plan/plan.ts";
import { fixedRecordsSource } from "../../io/fixed_records.ts";
import { localFileSystem } from "../../io/local_files.ts";
import type { Source } from "../../io/source.ts";
import { wholeBytesSource, wholeTextSource } from "../../io/whole_files.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";

const files = localFileSystem(denoPlatform);

/** A folder with those files, gone when the test has ended. */
async function inFolder(
  contents: Readonly<Record<string, string | Uint8Array>>,
  test: (folder: string) => Promise<void>,
): Promise<void> {
  const made = await Deno.makeTempDir({ prefix: "flint-whole-" });
  try {
    const folder = await Deno.realPath(made);
    for (const [name, content] of Object.entries(contents)) {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await Deno.writeFile(`${folder}/${name}`, bytes);
    }
    await test(folder);
  } finally {
    await Deno.remove(made, { recursive: true });
  }
}

/** The records of each split; its bytes arrive in pieces of `pieceBytes`, each overwritten later. */
async function read(
  source: Source,
  options: Options,
  partitionsMin = 1,
  pieceBytes = 1 << 20,
): Promise<unknown[][]> {
  const splits = await source.split(options, { partitionsMin }, files);
  return await Promise.all(splits.map(async (split) => {
    const kept: Uint8Array[] = [];
    for await (const piece of source.read(options, split, files)) kept.push(piece.slice());
    const all = new Uint8Array(await new Blob(kept as BlobPart[]).arrayBuffer());
    function* pieces(): Generator<Uint8Array> {
      for (let at = 0; at < all.length; at += pieceBytes) {
        const piece = all.slice(at, at + pieceBytes);
        yield piece;
        piece.fill(0xee);
      }
    }
    return [...source.decode(options, split, pieces())].flat();
  }));
}

const mixed = { a: "", b: "one\r\ntwo", c: "", d: "\ufeffthree é", e: "" };

Deno.test("each file is one record, however its bytes are cut", async () => {
  await inFolder(mixed, async (folder) => {
    const expected = Object.entries(mixed)
      .map(([name, text]) => [`${folder}/${name}`, text.replace("\ufeff", "")]);
    for (const pieceBytes of [1, 3, 8, 1_000]) {
      const records = await read(wholeTextSource, { path: folder }, 1, pieceBytes);
      assert.deepEqual(records.flat(), expected);
      assert.equal(records.length, 1);
    }
    const bytes = (await read(wholeBytesSource, { path: folder }, 3)).flat();
    const raw = Object.entries(mixed)
      .map(([name, text]) => [`${folder}/${name}`, new TextEncoder().encode(text)]);
    assert.deepEqual(bytes, raw);
  });
});

Deno.test("small files share a split, down to the number of splits that is asked for", async () => {
  const contents = Object.fromEntries(
    Array.from({ length: 40 }, (_, n) => [`f${`${n}`.padStart(2, "0")}`, "x".repeat(10)]),
  );
  await inFolder(contents, async (folder) => {
    for (const [partitions, sizes] of [[1, [40]], [4, [10, 10, 10, 10]]] as const) {
      const records = await read(wholeTextSource, { path: folder }, partitions);
      assert.deepEqual(records.map((split) => split.length), sizes);
    }
    assert.equal((await read(wholeTextSource, { path: folder }, 1_000)).length, 40);
  });
});

Deno.test("packed text is unpacked, packed bytes are not", async () => {
  const packed = new Uint8Array(gzipSync("packed"));
  await inFolder({ "a": "1", "b.gz": packed, "c": "2" }, async (folder) => {
    const texts = await read(wholeTextSource, { path: folder });
    assert.deepEqual(texts.flat().map((record) => (record as string[])[1]), ["1", "packed", "2"]);
    const [bytes] = await read(wholeBytesSource, { path: `${folder}/b.gz` });
    assert.deepEqual(bytes, [[`${folder}/b.gz`, packed]]);
  });
});

async function refused(act: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  await assert.rejects(act, (error) => {
    assert(error instanceof InputError, `${error}`);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });
}

Deno.test("what is too large, damaged or packed otherwise is refused", async () => {
  const cut = new Uint8Array(gzipSync("a text that is cut off")).subarray(0, -1);
  const contents = { "big": "x".repeat(100), "cut.gz": cut, "x.zip": "", "utf16": "" };
  await inFolder(
    { ...contents, utf16: new Uint8Array([0xff, 0xfe]), "big.gz": gzipSync("x".repeat(100)) },
    async (folder) => {
      const whole = (name: string) =>
        read(wholeTextSource, { path: `${folder}/${name}`, fileBytesMax: 99 });
      await refused(whole("big"), "RecordTooLarge", /big.*more than 99 bytes/);
      await refused(whole("big.gz"), "RecordTooLarge", /big\.gz.*more than 99 bytes/);
      await refused(whole("cut.gz"), "CorruptInput", /cut off/);
      await refused(whole("x.zip"), "InputUnsupported", /\.zip/);
      await refused(whole("utf16"), "InputUnsupported", /UTF-16/);
    },
  );
});

Deno.test("records of a fixed length, wherever splits and pieces are cut", async () => {
  const bytes = Uint8Array.from({ length: 7 * 3_000 }, (_, n) => n * 31);
  const expected = Array.from({ length: 3_000 }, (_, n) => bytes.slice(7 * n, 7 * n + 7));
  await inFolder({ records: bytes, none: "" }, async (folder) => {
    for (const [partitions, pieceBytes] of [[1, 5], [7, 7], [100, 1_000], [1, 1 << 20]] as const) {
      const options = { path: folder, recordBytes: 7 };
      const records = await read(fixedRecordsSource, options, partitions, pieceBytes);
      assert(records.length > partitions, `${records.length}`);
      assert.deepEqual(records.flat(), expected);
    }
    const uneven = read(fixedRecordsSource, { path: folder, recordBytes: 11 });
    await refused(uneven, "CorruptInput", /21000 bytes are no whole number of records of 11 bytes/);
  });
});
