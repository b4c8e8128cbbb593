/**
 * A folder of part files: what all sinks over files have in common.
 *
 *     out/_temporary/7-6f3a…/3-0_1   an attempt: job 7; stage 3, partition 0, attempt 1
 *     out/part-00000                 the attempt that counted, renamed; part-00000.gz if it is packed
 *     out/_discarded                 the attempts that did not, while they are removed
 *     out/_SUCCESS                   last of all: the output is complete, and safe from a power cut
 *
 * Making the folder is the lock: of two jobs that save to one path, one is refused. Readers skip
 * names that begin with `_`, so nobody takes half an output for a whole one by its attempts.
 *
 * The job's own folder of attempts is the claim. Only who finds it removes anything, and it is moved
 * out of the way before: an attempt that comes late has no place to write to, and somebody who saves
 * to a path that was removed under a running job is safe from it.
 */
import { assert } from "../core/errors.ts";
import { type Compression, FileError } from "../core/platform.ts";
import type { Options, PartitionId } from "../core/plan/plan.ts";
import type { JobId, Task } from "../core/task.ts";
import { type FileSystem, outputError } from "./file_system.ts";
import type { SavedPart, Sink } from "./sink.ts";

/** Options of every sink that writes a folder. */
export type FolderOptions = Readonly<{
  /** From the root, so that it means the same in every process; it must not exist. */
  path: string;
  /** Tells the job from those of other applications, which count from the same number. */
  claim?: string;
}>;

/** Options of a sink that may pack its part files, or what is in them. */
export type PackedOptions = FolderOptions & Readonly<{ compression?: Compression | undefined }>;

const SUFFIXES: Readonly<Record<Compression, string>> = { gzip: ".gz", zstd: ".zst" };

/**
 * A sink that writes a folder of part files; `encode` makes the bytes of one of them, `compression`
 * says how the file is packed, which its name tells.
 */
export function folderSink(
  format: string,
  encode: Sink["encode"],
  compression: NonNullable<Sink["compression"]> = () => undefined,
): Sink {
  return {
    format,
    encode,
    begin,
    attemptPath,
    compression,
    commit(options, job, parts, files) {
      const packed = compression(options);
      return commit(options, job, parts, packed === undefined ? "" : SUFFIXES[packed], files);
    },
    abort,
  };
}

function begin(options: Options, job: JobId, files: FileSystem): Promise<void> {
  const { path } = options as FolderOptions;
  return named(path, async () => {
    const parent = parentOf(path);
    if (parent !== "") await files.makeFolder(parent, { parents: true });
    await files.makeFolder(path);
    try {
      await files.makeFolder(temporary(path));
      await files.makeFolder(attempts(options, job));
    } catch (error) {
      await files.remove(path).catch(() => undefined);
      throw error;
    }
  });
}

function attemptPath(options: Options, job: JobId, task: Task): string {
  return `${attempts(options, job)}/${task.stage}-${task.partition}_${task.attempt}`;
}

function commit(
  options: Options,
  job: JobId,
  parts: readonly SavedPart[],
  suffix: string,
  files: FileSystem,
): Promise<void> {
  const { path } = options as FolderOptions;
  const partitions = new Set(parts.map((part) => part.partition));
  assert(partitions.size === parts.length, "two attempts at one partition were to be committed");
  const success = `${path}/_SUCCESS`;
  return named(path, async () => {
    for (const part of parts) {
      await files.rename(part.path, `${path}/${partName(part.partition)}${suffix}`);
    }
    await files.rename(attempts(options, job), discarded(path));
    try {
      await files.remove(discarded(path));
      await files.remove(temporary(path));
      await files.sync(path);
      await files.sync(parentOf(path) || ".");
      await (await files.create(success)).close();
      await files.sync(path);
    } catch (error) {
      // The claim is gone, so that no abort would find it. No part goes while the mark is there.
      await files.remove(success).catch(() => undefined);
      await files.remove(path).catch(() => undefined);
      throw error;
    }
  });
}

/** Removes nothing but what a job has begun: an output that was there before has no claim in it. */
function abort(options: Options, job: JobId, files: FileSystem): Promise<void> {
  const { path } = options as FolderOptions;
  return named(path, async () => {
    try {
      await files.rename(attempts(options, job), discarded(path));
    } catch (error) {
      if (error instanceof FileError && error.kind === "notFound") return;
      throw error;
    }
    await files.remove(path);
  });
}

/** `part-00042`: sorted by name they are sorted by partition, as long as there are 100,000 at most. */
export function partName(partition: PartitionId): string {
  return `part-${String(partition).padStart(5, "0")}`;
}

/** Where attempts lie, those of each job in a folder of its own. */
function temporary(path: string): string {
  return `${path}/_temporary`;
}

function attempts(options: Options, job: JobId): string {
  const { path, claim } = options as FolderOptions;
  return `${temporary(path)}/${claim === undefined ? job : `${job}-${claim}`}`;
}

function discarded(path: string): string {
  return `${path}/_discarded`;
}

/** The folder around it; empty for a name alone. */
function parentOf(path: string): string {
  return path.replace(/\/+$/, "").replace(/[^/]+$/, "");
}

async function named(path: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    throw outputError(error, path);
  }
}
