/**
 * What input files can be like, a row each: an exact result, or an error of ours that says what is
 * wrong; never a hang, and the next job on the same context is right.
 */
import assert from "node:assert/strict";
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { InputError, SparkContext } from "@flint/flint";
import { testRows } from "../helpers/rows.ts";
import { refused } from "../helpers/shared_context.ts";
import { finished, ROOT, Workshop } from "./launch.ts";

const shop = new Workshop();
const folder = await Deno.realPath(shop.folder);
const conf = { "flint.worker.memory": "32m", "spark.local.dir": shop.temp };
const sc = new SparkContext({ master: "local[2]", name: "bad files", conf });
let tasks = 0;
const printed: string[] = [];
sc.events.subscribe((event) => {
  if (event.type === "task.started") tasks++;
  if (event.type === "executor.printed") printed.push(event.line);
});

Deno.test.afterAll(async () => {
  await sc.stop();
  shop[Symbol.dispose]();
});

const encoder = new TextEncoder();

/** Writes a file below the folder of the row that runs. */
let row = "";
function write(name: string, content: string | Uint8Array = ""): string {
  return shop.write(`${row}/${name}`, content).replace(shop.folder, folder);
}
const here = () => `${folder}/${row}`;
const linesOf = (path: string, partitionsMin?: number) =>
  sc.textFile(path, partitionsMin).collect();

function wrong(path: string, code: string, message: RegExp): Promise<void> {
  return refused(() => sc.textFile(path).count(), InputError, code, message);
}

/** Runs a program with arguments; asserts that it succeeds. */
async function run(program: string, ...args: readonly string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command(program, { args: [...args] }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
}

/** A job, given as text, that prints what each of its attempts was told. */
function attempts(...expressions: readonly string[]): string {
  return write(
    `job-${crypto.randomUUID()}.ts`,
    `import { SparkContext } from "@flint/flint";
    const sc = new SparkContext("local[2]");
    await sc.range(2).count();
    const attempt = async (act: () => Promise<unknown>) => {
      try { console.log("gave", await act()); } catch (error) {
        const { code, message } = error as Error & { code?: string };
        console.log(code, message.replaceAll("\\n", " "));
      }
    };
    ${expressions.map((expression) => `await attempt(async () => ${expression});`).join("\n")}
    console.log("next", await sc.range(3).count());
    await sc.stop();`,
  );
}

/** What a job said, a line an attempt, run by `command` and its arguments. */
async function said(
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const [program, ...args] = command as [string, ...string[]];
  const child = new Deno.Command(program, {
    args,
    env: { TMPDIR: shop.temp, NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const { stdout, stderr } = await finished(child);
  assert.match(stdout, /next 3\n$/, stderr);
  return stdout.trim().split("\n");
}

const submit = (...words: readonly string[]) => [
  Deno.execPath(),
  ...["run", "-A", "--quiet", `${ROOT}submit.ts`, "--master", "local[2]", ...words],
];

const gzipped = (text: string) => new Uint8Array(gzipSync(text));
const zstd = (text: string) =>
  new Uint8Array(zstdCompressSync(text, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }));

const ROWS: Readonly<Record<string, () => Promise<void>>> = {
  async "path missing"() {
    const before = tasks;
    await wrong("/no/such/file", "InputNotFound", /"\/no\/such\/file": there is no such/);
    await wrong("", "InvalidPath", /no path/);
    assert.equal(tasks, before, "no task was started");
  },

  async "a pattern matches nothing"() {
    await wrong(`${here()}/*.csv`, "InputNotFound", /\*\.csv": nothing matches the pattern/);
    write("a.txt", "a");
    await wrong(`${here()}/a.txt,${here()}/*.csv`, "InputNotFound", /\*\.csv/);
  },

  async "the path is a folder"() {
    for (const name of ["b", "a", "_SUCCESS", ".b.crc"]) write(`flat/${name}`, name);
    assert.deepEqual(await linesOf(`${here()}/flat`), ["a", "b"]);
    write("flat/inner/c", "c");
    await wrong(`${here()}/flat`, "InputUnsupported", /holds the folder "inner"/);
  },

  async "an empty file, an empty folder"() {
    const file = write("empty");
    assert.equal(await sc.textFile(file, 1).getNumPartitions(), 1);
    assert.deepEqual(await linesOf(file), []);
    assert.deepEqual(await sc.wholeTextFiles(file).values().collect(), [""]);
    Deno.mkdirSync(`${here()}/none`);
    const none = sc.textFile(`${here()}/none`);
    assert.equal(await none.getNumPartitions(), 0);
    assert.deepEqual([await none.count(), await none.take(3), await none.isEmpty()], [0, [], true]);
    await assert.rejects(none.reduce((a) => a), { code: "EmptyCollection" });
    assert.deepEqual(await none.map((line) => [line, 1]).groupByKey(2).collect(), []);
  },

  async "no end of line at the end"() {
    assert.deepEqual(await linesOf(write("without", "a\nb")), ["a", "b"]);
    assert.deepEqual(await linesOf(write("with", "a\nb\n")), ["a", "b"]);
    assert.deepEqual(await linesOf(write("two", "a\nb\n\n")), ["a", "b", ""]);
  },

  async "CR LF, CR alone, and what ends no line"() {
    const path = write("lines", "a\r\nb\rc\n\u2028d\u0085e\u2029\r\n\r\nf");
    const expected = ["a", "b", "c", "\u2028d\u0085e\u2029", "", "f"];
    for (const parts of [1, 2, 5, 30]) assert.deepEqual(await linesOf(path, parts), expected);
  },

  // At every split point and every cut of a buffer: tests/properties/split_points_test.ts.
  async "a split in a character or a line"() {
    const lines = Array.from({ length: 40 }, (_, n) => `${n} ⚡é𝄞`.repeat(n % 4));
    const path = write("lines", lines.join("\n"));
    for (const parts of [2, 3, 7, 50, 400]) assert.deepEqual(await linesOf(path, parts), lines);
  },

  async "bytes that are no UTF-8"() {
    const path = write("latin", Uint8Array.from([0x61, 0xe9, 0x62, 10, 0xc3, 10, 0xff, 0xfe]));
    assert.deepEqual(await linesOf(path), ["a\ufffdb", "\ufffd", "\ufffd\ufffd"]);
    const [bytes] = await sc.binaryFiles(path).values().collect();
    assert.deepEqual(bytes, await Deno.readFile(path), "as they are, for those who want to decode");
  },

  async "a byte order mark"() {
    const path = write("mark", "\ufeffa\n\ufeffb\nc\ufeff");
    for (const parts of [1, 3]) {
      assert.deepEqual(await linesOf(path, parts), ["a", "\ufeffb", "c\ufeff"]);
    }
    assert.deepEqual(await sc.wholeTextFiles(path).values().collect(), ["a\n\ufeffb\nc\ufeff"]);
    assert.deepEqual(await linesOf(write("mark.gz", gzipped("\ufeffa\n"))), ["a"]);
  },

  async "UTF-16"() {
    for (const mark of [[0xff, 0xfe], [0xfe, 0xff]]) {
      const path = write(`wide-${mark[0]}`, Uint8Array.from([...mark, 0x61, 0, 10, 0, 0x62, 0]));
      await wrong(path, "InputUnsupported", /UTF-16\n.*iconv/);
      const whole = () => sc.wholeTextFiles(path).count();
      await refused(whole, InputError, "InputUnsupported", /UTF-16/);
    }
  },

  async "NUL and other control characters"() {
    const text = "a\0b\x01\x1b\x7f\tc";
    assert.deepEqual(await linesOf(write("control", `${text}\n\0\n`)), [text, "\0"]);
  },

  async "a line of 1 GB"() {
    const path = write("long");
    Deno.truncateSync(path, 2 ** 30);
    await wrong(path, "RecordTooLarge", /the line at byte \d+ is longer than 134217728 bytes/);
    const whole = () => sc.wholeTextFiles(path).count();
    await refused(whole, InputError, "RecordTooLarge", /more than 536870888 bytes/);
    const records = sc.binaryRecords(path, 2 ** 20).map((record) => record.length);
    assert.equal(await records.sum(), 2 ** 30, "as records of bytes it is read");
  },

  async "a path with NUL, a name of 300 bytes"() {
    write("there");
    await wrong(`${here()}/a\0b`, "InvalidPath", /Cannot read/);
    await wrong(`${here()}/${"n".repeat(300)}`, "InvalidPath", /Cannot read/);
  },

  async "gzip and zstd"() {
    const lines = Array.from({ length: 50_000 }, (_, n) => `line ${n}`);
    const half = (from: number) => lines.slice(from, from + 25_000).join("\n") + "\n";
    for (const [name, pack] of [["a.gz", gzipped], ["a.zst", zstd]] as const) {
      const parts = [pack(half(0)), pack(half(25_000))];
      const path = write(name, new Uint8Array(parts.flatMap((part) => [...part])));
      assert.deepEqual(await linesOf(path, 4), lines);
      assert.equal(await sc.textFile(path, 4).getNumPartitions(), 1);
    }
    write("zeros.gz", new Uint8Array([...gzipped("a\n"), ...new Uint8Array(512)]));
    assert.deepEqual(await linesOf(`${here()}/zeros.gz`), ["a"]);
  },

  // At every byte: tests/io/text_test.ts and tests/workers/unpack_test.ts.
  async "packed files that are cut off, damaged, something else or empty"() {
    const text = Array.from({ length: 90_000 }, (_, n) => `${n * n}\n`).join("");
    for (const [name, pack] of [["x.gz", gzipped], ["x.zst", zstd]] as const) {
      const whole = pack(text);
      const flipped = (at: number) => whole.with(at, whole[at]! ^ 0xff);
      for (
        const bytes of [
          whole.subarray(0, -5),
          whole.subarray(0, 100_000),
          flipped(whole.length - 2),
          flipped(whole.length >> 1),
          encoder.encode("no packed text\n".repeat(20_000)),
          new Uint8Array(0),
        ]
      ) {
        await wrong(
          write(name, bytes),
          "CorruptInput",
          /x\.\w+".*cut off.*after \d+ unpacked bytes/,
        );
      }
    }
  },

  async "bombs"() {
    const line = new Uint8Array(130 << 20);
    for (const [name, pack] of [["b.gz", gzipSync], ["b.zst", zstdCompressSync]] as const) {
      const member = new Uint8Array(pack(`${"0".repeat(2 ** 20)}\n`));
      const path = write(name, new Uint8Array(Array(64).fill([...member]).flat()));
      assert(Deno.statSync(path).size < 2 ** 20);
      const lengths = sc.textFile(path).map((text) => [text.length, 1]);
      assert.deepEqual(await lengths.reduceByKey((a, b) => a + b).collect(), [[2 ** 20, 64]]);
      const single = write(`one-${name}`, new Uint8Array(pack(line)));
      await wrong(single, "RecordTooLarge", /longer than 134217728 bytes/);
    }
  },

  async "zip, tar and other archives"() {
    for (
      const name of ["a.zip", "a.tar", "a.tgz", "a.tar.gz", "a.tar.zst", "a.bz2", "a.xz", "a.7z"]
    ) {
      await wrong(write(name, "x"), "InputUnsupported", /packed files .* are not read/);
    }
    const named = write("zip.txt", Uint8Array.from([0x50, 0x4b, 3, 4, 20, 0, 0, 0]));
    await wrong(named, "InputUnsupported", /zip\.txt" as text: it is packed \(zip\)/);
    await wrong(
      write("gzip.log", gzipped("a\n")),
      "InputUnsupported",
      /packed \(gzip\)[\s\S]*\.gz/,
    );
    await wrong(write("zstd.log", zstd("a\n")), "InputUnsupported", /packed \(zstd\)/);
    // What archives hold, and how hostile ones are refused: tests/runtime/spark_files_test.ts.
  },

  async "a file that grows"() {
    const path = write("log", "one\ntwo\n");
    const lines = sc.textFile(path, 1);
    assert.equal(await lines.getNumPartitions(), 1);
    Deno.writeTextFileSync(path, "three\n", { append: true });
    assert.deepEqual(await lines.collect(), ["one", "two"], "what it had when the job was planned");
    assert(printed.some((line) => /log has grown: its first 8 bytes are read/.test(line)));
    assert.deepEqual(await linesOf(path), ["one", "two", "three"]);
  },

  async "a file that shrinks or is replaced"() {
    const change = /has changed since the job was planned/;
    const path = write("data", "one\ntwo\n");
    const shrunk = sc.textFile(path);
    await shrunk.getNumPartitions();
    Deno.writeTextFileSync(path, "1\n");
    for (let time = 0; time < 2; time++) {
      await refused(() => shrunk.count(), InputError, "InputChanged", change);
    }
    const replaced = sc.textFile(path);
    await replaced.getNumPartitions();
    write("other", "two lines\nand longer than before\n");
    Deno.renameSync(`${here()}/other`, path);
    await refused(() => replaced.count(), InputError, "InputChanged", change);
    const packed = sc.textFile(write("data.gz", gzipped("a\n")));
    await packed.getNumPartitions();
    write("data.gz", gzipped("a\nb\n"));
    await refused(() => packed.count(), InputError, "InputChanged", change);
    assert.equal(await sc.textFile(path).count(), 2);
  },

  async "a file that is deleted between two jobs"() {
    const path = write("data", "one\n");
    const lines = sc.textFile(path);
    assert.equal(await lines.count(), 1);
    Deno.removeSync(path);
    await refused(() => lines.count(), InputError, "InputNotFound", /data": there is no such/);
  },

  async "links in a circle, and to nowhere"() {
    Deno.mkdirSync(`${here()}/in`, { recursive: true });
    Deno.symlinkSync("round", `${here()}/in/round`);
    await wrong(`${here()}/in/round`, "InvalidPath", /circle/);
    await wrong(`${here()}/in`, "InvalidPath", /in\/round": its links go round in a circle/);
    Deno.removeSync(`${here()}/in/round`);
    Deno.symlinkSync("nowhere", `${here()}/in/gone`);
    await wrong(`${here()}/in`, "InputNotFound", /in\/gone": there is no such/);
    write("in/a", "a");
    Deno.removeSync(`${here()}/in/gone`);
    Deno.symlinkSync("..", `${here()}/in/up`);
    await wrong(`${here()}/in`, "InputUnsupported", /holds the folder "up"/);
  },

  async "a link out of what may be read"() {
    write("in/a.txt", "a");
    const secret = write("out/secret.txt", "secret");
    Deno.symlinkSync(secret, `${here()}/in/link.txt`);
    const job = attempts(
      `await sc.textFile(${JSON.stringify(`${here()}/in`)}).collect()`,
      `await sc.textFile(${JSON.stringify(`${here()}/in/link.txt`)}).collect()`,
      `await sc.textFile(${JSON.stringify(`${here()}/in/a.txt`)}).collect()`,
    );
    const readable = [ROOT, `${here()}/in`, shop.temp, Deno.execPath(), job, npmCache()];
    const told = await said([
      Deno.execPath(),
      ...["run", "--no-prompt", "--quiet", "--no-lock", `--config=${ROOT}deno.json`],
      ...[`--allow-read=${readable.join(",")}`, `--allow-write=${shop.temp}`],
      ...["--allow-env", "--allow-run", "--allow-net", "--allow-sys", job],
    ]);
    assert.match(told[0]!, /^InputDenied .*link\.txt.*not granted/);
    assert.match(told[1]!, /^InputDenied .*secret\.txt|^InputDenied .*link\.txt.*not granted/);
    assert.match(told[2]!, /^gave \[ "a" \]/);
  },

  async "files and folders without permission"() {
    const file = write("file", "a");
    write("folder/part.txt", "a");
    Deno.chmodSync(file, 0);
    Deno.chmodSync(`${here()}/folder`, 0);
    const [first, second, third] = [file, `${here()}/folder`, `${here()}/folder/part.txt`];
    const job = attempts(
      ...[first, second, third].map((path) => `await sc.textFile(${JSON.stringify(path)}).count()`),
    );
    // Root may read everything: here it may do no more than other users.
    const told = await said(["setpriv", "--bounding-set=-all", ...submit(job)]);
    const denied = /^InputDenied .*the system does not let this user read/;
    for (const line of told.slice(0, 3)) assert.match(line, denied);
  },

  async "a pipe, a socket, a device, a file of /proc"() {
    await run("mkdir", "-p", here());
    await run("mkfifo", `${here()}/pipe`);
    using socket = Deno.listen({ transport: "unix", path: `${folder}/socket` });
    assert(socket.addr.transport === "unix");
    for (const path of [`${here()}/pipe`, here(), `${folder}/socket`, "/dev/zero", "/dev/null"]) {
      await wrong(path, "InputUnsupported", /it is a pipe, a socket or a device/);
    }
    await wrong("/proc/version", "InputUnsupported", /the system makes it while it is read/);
  },

  async "20,000 tiny files"() {
    Deno.mkdirSync(here());
    for (let n = 0; n < 20_000; n++) Deno.writeTextFileSync(`${here()}/${n}`, `${n}`);
    const files = sc.wholeTextFiles(here(), 4);
    assert(await files.getNumPartitions() < 10);
    assert.equal(await files.values().map(Number).sum(), 199_990_000);
    assert.equal(await sc.textFile(here()).getNumPartitions(), 20_000);
    assert.deepEqual(await sc.textFile(here()).take(2), ["0", "1"]);
  },

  async "too many open files"() {
    write("data/a.txt", "a\n");
    const path = JSON.stringify(`${here()}/data`);
    const job = attempts(
      `{ const open = [...Deno.readDirSync("/proc/self/fd")].length;
        const args = ["--pid", String(Deno.pid), "--nofile=" + (open + 20) + ":"];
        new Deno.Command("prlimit", { args }).outputSync();
        const taken: Disposable[] = [];
        try { for (;;) taken.push(Deno.openSync("/dev/null")); } catch { /* none is left */ }
        try { return await sc.textFile(${path}).count(); }
        finally { for (const file of taken) file[Symbol.dispose](); } }`,
      `await sc.textFile(${path}).count()`,
    );
    const told = await said(submit(job));
    assert.match(told[0]!, /^TooManyOpenFiles .*data.*ulimit -n/);
    assert.match(told[1]!, /^gave 1/);
  },

  async "odd names"() {
    const names = ["new\nline.txt", "part-00000 (copy)", "ü ☃ 𝄞.txt", "quote\"'`$(x).txt", " "];
    for (const name of names) write(`odd/${name}`, name.replaceAll("\n", "?"));
    const expected = names.map((name) => name.replaceAll("\n", "?")).sort();
    assert.deepEqual((await linesOf(`${here()}/odd`)).sort(), expected);
    for (const name of names) {
      assert.equal(
        await sc.textFile(new URL(`file://${here()}/odd/${encodeURIComponent(name)}`)).count(),
        1,
      );
    }
    await wrong(`${here()}/odd/no\nfile`, "InputNotFound", /no\\nfile/);
    await run(
      "python3",
      "-c",
      `open(b${JSON.stringify(`${here()}/odd/`)} + b"\\xff.txt", "w").close()`,
    );
    await wrong(`${here()}/odd`, "InvalidPath", /is no UTF-8/);
  },
};

function npmCache(): string {
  const { stdout } = new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).outputSync();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

testRows({
  name: "3A",
  rows: ROWS,
  begin: (name) => row = name.replaceAll(/\W+/g, "-"),
  nextJob: async () => {
    assert.deepEqual(await sc.range(4).map((n) => n + 1).collect(), [1, 2, 3, 4]);
  },
});
