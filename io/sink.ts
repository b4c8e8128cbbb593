/**
 * Where records go: attempts, then one commit.
 *
 *     driver           begin    refuses what exists, before any task runs
 *     worker           encode   batches → bytes                      synchronous, no permission
 *     control thread            writes the bytes to `attemptPath`    one file an attempt
 *     driver           commit   one attempt a partition is put in its place, then the mark of success
 *                      abort    or all is taken away again
 */
import type { Compression } from "../core/platform.ts";
import type { Options, PartitionId } from "../core/plan/plan.ts";
import type { JobId, Task } from "../core/task.ts";
import type { FileSystem } from "./file_system.ts";
import type { RecordTools } from "./record_tools.ts";

/** An attempt that counted. */
export type SavedPart = Readonly<{ partition: PartitionId; path: string; records: number }>;

export interface Sink {
  /** The name by which plans know it. */
  readonly format: string;
  /** Throws an OutputError where the output exists or may not be written. */
  begin(options: Options, job: JobId, files: FileSystem): Promise<void>;
  /** Where an attempt's bytes go: below the output, where readers do not look. */
  attemptPath(options: Options, job: JobId, task: Task): string;
  /** How what `encode` gives is packed on its way into the file; not at all by default. */
  compression?(options: Options): Compression | undefined;
  /**
   * The bytes of one part, in order. Throws a RecordError where a record cannot be written. A task
   * hands `tools` in.
   */
  encode(
    options: Options,
    batches: Iterable<readonly unknown[]>,
    tools?: RecordTools,
  ): Iterable<Uint8Array>;
  /** Puts one attempt of each partition in its place; the mark of success comes last. */
  commit(
    options: Options,
    job: JobId,
    parts: readonly SavedPart[],
    files: FileSystem,
  ): Promise<void>;
  /** Leaves nothing of the job behind, not even the folder. Only after `begin` has succeeded. */
  abort(options: Options, job: JobId, files: FileSystem): Promise<void>;
}
