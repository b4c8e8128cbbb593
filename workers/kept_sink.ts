/** Hands the blocks of a partition that is to be kept to the control thread, which keeps them. */
import type { KeptId } from "../core/task.ts";
import type { Reservation } from "../shuffle/memory_budget.ts";
import type { BlockPlace, KeptSink, KeptWhere } from "./task_io.ts";
import type { WorkerLink } from "./worker_link.ts";

/**
 * What the executor holds of it counts against the budget of the task until that ends: from then on
 * all tasks are launched with so much less.
 */
export class LocalKeptSink implements KeptSink {
  readonly #link: WorkerLink;
  readonly #id: KeptId;
  readonly #where: KeptWhere;
  readonly #memory: Reservation;
  #isOnDisk = false;
  #isOpen = true;

  constructor(link: WorkerLink, id: KeptId, where: KeptWhere, memory: Reservation) {
    this.#link = link;
    this.#id = id;
    this.#where = where;
    this.#memory = memory;
  }

  put(block: Uint8Array): boolean {
    const mayHold = this.#mayHold(block);
    return this.#isTaken(this.#link.keep(this.#id, this.#where, mayHold, block), block, mayHold);
  }

  async putLater(block: Uint8Array): Promise<boolean> {
    const mayHold = this.#mayHold(block);
    const place = await this.#link.keepLater(this.#id, this.#where, mayHold, block);
    return this.#isTaken(place, block, mayHold);
  }

  keep(): void {
    this.#end(true);
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#end(false);
    this.#memory.shrink(this.#memory.bytes);
  }

  #mayHold(block: Uint8Array): boolean {
    return this.#where.memory && !this.#isOnDisk && this.#memory.tryGrow(block.length);
  }

  #isTaken(place: BlockPlace, block: Uint8Array, wasHeld: boolean): boolean {
    if (place === "nowhere" && wasHeld) this.#memory.shrink(block.length);
    if (place === "disk") {
      this.#isOnDisk = true;
      this.#memory.shrink(this.#memory.bytes);
    }
    return place !== "nowhere";
  }

  #end(isWhole: boolean): void {
    this.#isOpen = false;
    this.#link.send({ kind: "endKeep", id: this.#id, ...this.#where, isWhole });
  }
}
