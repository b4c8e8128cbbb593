/** What the differential test rests on, without a PySpark: the run itself is main.ts. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { ACTIONS } from "./actions.ts";
import { canonical, resultOf } from "./canonical.ts";
import { differencesTable } from "./differences.ts";
import { generate } from "./generate.ts";
import { LAMBDAS } from "./lambdas.ts";
import { OPERATORS } from "./operators.ts";
import type { Program } from "./program.ts";
import { shrunk } from "./shrink.ts";

const programs = Array.from({ length: 500 }, (_, seed) => generate(seed));

Deno.test("the guide shows the differences that the generator reads", () => {
  const guide = readFileSync(new URL("../../docs/guide/differences.md", import.meta.url), "utf8");
  assert(guide.includes(differencesTable()), "docs/guide/differences.md has another table");
});

Deno.test("a seed is a program of 3 to 8 steps", () => {
  assert.deepEqual(generate(7), programs[7]);
  for (const { steps } of programs) assert(3 <= steps.length && steps.length <= 8);
});

Deno.test("every operator and every action is drawn", () => {
  const drawn = new Set(programs.flatMap(({ steps }) => steps.map((step) => step.operator)));
  const names = [...Object.keys(OPERATORS), ...Object.keys(ACTIONS)];
  assert.deepEqual(names.filter((name) => !drawn.has(name)), []);
});

Deno.test("every lambda, operator and action has a twin in Python", () => {
  const python = ["pyspark_lambdas.py", "pyspark_runner.py"]
    .map((name) => readFileSync(new URL(name, import.meta.url), "utf8")).join("\n");
  const names = [LAMBDAS, OPERATORS, ACTIONS].flatMap((table) => Object.keys(table));
  assert.deepEqual(names.filter((name) => !python.includes(`"${name}"`)), []);
});

Deno.test("equal results are equal texts", () => {
  assert.equal(canonical([0, -0, 1.5, 2n ** 64n]), "[0,0,d3ff8000000000000,18446744073709551616]");
  assert.equal(canonical(["é🙂", null, undefined]), '["\\u00e9\\ud83d\\ude42",null,null]');
});

Deno.test("an order by keys is compared by its classes", () => {
  const program: Program = {
    ...programs[0]!,
    steps: [{ operator: "sortByKey" }, { operator: "collect" }],
    order: "keys",
  };
  const digest = (records: unknown[]) => resultOf(program, records).digest;
  assert.equal(digest([[1, "a"], [1, "b"], [2, "c"]]), digest([[1, "b"], [1, "a"], [2, "c"]]));
  assert.notEqual(digest([[1, "a"], [2, "c"]]), digest([[2, "c"], [1, "a"]]));
});

Deno.test("what differs is made small", async () => {
  const program: Program = {
    seed: 0,
    budget: "roomy",
    source: { records: [1, 2, 3, 4, 5, 6, 7, 8, 9], partitions: 3 },
    steps: ["map", "distinct", "filter", "collect"].map((operator) => ({ operator })),
    order: "free",
  };
  const least = await shrunk(program, ({ source, steps }) =>
    Promise.resolve(
      source.records.includes(7) && steps.some(({ operator }) => operator === "distinct"),
    ));
  assert.deepEqual(least.source, { records: [7], partitions: 1 });
  assert.deepEqual(least.steps.map(({ operator }) => operator), ["distinct", "collect"]);
});
