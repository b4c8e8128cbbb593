/**
 * The values of tasks that still run, as far as they have come, and how much of them a job may bring.
 *
 *     value │ value │ value ──► counted, then held ──► take, when the task has ended
 *                                  └─ too much for the job: nothing of it is held any more
 *
 * What is counted of a partition is the most that any attempt at it has brought, so that a retry
 * counts once. A block that is longer than a message comes in parts, and counts as a whole when its
 * first part says how long it is: the driver never holds more than what it may, and one message of
 * each executor. Nobody decodes it here: how large that makes it, no limit knows.
 */
import { JobError } from "../../core/errors.ts";
import type { PartitionId } from "../../core/plan/plan.ts";
import type { Job } from "../../core/engine.ts";
import type { ExecutorId, JobId, Stage, StageId, Task } from "../../core/task.ts";
import { taskKey } from "./placement.ts";

/** What a job was about to bring to the driver, and may not. Sizes are those of encoded values. */
export type Excess = Readonly<{
  job: Pick<Job, "id" | "name">;
  stage: Stage;
  /** So many partitions have brought something. */
  partitionsSeen: number;
  bytes: number;
  bytesMax: number;
}>;

/** What has come of one attempt. */
type Arriving = {
  readonly executor: ExecutorId;
  readonly blocks: Uint8Array[];
  /** The block that is not whole yet, and how far it has come. */
  partial: { readonly block: Uint8Array; filled: number } | undefined;
  /** What has come and what has been announced. */
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
   * A block of a value has come; or the first part of one of `blockBytes`, or its next part. What
   * nobody expects is not held. Returns by how much the job has brought too much, once. Throws a
   * JobError where the parts of a block are more than was said.
   */
  add(
    executor: ExecutorId,
    task: Task,
    bytes: Uint8Array,
    blockBytes?: number,
  ): Excess | undefined {
    const arrivals = this.#stages.get(task.stage);
    if (arrivals === undefined) return undefined;
    const key = `${executor} ${taskKey(task)}`;
    let attempt = arrivals.attempts.get(key);
    if (attempt === undefined) {
      attempt = { executor, blocks: [], partial: undefined, bytes: 0 };
      arrivals.attempts.set(key, attempt);
    }
    if (attempt.partial !== undefined) return fill(attempt, attempt.partial, bytes);
    attempt.bytes += blockBytes ?? bytes.length;
    this.#count(arrivals, task.partition, attempt.bytes);
    if (arrivals.bytes > this.#bytesMax) return this.#refuse(arrivals);
    if (blockBytes === undefined) attempt.blocks.push(bytes);
    else fill(attempt, { block: new Uint8Array(blockBytes), filled: 0 }, bytes);
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

/** Puts a part where it belongs: a block is never there twice, in parts and whole. */
function fill(
  attempt: Arriving,
  partial: NonNullable<Arriving["partial"]>,
  bytes: Uint8Array,
): undefined {
  const { block, filled } = partial;
  if (bytes.length > block.length - filled) {
    throw new JobError(
      "ExecutorLost",
      `the channel of an executor is damaged: more came of a block than its ${block.length} bytes`,
    );
  }
  block.set(bytes, filled);
  partial.filled += bytes.length;
  attempt.partial = partial.filled < block.length ? partial : undefined;
  if (attempt.partial === undefined) attempt.blocks.push(block);
}
