/**
 * A folder of part files: what all sinks over files have in common.
 *
 *     out/_temporary/7-3-0-1     an attempt: job 7, stage 3, partition 0, attempt 1
 *     out/part-00000             the attempt that counted, renamed; part-00000.gz if it is packed
 *     out/_SUCCESS               last of all: the output is complete
 *
 * Making the folder is the lock: of two jobs that save to one path, one is refused. Readers skip
 * names that begin with `_`, so nobody takes half an output for a whole one by its attempts.
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
    commit(options, _job, parts, files) {
      const packed = compression(options);
      return commit(options, parts, packed === undefined ? "" : SUFFIXES[packed], files);
    },
    abort,
  };
}

function begin(options: Options, _job: JobId, files: FileSystem): Promise<void> {
  const { path } = options as FolderOptions;
  return named(path, async () => {
    const parent = path.replace(/\/+$/, "").replace(/[^/]+$/, "");
    if (parent !== "") await files.makeFolder(parent, { parents: true });
    await files.makeFolder(path);
    await files.makeFolder(temporary(options));
  });
}

function attemptPath(options: Options, job: JobId, task: Task): string {
  return `${temporary(options)}/${job}-${task.stage}-${task.partition}-${task.attempt}`;
}

function commit(
  options: Options,
  parts: readonly SavedPart[],
  suffix: string,
  files: FileSystem,
): Promise<void> {
  const { path } = options as FolderOptions;
  const partitions = new Set(parts.map((part) => part.partition));
  assert(partitions.size === parts.length, "two attempts at one partition were to be committed");
  return named(path, async () => {
    for (const part of parts) {
      await files.rename(part.path, `${path}/${partName(part.partition)}${suffix}`);
    }
    await files.remove(temporary(options));
    await (await files.create(`${path}/_SUCCESS`)).close();
  });
}

/** Removes nothing but what a job has begun: an output that was there before has no attempts in it. */
function abort(options: Options, _job: JobId, files: FileSystem): Promise<void> {
  const { path } = options as FolderOptions;
  return named(path, async () => {
    if (await isThere(temporary(options), files)) await files.remove(path);
  });
}

async function isThere(path: string, files: FileSystem): Promise<boolean> {
  try {
    await files.info(path);
    return true;
  } catch (error) {
    if (error instanceof FileError && error.kind === "notFound") return false;
    throw error;
  }
}

/** `part-00042`: sorted by name they are sorted by partition, as long as there are 100,000 at most. */
export function partName(partition: PartitionId): string {
  return `part-${String(partition).padStart(5, "0")}`;
}

function temporary(options: Options): string {
  return `${(options as FolderOptions).path}/_temporary`;
}

async function named(path: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    throw outputError(error, path);
  }
}
