/**
 * Records as lines through a program, and back.
 *
 *     batch ─► lines ─► bytes ══ feed ══► program ══ output ══► bytes ─► lines ─► batches
 *
 * A program reads and writes as it likes: it is fed while it has room, and what it writes is taken
 * whenever it has none. So neither side waits for the other, however much lies in between.
 */
import { RecordError } from "../../core/errors.ts";
import type { UserFunction } from "../../core/plan/plan.ts";
import type { PipedProgram } from "../task_io.ts";
import type { Blame, Step } from "./blame.ts";
import type { Batches, BatchesLater } from "./feed.ts";
import { BATCH_RECORDS_MAX } from "./records.ts";

/** A batch as what the program is to read. */
export type Lines = (batch: readonly unknown[]) => Iterable<Uint8Array>;

const PIECE_CHARS = 64 << 10;
const LINE_BYTES_MAX = 128 << 20;
const LF = 10;

const encoder = new TextEncoder();

/** What `fn` makes of the records, a line each, in pieces of about 64 KB. */
export function* linesOf(
  batch: readonly unknown[],
  fn: UserFunction,
  step: Step,
  blame: Blame,
): Generator<Uint8Array> {
  let text = "";
  for (const value of batch) {
    try {
      text += `${fn(value)}\n`;
    } catch (error) {
      blame.on(error, step, { value });
      throw error;
    }
    if (text.length < PIECE_CHARS) continue;
    yield encoder.encode(text);
    text = "";
  }
  if (text !== "") yield encoder.encode(text);
}

/** The lines that a program writes which reads `batches`. It starts when the first is asked for. */
export function* piped(
  batches: Batches,
  lines: Lines,
  start: () => PipedProgram,
): Generator<string[]> {
  using program = start();
  const output = new OutputLines();
  const input = piecesOf(batches, lines);
  try {
    for (;;) {
      while (program.hasRoom) {
        const next = input.next();
        if (next.done) program.endInput();
        else program.feed(next.value);
      }
      const event = program.next();
      if (event === "ended") break;
      if (event !== "fed") yield* output.add(event);
    }
    yield* output.rest();
  } finally {
    input.return(undefined);
  }
}

/** The same for batches that have to be waited for. */
export async function* pipedLater(
  batches: BatchesLater,
  lines: Lines,
  start: () => PipedProgram,
): AsyncGenerator<string[]> {
  using program = start();
  const output = new OutputLines();
  const input = piecesOfLater(batches, lines);
  try {
    for (;;) {
      while (program.hasRoom) {
        const next = await input.next();
        if (next.done) program.endInput();
        else program.feed(next.value);
      }
      const event = await program.nextLater();
      if (event === "ended") break;
      if (event !== "fed") yield* output.add(event);
    }
    yield* output.rest();
  } finally {
    await input.return(undefined);
  }
}

function* piecesOf(batches: Batches, lines: Lines): Generator<Uint8Array, undefined> {
  for (const batch of batches) yield* lines(batch);
}

async function* piecesOfLater(
  batches: BatchesLater,
  lines: Lines,
): AsyncGenerator<Uint8Array, undefined> {
  for await (const batch of batches) yield* lines(batch);
}

/** Makes lines of what a program writes. Only LF ends one; what is no UTF-8 becomes U+FFFD. */
class OutputLines {
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  /** The beginning of a line that has not ended. */
  #rest: Uint8Array[] = [];
  #restBytes = 0;

  /** The lines that `bytes` ends, in batches. */
  *add(bytes: Uint8Array): Generator<string[]> {
    const end = bytes.lastIndexOf(LF) + 1;
    if (end > 0) {
      const lines = this.#text(bytes.subarray(0, end)).split("\n");
      lines.pop();
      for (let at = 0; at < lines.length; at += BATCH_RECORDS_MAX) {
        yield lines.slice(at, at + BATCH_RECORDS_MAX);
      }
    }
    if (end < bytes.length) this.#rest.push(bytes.subarray(end));
    this.#restBytes += bytes.length - end;
    if (this.#restBytes > LINE_BYTES_MAX) throw tooLong();
  }

  /** What came after the last end of a line. */
  *rest(): Generator<string[]> {
    if (this.#restBytes > 0) yield [this.#text(new Uint8Array(0))];
  }

  /** Decodes what was kept, and `bytes` after it. */
  #text(bytes: Uint8Array): string {
    if (this.#restBytes === 0) return this.#decoder.decode(bytes);
    const whole = new Uint8Array(this.#restBytes + bytes.length);
    let at = 0;
    for (const part of [...this.#rest, bytes]) {
      whole.set(part, at);
      at += part.length;
    }
    this.#rest = [];
    this.#restBytes = 0;
    return this.#decoder.decode(whole);
  }
}

function tooLong(): RecordError {
  return new RecordError(
    "RecordTooLarge",
    `A program of pipe() wrote a line of more than ${LINE_BYTES_MAX >> 20} MB`,
    "Have it end lines with a line feed",
  );
}
