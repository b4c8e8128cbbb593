/**
 * The tests that PySpark 4.3 has for its RDDs, by name, and what each is to us.
 *
 * - `T`: the behaviour translates directly.
 * - `A`: it does with a change: where Python or the JVM shows through, the program says what stands
 *   for it here.
 * - anything else is the reason why it does not apply.
 *
 * Classes of PySpark that repeat a whole file on another transport are not counted twice.
 */
export const PYSPARK_TESTS = {
  "test_rdd.test_range": "T",
  "test_rdd.test_id": "A",
  "test_rdd.test_empty_rdd": "T",
  "test_rdd.test_sum": "T",
  "test_rdd.test_to_localiterator": "T",
  "test_rdd.test_to_localiterator_prefetch": "T",
  "test_rdd.test_save_as_textfile_with_unicode": "T",
  "test_rdd.test_save_as_textfile_with_utf8": "A",
  "test_rdd.test_transforming_cartesian_result": "T",
  "test_rdd.test_transforming_pickle_file": "A",
  "test_rdd.test_cartesian_on_textfile": "T",
  "test_rdd.test_cartesian_chaining": "T",
  "test_rdd.test_zip_chaining": "T",
  "test_rdd.test_union_pair_rdd": "T",
  "test_rdd.test_deleting_input_files": "T",
  "test_rdd.test_sampling_default_seed": "T",
  "test_rdd.test_aggregate_mutable_zero_value": "T",
  "test_rdd.test_aggregate_by_key_mutable_zero_value": "T",
  "test_rdd.test_fold_mutable_zero_value": "T",
  "test_rdd.test_fold_by_key_mutable_zero_value": "T",
  "test_rdd.test_aggregate_by_key": "T",
  "test_rdd.test_itemgetter": "A",
  "test_rdd.test_namedtuple_in_rdd": "A",
  "test_rdd.test_large_broadcast": "T",
  "test_rdd.test_unpersist": "T",
  "test_rdd.test_multiple_broadcasts": "T",
  "test_rdd.test_multithread_broadcast_pickle": "A",
  "test_rdd.test_large_closure": "T",
  "test_rdd.test_zip_with_different_serializers": "A",
  "test_rdd.test_zip_with_different_object_sizes": "T",
  "test_rdd.test_zip_with_different_number_of_items": "T",
  "test_rdd.test_count_approx_distinct": "T",
  "test_rdd.test_count_approx": "T",
  "test_rdd.test_sum_approx": "T",
  "test_rdd.test_mean_approx": "T",
  "test_rdd.test_lookup": "T",
  "test_rdd.test_lookup_after_partition_by": "T",
  "test_rdd.test_sample_by_key": "T",
  "test_rdd.test_map_partitions_with_split": "an alias that PySpark itself has deprecated",
  "test_rdd.test_histogram": "T",
  "test_rdd.test_repartitionAndSortWithinPartitions_asc": "T",
  "test_rdd.test_repartitionAndSortWithinPartitions_desc": "T",
  "test_rdd.test_repartition_no_skewed": "T",
  "test_rdd.test_repartition_on_textfile": "T",
  "test_rdd.test_distinct": "T",
  "test_rdd.test_external_group_by_key": "T",
  "test_rdd.test_sort_on_empty_rdd": "T",
  "test_rdd.test_sample": "T",
  "test_rdd.test_null_in_rdd": "A",
  "test_rdd.test_multiple_python_java_RDD_conversions": "there is no second language to convert to",
  "test_rdd.test_take_on_jrdd": "T",
  "test_rdd.test_take_on_jrdd_with_large_rows_should_not_cause_deadlock": "T",
  "test_rdd.test_sortByKey_uses_all_partitions_not_only_first_and_last": "T",
  "test_rdd.test_pipe_functions": "T",
  "test_rdd.test_pipe_unicode": "T",
  "test_rdd.test_stopiteration_in_user_code": "A",
  "test_rdd.test_overwritten_global_func": "T",
  "test_rdd.test_to_local_iterator_failure": "T",
  "test_rdd.test_to_local_iterator_collects_single_partition": "T",
  "test_rdd.test_resourceprofile": "resource profiles ask a cluster manager for devices",
  "test_rdd.test_multiple_group_jobs": "T",

  "test_shuffle.MergerTests.test_small_dataset": "T",
  "test_shuffle.MergerTests.test_medium_dataset": "A",
  "test_shuffle.MergerTests.test_shuffle_data_with_multiple_locations": "T",
  "test_shuffle.MergerTests.test_simple_aggregator_with_medium_dataset": "T",
  "test_shuffle.MergerTests.test_merger_not_implemented_error":
    "a missing method is found by the type checker",
  "test_shuffle.MergerTests.test_huge_dataset": "T",
  "test_shuffle.MergerTests.test_group_by_key": "T",
  "test_shuffle.MergerTests.test_stopiteration_is_raised": "T",
  "test_shuffle.ExternalGroupByTests.test_medium_dataset": "T",
  "test_shuffle.ExternalGroupByTests.test_dataset_with_keys_are_unsorted": "T",
  "test_shuffle.SorterTests.test_in_memory_sort": "T",
  "test_shuffle.SorterTests.test_external_sort": "T",
  "test_shuffle.SorterTests.test_external_sort_in_rdd": "T",

  "test_join.test_narrow_dependency_in_join": "T",

  "test_rddbarrier.test_map_partitions": "A",
  "test_rddbarrier.test_map_partitions_with_index": "A",

  "test_context.CheckpointTests.test_basic_checkpointing": "T",
  "test_context.CheckpointTests.test_checkpoint_and_restore": "T",
  "test_context.LocalCheckpointTests.test_basic_localcheckpointing": "A",
  "test_context.AddFileTests.test_add_py_file": "A",
  "test_context.AddFileTests.test_add_file_locally": "T",
  "test_context.AddFileTests.test_add_file_recursively_locally": "T",
  "test_context.AddFileTests.test_add_py_file_locally": "import maps say where modules are",
  "test_context.AddFileTests.test_add_egg_file_locally": "eggs are packages of Python",
  "test_context.AddFileTests.test_overwrite_system_module":
    "specifiers are explicit: nothing can shadow a module",
  "test_context.ContextTests.test_failed_sparkcontext_creation": "T",
  "test_context.ContextTests.test_get_or_create": "T",
  "test_context.ContextTests.test_parallelize_eager_cleanup": "T",
  "test_context.ContextTests.test_set_conf": "A",
  "test_context.ContextTests.test_stop": "T",
  "test_context.ContextTests.test_with": "T",
  "test_context.ContextTests.test_with_exception": "T",
  "test_context.ContextTests.test_with_stop": "T",
  "test_context.ContextTests.test_progress_api": "T",
  "test_context.ContextTests.test_startTime": "T",
  "test_context.ContextTests.test_forbid_insecure_gateway": "A",
  "test_context.ContextTests.test_resources": "devices of a cluster are not given to tasks here",
  "test_context.ContextTests.test_disallow_to_create_spark_context_in_executors": "T",
  "test_context.ContextTests.test_allow_to_create_spark_context_in_executors":
    "a context in a task is never allowed",
  "test_context.ContextTestsWithResources.test_resources":
    "devices of a cluster are not given to tasks here",

  "test_worker.WorkerMetricsTests.test_constructor_reuses_collector": "A",
  "test_worker.WorkerMetricsTests.test_reset_isolates_new_task": "A",
  "test_worker.WorkerMetricsTests.test_set_current_timestamp": "A",
  "test_worker.WorkerMetricsTests.test_accumulate_before_converting": "A",
  "test_worker.WorkerMetricsTests.test_nested_timings_inclusive": "A",
  "test_worker.WorkerMetricsTests.test_reuse_timer_scope": "A",
  "test_worker.WorkerMetricsTests.test_accumulate_and_propagate_exception": "A",
  "test_worker.WorkerTests.test_cancel_task": "T",
  "test_worker.WorkerTests.test_after_exception": "T",
  "test_worker.WorkerTests.test_after_non_exception_error": "T",
  "test_worker.WorkerTests.test_after_jvm_exception": "T",
  "test_worker.WorkerTests.test_accumulator_when_reuse_worker": "T",
  "test_worker.WorkerTests.test_worker_metrics_include_spills": "T",
  "test_worker.WorkerTests.test_reuse_worker_after_take": "T",
  "test_worker.WorkerTests.test_with_different_versions_of_python": "A",
  "test_worker.WorkerTests.test_python_exception_non_hanging": "T",
  "test_worker.WorkerReuseTest.test_reuse_worker_of_parallelize_range": "T",
  "test_worker.WorkerMemoryTest.test_memory_limit": "A",
  "test_worker.WorkerMemoryFractionalTaskCpusTest.test_memory_limit_split":
    "a task takes one whole slot",
  "test_worker.WorkerSegfaultTest.test_python_segfault": "A",
  "test_worker.WorkerPoolCrashTest.test_worker_crash": "T",
  "test_daemon.DaemonTests.test_termination_stdin": "T",
  "test_daemon.DaemonTests.test_termination_sigterm": "T",

  "test_broadcast.test_broadcast_with_encryption":
    "what executors read lies in a folder of the user's own",
  "test_broadcast.test_broadcast_no_encryption": "T",
  "test_broadcast.test_broadcast_value_driver_no_encryption": "T",
  "test_broadcast.test_broadcast_value_driver_encryption":
    "what executors read lies in a folder of the user's own",
  "test_broadcast.test_broadcast_value_against_gc": "T",
  "test_broadcast.test_broadcast_when_sc_none": "A",
  "test_broadcast.test_broadcast_for_error_condition": "T",
  "test_broadcast.test_broadcast_in_udfs_with_encryption": "there is no SQL",
  "test_broadcast.test_chunked_stream": "T",

  "test_taskcontext.TaskContextTests.test_stage_id": "T",
  "test_taskcontext.TaskContextTests.test_resources":
    "devices of a cluster are not given to tasks here",
  "test_taskcontext.TaskContextTests.test_partition_id": "T",
  "test_taskcontext.TaskContextTests.test_attempt_number": "T",
  "test_taskcontext.TaskContextTests.test_tc_on_driver": "T",
  "test_taskcontext.TaskContextTests.test_get_local_property": "T",
  "test_taskcontext.TaskContextTests.test_barrier": "A",
  "test_taskcontext.TaskContextTests.test_all_gather": "A",
  "test_taskcontext.TaskContextTests.test_barrier_infos": "A",
  "test_taskcontext.TaskContextTests.test_context_get": "A",
  "test_taskcontext.TaskContextTests.test_barrier_context_get": "A",
  "test_taskcontext.TaskContextTestsWithWorkerReuse.test_barrier_with_python_worker_reuse": "A",
  "test_taskcontext.TaskContextTestsWithWorkerReuse.test_task_context_correct_with_python_worker_reuse":
    "T",
  "test_taskcontext.TaskContextTestsWithResources.test_cpus": "a task takes one whole slot",
  "test_taskcontext.TaskContextTestsWithResources.test_resources":
    "devices of a cluster are not given to tasks here",

  "test_util.KeywordOnlyTests.test_keywords": "keyword arguments are a part of Python",
  "test_util.KeywordOnlyTests.test_non_keywords": "keyword arguments are a part of Python",
  "test_util.KeywordOnlyTests.test_kwarg_ownership": "keyword arguments are a part of Python",
  "test_util.UtilTests.test_py4j_exception_message": "A",
  "test_util.UtilTests.test_parsing_version_string": "T",
} as const;

type Table = typeof PYSPARK_TESTS;

/** The name of a test that applies, which a program may claim. */
export type PySparkTest = {
  [Name in keyof Table]: Table[Name] extends "T" | "A" ? Name : never;
}[keyof Table];

/** The tests that apply, in the order of PySpark's files. */
export const APPLICABLE = Object.entries(PYSPARK_TESTS)
  .filter(([, kind]) => kind === "T" || kind === "A")
  .map(([name]) => name as PySparkTest);
