/**
 * From what was written to what can run: looks at the sources and settles what was left open.
 *
 *     CapturedDraft   source: format, options      partitions: 8, or undefined
 *       │  each source is asked for its splits, once
 *       │  an open partition count becomes a number
 *       │  what is partitioned already as it is to be does not move again
 *       │  what has been checkpointed is read from its files
 *       │  what is persisted by now gets its level
 *       ▼
 *     Plan            source: a list of splits     partitions: 8
 *
 * Ids stay, and a node that was shared is shared still.
 */
import type { Closure } from "../closure/closure.ts";
import { assert, PlanError } from "../errors.ts";
import type { StorageLevel } from "../storage_level.ts";
import { countOf, partitionCounts } from "./counts.ts";
import { type Exchange, type Partitioner, partitionerOf, samePartitioner } from "./exchange.ts";
import {
  type CapturedDraft,
  inputsOf,
  type Plan,
  type PlanId,
  type SourceRequest,
  type Split,
} from "./plan.ts";
import { inputsFirst } from "./walk.ts";

/** Files that a dataset was written to, and how it was partitioned, where that was certain. */
export type Checkpointed = Readonly<{
  source: SourceRequest;
  partitioner: Partitioner<Closure, number> | undefined;
}>;

/** What resolving may ask of the driver. */
export type ResolveHost = Readonly<{
  /** Parts a source; `partitionsMin` is settled. Throws an InputError where there is nothing. */
  split(request: SourceRequest, partitionsMin: number): Promise<readonly Split[]>;
  /** How many partitions a source should have where nobody says: the slots there are. */
  defaultParallelism: number;
  /** `spark.default.parallelism`, where it is set: how many an exchange has where nobody says. */
  exchangePartitions?: number | undefined;
  /** What is read in the place of a dataset, if it has been checkpointed. */
  checkpointOf?: ((id: PlanId) => Checkpointed | undefined) | undefined;
  /** Where a dataset is kept, if it is persisted. */
  levelOf?: ((id: PlanId) => StorageLevel | undefined) | undefined;
}>;

type ExchangeDraft = Extract<CapturedDraft, { kind: "exchange" }>;
type SourceDraft = Extract<CapturedDraft, { kind: "source" }>;

/**
 * A draft as a plan. All sources are asked at the same time; what the first failing one throws is
 * thrown.
 *
 * An open partition count is settled as in Spark: as many as the input has, if it is partitioned by
 * hash already and shall be again; else `spark.default.parallelism`; else as many as the input has.
 * `coalesce` never has more partitions than its input. Throws a PlanError for a `zip` of datasets
 * that differ in their number of partitions.
 */
export async function resolve(draft: CapturedDraft, host: ResolveHost): Promise<Plan> {
  const nodes = withCheckpoints(draft, host.checkpointOf ?? (() => undefined));
  const sources = nodes.filter((node): node is SourceDraft => node.kind === "source");
  const splits = new Map(
    await Promise.all(sources.map(async ({ id, source }) => {
      const partitionsMin = source.partitionsMin ?? host.defaultParallelism;
      return [id, await host.split(source, partitionsMin)] as const;
    })),
  );
  const plans = new Map<PlanId, Plan>();
  const counts = new Map<PlanId, number>();
  for (const node of nodes) {
    const level = host.levelOf?.(node.id);
    const open = settled(node, splits, plans, counts, host);
    const plan = level === undefined ? open : { ...open, level };
    plans.set(node.id, plan);
    counts.set(node.id, countOf(plan, counts)!);
  }
  return plans.get(draft.id)!;
}

/** The nodes of a draft, inputs first; a source stands for each that has been checkpointed. */
function withCheckpoints(
  root: CapturedDraft,
  checkpointOf: NonNullable<ResolveHost["checkpointOf"]>,
): CapturedDraft[] {
  const inputs = (node: CapturedDraft) => checkpointOf(node.id) ? [] : inputsOf(node);
  return inputsFirst(root, inputs).map((node) => {
    // A draft may have become a source itself by now.
    const checkpoint = node.kind === "source" ? undefined : checkpointOf(node.id);
    const { id, label } = node;
    return checkpoint === undefined ? node : { id, label, kind: "source", ...checkpoint };
  });
}

/** How many partitions a dataset has. */
export function partitionCount(plan: Plan): number {
  return partitionCounts(plan).get(plan.id)!;
}

/** One node as a plan; those before it are in `plans`, `counts` and `splits`. */
function settled(
  node: CapturedDraft,
  splits: ReadonlyMap<PlanId, readonly Split[]>,
  plans: ReadonlyMap<PlanId, Plan>,
  counts: ReadonlyMap<PlanId, number>,
  host: ResolveHost,
): Plan {
  const planOf = (input: CapturedDraft) => plans.get(input.id)!;
  const { id, label } = node;
  switch (node.kind) {
    case "source": {
      const { format, options } = node.source;
      const source = { format, options, splits: splits.get(id)! };
      const { partitioner } = node;
      if (partitioner === undefined) return { id, label, kind: "source", source };
      const partitions = checked(partitioner.partitions ?? NaN);
      return { id, label, kind: "source", source, partitioner: { ...partitioner, partitions } };
    }
    case "narrow":
      return { id, label, kind: "narrow", from: planOf(node.from), op: node.op };
    case "exchange": {
      const from = planOf(node.from);
      const exchange = settledExchange(node, from, counts.get(from.id)!, host);
      if (!isInPlace(exchange, from)) return { id, label, kind: "exchange", from, exchange };
      // A partitionBy of what lies there already has nothing to do at all.
      return exchange.kind === "partition"
        ? { id, label, kind: "union", from: [from], aligned: true }
        : { id, label, kind: "exchange", from, exchange, inPlace: true };
    }
    case "union": {
      const from = node.from.map(planOf);
      const { grants } = node;
      const aligned = areAligned(from) && { aligned: true };
      return { id, label, kind: "union", from, ...aligned, ...(grants && { grants }) };
    }
    case "zip": {
      const sides = node.from.map(planOf);
      refuseUnevenZip(label, sides.map((side) => counts.get(side.id)!));
      return { id, label, kind: "zip", from: sides, fn: node.fn };
    }
    case "cross":
      return { id, label, kind: "cross", left: planOf(node.left), right: planOf(node.right) };
    case "coalesce": {
      const from = planOf(node.from);
      const partitions = Math.min(node.partitions, counts.get(from.id)!);
      return { id, label, kind: "coalesce", from, partitions };
    }
  }
}

/** An exchange with its partition count, given its input and how many partitions that has. */
function settledExchange(
  { id, exchange }: ExchangeDraft,
  from: Plan,
  inputPartitions: number,
  host: ResolveHost,
): Exchange<Closure> {
  // Also an empty input has an empty result, and that needs a partition to lie in.
  const byDefault = Math.max(1, host.exchangePartitions ?? inputPartitions);
  if (exchange.kind === "rebalance") {
    return { ...exchange, partitions: checked(exchange.partitions ?? byDefault) };
  }
  const { partitioner } = exchange;
  const present = partitionerOf(from);
  // As Spark's defaultPartitioner: what hashes already keeps its count, so that nothing has to move.
  const kept = present?.kind === "hash" && partitioner.kind === "hash"
    ? present.partitions
    : undefined;
  const partitions = checked(partitioner.partitions ?? kept ?? byDefault);
  const bounds = partitioner.kind === "range" && { exchange: id };
  return { ...exchange, partitioner: { ...partitioner, partitions, ...bounds } };
}

/** An exchange moves nothing where every record lies in its partition already. */
function isInPlace(exchange: Exchange<Closure>, from: Plan): boolean {
  if (exchange.kind === "rebalance") return false;
  const present = partitionerOf(from);
  return present !== undefined && samePartitioner(present, exchange.partitioner);
}

/** Whether each key lies in the partition of the same index on all sides, and surely so. */
function areAligned(sides: readonly Plan[]): boolean {
  const first = partitionerOf(sides[0]!);
  return first !== undefined && sides.every((side) => {
    const present = partitionerOf(side);
    return present !== undefined && samePartitioner(first, present);
  });
}

function checked(partitions: number): number {
  assert(
    Number.isInteger(partitions) && partitions > 0,
    `an exchange was planned with ${partitions} partitions`,
  );
  return partitions;
}

function refuseUnevenZip(label: string, counts: readonly number[]): void {
  if (counts.every((count) => count === counts[0])) return;
  throw new PlanError(
    "InvalidArgument",
    `Cannot zip datasets with ${counts.join(" and ")} partitions (${label})`,
    "Give both the same number of partitions, with repartition() or where they are made",
  );
}
