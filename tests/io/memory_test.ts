import assert from "node:assert/strict";
import fc from "fast-check";
import type { Options } from "../../core/plan/plan.ts";
import { memoryOptions, memorySource, rangeSource } from "../../io/memory.ts";
import { registerSource, sinkOf, sourceOf } from "../../io/registry.ts";
import type { Source } from "../../io/source.ts";

async function partitionsOf(source: Source, options: Options, partitionsMin: number) {
  const splits = await source.split(options, { partitionsMin }, undefined as never);
  return splits.map((split) => {
    const batches = [...source.decode(options, split, [])];
    assert.ok(batches.every((batch) => batch.length > 0 && batch.length <= 1024));
    return batches.flat();
  });
}

Deno.test("parallelize cuts as Spark does, and keeps what was there at the call", async () => {
  const records = ["a", "b", "c", "d", "e", "f", "g"];
  const options = memoryOptions(records, 3);
  records[0] = "changed later";
  const found = await partitionsOf(memorySource, options, 3);
  assert.deepEqual(found, [["a", "b"], ["c", "d"], ["e", "f", "g"]]);
  assert.deepEqual(JSON.stringify(options), '{"records":7}', "the options hold no records");
});

Deno.test("parallelize: more partitions than records, many records, large records", async () => {
  assert.deepEqual(await partitionsOf(memorySource, memoryOptions([1], 3), 3), [[], [], [1]]);
  const many = Array.from({ length: 100_000 }, (_, i) => i);
  assert.deepEqual((await partitionsOf(memorySource, memoryOptions(many, 4), 4)).flat(), many);
  const large = Array.from({ length: 300 }, (_, i) => String(i).repeat(10_000));
  const [split] = await memorySource.split(
    memoryOptions(large, 1),
    { partitionsMin: 1 },
    undefined as never,
  );
  const { blocks } = split!.data as { blocks: Uint8Array[] };
  assert.deepEqual([...memorySource.decode({}, split!, [])].flat(), large);
  assert.ok(blocks.length > 3, "blocks are not larger than they need to be");
});

Deno.test("a range is what its rule says, in any number of partitions", async () => {
  await fc.assert(fc.asyncProperty(
    fc.integer({ min: -50, max: 50 }),
    fc.integer({ min: -50, max: 5000 }),
    fc.integer({ min: -7, max: 7 }).filter((step) => step !== 0),
    fc.integer({ min: 1, max: 9 }),
    async (start, end, step, partitions) => {
      const expected: number[] = [];
      for (let n = start; step > 0 ? n < end : n > end; n += step) expected.push(n);
      const found = await partitionsOf(rangeSource, { start, end, step }, partitions);
      assert.equal(found.length, partitions);
      assert.deepEqual(found.flat(), expected);
    },
  ));
});

Deno.test("formats that nobody knows, and two of one name", () => {
  assert.equal(sourceOf("text").format, "text");
  assert.throws(() => sinkOf("xml"), {
    code: "NotAvailable",
    message: /"xml"\n {2}Known formats: text/,
  });
  assert.throws(() => registerSource({ ...memorySource }), { code: "InvalidArgument" });
  registerSource(memorySource);
});
