/** Persisted datasets end to end: what is computed again, and what is not. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import {
  type Event,
  PlanError,
  RDD,
  SparkContext,
  type StageSummary,
  StorageLevel,
} from "../../mod.ts";
import { refused, test } from "../helpers/shared_context.ts";

const sc = new SparkContext({ master: "local[2]", conf: { "flint.progress": false } });

/** What the stages of the jobs were that run while `act` does. */
async function stagesOf(
  context: SparkContext,
  act: () => Promise<unknown>,
): Promise<StageSummary[]> {
  const stages: StageSummary[] = [];
  using _listening = context.events.subscribe((event: Event) => {
    if (event.type === "job.started") stages.push(...event.stages);
  });
  await act();
  return stages;
}

/** Numbers whose computing is counted. */
function counted(context: SparkContext, count: number, partitions: number) {
  const computed = context.accumulator(0);
  const numbers = context.range(0, count, 1, partitions).map((n) => {
    computed.add(1);
    return n * 3;
  });
  return { computed, numbers };
}

test("what is persisted can be asked for, and is the dataset itself", async () => {
  const before = new Set(sc.getPersistentRDDs().keys());
  const one = sc.range(4).map((n) => n + 1).persist(StorageLevel.DISK_ONLY);
  using two = sc.range(2).persist();
  two.map((n) => n).persist().unpersist();
  const found = [...sc.getPersistentRDDs()].filter(([id]) => !before.has(id));
  assert.deepEqual(found.map(([id]) => id), [one.id(), two.id()]);
  assert.deepEqual(await found[0]![1].collect(), [1, 2, 3, 4]);
  await found[0]![1].unpersist();
  assert(one.getStorageLevel().isNone);
  assert(!sc.getPersistentRDDs().has(one.id()));
});

test("each partition is computed once, at every level, and anew after unpersist", async () => {
  const levels = [
    StorageLevel.MEMORY_ONLY,
    StorageLevel.MEMORY_AND_DISK_2,
    StorageLevel.MEMORY_AND_DISK_DESER,
    StorageLevel.OFF_HEAP,
    StorageLevel.DISK_ONLY_3,
  ];
  for (const level of levels) {
    const { computed, numbers } = counted(sc, 100, 4);
    assert.equal(numbers.persist(level), numbers);
    assert.equal(await numbers.sum(), 14850);
    assert.deepEqual(await numbers.take(2), [0, 3]);
    assert.equal(await numbers.filter((n) => n % 2 === 0).count(), 50);
    assert.equal(computed.value, 100, String(level));
    assert.equal(numbers.unpersist(), numbers);
    assert.equal(await numbers.count(), 100);
    assert.equal(computed.value, 200, `${level}, unpersisted`);
  }
});

test("take computes the partitions that it looks at, whole", async () => {
  const { computed, numbers } = counted(sc, 100, 4);
  using kept = numbers.cache();
  assert.deepEqual(await kept.take(1), [0]);
  assert.equal(computed.value, 25);
  assert.equal(await kept.count(), 100);
  assert.equal(computed.value, 100);
});

test("the stages below what is kept are skipped, and need not be there any more", async () => {
  const { computed, numbers } = counted(sc, 60, 3);
  const sums = numbers.map((n) => [n % 4, n]).reduceByKey((a, b) => a + b, 2).cache();
  const first = await sums.collect();
  await sums.cleanShuffleDependencies();
  const above = sums.mapValues((sum) => sum + 1);
  const stages = await stagesOf(sc, () => above.collect());
  assert.deepEqual(stages.map(({ skipped }) => skipped), [true, false]);
  assert.equal(stages[0]!.cached, true);
  assert.deepEqual((await above.collect()).map(([key, sum]) => [key, sum - 1]), first);
  assert.equal(computed.value, 60);
  await sums.unpersist({ blocking: true });
  assert.deepEqual(await sums.collect(), first);
  assert.equal(computed.value, 120, "the output of the exchange was gone as well");
});

test("kept datasets over kept datasets, unions, coalesced and crossed ones", async () => {
  const { computed, numbers } = counted(sc, 12, 4);
  const kept = numbers.cache();
  const both = kept.union(sc.range(3)).persist(StorageLevel.DISK_ONLY);
  const two = both.coalesce(2).cache();
  const expected = [...Array(12).keys()].map((n) => n * 3).concat([0, 1, 2]);
  for (let round = 0; round < 2; round++) {
    assert.deepEqual(await two.collect(), expected);
    assert.deepEqual(await both.collect(), expected);
    assert.equal(await kept.cartesian(kept).count(), 144);
    assert.deepEqual(
      await kept.zip(kept.map((n) => n + 1)).first(),
      [0, 1],
    );
  }
  assert.equal(computed.value, 12);
});

test("values of groups and instances of classes are kept as what they are", async () => {
  class Point {
    constructor(readonly x: number) {}
    get doubled() {
      return this.x * 2;
    }
  }
  using points = sc.range(6).map((n) => new Point(n)).cache();
  await points.count();
  assert.equal(await points.map((point) => point.doubled).sum(), 30);
  using groups = sc.range(6).map((n) => [n % 2, n]).groupByKey(2).cache();
  await groups.count();
  const sizes = await groups.mapValues((values) => [values.length, ...values]).collectAsMap();
  assert.deepEqual(sizes.get(1), [3, 1, 3, 5]);
});

test("what is made by functions that wait is kept too", async () => {
  const computed = sc.accumulator(0);
  using kept = sc.range(20).mapAsync((n) => {
    computed.add(1);
    return Promise.resolve(n + 1);
  }).cache();
  assert.equal(await kept.sum(), 210);
  assert.deepEqual(await kept.mapAsync((n) => Promise.resolve(n * 2)).max(), 40);
  assert.equal(computed.value, 20);
});

test("functions that wait, several at once, over lines that come while they do", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, Array.from({ length: 60_000 }, (_, n) => `line ${n}`).join("\n"));
  const slow = (line: string) => Promise.resolve(line.length);
  for (const level of [StorageLevel.MEMORY_ONLY, StorageLevel.DISK_ONLY]) {
    const lengths = sc.textFile(path, 3).mapAsync(slow, { concurrency: 4 }).persist(level);
    const twice = lengths.zip(lengths.map((n) => n + 1));
    const sum = await lengths.sum();
    assert.equal(await twice.map(([a, b]) => b - a).sum(), 60_000);
    assert.equal(await lengths.mapAsync((n) => Promise.resolve(n), { concurrency: 8 }).sum(), sum);
    lengths.unpersist();
  }
  await Deno.remove(path);
});

test("the slots of an executor share what it keeps", async () => {
  await using wide = new SparkContext({ master: "local-cluster[1,3,512]" });
  const { computed, numbers } = counted(wide, 90, 9);
  const kept = numbers.cache();
  const [sums, counts] = await Promise.all([kept.sum(), kept.count()]);
  assert.deepEqual([sums, counts], [12015, 90]);
  const before = computed.value;
  assert.ok(before >= 90 && before <= 180, "two jobs at once may make the same partition");
  const parities = kept.mapPartitions((records) => hold(records)).map((n) => n % 2);
  assert.equal(await parities.sum(), 45);
  assert.equal(computed.value, before);
});

test("what a job has gone through keeps its captures while it is persisted", async () => {
  let factor = 2;
  const scaled = sc.range(3).map((n) => n * factor).cache();
  assert.deepEqual(await scaled.collect(), [0, 2, 4]);
  factor = 10;
  assert.deepEqual(await scaled.map((n) => n + factor).collect(), [10, 12, 14]);
  scaled.unpersist();
  assert.deepEqual(await scaled.collect(), [0, 10, 20]);
});

test("levels: none by default, one at a time", async () => {
  const numbers = sc.range(3);
  assert.equal(numbers.getStorageLevel(), StorageLevel.NONE);
  assert.equal(numbers.isCached, false);
  numbers.unpersist();
  numbers.cache().cache();
  assert.match(numbers.explain(), /range .* \[Memory Serialized 1x Replicated\]$/);
  assert.match(await numbers.map(String).toDebugString(), /\[Memory Serialized 1x Replicated\]$/);
  await refused(
    () => numbers.persist(StorageLevel.DISK_ONLY),
    PlanError,
    "InvalidArgument",
    /persisted as Memory Serialized 1x Replicated already, not as Disk/,
  );
  await refused(
    () => numbers.persist("MEMORY_ONLY" as unknown as StorageLevel),
    PlanError,
    "InvalidArgument",
    /level is "MEMORY_ONLY"/,
  );
  assert.equal(numbers.unpersist().persist(StorageLevel.DISK_ONLY).isCached, true);
  assert.equal(sc.range(3).persist(StorageLevel.NONE).isCached, false);
  {
    using scoped = numbers;
    assert.equal(scoped.isCached, true);
  }
  assert.equal(numbers.isCached, false);
});

test("localCheckpoint keeps, and says when it is filled", async () => {
  const { computed, numbers } = counted(sc, 10, 2);
  numbers.localCheckpoint();
  assert.deepEqual([numbers.isLocallyCheckpointed(), numbers.isCheckpointed()], [true, false]);
  assert.equal(numbers.getStorageLevel(), StorageLevel.MEMORY_AND_DISK);
  assert.equal(await numbers.map((n) => n).count(), 10);
  assert.equal(numbers.isCheckpointed(), true);
  assert.equal(await numbers.count(), 10);
  assert.equal(computed.value, 10);
  const cached = sc.range(3).cache();
  cached.localCheckpoint();
  assert.equal(cached.getStorageLevel().useDisk && cached.getStorageLevel().useMemory, true);
  cached.unpersist();
  assert.equal(cached.isLocallyCheckpointed(), false);
});

test("a task that fails keeps nothing, and its next attempt is right", async () => {
  await using retrying = new SparkContext({ master: "local[1,3]" });
  const { computed, numbers } = counted(retrying, 8, 2);
  const kept = numbers.cache();
  const tried = kept.mapPartitions((records) => {
    const all = [...records];
    const tries = globalThis as { tries?: number };
    tries.tries = (tries.tries ?? 0) + 1;
    if (tries.tries === 2) throw new Error("once");
    return all;
  });
  assert.deepEqual(await tried.collect(), [0, 3, 6, 9, 12, 15, 18, 21]);
  assert.equal(await kept.count(), 8);
  assert.equal(computed.value, 8, "only attempts that count have added");
});

/** The lines that an executor of its own kept: blocks of about 256 KB. */
function wide(context: SparkContext, partitions: number): RDD<string> {
  return context.range(0, partitions * 400, 1, partitions)
    .map((n) => String(n).padStart(8, "0") + "x".repeat(1016));
}

test("little room: what does not fit in memory is computed again, or read from disk", async () => {
  await using tight = new SparkContext({
    master: "local[1]",
    conf: { "flint.worker.memory": "4m", "spark.memory.storageFraction": 0.25 },
  });
  const computed = tight.accumulator(0);
  const lines = () =>
    wide(tight, 6).map((line) => {
      computed.add(1);
      return line;
    });
  const total = 6 * 400;
  const inMemory = lines().cache();
  for (let round = 0; round < 2; round++) assert.equal(await inMemory.count(), total);
  assert.ok(computed.value > total && computed.value < 2 * total, `${computed.value} computed`);
  const onDisk = lines().persist(StorageLevel.MEMORY_AND_DISK);
  const before = computed.value;
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(await onDisk.map((line) => line.length).distinct().collect(), [1024]);
    assert.equal(await onDisk.count(), total);
  }
  assert.equal(computed.value - before, total, "with a disk nothing is computed again");
  // A job over the first one pushed nothing of the second one out for good.
  assert.equal(await inMemory.count(), total);
  assert.equal(await onDisk.map((line) => Number(line.slice(0, 8))).max(), total - 1);
});

test("the budget holds what is kept as well: a sort beside it spills more", async () => {
  const spilled = async (fraction: number) => {
    await using tight = new SparkContext({
      master: "local[1]",
      conf: { "flint.worker.memory": "8m", "spark.memory.storageFraction": fraction },
    });
    const peaks: number[] = [];
    tight.events.subscribe((event: Event) => {
      if (event.type === "task.ended") peaks.push(event.metrics.memoryBytesMax);
    });
    const kept = wide(tight, 16).cache();
    assert.equal(await kept.count(), 6400);
    peaks.length = 0;
    const sorted = await kept.map((line) => [line, 1]).sortByKey(false, 2).keys().take(1);
    assert.match(sorted[0]!, /^00006399/);
    return Math.max(...peaks);
  };
  const [all, half] = [await spilled(0), await spilled(0.5)];
  assert.ok(half < 0.6 * 8 * 2 ** 20 && half < all, `${half} of what is left, ${all} of all`);
});

/** Holds a slot for a while, so that others get their share of the tasks. */
function hold<T>(value: T): T {
  const endMs = Date.now() + 150;
  while (Date.now() < endMs);
  return value;
}

/** Kills executors, and waits until the driver has noticed. */
async function kill(context: SparkContext, pids: readonly number[]): Promise<void> {
  let left = pids.length;
  using _listening = context.events.subscribe(({ type }: Event) => {
    if (type === "executor.lost") left--;
  });
  for (const pid of pids) Deno.kill(pid, "SIGKILL");
  while (left > 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

test("what an executor keeps is read by others while it is busy, and not made again", async () => {
  await using pair = new SparkContext({ master: "local[2]" });
  // One executor at first, which makes and keeps all of it; then two with work for more.
  const makers = pair.range(0, 1, 1, 1).map(() => hold(Deno.pid)).cache();
  const [maker] = await makers.collect();
  const readers = await pair.union([makers, makers, makers, makers, makers, makers])
    .map((pid) => [pid, hold(Deno.pid)]).collect();
  assert.deepEqual(new Set(readers.map(([pid]) => pid)), new Set([maker]));
  assert.equal(new Set(readers.map(([, pid]) => pid)).size, 2, "both executors have read it");
});

test("an executor that is gone took what it kept along: only that is made again", async () => {
  await using pair = new SparkContext({ master: "local[2]" });
  const makers = pair.range(0, 6, 1, 6).map((n) => [n, hold(Deno.pid)]).cache();
  const before = await makers.collect();
  const pids = [...new Set(before.map(([, pid]) => pid))];
  assert.equal(pids.length, 2);
  await kill(pair, [pids[0]!]);
  const after = await makers.collect();
  for (const [n, pid] of before) {
    if (pid === pids[0]) assert.notEqual(after[n]![1], pid);
    else assert.equal(after[n]![1], pid, "what the other one kept is there still");
  }
});

test("with its executors gone, what lies below exchanges is made again as well", async () => {
  await using pair = new SparkContext({ master: "local[2]" });
  const { computed, numbers } = counted(pair, 40, 4);
  const sums = numbers.map((n) => [n % 5, n]).reduceByKey((a, b) => a + b, 4)
    .persist(StorageLevel.DISK_ONLY);
  const first = await sums.collect();
  const pids = new Set(await pair.range(0, 4, 1, 4).map(() => hold(Deno.pid)).collect());
  await sums.cleanShuffleDependencies();
  assert.deepEqual(await sums.collect(), first);
  assert.equal(computed.value, 40);
  await kill(pair, [...pids]);
  assert.deepEqual(await sums.collect(), first);
  assert.equal(computed.value, 80);
});

test("a kept file that was damaged is made again", async () => {
  const folder = await Deno.makeTempDir();
  await using own = new SparkContext({ master: "local", conf: { "spark.local.dir": folder } });
  const { computed, numbers } = counted(own, 10, 1);
  const kept = numbers.persist(StorageLevel.DISK_ONLY);
  const first = await kept.collect();
  const [path] = [...filesBelow(folder)].filter((name) => /kept.*\.data$/.test(name));
  const bytes = await Deno.readFile(path!);
  bytes[bytes.length - 1]! ^= 255;
  await Deno.writeFile(path!, bytes);
  assert.deepEqual(await kept.collect(), first);
  assert.equal(computed.value, 20);
  assert.deepEqual(await kept.collect(), first);
  assert.equal(computed.value, 20, "and kept again");
  await kept.unpersist({ blocking: true });
  await own.range(1).count();
  assert.deepEqual([...filesBelow(folder)].filter((name) => /kept/.test(name)), []);
  await own.stop();
  await Deno.remove(folder, { recursive: true });
});

test("a kept file that another executor finds damaged is made again once", async () => {
  const folder = await Deno.makeTempDir();
  const conf = {
    "spark.local.dir": folder,
    "flint.allow.write": folder,
    "flint.allow.read": folder,
  };
  await using own = new SparkContext({ master: "local[2]", conf });
  const { computed, numbers } = counted(own, 10, 1);
  const kept = numbers.persist(StorageLevel.DISK_ONLY);
  const first = await kept.collect();
  // The holder is busy, so that the other executor reads what it keeps.
  const busy = kept.map((n) => {
    Deno.writeTextFileSync(`${folder}/started`, "");
    while (!existsSync(`${folder}/go on`)) { /* is busy */ }
    return n;
  }).collect();
  while (!existsSync(`${folder}/started`)) await new Promise((resolve) => setTimeout(resolve, 5));
  const [path] = [...filesBelow(folder)].filter((name) => /kept.*\.data$/.test(name));
  const bytes = await Deno.readFile(path!);
  bytes[bytes.length - 1]! ^= 255;
  await Deno.writeFile(path!, bytes);
  assert.deepEqual(await kept.collect(), first);
  assert.equal(computed.value, 20);
  assert(!existsSync(path!), "the holder was not told");
  await Deno.writeTextFile(`${folder}/go on`, "");
  assert.deepEqual(await busy, first);
  assert.deepEqual(await kept.collect(), first);
  assert.equal(computed.value, 20, "it was found a second time");
  await own.stop();
  await Deno.remove(folder, { recursive: true });
});

function* filesBelow(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* filesBelow(`${folder}/${name}`);
    else yield `${folder}/${name}`;
  }
}
