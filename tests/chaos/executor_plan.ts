/**
 * What is to fail in a run on an executor, and the way there: the URL of its program.
 *
 *     driver ──── link ──── control thread ──── rings ──── worker
 *          driver's  executor's    │  files                  │  files
 */
import { type Fault, type FaultPlan, FAULTS } from "../helpers/faulty_platform.ts";

/** Where it fails, and the faults that there are. A link has two ends, each with its own operations. */
export const SEAMS = {
  files: FAULTS,
  executorLink: ["EIO", "ENOSPC", "short read", "EOF", "short write"],
  driverLink: ["EIO", "ENOSPC", "short read", "EOF", "short write"],
  rings: ["EIO", "EOF", "short write"],
} as const satisfies Readonly<Record<string, readonly Fault[]>>;
export type Seam = keyof typeof SEAMS;

export type ExecutorPlan =
  & FaultPlan
  & Readonly<{
    seam: Seam;
    /** The file that says that it has failed: executors that come later have no other fault. */
    spent: string;
  }>;

export function withPlan(program: URL, plan: ExecutorPlan): URL {
  const url = new URL(program);
  url.search = new URLSearchParams({ plan: JSON.stringify(plan) }).toString();
  return url;
}

export function planIn(url: string): ExecutorPlan {
  return JSON.parse(new URL(url).searchParams.get("plan")!);
}
