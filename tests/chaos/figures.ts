/**
 * The figures of reliability, and the programs that give them: files of this folder by their name.
 */
export const FIGURES: Readonly<Record<number, readonly string[]>> = {
  // A sort far larger than its memory.
  1: ["big_sort"],
  // Ten million records of one key.
  2: ["one_key"],
  // Word counts whose executors are killed.
  3: ["word_counts"],
  // Every damage to the files of a job.
  4: ["flipped_bytes"],
  // A driver that is killed.
  5: ["dead_driver"],
  // Bad files, bad input, hostile tasks.
  6: ["bad_input"],
  // Cancelling a task that spins.
  7: ["cancel"],
  // The Nth operation fails, for every N.
  8: ["nth_fault"],
  // A disk that is full.
  9: ["disk_full"],
  // Kills while output is committed.
  10: ["commit"],
  // The scheduler's hundred thousand lives.
  11: ["simulation"],
  // Hours of work in one context.
  12: ["soak"],
  // Results larger than the driver takes.
  13: ["max_result"],
  // What a sandboxed task may do.
  14: ["probes"],
  // The same faults on PySpark.
  15: ["beside_pyspark"],
};

/** The names of all programs, in the order of their figures. */
export function programNames(): string[] {
  return Object.values(FIGURES).flat();
}
