/** What the executors of a program take, as their driver sees it. */

/**
 * The most memory (VmHWM) that one of the processes that this one has started has had, in bytes; 0
 * where the system has no /proc.
 */
export function largestChildBytes(): number {
  let most = 0;
  for (const pid of processIds()) {
    try {
      const status = Deno.readTextFileSync(`/proc/${pid}/status`);
      if (!status.includes(`\nPPid:\t${Deno.pid}\n`)) continue;
      most = Math.max(most, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024);
    } catch { /* it has ended */ }
  }
  return most;
}

function processIds(): string[] {
  try {
    return Array.from(Deno.readDirSync("/proc"), ({ name }) => name)
      .filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}
