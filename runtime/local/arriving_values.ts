/**
 * The values of tasks that still run, as far as they have come, and how much of them a job may bring.
 *
 *     value │ value │ value ──► counted, then held ──► take, when the task has ended
 *                                  └─ too much for the job: nothing of it is held any more
 *
 * What is counted of a partition is the most that any attempt at it has sent, so that a retry counts
 * once. A value that is longer than a message comes in parts, each counted as it comes: the driver
 * never holds more than what it may, and one part of each executor.
 */
import type { PartitionId } from "../../core/plan/plan.ts";
import type { Job } from "../../core/engine.ts";
import type { ExecutorId, JobId, Stage, StageId, Task } from "../../core/task.ts";
import { joined } from "../../io/joined.ts";
import { taskKey } from "./placement.ts";

/** What a job was about to bring to the driver, and may not. Sizes are those of encoded values. */
export type Excess = Readonly<{
  job: Pick<Job, "id" | "name">;
  stage: Stage;
  /** So many partitions have sent something. */
  partitionsSeen: number;
  bytes: number;
  bytesMax: number;
}>;

/** What has come of one attempt. */
type Arriving = {
  readonly executor: ExecutorId;
  readonly blocks: Uint8Array[];
  /** The block that is not whole yet. */
  parts: Uint8Array[];
  bytes: number;
};

/** What has come for the last stage of a job. */
type Arrivals = {
  readonly job: Excess["job"];
  readonly stage: Stage;
  readonly attempts: Map<string, Arriving>;
  readonly bytesOf: Map<PartitionId, number>;
  bytes: number;
};

/** Holds the blocks of values until their tasks have ended. */
export class ArrivingValues {
  readonly #bytesMax: number;
  readonly #stages = new Map<StageId, Arrivals>();

  /** `bytesMax`: what one job may bring. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** From now on the tasks of that stage have values, and they are the job's. */
  expect(stage: Stage, job: Excess["job"]): void {
    const arrivals = { job, stage, attempts: new Map(), bytesOf: new Map(), bytes: 0 };
    this.#stages.set(stage.id, arrivals);
  }

  /**
   * A block of a value has come, or a part of one that has more. What nobody expects is not held.
   * Returns by how much the job has sent too much, once.
   */
  add(executor: ExecutorId, task: Task, bytes: Uint8Array, hasMore = false): Excess | undefined {
    const arrivals = this.#stages.get(task.stage);
    if (arrivals === undefined) return undefined;
    const key = `${executor} ${taskKey(task)}`;
    let attempt = arrivals.attempts.get(key);
    if (attempt === undefined) {
      attempt = { executor, blocks: [], parts: [], bytes: 0 };
      arrivals.attempts.set(key, attempt);
    }
    attempt.bytes += bytes.length;
    this.#count(arrivals, task.partition, attempt.bytes);
    if (arrivals.bytes > this.#bytesMax) return this.#refuse(arrivals);
    attempt.parts.push(bytes);
    if (hasMore) return undefined;
    attempt.blocks.push(attempt.parts.length === 1 ? bytes : wholeOf(attempt.parts));
    attempt.parts = [];
    return undefined;
  }

  /** The blocks of a task that has ended; they are not held here any longer. */
  take(executor: ExecutorId, task: Task): readonly Uint8Array[] {
    const attempts = this.#stages.get(task.stage)?.attempts;
    const key = `${executor} ${taskKey(task)}`;
    const blocks = attempts?.get(key)?.blocks ?? [];
    attempts?.delete(key);
    return blocks;
  }

  /** An executor is gone, and with it all that ran there. */
  lost(executor: ExecutorId): void {
    for (const { attempts } of this.#stages.values()) {
      for (const [key, attempt] of attempts) {
        if (attempt.executor === executor) attempts.delete(key);
      }
    }
  }

  /** A job has ended: nobody wants what still comes. */
  forget(job: JobId): void {
    for (const [stage, arrivals] of this.#stages) {
      if (arrivals.job.id === job) this.#stages.delete(stage);
    }
  }

  #count(arrivals: Arrivals, partition: PartitionId, bytes: number): void {
    const counted = arrivals.bytesOf.get(partition) ?? 0;
    if (bytes <= counted) return;
    arrivals.bytesOf.set(partition, bytes);
    arrivals.bytes += bytes - counted;
  }

  #refuse({ job, stage, bytesOf, bytes }: Arrivals): Excess {
    this.#stages.delete(stage.id);
    return { job, stage, partitionsSeen: bytesOf.size, bytes, bytesMax: this.#bytesMax };
  }
}

function wholeOf(parts: readonly Uint8Array[]): Uint8Array {
  return joined(parts, parts.reduce((sum, part) => sum + part.length, 0));
}
