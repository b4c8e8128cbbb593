/**
 * When a task is so late that a second attempt may be faster: Spark's rule, decided purely.
 *
 *     ended    ▂▃▃▂▃▃▂▃▃        nine of ten, the median is 3
 *     running  ▂▂▂▂▂▂▂▂▂▂▂▂     for longer than 3 × 3: it gets a rival on another executor
 *
 * Of the two the first to end counts; the other one is cancelled. So user code may run twice at once,
 * which is why nobody gets a rival unless `spark.speculation` asks for it.
 */

/** When attempts get rivals. */
export type Speculation = Readonly<{
  /** The share of a stage's tasks that has to have ended, from 0 to 1: `spark.speculation.quantile`. */
  quantile: number;
  /** So many times the median duration is late: `spark.speculation.multiplier`. */
  multiplier: number;
  /** What has run for no longer than this is not late: `spark.speculation.minTaskRuntime`. */
  taskMsMin: number;
}>;

/**
 * How long an attempt may run before it is late. `tasks`: how many the stage has; `durationsMs`: of
 * those that have ended. Infinity where too few have, and for the only task of a stage.
 */
export function patienceMs(
  { quantile, multiplier, taskMsMin }: Speculation,
  tasks: number,
  durationsMs: readonly number[],
): number {
  const enough = Math.max(1, Math.floor(quantile * tasks));
  if (tasks < 2 || durationsMs.length < enough) return Infinity;
  return Math.max(multiplier * median(durationsMs), taskMsMin);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
