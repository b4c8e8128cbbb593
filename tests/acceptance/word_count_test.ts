/** The main job on real text: the same words as coreutils finds, in memory and out of core. */
import assert from "node:assert/strict";
import { writePaths } from "../../bench/generate_paths.ts";
import { ROOT, Workshop } from "./launch.ts";

const BYTES = 20e6;

/** `count word` lines, sorted by bytes, as `sort | uniq -c` finds them. */
async function expected(path: string): Promise<string> {
  const script =
    `tr '/' '\\n' < '${path}' | LC_ALL=C sort | uniq -c | sed 's/^ *//' | LC_ALL=C sort`;
  return await shell(script);
}

async function shell(script: string): Promise<string> {
  const { stdout, code } = await new Deno.Command("sh", { args: ["-c", script] }).output();
  assert.equal(code, 0);
  return new TextDecoder().decode(stdout);
}

Deno.test("word count of paths is what coreutils finds, whatever the memory and the partitions", async () => {
  using shop = new Workshop();
  const text = `${shop.folder}/paths.txt`;
  writePaths(text, BYTES, 1);
  const truth = await expected(text);
  const runs: [string, string[], string[]][] = [
    ["in memory", [], []],
    ["1 MB a task", ["--worker-memory", "1m"], []],
    ["1 MB a task, one partition", ["--worker-memory", "1m"], ["1"]],
    ["three partitions", [], ["3"]],
    ["64 partitions", [], ["64"]],
  ];
  for (const [name, options, partitions] of runs) {
    const out = `${shop.folder}/out.txt`;
    const { code, stderr } = await shop.submit(
      "--master",
      "local[2]",
      "--verbose",
      ...options,
      `${ROOT}bench/programs/word_count.ts`,
      text,
      out,
      ...partitions,
    );
    assert.equal(code, 0, stderr);
    assert.equal(await shell(`LC_ALL=C sort '${out}'`) === truth, true, `${name}: other words`);
    const spills = [...stderr.matchAll(/(\d+) spills/g)].reduce(
      (sum, match) => sum + +match[1]!,
      0,
    );
    assert.equal(spills > 0, options.length > 0, `${name}: ${spills} spills\n${stderr}`);
  }
});

Deno.test("statistics of the seed's job", async () => {
  using shop = new Workshop();
  const { stdout, stderr } = await shop.submit(
    "--master",
    "local[2]",
    `${ROOT}bench/programs/stats.ts`,
  );
  assert.match(stdout, /^count 5144576, mean 2511\.5, stdev 1450\.303847/, stderr);
});

Deno.test("the example of the README", async () => {
  using shop = new Workshop();
  const { stdout, stderr } = await shop.submit(`${ROOT}examples/word_count.ts`);
  assert.match(stdout, /^ +\d+ the\n/, stderr);
  assert.equal(stdout.trimEnd().split("\n").length, 10);
});
