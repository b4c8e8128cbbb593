/**
 * Jobs that write. The tasks write attempts; the driver puts one of each partition in its place.
 *
 *     begin (refuses what exists) ─► job ─► commit, and the mark of success
 *                                       └─► abort: nothing is left
 *
 * Ctrl-C aborts it as well; a commit that has begun is waited for.
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
  assert(prepared.action.kind === "save", `${prepared.name} saves nothing`);
  const target = { ...prepared.action.options, claim: crypto.randomUUID() };
  const action = { ...prepared.action, options: target };
  const { sink, files } = driver.output(action.format);
  const job = driver.nextJobId();
  await sink.begin(target, job, files);
  const abort = () => sink.abort(target, job, files);
  let committing: Promise<void> | undefined;
  using _ = driver.saves.add(() => committing ?? abort());
  try {
    const parts: SavedPart[] = [];
    for await (const saved of driver.values({ ...prepared, action }, { ...options, job })) {
      parts.push(driver.value(saved.blocks) as SavedPart);
    }
    parts.sort((a, b) => a.partition - b.partition);
    committing = sink.commit(target, job, parts, files);
    await committing;
  } catch (error) {
    // Why the job failed matters more than what was left behind.
    await abort().catch((left: Error) => files.warn(left.message));
    throw error;
  }
}
