/** Random programs for the simulator: small plans that share exchanges, cut as real ones are. */
import { PlanError } from "../../core/errors.ts";
import type { Closure } from "../../core/closure/closure.ts";
import type { Exchange } from "../../core/plan/exchange.ts";
import type { PartitionId, Plan } from "../../core/plan/plan.ts";
import { partitionCount } from "../../core/plan/resolve.ts";
import { cut, type StagePlan } from "../../core/plan/stages.ts";
import type { JobId, StageId } from "../../core/task.ts";
import { StorageLevel } from "../../core/storage_level.ts";
import type { Random } from "./random.ts";

/** A job that the simulator will submit. */
export type Program = Readonly<{
  job: JobId;
  wanted: readonly PartitionId[];
  /** They name its pool, if it is in one. */
  properties: Readonly<Record<string, string>>;
  /** Cut when it is submitted, as the engine does. */
  stages: (nextStage: () => StageId) => readonly StagePlan[];
}>;

const fn: Closure = { nodes: [], root: 0, place: "job.ts:1:1", name: "" };

/** Some programs over one lineage, so that later ones find exchanges of earlier ones. */
export function randomPrograms(random: Random): Program[] {
  const plans = randomLineage(random);
  const isRepeated = random.chance(0.4);
  return Array.from({ length: random.between(1, 4) }, (_, job) => {
    const plan = isRepeated ? plans.at(-1)! : random.pick(plans.slice(-4));
    const all = Array.from({ length: partitionCount(plan) }, (_, partition) => partition);
    const some = random.chance(0.2) ? all.filter(() => random.chance(0.5)) : all;
    // The tasks of a barrier stage run together or not at all.
    const wanted = canBeCut(plan, some) ? some : all;
    const stages = (nextStage: () => StageId) =>
      cut(plan, { kind: "count" }, { nextStage, partitions: wanted, name: `count ${job}` });
    const pool = random.pick([undefined, "light", "heavy"]);
    const properties = pool === undefined ? {} : { "spark.scheduler.pool": pool };
    return { job, wanted, properties, stages };
  });
}

function randomLineage(random: Random): readonly Plan[] {
  const plans: Plan[] = [];
  const length = random.between(2, 8);
  for (let id = 0; id < length; id++) {
    const node = randomNode(random, id, plans);
    // What makes other partitions of those of a barrier stage is refused before it is scheduled.
    const from = plans.at(-1)!;
    const exchange = randomExchange(random);
    plans.push(
      canBeCut(node) ? node : { id, label: `node ${id}`, kind: "exchange", from, exchange },
    );
  }
  return plans;
}

function canBeCut(plan: Plan, partitions?: readonly PartitionId[]): boolean {
  try {
    cut(plan, { kind: "count" }, { nextStage: () => 0, partitions, name: "count" });
    return true;
  } catch (error) {
    if (error instanceof PlanError) return false;
    throw error;
  }
}

/** Some are persisted. */
function randomNode(random: Random, id: number, earlier: readonly Plan[]): Plan {
  const node = randomKind(random, id, earlier);
  return random.chance(0.3) ? { ...node, level: StorageLevel.MEMORY_AND_DISK } : node;
}

function randomKind(random: Random, id: number, earlier: readonly Plan[]): Plan {
  const label = `node ${id}`;
  const from = random.chance(0.7) ? earlier.at(-1) : random.pick(earlier);
  if (from === undefined || random.chance(0.1)) {
    const splits = Array.from(
      { length: random.below(20) === 0 ? 0 : random.between(1, 6) },
      () => ({ data: null }),
    );
    return { id, label, kind: "source", source: { format: "none", options: {}, splits } };
  }
  const draw = random.next();
  if (draw < 0.1) return { id, label, kind: "narrow", from, op: { kind: "map", fn } };
  if (draw < 0.2) {
    const op = { kind: "mapPartitions", fn, barrier: true } as const;
    return { id, label, kind: "narrow", from, op };
  }
  if (draw < 0.3) return { id, label, kind: "union", from: [from, random.pick(earlier)] };
  if (draw < 0.35) return { id, label, kind: "coalesce", from, partitions: 2 };
  if (draw < 0.4) return { id, label, kind: "zip", from: [from, from], fn };
  return { id, label, kind: "exchange", from, exchange: randomExchange(random) };
}

function randomExchange(random: Random): Exchange<Closure> {
  const partitions = random.between(1, 5);
  if (random.chance(0.7)) return { kind: "partition", partitioner: { kind: "hash", partitions } };
  const partitioner = { kind: "range", partitions, ascending: true } as const;
  return { kind: "sort", partitioner, ascending: true };
}
