/** What a task has read, written, spilled and held. */
import type { TaskMetrics } from "../core/task.ts";
import type { TaskIO } from "./task_io.ts";

export class TaskMeter {
  readonly #io: TaskIO;
  readonly #startMs: number;
  readonly #spillsBefore: number;
  readonly #bytesSpilledBefore: number;
  recordsRead = 0;
  bytesRead = 0;
  recordsWritten = 0;
  bytesWritten = 0;

  /** Begins to count. */
  constructor(io: TaskIO) {
    this.#io = io;
    this.#startMs = io.platform.monotonicMs();
    this.#spillsBefore = io.spills.spills;
    this.#bytesSpilledBefore = io.spills.bytesSpilled;
    io.budget.resetPeak();
  }

  /** The same pieces or blocks, their bytes counted as read. */
  *reading(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
    for (const piece of pieces) {
      this.bytesRead += piece.length;
      yield piece;
    }
  }

  metrics(): TaskMetrics {
    return {
      durationMs: this.#io.platform.monotonicMs() - this.#startMs,
      recordsRead: this.recordsRead,
      bytesRead: this.bytesRead,
      recordsWritten: this.recordsWritten,
      bytesWritten: this.bytesWritten,
      spills: this.#io.spills.spills - this.#spillsBefore,
      bytesSpilled: this.#io.spills.bytesSpilled - this.#bytesSpilledBefore,
      memoryBytesMax: this.#io.budget.bytesPeak,
    };
  }
}
