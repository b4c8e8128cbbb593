/**
 * Jobs that write. The tasks write attempts; the driver puts one of each partition in its place.
 *
 *     begin (refuses what exists) ─► job ─► commit, and the mark of success
 *                                       └─► abort: nothing is left
 */
import type { Driver, PreparedJob, RunOptions } from "./driver.ts";
import { assert } from "../core/errors.ts";
import type { SavedPart } from "../io/sink.ts";

/** Runs a job whose action saves. */
export async function runSave(
  driver: Driver,
  prepared: PreparedJob,
  options: RunOptions,
): Promise<void> {
  options.signal?.throwIfAborted();
  const { action } = prepared;
  assert(action.kind === "save", `${prepared.name} saves nothing`);
  const { sink, files } = driver.output(action.format);
  const job = driver.nextJobId();
  await sink.begin(action.options, job, files);
  try {
    const parts: SavedPart[] = [];
    for await (const saved of driver.values(prepared, { ...options, job })) {
      parts.push(driver.value(saved.blocks) as SavedPart);
    }
    parts.sort((a, b) => a.partition - b.partition);
    await sink.commit(action.options, job, parts, files);
  } catch (error) {
    await sink.abort(action.options, job, files);
    throw error;
  }
}
