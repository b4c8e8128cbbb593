/** What has been checkpointed is read from its files, and what it was made of is forgotten. */
import assert from "node:assert/strict";
import { InputError, OutputError, PlanError } from "../../core/errors.ts";
import { type RDD, SparkContext, StorageLevel } from "../../mod.ts";
import { refused, test } from "../helpers/shared_context.ts";

const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "flint-checkpoint-" }));
const local = `${folder}/local`;
Deno.mkdirSync(local);
const conf = { "flint.progress": false, "spark.local.dir": local };
const sc = new SparkContext({ master: "local[2]", conf });
sc.setCheckpointDir(`${folder}/checkpoints`);
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** The names of the files below a folder. */
function filesIn(path: string): string[] {
  return [...Deno.readDirSync(path)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(`${path}/${name}`) : [name]
  );
}

test("no checkpoint before an action, one after it, and the same records", async () => {
  const made = sc.accumulator(0);
  const numbers = sc.parallelize([1, 2, 3, 4], 3).flatMap((x) => {
    made.add(1);
    return Array.from({ length: x }, (_, i) => i + 1);
  });
  assert.equal(numbers.isCheckpointed(), false);
  assert.equal(numbers.getCheckpointFile(), undefined);
  numbers.checkpoint();
  assert.equal(numbers.isCheckpointed(), false, "nothing has run");
  const before = await numbers.collect();
  assert.equal(numbers.isCheckpointed(), true);
  assert.equal(made.value, 8, "it was computed for the action, and for the checkpoint");
  const path = numbers.getCheckpointFile()!;
  assert.equal(path, `${sc.getCheckpointDir()}/rdd-${numbers.id()}`);
  assert.deepEqual([...Deno.readDirSync(path)].map(({ name }) => name).sort(), [
    "_SUCCESS",
    "part-00000",
    "part-00001",
    "part-00002",
  ]);
  assert.deepEqual(await numbers.collect(), before);
  assert.equal(await numbers.map((n) => n * 2).sum(), 40);
  assert.equal(await numbers.getNumPartitions(), 3);
  assert.equal(made.value, 8, "nothing was computed again");
  assert.equal(numbers.explain().split("\n").length, 1, numbers.explain());
});

test("each context has a folder of its own; another one reads the checkpoint", async () => {
  const pairs = sc.parallelize([["a", 1n], ["b", null], ["c", new Date(3)]], 4);
  pairs.checkpoint();
  await pairs.count();
  const path = pairs.getCheckpointFile()!;
  await using other = new SparkContext({ master: "local[1]", conf });
  other.setCheckpointDir(`${folder}/checkpoints`);
  assert.notEqual(other.getCheckpointDir(), sc.getCheckpointDir());
  const read = other.checkpointFile<[string, unknown]>(path);
  assert.equal(await read.getNumPartitions(), 4);
  assert.deepEqual(await read.collect(), [["a", 1n], ["b", null], ["c", new Date(3)]]);
});

test("stages before a checkpoint are in no later plan, and what they left behind goes", async () => {
  const stages: number[] = [];
  using _ = sc.events.subscribe((event) => {
    if (event.type === "job.started") stages.push(event.stages.length);
  });
  const outputs = () => filesIn(local).filter((name) => name.startsWith("exchange-")).length;
  const counts = sc.range(0, 1_000, 1, 4).map((n) => [n % 10, 1]).reduceByKey((a, b) => a + b, 3);
  const before = outputs();
  assert.equal(await counts.count(), 10);
  assert(outputs() > before, "the output of the exchange is kept");
  counts.checkpoint();
  assert.equal(await counts.values().sum(), 1_000);
  assert.equal(outputs(), before, "nobody reads it any more");
  stages.length = 0;
  assert.equal(await counts.values().sum(), 1_000);
  assert.deepEqual(stages, [1]);
});

test("what ran above a checkpoint in the same job is read on, without what lies below", async () => {
  const stages: number[] = [];
  using _ = sc.events.subscribe((event) => {
    if (event.type === "job.started") stages.push(event.stages.length);
  });
  const made = sc.accumulator(0);
  const base = sc.range(0, 20, 1, 2).repartition(3).map((n) => {
    made.add(1);
    return [n % 4, n];
  });
  base.checkpoint();
  const sums = base.reduceByKey((a, b) => a + b, 2);
  const expected = await sums.collect();
  assert.deepEqual(await sums.collect(), expected);
  assert.deepEqual(stages, [3, 2, 2], "the action, the checkpoint, the next action");
  assert.equal(made.value, 40);
});

test("the files hold what the first job saw", async () => {
  let factor = 2;
  const scaled = sc.range(3).map((n) => n * factor);
  scaled.checkpoint();
  const first = scaled.collect();
  factor = 100;
  assert.deepEqual(await first, [0, 2, 4]);
  assert.deepEqual(await scaled.collect(), [0, 2, 4]);
});

test("an action that needs a part of it writes all of it; one over a descendant does as well", async () => {
  const numbers = sc.range(0, 100, 1, 5).map((n) => n + 1);
  numbers.checkpoint();
  assert.deepEqual(await numbers.map((n) => -n).take(2), [-1, -2]);
  assert.equal(numbers.isCheckpointed(), true);
  assert.equal(await numbers.count(), 100);
});

test("two actions at once write it once", async () => {
  const made = sc.accumulator(0);
  const numbers = sc.range(0, 10, 1, 2).map((n) => (made.add(1), n));
  numbers.checkpoint();
  numbers.checkpoint();
  assert.deepEqual(await Promise.all([numbers.count(), numbers.sum()]), [10, 45]);
  assert.equal(made.value, 30);
  assert.equal(await numbers.count(), 10);
  assert.equal(made.value, 30);
});

test("instances keep their class", async () => {
  class Point {
    constructor(readonly x: number) {}
  }
  const points = sc.range(3).map((n) => new Point(n));
  points.checkpoint();
  await points.count();
  const xs = points.map((point) => point instanceof Point ? point.x : -1);
  assert.deepEqual(await xs.collect(), [0, 1, 2]);
});

test("an algorithm that iterates does not grow", async () => {
  let values: RDD<[number, number]> = sc.range(0, 40, 1, 2).map((n) => [n % 8, n]);
  for (let round = 1; round <= 30; round++) {
    values = values.mapValues((n) => n + 1);
    if (round % 10 === 0) {
      values = values.reduceByKey((a, b) => Math.max(a, b));
      values.checkpoint();
      await values.count();
    }
  }
  assert.equal(values.explain().split("\n").length, 1);
  assert.equal(await values.values().max(), 69);
});

test("a checkpoint that cannot be written fails the action, and is tried again by the next", async () => {
  const numbers = sc.range(5);
  numbers.checkpoint();
  const taken = `${sc.getCheckpointDir()}/rdd-${numbers.id()}`;
  Deno.writeTextFileSync(taken, "taken");
  await refused(() => numbers.count(), OutputError, "OutputExists", /rdd-\d+/);
  assert.equal(numbers.isCheckpointed(), false);
  Deno.removeSync(taken);
  assert.equal(await numbers.count(), 5);
  assert.equal(numbers.isCheckpointed(), true);
});

test("a checkpoint that was removed is an error that names it", async () => {
  const numbers = sc.range(5);
  numbers.checkpoint();
  await numbers.count();
  Deno.removeSync(numbers.getCheckpointFile()!, { recursive: true });
  await refused(() => numbers.count(), InputError, "InputNotFound", /rdd-\d+/);
});

test("an empty RDD, and one with empty partitions", async () => {
  const none = sc.emptyRDD<number>();
  const few = sc.parallelize([1], 3);
  none.checkpoint();
  few.checkpoint();
  assert.deepEqual([await none.count(), await few.count()], [0, 1]);
  assert.deepEqual([none.isCheckpointed(), few.isCheckpointed()], [true, true]);
  assert.deepEqual([await none.collect(), await few.collect()], [[], [1]]);
  assert.deepEqual([await none.getNumPartitions(), await few.getNumPartitions()], [0, 3]);
});

test("a folder is needed, and one that can be made", async () => {
  await using bare = new SparkContext({ master: "local[1]", conf });
  assert.equal(bare.getCheckpointDir(), undefined);
  const set = { ...conf, "spark.checkpoint.dir": `${folder}/set` };
  await using told = new SparkContext({ master: "local[1]", conf: set });
  const numbers = told.range(3);
  numbers.checkpoint();
  await numbers.count();
  assert(numbers.getCheckpointFile()!.startsWith(`${folder}/set/`));
  assert.equal(numbers.getCheckpointFile(), `${told.getCheckpointDir()}/rdd-${numbers.id()}`);
  await refused(() => bare.range(2).checkpoint(), PlanError, "InvalidArgument", /setCheckpointDir/);
  Deno.writeTextFileSync(`${folder}/file`, "");
  const below = () => bare.setCheckpointDir(`${folder}/file/below`);
  await refused(below, OutputError, "OutputDenied", /below/);
  await refused(() => bare.setCheckpointDir(1 as never), PlanError, "InvalidArgument", /path is 1/);
});

test("what was partitioned is so still, also in the middle of an action", async () => {
  const pairs = sc.range(0, 12, 1, 3).map((n) => [n, n]);
  const byRest = (key: number) => key;
  const partitionings = [
    () => pairs.partitionBy(2),
    () => pairs.partitionBy({ partitions: 2, partitionFunction: byRest }),
    () => pairs.sortByKey({ partitions: 2 }),
  ];
  for (const partitioned of partitionings) {
    const parted = partitioned();
    const before = await parted.partitioner;
    const both = parted.union(parted.mapValues((v) => -v));
    const expected = await both.collect();
    parted.checkpoint();
    // Partitions are asked for in two jobs; the checkpoint is written between them.
    assert.deepEqual(await both.take(24), expected);
    assert.ok(parted.isCheckpointed());
    assert.equal(await both.getNumPartitions(), 2);
    assert.ok(before?.equals(await parted.partitioner));
    assert.deepEqual(await both.collect(), expected);
    assert.deepEqual(await parted.lookup(7), [7]);
    const grouped = parted.groupByKey();
    assert.equal((await grouped.toDebugString()).includes("+-"), before?.kind !== "hash");
    assert.equal(await grouped.count(), 12);
  }
});

test("what is persisted is written from what is kept, and not computed twice", async () => {
  const made = sc.accumulator(0);
  const numbers = sc.range(0, 20, 1, 3).map((n) => (made.add(1), n * n)).cache();
  numbers.checkpoint();
  assert.equal(await numbers.count(), 20);
  assert.equal(made.value, 20);
  assert.equal(numbers.isCheckpointed(), true);
  await numbers.unpersist({ blocking: true });
  assert.equal(await numbers.sum(), 2_470, "read from the files");
  numbers.persist(StorageLevel.DISK_ONLY);
  assert.deepEqual(await numbers.take(3), [0, 1, 4]);
  assert.equal(await numbers.sum(), 2_470);
  assert.equal(made.value, 20);
});

test("what is persisted above a checkpoint stays as it is", async () => {
  const made = sc.accumulator(0);
  const base = sc.range(0, 10, 1, 2).map((n) => (made.add(1), n));
  const kept = base.map((n) => n + 1).cache();
  base.checkpoint();
  assert.equal(await kept.sum(), 55);
  assert.equal(
    made.value,
    20,
    "the base is not persisted: once for the action, once for its files",
  );
  assert.equal(await kept.sum(), 55);
  await kept.unpersist({ blocking: true });
  assert.equal(await kept.sum(), 55);
  assert.equal(made.value, 20);
});
