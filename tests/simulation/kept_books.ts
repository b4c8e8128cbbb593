/**
 * Who keeps which partitions of persisted datasets, as far as the scheduler can know: the books of
 * the rules, kept in their own way.
 */
import type { PlanId } from "../../core/plan/plan.ts";
import type { StagePlan } from "../../core/plan/stages.ts";
import type { ExchangeId, ExecutorId, Flow, KeptId, Stage } from "../../core/task.ts";

/** `3/0`: partition 0 of dataset 3. */
export function nameOf({ dataset, partition }: KeptId): string {
  return `${dataset}/${partition}`;
}

/** Everything in a flow, itself included, each once; `into` says whether to look below. */
export function* walk(flow: Flow, into: (at: Flow) => boolean = () => true): Generator<Flow> {
  const seen = new Set<Flow>([flow]);
  for (const at of seen) {
    yield at;
    if (!into(at)) continue;
    if (at.kind === "cross") seen.add(at.left).add(at.right);
    else if (at.kind === "concat" || at.kind === "zip") at.from.forEach((from) => seen.add(from));
    else if (at.kind !== "read") seen.add(at.from);
  }
}

/** The kept partition that a flow is, if it is one. */
export function keptIn(stage: Stage, flow: Flow): KeptId | undefined {
  if (flow.kind !== "keep") return undefined;
  const input = stage.inputs[flow.input]! as Extract<Stage["inputs"][number], { kind: "cached" }>;
  return { dataset: input.id, partition: flow.partition };
}

/** The datasets that tasks of these stages make of one of these exchanges. */
export function keptOf(plans: Iterable<StagePlan>, made: ReadonlySet<ExchangeId>): Set<PlanId> {
  const datasets = new Set<PlanId>();
  for (const { stage, flows } of plans) {
    const isMade = (at: Flow) => {
      const input = at.kind === "read" ? stage.inputs[at.input]! : undefined;
      return input?.kind === "exchange" && made.has(input.id);
    };
    for (const at of [...flows.values()].flatMap((flow) => [...walk(flow)])) {
      const id = keptIn(stage, at);
      if (id !== undefined && [...walk(at)].some(isMade)) datasets.add(id.dataset);
    }
  }
  return datasets;
}

export class KeptBooks {
  readonly #persisted = new Set<number>();
  /** The executors by the name of what they keep. */
  readonly #holders = new Map<string, Set<ExecutorId>>();

  submitted(stage: Stage): void {
    for (const input of stage.inputs) if (input.kind === "cached") this.#persisted.add(input.id);
  }

  isPersisted(dataset: number): boolean {
    return this.#persisted.has(dataset);
  }

  add(executor: ExecutorId, kept: readonly KeptId[]): void {
    for (const id of kept) {
      if (!this.#persisted.has(id.dataset)) continue;
      const holders = this.#holders.get(nameOf(id)) ?? new Set();
      this.#holders.set(nameOf(id), holders.add(executor));
    }
  }

  /** Whether it was known until now. */
  drop(executor: ExecutorId, id: KeptId): boolean {
    return this.#holders.get(nameOf(id))?.delete(executor) === true;
  }

  lost(executor: ExecutorId): void {
    for (const holders of this.#holders.values()) holders.delete(executor);
  }

  forget(dataset: number): void {
    this.#persisted.delete(dataset);
    this.clear(dataset);
  }

  /** Nobody holds anything of the dataset any more; it is persisted still. */
  clear(dataset: number): void {
    for (const name of this.#holders.keys()) {
      if (name.startsWith(`${dataset}/`)) this.#holders.delete(name);
    }
  }

  holds(executor: ExecutorId, id: KeptId): boolean {
    return this.#holders.get(nameOf(id))?.has(executor) === true;
  }

  isKept(id: KeptId): boolean {
    return (this.#holders.get(nameOf(id))?.size ?? 0) > 0;
  }

  /** The kept partitions that a flow could read from an executor. */
  readable(executor: ExecutorId, stage: Stage, flow: Flow): string[] {
    return [...walk(flow)].flatMap((at) => {
      const id = keptIn(stage, at);
      return id !== undefined && this.holds(executor, id) ? [nameOf(id)] : [];
    });
  }

  /** The exchanges that a flow has to read. */
  needs(stage: Stage, flow: Flow): Set<ExchangeId> {
    const needed = new Set<ExchangeId>();
    const isMade = (at: Flow) => {
      const id = keptIn(stage, at);
      return id === undefined || !this.isKept(id);
    };
    for (const at of walk(flow, isMade)) {
      const input = at.kind === "read" ? stage.inputs[at.input]! : undefined;
      if (input?.kind === "exchange") needed.add(input.id);
    }
    return needed;
  }
}
