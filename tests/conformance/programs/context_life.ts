/** How contexts begin and end, and what they tell of themselves. */
import assert from "node:assert/strict";
import { CancelledError, ConfigError, SparkContext } from "@flint/flint";
import { refused } from "../../helpers/shared_context.ts";
import { until } from "../executors.ts";
import type { Program } from "../program.ts";
import { filesBelow } from "../spills.ts";

export const contextLife: readonly Program[] = [
  {
    name: "a master that is none is an error, and leaves no context behind",
    pyspark: "test_context.ContextTests.test_failed_sparkcontext_creation",
    async run() {
      const active = SparkContext.active;
      const make = () => new SparkContext("an-invalid-master-name");
      await refused(make, ConfigError, "InvalidMaster", /an-invalid-master-name/);
      assert.equal(SparkContext.active, active);
    },
  },
  {
    name: "whoever needs some context gets the one that is there",
    pyspark: "test_context.ContextTests.test_get_or_create",
    settings: {},
    run(sc) {
      assert.equal(SparkContext.getOrCreate(), sc);
    },
  },
  {
    name: "what parallelize() is given leaves no file",
    pyspark: "test_context.ContextTests.test_parallelize_eager_cleanup",
    async run(_, kit) {
      const folder = await kit.folder();
      const sc = kit.open({ "spark.local.dir": folder });
      await sc.range(8).count(); // now there is all that an executor brings along
      const before = filesBelow(folder).length;
      const rdd = sc.parallelize([1, 2, 3].map((n) => `${n}`.repeat(100_000)));
      assert.equal(await rdd.count(), 3);
      assert(filesBelow(folder).length <= before);
    },
  },
  {
    // There is no virtual machine whose configuration could be another one.
    name: "settings are those that were given",
    pyspark: "test_context.ContextTests.test_set_conf",
    settings: { "spark.default.parallelism": "3", "flint.worker.memory": "64m" },
    async run(sc) {
      assert.equal(sc.getConf().get("spark.python.worker.memory"), "64m");
      assert.equal(sc.getConf().get("spark.default.parallelism"), "3");
      sc.getConf().set("spark.default.parallelism", "5");
      assert.equal(await sc.range(9).getNumPartitions(), 3);
    },
  },
  {
    name: "a context that was stopped is not the active one",
    pyspark: "test_context.ContextTests.test_stop",
    settings: {},
    async run(sc) {
      assert.equal(SparkContext.active, sc);
      await sc.stop();
      assert.notEqual(SparkContext.active, sc);
      assert.equal(sc.isStopped, true);
    },
  },
  {
    name: "a context ends with its block",
    pyspark: "test_context.ContextTests.test_with",
    async run(_, kit) {
      const active = SparkContext.active;
      let inside: SparkContext;
      {
        await using sc = inside = kit.open();
        assert.equal(SparkContext.active, sc);
        assert.deepEqual(await sc.range(3).collect(), [0, 1, 2]);
      }
      assert.equal(inside.isStopped, true);
      assert.equal(SparkContext.active, active);
    },
  },
  {
    name: "a context ends with its block, also where that throws",
    pyspark: "test_context.ContextTests.test_with_exception",
    async run(_, kit) {
      const active = SparkContext.active;
      const act = async () => {
        await using sc = kit.open();
        await sc.range(3).count();
        throw new RangeError("in the block");
      };
      await assert.rejects(act, RangeError);
      assert.equal(SparkContext.active, active);
    },
  },
  {
    name: "a context may be stopped before its block ends",
    pyspark: "test_context.ContextTests.test_with_stop",
    async run(_, kit) {
      const active = SparkContext.active;
      {
        await using sc = kit.open();
        assert.equal(await sc.range(3).count(), 3);
        await sc.stop();
      }
      assert.equal(SparkContext.active, active);
    },
  },
  {
    name: "progress is told while a job runs, and that it was cancelled",
    pyspark: "test_context.ContextTests.test_progress_api",
    settings: {},
    async run(sc) {
      const tracker = sc.statusTracker();
      const action = sc.withJobGroup("long ones", () =>
        sc.range(0, 10, 1, 10).foreach(() => {
          for (;;);
        }));
      const told = assert.rejects(action, CancelledError);
      await until(() => tracker.getActiveStageIds().length > 0);
      const [jobId] = tracker.getJobIdsForGroup("long ones");
      assert.deepEqual(tracker.getActiveJobsIds(), [jobId]);
      const job = tracker.getJobInfo(jobId!)!;
      assert.equal(job.status, "RUNNING");
      assert.equal(job.stageIds.length, 1);
      assert.equal(tracker.getStageInfo(job.stageIds[0]!)!.numTasks, 10);
      sc.cancelAllJobs();
      await told;
      assert.equal(tracker.getJobInfo(jobId!)!.status, "FAILED");
      assert.deepEqual(tracker.getActiveJobsIds(), []);
      assert.deepEqual(tracker.getActiveStageIds(), []);
    },
  },
  {
    name: "a context knows when it started",
    pyspark: "test_context.ContextTests.test_startTime",
    run(sc) {
      assert(sc.startTime > 0 && sc.startTime <= Date.now());
    },
  },
  {
    // The socket of the executors stands for the gateway to the virtual machine.
    name: "nobody gets in without the secret of an executor",
    pyspark: "test_context.ContextTests.test_forbid_insecure_gateway",
    async run(_, kit) {
      const folder = await kit.folder();
      const sc = kit.open({ "spark.local.dir": folder });
      assert.equal(await sc.range(3).count(), 3);
      const [own] = Array.from(Deno.readDirSync(folder), ({ name }) => `${folder}/${name}`);
      assert.equal(Deno.statSync(own!).mode! & 0o777, 0o700);
      for (const said of ["", "GET / HTTP/1.1\r\n\r\n", "\x00".repeat(100)]) {
        using connection = await Deno.connect({ transport: "unix", path: `${own}/socket` });
        if (said !== "") await connection.write(new TextEncoder().encode(said));
        await connection.closeWrite();
        const answer = await connection.read(new Uint8Array(10)).catch(() => null);
        assert.equal(answer, null);
      }
      assert.equal(await sc.range(3).count(), 3);
    },
  },
  {
    name: "a task cannot make a context",
    pyspark: "test_context.ContextTests.test_disallow_to_create_spark_context_in_executors",
    async run(sc) {
      const act = () => sc.range(2).foreach(() => void new SparkContext());
      await assert.rejects(act, { code: "ContextOnlyOnDriver" });
    },
  },
];
