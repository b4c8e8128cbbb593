/** The life of contexts: how they end, how often, and several of them. */
import assert from "node:assert/strict";
import { CancelledError, SparkContext } from "../../mod.ts";

/** A context whose local directory is the test's own, to see what is left in it. */
async function withContext(
  act: (make: () => SparkContext, left: () => string[]) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "flint-test-" });
  try {
    await act(
      () => new SparkContext({ master: "local[2]", conf: { "spark.local.dir": folder } }),
      () => [...Deno.readDirSync(folder)].map(({ name }) => name),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const spin = (n: number): number => {
  for (;;) if (Date.now() < 0) return n;
};

Deno.test("stop ends every action that runs with a CancelledError, whatever it was doing", async () => {
  await withContext(async (make, left) => {
    const sc = make();
    const numbers = sc.range(4);
    assert.equal(await numbers.count(), 4);
    const spinning = numbers.map(spin);
    const iterated = async () => {
      for await (const _ of spinning) assert.fail("it spins");
    };
    const running = [
      spinning.collect(),
      spinning.map((n) => [n, 1]).reduceByKey((a, b) => a + b).count(),
      spinning.take(1),
      spinning.saveAsTextFile(`${import.meta.dirname}/never`),
      iterated(),
      // Captured, but not yet planned.
      numbers.sortBy((n) => n).collect(),
    ];
    const endings = running.map((action) => assert.rejects(action, CancelledError));
    await sc.stop();
    await Promise.all(endings);
    assert.deepEqual(left(), []);
    assert.throws(() => Deno.statSync(`${import.meta.dirname}/never`), Deno.errors.NotFound);
  });
});

Deno.test("stop while executors start, twice at once and once more", async () => {
  await withContext(async (make, left) => {
    const idle = make();
    await Promise.all([idle.stop(), idle.stop()]);
    const busy = make();
    const ended = assert.rejects(busy.range(4).map(spin).count(), CancelledError);
    await Promise.all([busy.stop(), busy[Symbol.asyncDispose]()]);
    await ended;
    await busy.stop();
    assert.deepEqual(left(), []);
  });
});

Deno.test("await using stops; the next context in the same process begins anew", async () => {
  await withContext(async (make, left) => {
    const ids: string[] = [];
    for (let round = 0; round < 2; round++) {
      await using sc = make();
      ids.push(sc.applicationId);
      const seen = sc.accumulator();
      assert.equal(await sc.range(5).map((n) => (seen.add(1), n)).sum(), 10);
      assert.equal(seen.value, 5);
    }
    assert.notEqual(ids[0], ids[1]);
    assert.deepEqual(left(), []);
    const thrown = async () => {
      await using sc = make();
      await sc.range(2).count();
      throw new Error("on the way");
    };
    await assert.rejects(thrown, /on the way/);
    assert.deepEqual(left(), []);
  });
});

Deno.test("two contexts at once know nothing of each other", async () => {
  await withContext(async (make, left) => {
    await using first = make();
    const second = make();
    const factor = second.broadcast(10);
    const [a, b] = await Promise.all([
      first.range(4).map((n) => [n % 2, n]).reduceByKey((a, b) => a + b).values().sum(),
      second.range(4).map((n) => n * factor.value).sum(),
    ]);
    assert.deepEqual([a, b], [6, 60]);
    await assert.rejects(first.range(1).map(() => factor.value).count(), /another context/);
    await second.stop();
    assert.equal(await first.range(3).count(), 3);
    assert.equal(left().length, 1, "only the folder of the first one is left");
  });
});
