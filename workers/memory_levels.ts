/**
 * How much of its memory an executor holds, and what is to be done about it.
 *
 *     0 ────────────── 0.7 ──────── 0.85 ──────── 0.95 ──── 1
 *       normal             spilling      paused        full
 *
 * The budget of a task counts what Flint holds for it. What user code holds, and garbage that V8 has
 * not collected yet, is seen only here: in the resident memory of the process, which its control
 * thread samples with each heartbeat. So tasks are asked to hold less while there is still room, then
 * no more of them come, and last the executor ends before the system ends something else.
 */

/**
 * - `spilling`: its tasks spill early (`MemoryBudget`).
 * - `paused`: the same, and it is given no new tasks.
 * - `full`: it is ended, and its tasks run again.
 */
export type MemoryLevel = "normal" | "spilling" | "paused" | "full";

/** The shares of its memory from which on an executor is at a level. */
export const SPILLING_SHARE = 0.7;
export const PAUSED_SHARE = 0.85;
export const FULL_SHARE = 0.95;

/** The level of an executor that holds `rssBytes` and may hold `bytesMax`. */
export function memoryLevel(rssBytes: number, bytesMax: number): MemoryLevel {
  const share = rssBytes / bytesMax;
  if (share >= FULL_SHARE) return "full";
  if (share >= PAUSED_SHARE) return "paused";
  return share >= SPILLING_SHARE ? "spilling" : "normal";
}
