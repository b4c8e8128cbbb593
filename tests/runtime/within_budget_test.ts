/** What holds a side of its input does it within the budget of its worker; in full size it is a bench. */
import assert from "node:assert/strict";
import { SparkContext } from "@flint/flint";
import { SHAPES } from "../../bench/programs/within_budget.ts";
import { test } from "../helpers/shared_context.ts";

const BUDGET_BYTES = 1 << 20;
const conf = { "flint.worker.memory": `${BUDGET_BYTES >> 10}k` };
const sc = new SparkContext({ master: "local[2]", name: "within budget", conf });
Deno.test.afterAll(() => sc.stop());

let reservedMax = 0;
let spills = 0;
sc.events.subscribe((event) => {
  if (event.type !== "task.ended") return;
  reservedMax = Math.max(reservedMax, event.metrics.memoryBytesMax);
  spills += event.metrics.spills;
});

for (const [name, shape] of Object.entries(SHAPES)) {
  test(`${name} within the budget`, async () => {
    [reservedMax, spills] = [0, 0];
    const [found, expected] = await shape(sc, 30_000);
    assert.equal(found, expected);
    assert(reservedMax > 0 && reservedMax <= BUDGET_BYTES, `${reservedMax} of ${BUDGET_BYTES}`);
    if (name.startsWith("join")) assert(spills > 0, "a group of 30,000 rows was held in memory");
  });
}
