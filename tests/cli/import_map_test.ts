/** A job's own configuration as an import map: its aliases, its workspace, and Flint. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { ImportMapFile, importMapFor } from "../../cli/import_map.ts";

const HOME = new URL("../../", import.meta.url);

/** A folder with these files; gone when it is disposed. */
class Folder implements Disposable {
  readonly path = Deno.realPathSync(Deno.makeTempDirSync());

  constructor(files: Readonly<Record<string, string>>) {
    for (const [name, text] of Object.entries(files)) {
      const path = `${this.path}/${name}`;
      Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      Deno.writeTextFileSync(path, text);
    }
  }

  url(name: string): string {
    return pathToFileURL(`${this.path}/${name}`).href;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

Deno.test("the nearest file counts, comments and all; Flint keeps its own packages", () => {
  using folder = new Folder({
    "deno.json": `{ "imports": { "far": "./far.ts" } }`,
    "near/deno.jsonc": `{ // aliases
      "imports": { "@/": "./src/", "parse": "npm:parse@1", }, }`,
    "near/deep/job.ts": "",
  });
  const { imports, scopes } = importMapFor(`${folder.path}/near/deep`, HOME);
  assert.deepEqual(imports, {
    "@/": folder.url("near/src/"),
    parse: "npm:parse@1",
    "parse/": "npm:/parse@1/",
    "@flint/flint": new URL("mod.ts", HOME).href,
  });
  assert.match(scopes[HOME.href]!["acorn"]!, /^npm:acorn@/);
});

Deno.test("a workspace lends its aliases and the packages of its members", () => {
  using folder = new Folder({
    "deno.json": `{ "workspace": ["./app", "./packages/*"], "imports": { "root": "./root.ts" } }`,
    "app/deno.json": `{ "imports": { "root": "./own.ts" } }`,
    "packages/one/deno.json": `{ "name": "@me/one", "exports": "./mod.ts" }`,
    "packages/two/deno.jsonc": `{ "name": "@me/two", "imports": { "inner": "./inner.ts" },
      "exports": { ".": "./mod.ts", "./deep": "./src/deep.ts" } }`,
    "packages/none/readme.md": "",
  });
  const { imports, scopes } = importMapFor(`${folder.path}/app`, HOME);
  assert.equal(imports["root"], folder.url("app/own.ts"));
  assert.equal(imports["@me/one"], folder.url("packages/one/mod.ts"));
  assert.equal(imports["@me/two"], folder.url("packages/two/mod.ts"));
  assert.equal(imports["@me/two/deep"], folder.url("packages/two/src/deep.ts"));
  assert.equal(imports["inner"], undefined);
  assert.deepEqual(scopes[folder.url("packages/two/")], {
    inner: folder.url("packages/two/inner.ts"),
  });
});

Deno.test("the file of an import map is gone when it is disposed", () => {
  const file = new ImportMapFile({ imports: { a: "npm:a" }, scopes: {} });
  assert.deepEqual(JSON.parse(readFileSync(file.path, "utf8")), {
    imports: { a: "npm:a" },
    scopes: {},
  });
  file[Symbol.dispose]();
  assert(!existsSync(file.path));
});
