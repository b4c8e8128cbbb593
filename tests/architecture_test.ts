/** Holds the layers, the purity of `core` and the few places where code is made from text. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";

/** What each folder may import besides itself. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  io: ["core"],
  shuffle: ["core"],
  workers: ["core", "io", "shuffle"],
  spark: ["core", "io", "shuffle", "workers"],
  runtime: ["core", "io", "shuffle", "workers", "spark"],
  cli: ["core", "io", "shuffle", "workers", "spark", "runtime", "mod.ts"],
};
const PURE = ["core", "io", "shuffle", "workers"];
/** The files that may name the system: the platform, and the two entry points of an executor. */
const SYSTEM_FILES = ["workers/platform_deno.ts", "workers/executor.ts", "workers/worker.ts"];
const FROM_OUTSIDE: Readonly<Record<string, readonly string[]>> = {
  core: ["acorn"],
  io: [],
  shuffle: [],
  workers: [],
};
const CODE_FROM_TEXT = ["core/closure/revive_function.ts", "workers/pipeline/compile.ts"];

/** Static and dynamic imports, and modules that are started by their URL. */
const IMPORT =
  /^(?:import|export|\})\s(?:[^"';]*?\sfrom\s)?"([^"\n]+)"|\bimport\("([^"\n]+)"\)|\bnew URL\("([^"\n]+\.ts)"/gm;

type SourceFile = Readonly<{ path: string; folder: string; code: string; imports: string[] }>;

const root = new URL("../", import.meta.url);

function sourceFiles(): SourceFile[] {
  const files: SourceFile[] = [];
  for (const folder of Object.keys(LAYERS)) {
    let names: string[] = [];
    try {
      names = readdirSync(new URL(folder, root), { recursive: true }) as string[];
    } catch { /* a folder that does not exist yet has no files */ }
    for (const name of names) {
      if (!name.endsWith(".ts")) continue;
      const path = `${folder}/${name}`;
      const text = readFileSync(new URL(path, root), "utf8");
      const code = withoutComments(text);
      const imports = [...code.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3]!);
      files.push({ path, folder, code, imports });
    }
  }
  return files;
}

/** Comments and what stands in template and string literals is no code; imports are kept. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[^:"'`\\])\/\/.*$/gm, "$1");
}

/** `"../core/key.ts"` in `shuffle/merge.ts` → `core/key.ts`. */
function target(file: SourceFile, specifier: string): string {
  return new URL(specifier, new URL(file.path, "file:///")).pathname.slice(1);
}

const files = sourceFiles();

Deno.test("imports point to the left", () => {
  assert.ok(files.length > 40, "the source files were not found");
  const wrong = files.flatMap((file) =>
    file.imports.filter((specifier) => specifier.startsWith(".")).filter((specifier) => {
      const folder = target(file, specifier).split("/")[0]!;
      return folder !== file.folder && !LAYERS[file.folder]!.includes(folder);
    }).map((specifier) => `${file.path} imports ${specifier}`)
  );
  assert.deepEqual(wrong, []);
});

Deno.test("core, io, shuffle and workers depend on nothing from outside but what is listed", () => {
  const wrong = files.filter((file) => FROM_OUTSIDE[file.folder] !== undefined).flatMap((file) =>
    file.imports.filter((specifier) => !specifier.startsWith("."))
      .filter((specifier) => !FROM_OUTSIDE[file.folder]!.includes(specifier))
      .filter(() => !SYSTEM_FILES.includes(file.path))
      .map((specifier) => `${file.path} imports ${specifier}`)
  );
  assert.deepEqual(wrong, []);
});

Deno.test("only the platform names the system; core has no clock and no randomness", () => {
  const wrong: string[] = [];
  for (const file of files) {
    if (!PURE.includes(file.folder) || SYSTEM_FILES.includes(file.path)) continue;
    if (/\bDeno\.\w|^import.*"node:/m.test(file.code)) {
      wrong.push(`${file.path} names Deno or node:`);
    }
    if (file.folder !== "core") continue;
    const impure =
      /\bDate\.now\b|\bnew Date\(\)|\bperformance\b|Math\.random|\bfetch\(|\bsetTimeout\b/;
    const found = impure.exec(file.code);
    if (found) wrong.push(`${file.path} uses ${found[0]}`);
  }
  assert.deepEqual(wrong, []);
});

Deno.test("only cli prints", () => {
  const wrong = files.filter((file) => file.folder !== "cli" && /\bconsole\.\w+\(/.test(file.code))
    .map((file) => file.path);
  assert.deepEqual(wrong, []);
});

Deno.test("code is made from text in two places only", () => {
  const wrong = files.filter((file) => !CODE_FROM_TEXT.includes(file.path))
    .filter((file) => /\bnew Function\(|\(0, eval\)\(|"node:vm"/.test(file.code))
    .map((file) => file.path);
  assert.deepEqual(wrong, []);
});

Deno.test("no call takes its arguments from an array, whose length the data decides", () => {
  // V8 puts arguments on the stack: 125,000 of them overflow it.
  const spread = /\.(push|unshift|splice|max|min|fromCharCode|fromCodePoint)\(([^(){}]*, )?\.\.\./;
  const wrong = files.flatMap(({ path, code }) => {
    const calls = code.split("\n").filter((line) => spread.test(line));
    return calls.map((line) => `${path}: ${line.trim()}`);
  });
  assert.deepEqual(wrong, []);
});

Deno.test("no file is a heap of leftovers, and examples use the public entry only", () => {
  const names = /(^|\/)(utils?|helpers?|index|types|common|misc)\.ts$/;
  assert.deepEqual(files.map((file) => file.path).filter((path) => names.test(path)), []);
  for (const name of readdirSync(new URL("examples", root))) {
    if (!name.endsWith(".ts")) continue;
    const text = readFileSync(new URL(`examples/${name}`, root), "utf8");
    assert.ok(!/from "\.\.?\//.test(text), `examples/${name} reaches into the project`);
  }
});
