import assert from "node:assert/strict";
import fc from "fast-check";
import type { Plan } from "../../../core/plan/plan.ts";
import { partitionCount } from "../../../core/plan/resolve.ts";
import { coalesced, cut, type StagePlan } from "../../../core/plan/stages.ts";
import type { Flow } from "../../../core/task.ts";
import { StorageLevel } from "../../../core/storage_level.ts";
import {
  aligned,
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

function stagesOf(plan: Plan, partitions?: readonly number[]): StagePlan[] {
  let next = 0;
  return cut(plan, { kind: "count" }, { nextStage: () => next++, name: "count", partitions });
}

function onlyStage(plan: Plan): StagePlan {
  const stages = stagesOf(plan);
  assert.equal(stages.length, 1);
  return stages[0]!;
}

Deno.test("neighbouring narrow nodes are one chain, which all flows name", () => {
  const { stage, flows, parents } = onlyStage(narrow(3, narrow(2, source(1, 2))));
  assert.deepEqual(stage.chains.map((chain) => chain.map(({ fn }) => fn.name)), [["f2", "f3"]]);
  assert.deepEqual(stage.inputs, [{
    kind: "source",
    format: "text",
    options: { path: "1.txt" },
  }]);
  assert.deepEqual([...flows.keys()], [0, 1]);
  assert.deepEqual(flows.get(1), {
    kind: "apply",
    chain: 0,
    partition: 1,
    from: { kind: "read", input: 0, partition: 1, split: { data: "split 1" } },
  });
  assert.deepEqual(parents, []);
});

Deno.test("an exchange parts two stages, the parent first", () => {
  const plan = narrow(4, exchange(3, narrow(2, source(1, 3)), hash(2)));
  const [map, result] = stagesOf(plan);
  assert.equal(map!.stage.id, 0);
  assert.equal(map!.stage.name, "partition at job.ts:3");
  assert.deepEqual(map!.stage.output, { kind: "exchange", id: 3, exchange: hash(2) });
  assert.equal(map!.flows.size, 3);
  assert.equal(result!.stage.name, "count");
  assert.deepEqual(result!.stage.output, { kind: "action", action: { kind: "count" } });
  assert.deepEqual(result!.parents, [3]);
  assert.deepEqual([...result!.flows.keys()], [0, 1]);
  assert.deepEqual(result!.flows.get(0), {
    kind: "apply",
    chain: 0,
    partition: 0,
    from: { kind: "read", input: 0, partition: 0 },
  });
});

Deno.test("an exchange that is read twice is one stage, one input and one parent", () => {
  const shared = exchange(2, source(1, 2), hash(2));
  const stages = stagesOf(union(5, narrow(3, shared), narrow(4, shared)));
  assert.equal(stages.length, 2);
  assert.equal(stages[1]!.stage.inputs.length, 1);
  assert.deepEqual(stages[1]!.parents, [2]);
  assert.equal(stages[1]!.stage.chains.length, 2);
});

Deno.test("parents come before those who read them, however the lineage branches", () => {
  const first = exchange(2, source(1, 2), hash(2));
  const second = exchange(3, first, hash(3));
  const stages = stagesOf(union(6, exchange(5, union(4, second, first), hash(2)), first));
  const made = new Set<number>();
  for (const { stage: { output }, parents } of stages) {
    for (const parent of parents) assert.ok(made.has(parent), `exchange ${parent} is not made yet`);
    if (output.kind === "exchange") made.add(output.id);
  }
  assert.deepEqual([...made], [2, 3, 5]);
  assert.deepEqual(stages.map(({ stage }) => stage.id), [0, 1, 2, 3]);
});

Deno.test("only the exchanges that the wanted partitions read are made", () => {
  const left = exchange(2, source(1, 2), hash(2));
  const right = exchange(4, source(3, 2), hash(3));
  const stages = stagesOf(union(5, left, right), [1]);
  assert.deepEqual(stages.map(({ stage }) => stage.name), ["partition at job.ts:2", "count"]);
  assert.deepEqual([...stages[1]!.flows.keys()], [1]);
});

Deno.test("a partition of a union is that of its side; empty sides take no part", () => {
  const { flows } = onlyStage(
    union(9, source(1, 0), source(2, 2), source(3, 0), source(4, 1), source(5, 0)),
  );
  const read = [...flows.values()].map((flow) => flow.kind === "read" && flow.split?.data);
  assert.deepEqual(read, ["split 0", "split 1", "split 0"]);
});

Deno.test("coalesce puts neighbours together and never makes more partitions", () => {
  const { flows } = onlyStage(coalesce(2, source(1, 5), 2));
  assert.deepEqual([...flows.values()].map(reads), [["split 0", "split 1"], [
    "split 2",
    "split 3",
    "split 4",
  ]]);
  assert.equal(onlyStage(coalesce(2, source(1, 3), 8)).flows.size, 3);
});

Deno.test("zip and cross put partitions side by side", () => {
  const zipped = onlyStage(zip(3, source(1, 2), source(2, 2)));
  assert.deepEqual(zipped.stage.zips.map(({ name }) => name), ["f3"]);
  assert.deepEqual(reads(zipped.flows.get(1)!), ["split 1", "split 1"]);

  const crossed = onlyStage(cross(3, source(1, 2), source(2, 3)));
  assert.equal(crossed.flows.size, 6);
  assert.deepEqual(reads(crossed.flows.get(5)!), ["split 1", "split 2"]);
  assert.deepEqual(reads(crossed.flows.get(2)!), ["split 0", "split 2"]);
});

Deno.test("an aligned union puts partitions of the same index one after the other", () => {
  const left = exchange(2, source(1, 3), hash(2));
  const right = exchange(4, source(3, 1), hash(2));
  const stages = stagesOf(aligned(5, left, narrow(6, right)));
  assert.equal(stages.length, 3);
  assert.equal(stages.at(-1)!.flows.size, 2);
  assert.deepEqual(stages.at(-1)!.flows.get(1), {
    kind: "concat",
    from: [
      { kind: "read", input: 1, partition: 1 },
      { kind: "apply", chain: 0, partition: 1, from: { kind: "read", input: 0, partition: 1 } },
    ],
  });
});

Deno.test("an exchange in place is a step of its stage, and parts none", () => {
  const again = inPlace(3, exchange(2, source(1, 3), hash(2)), hash(2));
  const stages = stagesOf(zip(6, narrow(4, again), narrow(5, again)));
  assert.deepEqual(stages.map(({ stage }) => stage.name), ["partition at job.ts:2", "count"]);
  const { stage, flows, parents } = stages[1]!;
  assert.deepEqual(parents, [2]);
  assert.deepEqual(stage.exchanges, [hash(2)]);
  const flow = flows.get(1)!;
  assert.ok(flow.kind === "zip");
  const [left] = flow.from;
  assert.ok(left?.kind === "apply");
  assert.deepEqual(left.from, {
    kind: "exchange",
    exchange: 0,
    partition: 1,
    from: { kind: "read", input: 0, partition: 1 },
  });
});

Deno.test("a dataset that is met twice is in the stage once", () => {
  const shared = narrow(2, source(1, 1));
  const { stage, flows } = onlyStage(zip(3, shared, shared));
  assert.equal(stage.chains.length, 1);
  assert.equal(stage.inputs.length, 1);
  const flow = flows.get(0)!;
  assert.ok(flow.kind === "zip" && flow.from[0] === flow.from[1]);
});

Deno.test("a lineage of ten thousand is cut without a deep stack", () => {
  let maps: Plan = source(0, 2);
  for (let id = 1; id <= 10_000; id++) maps = narrow(id, maps);
  assert.equal(onlyStage(maps).stage.chains[0]!.length, 10_000);

  let exchanges: Plan = source(0, 1);
  for (let id = 1; id <= 10_000; id++) exchanges = exchange(id, exchanges, hash(1));
  assert.equal(stagesOf(exchanges).length, 10_001);

  let unions: Plan = source(0, 1);
  for (let id = 1; id <= 1_000; id++) unions = union(id, unions, source(-id, 1));
  assert.equal(onlyStage(unions).flows.size, 1_001);
});

Deno.test("an unknown partition is our own mistake", () => {
  assert.throws(() => stagesOf(source(1, 2), [2]), /partition 2 of textFile .* which has 2/);
});

Deno.test("coalesced parts every partition once, in order, as evenly as can be", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 50 }), fc.nat(50), (from, less) => {
    const partitions = Math.max(1, from - less);
    const groups = Array.from(
      { length: partitions },
      (_, index) => coalesced(index, partitions, from),
    );
    assert.deepEqual(groups.flat(), Array.from({ length: from }, (_, index) => index));
    const sizes = groups.map((group) => group.length);
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
  }));
});

/** Where a record of a partition comes from: told by the plan itself, step by step. */
function origins(plan: Plan, partition: number): readonly string[] {
  switch (plan.kind) {
    case "source":
      return [`${plan.source.options.path} ${plan.source.splits[partition]!.data}`];
    case "exchange":
      return plan.inPlace === true
        ? [...origins(plan.from, partition), `exchanged ${partition}`]
        : [`exchange ${plan.id} ${partition}`];
    case "narrow":
      return [...origins(plan.from, partition), `${plan.op.fn.name} ${partition}`];
    case "union": {
      if (plan.aligned === true) return plan.from.flatMap((side) => origins(side, partition));
      let index = partition;
      for (const side of plan.from) {
        if (index < partitionCount(side)) return origins(side, index);
        index -= partitionCount(side);
      }
      throw new Error("no such partition");
    }
    case "zip":
      return plan.from.flatMap((side) => origins(side, partition));
    case "cross": {
      const across = partitionCount(plan.right);
      const left = origins(plan.left, Math.floor(partition / across));
      return [...left, ...origins(plan.right, partition % across)];
    }
    case "coalesce":
      return coalesced(partition, partitionCount(plan), partitionCount(plan.from))
        .flatMap((index) => origins(plan.from, index));
  }
}

/** The same, told by the flow that was cut. */
function originsOfFlow({ stage }: StagePlan, flow: Flow): readonly string[] {
  switch (flow.kind) {
    case "read": {
      const input = stage.inputs[flow.input]!;
      return [
        input.kind === "source"
          ? `${input.options.path} ${flow.split!.data}`
          : `exchange ${input.id} ${flow.partition}`,
      ];
    }
    case "apply":
      return [
        ...originsOfFlow({ stage } as StagePlan, flow.from),
        ...stage.chains[flow.chain]!.map(({ fn }) => `${fn.name} ${flow.partition}`),
      ];
    case "exchange":
      assert.ok(stage.exchanges[flow.exchange] !== undefined);
      return [
        ...originsOfFlow({ stage } as StagePlan, flow.from),
        `exchanged ${flow.partition}`,
      ];
    case "keep":
      assert.equal(stage.inputs[flow.input]!.kind, "cached");
      return originsOfFlow({ stage } as StagePlan, flow.from);
    case "concat":
    case "zip":
      return flow.from.flatMap((from) => originsOfFlow({ stage } as StagePlan, from));
    case "cross":
      return [flow.left, flow.right].flatMap((from) => originsOfFlow({ stage } as StagePlan, from));
  }
}

Deno.test("a chain ends at what is persisted, which has an input of its own", () => {
  const plan = narrow(4, persisted(narrow(3, narrow(2, source(1, 2))), StorageLevel.DISK_ONLY));
  const { stage, flows } = onlyStage(plan);
  assert.deepEqual(stage.chains.map((chain) => chain.map(({ fn }) => fn.name)).sort(), [
    ["f2", "f3"],
    ["f4"],
  ]);
  assert.deepEqual(stage.inputs[1], { kind: "cached", id: 3, memory: false, disk: true });
  const flow = flows.get(1)!;
  assert(flow.kind === "apply" && flow.from.kind === "keep");
  const { input, partition, from } = flow.from;
  assert.deepEqual([input, partition, from.kind], [1, 1, "apply"]);
});

Deno.test("a persisted union is kept by its own partitions", () => {
  const plan = persisted(union(3, source(1, 2), source(2, 1)));
  const { stage, flows } = onlyStage(narrow(4, plan));
  const kept = [...flows.values()].map((flow) => flow.kind === "apply" && flow.from);
  assert.deepEqual(kept.map((flow) => flow && flow.kind === "keep" && flow.partition), [0, 1, 2]);
  assert.deepEqual(stage.inputs.map(({ kind }) => kind), ["source", "cached", "source"]);
  assert.deepEqual(originsOfFlow({ stage } as StagePlan, flows.get(2)!), [
    "2.txt split 0",
    "f4 2",
  ]);
});

Deno.test("a persisted exchange is read by those who read it, and parts the stages still", () => {
  const stages = stagesOf(narrow(3, persisted(exchange(2, source(1, 2), hash(3)))));
  assert.deepEqual(stages.map(({ parents }) => parents), [[], [2]]);
  assert.deepEqual(stages[1]!.stage.inputs.map(({ kind }) => kind), ["exchange", "cached"]);
});

Deno.test("flows say what the plan says, for any plan", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(7), fc.nat(), fc.nat(3)), { maxLength: 8 }), (steps) => {
      const plans: Plan[] = [source(0, 2)];
      for (const [index, [kind, pick, size]] of steps.entries()) {
        const made = step(index + 1, kind, plans.at(-1)!, plans[pick % plans.length]!, size);
        plans.push(pick % 3 === 0 ? persisted(made) : made);
      }
      const plan = plans.at(-1)!;
      if (partitionCount(plan) > 500) return;
      const exchanges = new Map(plans.map((made) => [made.id, made]));
      for (const stage of stagesOf(plan)) {
        const { output } = stage.stage;
        const made = output.kind === "exchange" ? exchanges.get(output.id)! : undefined;
        const last = made === undefined ? plan : made.kind === "exchange" ? made.from : made;
        assert.equal(stage.flows.size, partitionCount(last));
        for (const [partition, flow] of stage.flows) {
          assert.deepEqual(originsOfFlow(stage, flow), origins(last, partition));
        }
      }
    }),
  );
});

function step(id: number, kind: number, last: Plan, other: Plan, size: number): Plan {
  switch (kind) {
    case 0:
      return source(id, size);
    case 1:
      return narrow(id, last);
    case 2:
      return exchange(id, last, hash(size + 1));
    case 3:
      return union(id, last, other);
    case 4:
      return coalesce(id, last, size + 1);
    case 5:
      return aligned(id, last, narrow(1000 + id, last));
    case 6:
      return inPlace(id, last, hash(partitionCount(last)));
    default:
      return zip(id, last, narrow(1000 + id, last));
  }
}

function reads(flow: Flow): unknown[] {
  switch (flow.kind) {
    case "read":
      return [flow.split?.data];
    case "apply":
    case "exchange":
    case "keep":
      return reads(flow.from);
    case "concat":
    case "zip":
      return flow.from.flatMap(reads);
    case "cross":
      return [...reads(flow.left), ...reads(flow.right)];
  }
}
