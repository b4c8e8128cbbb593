/**
 * Checkpoints: datasets that are written to files, and read from there from then on.
 *
 *     checkpoint()       marks a dataset                                          nothing runs
 *     first job over it  ends ─► a job of its own writes rdd-7/part-00000 … ─► its draft is cut
 *     later jobs         capture a source where its lineage was
 *
 * Cutting changes the draft itself, the only change that a draft ever sees: so nothing holds what the
 * dataset was made of, and what the engine keeps of it can go. What was captured before keeps the old
 * lineage; plans get the source in its place when they are resolved.
 *
 * The files hold records in the partitions in which they were, so the source keeps the partitioner:
 * what is joined or grouped afterwards moves no more than before.
 */
import { resolve } from "node:path";
import { assert, PlanError } from "../core/errors.ts";
import {
  type CapturedDraft,
  type Draft,
  inputsOf,
  type PlanId,
  type SourceRequest,
} from "../core/plan/plan.ts";
import { partitionerOf } from "../core/plan/exchange.ts";
import type { Checkpointed } from "../core/plan/resolve.ts";
import { inputsFirst } from "../core/plan/walk.ts";
import { outputError } from "../io/file_system.ts";
import { denoPlatform } from "../workers/platform_deno.ts";
import { classUsers } from "./class_users.ts";
import type { Driver, PreparedJob, RunOptions } from "./driver.ts";
import { runSave } from "./saving.ts";

/** A dataset that is to be written, or has been. */
type Checkpoint = {
  /** The folder of its files. */
  readonly path: string;
  writing: Promise<void> | undefined;
  isWritten: boolean;
};

export class Checkpoints {
  readonly #driver: Driver;
  readonly #marked = new WeakMap<Draft, Checkpoint>();
  /** What stands for the datasets that have been written, for as long as these can be reached. */
  readonly #sources = new Map<PlanId, Checkpointed>();
  readonly #unreachable = new FinalizationRegistry<PlanId>((id) => void this.#sources.delete(id));
  readonly #fallback: string | undefined;
  #directory: string | undefined;
  /** Whether anything was ever marked: where nothing was, jobs look for nothing. */
  #some = false;

  /** `fallback`: where files go if nobody sets a directory; nowhere by default. */
  constructor(driver: Driver, fallback: string | undefined) {
    this.#driver = driver;
    this.#fallback = fallback;
  }

  /** Where files go: a folder of this application. Throws an OutputError where it cannot be made. */
  get directory(): string | undefined {
    if (this.#directory === undefined && this.#fallback !== undefined) {
      this.setDirectory(this.#fallback);
    }
    return this.#directory;
  }

  /** Makes a folder of this application in `path`. Throws an OutputError where it cannot. */
  setDirectory(path: string): void {
    const directory = `${resolve(path)}/${crypto.randomUUID()}`;
    try {
      denoPlatform.files.makeFolder(directory, { parents: true, mode: 0o777 });
    } catch (error) {
      throw outputError(error, path);
    }
    this.#directory = directory;
  }

  /** Has a dataset written when the next job over it has ended. */
  mark(draft: Draft): void {
    const { directory } = this;
    if (directory === undefined) {
      throw new PlanError(
        "InvalidArgument",
        "Cannot call checkpoint(): there is no folder for checkpoints",
        "Call sc.setCheckpointDir() first",
      );
    }
    if (this.#marked.has(draft)) return;
    const path = `${directory}/rdd-${draft.id}`;
    this.#marked.set(draft, { path, writing: undefined, isWritten: false });
    this.#some = true;
  }

  /** The folder with the files of a dataset; undefined before they have been written. */
  pathOf(draft: Draft): string | undefined {
    const checkpoint = this.#marked.get(draft);
    return checkpoint?.isWritten ? checkpoint.path : undefined;
  }

  /** What is read in the place of a dataset. */
  sourceOf(id: PlanId): Checkpointed | undefined {
    return this.#sources.get(id);
  }

  /** Writes what is marked of the datasets of a job that has ended. Rejects as a save does. */
  async write(job: PreparedJob, options: RunOptions): Promise<void> {
    if (!this.#some) return;
    for (const draft of this.#topmost(job.draft)) {
      const checkpoint = this.#marked.get(draft)!;
      // Two jobs that end at the same time write it once.
      checkpoint.writing ??= this.#writeOne(draft, checkpoint, job, options);
      try {
        await checkpoint.writing;
      } finally {
        checkpoint.writing = undefined;
      }
    }
  }

  /** As in Spark: what lies below one that is to be written waits for a job of its own. */
  #topmost(root: Draft): Draft[] {
    const found: Draft[] = [];
    const seen = new Set<Draft>([root]);
    // A Set is walked in the order of insertion, also through what is added meanwhile.
    for (const draft of seen) {
      const checkpoint = this.#marked.get(draft);
      if (checkpoint === undefined) { for (const input of inputsOf(draft)) seen.add(input); }
      else if (!checkpoint.isWritten) found.push(draft);
    }
    return found;
  }

  async #writeOne(
    draft: Draft,
    checkpoint: Checkpoint,
    job: PreparedJob,
    { signal }: RunOptions,
  ): Promise<void> {
    const { path } = checkpoint;
    // With the functions that the job ran with: one dataset must not be made of two programs.
    const captured = capturedIn(job.captured, draft.id);
    await runSave(this.#driver, {
      ...job,
      name: `checkpoint of ${draft.label}`,
      draft,
      captured,
      action: { kind: "save", format: "object", options: { path } },
      classUsers: classUsers(captured),
    }, { signal, isCheckpoint: true });
    const source = checkpointSource(path);
    // The functions of a draft are the user's, those of what was captured before are closures.
    const drafted = partitionerOf(await this.#driver.plan(draft));
    const partitioner = partitionerOf(await this.#driver.plan(captured));
    this.#sources.set(draft.id, { source, partitioner });
    this.#unreachable.register(draft, draft.id);
    cut(draft, { source, partitioner: drafted });
    checkpoint.isWritten = true;
    this.#driver.letGo(draft);
  }
}

/** The source of what a checkpoint wrote: a file a partition. */
export function checkpointSource(path: string): SourceRequest {
  return { format: "object", options: { path: { exact: path }, whole: true } };
}

function capturedIn(root: CapturedDraft, id: PlanId): CapturedDraft {
  const found = inputsFirst(root).find((node) => node.id === id);
  assert(found !== undefined, `dataset ${id} was written but not captured`);
  return found;
}

/** Makes a source of a draft; its number and its label stay. */
function cut(draft: Draft, source: Checkpointed): void {
  const fields = draft as Record<string, unknown>;
  for (const name of Object.keys(fields)) {
    if (name !== "id" && name !== "label") delete fields[name];
  }
  Object.assign(fields, { kind: "source", ...source });
}
