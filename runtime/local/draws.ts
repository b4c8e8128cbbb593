/**
 * What would come out otherwise if it were made again: outputs of tasks that drew at random or asked
 * for the time, and all that is made of them.
 *
 *     X  drew, and lost an output          X whole is made again, and so is what was made of it,
 *     ├── Y  read X, is complete           however far it has come: nobody goes on with parts of
 *     │   └── R  read Y, half done         one draw and parts of another
 *     └── persisted partitions made of X
 *
 * Tasks say of themselves that they drew (workers/draws.ts). It stays true of an exchange, and of a
 * persisted dataset, for good: to be careful for nothing costs little.
 */
import type { PlanId } from "../../core/plan/plan.ts";
import type { StagePlan } from "../../core/plan/stages.ts";
import type { ExchangeId } from "../../core/task.ts";
import { exchangeOf, type MapSide, type MapSides } from "./map_sides.ts";
import type { GoodResult } from "./task_set.ts";

export class Draws {
  readonly #sides: MapSides;
  /** Exchanges and persisted datasets: a dataset that is the one may be the other. */
  readonly #drawn = new Set<PlanId>();

  constructor(sides: MapSides) {
    this.#sides = sides;
  }

  /** A task of the stage ended well. */
  note(plan: StagePlan, { drew, kept = [] }: GoodResult): void {
    if (drew !== true && !this.#areRead(plan)) return;
    for (const { dataset } of kept) this.#drawn.add(dataset);
    const exchange = exchangeOf(plan.stage);
    if (exchange !== undefined) this.#drawn.add(exchange.id);
  }

  /** Whether the output of an exchange would come out otherwise. */
  has(exchange: ExchangeId): boolean {
    return this.#drawn.has(exchange);
  }

  /** Whether the tasks of a stage may read what would come out otherwise a second time. */
  #areRead(plan: StagePlan): boolean {
    return this.mayRollBack(plan) ||
      plan.stage.inputs.some((input) => input.kind === "cached" && this.#drawn.has(input.id));
  }

  /** Whether what its tasks have given may have to be taken back. */
  mayRollBack({ parents }: StagePlan): boolean {
    return parents.some((parent) => this.#drawn.has(parent));
  }

  /** A map side, and all others that were made of it. */
  madeOf(side: MapSide): ReadonlyMap<ExchangeId, MapSide> {
    const found = new Map([[side.outputs.id, side]]);
    // A Map is walked in the order of insertion, also through what is added meanwhile.
    for (const id of found.keys()) {
      for (const other of this.#sides) {
        if (other.plan.parents.includes(id)) found.set(other.outputs.id, other);
      }
    }
    return found;
  }
}
