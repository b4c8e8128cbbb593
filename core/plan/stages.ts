/**
 * Where stages end: the one place that knows it.
 *
 * A stage is the longest pipeline between exchanges that move something. Neighbouring narrow nodes
 * in it become one chain; `union`, `zip`, `cross`, `coalesce` and an exchange that is done in place
 * become the shape of the flow of each partition. A chain ends at a persisted dataset:
 * its partitions are read where they are kept, or made and kept.
 *
 *     textFile ─ flatMap ─ map ─╥─ mapValues ─ collect
 *                               ║
 *       stage 0                 ║    stage 1
 *       inputs  source          ║    inputs  exchange
 *       chain   flatMap, map    ║    chain   mapValues
 *       output  exchange        ║    output  collect
 *
 * What the tasks of a stage have in common stands in the stage once; a flow names it by index, so a
 * stage of a thousand partitions is compiled, and shipped, once.
 */
import type { Closure } from "../closure/closure.ts";
import { assert } from "../errors.ts";
import { areSameGrants, type Grants, NO_GRANTS } from "../grants.ts";
import type { Action, ExchangeId, Flow, Stage, StageId, StageInput, StageOutput } from "../task.ts";
import { behindBarriers, refusePart } from "./barrier.ts";
import { partitionCounts } from "./counts.ts";
import type { Exchange } from "./exchange.ts";
import type { NarrowOp } from "./ops.ts";
import type { PartitionId, Plan, PlanId } from "./plan.ts";
import { stageGrants } from "./stage_grants.ts";
import { inputsFirst } from "./walk.ts";

/** A stage, and what each of its tasks does. */
export type StagePlan = Readonly<{
  stage: Stage;
  /** By partition: all of an exchange's map side, the wanted ones of an action. In order. */
  flows: ReadonlyMap<PartitionId, Flow>;
  /**
   * The exchanges that the flows read, each once: they have to be complete before a task starts,
   * unless all that it would read from them is kept.
   */
  parents: readonly ExchangeId[];
}>;

export type CutOptions = Readonly<{
  /** Gives a number that no stage of the context has had. */
  nextStage: () => StageId;
  /** The wanted partitions, without repetition; all by default. */
  partitions?: readonly PartitionId[] | undefined;
  /** The name of the action's stage, such as `collect at job.ts:12`. */
  name: string;
  /** As `Job.classes`: every stage has them. */
  classes?: readonly Closure[] | undefined;
  /** What every stage may do, beside what is granted to it alone. */
  grants?: Grants | undefined;
  /** As `Job.properties`: every stage has them. */
  properties?: Readonly<Record<string, string>> | undefined;
}>;

type ExchangeNode = Extract<Plan, { kind: "exchange" }>;

/**
 * The stages of a job: parents before those who read them, the action's stage last.
 *
 * An exchange that is read twice is one stage. An exchange that no wanted partition reads is none:
 * the first partition of a union needs only its own side.
 */
export function cut(plan: Plan, action: Action<Closure>, options: CutOptions): StagePlan[] {
  const counts = partitionCounts(plan);
  const wanted = options.partitions ?? range(counts.get(plan.id)!);
  const behind = behindBarriers(plan, counts);
  if (behind.has(plan.id)) refusePart(options.name, wanted, counts.get(plan.id)!);
  const rulesOf = (last: Plan): StageRules => ({
    barrier: behind.has(last.id),
    grants: stageGrants(last, options.grants ?? NO_GRANTS),
  });
  const last = new StageBuilder(plan, counts, wanted);
  const read = new Set<ExchangeId>(last.parents);
  const earlier: { node: ExchangeNode; builder: StageBuilder }[] = [];
  // Those who read come before what they read, so that by its turn it is known who is read.
  for (const node of inputsFirst(plan).toReversed()) {
    if (node.kind !== "exchange" || !read.has(node.id)) continue;
    const builder = new StageBuilder(node.from, counts, range(counts.get(node.from.id)!));
    for (const parent of builder.parents) read.add(parent);
    earlier.push({ node, builder });
  }
  const stages = earlier.reverse().map(({ node: { id, label, exchange, from }, builder }) => {
    const output = { kind: "exchange", id, exchange } as const;
    return builder.build(options.nextStage(), label, output, rulesOf(from));
  });
  const output = { kind: "action", action } as const;
  stages.push(last.build(options.nextStage(), options.name, output, rulesOf(plan)));
  const { classes = [], properties = {} } = options;
  const shared = {
    ...(classes.length > 0 ? { classes } : {}),
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
  };
  return stages.map((plan) => ({ ...plan, stage: { ...plan.stage, ...shared } }));
}

function range(count: number): PartitionId[] {
  return Array.from({ length: count }, (_, index) => index);
}

/**
 * Which partitions of the `from` become partition `index` of a coalesced dataset: neighbours, their
 * numbers as even as can be, as in Spark.
 */
export function coalesced(index: PartitionId, partitions: number, from: number): PartitionId[] {
  const start = Math.floor(index * from / partitions);
  const end = Math.floor((index + 1) * from / partitions);
  return Array.from({ length: end - start }, (_, offset) => start + offset);
}

type Union = Extract<Plan, { kind: "union" }>;
/**
 * One partition of one dataset inside the stage. A union has none of its own, it is that of a side,
 * unless it is aligned or persisted.
 */
type Part = Readonly<{ node: Plan; partition: PartitionId }>;
/** Neighbouring narrow nodes as one chain, and the node that they read from. */
type Chain = Readonly<{ index: number; base: Plan }>;
/** What holds for all tasks of a stage. */
type StageRules = Readonly<{ barrier: boolean; grants: Grants }>;

/** Collects what one stage consists of, from its last dataset back to its inputs. */
class StageBuilder {
  readonly parents: ExchangeId[] = [];
  readonly #partitions: number;
  readonly #counts: ReadonlyMap<PlanId, number>;
  readonly #flows = new Map<PartitionId, Flow>();
  readonly #inputs: StageInput[] = [];
  readonly #chains: NarrowOp<Closure>[][] = [];
  readonly #zips: Closure[] = [];
  readonly #exchanges: Exchange<Closure>[] = [];
  /** Indexes by the id of the node: what is used twice stands in the stage once. */
  readonly #inputOf = new Map<PlanId, number>();
  readonly #cachedOf = new Map<PlanId, number>();
  readonly #chainOf = new Map<PlanId, Chain>();
  readonly #zipOf = new Map<PlanId, number>();
  readonly #exchangeOf = new Map<PlanId, number>();
  /** Where each side of a union starts among its partitions. */
  readonly #startsOf = new Map<PlanId, readonly number[]>();
  /** Flows by node and partition, likewise. */
  readonly #done = new Map<PlanId, Map<PartitionId, Flow>>();

  constructor(
    last: Plan,
    counts: ReadonlyMap<PlanId, number>,
    partitions: readonly PartitionId[],
  ) {
    this.#counts = counts;
    const count = this.#partitions = counts.get(last.id)!;
    for (const partition of partitions) {
      assert(
        Number.isInteger(partition) && partition >= 0 && partition < count,
        `partition ${partition} of ${last.label} was asked for, which has ${count}`,
      );
      this.#flows.set(partition, this.#flow(this.#part(last, partition)));
    }
  }

  build(id: StageId, name: string, output: StageOutput, rules: StageRules): StagePlan {
    const stage: Stage = {
      id,
      name,
      inputs: this.#inputs,
      chains: this.#chains,
      zips: this.#zips,
      partitions: this.#partitions,
      exchanges: this.#exchanges,
      ...(rules.barrier ? { barrier: true } : {}),
      ...(areSameGrants(rules.grants, NO_GRANTS) ? {} : { grants: rules.grants }),
      output,
    };
    return { stage, flows: this.#flows, parents: this.parents };
  }

  /** Builds the flow of `wanted` from the inputs up, with a stack of its own instead of recursion. */
  #flow(wanted: Part): Flow {
    const open: Part[] = [wanted];
    for (let part = open.at(-1); part !== undefined; part = open.at(-1)) {
      if (this.#built(part) !== undefined) {
        open.pop();
        continue;
      }
      const sources = this.#sources(part);
      const missing = sources.filter((source) => this.#built(source) === undefined);
      if (missing.length > 0) {
        for (const source of missing) open.push(source);
        continue;
      }
      this.#store(part, this.#kept(part, sources.map((source) => this.#built(source)!)));
    }
    return this.#built(wanted)!;
  }

  /** Steps down through unions that are not kept themselves to the side that holds the partition. */
  #part(node: Plan, partition: PartitionId): Part {
    let part: Part = { node, partition };
    while (
      part.node.kind === "union" && part.node.aligned !== true && part.node.level === undefined
    ) {
      part = this.#side(part.node, part.partition);
    }
    return part;
  }

  #side(union: Union, partition: PartitionId): Part {
    const starts = this.#starts(union);
    let side = 0;
    for (let end = starts.length; end - side > 1;) {
      const middle = (side + end) >> 1;
      if (starts[middle]! <= partition) side = middle;
      else end = middle;
    }
    return { node: union.from[side]!, partition: partition - starts[side]! };
  }

  #starts(union: Union): readonly number[] {
    let starts = this.#startsOf.get(union.id);
    if (starts === undefined) {
      let next = 0;
      starts = union.from.map((side) => (next += this.#count(side)) - this.#count(side));
      this.#startsOf.set(union.id, starts);
    }
    return starts;
  }

  #built({ node, partition }: Part): Flow | undefined {
    return this.#done.get(node.id)?.get(partition);
  }

  #store({ node, partition }: Part, flow: Flow): void {
    let flows = this.#done.get(node.id);
    if (flows === undefined) this.#done.set(node.id, flows = new Map());
    flows.set(partition, flow);
  }

  /** What a partition is made of, in the same stage. */
  #sources({ node, partition }: Part): readonly Part[] {
    switch (node.kind) {
      case "source":
        return [];
      case "exchange":
        return node.inPlace === true ? [this.#part(node.from, partition)] : [];
      case "narrow":
        return [this.#part(this.#chain(node).base, partition)];
      case "union": {
        if (node.aligned === true) return node.from.map((side) => this.#part(side, partition));
        const side = this.#side(node, partition);
        return [this.#part(side.node, side.partition)];
      }
      case "zip":
        return node.from.map((side) => this.#part(side, partition));
      case "cross": {
        const across = this.#count(node.right);
        return [
          this.#part(node.left, Math.floor(partition / across)),
          this.#part(node.right, partition % across),
        ];
      }
      case "coalesce":
        return coalesced(partition, this.#count(node), this.#count(node.from))
          .map((index) => this.#part(node.from, index));
    }
  }

  /** The flow of a partition, made of the flows of its sources; kept, if its dataset is persisted. */
  #kept(part: Part, sources: readonly Flow[]): Flow {
    const from = this.#joined(part, sources);
    const { node, partition } = part;
    if (node.level === undefined) return from;
    const { useMemory: memory, useDisk: disk } = node.level;
    const input = indexOf(
      this.#cachedOf,
      node.id,
      () => this.#inputs.push({ kind: "cached", id: node.id, memory, disk }),
    );
    return { kind: "keep", from, input, partition };
  }

  /** The flow of a partition, given the flows of what it is made of. */
  #joined({ node, partition }: Part, from: readonly Flow[]): Flow {
    switch (node.kind) {
      case "source": {
        const split = node.source.splits[partition]!;
        return { kind: "read", input: this.#input(node), partition, split };
      }
      case "exchange":
        return node.inPlace === true
          ? { kind: "exchange", from: from[0]!, exchange: this.#exchange(node), partition }
          : { kind: "read", input: this.#input(node), partition };
      case "narrow":
        return { kind: "apply", from: from[0]!, chain: this.#chain(node).index, partition };
      case "zip":
        return { kind: "zip", from, fn: this.#zip(node) };
      case "cross":
        return { kind: "cross", left: from[0]!, right: from[1]! };
      case "union":
      case "coalesce":
        return concat(from);
    }
  }

  #count(node: Plan): number {
    return this.#counts.get(node.id)!;
  }

  #input(node: Extract<Plan, { kind: "source" | "exchange" }>): number {
    return indexOf(this.#inputOf, node.id, () => {
      if (node.kind === "source") {
        const { format, options } = node.source;
        return this.#inputs.push({ kind: "source", format, options });
      }
      this.parents.push(node.id);
      return this.#inputs.push({ kind: "exchange", id: node.id, exchange: node.exchange });
    });
  }

  #zip(node: Extract<Plan, { kind: "zip" }>): number {
    return indexOf(this.#zipOf, node.id, () => this.#zips.push(node.fn));
  }

  #exchange(node: ExchangeNode): number {
    return indexOf(this.#exchangeOf, node.id, () => this.#exchanges.push(node.exchange));
  }

  #chain(last: Plan): Chain {
    let chain = this.#chainOf.get(last.id);
    if (chain === undefined) {
      const ops: NarrowOp<Closure>[] = [];
      let base = last;
      while (base.kind === "narrow" && (base === last || base.level === undefined)) {
        ops.push(base.op);
        base = base.from;
      }
      chain = { index: this.#chains.push(ops.reverse()) - 1, base };
      this.#chainOf.set(last.id, chain);
    }
    return chain;
  }
}

function concat(from: readonly Flow[]): Flow {
  if (from.length === 1) return from[0]!;
  return {
    kind: "concat",
    from: from.flatMap((flow) => flow.kind === "concat" ? flow.from : [flow]),
  };
}

/** The index kept for `id`; `push` makes the entry and returns the new length. */
function indexOf(indexes: Map<PlanId, number>, id: PlanId, push: () => number): number {
  let index = indexes.get(id);
  if (index === undefined) indexes.set(id, index = push() - 1);
  return index;
}
