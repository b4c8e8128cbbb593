/** Runs every program on an engine, then says how many of PySpark's tests they cover there. */
import assert from "node:assert/strict";
import type { SparkContext } from "@flint/flint";
import { test } from "../helpers/shared_context.ts";
import { CHAPTERS } from "./chapters.ts";
import { claimsOf, PROGRAMS } from "./claims.ts";
import { ENGINES } from "./engines.ts";
import type { Chapter, Engine, Kit, Program } from "./program.ts";
import { APPLICABLE } from "./pyspark_tests.ts";

/**
 * The tests of the engine of that name. Each has a file of its own, so that they run beside each other.
 */
export function conform(name: string): void {
  const engine = ENGINES.find((engine) => engine.name === name)!;
  const passed = new Set<Program>();
  for (const chapter of CHAPTERS) {
    for (const program of chapter.programs) {
      const name = `${engine.name}: ${chapter.name}: ${program.name}`;
      const reason = engine.skips[program.name];
      if (reason !== undefined) {
        Deno.test.ignore(`${name} (skipped: ${reason})`, () => {});
        continue;
      }
      test(name, async () => {
        await runProgram(engine, chapter, program);
        passed.add(program);
      });
    }
  }
  test(`${engine.name}: what is claimed of PySpark's tests is held`, async () => {
    const covered = claimsOf([...passed]);
    const skipped = claimsOf(PROGRAMS.filter(({ name }) => name in engine.skips));
    const note = skipped.length > 0 ? ` (${skipped.length} skipped)` : "";
    console.log(`${engine.name}: ${covered.length} of ${APPLICABLE.length}${note}`);
    const held = new Set([...covered, ...skipped]);
    assert.deepEqual(claimsOf(PROGRAMS).filter((name) => !held.has(name)), []);
    await Promise.resolve();
  });
}

/** The context that the programs of one chapter share. */
let shared: { chapter: Chapter; context: SparkContext } | undefined;
Deno.test.afterAll(() => shared?.context.stop());

async function contextOf(engine: Engine, chapter: Chapter): Promise<SparkContext> {
  if (shared?.chapter !== chapter) {
    await shared?.context.stop();
    shared = { chapter, context: engine.open(chapter.settings ?? {}) };
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
}
