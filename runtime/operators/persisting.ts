/**
 * What is kept of datasets beyond the job that made it: partitions of persisted ones, and the output
 * of their exchanges. Nothing runs when these are called.
 */
import { PlanError, shown } from "../../core/errors.ts";
import { type Draft, inputsOf } from "../../core/plan/plan.ts";
import { StorageLevel } from "../../core/storage_level.ts";
import type { Dataset } from "../dataset.ts";

export function persist(data: Dataset, level: StorageLevel, operator = "persist"): void {
  if (!(level instanceof StorageLevel)) {
    throw new PlanError(
      "InvalidArgument",
      `Cannot call ${operator}(): level is ${shown(level)}`,
      "Pass a StorageLevel, such as StorageLevel.MEMORY_AND_DISK",
    );
  }
  data.driver.persist(data.draft, level, operator);
}

/** Where the partitions of a dataset are kept: `NONE` if it is not persisted. */
export function storageLevel({ driver, draft }: Dataset): StorageLevel {
  return driver.persisted.levelOf(draft.id) ?? StorageLevel.NONE;
}

export function localCheckpoint({ driver, draft }: Dataset): void {
  driver.assertRunning("localCheckpoint");
  driver.persisted.checkpoint(draft);
}

/** Lets go of the output of the exchanges of a dataset, down to ancestors that are persisted. */
export async function cleanShuffles({ driver, draft }: Dataset): Promise<void> {
  driver.assertRunning("cleanShuffleDependencies");
  const found = new Set<Draft>([draft]);
  // A Set is walked in the order of insertion, also through what is added meanwhile.
  for (const node of found) {
    for (const input of inputsOf(node)) {
      if (driver.persisted.levelOf(input.id) === undefined) found.add(input);
    }
  }
  const exchanges = [...found].filter(({ kind }) => kind === "exchange");
  await Promise.all(exchanges.map(({ id }) => driver.forget(id, "output")));
}
