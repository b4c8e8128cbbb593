/** Imports under an alias travel as the package's own specifier, never as a path of the cache. */
import assert from "node:assert/strict";

const program = `
import { parse } from "syntax";
import { newHarness } from ${JSON.stringify(new URL("./harness.ts", import.meta.url).href)};
import { shifted } from "lib/library.ts";
const { capturer } = newHarness();
const held = parse;
const closure = capturer.capture((text: string) => {
  return [shifted(1), parse(text, { ecmaVersion: 2022 }), held(text, { ecmaVersion: 2022 }), import("syntax"), import("lib/library.ts")];
});
const root: any = closure.nodes[closure.root];
console.log(JSON.stringify({
  imports: closure.nodes.filter((node) => node.kind === "import"),
  dynamic: root.imports,
  byValue: closure.nodes.filter((node) => node.kind === "function").map((node: any) => node.name),
}));
`;

Deno.test("imports under an alias of the import map", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const fixtures = new URL("./fixtures/", import.meta.url).href;
    const imports = {
      "acorn": "npm:acorn@8.19.0",
      "syntax": "npm:acorn@8.19.0",
      "lib/": fixtures,
    };
    await Deno.writeTextFile(`${folder}/map.json`, JSON.stringify({ imports }));
    await Deno.writeTextFile(`${folder}/job.ts`, program);
    const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-lock",
        "--no-config",
        "--unstable-worker-options",
        `--import-map=${folder}/map.json`,
        `${folder}/job.ts`,
      ],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const found = JSON.parse(new TextDecoder().decode(stdout));
    assert.deepEqual(found.imports, [
      { kind: "import", specifier: "npm:acorn@8.19.0", name: "parse" },
    ]);
    assert.deepEqual(found.dynamic, {
      "syntax": "npm:acorn@8.19.0",
      "lib/library.ts": `${fixtures}library.ts`,
    });
    assert.deepEqual(found.byValue.sort(), ["", "shifted", "twice"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
