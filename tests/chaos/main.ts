/**
 * `deno task chaos [name…] [--short] [--seed N]`: the long forms of the named programs, or of all,
 * one after the other, and the table of what they gave. Exits with 1 where one is not ok.
 */
import { parseArgs } from "node:util";
import { programNames } from "./figures.ts";
import type { Result } from "./result.ts";
import { runProgram } from "./run_program.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { short: { type: "boolean", default: false }, seed: { type: "string" } },
});
const unknown = positionals.filter((name) => !programNames().includes(name));
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(", ")}: use ${programNames().join(", ")}`);
  Deno.exit(2);
}

const results: Result[] = [];
const words = [values.short ? "--short" : "--long"];
if (values.seed !== undefined) words.push("--seed", values.seed);
for (const name of positionals.length > 0 ? positionals : programNames()) {
  results.push(await runProgram(name, words));
}

console.log("\n| figure | program | must | measured | ok | seed | seconds |");
console.log("| --- | --- | --- | --- | --- | --- | --- |");
for (const { figure, name, must, measured, ok, seed, seconds } of results) {
  const row = [figure, name, must, measured, ok ? "ok" : "NOT OK", seed, seconds.toFixed(1)];
  console.log(`| ${row.join(" | ")} |`);
}
Deno.exit(results.every(({ ok }) => ok) ? 0 : 1);
