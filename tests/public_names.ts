/**
 * Every public name that a user of PySpark 4.3, or of Scala's API, may look for.
 *
 * The lists are those of PySpark 4.3 itself (`dir()` of each class, without what starts with an
 * underscore), so they are written as Python writes them; `nameHere` says how the name is written
 * here. What only the language or the JVM asks for is in `LEFT_OUT`, each with its substitute.
 */

/** PySpark's classes and what each of them has. */
export const PYSPARK = {
  RDD: words(`
    aggregate aggregateByKey barrier cache cartesian checkpoint cleanShuffleDependencies coalesce
    cogroup collect collectAsMap collectWithJobGroup combineByKey context count countApprox
    countApproxDistinct countByKey countByValue distinct filter first flatMap flatMapValues fold
    foldByKey foreach foreachPartition fullOuterJoin getCheckpointFile getNumPartitions
    getResourceProfile getStorageLevel glom groupBy groupByKey groupWith histogram id intersection
    isCheckpointed isEmpty isLocallyCheckpointed join keyBy keys leftOuterJoin localCheckpoint lookup
    map mapPartitions mapPartitionsWithIndex mapPartitionsWithSplit mapValues max mean meanApprox min
    name partitionBy persist pipe randomSplit reduce reduceByKey reduceByKeyLocally repartition
    repartitionAndSortWithinPartitions rightOuterJoin sample sampleByKey sampleStdev sampleVariance
    saveAsHadoopDataset saveAsHadoopFile saveAsNewAPIHadoopDataset saveAsNewAPIHadoopFile
    saveAsPickleFile saveAsSequenceFile saveAsTextFile setName sortBy sortByKey stats stdev subtract
    subtractByKey sum sumApprox take takeOrdered takeSample toDF toDebugString toLocalIterator top
    treeAggregate treeReduce union unpersist values variance withResources zip zipWithIndex
    zipWithUniqueId`),
  SparkContext: words(`
    PACKAGE_EXTENSIONS accumulator addArchive addFile addJobTag addPyFile applicationId binaryFiles
    binaryRecords broadcast cancelAllJobs cancelJobGroup cancelJobsWithTag clearJobTags
    defaultMinPartitions defaultParallelism dump_profiles emptyRDD getCheckpointDir getConf getJobTags
    getLocalProperty getOrCreate getSystemProperty hadoopFile hadoopRDD listArchives listFiles
    newAPIHadoopFile newAPIHadoopRDD parallelize pickleFile range removeJobTag resources runJob
    sequenceFile setCheckpointDir setInterruptOnCancel setJobDescription setJobGroup setLocalProperty
    setLogLevel setSystemProperty show_profiles sparkUser startTime statusTracker stop textFile
    uiWebUrl union version wholeTextFiles`),
  SparkConf: words(`
    contains get getAll set setAll setAppName setExecutorEnv setIfMissing setMaster setSparkHome
    toDebugString`),
  Broadcast: words("destroy dump load load_from_path unpersist value"),
  Accumulator: words("add value"),
  AccumulatorParam: words("addInPlace zero"),
  StatCounter: words(`
    asDict copy count max mean merge mergeStats min sampleStdev sampleVariance stdev sum variance`),
  StorageLevel: words(`
    DISK_ONLY DISK_ONLY_2 DISK_ONLY_3 MEMORY_AND_DISK MEMORY_AND_DISK_2 MEMORY_AND_DISK_DESER
    MEMORY_ONLY MEMORY_ONLY_2 NONE OFF_HEAP`),
  TaskContext: words(`
    attemptNumber cpuAmount cpus from_json get getLocalProperty partitionId resources stageId
    taskAttemptId`),
  BarrierTaskContext: words(`
    allGather attemptNumber barrier cpuAmount cpus from_json get getLocalProperty getTaskInfos
    partitionId resources stageId taskAttemptId`),
  RDDBarrier: words("mapPartitions mapPartitionsWithIndex"),
  SparkFiles: words("get getRootDirectory"),
  StatusTracker: words(`
    getActiveJobsIds getActiveStageIds getExecutorInfos getJobIdsForGroup getJobInfo getStageInfo`),
  SparkJobInfo: words("jobId stageIds status"),
  SparkStageInfo: words(`
    stageId currentAttemptId name numTasks numActiveTasks numCompletedTasks numFailedTasks`),
  SparkExecutorInfo: words(`
    host port cacheSize numRunningTasks usedOnHeapStorageMemory usedOffHeapStorageMemory
    totalOnHeapStorageMemory totalOffHeapStorageMemory`),
  /** What `from pyspark import …` gives. */
  pyspark: words(`
    Accumulator AccumulatorParam BarrierTaskContext BarrierTaskInfo BasicProfiler Broadcast
    CPickleSerializer InheritableThread MarshalSerializer Profiler RDD RDDBarrier SparkConf
    SparkContext SparkExecutorInfo SparkFiles SparkJobInfo SparkStageInfo StatusTracker StorageLevel
    TaskContext __version__ inheritable_thread_target`),
} as const;

/** What Scala's API has beside it, and we take. */
export const SCALA: Partial<Record<keyof typeof PYSPARK, readonly string[]>> = {
  RDD: words(`
    countApproxDistinctByKey filterByRange partitioner preferredLocations sampleByKeyExact
    saveAsObjectFile zipPartitions`),
  SparkContext: words(`
    addSparkListener cancelJob clearJobGroup collectionAccumulator doubleAccumulator getPersistentRDDs
    isLocal isStopped longAccumulator objectFile removeSparkListener`),
  StatusTracker: words("getJobIdsForTag"),
  TaskContext: words(`
    addTaskCompletionListener addTaskFailureListener isInterrupted numPartitions stageAttemptNumber
    taskMetrics`),
};

/** Names that have no place here, and what does their work. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  "BarrierTaskContext.from_json": "how Python hands it to its worker; not documented",
  "Broadcast.dump": "how Python pickles it; not documented",
  "Broadcast.load": "how Python reads it back; not documented",
  "Broadcast.load_from_path": "how Python reads it back; not documented",
  "TaskContext.from_json": "how Python hands it to its worker; not documented",
  "SparkExecutorInfo.cacheSize":
    "tasks and cached blocks share the memory of a slot, uncounted apart",
  "SparkExecutorInfo.port": "executors are reached by a socket file",
  "SparkExecutorInfo.totalOffHeapStorageMemory": "as cacheSize; memoryBytesMax bounds all of it",
  "SparkExecutorInfo.totalOnHeapStorageMemory": "as cacheSize; memoryBytesMax bounds all of it",
  "SparkExecutorInfo.usedOffHeapStorageMemory": "as cacheSize",
  "SparkExecutorInfo.usedOnHeapStorageMemory": "as cacheSize",
  "pyspark.BasicProfiler": "V8 profiles: see sc.showProfiles()",
  "pyspark.CPickleSerializer": "there is one codec, and nothing to choose",
  "pyspark.InheritableThread": "sc.withJobGroup(): properties follow asynchronous calls",
  "pyspark.MarshalSerializer": "there is one codec, and nothing to choose",
  "pyspark.Profiler": "V8 profiles: see sc.showProfiles()",
  "pyspark.inheritable_thread_target": "sc.withJobGroup(): properties follow asynchronous calls",
};

/** How a name of Python's is written here: in camel case, constants as they are. */
export function nameHere(name: string): string {
  if (name === "__version__") return "VERSION";
  if (name === name.toUpperCase()) return name;
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The words of a text, for lists of names. */
export function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}
