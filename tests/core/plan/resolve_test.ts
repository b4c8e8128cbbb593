import assert from "node:assert/strict";
import { PlanError } from "../../../core/errors.ts";
import type { Closure } from "../../../core/closure/closure.ts";
import { type Exchange, partitionerOf, samePartitioner } from "../../../core/plan/exchange.ts";
import type { CapturedDraft, Plan, SourceRequest } from "../../../core/plan/plan.ts";
import { partitionCount, resolve, type ResolveHost } from "../../../core/plan/resolve.ts";
import {
  closure,
  coalesce,
  cross,
  exchange,
  hash,
  narrow,
  request,
  union,
  zip,
} from "./programs.ts";

/** A host whose sources have as many splits as they are asked for. */
function host(asked: unknown[] = []): ResolveHost {
  return {
    defaultParallelism: 4,
    split: (source: SourceRequest, partitionsMin: number) => {
      asked.push([source.options.path, partitionsMin]);
      return Promise.resolve(Array.from({ length: partitionsMin }, (_, data) => ({ data })));
    },
  };
}

function group<N>(partitions: N): Exchange<Closure, N> {
  return { kind: "group", partitioner: { kind: "hash", partitions } };
}

async function countOf(draft: CapturedDraft, options: Partial<ResolveHost> = {}): Promise<number> {
  return partitionCount(await resolve(draft, { ...host(), ...options }));
}

Deno.test("each source is asked once, and a shared node stays shared", async () => {
  const asked: unknown[] = [];
  const shared = narrow(2, request(1));
  const plan = await resolve(union(3, shared, narrow(4, shared), request(5, 2)), host(asked));
  assert.deepEqual(asked, [["1.txt", 4], ["5.txt", 2]]);
  assert.ok(plan.kind === "union");
  const [left, right] = plan.from as [Plan, Plan];
  assert.ok(right.kind === "narrow" && right.from === left);
  assert.equal(partitionCount(plan), 10);
});

Deno.test("an open exchange has as many partitions as its input", async () => {
  assert.equal(await countOf(exchange(2, request(1, 7), hash(undefined))), 7);
  const dealt = exchange(2, request(1, 3), { kind: "rebalance", partitions: undefined });
  assert.equal(await countOf(dealt), 3);
});

Deno.test("spark.default.parallelism counts more than the input, a number in the program most", async () => {
  const options = { exchangePartitions: 5 };
  assert.equal(await countOf(exchange(2, request(1, 7), hash(undefined)), options), 5);
  assert.equal(await countOf(exchange(2, request(1, 7), hash(2)), options), 2);
});

Deno.test("an input that is hashed already keeps its partitions", async () => {
  const hashed = exchange(2, request(1, 7), hash(3));
  const kept = narrow(4, narrow(3, hashed, { keepsKeys: true }), { kind: "filter" });
  const options = { exchangePartitions: 5 };
  assert.equal(await countOf(exchange(5, kept, group(undefined)), options), 3);
  assert.equal(await countOf(exchange(5, narrow(4, hashed), group(undefined)), options), 5);
});

Deno.test("partitionBy of what is partitioned that way already moves nothing", async () => {
  const hashed = exchange(2, request(1, 7), hash(3));
  const again = await resolve(exchange(3, hashed, hash(3)), host());
  assert.equal(again.id, 3);
  assert.ok(again.kind === "union" && again.from.length === 1 && again.from[0]!.id === 2);
  assert.equal(partitionCount(again), 3);
  const other = await resolve(exchange(3, hashed, hash(4)), host());
  assert.equal(other.kind, "exchange");
  const moved = await resolve(exchange(4, narrow(3, hashed), hash(3)), host());
  assert.equal(moved.kind, "exchange");
});

Deno.test("what is partitioned that way already is grouped in place", async () => {
  const hashed = exchange(2, request(1, 7), hash(3));
  for (const count of [3, undefined]) {
    const grouped = await resolve(exchange(3, hashed, group(count)), host());
    assert.ok(grouped.kind === "exchange" && grouped.inPlace === true);
    assert.deepEqual(grouped.exchange, group(3));
    const twice = await resolve(exchange(4, exchange(3, hashed, group(count)), group(3)), host());
    assert.ok(twice.kind === "exchange" && twice.inPlace === true);
  }
  for (
    const moving of [
      exchange(3, hashed, group(4)),
      exchange(4, narrow(3, hashed), group(3)),
      exchange(3, request(1, 3), group(3)),
      exchange(4, exchange(3, request(1, 3), { kind: "rebalance", partitions: 3 }), group(3)),
    ]
  ) {
    const plan = await resolve(moving, host());
    assert.ok(plan.kind === "exchange" && plan.inPlace !== true);
  }
});

Deno.test("a union is aligned if all its sides are partitioned alike", async () => {
  const one = exchange(2, request(1, 7), hash(3));
  const other = narrow(5, exchange(4, request(3, 2), hash(3)), { keepsKeys: true });
  const plan = await resolve(union(6, one, other, one), host());
  assert.ok(plan.kind === "union" && plan.aligned === true);
  assert.equal(partitionCount(plan), 3);
  const range = { kind: "range", partitions: 3, ascending: true } as const;
  const sorted = exchange(7, request(1, 7), { kind: "sort", partitioner: range, ascending: true });
  const parts = narrow(8, sorted, { kind: "filter" });
  assert.equal(partitionCount(await resolve(union(9, sorted, parts), host())), 3);
  const elsewhere = exchange(
    10,
    request(1, 7),
    sorted.kind === "exchange" ? sorted.exchange : hash(3),
  );
  assert.equal(partitionCount(await resolve(union(11, sorted, elsewhere), host())), 6);
  // What is grouped by the same keys afterwards need not move either.
  const joined = await resolve(exchange(7, union(6, one, other), group(undefined)), host());
  assert.ok(joined.kind === "exchange" && joined.inPlace === true);
  assert.equal(partitionCount(joined), 3);
  const apart = await resolve(exchange(7, union(6, one, request(8, 2)), group(3)), host());
  assert.ok(apart.kind === "exchange" && apart.inPlace !== true);
});

Deno.test("an empty input has an empty result in one partition", async () => {
  assert.equal(await countOf(exchange(2, request(1, 0), hash(undefined))), 1);
});

Deno.test("coalesce never has more partitions than its input", async () => {
  const plan = await resolve(coalesce(2, request(1, 3), 10), host());
  assert.ok(plan.kind === "coalesce" && plan.partitions === 3);
  assert.equal(await countOf(coalesce(2, request(1, 3), 2)), 2);
});

Deno.test("zip refuses sides that differ in partitions, cross multiplies them", async () => {
  await assert.rejects(
    resolve(zip(3, request(1, 2), request(2, 3)), host()),
    (error) => error instanceof PlanError && /2 and 3 partitions/.test(error.message),
  );
  assert.equal(await countOf(zip(3, request(1, 2), request(2, 2))), 2);
  assert.equal(await countOf(cross(3, request(1, 2), request(2, 3))), 6);
});

Deno.test("what a source throws is thrown", async () => {
  const split = () => Promise.reject(new Error("no such file"));
  await assert.rejects(resolve(narrow(2, request(1)), { ...host(), split }), /no such file/);
});

Deno.test("a lineage of ten thousand is resolved without a deep stack", async () => {
  let draft: CapturedDraft = request(0, 2);
  for (let id = 1; id <= 10_000; id++) draft = narrow(id, draft, { keepsKeys: true });
  assert.equal(await countOf(exchange(10_001, draft, hash(undefined))), 2);
});

Deno.test("partitioners are the same only where that is certain", () => {
  const [f, g] = [closure("f"), closure("f")];
  const hashed = { kind: "hash", partitions: 2 } as const;
  const custom = { kind: "custom", partitions: 2, fn: f } as const;
  const range = { kind: "range", partitions: 2, ascending: true } as const;
  assert.ok(samePartitioner(hashed, { ...hashed }));
  assert.ok(!samePartitioner(hashed, { ...hashed, partitions: 3 }));
  assert.ok(samePartitioner(custom, { ...custom }));
  assert.ok(!samePartitioner(custom, { ...custom, fn: g }));
  assert.ok(!samePartitioner(custom, hashed) && !samePartitioner(hashed, custom));
  assert.ok(!samePartitioner(range, { ...range }));
  assert.ok(!samePartitioner(range, range), "bounds of nobody knows which");
  const planned = { ...range, exchange: 3 };
  assert.ok(samePartitioner(planned, { ...planned }));
  assert.ok(!samePartitioner(planned, { ...planned, exchange: 4 }));
});

Deno.test("a partitioner survives what keeps keys, and nothing else", async () => {
  const plan = async (draft: CapturedDraft) => partitionerOf(await resolve(draft, host()));
  const hashed = exchange(2, request(1, 2), hash(3));
  const present = { kind: "hash", partitions: 3 };
  assert.deepEqual(await plan(hashed), present);
  assert.deepEqual(await plan(narrow(3, hashed, { kind: "filter" })), present);
  assert.deepEqual(await plan(narrow(3, hashed, { keepsKeys: true })), present);
  assert.deepEqual(await plan(union(3, hashed)), present);
  assert.deepEqual(await plan(union(3, hashed, hashed)), present);
  assert.deepEqual(await plan(exchange(3, hashed, group(3))), present);
  for (
    const lost of [
      narrow(3, hashed),
      union(3, hashed, request(1, 2)),
      union(3, request(1, 2), hashed),
      union(4, hashed, exchange(3, request(1, 2), hash(4))),
      coalesce(3, hashed, 2),
      zip(3, hashed, hashed),
      exchange(3, hashed, { kind: "rebalance", partitions: 3 }),
    ]
  ) {
    assert.equal(await plan(lost), undefined, lost.kind);
  }
});
