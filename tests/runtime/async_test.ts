/** Functions that wait, on a real engine. */
import assert from "node:assert/strict";
import { ClosureError, FlintError, PlanError, SparkContext, TaskContext } from "../../mod.ts";
import { test } from "../helpers/shared_context.ts";

const sc = new SparkContext({ master: "local[2]", name: "async" });
Deno.test.afterAll(() => sc.stop());

async function refused(act: () => Promise<unknown>, code: string, message: RegExp): Promise<void> {
  await assert.rejects(act, (error) => {
    assert(error instanceof FlintError, `${error}`);
    assert.equal(error.code, code, `${error}`);
    assert.match(`${error}`, message);
    return true;
  });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const slowly = sc.range(0, 40, 1, 2).mapAsync(async (n) => {
  await sleep((40 - n) % 7);
  return n * 10;
});
const expected = Array.from({ length: 40 }, (_, n) => n * 10);

test("results come in the order of the records", async () => {
  assert.deepEqual(await slowly.collect(), expected);
  assert.deepEqual(await slowly.take(3), [0, 10, 20]);
  assert.equal(await slowly.count(), 40);
  assert.deepEqual(await Array.fromAsync(slowly), expected);
});

test("whatever follows goes on as ever: loops, partitions, exchanges, joins, actions", async () => {
  const total = expected.reduce((a, b) => a + b);
  assert.equal(await slowly.sum(), total);
  assert.equal(await slowly.reduce((a, b) => a + b), total);
  assert.deepEqual(
    await slowly.filter((n) => n % 20 === 0).flatMap((n) => [n, n]).take(4),
    [0, 0, 20, 20],
  );
  const parts = slowly.mapPartitions((records) => [[...records].length]);
  assert.deepEqual(await parts.collect(), [20, 20]);
  assert.deepEqual(
    await slowly.map((n) => [n % 20, 1]).reduceByKey((a, b) => a + b).sortByKey().collect(),
    [[0, 20], [10, 20]],
  );
  assert.deepEqual(await slowly.sortBy((n) => -n).take(2), [390, 380]);
  assert.deepEqual(await slowly.coalesce(1).glom().map((all) => all.length).collect(), [40]);
  assert.deepEqual(await slowly.union(sc.range(2)).count(), 42);
  assert.deepEqual(await slowly.zip(slowly).map(([a, b]) => a - b).sum(), 0);
  assert.equal(await slowly.cartesian(slowly).count(), 1600);
  const twice = slowly.mapAsync((n) => Promise.resolve(n / 10), { concurrency: 1 });
  assert.deepEqual(await twice.collect(), expected.map((n) => n / 10));
});

test("a whole partition that is kept for a function that cannot wait may be large", async () => {
  const long = sc.range(0, 60, 1, 1).mapAsync(async (n) => {
    await undefined;
    return `${n}`.padEnd(1 << 20, ".");
  });
  const lengths = long.mapPartitions(function* (records) {
    for (const text of records) yield text.length;
  });
  assert.equal(await lengths.sum(), 60 * 2 ** 20);
});

test("saves what was waited for", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await slowly.map((n) => `${n}`).coalesce(1).saveAsTextFile(`${folder}/out`);
    assert.deepEqual(await sc.textFile(`${folder}/out`).count(), 40);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

test("text is read while calls run", async () => {
  const path = await Deno.makeTempFile();
  try {
    const lines = Array.from({ length: 60_000 }, (_, n) => `${n}`.padEnd(60, "."));
    await Deno.writeTextFile(path, lines.join("\n"));
    const read = sc.textFile(path, 1).mapAsync(async (line) => {
      await undefined;
      return line.length;
    });
    assert.equal(await read.sum(), 60 * 60_000);
  } finally {
    await Deno.remove(path);
  }
});

test("no more calls than allowed run at once", async () => {
  for (const concurrency of [1, 5]) {
    // What a module keeps is seen by all calls of a task; each task has a copy of what it captures.
    const most = await sc.range(0, 60, 1, 1).mapPartitions((records) => {
      const count = { running: 0, most: 0 };
      return [...records].map((n) => [n, count]);
    }).mapAsync(async ([n, count]) => {
      count.running++;
      count.most = Math.max(count.most, count.running);
      await sleep(n % 3);
      count.running--;
      return count.most;
    }, { concurrency }).collect();
    assert.equal(most.reduce((a, b) => Math.max(a, b)), concurrency);
  }
});

test("take starts no more than it has to", async () => {
  const calls = sc.accumulator(0);
  const taken = await sc.range(0, 1000, 1, 1).mapAsync(async (n) => {
    calls.add(1);
    await sleep(1);
    return n;
  }, { concurrency: 4 }).take(2);
  assert.deepEqual(taken, [0, 1]);
  assert(calls.value < 20, `${calls.value} calls for two records`);
});

test("mapPartitions waits for async generators and for async functions", async () => {
  const letters = sc.parallelize(["a", "b", "c"], 2);
  const tagged = letters.mapPartitionsWithIndex(async function* (index, records) {
    for await (const record of records) {
      await sleep(1);
      yield [index, record, TaskContext.get()!.partitionId()];
    }
  });
  assert.deepEqual(await tagged.collect(), [[0, "a", 0], [1, "b", 1], [1, "c", 1]]);
  const plain = letters.mapPartitions(async (records) => {
    const all: string[] = [];
    for (const record of records) all.push(await Promise.resolve(record + record));
    return all;
  });
  assert.deepEqual(await plain.collect(), ["aa", "bb", "cc"]);
  const streamed = slowly.mapPartitions(async (records) => {
    await undefined;
    return (async function* () {
      for await (const n of records) yield n + 1;
    })();
  });
  assert.deepEqual(await streamed.take(2), [1, 11]);
});

test("take ends the user's async generators", async () => {
  const closed = sc.accumulator(0);
  const endless = sc.parallelize([1], 1).mapPartitions(async function* () {
    try {
      for (let n = 0;; n++) yield await Promise.resolve(n);
    } finally {
      await sleep(1);
      closed.add(1);
    }
  });
  assert.deepEqual(await endless.mapAsync((n) => Promise.resolve(n)).take(3), [0, 1, 2]);
  assert.equal(closed.value, 1);
});

test("foreach and foreachPartition wait", async () => {
  const seen = sc.accumulator(0);
  await sc.range(10).foreach(async (n) => {
    await sleep(1);
    seen.add(n);
  });
  await slowly.foreachPartition(async (records) => {
    for await (const n of records) {
      await undefined;
      seen.add(n);
    }
  });
  await sc.range(3).foreachPartition(async function* (records) {
    for await (const n of records) yield seen.add(n);
  });
  assert.equal(seen.value, 45 + 7800 + 3);
});

test("a failure names the operation, the place and the record", async () => {
  const failing = sc.range(0, 10, 1, 1).mapAsync(async (n) => {
    await sleep(1);
    if (n === 7) throw new RangeError("no seven");
    return n;
  });
  const message =
    /mapAsync's function at .*async_test\.ts:\d+:\d+ threw RangeError: no seven\n.*record 7/;
  await refused(() => failing.collect(), "TaskFailed", message);
  const partition = sc.range(0, 10, 1, 1).mapPartitions(async (records) => {
    for await (const n of records) if (n === 4) throw new Error("no four");
    return [];
  });
  await refused(() => partition.count(), "TaskFailed", /mapPartitions's function.*no four\n.* 4/);
  const each = () =>
    sc.range(3).foreach(async (n) => {
      await undefined;
      if (n === 2) throw new Error("no two");
    });
  await refused(each, "TaskFailed", /foreach's function.*no two\n.*record 2/);
});

test("what is not awaited is refused with the cure", async () => {
  const sync = slowly.mapPartitions(async (records) => await Promise.resolve([...records]));
  await refused(() => sync.collect(), "NotAwaited", /mapPartitions's function at .*\n.*for await/);
  const hidden = (n: number) => Promise.resolve(n);
  await refused(() => sc.range(2).map(hidden).collect(), "PromiseReturned", /mapAsync/);
  const both = async (n: number) => await Promise.resolve(n);
  const used = sc.range(2).mapAsync(both).map(both);
  await assert.rejects(used.collect(), ClosureError);
  for (const concurrency of [0, 1.5, -1, Infinity]) {
    assert.throws(() => sc.range(2).mapAsync(both, { concurrency }), PlanError);
  }
  assert.throws(() => sc.range(2).mapAsync(1 as never), PlanError);
});

test("a promise that never settles ends with its job, and the next job runs", async () => {
  const never = sc.range(0, 4, 1, 2).mapAsync(() => new Promise<number>(() => {}));
  const signal = AbortSignal.timeout(200);
  await assert.rejects(never.collect({ signal }), { name: "TimeoutError" });
  assert.equal(await slowly.count(), 40);
});

/** A server on this machine that answers with the number that it is asked for. */
function numberServer() {
  const counts = { running: 0, most: 0, answered: 0 };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    counts.running++;
    counts.most = Math.max(counts.most, counts.running);
    await sleep(5);
    counts.running--;
    counts.answered++;
    return new Response(new URL(request.url).pathname.slice(1));
  });
  return { server, counts, port: server.addr.port };
}

test("records are fetched over the network with the grant, and not without", async () => {
  const { server, counts, port } = numberServer();
  try {
    const fetched = (context: SparkContext) =>
      context.range(0, 20, 1, 1).mapAsync(async (n) => {
        const response = await fetch(`http://127.0.0.1:${port}/${n}`);
        return Number(await response.text());
      }, { concurrency: 4 });
    await refused(
      () => fetched(sc).collect(),
      "PermissionDenied",
      new RegExp(`mapAsync's function at .*--allow-net=127\\.0\\.0\\.1:${port}`, "s"),
    );
    assert.equal(counts.answered, 0);
    await using granted = new SparkContext({
      master: "local[1]",
      conf: { "flint.allow.net": `127.0.0.1:${port}` },
    });
    assert.deepEqual(await fetched(granted).collect(), expected.slice(0, 20).map((n) => n / 10));
    assert.equal(counts.answered, 20);
    assert(counts.most > 1 && counts.most <= 4, `${counts.most} at once`);
  } finally {
    await server.shutdown();
  }
});
