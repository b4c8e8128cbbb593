/** Jobs as such: groups that are cancelled, and how many stages a join has. */
import assert from "node:assert/strict";
import { CancelledError, type RDD, type SparkContext } from "@flint/flint";
import type { Program } from "../program.ts";

/** How many stages the one job of a group had, those included whose output was there already. */
function stagesOf(sc: SparkContext, group: string): number {
  const tracker = sc.statusTracker();
  const [id, ...others] = tracker.getJobIdsForGroup(group);
  assert.deepEqual(others, []);
  return tracker.getJobInfo(id!)!.stageIds.length;
}

/** Settles when so many tasks of a group run at the same time. */
function running(sc: SparkContext, group: string, count: number): Promise<void> {
  const tracker = sc.statusTracker();
  return new Promise((resolve) => {
    const listening = sc.events.subscribe(() => {
      const stages = tracker.getJobIdsForGroup(group)
        .filter((id) => tracker.getJobInfo(id)?.status === "RUNNING")
        .flatMap((id) => tracker.getJobInfo(id)!.stageIds);
      const active = stages.map((id) => tracker.getStageInfo(id)?.numActiveTasks ?? 0);
      if (active.reduce((sum, tasks) => sum + tasks, 0) < count) return;
      listening[Symbol.dispose]();
      resolve();
    });
  });
}

export const jobs: readonly Program[] = [
  {
    name: "the jobs of one group are cancelled, those of another end well",
    pyspark: "test_rdd.test_multiple_group_jobs",
    async run(sc) {
      const inGroup = (group: string, work: (n: number) => number) =>
        sc.range(7, 8, 1, 1).map(work).collectWithJobGroup(group, `one of ${group}`);
      const short = (n: number) => n;
      const endless = (n: number) => {
        for (;;) if (n < 0) return n;
      };
      assert.deepEqual(await inGroup("to cancel", short), [7]);

      const bothRun = running(sc, "to cancel", 2);
      const started = [
        inGroup("to cancel", endless),
        inGroup("to run", short),
        inGroup("to cancel", endless),
        inGroup("to run", short),
      ];
      const ended = Promise.allSettled(started);
      await bothRun;
      sc.cancelJobGroup("to cancel");
      const [first, second, third, fourth] = await ended;
      for (const outcome of [second, fourth]) {
        assert.deepEqual(outcome, { status: "fulfilled", value: [7] });
      }
      for (const outcome of [first, third]) {
        assert(outcome?.status === "rejected" && outcome.reason instanceof CancelledError);
      }
      assert.deepEqual(await inGroup("to cancel", short), [7]);
    },
  },
  {
    name: "what is partitioned alike is joined where it lies",
    pyspark: "test_join.test_narrow_dependency_in_join",
    async run(sc) {
      const pairs = sc.range(10).map((n) => [n, n]);
      const parted = pairs.partitionBy(2);
      const own = await pairs.getNumPartitions();
      assert.equal(await parted.union(parted).getNumPartitions(), 2);
      assert.equal(await parted.union(pairs).getNumPartitions(), own + 2);
      assert.equal(await pairs.union(parted).getNumPartitions(), own + 2);

      const cases: readonly [group: string, other: RDD<[number, number]>, stages: number][] = [
        ["parted alike", parted, 2],
        ["parted otherwise", pairs, 3],
      ];
      for (const [group, other, stages] of cases) {
        const joined = await sc.withJobGroup(`join, ${group}`, () => parted.join(other).collect());
        assert.equal(joined.length, 10);
        assert.deepEqual(joined.toSorted(([a], [b]) => a - b)[0], [0, [0, 0]]);
        assert.equal(stagesOf(sc, `join, ${group}`), stages);

        const grouped = parted.cogroup(other)
          .mapValues((sides) => sides.map((side) => side.toArray()));
        const sides = await sc.withJobGroup(`cogroup, ${group}`, () => grouped.collectAsMap());
        assert.equal(sides.size, 10);
        assert.deepEqual(sides.get(0), [[0], [0]]);
        assert.equal(stagesOf(sc, `cogroup, ${group}`), stages);
      }
    },
  },
];
