/**
 * Exactly the tests of PySpark that no program claims yet: a name that is claimed leaves the list.
 */
import type { PySparkTest } from "./pyspark_tests.ts";

export const MISSING: readonly PySparkTest[] = [];
