/** A job as a user runs it, with the peaks of its driver, its executors and its files. Linux only. */
import { readdirSync, statSync } from "node:fs";
import type { Workshop } from "../acceptance/launch.ts";
import { children, commandLine, MemoryWatch } from "./processes.ts";

export type WatchedJob = Readonly<{
  /** The last line that it printed, which is JSON. */
  printed: unknown;
  /** The peak of its driver, in bytes. */
  driverBytes: number;
  /** The peak of the largest of its executors, in bytes. */
  executorBytes: number;
  /** How many executors there were. */
  executors: number;
  /** The most that lay in its temp folder at once, in bytes; looked at five times a second. */
  diskBytes: number;
}>;

const SAMPLE_MS = 200;

/** Runs `submit` with these words to its end. Throws what it printed where it does not end well. */
export async function watchedJob(shop: Workshop, words: readonly string[]): Promise<WatchedJob> {
  const job = shop.start(words);
  const drivers = new Set<number>();
  const executors = new Set<number>();
  let diskBytes = 0;
  const sample = () => {
    for (const driver of children(job.pid)) {
      drivers.add(driver);
      for (const pid of children(driver)) if (isExecutor(pid)) executors.add(pid);
    }
    diskBytes = Math.max(diskBytes, bytesBelow(shop.temp));
  };
  using watch = new MemoryWatch(job.pid);
  const timer = setInterval(sample, SAMPLE_MS);
  const { code, stdout, stderr } = await job.output();
  clearInterval(timer);
  const decoder = new TextDecoder();
  if (code !== 0) throw new Error(decoder.decode(stderr));
  const peakOf = (pids: ReadonlySet<number>) =>
    Math.max(0, ...[...pids].map((pid) => watch.belowBytes.get(pid) ?? 0));
  return {
    printed: JSON.parse(decoder.decode(stdout).trimEnd().split("\n").at(-1)!),
    driverBytes: peakOf(drivers),
    executorBytes: peakOf(executors),
    executors: executors.size,
    diskBytes,
  };
}

/** Whole megabytes, for people. */
export function megabytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

function isExecutor(pid: number): boolean {
  return commandLine(pid).some((word) => word.endsWith("/workers/executor.ts"));
}

function bytesBelow(folder: string): number {
  let bytes = 0;
  for (const entry of listed(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) bytes += bytesBelow(path);
    else bytes += sizeOf(path);
  }
  return bytes;
}

function listed(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // it has just been removed
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0; // it has just been removed
  }
}
