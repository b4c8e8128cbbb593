/**
 * Figure 6: what files, values and tasks can be like, a row each. A row that counts ended in an error
 * of ours or with the exact result, and so did not hang; its driver lived on, and its next job was
 * right.
 *
 *     3A  tests/acceptance/bad_files_test.ts   ─┐ deno test ──► JUnit report ──► rows that passed
 *     3B  tests/runtime/odd_values_test.ts     ─┘
 *     3C  tests/acceptance/hostile_tasks.ts    ── submitted ──► its own lines
 *
 * The rows are the tests themselves, in processes of their own; nothing is drawn from the seed.
 */
import assert from "node:assert/strict";
import { finished, ROOT, type Workshop } from "../acceptance/launch.ts";
import { chaos, type Measured, type Setup } from "./chaos.ts";

/** A table, and how many rows it must have: one that lost some would be a figure of something else. */
type Table = Readonly<{ name: string; file: string; rows: number; isProgram?: true }>;

const TABLES: readonly Table[] = [
  { name: "3A", file: "tests/acceptance/bad_files_test.ts", rows: 27 },
  { name: "3B", file: "tests/runtime/odd_values_test.ts", rows: 29 },
  { name: "3C", file: "tests/acceptance/hostile_tasks.ts", rows: 19, isProgram: true },
];
const WRONG: Table = { name: "wrong", file: "tests/chaos/fixtures/wrong_rows.ts", rows: 4 };

await chaos({
  figure: 6,
  name: "bad_input",
  must: "typed error or exact result; driver alive, next job right, no hang",
  limitSeconds: { short: 600, long: 600 },
  run,
});

async function run({ planted, shop }: Setup): Promise<Measured> {
  const told: string[] = [];
  let ok = true;
  for (const table of planted ? [WRONG] : TABLES) {
    const passed = table.isProgram ? await submitted(table, shop) : await tested(table, shop);
    told.push(`${table.name}: ${passed} of ${table.rows}`);
    ok &&= passed === table.rows;
  }
  return { measured: told.join("; "), ok };
}

/** How many rows of a test file passed, as its report says. */
async function tested({ file }: Table, shop: Workshop): Promise<number> {
  const report = `${shop.folder}/report.xml`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-check", `--config=${ROOT}deno.json`, `--junit-path=${report}`, file],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const { stdout, stderr } = await finished(child);
  const rows = [...Deno.readTextFileSync(report).matchAll(/<testcase .*?<\/testcase>/gs)];
  assert(rows.length > 0, `${file} ran no rows:\n${stdout}${stderr}`);
  const passed = rows.filter(([row]) => !/<(failure|error|skipped)/.test(row)).length;
  if (passed < rows.length) console.error(stdout);
  return passed;
}

/** How many rows of a program ended well, as it says line by line and at its own end. */
async function submitted({ name, file }: Table, shop: Workshop): Promise<number> {
  const ended = await finished(shop.start(["--master", "local[2]", `${ROOT}${file}`]));
  assert.equal(ended.code, 0, ended.stderr.slice(-2000));
  const passed = ended.stdout.match(/^ok {2}/gm)?.length ?? 0;
  assert.match(ended.stdout, new RegExp(`^${name}: ${passed} of`, "m"));
  if (/^WRONG/m.test(ended.stdout)) console.error(ended.stdout);
  return passed;
}
