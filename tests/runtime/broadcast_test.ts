/** Broadcasts on a real engine: what tasks see, how long it stays, and where it is refused. */
import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Broadcast, ClosureError, PlanError, RecordError, SparkContext } from "../../mod.ts";
import { refused, test } from "../helpers/shared_context.ts";

const folder = await Deno.makeTempDir();
/** One executor of one slot: all tasks run in the same worker. */
const sc = new SparkContext({ master: "local", conf: { "spark.local.dir": folder } });
Deno.test.afterAll(async () => {
  await sc.stop();
  await Deno.remove(folder, { recursive: true });
});

/** The files of broadcasts below a folder. */
function filesIn(path: string): string[] {
  return [...Deno.readDirSync(path)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(`${path}/${name}`) : name.startsWith("broadcast-") ? [name] : []
  );
}

/** Marks the value of a broadcast, and tells whether somebody did it before. */
function markedBefore(broadcast: Broadcast<{ marked?: boolean }>): Promise<boolean[]> {
  return sc.range(0, 2, 1, 2).map(() => {
    const { value } = broadcast;
    const before = value.marked === true;
    value.marked = true;
    return before;
  }).collect();
}

test("a worker decodes a broadcast once, until it is told to let go or has no use for it", async () => {
  const one = sc.broadcast<{ marked?: boolean }>({});
  const two = sc.broadcast<{ marked?: boolean }>({});
  assert.deepEqual(await markedBefore(one), [false, true]);
  assert.deepEqual(await markedBefore(one), [true, true], "nor is it decoded for each stage");
  await one.unpersist();
  assert.deepEqual(await markedBefore(one), [false, true]);
  assert.deepEqual(await markedBefore(two), [false, true]);
  assert.deepEqual(await markedBefore(one), [false, true], "stages of other use came between");
  assert.deepEqual(one.value, {});
});

class Point {
  readonly x: number;
  constructor(x: number) {
    this.x = x;
  }
}

test("instances in a broadcast are of the class that the task has", async () => {
  sc.registerClass(Point);
  const points = sc.broadcast(new Map([["a", new Point(1)]]));
  const of = sc.range(0, 4, 1, 4).map(() => points.value.get("a") instanceof Point);
  assert.deepEqual(await of.collect(), [true, true, true, true]);
  const lengths = sc.range(0, 2, 1, 2).map(() => points.value.get("a")!.x);
  assert.deepEqual(await lengths.collect(), [1, 1], "also where no function names the class");
});

test("a broadcast may be larger than what a message or a task's budget holds", async () => {
  await using small = new SparkContext({
    master: "local",
    conf: { "flint.worker.memory": "1m" },
  });
  const bytes = new Uint8Array(64 << 20).fill(7);
  bytes[bytes.length - 1] = 8;
  const text = "0123456789abcdef".repeat(1 << 17); // 2 MB
  const large = small.broadcast({ bytes, texts: [text, `${text}!`] });
  const seen = await small.range(0, 2, 1, 2).map(() => {
    const { bytes, texts } = large.value;
    return [bytes.length, bytes[0], bytes.at(-1), texts[1]!.length];
  }).collect();
  assert.deepEqual(seen, [[64 << 20, 7, 8, (2 << 20) + 1], [64 << 20, 7, 8, (2 << 20) + 1]]);
});

test("many broadcasts in one function", async () => {
  const all = Array.from({ length: 100 }, (_, i) => sc.broadcast(i));
  assert.deepEqual(await sc.range(1).map(() => all.map(({ value }) => value)).collect(), [
    Array.from({ length: 100 }, (_, i) => i),
  ]);
});

test("what has been destroyed is refused where it is used", async () => {
  const gone = sc.broadcast([1]);
  const files = filesIn(folder).length;
  await gone.destroy(true);
  assert.equal(filesIn(folder).length, files - 1);
  await gone.destroy();
  assert.throws(() => gone.value, { code: "NotAvailable" });
  await refused(() => gone.unpersist(), PlanError, "NotAvailable", /has been destroyed/);
  const use = () => sc.range(1).map(() => gone.value).collect();
  await refused(use, ClosureError, "NotShippable", /"gone", which is a broadcast that has been/);
  const inBlock = () => {
    using brief = sc.broadcast("brief");
    return brief;
  };
  const brief = inBlock();
  await refused(() => brief.value, PlanError, "NotAvailable", /destroyed/);
});

test("a job that has captured a broadcast fails where it is destroyed before it is read", async () => {
  const table = sc.broadcast([1]);
  const running = sc.range(1).map(() => table.value).collect();
  const told = assert.rejects(running, (error: Error & { code?: string }) => {
    assert(error instanceof PlanError, error.stack);
    assert.equal(error.code, "NotAvailable");
    assert.match(error.message, /broadcast \d+ in a task: it has been destroyed\n {2}Destroy it/);
    return true;
  });
  await Promise.all([table.destroy(), told]);
  assert.equal(await sc.range(3).count(), 3);
});

test("a task can neither let go of a broadcast nor destroy it", async () => {
  const table = sc.broadcast([1]);
  for (const act of [() => table.unpersist(), () => table.destroy()]) {
    await refused(
      () => sc.range(1).map(act).count(),
      PlanError,
      "ContextOnlyOnDriver",
      /(unpersist|destroy)\(\) of broadcast \d+ in a task\n {2}Call it on the driver/,
    );
  }
});

test("what cannot be broadcast is refused at once", async () => {
  const values: [unknown, string, RegExp][] = [
    [sc, "ContextOnlyOnDriver", /SparkContext/],
    [{ rdds: [sc.range(1)] }, "ContextOnlyOnDriver", /RDD/],
    [{ inner: [() => 1] }, "NotSerializable", /inner\[0\]/],
    [Promise.resolve(1), "NotSerializable", /Promise/],
    [[sc.broadcast(1)], "NotSerializable", /\[0\] is a broadcast, which travels in functions/],
    [sc.accumulator(0), "NotSerializable", /it is an accumulator, which travels in functions/],
  ];
  for (const [value, code, message] of values) {
    await refused(() => sc.broadcast(value), RecordError, code, message);
  }
});

test("neither broadcasts nor accumulators are records", async () => {
  const [table, sum] = [sc.broadcast(1), sc.longAccumulator()];
  for (const [shared, what] of [[table, "a broadcast"], [sum, "an accumulator"]] as const) {
    await refused(
      () => sc.range(1).map(() => ({ shared }) as unknown as string).collect(),
      RecordError,
      "NotSerializable",
      new RegExp(`\\.shared is ${what}, which travels in functions and not in records\\n {2}Use`),
    );
  }
});

test("a broadcast goes with the last that can reach it", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const place = `${folder}/own`;
  await Deno.mkdir(place);
  await using own = new SparkContext({ master: "local", conf: { "spark.local.dir": place } });
  const left = async (wanted: number) => {
    for (let tries = 0; tries < 50 && filesIn(place).length !== wanted; tries++) {
      collectGarbage();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return filesIn(place).length;
  };
  const shuffled = () => {
    const offset = own.broadcast(10);
    own.broadcast("nobody's");
    return own.range(4).map((n): [number, number] => [n % 2, n + offset.value])
      .reduceByKey((a, b) => a + b);
  };
  let kept: ReturnType<typeof shuffled> | undefined = shuffled();
  assert.deepEqual((await kept.collect()).sort(), [[0, 22], [1, 24]]);
  assert.equal(await left(1), 1, "the one that the dataset reaches");
  assert.deepEqual((await kept.collect()).sort(), [[0, 22], [1, 24]]);
  kept = undefined;
  assert.equal(await left(0), 0);
});
