/** The processes behind a context, as a user can find them. */
import type { SparkContext } from "@flint/flint";

/** The process ids of both executors, once both have run tasks. */
export async function executorPids(sc: SparkContext): Promise<number[]> {
  const pids = new Set<number>();
  while (pids.size < 2) {
    const seen = sc.range(0, 4, 1, 4).map(() => {
      for (const untilMs = performance.now() + 20; performance.now() < untilMs;); // so that both do
      return Deno.pid;
    });
    for (const pid of await seen.collect()) pids.add(pid);
  }
  return [...pids];
}

/** Calls `act` with what tasks print from now on, line by line, until it is disposed. */
export function onLine(sc: SparkContext, act: (line: string) => void): Disposable {
  return sc.events.subscribe((event) => {
    if (event.type === "executor.printed") act(event.line);
  });
}

/** Resolves when a process is gone, be it that nobody has asked yet how it ended. */
export function processGone(pid: number): Promise<void> {
  return until(() => !isAlive(pid));
}

/** Looks again and again; and keeps the program alive, which a context with nothing to do does not. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
}

function isAlive(pid: number): boolean {
  const { success, stdout } = new Deno.Command("ps", {
    args: ["-o", "stat=", "-p", String(pid)],
    stdout: "piped",
  }).outputSync();
  return success && !new TextDecoder().decode(stdout).trim().startsWith("Z");
}
