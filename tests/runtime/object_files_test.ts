/** What `saveAsObjectFile` writes, `objectFile` reads: on executors, with their classes. */
import assert from "node:assert/strict";
import { InputError, OutputError, PlanError, RecordError } from "../../core/errors.ts";
import { SparkContext } from "../../mod.ts";
import { refused, test } from "../helpers/shared_context.ts";

const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "flint-object-files-" }));
const sc = new SparkContext({ master: "local[2]", conf: { "flint.progress": false } });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

const names = (path: string) => [...Deno.readDirSync(path)].map(({ name }) => name).sort();

test("records of all kinds, in any compression, in their partitions", async () => {
  const records = [1, "a", 2n, null, undefined, new Map([[1, new Set([2])]]), [new Date(0), /x/g]];
  for (const compression of ["none", "gzip", "zstd"] as const) {
    const path = `${folder}/kinds-${compression}`;
    await sc.parallelize<unknown>(records as never[], 3).saveAsObjectFile(path, { compression });
    assert.deepEqual(names(path), ["_SUCCESS", "part-00000", "part-00001", "part-00002"]);
    const read = sc.objectFile(path, 1);
    assert.equal(await read.getNumPartitions(), 3);
    assert.deepEqual(await read.collect(), records);
  }
});

test("a long file is read in parts, and shuffled on", async () => {
  const path = `${folder}/long`;
  await sc.range(0, 300_000, 1, 1).map((n) => [n % 100, `value ${n}`]).saveAsObjectFile(path);
  const read = sc.objectFile<[number, string]>(path, { partitionsMin: 4 });
  assert(await read.getNumPartitions() >= 4);
  assert.equal(await read.count(), 300_000);
  const counts = await read.mapValues(() => 1).reduceByKey((a, b) => a + b).collect();
  assert.deepEqual(new Set(counts.map(([, count]) => count)), new Set([3_000]));
});

test("PySpark's names: saveAsPickleFile and pickleFile, then a map", async () => {
  const path = `${folder}/pickle`;
  await sc.parallelize(["a", "b"]).saveAsPickleFile(path, 3);
  assert.deepEqual((await sc.pickleFile<string>(path).map((s) => s + "!").collect()).sort(), [
    "a!",
    "b!",
  ]);
  await sc.range(3).saveAsPickleFile(`${path}-too`, { compression: "zstd" });
  assert.deepEqual(await sc.pickleFile(`${path}-too`).collect(), [0, 1, 2]);
});

class Point {
  constructor(readonly x: number, readonly y: number) {}
  get length(): number {
    return Math.hypot(this.x, this.y);
  }
}

test("instances keep their class, also in another program that registers it", async () => {
  const path = `${folder}/points`;
  sc.registerClass(Point);
  await sc.parallelize([new Point(3, 4)], 1).saveAsObjectFile(path);
  const [point] = await sc.objectFile<Point>(path).collect();
  assert(point instanceof Point && point.length === 5);

  await using other = new SparkContext({ master: "local[1]", conf: { "flint.progress": false } });
  const unknown = () => other.objectFile(path).collect();
  await refused(unknown, RecordError, "NotSerializable", /Point.*not known[\s\S]*registerClass/);
  // As a class of another file would be: of the same name, at another place.
  const AnotherPoint = {
    Point: class Point {
      declare x: number;
    },
  }.Point;
  other.registerClass(AnotherPoint);
  const [read] = await other.objectFile<{ x: number }>(path).collect();
  assert(read instanceof AnotherPoint && read.x === 3);
});

test("what is damaged names the file and the byte; the next job is right", async () => {
  const path = `${folder}/damaged`;
  await sc.range(0, 50_000, 1, 2).saveAsObjectFile(path);
  const part = `${path}/part-00001`;
  const bytes = await Deno.readFile(part);
  const corrupt = /part-00001": a block is damaged \(at byte 16\)/;
  await Deno.writeFile(part, bytes.with(100, bytes[100]! ^ 1));
  await refused(() => sc.objectFile(path).count(), InputError, "CorruptInput", corrupt);
  await Deno.writeFile(part, bytes.subarray(0, -1));
  await refused(() => sc.objectFile(path).count(), InputError, "CorruptInput", /part-00001/);
  await Deno.writeFile(part, bytes);
  assert.equal(await sc.objectFile(path).count(), 50_000);
});

test("refused: what exists, what is not there, what cannot be written, arguments", async () => {
  const range = sc.range(2);
  await refused(() => range.saveAsObjectFile(folder), OutputError, "OutputExists", /exists/);
  const nowhere = () => sc.objectFile(`${folder}/nowhere`).count();
  await refused(nowhere, InputError, "InputNotFound", /nowhere/);
  const functions = () => range.map(() => () => 1).saveAsObjectFile(`${folder}/functions`);
  await refused(functions, RecordError, "NotSerializable", /function/);
  assert.throws(() => Deno.statSync(`${folder}/functions`), Deno.errors.NotFound);
  const lz4 = () => range.saveAsObjectFile(`${folder}/x`, { compression: "lz4" as "zstd" });
  await refused(lz4, PlanError, "InvalidArgument", /saveAsObjectFile.*"lz4"/);
  assert.throws(() => sc.objectFile(folder, 0), PlanError);
});
