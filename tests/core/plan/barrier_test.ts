import assert from "node:assert/strict";
import { PlanError } from "../../../core/errors.ts";
import type { Plan } from "../../../core/plan/plan.ts";
import { cut } from "../../../core/plan/stages.ts";
import { coalesce, cross, exchange, hash, narrow, source, union, zip } from "./programs.ts";

/** Which stages are barrier stages, the action's last. */
function barriersOf(plan: Plan, partitions?: readonly number[]): boolean[] {
  let next = 0;
  const options = { nextStage: () => next++, name: "take at job.ts:9", partitions };
  return cut(plan, { kind: "count" }, options).map(({ stage }) => stage.barrier === true);
}

const barrier = (id: number, from: Plan) => narrow(id, from, { barrier: true });
const four = source(1, 4);

Deno.test("a stage is a barrier stage from its beginning to its end, and not behind it", () => {
  assert.deepEqual(barriersOf(narrow(3, narrow(2, four))), [false]);
  assert.deepEqual(barriersOf(narrow(4, barrier(3, narrow(2, four)))), [true]);
  assert.deepEqual(barriersOf(narrow(4, exchange(3, barrier(2, four), hash(2)))), [true, false]);
  assert.deepEqual(barriersOf(barrier(4, exchange(3, narrow(2, four), hash(2)))), [false, true]);
  assert.deepEqual(barriersOf(barrier(3, barrier(2, four))), [true]);
});

Deno.test("what lies before the barrier is free, and what keeps partitions one by one", () => {
  const merged = coalesce(4, union(3, four, source(2, 3)), 5);
  assert.deepEqual(barriersOf(barrier(5, merged)), [true]);
  assert.deepEqual(barriersOf(barrier(5, cross(3, four, source(2, 1)))), [true]);
  assert.deepEqual(barriersOf(zip(4, barrier(3, four), source(2, 4))), [true]);
  assert.deepEqual(barriersOf(coalesce(4, barrier(3, four), 9)), [true]);
  assert.deepEqual(barriersOf(union(4, barrier(3, four))), [true]);
});

Deno.test("what makes other partitions of those of a barrier is refused", () => {
  const refused = (plan: Plan, message: RegExp) => {
    assert.throws(() => barriersOf(plan), (error) => {
      assert(error instanceof PlanError);
      return error.code === "InvalidArgument" && message.test(error.message);
    });
  };
  const met = barrier(3, four);
  refused(
    union(4, met, source(2, 1)),
    /union at job\.ts:4 .* 5 partitions are not the 4 of map at/,
  );
  refused(narrow(5, coalesce(4, met, 2)), /its 2 partitions are not the 4/);
  refused(cross(4, met, source(2, 2)), /its 8 partitions are not the 4/);
  refused(cross(4, met, source(2, 1)), /one by one\n.*repartition/);
  refused(zip(5, met, barrier(4, four)), /depends on several barriers, map at .* and map at/);
  // Also below an exchange.
  refused(exchange(6, union(4, met, met), hash(2)), /8 partitions are not the 4/);
  refused(zip(5, met, narrow(4, met)), /several barriers/);
});

Deno.test("all partitions of a barrier stage are computed, or none", () => {
  assert.throws(() => barriersOf(barrier(2, four), [0]), {
    code: "InvalidArgument",
    message: /^Cannot run take at job\.ts:9 on 1 of the 4 partitions of a barrier stage/,
  });
  assert.deepEqual(barriersOf(barrier(2, four), [0, 1, 2, 3]), [true]);
  assert.deepEqual(barriersOf(exchange(3, barrier(2, four), hash(2)), [1]), [true, false]);
});
