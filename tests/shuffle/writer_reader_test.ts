import assert from "node:assert/strict";
import { encodeKey } from "../../core/key.ts";
import { MemoryBudget } from "../../shuffle/memory_budget.ts";
import { readExchange } from "../../shuffle/reader.ts";
import { SpillManager } from "../../shuffle/spill_manager.ts";
import type { Values } from "../../shuffle/values.ts";
import { createWriter } from "../../shuffle/writer.ts";
import {
  fileCount,
  folder,
  MemorySink,
  platform,
  runExchange,
  type TestExchange,
  twinOf,
} from "./exchange_rig.ts";

const KIB = 1024;
const HASH = { kind: "hash", partitions: 4 } as const;
const COUNT: TestExchange = {
  kind: "combine",
  partitioner: HASH,
  create: (v) => v,
  mergeValue: (c, v) => c + v,
  mergeCombiners: (a, b) => a + b,
  mapSide: true,
};
const SORT = {
  kind: "sort",
  partitioner: { kind: "range", partitions: 1, ascending: true },
  ascending: true,
} as const satisfies TestExchange;
const KEYED: readonly TestExchange[] = [
  { kind: "partition", partitioner: HASH },
  COUNT,
  { ...COUNT, mapSide: false },
  { kind: "group", partitioner: HASH },
  SORT,
];

function writerRig(exchange: TestExchange, bytesMax = 1 << 20) {
  const budget = new MemoryBudget(bytesMax);
  const spills = new SpillManager(platform, [folder]);
  const sink = new MemorySink();
  const writer = createWriter(exchange, { platform, budget, spills, sink, partition: 0 });
  return {
    budget,
    sink,
    writer,
    [Symbol.dispose]() {
      writer[Symbol.dispose]();
      assert.equal(budget.bytesReserved, 0);
      assert.ok(sink.disposed);
      assert.equal(fileCount(), 0, "a writer left files behind");
      spills[Symbol.dispose]();
    },
  };
}

Deno.test("what is no pair is refused by every keyed exchange, with the record", () => {
  for (const exchange of KEYED) {
    for (const record of [7, "ab", null, [1], [1, 2, 3], { 0: 1, 1: 2, length: 2 }]) {
      using running = writerRig(exchange);
      assert.throws(
        () => running.writer.add([["good", 1], record]),
        { name: "RecordError", code: "NotAPair", message: /map\(\) or keyBy\(\)/ },
        `${exchange.kind} took ${JSON.stringify(record)}`,
      );
    }
  }
  using dealing = writerRig({ kind: "rebalance", partitions: 2 });
  dealing.writer.add([7, "ab", null, [1]]);
  dealing.writer.finish();
});

Deno.test("keys and values that cannot travel are refused with their own errors", () => {
  for (const exchange of KEYED) {
    using running = writerRig(exchange);
    assert.throws(() => running.writer.add([[new Map(), 1]]), { code: "UnhashableKey" });
  }
  for (const exchange of KEYED) {
    using running = writerRig(exchange);
    assert.throws(() => {
      running.writer.add([["key", () => 1]]);
      running.writer.finish();
    }, { code: "NotSerializable" });
  }
});

Deno.test("an object is a key to group by, and none to sort by", () => {
  const { partitions } = runExchange({ kind: "group", partitioner: HASH }, [
    [[{ city: "Oslo", year: 1 }, "a"], [{ year: 1, city: "Oslo" }, "b"]],
  ]);
  assert.deepEqual(partitions.flat(), [[{ city: "Oslo", year: 1 }, ["a", "b"]]]);
  using running = writerRig(SORT);
  assert.throws(() => running.writer.add([[{ a: 1 }, 1]]), { code: "UnhashableKey" });
});

Deno.test("keys of types that do not go together are refused by a sort, also across tasks", () => {
  using running = writerRig(SORT);
  assert.throws(() => running.writer.add([[1, 1], ["a", 1]]), { code: "KeyTypeMismatch" });
  assert.throws(() => runExchange(SORT, [[[1, 1]], [["a", 1]]]), { code: "KeyTypeMismatch" });
  const { outputs } = runExchange(SORT, [[[1, 1], [2n, 1], [null, 1], [undefined, 1]]]);
  assert.deepEqual(outputs[0]!.keyTypes?.length, 1);
});

Deno.test("a custom partitioner that returns no integer fails the task with key and value", () => {
  for (const exchange of KEYED) {
    if (exchange.kind === "sort" || exchange.kind === "rebalance") continue;
    const fn = () => "one";
    const custom = { ...exchange, partitioner: { kind: "custom", partitions: 2, fn } } as const;
    using running = writerRig(custom as TestExchange);
    assert.throws(() => {
      running.writer.add([["key", 1]]);
      running.writer.finish();
    }, { code: "InvalidArgument", message: /"key".*"one"/ });
  }
});

Deno.test("records are dealt out in turn, and each map task begins elsewhere", () => {
  const inputs = [[1, 2, 3], [4], [5], [6, 7]];
  const { partitions } = runExchange({ kind: "rebalance", partitions: 3 }, inputs);
  assert.deepEqual(partitions, [[1, 6], [2, 4, 7], [3, 5]]);
});

Deno.test("1 MB and 64 partitions and more: everything arrives, in blocks that are worth it", () => {
  const records = (count: number) =>
    Array.from({ length: count }, (_, i) => [`key ${i * 7919 % 9000}`, "v".repeat(i % 90)]);
  for (const partitions of [64, 1000]) {
    const partitioner = { kind: "hash", partitions } as const;
    const exchanges: TestExchange[] = [
      { kind: "rebalance", partitions },
      { kind: "partition", partitioner },
      { kind: "group", partitioner },
    ];
    for (const exchange of exchanges) {
      using running = writerRig(exchange);
      const all = records(20_000);
      for (let at = 0; at < all.length; at += 1000) running.writer.add(all.slice(at, at + 1000));
      running.writer.finish();
      assert.ok(running.budget.bytesPeak <= 1 << 20);
      assert.equal(running.sink.blocks.size, partitions);
      const { blockBytes } = running.sink;
      const perBlock = blockBytes.reduce((a, b) => a + b) / blockBytes.length;
      assert.ok(perBlock > (partitions === 64 ? 1500 : 100), `${perBlock} bytes a block`);
    }
  }
});

Deno.test("with memory enough, blocks are of 100 KB to 1 MB", () => {
  const value = "v".repeat(100);
  const records = Array.from({ length: 20_000 }, (_, i) => [`key ${i}`, value] as const);
  const partitioner = { kind: "hash", partitions: 2 } as const;
  const exchanges: TestExchange[] = [
    { kind: "rebalance", partitions: 2 },
    { kind: "partition", partitioner },
    { kind: "group", partitioner },
    { ...COUNT, partitioner, mergeValue: (_, v) => v },
  ];
  for (const exchange of exchanges) {
    using running = writerRig(exchange, 1 << 28);
    running.writer.add(records);
    running.writer.finish();
    const whole = running.sink.blockBytes.filter((bytes) => bytes >= 100_000);
    assert.ok(whole.length >= 6, `${exchange.kind}: ${running.sink.blockBytes}`);
    assert.ok(running.sink.blockBytes.every((bytes) => bytes <= 1 << 20));
  }
});

Deno.test("one record larger than the budget is an error with a cure, nothing stays behind", () => {
  const overBudget = { name: "MemoryError", code: "OverBudget", message: /flint\.worker\.memory/ };
  for (const exchange of [{ kind: "rebalance", partitions: 2 } as TestExchange, ...KEYED]) {
    using running = writerRig(exchange, 128 * KIB);
    assert.throws(() => {
      running.writer.add([["small", 1], ["key", "v".repeat(300_000)]]);
    }, overBudget);
  }
});

Deno.test("a group of 100,000 values under a small budget is read from disk, twice", () => {
  const budget = new MemoryBudget(512 * KIB);
  const exchange: TestExchange = { kind: "group", partitioner: { kind: "hash", partitions: 1 } };
  using spills = new SpillManager(platform, [folder]);
  const io = { platform, budget, spills, partition: 0 };
  const sink = new MemorySink();
  {
    using writer = createWriter(exchange, { ...io, sink });
    for (let i = 0; i < 100; i++) {
      writer.add(Array.from({ length: 1000 }, (_, j) => ["hot", i * 1000 + j]));
    }
    writer.add([["cold", -1]]);
    writer.finish();
  }
  const input = { kind: "blocks", blocks: sink.blocks.get(0)! } as const;
  const groups = [...readExchange(exchange, input, io)].flat() as [string, Values<number>][];
  assert.equal(budget.bytesReserved, 0);
  const hot = groups.find(([key]) => key === "hot")![1];
  for (let round = 0; round < 2; round++) {
    let next = 0;
    for (const value of hot) assert.equal(value, next++);
    assert.equal(next, 100_000);
  }
  assert.deepEqual(groups.find(([key]) => key === "cold")![1].toArray(), [-1]);
  assert.equal(fileCount(), 1);
  spills[Symbol.dispose]();
  assert.equal(fileCount(), 0);
});

Deno.test("ending a read early gives memory and files back", () => {
  const records = Array.from({ length: 6000 }, (_, i) => [`key ${i}`, "v".repeat(100)] as const);
  for (const exchange of KEYED) {
    const sink = new MemorySink();
    const budget = new MemoryBudget(160 * KIB);
    using spills = new SpillManager(platform, [folder]);
    const io = { platform, budget, spills, partition: 0 };
    {
      const partitioner = { ...HASH, partitions: 1 };
      const one = { ...exchange, partitioner, mergeValue: () => "" } as TestExchange;
      using writer = createWriter(exchange.kind === "sort" ? exchange : one, { ...io, sink });
      writer.add(records);
      writer.finish();
    }
    const input = { kind: "blocks", blocks: sink.blocks.get(0)! } as const;
    for (const batch of readExchange(exchange, input, io)) {
      assert.ok(batch.length > 0);
      break;
    }
    assert.equal(budget.bytesReserved, 0, exchange.kind);
    assert.equal(fileCount(), 0, exchange.kind);
  }
});

Deno.test("no records, no partitions but empty ones", () => {
  for (const exchange of KEYED) {
    const { partitions, bytesPeak } = runExchange(exchange, [[], []]);
    assert.ok(partitions.every((records) => records.length === 0));
    assert.ok(bytesPeak <= 64 * KIB);
  }
  const noInputs = runExchange(COUNT, []);
  assert.deepEqual(noInputs.partitions, [[], [], [], []]);
});

Deno.test("equal keys of a sort stay together and in order, whether a bound cuts there or not", () => {
  const inputs = [0, 1, 2].map((map) =>
    Array.from({ length: 300 }, (_, i) => [i % 3, `${map}:${i}`] as const)
  );
  const exchange: TestExchange = {
    kind: "sort",
    partitioner: { kind: "range", partitions: 3, ascending: false },
    ascending: false,
  };
  const bounds = [1].map((key) => encodeKey(key).map((byte) => 255 - byte));
  for (const sink of ["runs", "blocks"] as const) {
    const { partitions } = runExchange(exchange, inputs, { sink, bounds });
    assert.deepEqual(partitions, twinOf(exchange, inputs, bounds));
    assert.deepEqual(partitions.map((records) => records.length), [300, 600, 0]);
  }
});

Deno.test("a task reads one exchange and writes the next within one budget of 1 MB", () => {
  const inputs = [0, 1].map((map) =>
    Array.from({ length: 12_000 }, (_, i) => [`key ${i * 7919 % 9000}`, `${map}:${i}`] as const)
  );
  const partitioner = { kind: "hash", partitions: 1 } as const;
  const first: TestExchange[] = [
    { ...COUNT, partitioner, mapSide: false },
    { kind: "group", partitioner },
    SORT,
  ];
  const next: TestExchange[] = [
    { ...COUNT, partitioner },
    { kind: "group", partitioner },
    { kind: "rebalance", partitions: 64 },
    SORT,
  ];
  const bytesMax = 1 << 20;
  for (const from of first) {
    const sinks = inputs.map((records, partition) => {
      const sink = new MemorySink();
      using spills = new SpillManager(platform, [folder]);
      const io = { platform, budget: new MemoryBudget(bytesMax), spills, partition };
      using writer = createWriter(from, { ...io, sink });
      writer.add(records);
      writer.finish();
      return sink;
    });
    const blocks = sinks.flatMap((sink) => sink.blocks.get(0)!);
    for (const to of next) {
      const budget = new MemoryBudget(bytesMax);
      using spills = new SpillManager(platform, [folder]);
      const io = { platform, budget, spills, partition: 0 };
      const sink = new MemorySink();
      let records = 0;
      {
        using writer = createWriter(to, { ...io, sink });
        for (const batch of readExchange(from, { kind: "blocks", blocks }, io)) {
          writer.add(batch.map((record) => [(record as [string, unknown])[0], 1]));
          records += batch.length;
        }
        writer.finish();
      }
      assert.equal(records, from.kind === "sort" ? 24_000 : 9_000);
      assert.ok(spills.spills > 0);
      assert.ok(budget.bytesPeak <= bytesMax);
      assert.equal(budget.bytesReserved, 0);
    }
  }
  assert.equal(fileCount(), 0);
});

Deno.test("a value that is its key comes back as it was; -0 is not 0, though they are one key", () => {
  const records = ["b", "", "a", "\0", "\ud83d", "b"].map((key) => [key, key]);
  const numbers = [[-0, 0], [0, -0], [1, 1], [NaN, NaN], [2, -2], [0, 0]];
  for (const inputs of [records, numbers]) {
    for (const ascending of [true, false]) {
      const sort = { ...SORT, ascending, partitioner: { ...SORT.partitioner, ascending } };
      for (const sink of ["blocks", "runs"] as const) {
        const exchange = sort as TestExchange;
        const { partitions } = runExchange(exchange, [inputs], { sink, bounds: [] });
        assert.deepEqual(partitions, twinOf(exchange, [inputs]), `${sink}, ${ascending}`);
      }
    }
  }
});
