/** Task contexts: which types come out, and what does not compile. */
import type { TaskContext, TaskMetrics } from "../../mod.ts";

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
