/** Which functions are captured when, with a capturer that only counts. */
import assert from "node:assert/strict";
import type { Closure } from "../../core/closure/closure.ts";
import { ClosureError } from "../../core/errors.ts";
import type { CapturedDraft, Draft, UserFunction } from "../../core/plan/plan.ts";
import { inputsFirst } from "../../core/plan/walk.ts";
import { DraftCapturer } from "../../runtime/capture.ts";
import { wrapped } from "../../runtime/wrapped.ts";

function rig() {
  const calls: UserFunction[] = [];
  const capturer = new DraftCapturer({
    capture(fn): Closure {
      calls.push(fn);
      if (fn.name === "refused") throw new ClosureError("NotShippable", `at ${fn.name}`);
      return { nodes: [], root: 0, place: `at ${fn.name}`, name: fn.name };
    },
    placeOf: (fn) => `at ${fn.name}`,
  });
  return { calls, capturer };
}

const source: Draft = {
  id: 0,
  label: "source",
  kind: "source",
  source: { format: "memory", options: {} },
};
const below = (x: unknown) => x;
const merge = (a: unknown) => a;
const above = (x: unknown) => x;
const mapped: Draft = {
  id: 1,
  label: "map",
  kind: "narrow",
  from: source,
  op: { kind: "map", fn: below },
};
const reduced: Draft = {
  id: 2,
  label: "reduceByKey",
  kind: "exchange",
  from: mapped,
  exchange: {
    kind: "combine",
    partitioner: { kind: "custom", partitions: undefined, fn: merge },
    create: merge,
    mergeValue: merge,
    mergeCombiners: merge,
    mapSide: true,
  },
};
const shown: Draft = {
  id: 3,
  label: "map",
  kind: "narrow",
  from: reduced,
  op: { kind: "map", fn: above },
};

const ids = (draft: CapturedDraft) => inputsFirst(draft).map((node) => node.id);

Deno.test("every function once, whatever it is used for", () => {
  const { calls, capturer } = rig();
  const captured = capturer.capture(shown);
  assert.deepEqual(calls, [below, merge, above]);
  assert.deepEqual(ids(captured), [0, 1, 2, 3]);
});

Deno.test("anew at each action, but not at or below an exchange that has run", () => {
  const { calls, capturer } = rig();
  capturer.capture(shown);
  const captured = capturer.capture(shown);
  assert.equal(calls.length, 6, "nothing has run yet");
  capturer.markRan([reduced], captured);
  calls.length = 0;
  const again = capturer.capture(shown);
  assert.deepEqual(calls, [above]);
  assert.deepEqual(ids(again), [0, 1, 2, 3]);
  assert.equal(
    again.kind === "narrow" && again.from,
    captured.kind === "narrow" && captured.from,
    "the very node that ran",
  );
  calls.length = 0;
  capturer.capture(mapped);
  assert.deepEqual(calls, [below], "asked for by itself, what lies below is captured anew");
});

Deno.test("a shared dataset is captured once and stays shared", () => {
  const { calls, capturer } = rig();
  const both: Draft = { id: 4, label: "union", kind: "union", from: [mapped, mapped] };
  const captured = capturer.capture(both);
  assert.deepEqual(calls, [below]);
  assert(captured.kind === "union");
  assert.equal(captured.from[0], captured.from[1]);
});

Deno.test("a lineage of a hundred thousand datasets needs no stack", () => {
  const { capturer } = rig();
  let draft: Draft = source;
  for (let id = 10; id < 100_010; id++) {
    draft = { id, label: "map", kind: "narrow", from: draft, op: { kind: "map", fn: below } };
  }
  assert.equal(ids(capturer.capture(draft)).length, 100_001);
});

Deno.test("what is said of a wrapped function is said of the user's", () => {
  const { capturer } = rig();
  const action = capturer.action({ kind: "apply", fn: wrapped(above, () => above) });
  assert(action.kind === "apply");
  assert.deepEqual([action.fn.place, action.fn.name], ["at above", "above"]);
  const refused = (x: unknown) => x;
  const around = wrapped(refused, Object.defineProperty(() => 1, "name", { value: "refused" }));
  assert.throws(() => capturer.action({ kind: "apply", fn: around }), /at refused/);
});

Deno.test("async functions are refused by their place", () => {
  const { capturer } = rig();
  const later = async () => await 1;
  const inner = wrapped(later, () => later());
  async function* stream() {
    yield await 1;
  }
  for (const fn of [later, inner, stream]) {
    assert.throws(() => capturer.action({ kind: "apply", fn }), (error) => {
      assert(error instanceof ClosureError);
      assert.equal(error.code, "PromiseReturned");
      assert.match(error.message, /at (later|stream).*[\s\S]*await/);
      return true;
    });
  }
});
