/**
 * The map side of each exchange that is known: what it wrote, and how that is made again.
 *
 * It outlives the jobs that read it, so that later ones find it. A job that finds outputs missing has
 * them made by the plan that made the others: what lies at or below an exchange that has run keeps
 * the functions that it ran with.
 */
import { partitionsOf } from "../../core/plan/exchange.ts";
import type { StagePlan } from "../../core/plan/stages.ts";
import type { PartitionId } from "../../core/plan/plan.ts";
import type { ExchangeId, JobId, MapOutput, Stage } from "../../core/task.ts";
import { ExchangeOutputs } from "./outputs.ts";
import { type Limits, TaskSet } from "./task_set.ts";

/** The map side of one exchange. */
export type MapSide = {
  readonly outputs: ExchangeOutputs;
  plan: StagePlan;
  /** There as soon as a running job has found outputs missing, and as long as one reads them. */
  tasks: TaskSet | undefined;
  /** The running jobs whose lineage it is part of. */
  readonly jobs: Set<JobId>;
  /** It goes with the last of them. */
  isForgotten: boolean;
  /** Nobody can ask for the exchange any more, so that its bounds go too. */
  isUnreachable: boolean;
};

/** The exchange that a stage writes; undefined for the stage of an action. */
export function exchangeOf(
  { output }: Stage,
): Extract<Stage["output"], { kind: "exchange" }> | undefined {
  return output.kind === "exchange" ? output : undefined;
}

/** The map sides by exchange. Methods that let files go return their names. */
export class MapSides {
  readonly #limits: Limits;
  readonly #sides = new Map<ExchangeId, MapSide>();
  /** The bounds of sides that were let go. */
  readonly #bounds = new Map<ExchangeId, readonly Uint8Array[]>();
  /** The files of all outputs. */
  readonly #files = new Set<string>();
  /** What they have together. */
  #bytes = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get(exchange: ExchangeId): MapSide | undefined {
    return this.#sides.get(exchange);
  }

  [Symbol.iterator](): IterableIterator<MapSide> {
    return this.#sides.values();
  }

  /** Whether a file is one that readers are told of, or will be when its barrier stage is done. */
  isKept(file: string): boolean {
    return this.#files.has(file) ||
      this.#sides.values().some(({ tasks }) => tasks?.holds(file) === true);
  }

  /**
   * Makes a map side part of a job: the one that is kept, if there is one that fits, else a new one
   * of this plan. `lineage`: all exchanges of the job.
   */
  join(
    job: JobId,
    plan: StagePlan,
    lineage: ReadonlySet<ExchangeId>,
  ): { side: MapSide; discarded: readonly string[] } {
    const { id, exchange } = exchangeOf(plan.stage)!;
    const kept = this.#sides.get(id);
    if (kept !== undefined && (kept.jobs.size > 0 || fits(kept, plan, lineage))) {
      // A stage's number is used for as long as a job needs the stage, and never again.
      if (kept.jobs.size === 0) {
        kept.plan = { ...kept.plan, stage: { ...kept.plan.stage, id: plan.stage.id } };
      }
      kept.jobs.add(job);
      return { side: kept, discarded: [] };
    }
    const discarded = kept === undefined ? [] : this.drop(kept);
    const outputs = new ExchangeOutputs(id, exchange, plan.flows.size, this.#boundsOf(plan));
    const jobs = new Set([job]);
    const side: MapSide = {
      outputs,
      plan,
      tasks: undefined,
      jobs,
      isForgotten: false,
      isUnreachable: false,
    };
    this.#sides.set(id, side);
    return { side, discarded };
  }

  /**
   * Lets map sides go that no running job reads, the oldest first, until all that is kept together
   * has no more than so many bytes.
   */
  shrink(bytesMax: number): readonly string[] {
    const discarded: string[] = [];
    for (const side of this.#sides.values()) {
      if (this.#bytes <= bytesMax) break;
      if (side.jobs.size > 0) continue;
      for (const name of this.drop(side)) discarded.push(name);
    }
    return discarded;
  }

  /**
   * Lets a map side go, with all that it wrote. Its bounds stay: should it be made again, what is
   * kept of the partitions that they made must still fit the others.
   */
  drop(side: MapSide): readonly string[] {
    const { id, files, bytes, bounds } = side.outputs;
    if (bounds !== undefined && !side.isUnreachable) this.#bounds.set(id, bounds);
    this.#bytes -= bytes;
    for (const file of files) this.#files.delete(file);
    this.#sides.delete(id);
    return files;
  }

  /** Nobody will ever read the exchange again, however it is made. */
  forgetBounds(exchange: ExchangeId): void {
    this.#bounds.delete(exchange);
    const side = this.#sides.get(exchange);
    if (side !== undefined) side.isUnreachable = true;
  }

  #boundsOf({ stage }: StagePlan): readonly Uint8Array[] | undefined {
    const { id, exchange } = exchangeOf(stage)!;
    const bounds = this.#bounds.get(id);
    return bounds !== undefined && bounds.length < partitionsOf(exchange) ? bounds : undefined;
  }

  /** Keeps an output. */
  add(side: MapSide, partition: PartitionId, output: MapOutput): void {
    side.outputs.add(partition, output);
    this.#bytes += output.bytes;
    this.#files.add(output.file);
  }

  /** Drops an output as `ExchangeOutputs.lose` does, and has it made again. */
  lose(side: MapSide, partition: PartitionId, seen: number): readonly string[] {
    const first = side.outputs.lose(partition, seen);
    if (first === undefined) return [];
    this.#reopen(side, partition, first);
    // The tasks of a barrier stage run together, so all of them make their output anew.
    return side.plan.stage.barrier ? [first.file, ...this.loseAll(side)] : [first.file];
  }

  /** Drops all outputs that are there, and has them made again. */
  loseAll(side: MapSide): readonly string[] {
    const files: string[] = [];
    for (let partition = 0; partition < side.outputs.mapPartitions; partition++) {
      const output = side.outputs.lose(partition, Infinity);
      if (output === undefined) continue;
      this.#reopen(side, partition, output);
      files.push(output.file);
    }
    return files;
  }

  #reopen(side: MapSide, partition: PartitionId, { bytes, file }: MapOutput): void {
    side.tasks?.reopen(partition);
    this.#bytes -= bytes;
    this.#files.delete(file);
  }

  /**
   * The tasks that a job waits for, from its action back to the first stages whose input is there.
   * Only those of the latter can start: they are `ready`. `needs`: the exchanges that tasks read.
   */
  awaited(
    action: TaskSet,
    needs: (tasks: TaskSet) => readonly ExchangeId[],
  ): { all: ReadonlySet<TaskSet>; ready: readonly TaskSet[] } {
    const ready: TaskSet[] = [];
    const all = new Set<TaskSet>([action]);
    // A Set is walked in the order of insertion, also through what is added meanwhile.
    for (const tasks of all) {
      const incomplete = needs(tasks)
        .map((parent) => this.#sides.get(parent)!)
        .filter((side) => !side.outputs.isComplete);
      if (incomplete.length === 0) ready.push(tasks);
      for (const side of incomplete) {
        side.tasks ??= new TaskSet(side.plan, side.outputs.missing, this.#limits);
        all.add(side.tasks);
      }
    }
    return { all, ready: ready.sort((a, b) => a.id - b.id) };
  }
}

/** Whether a job can go on from what is kept: there is something, and it knows how to make the rest. */
function fits(kept: MapSide, plan: StagePlan, lineage: ReadonlySet<ExchangeId>): boolean {
  return !kept.outputs.isEmpty && kept.outputs.mapPartitions === plan.flows.size &&
    kept.plan.parents.every((parent) => lineage.has(parent));
}
