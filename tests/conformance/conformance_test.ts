/**
 * Runs every program on every engine, then says how many of PySpark's tests they cover.
 */
import assert from "node:assert/strict";
import type { SparkContext } from "@flint/flint";
import { test } from "../helpers/shared_context.ts";
import { CHAPTERS } from "./chapters.ts";
import { ENGINES } from "./engines.ts";
import type { Chapter, Engine, Kit, Program } from "./program.ts";
import { MISSING } from "./missing.ts";
import { APPLICABLE, PYSPARK_TESTS, type PySparkTest } from "./pyspark_tests.ts";

const PROGRAMS = CHAPTERS.flatMap(({ programs }) => programs);
const passed = new Map(ENGINES.map(({ name }) => [name, new Set<Program>()]));

/** The context that the programs of one chapter share on one engine. */
let shared: { engine: Engine; chapter: Chapter; context: SparkContext } | undefined;
Deno.test.afterAll(() => shared?.context.stop());

async function contextOf(engine: Engine, chapter: Chapter): Promise<SparkContext> {
  if (shared?.engine !== engine || shared.chapter !== chapter) {
    await shared?.context.stop();
    shared = { engine, chapter, context: engine.open(chapter.settings ?? {}) };
  }
  return shared.context;
}

async function runProgram(engine: Engine, chapter: Chapter, program: Program): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const kit: Kit = {
    engine: engine.name,
    open: (settings = {}) => stack.use(engine.open(settings)),
    async folder() {
      const folder = await Deno.makeTempDir({ prefix: "flint_conformance_" });
      stack.defer(() => Deno.remove(folder, { recursive: true }));
      return folder;
    },
  };
  const { settings } = program;
  const sc = settings === undefined ? await contextOf(engine, chapter) : kit.open(settings);
  await program.run(sc, kit);
  passed.get(engine.name)!.add(program);
}

for (const chapter of CHAPTERS) {
  for (const engine of ENGINES) {
    for (const program of chapter.programs) {
      const name = `${engine.name}: ${chapter.name}: ${program.name}`;
      const reason = engine.skips[program.name];
      if (reason === undefined) test(name, () => runProgram(engine, chapter, program));
      else Deno.test.ignore(`${name} (skipped: ${reason})`, () => {});
    }
  }
}

test("programs have names of their own, and engines skip only what there is", async () => {
  const names = PROGRAMS.map(({ name }) => name);
  assert.deepEqual(names, [...new Set(names)]);
  for (const engine of ENGINES) {
    assert.deepEqual(Object.keys(engine.skips).filter((name) => !names.includes(name)), []);
  }
  await Promise.resolve();
});

test("every test of PySpark that applies is covered by one program that passes", async () => {
  assert.deepEqual([Object.keys(PYSPARK_TESTS).length, APPLICABLE.length], [153, 133]);
  const claims = claimsOf(PROGRAMS);
  assert.deepEqual(claims.filter((name, index) => claims.indexOf(name) !== index), []);
  assert.deepEqual(APPLICABLE.filter((name) => !claims.includes(name)), MISSING, "see missing.ts");
  for (const engine of ENGINES) {
    const covered = claimsOf([...passed.get(engine.name)!]);
    const skipped = claimsOf(PROGRAMS.filter(({ name }) => name in engine.skips));
    const note = skipped.length > 0 ? ` (${skipped.length} skipped)` : "";
    console.log(`${engine.name}: ${covered.length} of ${APPLICABLE.length}${note}`);
    const held = new Set([...covered, ...skipped]);
    assert.deepEqual(claims.filter((name) => !held.has(name)), [], `not held by ${engine.name}`);
  }
  await Promise.resolve();
});

function claimsOf(programs: readonly Program[]): PySparkTest[] {
  return programs.flatMap(({ pyspark }) => pyspark ?? []);
}
