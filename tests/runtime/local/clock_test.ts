import assert from "node:assert/strict";
import { Clock } from "../../../runtime/local/clock.ts";

const INTERVAL_MS = 10;

/** Starts a clock, does `meanwhile`, and waits for the first tick; how late it was after that. */
async function firstTick(meanwhile: () => void): Promise<number> {
  const ticked = Promise.withResolvers<number>();
  const clock = new Clock(INTERVAL_MS, () => ticked.resolve(performance.now()));
  clock.start();
  clock.start();
  meanwhile();
  const endedMs = performance.now();
  // The clock itself keeps nothing alive.
  const alive = setInterval(() => undefined, 1_000);
  const tickedMs = await ticked.promise;
  clearInterval(alive);
  clock.stop();
  return tickedMs - endedMs;
}

Deno.test("a tick that a held-up driver would be told first is left out", async () => {
  const late = await firstTick(() => {
    for (const endMs = performance.now() + 150; performance.now() < endMs;);
  });
  assert(late >= INTERVAL_MS - 2, `${late} ms after the driver went on`);
});

Deno.test("a clock ticks while it is started, and not twice as often where that is said twice", async () => {
  let ticks = 0;
  const clock = new Clock(INTERVAL_MS, () => ticks++);
  clock.start();
  clock.start();
  clock.stop();
  await new Promise((resolve) => setTimeout(resolve, 3 * INTERVAL_MS));
  assert.equal(ticks, 0);
  assert(await firstTick(() => undefined) >= 0);
});
