/** `toLocalIterator`: what is computed when, with and without looking ahead. */
import assert from "node:assert/strict";
import { SparkContext, TaskError } from "../../mod.ts";
import { test } from "../helpers/shared_context.ts";

const sc = new SparkContext({ master: "local[2]", conf: { "flint.progress": false } });

/** How many jobs were started, and how those ended that have. */
function watched(): Disposable & { started: () => number; ended: boolean[] } {
  let jobs = 0;
  const ended: boolean[] = [];
  const watch = sc.events.subscribe((event) => {
    if (event.type === "job.started") jobs++;
    if (event.type === "job.ended") ended.push(event.outcome.ok);
  });
  return { started: () => jobs, ended, [Symbol.dispose]: () => watch[Symbol.dispose]() };
}

/** Lets everything happen that needs nobody's asking. */
const rest = () => new Promise((resolve) => setTimeout(resolve, 60));

test("all records in order, with and without prefetch, in every form of the call", async () => {
  const numbers = sc.range(0, 1_000, 1, 7);
  const expected = await numbers.collect();
  for (
    const records of [
      numbers.toLocalIterator(),
      numbers.toLocalIterator(true),
      numbers.toLocalIterator(false, { signal: new AbortController().signal }),
      numbers.toLocalIterator({ prefetch: true }),
    ]
  ) {
    assert.deepEqual(await Array.fromAsync(records), expected);
  }
  assert.deepEqual(await Array.fromAsync(sc.emptyRDD().toLocalIterator({ prefetch: true })), []);
});

test("without prefetch a partition is computed when it is asked for", async () => {
  using jobs = watched();
  const records = sc.range(0, 4, 1, 4).toLocalIterator();
  await rest();
  assert.equal(jobs.started(), 0);
  await records.next();
  await rest();
  assert.equal(jobs.started(), 1);
  await records.next();
  assert.equal(jobs.started(), 2);
  await records.return();
  await rest();
  assert.equal(jobs.started(), 2);
});

test("with prefetch one partition is computed ahead, and no more", async () => {
  using jobs = watched();
  const records = sc.range(0, 4, 1, 4).toLocalIterator({ prefetch: true });
  for (const [asked, started] of [[1, 2], [2, 3], [3, 4], [4, 4]] as const) {
    assert.equal((await records.next()).value, asked - 1);
    await rest();
    assert.equal(jobs.started(), started);
  }
  assert.equal((await records.next()).done, true);
});

test("an error of a later partition shows when that is reached", async () => {
  const failing = sc.range(0, 6, 1, 3).map((n) => {
    if (n >= 2) throw new Error("runtime error");
    return n;
  });
  for (const prefetch of [false, true]) {
    const seen: number[] = [];
    await assert.rejects(async () => {
      for await (const n of failing.toLocalIterator({ prefetch })) {
        await rest();
        seen.push(n);
      }
    }, (error) => error instanceof TaskError && /runtime error/.test(error.message));
    assert.deepEqual(seen, [0, 1]);
  }
});

test("whoever stops early cancels what is on its way", async () => {
  using jobs = watched();
  const spinning = sc.range(0, 2, 1, 2).map((n) => {
    while (n === 1);
    return n;
  });
  for await (const n of spinning.toLocalIterator({ prefetch: true })) {
    assert.equal(n, 0);
    break;
  }
  assert.deepEqual(jobs.ended, [true, false]);
  assert.equal(await sc.range(5).count(), 5);
});

test("a signal ends it, also while a partition is computed ahead", async () => {
  const ending = new AbortController();
  const spinning = sc.range(0, 2, 1, 2).map((n) => {
    while (n === 1);
    return n;
  });
  const records = spinning.toLocalIterator({ prefetch: true, signal: ending.signal });
  assert.equal((await records.next()).value, 0);
  const next = records.next();
  ending.abort(new Error("enough"));
  await assert.rejects(next, /enough/);
  assert.equal(await sc.range(5).count(), 5);
});
