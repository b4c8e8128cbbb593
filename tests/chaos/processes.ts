/** Processes as /proc shows them: who is whose child, what they hold, what they use. Linux only. */
import { readdirSync, readFileSync } from "node:fs";

/** The direct children of a process that live. Empty if there is no such process. */
export function children(pid: number): number[] {
  const found = new Set<number>();
  for (const thread of listed(`/proc/${pid}/task`)) {
    const text = read(`/proc/${pid}/task/${thread}/children`) ?? "";
    for (const child of text.split(" ")) if (child !== "") found.add(Number(child));
  }
  return [...found].filter(isAlive).sort((a, b) => a - b);
}

/** The children of a process, their children, and so on. */
export function descendants(pid: number): number[] {
  return children(pid).flatMap((child) => [child, ...descendants(child)]);
}

/** Whether a process runs; one that has ended and waits to be asked for its exit code does not. */
export function isAlive(pid: number): boolean {
  const state = statOf(pid)?.[0];
  return state !== undefined && state !== "Z" && state !== "X";
}

/** What a process was started with; empty if it is gone. */
export function commandLine(pid: number): string[] {
  return (read(`/proc/${pid}/cmdline`) ?? "").split("\0").filter((word) => word !== "");
}

/** The most memory that a process has had at once (VmHWM), in bytes; 0 if it is gone. */
export function peakMemoryBytes(pid: number): number {
  return statusBytes(pid, "VmHWM");
}

/** The memory that a process has (VmRSS), in bytes; 0 if it is gone. */
export function memoryBytes(pid: number): number {
  return statusBytes(pid, "VmRSS");
}

/** How many files, sockets and pipes a process has open; 0 if it is gone. */
export function openFiles(pid: number): number {
  return listed(`/proc/${pid}/fd`).length;
}

/** The processor time that a process has used, in seconds; 0 if it is gone. */
export function cpuSeconds(pid: number): number {
  const stat = statOf(pid);
  // Fields 14 and 15 of proc(5), in ticks of a hundredth of a second; the list starts with field 3.
  return stat === undefined ? 0 : (Number(stat[11]) + Number(stat[12])) / 100;
}

/** Kills processes, by pid, and waits until they are gone: so no later step meets them. */
export async function kill(pids: readonly number[]): Promise<void> {
  for (const pid of pids) {
    try {
      Deno.kill(pid, "SIGKILL");
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  while (pids.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 5));
}

/**
 * The peaks of a process and of all that it starts, by pid, as long as the watch lives. Sampled,
 * since a peak is gone with its process: what a process grows by in its last 50 ms is not seen.
 */
export class MemoryWatch implements Disposable {
  readonly #pid: number;
  readonly #peaks = new Map<number, number>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(pid: number) {
    this.#pid = pid;
    this.#timer = setInterval(() => this.#sample(), 50);
    this.#sample();
  }

  /** The peak of the process itself, in bytes. */
  get ownBytes(): number {
    return this.#peaks.get(this.#pid) ?? 0;
  }

  /** The peak of each process below it, in bytes. */
  get belowBytes(): ReadonlyMap<number, number> {
    return new Map([...this.#peaks].filter(([pid]) => pid !== this.#pid));
  }

  #sample(): void {
    for (const pid of [this.#pid, ...descendants(this.#pid)]) {
      const peak = peakMemoryBytes(pid);
      if (peak > (this.#peaks.get(pid) ?? 0)) this.#peaks.set(pid, peak);
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** The fields of /proc/PID/stat from the third, the state, on. */
function statOf(pid: number): string[] | undefined {
  const text = read(`/proc/${pid}/stat`);
  // The second field is a name in parentheses, which may have anything in it.
  return text?.slice(text.lastIndexOf(")") + 2).split(" ");
}

function statusBytes(pid: number, name: string): number {
  const line = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(read(`/proc/${pid}/status`) ?? "");
  return line === null ? 0 : Number(line[1]) * 1024;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // the process is gone
  }
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // the process is gone
  }
}
