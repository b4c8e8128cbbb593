import assert from "node:assert/strict";
import { Random } from "../../core/random.ts";
import { differentDraws, poisson } from "../../core/sampling.ts";

Deno.test("a seed gives the same numbers for ever", () => {
  const random = new Random(42, 7);
  const bits = [3879989036, 2048973192, 2979472112, 2933719583];
  assert.deepEqual(Array.from({ length: 4 }, () => random.bits()), bits);
  assert.equal(new Random(42, 7).next(), 0.9033803453822713);
});

/** xoshiro128** as its authors wrote it, in arithmetic that is slow and surely of 32 bits. */
function* reference(state: bigint[]): Generator<number> {
  const word = (value: bigint) => BigInt.asUintN(32, value);
  const rotated = (value: bigint, bits: bigint) => word(value << bits) | value >> (32n - bits);
  let [s0, s1, s2, s3] = state as [bigint, bigint, bigint, bigint];
  for (;;) {
    yield Number(word(rotated(word(s1 * 5n), 7n) * 9n));
    const t = word(s1 << 9n);
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= t;
    s3 = rotated(s3, 11n);
  }
}

/** The finalizer of MurmurHash3. */
function mixed(word: bigint): bigint {
  word = BigInt.asUintN(32, word);
  word = BigInt.asUintN(32, (word ^ word >> 16n) * 0x85ebca6bn);
  word = BigInt.asUintN(32, (word ^ word >> 13n) * 0xc2b2ae35n);
  return word ^ word >> 16n;
}

Deno.test("the generator is xoshiro128**", () => {
  for (const [seed, stream] of [[0, 0], [-1, 3], [2 ** 53 - 1, 99], [17, 2 ** 32 - 1]] as const) {
    const [low, high] = [BigInt(seed), BigInt(seed) >> 32n];
    const state = [0x9e3779b9n, 0x3c6ef373n, 0xdaa66d2bn, 0x78dde6e5n]
      .map((word) => mixed(mixed(mixed(low ^ word) + high) + BigInt(stream)));
    const random = new Random(seed, stream);
    const expected = reference(state).take(100).toArray();
    assert.deepEqual(Array.from({ length: 100 }, () => random.bits()), expected);
  }
});

Deno.test("streams of one seed, and seeds of one stream, have nothing in common", () => {
  const first = new Set<number>();
  for (let seed = -50; seed < 50; seed++) {
    for (let stream = 0; stream < 100; stream++) first.add(new Random(seed, stream).next());
  }
  assert.equal(first.size, 10_000);
  const mean = [...first].reduce((sum, number) => sum + number, 0) / first.size;
  assert(Math.abs(mean - 0.5) < 0.01, `${mean}`);
});

Deno.test("Poisson draws have the mean and the variance that they should", () => {
  for (const mean of [0, 0.1, 1, 3.5, 50]) {
    const random = new Random(5);
    const draws = Array.from({ length: 5_000 }, () => poisson(random, mean));
    const found = draws.reduce((sum, n) => sum + n, 0) / draws.length;
    const variance = draws.reduce((sum, n) => sum + (n - found) ** 2, 0) / draws.length;
    assert(Math.abs(found - mean) <= 5 * Math.sqrt(mean / draws.length), `${mean}: ${found}`);
    assert(Math.abs(variance - mean) <= 0.1 * mean, `${mean}: variance ${variance}`);
  }
});

Deno.test("different draws are different, and each is as likely in each place", () => {
  assert.deepEqual(differentDraws(new Random(1), 5, 5).sort(), [0, 1, 2, 3, 4]);
  assert.equal(new Set(differentDraws(new Random(2), 10 ** 12, 1_000)).size, 1_000);
  const counts = new Map<string, number>();
  const random = new Random(3);
  for (let round = 0; round < 6_000; round++) {
    const drawn = differentDraws(random, 3, 2).join();
    counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
  }
  assert.equal(counts.size, 6);
  for (const count of counts.values()) assert(Math.abs(count - 1_000) < 150, `${count}`);
});
