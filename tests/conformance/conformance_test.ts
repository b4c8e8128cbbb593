/** What the programs claim; they run in a file for each engine. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { claimsOf, PROGRAMS } from "./claims.ts";
import { ENGINES } from "./engines.ts";
import { APPLICABLE, PYSPARK_TESTS } from "./pyspark_tests.ts";

Deno.test("programs have names of their own, and engines skip only what there is", () => {
  const names = PROGRAMS.map(({ name }) => name);
  assert.deepEqual(names, [...new Set(names)]);
  for (const engine of ENGINES) {
    assert.deepEqual(Object.keys(engine.skips).filter((name) => !names.includes(name)), []);
    const file = new URL(`${engine.name.replace("-", "_")}_test.ts`, import.meta.url);
    assert(existsSync(file), `no file runs the programs on ${engine.name}`);
  }
});

Deno.test("every test of PySpark that applies is claimed by one program", () => {
  assert.deepEqual([Object.keys(PYSPARK_TESTS).length, APPLICABLE.length], [153, 133]);
  assert.deepEqual(claimsOf(PROGRAMS).sort(), APPLICABLE.toSorted());
});
