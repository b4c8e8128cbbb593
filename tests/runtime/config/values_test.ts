import assert from "node:assert/strict";
import { ConfigError } from "../../../core/errors.ts";
import { memoryBytes } from "../../../runtime/config/values.ts";

Deno.test("memory strings: a number and a unit", () => {
  assert.equal(memoryBytes("512m"), 512 * 2 ** 20);
  assert.equal(memoryBytes("2g"), 2 ** 31);
  assert.equal(memoryBytes("1T"), 2 ** 40);
  assert.equal(memoryBytes(" 64 MiB "), 2 ** 26);
  assert.equal(memoryBytes("8kb"), 8192);
  for (const wrong of ["512q", "512", "", "m", "-1m", "1.5g", "0m", "1e3m", "99999999t"]) {
    assert.throws(() => memoryBytes(wrong, "flint.worker.memory"), (error) => {
      assert(error instanceof ConfigError);
      assert.equal(error.code, "InvalidConfig");
      assert(error.message.includes(`"${wrong}" for flint.worker.memory`));
      assert.match(error.message, /512m/);
      return true;
    });
  }
});
