/**
 * Wherever a text is cut into splits, and in whatever pieces its bytes come, the records are those
 * of the whole text, each once and in order.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { FileInfo } from "../../core/platform.ts";
import type { FileSystem } from "../../io/file_system.ts";
import type { ByteRange, InputFile } from "../../io/input_files.ts";
import { textSource } from "../../io/text.ts";

const info: FileInfo = { kind: "file", bytes: 0, version: "1", identity: "1" };

/** One file that is read in pieces of `pieceBytes`, into a buffer that is used again. */
function fileSystemOf(bytes: Uint8Array, pieceBytes: number): FileSystem {
  const refuse = () => Promise.reject(new Error("not needed"));
  return {
    info: () => Promise.resolve(info),
    async *read(_path, from, to) {
      const buffer = new Uint8Array(pieceBytes);
      for (let at = from; at < Math.min(to, bytes.length); at += pieceBytes) {
        const piece = bytes.subarray(at, Math.min(at + pieceBytes, to));
        buffer.fill(0x3f);
        buffer.set(piece);
        yield await Promise.resolve(buffer.subarray(0, piece.length));
      }
    },
    warn: () => undefined,
    readPacked: () => {
      throw new Error("not needed");
    },
    list: refuse,
    realPath: refuse,
    create: refuse,
    makeFolder: refuse,
    rename: refuse,
    remove: refuse,
    sync: refuse,
  };
}

/** The lines of each split when the text is cut at `cuts`. */
async function linesOfSplits(
  bytes: Uint8Array,
  cuts: readonly number[],
  pieceBytes: number,
): Promise<string[][]> {
  const files = fileSystemOf(bytes, pieceBytes);
  const file: InputFile = { path: "/text", bytes: bytes.length, version: "1", identity: "1" };
  const bounds = [0, ...cuts, bytes.length];
  const found: string[][] = [];
  for (let i = 0; i + 1 < bounds.length; i++) {
    const split = { data: { file, from: bounds[i]!, to: bounds[i + 1]! } satisfies ByteRange };
    const pieces: Uint8Array[] = [];
    for await (const piece of textSource.read({}, split, files)) pieces.push(piece.slice());
    found.push([...textSource.decode({}, split, overwritten(pieces))].flat() as string[]);
  }
  return found;
}

/** Hands out each piece in a buffer that is spoilt when the next one is asked for. */
function* overwritten(pieces: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const piece of pieces) {
    const copy = piece.slice();
    yield copy;
    copy.fill(0x3f);
  }
}

/** The rule, said as plainly as can be. */
function expected(bytes: Uint8Array): string[] {
  const lines = new TextDecoder().decode(bytes).split(/\r\n|\r|\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

const BOM = [0xef, 0xbb, 0xbf];
const texts: [string, Uint8Array][] = [
  ["LF", utf8("one\ntwo\n\nfour\n")],
  ["CR LF", utf8("one\r\ntwo\r\n\r\nfour\r\n")],
  ["CR alone", utf8("one\rtwo\r\rfour\r")],
  ["all ends mixed", utf8("a\n\rb\r\r\nc\n\n\rd\r\n\n")],
  ["no last end", utf8("one\ntwo")],
  ["a mark", Uint8Array.from([...BOM, ...utf8("one\r\ntwo\n")])],
  ["a mark and nothing else", Uint8Array.from(BOM)],
  ["a mark within", utf8("\ufeffone\n\ufefftwo\n")],
  ["astral characters", utf8("😀é\n𝒳𝒴\r\nü😀")],
  ["other separators are characters", utf8("a\u2028b\u0085c\vd\fe\n")],
  ["invalid UTF-8", Uint8Array.from([0xff, 0x61, 10, 0xf0, 0x9f, 10, 0xc3, 13, 10, 0x80])],
  ["bytes within that look like a mark of UTF-16", Uint8Array.from([0x61, 0xff, 0xfe, 0x62, 10])],
  ["nothing", new Uint8Array(0)],
  ["one end", utf8("\n")],
  ["NUL", utf8("a\0b\n\0\n")],
];

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

for (const [name, bytes] of texts) {
  Deno.test(`every byte is a good place for a cut: ${name}`, async () => {
    const whole = expected(bytes);
    for (let pieceBytes = 1; pieceBytes <= bytes.length + 1; pieceBytes++) {
      for (let cut = 1; cut <= bytes.length; cut++) {
        // Two splits of one place: an empty one has no lines of its own.
        const found = await linesOfSplits(bytes, [cut, cut], pieceBytes);
        assert.deepEqual(found.flat(), whole, `cut at ${cut}, pieces of ${pieceBytes}`);
      }
    }
  });
}

Deno.test("any cuts, any pieces", async () => {
  const text = fc.array(
    fc.constantFrom("a", "bc", "\n", "\r", "\r\n", "é", "😀", "\ufeff", "\u2028"),
    { maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(
      text,
      fc.array(fc.nat(), { maxLength: 6 }),
      fc.integer({ min: 1, max: 30 }),
      async (parts, cuts, pieceBytes) => {
        const bytes = utf8(parts.join(""));
        const places = cuts.map((cut) => 1 + cut % Math.max(1, bytes.length)).sort((a, b) => a - b);
        const found = await linesOfSplits(bytes, bytes.length > 0 ? places : [], pieceBytes);
        assert.deepEqual(found.flat(), expected(bytes));
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("lines longer than a chunk, and more lines than a batch", async () => {
  const lines = ["x".repeat(200_000), ...Array.from({ length: 5000 }, (_, i) => String(i % 7)), ""];
  const bytes = utf8(lines.join("\n") + "\n" + "y".repeat(70_000));
  const found = await linesOfSplits(bytes, [10, 150_000, 205_000, 207_001], 33_333);
  assert.deepEqual(found.flat(), expected(bytes));
  assert.deepEqual(found.map((split) => split.length > 0), [true, false, true, true, true]);
});
