import assert from "node:assert/strict";
import { ConfigError } from "../../../core/errors.ts";
import { keysIgnoredLocally, SparkConf } from "../../../runtime/config/spark_conf.ts";

function refused(act: () => unknown, code: string, message: RegExp): void {
  assert.throws(act, (error) => {
    assert(error instanceof ConfigError);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });
}

Deno.test("a memory in which no task can work is refused", () => {
  const conf = new SparkConf().set("flint.worker.memory", "256k");
  refused(
    () => conf.set("spark.python.worker.memory", "255k"),
    "InvalidConfig",
    /"255k".*worker\.memory\n {2}Use 256k or more/,
  );
});

Deno.test("a limit of 0 is none, where there may be none", () => {
  const conf = new SparkConf();
  const key = "spark.driver.maxResultSize";
  assert.equal(conf.getBytes(key), 2 ** 30);
  assert.equal(conf.set(key, "0").getBytes(key), 0);
  assert.equal(conf.set(key, "0g").getBytes(key), 0);
  assert.equal(conf.set(key, "64k").getBytes(key), 65_536);
  refused(() => conf.set(key, "many"), "InvalidConfig", /"many".*maxResultSize/);
  refused(() => conf.set("flint.worker.memory", "0"), "InvalidConfig", /"0".*worker\.memory/);
});

Deno.test("times: a number and a unit", () => {
  const ms = (text: string) =>
    new SparkConf().set("flint.task.timeout", text).getMilliseconds("flint.task.timeout");
  assert.deepEqual(["500ms", " 30 s ", "5m", "5min", "2h", "1d"].map(ms), [
    500,
    30_000,
    300_000,
    300_000,
    7_200_000,
    86_400_000,
  ]);
  assert.equal(new SparkConf().getMilliseconds("flint.task.timeout"), undefined);
  for (const wrong of ["30", "s", "0s", "-1s", "1.5s", "30q", "", "99999999999999d"]) {
    refused(() => ms(wrong), "InvalidConfig", /flint\.task\.timeout\n.*500ms, 30s/);
  }
});

Deno.test("factors, and shares up to what they may be", () => {
  const conf = new SparkConf();
  assert.equal(conf.getFactor("spark.speculation.multiplier"), 3);
  assert.equal(
    conf.set("spark.speculation.multiplier", 1.5).getFactor("spark.speculation.multiplier"),
    1.5,
  );
  assert.equal(
    conf.set("spark.speculation.quantile", 1).getFraction("spark.speculation.quantile"),
    1,
  );
  for (const wrong of ["0.9", "-2", "twice", ""]) {
    const act = () => conf.set("spark.speculation.multiplier", wrong);
    refused(act, "InvalidConfig", /number from 1/);
  }
  const act = () => conf.set("spark.speculation.quantile", "1.1");
  refused(act, "InvalidConfig", /from 0 to 1, such as/);
});

Deno.test("values are checked by the kind of their key", () => {
  const conf = new SparkConf();
  refused(() => conf.set("spark.default.parallelism", "0"), "InvalidConfig", /whole number/);
  refused(() => conf.set("spark.default.parallelism", "1.5"), "InvalidConfig", /"1\.5"/);
  refused(() => conf.set("flint.progress", "yes"), "InvalidConfig", /true or false/);
  for (const wrong of ["1", "-0.1", "0.95", "half", ""]) {
    const act = () => conf.set("spark.memory.storageFraction", wrong);
    refused(act, "InvalidConfig", /from 0 to 0\.9/);
  }
  assert.equal(
    conf.set("spark.memory.storageFraction", 0).getFraction("spark.memory.storageFraction"),
    0,
  );
  conf.set("spark.default.parallelism", 8).set("flint.progress", false);
  assert.equal(conf.getCount("spark.default.parallelism"), 8);
  assert.equal(conf.getBoolean("flint.progress"), false);
  assert.deepEqual(conf.set("spark.local.dir", "/a, /b,").getList("spark.local.dir"), ["/a", "/b"]);
});

Deno.test("an unknown key of ours, or a slip for one of Spark's, is an error", () => {
  const conf = new SparkConf();
  refused(() => conf.set("flint.worker.memroy", "1m"), "UnknownOption", /"flint\.worker\.memory"/);
  refused(() => conf.set("flint.nonsense", "1"), "UnknownOption", /flint\.nonsense/);
  refused(() => conf.set("nonsense", "1"), "UnknownOption", /nonsense/);
  refused(
    () => conf.set("spark.executor.memroy", "1g"),
    "UnknownOption",
    /did you mean "spark\.executor\.memory"/,
  );
  refused(() => conf.set("spark.Master", "local"), "UnknownOption", /"spark\.master"/);
});

Deno.test("other keys of Spark are kept, and known to mean nothing here", () => {
  const conf = new SparkConf({ "spark.executor.cores": "2", "spark.executor.memory": "1g" });
  assert.equal(conf.get("spark.executor.cores"), "2");
  assert.deepEqual(keysIgnoredLocally(conf), ["spark.executor.cores"]);
});

Deno.test("an alias is the same setting", () => {
  const conf = new SparkConf().set("spark.python.worker.memory", "64m");
  assert.equal(conf.get("flint.worker.memory"), "64m");
  conf.set("flint.worker.memory", "32m");
  assert.equal(conf.get("spark.python.worker.memory"), "32m");
  assert.deepEqual(conf.getAll(), [["flint.worker.memory", "32m"]]);
});

Deno.test("get: what was set, the fallback, the default, nothing", () => {
  const conf = new SparkConf();
  assert.equal(conf.get("flint.worker.memory"), "512m");
  assert.equal(conf.get("flint.worker.memory", "1m"), "1m");
  assert.equal(conf.get("spark.local.dir"), undefined);
  assert.equal(conf.contains("flint.worker.memory"), false);
  conf.setIfMissing("spark.app.name", "a").setIfMissing("spark.app.name", "b");
  assert.equal(conf.get("spark.app.name"), "a");
  assert.equal(conf.setMaster("local").toDebugString(), "spark.app.name=a\nspark.master=local");
});
