/**
 * Exactly the tests of PySpark that no program claims yet: a name that is claimed leaves the list.
 */
import type { PySparkTest } from "./pyspark_tests.ts";

export const MISSING: readonly PySparkTest[] = [
  "test_taskcontext.TaskContextTests.test_barrier",
  "test_taskcontext.TaskContextTests.test_all_gather",
  "test_taskcontext.TaskContextTests.test_barrier_infos",
  "test_taskcontext.TaskContextTests.test_context_get",
  "test_taskcontext.TaskContextTests.test_barrier_context_get",
  "test_taskcontext.TaskContextTestsWithWorkerReuse.test_barrier_with_python_worker_reuse",
  "test_taskcontext.TaskContextTestsWithWorkerReuse.test_task_context_correct_with_python_worker_reuse",
];
