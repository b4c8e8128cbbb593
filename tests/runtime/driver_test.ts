/** What the driver asks of sources and engine, with an engine that runs nothing. */
import assert from "node:assert/strict";
import type { Closure } from "../../core/closure/closure.ts";
import { encodeBlock } from "../../core/codec/codec.ts";
import type { Engine, Job } from "../../core/engine.ts";
import { DraftCapturer } from "../../runtime/capture.ts";
import { Dataset } from "../../runtime/dataset.ts";
import { Driver } from "../../runtime/driver.ts";
import * as actions from "../../runtime/operators/actions.ts";
import * as keyed from "../../runtime/operators/keyed.ts";
import * as narrow from "../../runtime/operators/narrow.ts";
import * as sorting from "../../runtime/operators/sorting.ts";
import { withValues } from "../../shuffle/values.ts";

/** A driver whose engine gives 1 for every wanted partition, the last one first. */
function rig(options: { publish?: () => Promise<void> } = {}) {
  const jobs: Job[] = [];
  const log: string[] = [];
  let failing = 0;
  const engine: Engine = {
    name: "double",
    parallelism: 2,
    filesFolder: "/nowhere",
    async *run(job) {
      await Promise.resolve();
      log.push("run");
      jobs.push(job);
      for (const partition of (job.partitions ?? [0, 1]).toReversed()) {
        yield { partition, blocks: [encodeBlock([partition])] };
      }
    },
    publish: options.publish ?? (() => Promise.resolve()),
    unpersist: () => Promise.resolve(),
    unpublish: () => Promise.resolve(),
    forget: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const driver = new Driver({
    engine,
    capturer: new DraftCapturer({
      capture: (fn): Closure => ({ nodes: [], root: 0, place: "", name: fn.name }),
      placeOf: () => "",
    }),
    async split() {
      await Promise.resolve();
      log.push("split");
      if (failing-- > 0) throw new Error("not yet there");
      return [{ data: 0 }, { data: 1 }];
    },
    output: () => assert.fail("nothing is saved"),
    isGranted: () => false,
    classes: withValues(),
    defaultParallelism: 2,
    exchangePartitions: undefined,
  });
  const source = Dataset.source(driver, "textFile", { format: "text", options: {} });
  return { driver, jobs, log, source, fail: (times: number) => failing = times };
}

Deno.test("values come in the order of the partitions, whatever is ready first", async () => {
  const { source } = rig();
  assert.deepEqual(await actions.collect(source, {}), [0, 1]);
});

Deno.test("a source is looked at once; again, if that failed", async () => {
  const { source, log, fail, driver } = rig();
  fail(1);
  await assert.rejects(actions.count(source, {}), /not yet there/);
  await actions.count(source, {});
  await actions.count(narrow.map(source, (x) => x, {}), {});
  assert.equal(await driver.partitionCount(source.draft), 2);
  assert.deepEqual(log, ["split", "split", "run", "run"]);
});

Deno.test("a signal that has gone off is seen before anything is looked at", async () => {
  const { source, log } = rig();
  const signal = AbortSignal.abort(new Error("late"));
  await assert.rejects(actions.count(source, { signal }), /late/);
  assert.deepEqual(log, []);
});

Deno.test("jobs wait for broadcasts that are on their way, and fail with one that cannot get there", async () => {
  let arrive = (): void => {};
  const arriving = new Promise<void>((resolve) => arrive = resolve);
  const { driver, source, log } = rig({
    publish: () => arriving.then(() => void log.push("published")),
  });
  driver.publish(new Uint8Array());
  const counting = actions.count(source, {});
  setTimeout(arrive, 5);
  await counting;
  assert.deepEqual(log, ["split", "published", "run"]);

  const full = rig({ publish: () => Promise.reject(new Error("disk full")) });
  const id = full.driver.publish(new Uint8Array());
  await assert.rejects(actions.count(full.source, {}), /disk full/);
  // What does not use it goes on; what captures it is told why it is not there.
  assert.equal(await actions.count(full.source, {}), 1);
  assert.throws(() => full.driver.assertPublished(id), /disk full/);
});

Deno.test("take asks one partition, then four times as many", async () => {
  const { source, jobs } = rig();
  const wide = Dataset.union("union", [source, source, source, source]);
  assert.deepEqual(await actions.take(wide, 7, {}), [0, 1, 2, 3, 4, 5, 6]);
  assert.deepEqual(jobs.map((job) => job.partitions), [[0], [1, 2, 3, 4], [5, 6, 7]]);
});

Deno.test("operators as nodes", () => {
  const { source } = rig();
  const fn = (x: unknown) => x;
  const reduced = keyed.reduceByKey(source, fn, { partitions: 3 }).draft;
  assert(reduced.kind === "exchange" && reduced.exchange.kind === "combine");
  assert.deepEqual(reduced.exchange.partitioner, { kind: "hash", partitions: 3 });
  assert.equal(reduced.exchange.mapSide, true);
  assert.equal(reduced.exchange.mergeValue, fn);
  const grouped = keyed.groupByKey(source, { partitionFunction: () => 0 }).draft;
  assert(grouped.kind === "exchange" && grouped.exchange.kind === "group");
  assert.equal(grouped.exchange.partitioner.kind, "custom");
  const changed = keyed.mapValues(source, fn).draft;
  assert(changed.kind === "narrow" && changed.op.keepsKeys === true);
  const kept = narrow.filter(source, fn).draft;
  assert(kept.kind === "narrow" && kept.op.keepsKeys === true);
  const joined = narrow.coalesce(source, 1, false).draft;
  assert(joined.kind === "coalesce" && joined.partitions === 1);
  const dealt = narrow.coalesce(source, 9, true).draft;
  assert(dealt.kind === "exchange" && dealt.exchange.kind === "rebalance");
  const sorted = sorting.sortByKey(source, undefined, { ascending: false }).draft;
  assert(sorted.kind === "exchange" && sorted.exchange.kind === "sort");
  assert.equal(sorted.exchange.ascending, false);
  const by = sorting.sortBy(source, fn, {}).draft;
  assert(by.kind === "narrow" && by.from.kind === "exchange" && by.from.from.kind === "narrow");
});
