/** What is saved comes back: text, packed or not. */
import assert from "node:assert/strict";
import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { InputError, OutputError, PlanError } from "../../core/errors.ts";
import { SparkContext } from "../../mod.ts";
import { refused, test } from "../helpers/shared_context.ts";

const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "flint-saving-" }));
const sc = new SparkContext({ master: "local[2]", conf: { "flint.progress": false } });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

const lines = Array.from({ length: 60_000 }, (_, n) => `line ${n} ⚡`);
const names = (path: string) => [...Deno.readDirSync(path)].map(({ name }) => name).sort();

const PACKED = [
  ["gzip", ".gz", "org.apache.hadoop.io.compress.GzipCodec", gunzipSync],
  ["zstd", ".zst", "org.apache.hadoop.io.compress.ZStandardCodec", zstdDecompressSync],
] as const;

for (const [compression, suffix, codec, unpack] of PACKED) {
  test(`${compression}: text is saved packed and read again`, async () => {
    const path = `${folder}/${compression}`;
    await sc.parallelize(lines, 3).saveAsTextFile(path, { compression });
    const parts = ["part-00000", "part-00001", "part-00002"].map((name) => name + suffix);
    assert.deepEqual(names(path), ["_SUCCESS", ...parts]);
    const first = unpack(await Deno.readFile(`${path}/${parts[0]}`)).toString();
    assert.equal(first, lines.slice(0, 20_000).join("\n") + "\n");
    assert.deepEqual(await sc.textFile(path).collect(), lines);
    const [[name, text]] = await sc.wholeTextFiles(path).take(1) as [[string, string]];
    assert.deepEqual([name, text], [`${path}/${parts[0]}`, first]);
  });

  test(`${compression}: PySpark's name of the codec, also for a partition without records`, async () => {
    const path = `${folder}/${compression}-by-name`;
    await sc.parallelize(["foo", "bar"], 3).saveAsTextFile(path, codec);
    assert.deepEqual(await sc.textFile(`${path}/part*${suffix}`).collect(), ["foo", "bar"]);
  });
}

test("none and no codec save plain text", async () => {
  const path = `${folder}/plain`;
  await sc.parallelize(["a"], 1).saveAsTextFile(path, null);
  await sc.parallelize(["a"], 1).saveAsTextFile(`${path}-too`, { compression: "none" });
  assert.deepEqual([names(path), names(`${path}-too`)], Array(2).fill(["_SUCCESS", "part-00000"]));
});

test("a codec that is not known is refused before anything is written", async () => {
  const save = (second: never) => () => sc.range(2).saveAsTextFile(`${folder}/never`, second);
  const bzip2 = "org.apache.hadoop.io.compress.BZip2Codec";
  await refused(save(bzip2 as never), PlanError, "InvalidArgument", /Codec.*BZip2[\s\S]*Gzip/);
  await refused(save({ compression: "lz4" } as never), PlanError, "InvalidArgument", /"lz4"/);
  assert.throws(() => Deno.statSync(`${folder}/never`), Deno.errors.NotFound);
});

test("texts, bytes and values of other types are lines", async () => {
  const path = `${folder}/lines`;
  const records = ["ア", new Uint8Array([0xff, 10, 0]), "b", null, undefined, [1, "x"], 2n];
  await sc.parallelize<unknown>(records as never[], 1).saveAsTextFile(path);
  const expected = new TextEncoder().encode("ア\n?\n\0\nb\nnull\nundefined\n1,x\n2\n");
  assert.deepEqual(await Deno.readFile(`${path}/part-00000`), expected.with(4, 0xff));
});

test("many records that are bytes", async () => {
  const path = `${folder}/bytes`;
  const numbers = sc.range(0, 50_000, 1, 1).map((n) => new TextEncoder().encode(`${n} ア`));
  await numbers.saveAsTextFile(path, { compression: "zstd" });
  const read = await sc.textFile(path).collect();
  assert.equal(read.length, 50_000);
  assert.equal(read[49_999], "49999 ア");
});

test("a save that fails or is ended leaves nothing, packed or not", async () => {
  const failing = sc.parallelize([1, 2], 2).map((n) => {
    if (n === 2) throw new Error("no");
    return n;
  });
  for (const compression of ["none", "zstd"] as const) {
    await assert.rejects(failing.saveAsTextFile(`${folder}/half`, { compression }), /no/);
  }
  const ended = sc.range(10).saveAsTextFile(`${folder}/half`, {
    compression: "gzip",
    signal: AbortSignal.abort(new Error("enough")),
  });
  await assert.rejects(ended, /enough/);
  assert.throws(() => Deno.statSync(`${folder}/half`), Deno.errors.NotFound);
  await refused(
    () => sc.range(1).saveAsTextFile(folder, { compression: "zstd" }),
    OutputError,
    "OutputExists",
    /exists/,
  );
});

test("zstd: frames that follow each other; what is damaged names its file and place", async () => {
  const path = `${folder}/frames.zst`;
  const text = lines.join("\n") + "\n";
  const params = { [constants.ZSTD_c_checksumFlag]: 1 };
  const frames = [text, "last\n"].map((part) => [...zstdCompressSync(part, { params })]);
  const whole = Uint8Array.from(frames.flat());
  await Deno.writeFile(path, whole);
  assert.equal(await sc.textFile(path, 8).getNumPartitions(), 1);
  assert.equal(await sc.textFile(path).count(), 60_001);
  const bad = [whole.subarray(0, -3), whole.with(20_000, whole[20_000]! ^ 0xff), new Uint8Array()];
  for (const bytes of bad) {
    await Deno.writeFile(path, bytes);
    const message = /frames\.zst": its packed data is damaged or cut off \(zstd: .*after \d+ unp/;
    await refused(() => sc.textFile(path).count(), InputError, "CorruptInput", message);
  }
  assert.equal(await sc.range(3).count(), 3);
});

test("bombs: what a small file becomes need not fit anywhere", async () => {
  const zeros = new Uint8Array(1 << 20);
  const line = new TextEncoder().encode("\n");
  const part = new Uint8Array([...zeros, ...line]);
  for (const [name, pack] of [["a.gz", gzipSync], ["a.zst", zstdCompressSync]] as const) {
    const member = pack(part);
    const path = `${folder}/${name}`;
    using file = Deno.openSync(path, { write: true, create: true });
    for (let i = 0; i < 24; i++) file.writeSync(member);
    assert(Deno.statSync(path).size < 1 << 20);
    assert.equal(await sc.textFile(path).map((text) => text.length).sum(), 24 * (1 << 20));
  }
});
