/** The nineteen hostile tasks of hostile_tasks.ts, as one job of a user. */
import assert from "node:assert/strict";
import { ROOT, Workshop } from "./launch.ts";

Deno.test("hostile tasks: a typed error or the exact result, and the next job is right", async () => {
  using shop = new Workshop();
  const program = `${ROOT}tests/acceptance/hostile_tasks.ts`;
  const { stdout, stderr } = await shop.submit("--master", "local[2]", program);
  console.log(stdout.trimEnd());
  const [, right, rows] = /^3C: (\d+) of (\d+)$/m.exec(stdout) ?? [];
  assert(rows !== undefined && right === rows, stdout + stderr.slice(-2_000));
  // What one task prints is in the log up to a limit: 50 MB were printed by two.
  assert(stderr.length < 40 << 20, `${stderr.length} characters of log`);
  assert.match(stderr, /a task has printed more than 16 MB; the rest is left out/);
});
