/** The committed bytes of keys, in this runtime and in Node. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { KeyReader } from "../../core/key_reader.ts";
import { keyOf, type KeyVector, PARTITIONS, vectorOf } from "../vectors/keys.ts";
import vectors from "../vectors/keys.json" with { type: "json" };

const root = new URL("../../", import.meta.url);
const changed =
  "If that is meant, all workers must change at once: deno run -A tests/vectors/keys.ts";

Deno.test("bytes, hashes and partitions of keys are those that are committed", () => {
  assert.deepEqual(vectors.map(vectorOf), vectors, changed);
});

Deno.test("the rows are in the order of the keys, and say where a hash goes", () => {
  const kinds = new Set<string>();
  for (const [i, row] of vectors.entries()) {
    if (i > 0) {
      assert(vectors[i - 1]!.bytes <= row.bytes, `${row.key} is not behind the row before`);
    }
    assert.equal(BigInt(row.partition), (BigInt(`0x${row.hash}`) * BigInt(PARTITIONS)) >> 32n);
    kinds.add(row.bytes.slice(0, 2));
  }
  // Every tag of core/key.ts.
  const tags = ["10", "11", "20", "30", "40", "48", "50", "58", "60", "61"];
  assert.deepEqual([...kinds], tags);
  assert.equal(new Set(vectors.map(({ key }) => key)).size, vectors.length);
});

Deno.test("keys can be read back from committed bytes", () => {
  for (const row of vectors) {
    const bytes = Uint8Array.from(row.bytes.match(/../g)!, (byte) => parseInt(byte, 16));
    const reader = new KeyReader(bytes, 0, bytes.length);
    const key = reader.read();
    assert.equal(reader.at, bytes.length);
    if (!/[,{-]/.test(row.key)) assert.deepStrictEqual(key, keyOf(row)); // no hole, -0, prototype
  }
});

Deno.test({
  name: "Node makes the same bytes, hashes and partitions of the keys",
  // Whoever has Deno alone need not have Node; CI has it, and counts what was skipped.
  ignore: !hasNode(),
  fn() {
    const folder = mkdtempSync(join(tmpdir(), "flint_keys_"));
    try {
      copyAsJavaScript("tests/vectors/keys.ts", folder);
      const program = `import { readFileSync } from "node:fs";
        import { vectorOf } from "./tests/vectors/keys.mjs";
        const rows = JSON.parse(readFileSync(process.argv[2], "utf8"));
        console.log(JSON.stringify(rows.map(vectorOf)));`;
      writeFileSync(join(folder, "main.mjs"), program);
      const rows = new URL("tests/vectors/keys.json", root).pathname;
      const output = execFileSync("node", [join(folder, "main.mjs"), rows], { encoding: "utf8" });
      assert.deepEqual(JSON.parse(output) as KeyVector[], vectors);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
});

function hasNode(): boolean {
  try {
    execFileSync("node", ["--version"]);
    return true;
  } catch {
    return false;
  }
}

/** The module and those that it imports, without their types: Node 20 knows JavaScript only. */
function copyAsJavaScript(path: string, folder: string, done = new Set<string>()): void {
  if (done.has(path)) return;
  done.add(path);
  const code = stripTypeScriptTypes(readFileSync(new URL(path, root), "utf8"));
  const target = join(folder, path.replace(/\.ts$/, ".mjs"));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, code.replace(/ from "(\..*)\.ts";/g, ' from "$1.mjs";'));
  for (const [, specifier] of code.matchAll(/ from "(\..*\.ts)";/g)) {
    copyAsJavaScript(
      new URL(specifier!, new URL(path, "file:///")).pathname.slice(1),
      folder,
      done,
    );
  }
}
