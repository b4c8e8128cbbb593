/** All programs. */
import type { Chapter } from "./program.ts";
import { broadcastValues } from "./programs/broadcast_values.ts";
import { contextFiles } from "./programs/context_files.ts";
import { contextLife } from "./programs/context_life.ts";
import { frames } from "./programs/frames.ts";
import { barriers } from "./programs/rdd_barrier.ts";
import { broadcasts } from "./programs/rdd_broadcasts.ts";
import { functions } from "./programs/rdd_functions.ts";
import { groups } from "./programs/rdd_groups.ts";
import { histograms } from "./programs/rdd_histogram.ts";
import { jobs } from "./programs/rdd_jobs.ts";
import { keys } from "./programs/rdd_keys.ts";
import { numbers } from "./programs/rdd_numbers.ts";
import { partitions } from "./programs/rdd_partitions.ts";
import { piping } from "./programs/rdd_pipe.ts";
import { taking } from "./programs/rdd_taking.ts";
import { text } from "./programs/rdd_text.ts";
import { zeroValues } from "./programs/rdd_zero_values.ts";
import { zipping } from "./programs/rdd_zipping.ts";
import { aggregates } from "./programs/shuffle_aggregates.ts";
import { sorting } from "./programs/shuffle_sorting.ts";
import { taskContext } from "./programs/task_context.ts";
import { barrierContext } from "./programs/task_context_barrier.ts";
import { util } from "./programs/util.ts";
import { wholeJobs } from "./programs/whole_jobs.ts";
import { workerFailures } from "./programs/worker_failures.ts";
import { workerReuse } from "./programs/worker_reuse.ts";

export const CHAPTERS: readonly Chapter[] = [
  { name: "numbers", programs: [...numbers, ...histograms] },
  { name: "records", programs: [...zipping, ...partitions, ...keys, ...groups, ...taking] },
  { name: "functions", programs: [...functions, ...zeroValues] },
  { name: "text", programs: [...text, ...piping] },
  { name: "broadcasts", programs: [...broadcasts, ...broadcastValues] },
  { name: "jobs", programs: [...jobs, ...barriers, ...wholeJobs] },
  { name: "util", programs: util },
  {
    name: "shuffle",
    settings: { "flint.worker.memory": "256k" },
    programs: [...aggregates, ...sorting],
  },
  { name: "executors", programs: [...workerReuse, ...workerFailures] },
  { name: "contexts", programs: [...contextLife, ...contextFiles] },
  { name: "tasks", programs: [...taskContext, ...barrierContext, ...frames] },
];
