/** Every program of chaos in its short form, and what finds a fault that was planted. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { FIGURES, programNames } from "./figures.ts";
import { children, descendants, isAlive, kill, MemoryWatch } from "./processes.ts";
import { printed, type Result, resultOf } from "./result.ts";
import { runProgram } from "./run_program.ts";

for (const name of programNames()) {
  Deno.test(`${name} is ok`, async () => {
    const result = await runProgram(name, ["--short"]);
    assert.equal(result.ok, true, printed(result));
    assert(FIGURES[result.figure]!.includes(result.name), `${result.figure}: ${result.name}`);
  });

  Deno.test(`${name} finds the fault that is planted`, async () => {
    const result = await runProgram(name, ["--short", "--planted"]);
    assert.equal(result.ok, false, printed(result));
    // It is the check that has to fail, not the program.
    assert.doesNotMatch(result.measured, /^\w*Error|^no end within/, printed(result));
  });
}

Deno.test("every figure has a program", () => {
  assert.deepEqual(Object.keys(FIGURES), Array.from({ length: 15 }, (_, i) => `${i + 1}`));
  const empty = Object.keys(FIGURES).filter((figure) => FIGURES[+figure]!.length === 0);
  assert.deepEqual(empty, []);
});

Deno.test("every program is in the table of figures", () => {
  const folder = new URL(".", import.meta.url);
  const calls = readdirSync(folder).filter((name) =>
    name.endsWith(".ts") && /^await chaos\(/m.test(Deno.readTextFileSync(new URL(name, folder)))
  );
  assert.deepEqual(calls.sort(), programNames().map((name) => `${name}.ts`).sort());
});

Deno.test("a result is read as it was printed", () => {
  const result: Result = {
    figure: 3,
    name: "word_counts",
    must: "50 of 50",
    measured: "49 of 50; 204 kills",
    ok: false,
    seed: 7,
    seconds: 12.5,
  };
  assert.deepEqual(resultOf(`a log\n${printed(result)}\nmore`), result);
  assert.equal(resultOf("a log\nresult | 3 | word_counts"), undefined);
});

Deno.test("a program that waits for ever is ended at its limit, with what it has started", async () => {
  const result = await runProgram("fixtures/endless", []);
  assert.equal(result.ok, false);
  assert.match(result.measured, /no end within 1 s/);
  assert.equal(isAlive(Number(/pid (\d+)/.exec(result.must)![1])), false);
});

Deno.test("a program whose loop spins is ended from outside", async () => {
  await assert.rejects(runProgram("fixtures/spinning", [], 1), /ended with SIGKILL/);
});

Deno.test("what a program leaves behind is not ok", async () => {
  const result = await runProgram("fixtures/untidy", []);
  assert.equal(result.ok, false);
  assert.match(result.measured, /left-behind/);
});

Deno.test("processes are found by who has started them, and gone when they were killed", async () => {
  const before = new Set(children(Deno.pid));
  const shell = new Deno.Command("sh", { args: ["-c", "sleep 60 & sleep 60 & wait"] }).spawn();
  while (children(shell.pid).length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  const sleeping = children(shell.pid);
  assert.deepEqual(children(Deno.pid).filter((pid) => !before.has(pid)), [shell.pid]);
  assert.deepEqual(descendants(shell.pid), sleeping);
  await kill([...sleeping, shell.pid]);
  assert.deepEqual([...sleeping, shell.pid].filter(isAlive), []);
  await shell.status;
});

Deno.test("the peak of a process is seen after it has let go of the memory", async () => {
  const peakOf = async (megabytes: number) => {
    const code = `let held = new Uint8Array(${megabytes} << 20).fill(1); held = undefined;
      await new Promise((resolve) => setTimeout(resolve, 200));`;
    const child = new Deno.Command(Deno.execPath(), { args: ["eval", code] }).spawn();
    using watch = new MemoryWatch(child.pid);
    await child.status;
    return watch.ownBytes;
  };
  const [small, large] = [await peakOf(1), await peakOf(300)];
  assert(large - small > 280 * 2 ** 20 && large - small < 340 * 2 ** 20, `${small} ${large}`);
});
