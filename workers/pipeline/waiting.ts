/** What operations that wait need of the task in which they do. */
import type { PipeCommand } from "../../core/plan/ops.ts";
import type { PipedProgram } from "../task_io.ts";
import type { Batches, BatchesLater } from "./feed.ts";

export type Waiting = Readonly<{
  /** Throws once the task is to end early. */
  check: () => void;
  /** Resolves when the input of the task can be read without blocking its thread. */
  inputReady: () => Promise<void>;
  /**
   * All records, kept within the memory budget: for functions that iterate over a whole partition
   * and cannot wait. What is kept goes when the result is disposed.
   */
  keep: (batches: BatchesLater) => Promise<Batches & Disposable>;
  /** Starts the program of one of the stage's pipes. */
  start: (command: PipeCommand) => PipedProgram;
}>;
