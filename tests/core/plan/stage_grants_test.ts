import assert from "node:assert/strict";
import { type Grants, grantsText } from "../../../core/grants.ts";
import type { Plan } from "../../../core/plan/plan.ts";
import { cut } from "../../../core/plan/stages.ts";
import {
  coalesce,
  cross,
  exchange,
  hash,
  inPlace,
  narrow,
  persisted,
  source,
  union,
  zip,
} from "./programs.ts";

/** What the stages are granted, as text, the action's last. */
function grantsOf(plan: Plan, grants?: Grants): string[] {
  let next = 0;
  const options = { nextStage: () => next++, name: "count at job.ts:9", grants };
  return cut(plan, { kind: "count" }, options)
    .map(({ stage }) => stage.grants === undefined ? "nothing" : grantsText(stage.grants));
}

const granted = (id: number, from: Plan, grants: Grants): Plan => (
  { ...union(id, from), grants } as Plan
);
const net: Grants = { net: ["a:1"] };
const two = source(1, 2);

Deno.test("a grant is for its stage, from one exchange to the next", () => {
  assert.deepEqual(grantsOf(narrow(2, two)), ["nothing"]);
  assert.deepEqual(grantsOf(narrow(4, granted(3, narrow(2, two), net))), ["net=a:1"]);
  const before = exchange(4, granted(3, narrow(2, two), net), hash(2));
  assert.deepEqual(grantsOf(narrow(5, before)), ["net=a:1", "nothing"]);
  const behind = granted(4, exchange(3, narrow(2, two), hash(2)), net);
  assert.deepEqual(grantsOf(narrow(5, behind)), ["nothing", "net=a:1"]);
  assert.deepEqual(
    grantsOf(narrow(6, exchange(5, behind, hash(3)))),
    ["nothing", "net=a:1", "nothing"],
  );
});

Deno.test("an exchange that moves nothing ends no stage", () => {
  const here = inPlace(5, granted(4, exchange(3, two, hash(2)), net), hash(2));
  assert.deepEqual(grantsOf(narrow(6, here)), ["nothing", "net=a:1"]);
});

Deno.test("what meets in a stage is granted to it together, whatever its shape", () => {
  const left = granted(3, narrow(2, two), net);
  const right = granted(5, source(4, 2), { net: ["b:2"], env: "all" });
  const both = ["net=a:1,b:2 env"];
  assert.deepEqual(grantsOf(union(6, left, right)), both);
  assert.deepEqual(grantsOf(zip(6, left, right)), both);
  assert.deepEqual(grantsOf(cross(6, left, right)), both);
  assert.deepEqual(grantsOf(coalesce(7, union(6, left, right), 1)), both);
  assert.deepEqual(grantsOf(granted(8, left, { env: ["B", "A"] })), ["net=a:1 env=A,B"]);
});

Deno.test("a stage may do the same whether its input is kept or not", () => {
  assert.deepEqual(grantsOf(narrow(4, persisted(granted(3, two, net)))), ["net=a:1"]);
  assert.deepEqual(grantsOf(narrow(4, persisted(narrow(3, granted(2, two, net))))), ["net=a:1"]);
});

Deno.test("what the whole job was granted every stage has", () => {
  const plan = narrow(5, exchange(4, granted(3, narrow(2, two), net), hash(2)));
  assert.deepEqual(grantsOf(plan, { read: ["/a"] }), ["read=/a net=a:1", "read=/a"]);
  assert.deepEqual(grantsOf(plan, { net: "all" }), ["net", "net"]);
});
