/**
 * Flint: PySpark for TypeScript on Deno. A program over distributed datasets that runs on one
 * machine, out of core, with nothing to install.
 *
 * @example
 * ```ts
 * import { SparkContext } from "@flint/flint";
 * import assert from "node:assert/strict";
 *
 * await using sc = new SparkContext({ master: "local" });
 * const counts = sc.parallelize(["to be", "or not", "to be"])
 *   .flatMap((line) => line.split(" "))
 *   .map((word) => [word, 1])
 *   .reduceByKey((a, b) => a + b);
 * assert.equal((await counts.collectAsMap()).get("be"), 2);
 * ```
 *
 * @module
 */
export {
  type CancelOptions,
  type ContextListener,
  type ContextOptions,
  type FileOptions,
  type PartitionOptions,
  type RunJobOptions,
  SparkContext,
} from "./runtime/context.ts";
export { type PartitionRecords, type Produced, RDD, type SidesOf } from "./runtime/rdd.ts";
export type {
  ActionOptions,
  ApproximateOptions,
  AsyncOptions,
  BoundedOptions,
  DistinctByKeyOptions,
  IterationOptions,
  KeepingOptions,
  KeyedOptions,
  KeyFractions,
  OrderOptions,
  PipeOptions,
  RepartitionOptions,
  SampleOptions,
  SaveOptions,
  SortOptions,
  TreeOptions,
} from "./runtime/arguments.ts";
export { RDDBarrier } from "./runtime/rdd_barrier.ts";
export type { Hint } from "./runtime/hint.ts";
export { Partitioner } from "./runtime/partitioner.ts";
export type { Settings } from "./runtime/config/settings.ts";
export { SparkConf } from "./runtime/config/spark_conf.ts";
export { Broadcast } from "./runtime/broadcast.ts";
export { StorageLevel } from "./core/storage_level.ts";
export {
  Accumulator,
  type AccumulatorOptions,
  type AccumulatorParam,
  CollectionAccumulator,
  NumericAccumulator,
} from "./runtime/accumulator.ts";
export type { JobGroupOptions } from "./runtime/job_properties.ts";
export type { EventOf, SparkListener } from "./runtime/listeners.ts";
export type { LogLevel } from "./runtime/log_level.ts";
export {
  type JobStatus,
  type Retention,
  type SparkExecutorInfo,
  type SparkJobInfo,
  type SparkStageInfo,
  StatusTracker,
} from "./runtime/status_tracker.ts";
export type { TaskPermissions } from "./runtime/operators/permitting.ts";
export { VERSION } from "./core/version.ts";
export { BoundedFloat } from "./core/bounded_float.ts";
export { StatCounter, type StatSummary } from "./core/statistics.ts";
export type { Values } from "./shuffle/values.ts";
export {
  CancelledError,
  ClosureError,
  ConfigError,
  type ErrorCode,
  FlintError,
  InputError,
  InvariantError,
  JobError,
  MemoryError,
  OutputError,
  PlanError,
  RecordError,
  TaskError,
  type TaskPlace,
} from "./core/errors.ts";
export type { FailureReport } from "./core/errors.ts";
export type {
  Announcement,
  Event,
  EventBus,
  Listener,
  Outcome,
  StageSummary,
  WithoutTime,
} from "./core/events.ts";
export type { GrantName, Grants } from "./core/grants.ts";
export type { Compression } from "./core/platform.ts";
export type { PartitionId } from "./core/plan/plan.ts";
export type { ExecutorId, JobId, StageId, Task, TaskMetrics } from "./core/task.ts";
export type { AddFileOptions } from "./runtime/files/added_files.ts";
export { SparkFiles } from "./workers/spark_files.ts";
export { BarrierTaskContext, BarrierTaskInfo } from "./workers/barrier_task_context.ts";
export { TaskContext } from "./workers/task_context.ts";
