import assert from "node:assert/strict";
import { ExecutorLog } from "../../../runtime/local/executor_log.ts";

function log() {
  const lines: string[] = [];
  return { lines, log: new ExecutorLog((line) => void lines.push(line)) };
}

Deno.test("lines are put together however they come, and the last needs no end", () => {
  const { lines, log: own } = log();
  for (const text of ["a", "b\nc\n\n", "d", "e"]) own.take(text);
  assert.deepEqual(lines, ["ab", "c", ""]);
  own.end();
  own.end();
  assert.deepEqual(lines, ["ab", "c", "", "de"]);
});

Deno.test("a line without an end is shown in pieces", () => {
  const { lines, log: own } = log();
  for (let i = 0; i < 5; i++) own.take("x".repeat(40 * 1024));
  assert.deepEqual(lines.map((line) => line.length), [64 * 1024, 64 * 1024, 64 * 1024]);
  own.end();
  assert.equal(lines.join("").length, 200 * 1024);
});

Deno.test("a task that prints for ever is told once, and the next one prints again", () => {
  const { lines, log: own } = log();
  const line = "y".repeat(1023);
  for (let i = 0; i < 17 << 10; i++) own.take(`${line}\n`);
  assert.equal(lines.length, (16 << 10) + 1);
  assert.match(lines.at(-1)!, /16 MB; the rest is left out$/);
  own.renew();
  own.take("next\n");
  assert.deepEqual(lines.slice(-1), ["next"]);
});
