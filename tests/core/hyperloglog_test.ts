import assert from "node:assert/strict";
import fc from "fast-check";
import { HyperLogLog } from "../../core/hyperloglog.ts";

function counting(keys: Iterable<unknown>, error = 0.05): HyperLogLog {
  const counter = new HyperLogLog(error);
  for (const key of keys) counter.add(key);
  return counter;
}

Deno.test("the error is what was asked for, from a few keys to very many", () => {
  const error = 0.02;
  for (const size of [1, 10, 100, 1000, 5000, 20_000, 100_000]) {
    let squares = 0;
    const rounds = Math.max(4, Math.min(40, Math.floor(200_000 / size)));
    for (let round = 0; round < rounds; round++) {
      const keys = Array.from({ length: size }, (_, i) => round * size + i);
      const estimate = counting(round % 2 === 0 ? keys : keys.map(String), error).estimate();
      squares += (estimate / size - 1) ** 2;
    }
    const deviation = Math.sqrt(squares / rounds);
    assert(deviation <= 1.5 * error, `${size} keys: ${deviation}`);
  }
});

Deno.test("few keys are counted exactly; equal ones once", () => {
  assert.equal(counting([]).estimate(), 0);
  assert.equal(counting([1, 1n, "1", true, [1], null, undefined, NaN, -NaN, 0, -0]).estimate(), 9);
  assert.equal(counting([{ a: 1, b: 2 }, { b: 2, a: 1 }, [1, "x"], [1, "x"]]).estimate(), 2);
});

Deno.test("parts merge into what one counter says, whatever the order", () => {
  const parts = fc.array(fc.array(fc.oneof(fc.integer(), fc.string(), fc.double())), {
    maxLength: 6,
  });
  fc.assert(fc.property(parts, (parts) => {
    const merged = new HyperLogLog(0.1);
    for (const part of parts.toReversed()) merged.merge(counting(part, 0.1).registers);
    assert.deepEqual(merged.registers, counting(parts.flat(), 0.1).registers);
  }));
});

Deno.test("registers are as many as the error needs", () => {
  assert.equal(new HyperLogLog(0.05).registers.length, 512);
  assert.equal(new HyperLogLog(0.9).registers.length, 16);
  assert.equal(new HyperLogLog(0.001).registers.length, 2 ** 21);
});
