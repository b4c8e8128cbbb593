/** Operations that wait: how many calls at once, in which order, and how they end. */
import assert from "node:assert/strict";
import { Blame } from "../../../workers/pipeline/blame.ts";
import { recordsLater } from "../../../workers/pipeline/call_later.ts";
import { type AnyBatches, Feed } from "../../../workers/pipeline/feed.ts";
import { mapAsync } from "../../../workers/pipeline/map_async.ts";
import { patient } from "./waiting_rig.ts";

const step = { kind: "mapAsync", place: "job.ts:1:9" };

/** Calls that end when the test says so. */
class Service {
  readonly running = new Map<unknown, PromiseWithResolvers<unknown>>();
  started = 0;
  runningMost = 0;

  readonly call = async (record: unknown): Promise<unknown> => {
    const answer = Promise.withResolvers<unknown>();
    this.running.set(record, answer);
    this.started++;
    this.runningMost = Math.max(this.runningMost, this.running.size);
    try {
      return await answer.promise;
    } finally {
      this.running.delete(record);
    }
  };

  answer(record: unknown): void {
    this.running.get(record)!.resolve(`answer ${record}`);
  }
}

/** Lets everything happen that does not wait for the test. */
function quiet(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function running(batches: AnyBatches, concurrency: number) {
  const service = new Service();
  const blame = new Blame();
  const results = mapAsync(step, service.call, concurrency, batches, blame, patient);
  return { service, blame, results };
}

Deno.test("calls run side by side, never more than allowed, across batches", async () => {
  const { service, results } = running([[1, 2], [3], [4, 5, 6]], 3);
  const all = Array.fromAsync(results);
  for (const answered of [2, 3, 1, 6, 5, 4]) {
    await quiet();
    assert.equal(service.running.size, Math.min(3, 6 - service.started + service.running.size));
    service.answer(service.running.has(answered) ? answered : [...service.running.keys()].at(-1));
  }
  assert.deepEqual((await all).flat(), [1, 2, 3, 4, 5, 6].map((n) => `answer ${n}`));
  assert.equal(service.runningMost, 3);
});

Deno.test("a result is handed on while later ones are on their way", async () => {
  const { service, results } = running([[1, 2, 3]], 2);
  const first = results.next();
  await quiet();
  service.answer(1);
  assert.deepEqual((await first).value, ["answer 1"]);
  assert.deepEqual([...service.running.keys()], [2, 3]);
  const closed = results.return(undefined);
  await quiet();
  service.answer(2);
  service.answer(3);
  await closed;
});

Deno.test("no call runs far ahead of the oldest one", async () => {
  const batches = Array.from(
    { length: 10 },
    (_, k) => Array.from({ length: 500 }, (_, i) => [k, i]),
  );
  let started = 0;
  const first = Promise.withResolvers<void>();
  const fn = async () => {
    if (started++ === 0) await first.promise;
  };
  const results = Array.fromAsync(mapAsync(step, fn, 4, batches, new Blame(), patient));
  await quiet();
  assert.equal(started, 4 + 1024);
  first.resolve();
  assert.equal((await results).flat().length, 5000);
});

Deno.test("a call that rejects is blamed with its record, once the others have ended", async () => {
  const { service, blame, results } = running([[1, 2, 3]], 2);
  const next = results.next();
  let failed = false;
  next.catch(() => failed = true);
  await quiet();
  const boom = new TypeError("boom");
  service.running.get(2)!.reject(boom);
  await quiet();
  assert.equal(failed, false, "1 still runs");
  service.answer(1);
  await assert.rejects(next, boom);
  assert.deepEqual(blame.of(boom), { step, record: { value: 2 } });
  assert.equal(service.started, 2);
});

Deno.test("a failure is noticed while input is waited for", async () => {
  const closed = Promise.withResolvers<void>();
  const input = async function* () {
    try {
      yield [1];
      await closed.promise;
    } finally {
      closed.resolve();
    }
  };
  const { service, results } = running(input(), 2);
  const next = results.next();
  await quiet();
  service.running.get(1)!.reject(null);
  closed.resolve();
  await assert.rejects(next, (error) => error === null);
});

Deno.test("a failure of the input is told to whoever asks next, also if somebody heard it before", async () => {
  const lost = new RangeError("lost");
  const feed = new Feed(
    (async function* () {
      yield [1];
      await Promise.resolve();
      throw lost;
    })(),
    patient,
  );
  await feed.ready();
  assert.deepEqual(feed.next().value, [1]);
  // As in a race that something else has won.
  feed.ready().catch(() => {});
  await quiet();
  assert.equal(feed.isReady, true);
  await assert.rejects(feed.ready(), lost);
  assert.throws(() => feed.next(), lost);
});

Deno.test("of calls that fail in several operations each error is known with its record", () => {
  const blame = new Blame();
  const [first, second] = [new Error("first"), new Error("second")];
  blame.on(first, step, { value: 1 });
  blame.on(second, step, { value: 2 });
  blame.on(first, step, { value: 3 });
  blame.on("text", step, { value: 4 });
  assert.deepEqual([first, second, "text"].map((error) => blame.of(error)?.record?.value), [
    1,
    2,
    4,
  ]);
  blame.notTheUser(7);
  assert.deepEqual([blame.of(7), blame.of("text")], [undefined, undefined]);
});

Deno.test("results are handed on while the input cannot be read yet", async () => {
  const inputs = [Promise.resolve(), Promise.withResolvers<void>().promise];
  const waiting = { ...patient, inputReady: () => inputs.shift()! };
  const fn = (n: number) => quiet().then(() => -n);
  const results = mapAsync(step, fn, 2, [[1], [2]], new Blame(), waiting);
  assert.deepEqual((await results.next()).value, [-1]);
});

Deno.test("what throws before its Promise is there rejects too; what is no Promise is taken", async () => {
  const fn = (n: number) => {
    if (n === 2) throw new RangeError("two");
    return n;
  };
  const blame = new Blame();
  const results = (records: number[]) =>
    Array.fromAsync(mapAsync(step, fn, 1, [records], blame, patient));
  assert.deepEqual(await results([1, 3]), [[1], [3]]);
  await assert.rejects(results([1, 2]), RangeError);
});

Deno.test("an early close waits for the calls that run and closes the input", async () => {
  let inputClosed = false;
  const input = function* () {
    try {
      for (let n = 0;; n++) yield [n];
    } finally {
      inputClosed = true;
    }
  };
  const { service, results } = running(input(), 2);
  const first = results.next();
  await quiet();
  service.answer(0);
  await first;
  const closing = results.return(undefined);
  await quiet();
  assert.equal(inputClosed, false);
  service.answer(1);
  await closing;
  assert.ok(inputClosed);
  assert.equal(service.running.size, 0);
});

Deno.test("the job's end is looked for between calls", async () => {
  let cancelled = false;
  const check = () => {
    if (cancelled) throw new Error("cancelled");
  };
  const fn = (n: number) => {
    cancelled = n === 3;
    return n;
  };
  const results = mapAsync(step, fn, 1, [[1, 2, 3, 4]], new Blame(), { ...patient, check });
  await assert.rejects(Array.fromAsync(results), /cancelled/);
});

Deno.test("an early close ends the user's async generator, then its input", async () => {
  const closed: string[] = [];
  const input = function* () {
    try {
      for (let n = 0;; n++) yield [n];
    } finally {
      closed.push("input");
    }
  };
  const fn = async function* (records: AsyncIterable<unknown>) {
    try {
      for await (const record of records) yield record;
    } finally {
      await quiet();
      closed.push("generator");
    }
  };
  const results = recordsLater(step, fn, [input()], new Blame(), patient);
  for await (const batch of results) {
    assert.deepEqual(batch, [0]);
    break;
  }
  assert.deepEqual(closed.sort(), ["generator", "input"]);
});
