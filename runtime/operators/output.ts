/**
 * Actions that write. The tasks write attempts; the driver puts one of each partition in its place.
 *
 *     begin (refuses what exists) ─► job ─► commit, and the mark of success
 *                                       └─► abort: nothing is left
 */
import { resolve } from "node:path";
import type { Options } from "../../core/plan/plan.ts";
import type { SavedPart } from "../../io/sink.ts";
import type { ActionOptions } from "../arguments.ts";
import { CallSite } from "../call_site.ts";
import type { Dataset } from "../dataset.ts";
import { pathOf } from "./sources.ts";

export async function saveAsTextFile(
  data: Dataset,
  path: string | URL,
  options: ActionOptions,
): Promise<void> {
  const target = { path: resolve(pathOf(path, "saveAsTextFile")) };
  await save(data, "saveAsTextFile", "text", target, options);
}

/** Runs a job whose records go to the sink of `format`. */
async function save(
  data: Dataset,
  operator: string,
  format: string,
  target: Options,
  options: ActionOptions,
): Promise<void> {
  const { driver, draft } = data;
  const action = { kind: "save", format, options: target } as const;
  const prepared = driver.prepare(draft, action, new CallSite(operator));
  options.signal?.throwIfAborted();
  const { sink, files } = driver.output(format);
  const job = driver.nextJobId();
  await sink.begin(target, job, files);
  try {
    const parts: SavedPart[] = [];
    for await (const saved of driver.values(prepared, { ...options, job })) {
      parts.push(driver.value(saved.blocks) as SavedPart);
    }
    parts.sort((a, b) => a.partition - b.partition);
    await sink.commit(target, job, parts, files);
  } catch (error) {
    await sink.abort(target, job, files);
    throw error;
  }
}
