/** Groups, tags and local properties, and who is cancelled by them. */
import assert from "node:assert/strict";
import { CancelledError, PlanError, SparkContext, TaskContext } from "../../mod.ts";
import { refused, test } from "../helpers/shared_context.ts";

const sc = new SparkContext({ master: "local[2]" });
const spin = (n: number): number => {
  for (;;) if (Date.now() < 0) return n;
};
const property = (key: string) =>
  sc.range(1).map(() => TaskContext.get()?.getLocalProperty(key)).first();

/** Asserts that an action ends with a CancelledError whose message is like that. */
async function cancelled(action: Promise<unknown>, message: RegExp): Promise<void> {
  await refused(() => action, CancelledError, "Cancelled", message);
}

test("calls that run at the same time have groups of their own, also after they have waited", async () => {
  const inGroup = (id: string) =>
    sc.withJobGroup(id, async () => {
      const before = await property("spark.jobGroup.id");
      await new Promise((resolve) => setTimeout(resolve, 5));
      return [before, await property("spark.jobGroup.id")];
    });
  const found = await Promise.all([inGroup("a"), inGroup("b"), property("spark.jobGroup.id")]);
  assert.deepEqual(found, [["a", "a"], ["b", "b"], undefined]);
});

test("a scope inside of another begins as its copy, and changes nothing outside", async () => {
  await sc.withJobGroup("outer", { description: "why", tags: ["x"], pool: "p" }, async () => {
    sc.setLocalProperty("own", "1");
    await sc.withJobGroup("inner", { tags: ["y"] }, async () => {
      assert.deepEqual(sc.getJobTags(), new Set(["x", "y"]));
      assert.equal(sc.getLocalProperty("spark.scheduler.pool"), "p");
      // A description says what one group is for.
      assert.equal(sc.getLocalProperty("spark.job.description"), undefined);
      sc.setLocalProperty("own", "2");
      sc.addJobTag("z");
      assert.equal(await property("own"), "2");
    });
    assert.equal(sc.getLocalProperty("own"), "1");
    assert.deepEqual(sc.getJobTags(), new Set(["x"]));
    assert.equal(sc.getLocalProperty("spark.jobGroup.id"), "outer");
  });
  assert.equal(sc.getLocalProperty("own"), undefined);
  assert.deepEqual(sc.getJobTags(), new Set());
});

test("PySpark's way: what is set holds until it is changed", async () => {
  sc.setJobGroup("g", "of numbers", true);
  sc.addJobTag("t");
  sc.addJobTag("t");
  sc.addJobTag("u");
  sc.removeJobTag("u");
  sc.removeJobTag("never there");
  assert.deepEqual(
    [
      await property("spark.jobGroup.id"),
      await property("spark.job.description"),
      await property("spark.job.interruptOnCancel"),
      await property("spark.job.tags"),
    ],
    ["g", "of numbers", "true", "t"],
  );
  sc.setJobDescription("of letters");
  sc.setInterruptOnCancel(false);
  assert.equal(sc.getLocalProperty("spark.job.description"), "of letters");
  assert.equal(sc.getLocalProperty("spark.job.interruptOnCancel"), "false");
  sc.clearJobGroup();
  sc.clearJobTags();
  assert.equal(await property("spark.jobGroup.id"), undefined);
  assert.equal(await property("spark.job.tags"), undefined);
});

test("an action takes along what holds in its call", async () => {
  sc.setLocalProperty("when", "called");
  const found = property("when");
  sc.setLocalProperty("when", "later");
  assert.equal(await found, "called");
  sc.setLocalProperty("when", null);
  assert.equal(await property("when"), undefined);
});

test("an action of two jobs has one call: both have its properties and functions", async () => {
  let factor = 1;
  sc.setLocalProperty("call", "first");
  const seen: (string | undefined)[] = [];
  const listener = {
    onJobStart: ({ properties }: { properties: Readonly<Record<string, string>> }) =>
      void seen.push(properties["call"]),
  };
  sc.addSparkListener(listener);
  const counts = sc.range(8).map((n) => n * factor).histogram(2);
  const taken = sc.range(8).map((n) => n * factor).takeSample(3, { seed: 1 });
  sc.setLocalProperty("call", undefined);
  factor = 100;
  assert.deepEqual(await counts, [[0, 3.5, 7], [4, 4]]);
  assert((await taken).every((n) => n < 8));
  sc.removeSparkListener(listener);
  assert.deepEqual(seen, ["first", "first", "first", "first"]);
});

test("a group is cancelled with the jobs that run and those that wait for their sources", async () => {
  const [collected, taken, reduced, other] = [
    sc.withJobGroup("doomed", () => sc.range(4).map(spin).collect()),
    sc.withJobGroup("doomed", () => sc.range(4).map(spin).take(3)),
    sc.withJobGroup("doomed", () => sc.range(4).map((n) => [spin(n), 1]).countByKey()),
    sc.withJobGroup("spared", () => sc.range(4).sum()),
  ];
  sc.cancelJobGroup("doomed");
  const message =
    /^\w+ at job_groups_test\.ts:\d+:\d+ was cancelled by sc\.cancelJobGroup\("doomed"\) at job_groups_test\.ts:\d+:\d+$/;
  await Promise.all([collected, taken, reduced].map((action) => cancelled(action, message)));
  assert.equal(await other, 6);
  // What is called afterwards runs, in the same group as well.
  assert.equal(await sc.withJobGroup("doomed", () => sc.range(4).sum()), 6);
});

test("a job that spins in its tasks is cancelled, and the next one finds its executors", async () => {
  const started = Promise.withResolvers<number>();
  const listener = { onTaskStart: ({ job }: { job: number }) => started.resolve(job) };
  sc.addSparkListener(listener);
  const spinning = sc.withJobGroup("spin", { tags: ["hot"] }, () => sc.range(2).map(spin).count());
  const job = await started.promise;
  sc.removeSparkListener(listener);
  sc.cancelJob(job + 1_000);
  sc.cancelJobsWithTag("cold");
  sc.cancelJobsWithTag("hot", { reason: "over budget" });
  await cancelled(spinning, /sc\.cancelJobsWithTag\("hot"\) at .*: over budget$/);
  assert.equal(await sc.range(10).count(), 10);
});

test("one job is cancelled by its number", async () => {
  const started = Promise.withResolvers<number>();
  const listener = { onJobStart: ({ job }: { job: number }) => started.resolve(job) };
  sc.addSparkListener(listener);
  const spinning = sc.range(2).map(spin).count();
  const job = await started.promise;
  sc.removeSparkListener(listener);
  const other = sc.range(2).count();
  sc.cancelJob(job);
  await cancelled(spinning, new RegExp(`sc\\.cancelJob\\(${job}\\)`));
  assert.equal(await other, 2);
});

test("all jobs are cancelled, an iteration between two of its jobs as well", async () => {
  const iteration = sc.range(4, { partitions: 4 }).toLocalIterator();
  assert.equal((await iteration.next()).value, 0);
  const spinning = sc.range(2).map(spin).count();
  sc.cancelAllJobs();
  await cancelled(spinning, /sc\.cancelAllJobs\(\)/);
  await cancelled(iteration.next(), /^toLocalIterator at .*sc\.cancelAllJobs\(\)/);
});

test("a save that is cancelled leaves nothing", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const save = sc.withJobGroup(
      "save",
      () => sc.range(2).map(spin).saveAsTextFile(`${folder}/out`),
    );
    sc.cancelJobGroup("save");
    await cancelled(save, /^saveAsTextFile at/);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

test("collectWithJobGroup collects in a group, and leaves that of outside", async () => {
  const found = await sc.range(1).map(() =>
    TaskContext.get()?.getLocalProperty("spark.jobGroup.id")
  )
    .collectWithJobGroup("once", "only here");
  assert.deepEqual(found, ["once"]);
  assert.equal(sc.getLocalProperty("spark.jobGroup.id"), undefined);
});

test("what is no group, tag or property is refused in the call", async () => {
  const wrong = [
    () => sc.withJobGroup(1 as never, () => 1),
    () => sc.withJobGroup("a", "b" as never),
    () => sc.withJobGroup("a", { tags: ["b,c"] }, () => 1),
    () => sc.withLocalProperties({ a: 1 as never }, () => 1),
    () => sc.setJobGroup(undefined as never),
    () => sc.setLocalProperty("a", 1 as never),
    () => sc.addJobTag(""),
    () => sc.addJobTag("a,b"),
    () => sc.cancelJobsWithTag("a,b"),
    () => sc.cancelJobGroup(3 as never),
    () => sc.cancelJob(-1),
  ];
  for (const call of wrong) {
    await refused(call, PlanError, "InvalidArgument", /^Cannot call \w+\(\)/);
  }
  assert.equal(sc.withJobGroup("a", () => 7), 7);
});
