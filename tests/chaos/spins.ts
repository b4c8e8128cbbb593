/** Tasks that never end, each in a way of its own: what a cancel, a timeout and a rival must end. */

/** Writes who spins to the file that it was given, and spins. Ships to tasks as it is. */
export type Spin = (announcement: string) => never;

/** By name. None of them looks whether it should stop; the last two cannot be made to look. */
export const SPINS: Readonly<Record<string, Spin>> = {
  loop: (announcement) => {
    Deno.writeTextFileSync(announcement, String(Deno.pid));
    for (;;);
  },
  garbage: (announcement) => {
    Deno.writeTextFileSync(announcement, String(Deno.pid));
    for (let held: number[][] = [];; held = held.length < 1_000 ? held : []) {
      held.push(new Array(100).fill(0));
    }
  },
  deaf: (announcement) => {
    Deno.writeTextFileSync(announcement, String(Deno.pid));
    for (;;) {
      try {
        throw new Error("again");
      } catch {
        // What it is told it does not hear.
      }
    }
  },
  asleep: (announcement) => {
    Deno.writeTextFileSync(announcement, String(Deno.pid));
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
  backtracking: (announcement) => {
    Deno.writeTextFileSync(announcement, String(Deno.pid));
    for (;;) /^(a+)+$/.test("a".repeat(60) + "b");
  },
};
