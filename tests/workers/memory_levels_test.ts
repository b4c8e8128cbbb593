import assert from "node:assert/strict";
import { memoryLevel } from "../../workers/memory_levels.ts";

Deno.test("an executor is at the level of the share that it holds", () => {
  const found = [0, 699, 700, 849, 850, 949, 950, 2_000].map((rss) => memoryLevel(rss, 1_000));
  assert.deepEqual(found, [
    "normal",
    "normal",
    "spilling",
    "spilling",
    "paused",
    "paused",
    "full",
    "full",
  ]);
});
