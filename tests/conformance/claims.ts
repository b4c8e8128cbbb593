/** Which of PySpark's tests the programs say that they cover. */
import { CHAPTERS } from "./chapters.ts";
import type { Program } from "./program.ts";
import type { PySparkTest } from "./pyspark_tests.ts";

export const PROGRAMS: readonly Program[] = CHAPTERS.flatMap(({ programs }) => programs);

export function claimsOf(programs: readonly Program[]): PySparkTest[] {
  return programs.flatMap(({ pyspark }) => pyspark ?? []);
}
