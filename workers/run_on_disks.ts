/**
 * A map task whose disk is full runs again on the next one, and the job does not hear of it.
 *
 * Spills try the next folder by themselves (SpillManager). What a map task leaves behind is one file,
 * whose name and checksums say where it lies: it cannot move, so the task begins anew.
 */
import type { TaskResult } from "../core/task.ts";
import type { LocalTaskIO } from "./local_io.ts";

/**
 * Runs a task with the I/O of one disk after the other, of so many, until its output finds room.
 * Whatever else ends it is its end, and so is what the last disk has said. `ioOn(turn)` is disposed.
 */
export async function runOnDisks(
  disks: number,
  ioOn: (turn: number) => LocalTaskIO,
  run: (io: LocalTaskIO) => TaskResult | Promise<TaskResult>,
): Promise<TaskResult> {
  for (let turn = 0;; turn++) {
    using io = ioOn(turn);
    const result = await run(io);
    const wantsRoom = result.kind === "failed" && result.failure.code === "DiskFull" &&
      io.isOutputDiskFull;
    if (!wantsRoom || turn === disks - 1) return io.ended(result);
  }
}
