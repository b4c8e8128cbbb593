/** What is said when a kept partition is not there. */
import { RecordError } from "../core/errors.ts";
import type { KeptId } from "../core/task.ts";

/** In the control thread: a partition cannot be read, or not to its end. */
export class KeptAbsent extends RecordError {
  constructor(detail: string) {
    super("CorruptBlock", detail);
  }
}

/**
 * In a task: it cannot go on without kept partitions that are gone. It had begun to read one, or what
 * they are made from was not located, because they had been there.
 */
export class KeptLost extends RecordError {
  constructor(readonly lost: readonly KeptId[], readonly detail: string) {
    super("CorruptBlock", `Cannot read kept partitions: ${detail}`);
  }
}
