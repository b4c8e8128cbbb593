/** Task contexts: which types come out, and what does not compile. */
import type {
  BarrierTaskContext,
  BarrierTaskInfo,
  RDD,
  SparkContext,
  TaskContext,
  TaskMetrics,
} from "../../mod.ts";

export function contexts(Task: typeof TaskContext): void {
  // @ts-expect-error: there is none on the driver
  Task.get().partitionId();
  const context = Task.get()!;
  const numbers: number[] = [
    context.stageId(),
    context.stageAttemptNumber(),
    context.partitionId(),
    context.numPartitions(),
    context.attemptNumber(),
    context.taskAttemptId(),
    context.cpus(),
    context.cpuAmount(),
  ];
  const color: string | undefined = context.getLocalProperty("color");
  // @ts-expect-error: a property is known by its name
  context.getLocalProperty(numbers);
  // @ts-expect-error: it may not be set
  context.getLocalProperty("color").length;
  const metrics: TaskMetrics = context.taskMetrics();
  const chained: TaskContext = context
    .addTaskCompletionListener((ended) => void ended.partitionId())
    .addTaskFailureListener((ended, error) => void [ended.attemptNumber(), error]);
  // @ts-expect-error: what failed may be anything
  chained.addTaskFailureListener((_, error) => error.message);
  void [color, metrics];
}

export function barriers(sc: SparkContext, Task: typeof BarrierTaskContext): void {
  const barrier = sc.range(4).barrier();
  const pairs: RDD<[number, string[]]> = barrier.mapPartitionsWithIndex((index, records) => {
    const numbers: Iterable<number> = records;
    // It is there, or it throws.
    const context: BarrierTaskContext & TaskContext = Task.get();
    const infos: BarrierTaskInfo[] = context.getTaskInfos();
    const nothing: void = context.barrier();
    // @ts-expect-error: messages are texts
    context.allGather(index);
    void [numbers, nothing];
    return [[infos.length, context.allGather()]];
  });
  const keeping = barrier.mapPartitions((records) => records, { preservesPartitioning: true });
  const numbers: RDD<number> = keeping;
  // @ts-expect-error: a barrier has no other operators
  barrier.map((n) => n);
  // @ts-expect-error: a function over partitions gives something that can be iterated over
  barrier.mapPartitions(() => 1);
  void [pairs, numbers];
}
