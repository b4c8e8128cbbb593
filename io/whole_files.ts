/**
 * Files as records: a pair of its path and all that is in it.
 *
 *     files      a.txt   b.txt   c.txt.gz   d.txt
 *     splits     [a.txt  b.txt] [c.txt.gz] [d.txt]        several small files a split
 *     pieces     …a│a…b…│b                                 one after the other, cut anywhere
 *     records    [a.txt, "…"] [b.txt, "…"]                 cut again where the files end
 */
import { InputError } from "../core/errors.ts";
import type { Split } from "../core/plan/plan.ts";
import type { FileSystem } from "./file_system.ts";
import type { Compression } from "../core/platform.ts";
import {
  compressionOf,
  type InputFile,
  inputFiles,
  type InputPaths,
  readPacked,
  readRange,
} from "./input_files.ts";
import { joined } from "./joined.ts";
import { withoutMark } from "./lines.ts";
import type { Source } from "./source.ts";
import { refusePacked } from "./text.ts";

/** Options of the sources `wholeText` and `wholeBytes`. */
export type WholeFilesOptions = Readonly<{
  path: InputPaths;
  /** A larger file is an error; as much as the longest string holds by default. */
  fileBytesMax?: number;
}>;

/** Files that one task reads. What is packed is alone, because it tells nothing of its length. */
type WholeFiles = Readonly<{
  files: readonly InputFile[];
  packed?: Compression | undefined;
}>;

const FILE_BYTES_MAX = 2 ** 29 - 24;
const SPLIT_BYTES_MAX = 32 * 1024 * 1024;

/** A pair of path and text a record. `.gz` and `.zst` files are unpacked. */
export const wholeTextSource: Source = {
  format: "wholeText",
  async split(options, { partitionsMin }, files) {
    const found = await inputFiles((options as WholeFilesOptions).path, files);
    found.forEach(refusePacked);
    return inGroups(found, partitionsMin, compressionOf);
  },
  read: (_options, split, files) => readAll(split.data as WholeFiles, files),
  *decode(options, split, pieces) {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    for (const [path, bytes] of contents(split, pieces, options as WholeFilesOptions)) {
      yield [[path, decoder.decode(withoutMark(bytes, path))]];
    }
  },
};

/** A pair of path and bytes a record. Nothing is unpacked. */
export const wholeBytesSource: Source = {
  format: "wholeBytes",
  async split(options, { partitionsMin }, files) {
    const found = await inputFiles((options as WholeFilesOptions).path, files);
    return inGroups(found, partitionsMin, () => undefined);
  },
  read: (_options, split, files) => readAll(split.data as WholeFiles, files),
  *decode(options, split, pieces) {
    for (const record of contents(split, pieces, options as WholeFilesOptions)) yield [record];
  },
};

/** Neighbouring files in groups of about equal size, about `partitionsMin` of them. */
function inGroups(
  files: readonly InputFile[],
  partitionsMin: number,
  packing: (file: InputFile) => Compression | undefined,
): Split[] {
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  const bytesMax = Math.min(Math.ceil(total / partitionsMin), SPLIT_BYTES_MAX);
  const splits: Split[] = [];
  let group: InputFile[] = [];
  let bytes = 0;
  const close = (packed: Compression | undefined): void => {
    if (group.length === 0) return;
    splits.push({ bytes, data: { files: group, packed } satisfies WholeFiles });
    group = [];
    bytes = 0;
  };
  for (const file of files) {
    const packed = packing(file);
    if (packed !== undefined || bytes + file.bytes > bytesMax) close(undefined);
    group.push(file);
    bytes += file.bytes;
    if (packed !== undefined) close(packed);
  }
  close(undefined);
  return splits;
}

async function* readAll(
  { files: wanted, packed }: WholeFiles,
  files: FileSystem,
): AsyncIterable<Uint8Array> {
  for (const file of wanted) {
    yield* packed === undefined
      ? readRange({ file, from: 0, to: file.bytes }, files)
      : readPacked(file, packed, files);
  }
}

/** Each path and the bytes of its file. */
function* contents(
  split: Split,
  pieces: Iterable<Uint8Array>,
  { fileBytesMax = FILE_BYTES_MAX }: WholeFilesOptions,
): Generator<[path: string, bytes: Uint8Array]> {
  const { files, packed } = split.data as WholeFiles;
  for (const file of files) {
    if (file.bytes > fileBytesMax) throw tooLarge(file, fileBytesMax);
  }
  if (packed !== undefined) {
    yield [files[0]!.path, together(pieces, files[0]!, fileBytesMax)];
    return;
  }
  let at = 0;
  let bytes = new Uint8Array(files[0]!.bytes);
  let filled = 0;
  // Files end where their lengths say, also those in which there is nothing.
  function* ended(): Generator<[string, Uint8Array]> {
    while (at < files.length && filled === bytes.length) {
      yield [files[at]!.path, bytes];
      bytes = new Uint8Array(files[++at]?.bytes ?? 0);
      filled = 0;
    }
  }
  for (const piece of pieces) {
    for (let from = 0; from < piece.length;) {
      yield* ended();
      const part = piece.subarray(from, from + bytes.length - filled);
      bytes.set(part, filled);
      filled += part.length;
      from += part.length;
    }
  }
  yield* ended();
}

/** All pieces as one. They are copied: a piece may be overwritten. */
function together(pieces: Iterable<Uint8Array>, file: InputFile, bytesMax: number): Uint8Array {
  const kept: Uint8Array[] = [];
  let length = 0;
  for (const piece of pieces) {
    length += piece.length;
    if (length > bytesMax) throw tooLarge(file, bytesMax);
    kept.push(piece.slice());
  }
  return joined(kept, length);
}

function tooLarge({ path }: InputFile, bytesMax: number): InputError {
  return new InputError(
    "RecordTooLarge",
    `Cannot read ${JSON.stringify(path)} as one record: it has more than ${bytesMax} bytes`,
    "Read its lines with textFile(), or records of a fixed length with binaryRecords()",
  );
}
