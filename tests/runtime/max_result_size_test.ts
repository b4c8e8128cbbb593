/** A result that is too large for the driver ends its job before the driver holds it. */
import assert from "node:assert/strict";
import { MemoryError, SparkContext } from "@flint/flint";
import { refused, test } from "../helpers/shared_context.ts";

const LIMIT_BYTES = 64 << 10;
const conf = { "spark.driver.maxResultSize": `${LIMIT_BYTES >> 10}k` };
const sc = new SparkContext({ master: "local[2]", name: "max result size", conf });
Deno.test.afterAll(() => sc.stop());

/** Four partitions with a quarter of `bytes` each, in records of about a kilobyte. */
const pairs = (bytes: number) => {
  const text = "x".repeat(1_000);
  return sc.range(0, Math.round(bytes / 1_000), 1, 4).map((i) => [i, text] as const);
};
const large = pairs(2 * LIMIT_BYTES);

const TOO_LARGE = new RegExp(
  `^Cannot bring the result of .+ to the driver: \\d partitions? ha(?:s|ve) (\\d+) bytes of it so ` +
    `far, and spark\\.driver\\.maxResultSize is ${LIMIT_BYTES} bytes\\n  Save it, .*raise spark`,
);

const ACTIONS: Readonly<Record<string, () => Promise<unknown>>> = {
  collect: () => large.collect(),
  toArray: () => large.toArray(),
  collectAsMap: () => large.collectAsMap(),
  take: () => large.take(1_000),
  takeOrdered: () => large.takeOrdered(1_000),
  aggregate: () =>
    large.aggregate([] as string[], (all, [, text]) => [...all, text], (a, b) => [...a, ...b]),
  runJob: () => sc.runJob(large, (records) => records),
};

for (const [name, act] of Object.entries(ACTIONS)) {
  test(`${name}() of twice the limit names both numbers, and the next job is right`, async () => {
    await refused(
      async () => {
        try {
          await act();
        } catch (error) {
          const sent = Number(TOO_LARGE.exec((error as Error).message)?.[1]);
          assert(sent > LIMIT_BYTES && sent < 2.5 * LIMIT_BYTES, `${sent}: ${error}`);
          throw error;
        }
      },
      MemoryError,
      "OverBudget",
      TOO_LARGE,
    );
    assert.equal(await large.count(), 131);
  });
}

test("what is below the limit comes whole", async () => {
  const records = await pairs(0.75 * LIMIT_BYTES).collect();
  assert.deepEqual(records.map(([i]) => i), Array.from({ length: 49 }, (_, i) => i));
});

test("what comes a partition at a time is measured a partition at a time", async () => {
  let count = 0;
  for await (const [i] of large.toLocalIterator()) assert.equal(i, count++);
  assert.equal(count, 131);
});

test("a value of many megabytes is put together again as it was", async () => {
  await using unlimited = new SparkContext({
    master: "local[1]",
    name: "no limit",
    conf: { "spark.driver.maxResultSize": "0" },
  });
  const [whole] = await unlimited.range(0, 1, 1, 1).map(() => {
    const bytes = new Uint8Array(3_500_000);
    for (let i = 0; i < bytes.length; i++) bytes[i] = i * 31 % 251;
    return bytes;
  }).collect();
  assert.equal(whole!.length, 3_500_000);
  assert(whole!.every((byte, i) => byte === i * 31 % 251));
});
