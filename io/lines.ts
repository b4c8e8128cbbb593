/**
 * From bytes to lines: the fast path of every text job.
 *
 *     pieces  …│…ab⏎cd⏎ef│g⏎hi…      cut by whoever reads: anywhere
 *     chunks   │ab⏎cd⏎│efg⏎│…        about 64 KB of whole lines: decoded at once, split at once
 *     batches  [ab, cd] [efg] …
 *
 * A line ends at LF, CR LF or a CR alone, as in Hadoop; U+2028 and its like are ordinary characters.
 * Decoding whole lines keeps UTF-8 sequences whole. Chunks are small so that they stay in the cache,
 * and because V8 keeps the text of a chunk as long as one of its lines is kept.
 */
import { InputError } from "../core/errors.ts";
import { joined } from "./joined.ts";

const LF = 10;
const CR = 13;
const CHUNK_BYTES = 64 * 1024;
const BATCH_LINES_MAX = 1024;
/** The longest part of a line that is kept in one piece while its end has not come. */
const PART_BYTES_MAX = 1024 * 1024;

export type LinesOptions = Readonly<{
  /** For messages. */
  path: string;
  /** Where the bytes begin in the file. At 0 a byte order mark is skipped. */
  from: number;
  /** Whether the bytes begin within a line that belongs to somebody else. */
  skipFirst: boolean;
  /** A longer line is an error. Checked before decoding, to within 64 KB. */
  lineBytesMax: number;
}>;

/**
 * The lines of `pieces` without their ends, in batches. Invalid UTF-8 becomes U+FFFD. Throws an
 * InputError: RecordTooLarge, or InputUnsupported for UTF-16.
 */
export function* linesOf(
  pieces: Iterable<Uint8Array>,
  options: LinesOptions,
): Generator<string[]> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let isFirst = true;
  for (const chunk of wholeLines(pieces, options)) {
    const bytes = isFirst && options.from === 0 ? withoutMark(chunk, options.path) : chunk;
    const lines = linesIn(decoder.decode(bytes));
    if (isFirst && options.skipFirst) lines.shift();
    isFirst = false;
    if (lines.length <= BATCH_LINES_MAX) {
      if (lines.length > 0) yield lines;
      continue;
    }
    for (let at = 0; at < lines.length; at += BATCH_LINES_MAX) {
      yield lines.slice(at, at + BATCH_LINES_MAX);
    }
  }
}

/** The lines of a text that ends with a line's end, or at the end of the file. */
function linesIn(text: string): string[] {
  const plain = text.includes("\r") ? text.replaceAll("\r\n", "\n").replaceAll("\r", "\n") : text;
  const lines = plain.split("\n");
  if (lines[lines.length - 1] === "") lines.pop();
  return lines;
}

/** Chunks that end where a line ends; only the last one may not. Valid until the next is asked for. */
function* wholeLines(
  pieces: Iterable<Uint8Array>,
  options: LinesOptions,
): Generator<Uint8Array> {
  const rest = new Rest();
  let offset = options.from;
  for (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      const part = piece.subarray(at, at + CHUNK_BYTES);
      const end = endOfLines(part);
      if (end > 0) {
        const chunk = part.subarray(0, end);
        offset += rest.bytes + end;
        yield rest.bytes === 0 ? chunk : rest.takeWith(chunk);
        at += end;
      } else {
        rest.append(part);
        if (rest.bytes > options.lineBytesMax) throw tooLong(options, offset);
        at += part.length;
      }
    }
  }
  if (rest.bytes > 0) yield rest.takeWith(new Uint8Array(0));
}

/**
 * Just behind the last end of a line, or 0. A CR counts only where there is no LF, and not as the
 * last byte, where an LF may follow it.
 */
function endOfLines(bytes: Uint8Array): number {
  const newline = bytes.lastIndexOf(LF);
  if (newline >= 0 || bytes.length < 2) return newline + 1;
  return bytes.lastIndexOf(CR, bytes.length - 2) + 1;
}

/**
 * The beginning of a line whose end has not come yet. A very long one lies in several parts: a buffer
 * that grew with it would take three times its length while it is copied.
 */
class Rest {
  #buffer: Uint8Array = new Uint8Array(CHUNK_BYTES);
  #filled = 0;
  #parts: Uint8Array[] = [];
  bytes = 0;

  append(more: Uint8Array): void {
    if (this.#filled + more.length > PART_BYTES_MAX) this.#close();
    const needed = this.#filled + more.length;
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
      larger.set(this.#buffer.subarray(0, this.#filled));
      this.#buffer = larger;
    }
    this.#buffer.set(more, this.#filled);
    this.#filled = needed;
    this.bytes += more.length;
  }

  /** All of it and `more`; nothing is left. Valid until the next `append`. */
  takeWith(more: Uint8Array): Uint8Array {
    this.append(more);
    const last = this.#buffer.subarray(0, this.#filled);
    const taken = this.#parts.length === 0 ? last : joined([...this.#parts, last], this.bytes);
    this.#parts = [];
    this.#filled = 0;
    this.bytes = 0;
    return taken;
  }

  #close(): void {
    this.#parts.push(this.#buffer.subarray(0, this.#filled));
    this.#buffer = new Uint8Array(CHUNK_BYTES);
    this.#filled = 0;
  }
}

/**
 * The beginning of a file without the mark that says it is UTF-8. Throws an InputError
 * (InputUnsupported) where it is UTF-16 or packed.
 */
export function withoutMark(bytes: Uint8Array, path: string): Uint8Array {
  const [a, b, c] = bytes;
  if (a === 0xff && b === 0xfe || a === 0xfe && b === 0xff) {
    throw new InputError(
      "InputUnsupported",
      `Cannot read ${JSON.stringify(path)} as text: it is UTF-16`,
      `Convert it to UTF-8 first: iconv -f UTF-16 -t UTF-8`,
    );
  }
  refusePackedStart(bytes, path);
  return a === 0xef && b === 0xbb && c === 0xbf ? bytes.subarray(3) : bytes;
}

/** How files begin that are packed, whatever they are called. No text begins so. */
const PACKED_STARTS: readonly (readonly [what: string, ...bytes: number[]])[] = [
  ["gzip", 0x1f, 0x8b, 8],
  ["zstd", 0x28, 0xb5, 0x2f, 0xfd],
  ["zip", 0x50, 0x4b, 3, 4],
  ["xz", 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0],
  ["7z", 0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c],
];

function refusePackedStart(bytes: Uint8Array, path: string): void {
  for (const [what, ...start] of PACKED_STARTS) {
    if (!start.every((byte, at) => bytes[at] === byte)) continue;
    throw new InputError(
      "InputUnsupported",
      `Cannot read ${JSON.stringify(path)} as text: it is packed (${what})`,
      "Unpack it first, or let its name end with .gz or .zst if it is gzip or zstd",
    );
  }
}

function tooLong({ path, lineBytesMax }: LinesOptions, offset: number): InputError {
  return new InputError(
    "RecordTooLarge",
    `Cannot read ${
      JSON.stringify(path)
    }: the line at byte ${offset} is longer than ${lineBytesMax} bytes`,
    "Raise the option lineBytesMax, if the file is text at all",
  );
}
