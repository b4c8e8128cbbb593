/**
 * Which executors keep which partitions of persisted datasets, and what follows from that: what a
 * stage still needs, where a task runs best, and where it reads what is kept elsewhere.
 *
 *     flow   chain ◄─ keep(7, partition 0) ◄─ chain ◄─ read(exchange 5)
 *                     │
 *                     kept by executor 2: the task needs nothing of exchange 5, runs best there, and
 *                     is told of it elsewhere
 *
 * A partition is known to be kept when the task that made it has ended well, until its executor says
 * that it is gone, or is gone itself.
 */
import { assert } from "../../core/errors.ts";
import type { PartitionId, PlanId } from "../../core/plan/plan.ts";
import type { StagePlan } from "../../core/plan/stages.ts";
import type {
  ExchangeId,
  ExecutorId,
  Flow,
  KeptElsewhere,
  KeptId,
  Stage,
} from "../../core/task.ts";

export class KeptBlocks {
  readonly #holders = new Map<PlanId, Map<PartitionId, Set<ExecutorId>>>();
  /** The exchanges that each dataset is made of. */
  readonly #sources = new Map<PlanId, Set<ExchangeId>>();
  /** The kept partitions that each flow of a stage reads, found when they are first asked for. */
  readonly #points = new WeakMap<StagePlan, Map<PartitionId, readonly KeptId[]>>();

  /** An executor keeps these from now on. */
  add(executor: ExecutorId, kept: readonly KeptId[]): void {
    for (const { dataset, partition } of kept) {
      const partitions = entry(this.#holders, dataset, () => new Map());
      entry(partitions, partition, () => new Set<ExecutorId>()).add(executor);
    }
  }

  /** Whether it did keep it until now. */
  drop(executor: ExecutorId, { dataset, partition }: KeptId): boolean {
    const partitions = this.#holders.get(dataset);
    const holders = partitions?.get(partition);
    if (holders?.delete(executor) !== true) return false;
    if (holders.size === 0) partitions!.delete(partition);
    if (partitions!.size === 0) this.#holders.delete(dataset);
    return true;
  }

  /**
   * A task on `executor`, which was told of `elsewhere`, did not find what it lost: whether anybody was
   * believed to keep it until now.
   */
  dropLost(
    executor: ExecutorId,
    elsewhere: readonly KeptElsewhere[],
    lost: readonly KeptId[],
  ): boolean {
    const places = [...elsewhere, ...lost.map((id) => ({ ...id, executor }))];
    const isLost = (id: KeptId) =>
      lost.some(({ dataset, partition }) => dataset === id.dataset && partition === id.partition);
    return places.filter((place) => isLost(place) && this.drop(place.executor, place)).length > 0;
  }

  /** An executor is gone with all that it kept. */
  dropAll(executor: ExecutorId): void {
    for (const [dataset, partitions] of this.#holders) {
      for (const partition of partitions.keys()) this.drop(executor, { dataset, partition });
    }
  }

  /** The tasks of a stage may make, and then keep, what they find nowhere. */
  learn(plan: StagePlan): void {
    if (!keepsAny(plan.stage)) return;
    for (const flow of plan.flows.values()) {
      for (const at of allIn(flow)) {
        if (at.kind !== "keep") continue;
        const sources = entry(this.#sources, pointOf(plan.stage, at).dataset, () => new Set());
        for (const id of exchangesIn(plan.stage, at)) sources.add(id);
      }
    }
  }

  /** The datasets that are made of one of these exchanges, without another exchange between. */
  madeOf(exchanges: ReadonlyMap<ExchangeId, unknown>): readonly PlanId[] {
    return [...this.#sources].flatMap(([dataset, sources]) =>
      [...sources].some((source) => exchanges.has(source)) ? [dataset] : []
    );
  }

  /** Whether anything was kept of the dataset. */
  forget(dataset: PlanId): boolean {
    return this.#holders.delete(dataset);
  }

  holds(executor: ExecutorId, { dataset, partition }: KeptId): boolean {
    return this.#holders.get(dataset)?.get(partition)?.has(executor) === true;
  }

  isKept({ dataset, partition }: KeptId): boolean {
    return this.#holders.get(dataset)?.has(partition) === true;
  }

  /** The exchanges that these partitions of a stage read, but for what is kept. */
  needs(plan: StagePlan, partitions: Iterable<PartitionId>): readonly ExchangeId[] {
    if (plan.parents.length === 0 || !keepsAny(plan.stage)) return plan.parents;
    const needed = new Set<ExchangeId>();
    for (const partition of partitions) {
      this.#addNeeds(plan.stage, plan.flows.get(partition)!, needed);
      if (needed.size === plan.parents.length) break;
    }
    return plan.parents.filter((parent) => needed.has(parent));
  }

  /** Whether the executor keeps something that the task of a partition wants. */
  suits(executor: ExecutorId, plan: StagePlan, partition: PartitionId): boolean {
    return this.#pointsOf(plan, partition).some((point) => this.holds(executor, point));
  }

  /** What the task of a partition could read that others keep, an executor each. */
  elsewhere(executor: ExecutorId, plan: StagePlan, partition: PartitionId): KeptElsewhere[] {
    return this.#pointsOf(plan, partition).flatMap((point) => {
      const holders = this.#holders.get(point.dataset)?.get(point.partition);
      if (holders === undefined || holders.has(executor)) return [];
      return [{ ...point, executor: holders.values().next().value! }];
    });
  }

  #addNeeds(stage: Stage, flow: Flow, needed: Set<ExchangeId>): void {
    const met = new Set([flow]);
    // A Set is walked in the order of insertion, also through what is added meanwhile.
    for (const at of met) {
      if (at.kind === "read") {
        const input = stage.inputs[at.input]!;
        if (input.kind === "exchange") needed.add(input.id);
      } else if (at.kind !== "keep" || !this.isKept(pointOf(stage, at))) {
        for (const below of flowsBelow(at)) met.add(below);
      }
    }
  }

  #pointsOf(plan: StagePlan, partition: PartitionId): readonly KeptId[] {
    if (!keepsAny(plan.stage)) return [];
    const points = entry(this.#points, plan, () => new Map<PartitionId, readonly KeptId[]>());
    return entry(points, partition, () => pointsIn(plan.stage, plan.flows.get(partition)!));
  }
}

/** Whether the stage reads, or makes, partitions of persisted datasets. */
export function keepsAny({ inputs }: Stage): boolean {
  return inputs.some(({ kind }) => kind === "cached");
}

/** All kept partitions in a flow. */
function pointsIn(stage: Stage, flow: Flow): KeptId[] {
  return [...allIn(flow)].flatMap((at) => at.kind === "keep" ? [pointOf(stage, at)] : []);
}

function exchangesIn(stage: Stage, flow: Flow): ExchangeId[] {
  return [...allIn(flow)].flatMap((at) => {
    const input = at.kind === "read" ? stage.inputs[at.input]! : undefined;
    return input?.kind === "exchange" ? [input.id] : [];
  });
}

/** A flow and all below it, each once. */
function allIn(flow: Flow): ReadonlySet<Flow> {
  const met = new Set([flow]);
  // A Set is walked in the order of insertion, also through what is added meanwhile.
  for (const at of met) {
    for (const below of flowsBelow(at)) met.add(below);
  }
  return met;
}

function pointOf({ inputs }: Stage, { input, partition }: Extract<Flow, { kind: "keep" }>): KeptId {
  const cached = inputs[input];
  assert(cached?.kind === "cached", `input ${input} of a stage is kept, but is no cached one`);
  return { dataset: cached.id, partition };
}

function flowsBelow(flow: Flow): readonly Flow[] {
  switch (flow.kind) {
    case "read":
      return [];
    case "apply":
    case "exchange":
    case "keep":
      return [flow.from];
    case "concat":
    case "zip":
      return flow.from;
    case "cross":
      return [flow.left, flow.right];
  }
}

function entry<K, V>(
  map: { get(key: K): V | undefined; set(key: K, value: V): unknown },
  key: K,
  make: () => V,
): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, value = make());
  return value;
}
