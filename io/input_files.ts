/**
 * From paths to files to byte ranges: what all sources over files have in common.
 *
 *     "logs/2024-*,more.txt" ─► files ─► ranges of about 32 MB, one a split
 */
import { InputError } from "../core/errors.ts";
import { type Compression, FileError, type FileInfo } from "../core/platform.ts";
import type { Split } from "../core/plan/plan.ts";
import { type FileSystem, inputError } from "./file_system.ts";
import { expand, isHidden, listed } from "./glob.ts";

/**
 * Files, folders and patterns: a list, or a text with commas between them as Spark has it; or one
 * path that means itself, whatever characters it has.
 */
export type InputPaths = string | readonly string[] | Readonly<{ exact: string }>;

export type InputFile = Readonly<{
  /** From the root, so that it means the same in every process. */
  path: string;
  bytes: number;
  /** FileInfo.version when the input was split. */
  version: string;
  /** FileInfo.identity. */
  identity: string;
}>;

/** A part of a file: what a split's data is. */
export type ByteRange = Readonly<{ file: InputFile; from: number; to: number }>;

/** How large a split is where nobody asks for smaller ones. */
const SPLIT_BYTES_MAX = 32 * 1024 * 1024;
/** The last range of a file may be a tenth larger, so that no crumb is left (as in Hadoop). */
const SLOP = 1.1;

/**
 * The files that `paths` mean, in the order of the list, then by name. A folder means the files in
 * it but those whose names begin with `_` or `.`. Throws an InputError: InputNotFound where nothing
 * is there, InputDenied where reading is refused, InputUnsupported for a folder in a folder, and
 * for what is neither a file nor a folder.
 */
export async function inputFiles(paths: InputPaths, files: FileSystem): Promise<InputFile[]> {
  if (typeof paths === "object" && "exact" in paths) return await filesNamed(paths.exact, files);
  const patterns = typeof paths === "string" ? listed(paths) : paths;
  if (patterns.length === 0) {
    throw new InputError("InvalidPath", "Cannot read: no path was given", "Name a file or folder");
  }
  const found: InputFile[] = [];
  for (const pattern of patterns) {
    try {
      const matched = await expand(pattern, files);
      if (matched.length === 0) throw notFound(pattern);
      for (const path of matched) {
        for (const file of await filesAt(path, files)) found.push(file);
      }
    } catch (error) {
      throw inputError(error, pattern);
    }
  }
  return found;
}

/** The file or the folder of exactly that path. */
async function filesNamed(path: string, files: FileSystem): Promise<InputFile[]> {
  try {
    return await filesAt(path, files);
  } catch (error) {
    throw inputError(error, path);
  }
}

function notFound(pattern: string): InputError {
  return /[*?[{]/.test(pattern)
    ? new InputError(
      "InputNotFound",
      `Cannot read ${JSON.stringify(pattern)}: nothing matches the pattern`,
      "Check the pattern; names that begin with _ or . match only if it writes that character",
    )
    : new InputError(
      "InputNotFound",
      `Cannot read ${JSON.stringify(pattern)}: there is no such file or folder`,
      "Check the path",
    );
}

/** The file at `path`, or the files of the folder at `path`. */
async function filesAt(path: string, files: FileSystem): Promise<InputFile[]> {
  const root = await files.realPath(path);
  const info = await files.info(root);
  if (info.kind === "file") return [await inputFile(root, info, files)];
  refuseSpecial(path, info);
  const found: InputFile[] = [];
  for (const name of await files.list(root)) {
    if (isHidden(name)) continue;
    const child = root.endsWith("/") ? root + name : `${root}/${name}`;
    const childInfo = await childIn(child, files);
    refuseSpecial(child, childInfo);
    if (childInfo.kind === "folder") {
      throw new InputError(
        "InputUnsupported",
        `Cannot read ${JSON.stringify(path)}: it holds the folder ${JSON.stringify(name)}`,
        `Folders in folders are not read; name them with a pattern, such as "${
          path.replace(/\/+$/, "")
        }/*/*"`,
      );
    }
    found.push(await inputFile(child, childInfo, files));
  }
  return found;
}

/** What lies in a folder under a name; of a link what it leads to, if that may be read. */
async function childIn(child: string, files: FileSystem): Promise<FileInfo> {
  try {
    return await files.info(await files.realPath(child));
  } catch (error) {
    if (!(error instanceof FileError) || error.kind !== "notFound" || !child.includes("\ufffd")) {
      throw inputError(error, child);
    }
    throw new InputError(
      "InvalidPath",
      `Cannot read ${JSON.stringify(child)}: its name is no UTF-8, and the runtime cannot open it`,
      "Rename it",
      { cause: error },
    );
  }
}

async function inputFile(path: string, info: FileInfo, files: FileSystem): Promise<InputFile> {
  const { bytes, version, identity } = info;
  if (bytes === 0) await refuseUnmeasured(path, files);
  return { path, bytes, version, identity };
}

/** Files of /proc say that they are empty: what is in them is made while it is read. */
async function refuseUnmeasured(path: string, files: FileSystem): Promise<void> {
  for await (const _ of files.read(path, 0, 1)) {
    if ((await files.info(path)).bytes > 0) return;
    throw new InputError(
      "InputUnsupported",
      `Cannot read ${JSON.stringify(path)}: the system makes it while it is read`,
      "Copy it into a file and read that",
    );
  }
}

/** A pipe would be empty the second time, and reading a device may never end. */
function refuseSpecial(path: string, info: FileInfo): void {
  if (info.kind !== "other") return;
  throw new InputError(
    "InputUnsupported",
    `Cannot read ${JSON.stringify(path)}: it is a pipe, a socket or a device`,
    "Copy what it gives into a file and read that",
  );
}

/** How long ranges of the files are to be, so that there are about `partitionsMin` of them. */
export function splitSize(
  files: readonly InputFile[],
  partitionsMin: number,
  splitBytesMax: number = SPLIT_BYTES_MAX,
): number {
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  return Math.min(Math.ceil(total / Math.max(1, partitionsMin)), splitBytesMax);
}

/**
 * The files in ranges of at most `splitBytesMax` bytes (32 MB by default; a tenth more at the end of
 * a file), small enough that there are about `partitionsMin` of them. An empty file is one range, and
 * so is one that `isWhole`. Ranges begin at multiples of `unitBytes` (1 by default).
 */
export function byteRanges(
  files: readonly InputFile[],
  options: Readonly<{
    partitionsMin: number;
    splitBytesMax?: number | undefined;
    isWhole?: (file: InputFile) => boolean;
    unitBytes?: number;
  }>,
): Split[] {
  const { partitionsMin, splitBytesMax, isWhole = () => false, unitBytes = 1 } = options;
  const units = Math.floor(splitSize(files, partitionsMin, splitBytesMax) / unitBytes);
  const size = Math.max(1, units) * unitBytes;
  const splits: Split[] = [];
  for (const file of files) {
    const isOne = isWhole(file);
    let from = 0;
    do {
      const to = isOne || file.bytes - from <= size * SLOP ? file.bytes : from + size;
      splits.push({ bytes: to - from, data: { file, from, to } satisfies ByteRange });
      from = to;
    } while (from < file.bytes);
  }
  return splits;
}

/** How a file has to be unpacked before it is text: its name says so, as in Hadoop. */
export function compressionOf({ path }: InputFile): Compression | undefined {
  if (/\.gz$/i.test(path)) return "gzip";
  return /\.zst$/i.test(path) ? "zstd" : undefined;
}

/** What a packed file holds. Throws an InputError: CorruptInput where it is damaged or cut off. */
export async function* readPacked(
  file: InputFile,
  compression: Compression,
  files: FileSystem,
): AsyncIterable<Uint8Array> {
  await refuseChanged(file, files);
  try {
    yield* files.readPacked(file.path, compression);
  } catch (error) {
    throw inputError(error, file.path);
  }
  await refuseChanged(file, files);
}

/** The bytes of a range, all of them. Throws an InputError: InputChanged where there are fewer. */
export async function* readRange(
  { file, from, to }: ByteRange,
  files: FileSystem,
): AsyncIterable<Uint8Array> {
  await refuseChanged(file, files, true);
  let at = from;
  try {
    for await (const piece of files.read(file.path, from, to)) {
      at += piece.length;
      yield piece;
    }
  } catch (error) {
    throw inputError(error, file.path);
  }
  if (at < to) throw changed(file);
  await refuseChanged(file, files, true);
}

/**
 * Throws an InputError InputChanged unless the file is the one that was split. One that somebody
 * writes on at its end `mayGrow`: what it had when it was split is read.
 */
export async function refuseChanged(
  file: InputFile,
  files: FileSystem,
  mayGrow: boolean = false,
): Promise<void> {
  let info: FileInfo;
  try {
    info = await files.info(file.path);
  } catch (error) {
    throw inputError(error, file.path);
  }
  if (info.version === file.version) return;
  const hasGrown = info.identity === file.identity && info.bytes > file.bytes;
  if (!mayGrow || !hasGrown) throw changed(file);
  files.warn(`${file.path} has grown: its first ${file.bytes} bytes are read`);
}

/** The error for a file that is no longer what it was when the job was planned. */
export function changed(file: InputFile): InputError {
  return new InputError(
    "InputChanged",
    `Cannot read ${JSON.stringify(file.path)}: it has changed since the job was planned`,
    "Run the job again, on files that nobody writes to",
  );
}
