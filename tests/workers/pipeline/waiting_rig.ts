/** A task around a chain, as simple as can be: its input is always there, memory has no end. */
import assert from "node:assert/strict";
import { type AnyBatches, type Batches, isPresent } from "../../../workers/pipeline/feed.ts";
import type { Waiting } from "../../../workers/pipeline/waiting.ts";

export const patient: Waiting = {
  check: () => {},
  inputReady: () => Promise.resolve(),
  keep: async (batches) => Object.assign(await Array.fromAsync(batches), { [Symbol.dispose]() {} }),
};

/** Batches of a chain in which nothing waits. */
export function present(batches: AnyBatches): Batches {
  assert.ok(isPresent(batches), "the batches have to be waited for");
  return batches;
}
