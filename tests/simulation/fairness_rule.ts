/**
 * What FAIR sharing must do, told by one who sees only what starts and what ends: of the tasks that
 * start in answer to one stimulus, none belongs to a pool that holds more, for its weight, than one
 * which has to wait for a later turn. The tasks of a barrier stage start in one turn.
 */
import type { JobId, StageId, Task } from "../../core/task.ts";
import { poolOf } from "../../runtime/job_properties.ts";
import type { Sharing } from "../../runtime/local/pools.ts";
import type { Instruction, Stimulus } from "../../runtime/local/scheduler.ts";

type Start = Readonly<{
  job: JobId;
  stage: StageId;
  pool: string;
  loads: ReadonlyMap<string, number>;
}>;

export class FairnessRule {
  readonly #sharing: Sharing | undefined;
  readonly #pools = new Map<JobId, string>();
  readonly #barriers = new Set<StageId>();
  /** The pool of every task that holds a slot, by executor and task. */
  readonly #holding = new Map<string, string>();
  #starts: Start[] = [];

  constructor(sharing: Sharing | undefined) {
    this.#sharing = sharing;
  }

  before(stimulus: Stimulus): void {
    this.#starts = [];
    switch (stimulus.kind) {
      case "jobSubmitted":
        this.#pools.set(stimulus.job, poolOf(stimulus.properties ?? {}));
        for (const { stage } of stimulus.stages) if (stage.barrier) this.#barriers.add(stage.id);
        return;
      case "taskEnded":
        this.#holding.delete(key(stimulus.executor, stimulus.result.task));
        return;
      case "executorLost":
        for (const held of [...this.#holding.keys()]) {
          if (held.startsWith(`${stimulus.executor}:`)) this.#holding.delete(held);
        }
        return;
      case "tick":
      case "executorReady":
      case "startFailed":
      case "jobCancelled":
      case "forget":
        return;
    }
  }

  see(instruction: Instruction): void {
    if (instruction.kind !== "announce" || instruction.event.type !== "task.started") return;
    const { job, task, executor } = instruction.event;
    const pool = this.#pools.get(job)!;
    const { stage } = task;
    const turn = this.#barriers.has(stage)
      ? this.#starts.find((start) => start.stage === stage)
      : undefined;
    this.#starts.push(turn ?? { job, stage, pool, loads: this.#loads() });
    this.#holding.set(key(executor, task), pool);
  }

  #loads(): ReadonlyMap<string, number> {
    const loads = new Map<string, number>();
    for (const held of this.#holding.values()) {
      loads.set(held, (loads.get(held) ?? 0) + 1 / this.#weight(held));
    }
    return loads;
  }

  /** Throws where somebody was passed over. */
  after(): void {
    if (this.#sharing?.mode !== "FAIR") return;
    this.#starts.forEach(({ job, pool, loads }, index) => {
      for (const later of this.#starts.slice(index + 1)) {
        const [own, other] = [loads.get(pool) ?? 0, loads.get(later.pool) ?? 0];
        // Sums of thirds are not exact.
        if (later.pool === pool || own <= other + 1e-9) continue;
        throw new Error(`job ${job} was served before job ${later.job}`);
      }
    });
  }

  #weight(pool: string): number {
    return this.#sharing?.mode === "FAIR" ? this.#sharing.weights.get(pool) ?? 1 : 1;
  }
}

function key(executor: number, { stage, partition, attempt }: Task): string {
  return `${executor}:${stage}/${partition}/${attempt}`;
}
