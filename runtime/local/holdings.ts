/**
 * What there is for tasks to read, and what goes with what is lost.
 *
 *     outputs of exchanges                 on disk, whoever made them (map_sides.ts)
 *     partitions of persisted datasets     with the executors that made them (kept_blocks.ts)
 *
 * What is lost is made again when somebody needs it, and nothing else is. Where it would come out
 * otherwise a second time (draws.ts), all that was made of it goes with it, and who reads that starts
 * again. Which jobs wait for what, and which of them fail, is decided by the scheduler.
 */
import type { PartitionId, PlanId } from "../../core/plan/plan.ts";
import type { StagePlan } from "../../core/plan/stages.ts";
import type { ExchangeId, ExecutorId, JobId, KeptId, TaskResult } from "../../core/task.ts";
import { Draws } from "./draws.ts";
import type { KeptBlocks } from "./kept_blocks.ts";
import { exchangeOf, type MapSide, MapSides } from "./map_sides.ts";
import type { Seats } from "./placement.ts";
import type { Instruction } from "./stimulus.ts";
import type { Attempt, GoodResult, Limits, TaskSet, Undone } from "./task_set.ts";

/** What holdings look at, and whom they tell. */
export type HoldingsParts = Readonly<{
  kept: KeptBlocks;
  seats: Seats<Attempt>;
  limits: Limits;
  /** What there is, and so what can run, may have changed. */
  changed: () => void;
  say: (instruction: Instruction) => void;
}>;

export class Holdings {
  readonly #parts: HoldingsParts;
  readonly #kept: KeptBlocks;
  readonly #sides: MapSides;
  readonly #draws: Draws;
  /** The datasets that are persisted, as far as a job has said so. */
  readonly #persisted = new Set<PlanId>();
  /** Attempts that were rolled back, and the datasets of which they have made what nobody wants. */
  readonly #inVain = new WeakMap<Attempt, ReadonlySet<PlanId>>();

  constructor(parts: HoldingsParts) {
    this.#parts = parts;
    this.#kept = parts.kept;
    this.#sides = new MapSides(parts.limits);
    this.#draws = new Draws(this.#sides);
  }

  // Exchanges

  get sides(): Iterable<MapSide> {
    return this.#sides;
  }

  sideOf(exchange: ExchangeId): MapSide | undefined {
    return this.#sides.get(exchange);
  }

  /** The map side that a stage writes; undefined for the stage of an action. */
  writtenBy({ stage }: StagePlan): MapSide | undefined {
    const exchange = exchangeOf(stage);
    return exchange && this.#sides.get(exchange.id);
  }

  /** A job with these stages begins; returns the map sides of all its lineage. */
  join(job: JobId, stages: readonly StagePlan[]): readonly MapSide[] {
    for (const input of stages.flatMap(({ stage }) => stage.inputs)) {
      if (input.kind === "cached") this.#persisted.add(input.id);
    }
    for (const plan of stages) this.#kept.learn(plan);
    const earlier = stages.slice(0, -1);
    const lineage = new Set(earlier.map(({ stage }) => exchangeOf(stage)!.id));
    const sides = new Set<MapSide>();
    for (const plan of earlier) {
      const { side, discarded } = this.#sides.join(job, plan, lineage);
      this.discard(discarded);
      sides.add(side);
    }
    // What is kept may have been made from more than the job itself knows of.
    for (const side of sides) {
      for (const parent of side.plan.parents) sides.add(this.#sides.get(parent)!);
      side.jobs.add(job);
    }
    return [...sides];
  }

  /** No job reads it any more, and nothing more of it is made. */
  rest(side: MapSide): void {
    side.tasks = undefined;
    if (side.isForgotten) this.discard(this.#sides.drop(side));
  }

  /** The tasks that a job waits for, as `MapSides.awaited` gives them. */
  awaited(action: TaskSet): ReturnType<MapSides["awaited"]> {
    return this.#sides.awaited(
      action,
      ({ plan, waitingPartitions }) => this.#kept.needs(plan, waitingPartitions),
    );
  }

  /** An output was written that counts. */
  add(side: MapSide, { output, task }: Extract<TaskResult, { kind: "written" }>): void {
    this.#sides.add(side, task.partition, output);
  }

  /** A reader that knew version `seen` could not read an output; whether that is news. */
  lose(side: MapSide, partition: PartitionId, seen: number): boolean {
    const discarded = this.#sides.lose(side, partition, seen);
    this.discard(discarded);
    if (discarded.length > 0) this.#parts.changed();
    return discarded.length > 0;
  }

  /** Nobody asks for an exchange any more; `isForGood`: nor ever will, however it is made. */
  forget(exchange: ExchangeId, isForGood: boolean): void {
    const side = this.#sides.get(exchange);
    if (side !== undefined) {
      side.isForgotten = true;
      if (side.jobs.size === 0) this.discard(this.#sides.drop(side));
    }
    if (isForGood) this.#sides.forgetBounds(exchange);
  }

  /** Lets outputs go that no running job reads, until there are so many bytes at most. */
  shrink(bytesMax: number): void {
    this.discard(this.#sides.shrink(bytesMax));
  }

  /** What came too late, or twice, has to go, unless it is the very thing that is kept. */
  ignore(result: TaskResult): void {
    if (result.kind !== "written") return;
    const { file } = result.output;
    if (!this.#sides.isKept(file)) this.discard([file]);
  }

  /** Cancels attempts, and lets go of what was written in vain. */
  giveUp({ attempts, files }: Undone, reason: string): void {
    for (const { executor, task } of attempts) {
      this.#parts.say({ kind: "cancel", executor, task, reason });
    }
    this.discard(files);
  }

  discard(files: readonly string[]): void {
    if (files.length > 0) this.#parts.say({ kind: "discard", files });
  }

  // Persisted datasets

  /** A task has ended well: what its executor keeps now, also if the task does not count any more. */
  learn(attempt: Attempt, result: GoodResult): void {
    this.#draws.note(attempt.tasks.plan, result);
    const inVain = this.#inVain.get(attempt);
    const kept = (result.kept ?? []).filter(({ dataset }) => !inVain?.has(dataset));
    if (kept.length === 0) return;
    const { executor } = attempt;
    this.#kept.add(executor, kept.filter(({ dataset }) => this.#persisted.has(dataset)));
    this.#parts.changed();
    for (const dataset of new Set(kept.map(({ dataset }) => dataset))) {
      if (!this.#persisted.has(dataset)) this.#parts.say({ kind: "forgetKept", executor, dataset });
    }
  }

  /** An executor has let go of a partition. */
  dropKept(executor: ExecutorId, id: KeptId): void {
    if (this.#kept.drop(executor, id)) this.#parts.changed();
  }

  /** An executor is gone with all that it kept. */
  loseExecutor(executor: ExecutorId): void {
    this.#kept.dropAll(executor);
    this.#parts.changed();
  }

  /** An attempt did not find what it was told of; whether that is news. */
  loseKept({ executor, elsewhere }: Attempt, lost: readonly KeptId[]): boolean {
    return this.#kept.dropLost(executor, elsewhere, lost);
  }

  /** A dataset is not persisted any more. */
  forgetKept(dataset: PlanId): void {
    this.#persisted.delete(dataset);
    this.#letGo(dataset);
  }

  /** Nobody keeps anything of the dataset, until it is made again. */
  #letGo(dataset: PlanId): void {
    if (this.#kept.forget(dataset)) this.#parts.changed();
    for (const { id: executor } of this.#parts.seats) {
      this.#parts.say({ kind: "forgetKept", executor, dataset });
    }
  }

  // What was drawn

  /** Whether the output of an exchange would come out otherwise if it were made again. */
  isDrawn(exchange: ExchangeId): boolean {
    return this.#draws.has(exchange);
  }

  /** Whether what the tasks of a stage have given may have to be taken back. */
  mayRollBack(plan: StagePlan): boolean {
    return this.#draws.mayRollBack(plan);
  }

  /**
   * An output is gone that would come out otherwise: it goes with all of its stage, and with all that
   * was made of that. Of these actions, returns those that have given results and cannot go on.
   */
  rollBack(lost: MapSide, actions: readonly TaskSet[]): ReadonlySet<TaskSet> {
    const sides = this.#draws.madeOf(lost);
    const datasets = new Set(this.#kept.madeOf(sides));
    for (const dataset of datasets) this.#letGo(dataset);
    const undo = (undone: Undone) => {
      for (const attempt of undone.attempts) this.#inVain.set(attempt, datasets);
      this.giveUp(undone, "what it reads is made anew");
    };
    for (const side of sides.values()) {
      const { tasks } = side;
      // The loss of the first one has been counted.
      if (side === lost && tasks !== undefined) undo(tasks.abandon());
      else if (tasks !== undefined && tasks.unfinished > 0) undo(tasks.restart());
      this.discard(this.#sides.loseAll(side));
    }
    const hopeless = new Set<TaskSet>();
    for (const tasks of actions) {
      if (!tasks.plan.parents.some((parent) => sides.has(parent))) continue;
      if (tasks.hasGiven) hopeless.add(tasks);
      else undo(tasks.restart());
    }
    this.#parts.changed();
    return hopeless;
  }
}
