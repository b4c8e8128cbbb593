import assert from "node:assert/strict";
import fc from "fast-check";
import { type Claim, FIRST_COME, Pools, type Sharing } from "../../../runtime/local/pools.ts";

/** A job that has so many tasks to start. */
type Waiting = { pool: string; tasks: number };

/** Gives `slots` turns; the pools of those who started tasks, and what is left waiting. */
function shared(waiting: readonly Waiting[], sharing: Sharing, slots: number) {
  const left = waiting.map((job) => ({ ...job }));
  const started: { pool: string; job: number }[] = [];
  const claims = left.map((job, index) => ({ ...job, index, wants: () => job.tasks > 0 }));
  const running = (pool: string) => started.filter((start) => start.pool === pool).length;
  for (const claim of new Pools(sharing).turns<Claim & { index: number }>(claims, running)) {
    if (started.length === slots) break;
    left[claim.index]!.tasks--;
    started.push({ pool: claim.pool, job: claim.index });
  }
  return { started, left };
}

const jobs = fc.array(
  fc.record({ pool: fc.constantFrom("a", "b", "c"), tasks: fc.nat(6) }),
  { maxLength: 6 },
);
const weights = fc.record({ a: fc.integer({ min: 1, max: 4 }), b: fc.integer({ min: 1, max: 4 }) });

Deno.test("first come, first served: a job starts when all before it have nothing left", () => {
  fc.assert(fc.property(jobs, fc.nat(20), (waiting, slots) => {
    const { started } = shared(waiting, FIRST_COME, slots);
    const order = waiting.flatMap(({ pool, tasks }, job) =>
      Array.from({ length: tasks }, () => ({ pool, job }))
    );
    assert.deepEqual(started, order.slice(0, slots));
  }));
});

Deno.test("fair: no pool is more than a task ahead of one that still waits", () => {
  fc.assert(fc.property(jobs, weights, fc.nat(20), (waiting, given, slots) => {
    const sharing: Sharing = { mode: "FAIR", weights: new Map(Object.entries(given)) };
    const { started, left } = shared(waiting, sharing, slots);
    const all = waiting.reduce((sum, { tasks }) => sum + tasks, 0);
    assert.equal(started.length, Math.min(slots, all));
    const weight = (pool: string) => ({ ...given, c: 1 })[pool]!;
    const count = (pool: string) => started.filter((start) => start.pool === pool).length;
    for (const hungry of new Set(left.filter(({ tasks }) => tasks > 0).map(({ pool }) => pool))) {
      for (const { pool } of started) {
        assert((count(pool) - 1) / weight(pool) <= count(hungry) / weight(hungry), pool);
      }
    }
  }));
});

Deno.test("fair: inside of a pool jobs are served in the order in which they came", () => {
  fc.assert(fc.property(jobs, fc.nat(20), (waiting, slots) => {
    const { started } = shared(waiting, { mode: "FAIR", weights: new Map() }, slots);
    for (const pool of ["a", "b", "c"]) {
      const order = started.filter((start) => start.pool === pool).map(({ job }) => job);
      assert.deepEqual(order, order.toSorted((a, b) => a - b));
    }
  }));
});

Deno.test("fair: three slots of four go to a pool of weight three", () => {
  const waiting = [{ pool: "slow", tasks: 9 }, { pool: "fast", tasks: 9 }];
  const sharing: Sharing = { mode: "FAIR", weights: new Map([["fast", 3]]) };
  const pools = shared(waiting, sharing, 8).started.map(({ pool }) => pool);
  assert.equal(pools.slice(0, 4).filter((pool) => pool === "fast").length, 3);
  assert.equal(pools.filter((pool) => pool === "fast").length, 6);
});

Deno.test("fair: where one slot becomes free at a time, pools take turns", () => {
  const left = new Map([["a", 3], ["b", 3], ["c", 1]]);
  let free: number;
  const claims = [...left.keys()].map((pool) => ({ pool, wants: () => left.get(pool)! > 0 }));
  const pools = new Pools({ mode: "FAIR", weights: new Map() });
  const order: string[] = [];
  while (claims.some((claim) => claim.wants())) {
    // Nothing runs: what was started last has ended.
    free = 1;
    for (const { pool } of pools.turns(claims, () => 0)) {
      if (free-- === 0) break;
      left.set(pool, left.get(pool)! - 1);
      order.push(pool);
    }
  }
  assert.equal(order.join(""), "abcabab");
});
