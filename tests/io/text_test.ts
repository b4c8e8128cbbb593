import assert from "node:assert/strict";
import { FlintError, InputError, OutputError } from "../../core/errors.ts";
import { FileError } from "../../core/platform.ts";
import type { Split } from "../../core/plan/plan.ts";
import type { FileSystem } from "../../io/file_system.ts";
import { localFileSystem } from "../../io/local_files.ts";
import type { SavedPart } from "../../io/sink.ts";
import { textSink, textSource } from "../../io/text.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";

const files = localFileSystem(denoPlatform);

/** A folder that is gone when the test has ended. */
async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "flint-text-" });
  try {
    await test(await Deno.realPath(folder));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function write(folder: string, texts: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(texts)) {
    const path = `${folder}/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(path, text);
  }
}

async function lines(
  path: string | string[],
  options: Readonly<{ splitBytesMax?: number; lineBytesMax?: number }> = {},
  partitionsMin = 1,
): Promise<string[][]> {
  const all = { path, ...options };
  const splits = await textSource.split(all, { partitionsMin }, files);
  return await Promise.all(splits.map((split) => linesIn(split, all)));
}

async function linesIn(split: Split, options = {}, system: FileSystem = files): Promise<string[]> {
  const pieces: Uint8Array[] = [];
  for await (const piece of textSource.read(options, split, system)) pieces.push(piece.slice());
  return [...textSource.decode(options, split, pieces)].flat() as string[];
}

async function refusal(act: () => Promise<unknown>): Promise<FlintError> {
  try {
    await act();
  } catch (error) {
    assert.ok(error instanceof FlintError, String(error));
    return error;
  }
  assert.fail("nothing was refused");
}

Deno.test("a folder: its files in the order of their names, without hidden ones", async () => {
  await inFolder(async (folder) => {
    await write(folder, { "b": "3\n", "a": "1\n2", "_SUCCESS": "", ".crc": "x", "empty": "" });
    assert.deepEqual(await lines(folder), [["1", "2"], ["3"], []]);
    assert.deepEqual(await lines(`file://${folder}/b`), [["3"]]);
  });
});

Deno.test("an empty folder has no partitions", async () => {
  await inFolder(async (folder) => assert.deepEqual(await lines(folder), []));
});

Deno.test("lists and patterns", async () => {
  await inFolder(async (folder) => {
    await write(folder, {
      "logs/2024-01.txt": "a",
      "logs/2024-02.txt": "b",
      "logs/2025-01.txt": "c",
      "logs/_old.txt": "no",
      "more/x/y.txt": "d",
      "odd[1].txt": "e",
      "with,comma.txt": "f",
    });
    const flat = async (pattern: string) => (await lines(pattern)).flat().join("");
    assert.equal(await flat(`${folder}/logs/2024-*`), "ab");
    assert.equal(await flat(`${folder}/logs/202?-0[12].txt`), "abc");
    assert.equal(await flat(`${folder}/logs/202[^4]-*`), "c");
    assert.equal(await flat(`${folder}/logs/202[!4]-*`), "c");
    assert.equal(await flat(`${folder}/{more/x,logs}/{y,2025-01}.txt`), "cd");
    assert.equal(await flat(`${folder}/logs/*`), "abc");
    assert.equal(await flat(`${folder}/logs/_*`), "no");
    assert.equal(await flat(`${folder}/*/*.txt`), "abc");
    assert.equal(await flat(`${folder}/mor*/*`), "d", "a pattern may match folders of files");
    assert.equal(await flat(`${folder}/odd[1].txt`), "e", "a path that exists is itself");
    assert.equal(await flat(`${folder}/odd\\[1\\].t*`), "e");
    assert.equal(await flat(`${folder}/logs/2025-01.txt, ${folder}/more/x`), "cd");
    assert.equal(await flat(`${folder}/logs/202[4-4]-0[\\1].txt`), "a");
    assert.equal(await flat(`${folder}/odd[[]1[\\]].t?t`), "e");
    assert.equal(await flat(`${folder}/with\\,comma.txt`), "f");
    assert.deepEqual(await lines([`${folder}/with,comma.txt`]), [["f"]]);
  });
});

Deno.test("relative paths and links", async () => {
  await inFolder(async (folder) => {
    await write(folder, { "data/a.txt": "a" });
    await Deno.symlink(`${folder}/data`, `${folder}/link`);
    assert.deepEqual(await lines(`${folder}/link`), [["a"]]);
    await Deno.symlink("round", `${folder}/round`);
    assert.equal((await refusal(() => lines(`${folder}/round`))).code, "InvalidPath");
  });
});

Deno.test("splits: as many as are wanted, none larger than allowed, no crumb at the end", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/numbers`;
    const numbers = Array.from({ length: 1000 }, (_, i) => String(i).padStart(9, "0"));
    await Deno.writeTextFile(path, numbers.join("\n") + "\n");
    assert.equal((await lines(path)).length, 1);
    const four = await lines(path, {}, 4);
    assert.equal(four.length, 4);
    assert.deepEqual(four.flat(), numbers);
    assert.equal((await lines(path, { splitBytesMax: 1000 })).length, 10);
    const sizes =
      (await textSource.split({ path, splitBytesMax: 995 }, { partitionsMin: 1 }, files))
        .map((split) => split.bytes);
    assert.deepEqual(sizes.slice(-2), [995, 1045]);
  });
});

const refusals: [string, string, string, RegExp][] = [
  [
    "a path that is not there",
    "nowhere",
    "InputNotFound",
    /nowhere": there is no such file or folder\n {2}Check the path/,
  ],
  [
    "a pattern that matches nothing",
    "*.csv",
    "InputNotFound",
    /\*\.csv": nothing matches the pattern/,
  ],
  ["a folder in a folder", ".", "InputUnsupported", /holds the folder "inner"\n.*\/\*\/\*/],
  ["the same with a slash behind it", "./", "InputUnsupported", /such as ".*[^\/]\/\*\/\*"/],
  ["a packed file", "inner/x.bz2", "InputUnsupported", /x\.bz2.*packed.*\n {2}Unpack/],
  ["a pattern with a range the wrong way round", "[z-a]", "InvalidPath", /z-a\]": .*pattern/],
  ["a name that is too long", "n".repeat(300), "InvalidPath", /Cannot read/],
  ["NUL in a path", "a\0b", "InvalidPath", /Cannot read/],
];
for (const [name, path, code, message] of refusals) {
  Deno.test(`refused: ${name}`, async () => {
    await inFolder(async (folder) => {
      await write(folder, { "a.txt": "a", "inner/x.bz2": "" });
      const error = await refusal(() => lines(`${folder}/${path}`));
      assert.ok(error instanceof InputError);
      assert.equal(error.code, code);
      assert.match(error.message, message);
    });
  });
}

Deno.test("refused: another file system, no path, a device, a pipe", async () => {
  assert.match(
    (await refusal(() => lines("s3://bucket/x"))).message,
    /"s3:\/\/bucket\/x": there is no file system for s3:\/\/\n {2}Use a path of this machine/,
  );
  assert.equal((await refusal(() => lines(" , "))).code, "InvalidPath");
  assert.equal((await refusal(() => lines("/dev/zero"))).code, "InputUnsupported");
  await inFolder(async (folder) => {
    await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
    const error = await refusal(() => lines(folder));
    assert.match(error.message, /pipe": it is a pipe, a socket or a device\n {2}Copy/);
  });
});

Deno.test("refused: what the system or the runtime does not let us read", async () => {
  for (
    const [kind, message] of [
      ["denied", /"\/data\/x": the system does not let this user read \/data\/x\n {2}Change/],
      ["notGranted", /not granted to this process\n {2}Run it with --allow-read=\/data\/x$/],
    ] as const
  ) {
    const closed: FileSystem = {
      ...files,
      info: (path) => Promise.reject(new FileError(kind, "open", path)),
    };
    const split = () => textSource.split({ path: "/data/x" }, { partitionsMin: 1 }, closed);
    const error = await refusal(() => Promise.resolve(split()));
    assert.equal(error.code, "InputDenied");
    assert.match(error.message, message);
  }
});

Deno.test("refused: UTF-16, whichever way round", async () => {
  await inFolder(async (folder) => {
    for (const mark of [[0xff, 0xfe], [0xfe, 0xff]]) {
      await Deno.writeFile(`${folder}/wide`, Uint8Array.from([...mark, 0x61, 0, 10, 0]));
      const error = await refusal(() => lines(`${folder}/wide`));
      assert.equal(error.code, "InputUnsupported");
      assert.match(error.message, /wide" as text: it is UTF-16\n.*iconv/);
    }
  });
});

Deno.test("refused: a line longer than allowed, also one that a split only passes over", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/long`;
    await Deno.writeTextFile(path, `short\n${"x".repeat(300_000)}\nshort\n`);
    const options = { lineBytesMax: 150_000 };
    const error = await refusal(() => lines(path, options));
    assert.equal(error.code, "RecordTooLarge");
    assert.match(error.message, /the line at byte 6 is longer than 150000 bytes\n/);
    assert.equal((await refusal(() => lines(path, options, 10))).code, "RecordTooLarge");
    assert.equal((await lines(path)).flat().length, 3);
  });
});

Deno.test("refused: a file that changed after it was split, before or while it is read", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a`;
    await Deno.writeTextFile(path, "one\ntwo\n");
    const [split] = await textSource.split({ path }, { partitionsMin: 1 }, files);
    const changing: FileSystem = {
      ...files,
      async *read(name, from, to) {
        for await (const piece of files.read(name, from, to)) yield piece;
        await Deno.writeTextFile(path, "1\n");
      },
    };
    assert.equal((await refusal(() => linesIn(split!, {}, changing))).code, "InputChanged");
    const error = await refusal(() => linesIn(split!));
    assert.equal(error.code, "InputChanged");
    assert.match(error.message, /has changed since the job was planned\n/);
    await Deno.remove(path);
    assert.equal((await refusal(() => linesIn(split!))).code, "InputNotFound");
  });
});

const task = { stage: 3, partition: 0, attempt: 1 };

async function savePart(options: { path: string }, partition: number, records: unknown[]) {
  const path = textSink.attemptPath(options, 7, { ...task, partition });
  const file = await files.create(path);
  for (const bytes of textSink.encode(options, [records])) await file.append(bytes);
  await file.close();
  return { partition, path, records: records.length } satisfies SavedPart;
}

Deno.test("saving: attempts out of sight, then the parts, then the mark of success", async () => {
  await inFolder(async (folder) => {
    const options = { path: `${folder}/new/out` };
    await textSink.begin(options, 7, files);
    const parts = [
      await savePart(options, 0, ["a", 1, 2n, null, [1, "b"]]),
      await savePart(options, 1, []),
    ];
    await savePart(options, 5, ["an attempt that did not count"]);
    assert.deepEqual([...Deno.readDirSync(options.path)].map(({ name }) => name), ["_temporary"]);
    await textSink.commit(options, 7, parts, files);
    const names = [...Deno.readDirSync(options.path)].map(({ name }) => name).sort();
    assert.deepEqual(names, ["_SUCCESS", "part-00000", "part-00001"]);
    assert.deepEqual(await lines(options.path), [["a", "1", "2", "null", "1,b"], []]);
  });
});

Deno.test("saving: what exists is refused and stays, whoever aborts", async () => {
  await inFolder(async (folder) => {
    await write(folder, { "out/mine": "precious" });
    const options = { path: `${folder}/out` };
    const error = await refusal(() => textSink.begin(options, 7, files));
    assert.ok(error instanceof OutputError);
    assert.equal(error.code, "OutputExists");
    assert.match(error.message, /out": it exists already\n {2}Remove it, or save to another path/);
    await textSink.abort(options, 7, files);
    assert.equal(await Deno.readTextFile(`${folder}/out/mine`), "precious");
  });
});

Deno.test("saving: an abort leaves nothing", async () => {
  await inFolder(async (folder) => {
    const options = { path: `${folder}/out` };
    await textSink.begin(options, 7, files);
    await savePart(options, 0, ["a"]);
    await textSink.abort(options, 7, files);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  });
});

Deno.test("saving: what has no text of its own is refused", () => {
  const encode = (record: unknown) => [...textSink.encode({ path: "/out" }, [[record]])];
  for (const record of [{ a: 1 }, Object.create(null), [{ a: 1 }], new Map()]) {
    assert.throws(() => encode(record), { code: "NotSerializable", message: /JSON\.stringify/ });
  }
  assert.equal(new TextDecoder().decode(encode(new Date(NaN))[0]), "Invalid Date\n");
});

async function gzip(text: string): Promise<Uint8Array> {
  const packed = new Response(text).body!.pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

Deno.test("gzip: members that follow each other are one text, a file is one split", async () => {
  await inFolder(async (folder) => {
    const long = Array.from({ length: 200_000 }, (_, n) => `line ${n}`);
    const members = await Promise.all([long.join("\n"), " goes on\nlast"].map(gzip));
    await Deno.writeFile(
      `${folder}/a.gz`,
      new Uint8Array(await new Blob(members as BlobPart[]).arrayBuffer()),
    );
    await Deno.writeTextFile(`${folder}/b.txt`, "plain");
    const splits = await lines(folder, { splitBytesMax: 100_000 }, 1);
    assert.equal(splits.length, 2);
    const [packed, plain] = splits;
    assert.deepEqual(plain, ["plain"]);
    assert.deepEqual(packed, [...long.slice(0, -1), `${long.at(-1)} goes on`, "last"]);
  });
});

Deno.test("gzip: what is cut off, damaged or no gzip is an error at every place", async () => {
  await inFolder(async (folder) => {
    const [first, second] = [await gzip("one\ntwo\n"), await gzip("three\n")];
    const whole = new Uint8Array([...first, ...second]);
    const bad: Uint8Array[] = [
      new TextEncoder().encode("no gzip\n"),
      new Uint8Array([...first, 9]),
    ];
    for (let end = 0; end < whole.length; end++) {
      if (end !== first.length) bad.push(whole.subarray(0, end));
    }
    // From the packed data on: the header says nothing about what is in it.
    for (let at = 10; at < first.length; at++) bad.push(whole.with(at, whole[at]! ^ 0x55));
    for (const bytes of bad) {
      await Deno.writeFile(`${folder}/x.gz`, bytes);
      const error = await refusal(() => lines(`${folder}/x.gz`));
      assert.equal(error.code, "CorruptInput", error.message);
      assert.match(
        error.message,
        /x\.gz.*packed data is damaged or cut off \(gzip: .*, after \d+ unpacked/,
      );
    }
  });
});
