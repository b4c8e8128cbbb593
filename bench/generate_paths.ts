/**
 * Text for the benchmarks: file paths, the same bytes for the same seed on every machine.
 *
 *     deno run -A bench/generate_paths.ts --megabytes 200 --seed 1 paths.txt
 *
 * A line is a path of about 10 words and 94 bytes. Few words are frequent and many are rare, each
 * line comes about six times, and some words are not ASCII or lie beyond the Basic Multilingual
 * Plane. Everything is valid UTF-8 and ends with a line feed.
 */
import { parseArgs } from "node:util";

const WORDS = 190_000;
const LINES_EACH = 6;
/** How many distinct lines are kept to be repeated; old ones make room for new ones. */
const LINES_KEPT = 4096;

const SYLLABLES = "ba be bi co da de do el en fa fi ga ge ho in ka la le lo ma me mi na ne no or pa"
  .concat(" pe po ra re ri ro sa se si so ta te ti to un va ve vi wa xe ya zo").split(" ");
const EXTENSIONS = [".ts", ".js", ".json", ".md", ".html", ".txt", ".png", "", "", ""];
const FOREIGN = [
  "é",
  "ü",
  "ñ",
  "ß",
  "ø",
  "ł",
  "я",
  "ж",
  "中",
  "文",
  "日",
  "本",
  "語",
  "🙂",
  "🚀",
  "𝒳",
  "𐍈",
];

/** Mulberry32: 32 bits of state, the same sequence everywhere. */
function randomSource(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = state + 0x6d2b79f5 | 0;
    let t = Math.imul(state ^ state >>> 15, 1 | state);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 4294967296;
  };
}

/** Words of 2 to 18 letters; one in forty has letters that are not ASCII. */
function vocabulary(random: () => number): string[] {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  return Array.from({ length: WORDS }, (_, rank) => {
    let word = "";
    // Frequent words are short, as in any language.
    const syllables = 1 + Math.floor(random() * (rank < 200 ? 3 : 4.6));
    for (let i = 0; i < syllables; i++) word += pick(SYLLABLES);
    if (random() < 0.025) word += pick(FOREIGN);
    if (random() < 0.1) word += `-${Math.floor(random() * 100)}`;
    return word + pick(EXTENSIONS);
  });
}

/** Pieces of text of about 64 KB, `bytes` in all, give or take a line. */
export function* paths(bytes: number, seed: number): Generator<string> {
  const random = randomSource(seed);
  const words = vocabulary(random);
  const kept: string[] = [];
  const encoder = new TextEncoder();
  let written = 0;
  while (written < bytes) {
    let piece = "";
    while (piece.length < 65_536 && written + piece.length < bytes) {
      if (kept.length > LINES_EACH && random() < 1 - 1 / LINES_EACH) {
        piece += kept[Math.floor(random() * kept.length)];
        continue;
      }
      const depth = 6 + Math.floor(random() * 9);
      // The cube of a uniform number: a tenth of the words make almost half of the text.
      const folders = Array.from(
        { length: depth },
        () => words[Math.floor(random() ** 3 * WORDS)]!,
      );
      const line = `${folders.join("/")}\n`;
      if (kept.length < LINES_KEPT) kept.push(line);
      else kept[Math.floor(random() * LINES_KEPT)] = line;
      piece += line;
    }
    written += encoder.encode(piece).length;
    yield piece;
  }
}

/** Writes the text to a file. */
export function writePaths(path: string, bytes: number, seed: number): void {
  using file = Deno.openSync(path, { write: true, create: true, truncate: true });
  const encoder = new TextEncoder();
  for (const piece of paths(bytes, seed)) {
    let rest = encoder.encode(piece);
    while (rest.length > 0) rest = rest.subarray(file.writeSync(rest));
  }
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: {
      megabytes: { type: "string", default: "200" },
      seed: { type: "string", default: "1" },
    },
    allowPositionals: true,
  });
  const [path] = positionals;
  if (path === undefined) {
    console.error("Name the file to be written: generate_paths.ts --megabytes 200 paths.txt");
    Deno.exit(2);
  }
  writePaths(path, Number(values.megabytes) * 1e6, Number(values.seed));
}
