/**
 * Text files: a line a record.
 *
 *     splits     0          from         to           end of file
 *                ├──────────┼────────────┼───────────────┤
 *     lines      aaaa⏎bbbbbbbbbb⏎cccc⏎ddddddddd⏎eeee⏎ffff
 *     split 2              skip│cccc⏎ddddddddd│stop
 *
 * A split owns the lines that begin after `from` and up to `to`, one that begins at `to` among them
 * (as in Hadoop): so it reads on to the first end of a line at or after `to`, and skips what comes
 * up to the first end of a line unless it begins at 0. Every line has one owner, wherever the splits
 * are cut: through a character, or between CR and LF.
 *
 * A file whose name ends with `.gz` or `.zst` is unpacked on the way. It can only be read from its
 * beginning, so it is one split.
 */
import { InputError, RecordError, shown } from "../core/errors.ts";
import type { Options, Split } from "../core/plan/plan.ts";
import { type FileSystem, inputError } from "./file_system.ts";
import {
  type ByteRange,
  byteRanges,
  changed,
  compressionOf,
  type InputFile,
  inputFiles,
  type InputPaths,
  readPacked,
  refuseChanged,
} from "./input_files.ts";
import { joined } from "./joined.ts";
import { linesOf } from "./lines.ts";
import { folderSink, type PackedOptions } from "./part_files.ts";
import type { Sink } from "./sink.ts";
import type { Source } from "./source.ts";

/** Options of the text source. */
export type TextOptions = Readonly<{
  path: InputPaths;
  /** The size of a split at most; 32 MB by default. */
  splitBytesMax?: number;
  /** A longer line is an error; 128 MB by default. */
  lineBytesMax?: number;
}>;

const LINE_BYTES_MAX = 128 * 1024 * 1024;
/** How far the search for the end of the last line looks at first; doubled each time. */
const TAIL_BYTES = 16 * 1024;
const TAIL_BYTES_MAX = 1024 * 1024;

export const textSource: Source = {
  format: "text",

  async split(options, { partitionsMin }, files): Promise<readonly Split[]> {
    const { path, splitBytesMax } = options as TextOptions;
    const found = await inputFiles(path, files);
    found.forEach(refusePacked);
    return byteRanges(found, { partitionsMin, splitBytesMax, isWhole: isPacked });
  },

  read(_options, split, files) {
    const range = split.data as ByteRange;
    const compression = compressionOf(range.file);
    return compression === undefined
      ? readOwnedLines(range, files)
      : readPacked(range.file, compression, files);
  },

  decode(options, split, pieces) {
    const { file, from } = split.data as ByteRange;
    const lineBytesMax = (options as TextOptions).lineBytesMax ?? LINE_BYTES_MAX;
    return linesOf(pieces, { path: file.path, from, skipFirst: from > 0, lineBytesMax });
  },
};

function isPacked(file: InputFile): boolean {
  return compressionOf(file) !== undefined;
}

/** Garbage in the place of text is worse than a refusal. */
export function refusePacked({ path }: InputFile): void {
  const ending = /\.(tar\.\w+|bz2|xz|lz4|snappy|zip|tar|tgz|tzst|7z)$/i.exec(path);
  if (ending === null) return;
  throw new InputError(
    "InputUnsupported",
    `Cannot read ${JSON.stringify(path)} as text: packed files (${ending[0]}) are not read`,
    "Unpack it first; of packed files those that end with .gz or .zst are read",
  );
}

/** The bytes of a range, and those after it up to the first end of a line at or after its end. */
async function* readOwnedLines(range: ByteRange, files: FileSystem): AsyncIterable<Uint8Array> {
  const { file, from, to } = range;
  await refuseChanged(file, files, true);
  try {
    let at = from;
    for await (const piece of files.read(file.path, from, to)) {
      at += piece.length;
      yield piece;
    }
    if (at < to) throw changed(file);
    yield* readToLineEnd(file, to, files);
  } catch (error) {
    throw inputError(error, file.path);
  }
  await refuseChanged(file, files, true);
}

async function* readToLineEnd(
  file: InputFile,
  from: number,
  files: FileSystem,
): AsyncIterable<Uint8Array> {
  let window = TAIL_BYTES;
  for (let at = from; at < file.bytes;) {
    const before = at;
    for await (const piece of files.read(file.path, at, Math.min(at + window, file.bytes))) {
      const end = endOfLine(piece);
      at += piece.length;
      yield end < 0 ? piece : piece.subarray(0, end);
      if (end >= 0) return;
    }
    if (at === before) throw changed(file);
    window = Math.min(2 * window, TAIL_BYTES_MAX);
  }
}

/** Just behind the first end of a line, or -1. */
function endOfLine(bytes: Uint8Array): number {
  const feed = bytes.indexOf(10);
  const carriage = bytes.indexOf(13);
  const end = feed < 0 || carriage < 0 ? Math.max(feed, carriage) : Math.min(feed, carriage);
  return end < 0 ? -1 : end + 1;
}

const OUTPUT_LENGTH = 256 * 1024;

/**
 * A line a record. A string is written as it is, a Uint8Array as its bytes, everything else as
 * `String(record)` gives it, as Python's `str` does for PySpark: `[1, "a"]` becomes `1,a`. An object
 * that has no text of its own ("[object Object]") is refused.
 */
export const textSink: Sink = folderSink(
  "text",
  encodeLines,
  (options) => (options as PackedOptions).compression,
);

function* encodeLines(
  _options: Options,
  batches: Iterable<readonly unknown[]>,
): Generator<Uint8Array> {
  const lines = new Lines();
  for (const batch of batches) {
    for (const record of batch) {
      lines.add(record);
      if (lines.length >= OUTPUT_LENGTH) yield lines.take();
    }
  }
  if (lines.length > 0) yield lines.take();
}

/** Lines that were not given away yet: text is encoded in one go, up to where bytes come. */
class Lines {
  readonly #encoder = new TextEncoder();
  #text = "";
  #parts: Uint8Array[] = [];
  #partBytes = 0;

  /** About how many bytes there are. */
  get length(): number {
    return this.#partBytes + this.#text.length;
  }

  add(record: unknown): void {
    if (record instanceof Uint8Array) {
      this.#encode();
      this.#put(record);
    } else {
      this.#text += typeof record === "string" ? record : textOf(record);
    }
    this.#text += "\n";
  }

  take(): Uint8Array {
    this.#encode();
    const bytes = this.#parts.length === 1 ? this.#parts[0]! : joined(this.#parts, this.#partBytes);
    this.#parts = [];
    this.#partBytes = 0;
    return bytes;
  }

  #encode(): void {
    if (this.#text !== "") this.#put(this.#encoder.encode(this.#text));
    this.#text = "";
  }

  #put(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#partBytes += bytes.length;
  }
}

function textOf(record: unknown): string {
  try {
    const text = String(record);
    if (!/^\[object \w+\]$/.test(text)) return text;
  } catch { /* no prototype, a Symbol in an array, a toString that throws */ }
  throw new RecordError(
    "NotSerializable",
    `Cannot save ${shown(record)} as a line of text: it has no text of its own`,
    "Make one first, such as with map((record) => JSON.stringify(record))",
  );
}
