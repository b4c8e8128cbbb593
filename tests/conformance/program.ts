/**
 * What every engine has to pass: programs that a user could have written, run on each engine.
 *
 *     programs/*.ts ──► chapters.ts ─┐
 *                                    ├──► conform.ts: every program on every engine, then
 *     engines.ts ────────────────────┘    how many of PySpark's tests (pyspark_tests.ts) they cover
 *
 * To write a program, add it to a list in `programs/`; a new file goes into `chapters.ts` as well:
 *
 *     {
 *       name: "sum of nothing is 0",
 *       pyspark: "test_rdd.test_sum",
 *       async run(sc) {
 *         assert.equal(await sc.emptyRDD<number>().sum(), 0);
 *       },
 *     }
 *
 * `pyspark` names the test of PySpark whose behaviour it holds; no two programs claim the same one. A
 * program imports `@flint/flint` and nothing else of ours, so that an engine is judged by what a user
 * sees; it leaves nothing behind, and asserts no times. Where something of another engine differs for
 * good, that engine's `skips` say why.
 */
import type { Settings, SparkContext } from "@flint/flint";
import type { PySparkTest } from "./pyspark_tests.ts";

/** Something that has to come out alike on every engine; it rejects where it does not. */
export type Program = Readonly<{
  name: string;
  pyspark?: PySparkTest;
  /**
   * Settings that it needs. It then gets a context of its own, also with `{}`: for programs that
   * stop it, change it, or count what happened in it. All others of a chapter share one.
   */
  settings?: Settings;
  run(sc: SparkContext, kit: Kit): Promise<void> | void;
}>;

/** What a program may ask for besides its context; all of it is gone when the program has ended. */
export type Kit = Readonly<{
  /** The name of the engine. */
  engine: string;
  /** A new context on the same engine, with these settings. */
  open(settings?: Settings): SparkContext;
  /** An empty folder. */
  folder(): Promise<string>;
}>;

/** A way to make contexts. */
export type Engine = Readonly<{
  name: string;
  open(settings: Settings): SparkContext;
  /** Names of programs that it does not run, each with the reason. */
  skips: Readonly<Record<string, string>>;
}>;

/** Programs that share a context, which has these settings. */
export type Chapter = Readonly<{
  name: string;
  settings?: Settings;
  programs: readonly Program[];
}>;
