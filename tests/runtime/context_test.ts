/** What a context is asked about itself, and the ways to make one. */
import assert from "node:assert/strict";
import {
  ConfigError,
  type Event,
  PlanError,
  SparkConf,
  SparkContext,
  TaskContext,
  VERSION,
} from "../../mod.ts";
import { refused, test } from "../helpers/shared_context.ts";

const sc = new SparkContext("local[3]", "a name", { "spark.ui.retainedJobs": 7 });

test("PySpark's positional form, a SparkConf and our options mean the same", async () => {
  assert.deepEqual([sc.master, sc.appName], ["local[3]", "a name"]);
  assert.equal(sc.getConf().getCount("spark.ui.retainedJobs"), 7);
  const conf = new SparkConf().setMaster("local").setAppName("of a conf");
  await using other = new SparkContext(conf);
  assert.deepEqual([other.master, other.appName], ["local", "of a conf"]);
});

test("what a context says of itself", async () => {
  const before = Date.now();
  await using other = new SparkContext("local");
  assert(other.startTime >= before && other.startTime <= Date.now());
  assert.deepEqual(
    [sc.version, sc.isLocal, sc.isStopped, sc.uiWebUrl, sc.resources.size],
    [VERSION, true, false, undefined, 0],
  );
  assert.deepEqual([sc.defaultMinPartitions, other.defaultMinPartitions], [2, 1]);
  assert.notEqual(sc.sparkUser(), "");
  assert.deepEqual(SparkContext.PACKAGE_EXTENSIONS, [".zip", ".egg", ".jar"]);
  assert.equal(sc.range(1).getResourceProfile(), undefined);
  // The conf that it gives is a copy.
  sc.getConf().set("spark.default.parallelism", 9);
  assert.equal(sc.getConf().contains("spark.default.parallelism"), false);
});

test("the active context is the one that was made last and has not been stopped", async () => {
  assert.equal(SparkContext.active, sc);
  const other = new SparkContext("local");
  assert.equal(SparkContext.active, other);
  assert.equal(SparkContext.getOrCreate({ name: "ignored" }), other);
  await other.stop();
  assert.equal(other.isStopped, true);
  assert.equal(SparkContext.getOrCreate(), sc);
});

test("no context: getOrCreate makes one, of a SparkConf too", async () => {
  const code = `import { SparkConf, SparkContext } from ${
    JSON.stringify(import.meta.resolve("../../mod.ts"))
  };
    const sc = SparkContext.getOrCreate(new SparkConf().setMaster("local").setAppName("made"));
    console.log(sc.appName, SparkContext.active === sc);`;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", code] }).output();
  assert.equal(new TextDecoder().decode(stdout).trim(), "made true");
});

test("above WARN, warnings are not told", async () => {
  await using quiet = new SparkContext("local");
  const warnings: string[] = [];
  quiet.events.subscribe((event: Event) => {
    if (event.type === "warning") warnings.push(event.message);
  });
  const fails = {
    onJobStart() {
      throw new Error("in a listener");
    },
  };
  quiet.addSparkListener(fails);
  quiet.setLogLevel("OFF");
  await quiet.range(1).count();
  assert.deepEqual(warnings, []);
  quiet.setLogLevel("info");
  assert.equal(quiet.getLogLevel(), "INFO");
  await quiet.range(1).count();
  assert.equal(warnings.length, 1);
  await refused(() => quiet.setLogLevel("loud" as never), PlanError, "InvalidArgument", /"loud"/);
  await using set = new SparkContext({ master: "local", conf: { "spark.log.level": "error" } });
  assert.equal(set.getLogLevel(), "ERROR");
});

test("runJob: wanted partitions in their order, also twice; without them all", async () => {
  const rdd = sc.range(0, 6, 1, 3);
  const doubled = function* (numbers: Iterable<number>) {
    for (const n of numbers) yield [TaskContext.get()!.partitionId(), n * 2];
  };
  assert.deepEqual(await sc.runJob(rdd, doubled, [2, 0, 2]), [
    [2, 8],
    [2, 10],
    [0, 0],
    [0, 2],
    [2, 8],
    [2, 10],
  ]);
  assert.equal((await sc.runJob(rdd, doubled)).length, 6);
  assert.deepEqual(await sc.runJob(rdd, doubled, { partitions: [] }), []);
  const stopped = AbortSignal.abort(new Error("enough"));
  await assert.rejects(sc.runJob(rdd, doubled, { signal: stopped }), /enough/);
  for (const [partitions, message] of [[[3], /no partition 3/], [[-1], /-1/], [[0.5], /0\.5/]]) {
    const call = () => sc.runJob(rdd, doubled, partitions as number[]);
    await refused(call, PlanError, "InvalidArgument", message as RegExp);
  }
});

test("names that only the JVM, SQL or Python can serve say what to use instead", async () => {
  const rdd = sc.range(1);
  const calls = [
    () => sc.sequenceFile("a"),
    () => sc.hadoopFile("a"),
    () => sc.hadoopRDD(),
    () => sc.newAPIHadoopFile("a"),
    () => sc.newAPIHadoopRDD(),
    () => sc.showProfiles(),
    () => sc.dumpProfiles("a"),
    () => rdd.saveAsHadoopDataset({}),
    () => rdd.saveAsHadoopFile("a"),
    () => rdd.saveAsNewAPIHadoopDataset({}),
    () => rdd.saveAsNewAPIHadoopFile("a"),
    () => rdd.saveAsSequenceFile("a"),
    () => rdd.toDF(),
    () => rdd.withResources({}),
  ];
  for (const call of calls) {
    await refused(call, PlanError, "NotAvailable", /^Cannot call \w+\(\): .*\n {2}\S.{20}/);
  }
});

test("an old name does what the new one does", async () => {
  const parts = sc.parallelize([1, 2, 3, 4], 4)
    .mapPartitionsWithSplit((index, _) => [index]);
  assert.equal(await parts.sum(), 6);
});

test("executors have the environment that they were given; tasks see what they may", async () => {
  const conf = new SparkConf().setExecutorEnv({ FLINT_SEEN: "1", FLINT_HIDDEN: "2" })
    .setExecutorEnv([["FLINT_PAIR", "3"]])
    .set("flint.allow.env", "FLINT_SEEN,FLINT_PAIR");
  await using given = new SparkContext("local", "env", conf);
  const read = (name: string) => given.range(1).map(() => Deno.env.get(name)).first();
  assert.deepEqual([await read("FLINT_SEEN"), await read("FLINT_PAIR")], ["1", "3"]);
  await assert.rejects(read("FLINT_HIDDEN"), /FLINT_HIDDEN/);
  assert.equal(Deno.env.get("FLINT_SEEN"), undefined);
});

test("under FAIR a short job of another pool passes a long one of many tasks", async () => {
  const conf = { "spark.scheduler.mode": "fair", "flint.scheduler.pools": "fast=2" };
  await using fair = new SparkContext("local", "pools", conf);
  await fair.range(1).count();
  const order: (string | undefined)[] = [];
  const pools = new Map<number, string | undefined>();
  fair.addSparkListener({
    onJobStart: ({ job, properties }) => pools.set(job, properties["spark.scheduler.pool"]),
    onJobEnd: ({ job }) => void order.push(pools.get(job)),
  });
  const job = (pool: string, tasks: number) =>
    fair.withLocalProperties(
      { "spark.scheduler.pool": pool },
      () => fair.range(tasks, { partitions: tasks }).count(),
    );
  await Promise.all([job("slow", 12), job("fast", 2)]);
  assert.deepEqual(order, ["fast", "slow"]);
});

test("settings of sharing are checked when they are set", () => {
  const conf = new SparkConf();
  for (
    const [key, value] of [
      ["spark.scheduler.mode", "FASTEST"],
      ["flint.scheduler.pools", "fast"],
      ["flint.scheduler.pools", "fast=0"],
      ["flint.scheduler.pools", "=1"],
      ["spark.ui.retainedJobs", "0"],
      ["spark.log.level", "LOUD"],
    ] as const
  ) {
    assert.throws(() => conf.set(key, value), ConfigError, `${key}=${value}`);
  }
  assert.throws(() => conf.setExecutorEnv("A=B", "1"), ConfigError);
  assert.throws(() => conf.setExecutorEnv("", "1"), ConfigError);
  return Promise.resolve();
});

test("system properties are defaults of the settings made from then on", () => {
  SparkContext.setSystemProperty("spark.ui.retainedStages", "5");
  SparkContext.setSystemProperty("file.encoding", "UTF-8");
  try {
    assert.equal(new SparkConf().getCount("spark.ui.retainedStages"), 5);
    assert.equal(
      new SparkConf({ "spark.ui.retainedStages": 6 }).get("spark.ui.retainedStages"),
      "6",
    );
    assert.equal(new SparkConf(false).contains("spark.ui.retainedStages"), false);
    assert.equal(new SparkConf(true).contains("spark.ui.retainedStages"), true);
    assert.equal(SparkContext.getSystemProperty("file.encoding"), "UTF-8");
    assert.equal(SparkContext.getSystemProperty("no.such"), undefined);
    assert.throws(() => SparkContext.setSystemProperty("spark.ui.retainedJobs", "x"), ConfigError);
  } finally {
    SparkContext.setSystemProperty("spark.ui.retainedStages", "1000");
  }
  return Promise.resolve();
});
