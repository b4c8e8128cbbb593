import assert from "node:assert/strict";
import type { Closure, ClosureNode } from "../../core/closure/closure.ts";
import { decodeValue, encodeValue } from "../../core/codec/binary.ts";
import { decodeBlock, encodeBlock } from "../../core/codec/codec.ts";
import type { FailureReport } from "../../core/errors.ts";
import type { Exchange } from "../../core/plan/exchange.ts";
import { FileError } from "../../core/platform.ts";
import type { NarrowOp } from "../../core/plan/ops.ts";
import type { Split, UserFunction } from "../../core/plan/plan.ts";
import type {
  Flow,
  KeptId,
  MapOutput,
  Meeting,
  Stage,
  StageInput,
  StageOutput,
  TaskResult,
} from "../../core/task.ts";
import { memoryOptions, memorySource } from "../../io/memory.ts";
import type { BlockSink, ExchangeInput } from "../../shuffle/carrier.ts";
import { MapOutputDamaged } from "../../shuffle/damage.ts";
import { MemoryBudget } from "../../shuffle/memory_budget.ts";
import { SpillManager } from "../../shuffle/spill_manager.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";
import { prepareStage, runTask, runTaskLater } from "../../workers/run_task.ts";
import { BarrierTaskContext } from "../../workers/barrier_task_context.ts";
import { TaskContext } from "../../workers/task_context.ts";
import type { KeptSink, PipedProgram, TaskIO } from "../../workers/task_io.ts";
import { Echo } from "./pipeline/waiting_rig.ts";

/** A function as the driver would have captured it; `captured` become values of its variables. */
function closureOf(fn: UserFunction, captured: Record<string, ClosureNode> = {}): Closure {
  const names = Object.keys(captured);
  const root: ClosureNode = {
    kind: "function",
    form: "expression",
    source: `(${fn.toString()})`,
    names,
    values: names.map((_, i) => i + 1),
    properties: [],
    script: "file:///job.ts",
    line: 0,
    column: 0,
  };
  return { nodes: [root, ...Object.values(captured)], root: 0, place: "job.ts:3:9", name: "" };
}

const token = (value: unknown): ClosureNode => ({ kind: "token", token: value });

function op(
  kind: NarrowOp<Closure>["kind"],
  fn: UserFunction,
  captured?: Record<string, ClosureNode>,
): NarrowOp<Closure> {
  return { kind, fn: closureOf(fn, captured) };
}

/** An engine of one thread: map outputs and emitted bytes lie in memory. */
class MemoryIO implements TaskIO {
  readonly platform = denoPlatform;
  readonly budget: MemoryBudget;
  readonly spills: SpillManager;
  readonly emitted: Uint8Array[] = [];
  readonly outputs = new Map<number, Uint8Array[]>();
  readonly broadcasts = new Map<number, Uint8Array>();
  readonly discarded: string[] = [];
  /** The blocks of kept partitions. */
  readonly keeping = new Map<number, Uint8Array[]>();
  /** There is room for so many in each. */
  blocksMax = Infinity;
  broadcastsRead = 0;
  cancelled = false;
  closed = 0;
  /** Called when a task asks for the bytes of a source. */
  pieces: () => Iterable<Uint8Array> = () => [];
  input: () => ExchangeInput = () => ({ kind: "blocks", blocks: [] });

  constructor(memoryBytes = 16 << 20, ...spillFolders: readonly string[]) {
    this.budget = new MemoryBudget(memoryBytes);
    this.spills = new SpillManager(denoPlatform, spillFolders);
  }

  source(): Iterable<Uint8Array> {
    return this.pieces();
  }

  inputReady(): Promise<void> {
    return Promise.resolve();
  }

  exchange(_id: number, partition: number): ExchangeInput {
    const blocks = this.outputs.get(partition);
    return blocks === undefined ? this.input() : { kind: "blocks", blocks };
  }

  sink(): BlockSink {
    let records = 0;
    let bytes = 0;
    const isClosed = () => this.closed++;
    return {
      kind: "blocks",
      write: (partition, block, count) => {
        const blocks = this.outputs.get(partition) ?? [];
        this.outputs.set(partition, [...blocks, block.slice()]);
        records += count;
        bytes += block.length;
      },
      close: (): MapOutput => {
        isClosed();
        return { file: "memory", records, bytes };
      },
      [Symbol.dispose]() {},
    };
  }

  kept({ partition }: KeptId): readonly Uint8Array[] | undefined {
    return this.keeping.get(partition);
  }

  async *#later(blocks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
    yield* blocks;
  }

  keptLater(id: KeptId): Promise<AsyncIterable<Uint8Array> | undefined> {
    const blocks = this.kept(id);
    return Promise.resolve(blocks && this.#later(blocks));
  }

  keep({ partition }: KeptId): KeptSink {
    const blocks: Uint8Array[] = [];
    let isKept = false;
    this.keeping.set(partition, blocks);
    const put = (block: Uint8Array) => blocks.length < this.blocksMax && blocks.push(block) > 0;
    return {
      put,
      putLater: (block) => Promise.resolve(put(block)),
      keep: () => void (isKept = true),
      [Symbol.dispose]: () => void (isKept || this.keeping.delete(partition)),
    };
  }

  discard({ file }: MapOutput): void {
    this.discarded.push(file);
  }

  emit(bytes: Uint8Array): void {
    this.emitted.push(bytes.slice());
  }

  meet(meeting: Meeting, message: string): readonly string[] {
    return [meeting, message];
  }

  pipe(): PipedProgram {
    return new Echo(() => 0.5);
  }

  broadcast(id: number): Uint8Array {
    this.broadcastsRead++;
    return this.broadcasts.get(id)!;
  }

  records(): unknown[] {
    return this.emitted.flatMap((block) => decodeBlock(block));
  }
}

const memory: StageInput = { kind: "source", format: "memory", options: {} };
const collect: StageOutput = { kind: "action", action: { kind: "collect" } };

async function splitsOf(records: readonly unknown[], partitions = 1): Promise<readonly Split[]> {
  const options = memoryOptions(records, partitions);
  return await memorySource.split(options, { partitionsMin: partitions }, undefined as never);
}

function stageOf(parts: Partial<Stage>): Stage {
  const name = "collect at job.ts:9";
  const empty = { inputs: [memory], chains: [], zips: [], exchanges: [], partitions: 3 };
  return { id: 4, name, ...empty, output: collect, ...parts };
}

async function run(
  parts: Partial<Stage>,
  flow: Flow,
  io = new MemoryIO(),
): Promise<{ io: MemoryIO; result: TaskResult }> {
  const prepared = await prepareStage(stageOf(parts), (specifier) => import(specifier));
  const task = { stage: 4, partition: 2, attempt: 1 };
  const result = prepared.waits
    ? await runTaskLater(prepared, task, flow, io)
    : runTask(prepared, task, flow, io);
  assert.equal(TaskContext.get(), undefined, "no task is left behind");
  return { io, result };
}

/** Records of one partition through a chain of `ops`. */
async function through(
  records: readonly unknown[],
  ops: readonly NarrowOp<Closure>[],
  parts: Partial<Stage> = {},
  io?: MemoryIO,
) {
  const [split] = await splitsOf(records);
  const read: Flow = { kind: "read", input: 0, partition: 2, split: split! };
  const flow: Flow = { kind: "apply", from: read, chain: 0, partition: 2 };
  return await run({ chains: [ops], ...parts }, flow, io);
}

function failureOf(result: TaskResult): FailureReport {
  assert.equal(result.kind, "failed");
  return (result as Extract<TaskResult, { kind: "failed" }>).failure;
}

Deno.test("collect: records go through the chain and out as blocks", async () => {
  const numbers = Array.from({ length: 5000 }, (_, i) => i);
  const { io, result } = await through(numbers, [op("map", (n) => n * 2)]);
  assert.equal(result.kind, "value");
  assert.deepEqual(io.records(), numbers.map((n) => n * 2));
  assert.equal(result.metrics.recordsRead, 5000);
  assert.equal(result.metrics.recordsWritten, 5000);
  assert.equal(
    result.metrics.bytesWritten,
    io.emitted.reduce((sum, { length }) => sum + length, 0),
  );
});

Deno.test("collect with a limit ends the chain early and closes the user's generators", async () => {
  (globalThis as { closedByLimit?: boolean }).closedByLimit = false;
  const forever = op("flatMap", function* () {
    try {
      for (let i = 0;; i++) yield i;
    } finally {
      (globalThis as { closedByLimit?: boolean }).closedByLimit = true;
    }
  });
  const output: StageOutput = { kind: "action", action: { kind: "collect", limit: 1500 } };
  const { io, result } = await through([1], [forever], { output });
  assert.equal(result.kind, "value");
  assert.equal(io.records().length, 1500);
  assert.equal(result.metrics.recordsWritten, 1500);
  assert.equal((globalThis as { closedByLimit?: boolean }).closedByLimit, true);
});

const cached: StageInput = { kind: "cached", id: 7, memory: true, disk: false };

/** Records of one partition through `below`, kept, then through `above`. */
async function throughKept(
  records: readonly unknown[],
  below: NarrowOp<Closure>,
  above: readonly NarrowOp<Closure>[],
  io: MemoryIO,
  parts: Partial<Stage> = {},
) {
  const [split] = await splitsOf(records);
  const read: Flow = { kind: "read", input: 0, partition: 2, split: split! };
  const made: Flow = { kind: "apply", from: read, chain: 0, partition: 2 };
  const kept: Flow = { kind: "keep", from: made, input: 1, partition: 5 };
  const flow: Flow = { kind: "apply", from: kept, chain: 1, partition: 2 };
  return await run({ inputs: [memory, cached], chains: [[below], above], ...parts }, flow, io);
}

const numbers = Array.from({ length: 5000 }, (_, i) => i);
const made = globalThis as { recordsMade?: number };
const countingDouble = (n: number) => {
  const counts = globalThis as { recordsMade?: number };
  counts.recordsMade = (counts.recordsMade ?? 0) + 1;
  return n * 2;
};

Deno.test("keep: what is made is kept whole, also for a limit, and the next task reads it", async () => {
  made.recordsMade = 0;
  const io = new MemoryIO();
  const first: StageOutput = { kind: "action", action: { kind: "collect", limit: 1 } };
  const double = op("map", countingDouble);
  const taken = await throughKept(numbers, double, [], io, { output: first });
  assert.equal(taken.result.kind, "value");
  assert.deepEqual([io.records(), made.recordsMade], [[0], 5000]);
  io.emitted.length = 0;
  const { result } = await throughKept(numbers, double, [op("map", (n) => n + 1)], io);
  assert.deepEqual(io.records(), numbers.map((n) => n * 2 + 1));
  assert.equal(made.recordsMade, 5000, "nothing is made again");
  assert.equal(result.metrics.recordsRead, 5000);
});

Deno.test("keep: where there is no room, all records come and none is kept", async () => {
  for (const blocksMax of [0, 1, 3]) {
    made.recordsMade = 0;
    const io = new MemoryIO();
    io.blocksMax = blocksMax;
    await throughKept(numbers, op("map", countingDouble), [], io);
    assert.deepEqual(io.records(), numbers.map((n) => n * 2), `${blocksMax} blocks fit`);
    assert.equal(made.recordsMade, 5000);
    assert.equal(io.keeping.size, 0);
  }
});

Deno.test("keep: below a function that waits", async () => {
  for (const blocksMax of [Infinity, 2]) {
    const io = new MemoryIO();
    io.blocksMax = blocksMax;
    const later = op("mapAsync", (n) => Promise.resolve(n * 3));
    await throughKept(numbers, later, [op("map", (n) => n + 1)], io);
    assert.deepEqual(io.records(), numbers.map((n) => n * 3 + 1));
    assert.equal(io.keeping.size, blocksMax === Infinity ? 1 : 0);
  }
});

Deno.test("keep: what fails in the midst is not kept, and ends the user's generators", async () => {
  const io = new MemoryIO();
  const fails = op("map", (n) => {
    if (n === 4000) throw new Error("enough");
    return n;
  });
  const { result } = await throughKept(numbers, fails, [], io);
  assert.match(failureOf(result).message, /enough/);
  assert.equal(io.keeping.size, 0);
});

Deno.test("count, and apply with its iterator and partition", async () => {
  const count: StageOutput = { kind: "action", action: { kind: "count" } };
  const keepOdd = op("filter", (n) => n % 2 === 1);
  assert.deepEqual((await through([1, 2, 3], [keepOdd], { output: count })).io.records(), [2]);
  const fn = closureOf((records, partition) => [records.toArray(), partition]);
  const apply: StageOutput = { kind: "action", action: { kind: "apply", fn } };
  const { io } = await through([1, 2, 3], [keepOdd], { output: apply });
  assert.deepEqual(io.records(), [[[1, 3], 2]]);
});

Deno.test("save: the sink's bytes", async () => {
  const action = { kind: "save", format: "text", options: { path: "/out" } } as const;
  const { io, result } = await through(["a", 1, [2, "b"]], [], {
    output: { kind: "action", action },
  });
  assert.equal(new TextDecoder().decode(io.emitted[0]), "a\n1\n2,b\n");
  assert.equal(result.metrics.recordsWritten, 3);
});

Deno.test("a map task and a reduce task: counted words", async () => {
  const exchange: Exchange<Closure> = {
    kind: "combine",
    partitioner: { kind: "hash", partitions: 3 },
    create: closureOf((v) => v),
    mergeValue: closureOf((a, b) => a + b),
    mergeCombiners: closureOf((a, b) => a + b),
    mapSide: true,
  };
  const pair = op("map", (word) => [word, 1]);
  const { io, result } = await through(["a", "b", "a", "c"], [pair], {
    output: { kind: "exchange", id: 7, exchange },
  });
  assert.equal(result.kind, "written");
  assert.equal(io.closed, 1);
  const found: unknown[] = [];
  for (let partition = 0; partition < 3; partition++) {
    io.emitted.length = 0;
    const inputs: StageInput[] = [{ kind: "exchange", id: 7, exchange }];
    const reduced = await run({ inputs }, { kind: "read", input: 0, partition }, io);
    assert.equal(reduced.result.kind, "value");
    found.push(...io.records());
  }
  assert.deepEqual(new Map(found as [string, number][]), new Map([["a", 2], ["b", 1], ["c", 1]]));
});

Deno.test("concat, zip and cross", async () => {
  const [left, right] = await splitsOf([1, 2, 3, 4], 2);
  const [many] = await splitsOf(Array.from({ length: 1500 }, (_, i) => i));
  const read = (split: Split): Flow => ({ kind: "read", input: 0, partition: 0, split });
  const concat = await run({}, { kind: "concat", from: [read(right!), read(left!)] });
  assert.deepEqual(concat.io.records(), [3, 4, 1, 2]);
  const zips = [closureOf((a, b) => a.map((x: number) => x * 10 + b.next().value))];
  const zip = await run({ zips }, { kind: "zip", from: [read(left!), read(right!)], fn: 0 });
  assert.deepEqual(zip.io.records(), [13, 24]);
  const small = await run({}, { kind: "cross", left: read(left!), right: read(right!) });
  assert.deepEqual(small.io.records(), [[1, 3], [1, 4], [2, 3], [2, 4]]);
  for (const [a, b] of [[read(many!), read(left!)], [read(left!), read(many!)]] as const) {
    const large = await run({}, { kind: "cross", left: a, right: b });
    const pairs = large.io.records() as [number, number][];
    assert.equal(new Set(pairs.map(([x, y]) => `${x} ${y}`)).size, 2 * 1500);
    assert.equal(pairs.length, 2 * 1500);
  }
});

Deno.test("an exchange in place takes all its input before anything goes on", async () => {
  const [split] = await splitsOf([["b", 1], ["a", 2], ["b", 3]]);
  const add = closureOf((a, b) => a + b);
  const exchanges: Exchange<Closure>[] = [{
    kind: "combine",
    partitioner: { kind: "hash", partitions: 3 },
    create: closureOf((v) => v),
    mergeValue: add,
    mergeCombiners: add,
    mapSide: false,
  }];
  const read: Flow = { kind: "read", input: 0, partition: 0, split: split! };
  const inPlace = (from: Flow): Flow => ({ kind: "exchange", from, exchange: 0, partition: 2 });
  const expected = new Map([["a", 2], ["b", 4]]);
  const now = await run({ exchanges }, inPlace(read));
  assert.deepEqual(new Map(now.io.records() as [string, number][]), expected);
  assert.equal(now.io.budget.bytesReserved, 0);
  const waiting = op("mapAsync", (pair) => Promise.resolve(pair));
  const flow = inPlace({ kind: "apply", from: read, chain: 0, partition: 2 });
  const later = await run({ exchanges, chains: [[waiting]] }, flow);
  assert.deepEqual(new Map(later.io.records() as [string, number][]), expected);
  const stopped = new MemoryIO();
  stopped.cancelled = true;
  assert.equal((await run({ exchanges }, inPlace(read), stopped)).result.kind, "killed");
});

Deno.test("steps of one task share its memory, so that none goes without", async () => {
  const records = Array.from({ length: 12_000 }, (_, i) => [i * 7919 % 12_000, `value ${i}`]);
  const [split] = await splitsOf(records);
  const sort = (ascending: boolean): Exchange<Closure> => ({
    kind: "sort",
    partitioner: { kind: "hash", partitions: 1 },
    ascending,
  });
  const group: Exchange<Closure> = {
    kind: "group",
    partitioner: { kind: "hash", partitions: 1 },
  };
  const ungroup = op("map", ([key, values]) => [key, values.toArray()[0]]);
  const read: Flow = { kind: "read", input: 0, partition: 0, split: split! };
  const inPlace = (from: Flow, exchange: number): Flow => ({
    kind: "exchange",
    from,
    exchange,
    partition: 0,
  });
  const flow = inPlace(
    inPlace({ kind: "apply", from: inPlace(read, 0), chain: 0, partition: 0 }, 1),
    2,
  );
  const parts: Partial<Stage> = {
    exchanges: [group, sort(false), sort(true)],
    chains: [[ungroup]],
    output: { kind: "exchange", id: 7, exchange: { kind: "rebalance", partitions: 1 } },
  };
  const folder = Deno.makeTempDirSync({ prefix: "flint-run-task-" });
  try {
    const io = new MemoryIO(256 * 1024, folder);
    const { result } = await run(parts, flow, io);
    assert.equal(result.kind, "written", JSON.stringify(result));
    const written = io.outputs.get(0)!.flatMap((block) => decodeBlock(block)) as [number, string][];
    assert.deepEqual(written.map(([key]) => key), Array.from({ length: 12_000 }, (_, i) => i));
    assert.ok(result.metrics.spills >= 3, `only ${result.metrics.spills} spills`);
    assert.ok(result.metrics.memoryBytesMax <= 256 * 1024);
    assert.equal(io.budget.bytesReserved, 0);
    const small = await run(parts, inPlace(flow, 1), new MemoryIO(256 * 1024, folder));
    assert.equal(failureOf(small.result).code, "OverBudget");
    assert.match(failureOf(small.result).message, /5 steps .* 320k/s);
    io.spills[Symbol.dispose]();
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("each task has functions of its own", async () => {
  const counting = op("map", () => seen.push(1), { seen: { kind: "plain", value: [] } });
  const prepared = await prepareStage(stageOf({ chains: [[counting]] }), (name) => import(name));
  const [split] = await splitsOf(["x", "y"]);
  const read: Flow = { kind: "read", input: 0, partition: 0, split: split! };
  for (let task = 0; task < 2; task++) {
    const io = new MemoryIO();
    const flow: Flow = { kind: "apply", from: read, chain: 0, partition: 0 };
    runTask(prepared, { stage: 4, partition: 0, attempt: task }, flow, io);
    assert.deepEqual(io.records(), [1, 2]);
  }
});

// Names of captured variables in functions that are only read as text here.
declare const seen: number[];
declare const list: unknown[];
declare const sum: { add(amount: number): void; value: number };
declare const log: { add(line: string): void };
declare const table: { value: Map<number, string> };

Deno.test("accumulators add in the task, and only there", async () => {
  const captured = { sum: token({ kind: "accumulator", id: 9, adds: "number" }) };
  const add = op("map", (n) => (sum.add(n), n), captured);
  const { result } = await through([1, 2, 3], [add]);
  assert.equal(result.kind, "value");
  const { updates } = result as Extract<TaskResult, { kind: "value" }>;
  assert.deepEqual(updates.map(({ id, bytes }) => [id, decodeValue(bytes)]), [[9, 6]]);
  const read = await through([1], [op("map", () => sum.value, captured)]);
  const failure = failureOf(read.result);
  assert.equal(failure.code, "ContextOnlyOnDriver");
  assert.match(failure.message, /value of accumulator 9 in a task\n {2}A task only adds/);
  const none = await through([], [add]);
  assert.deepEqual((none.result as Extract<TaskResult, { kind: "value" }>).updates, []);
});

Deno.test("an accumulator with an addition of its own starts from a fresh zero", async () => {
  const adds = closureOf(
    () => ({ zero: list, add: (sum: unknown[], item: unknown) => (sum.push(item), sum) }),
    { list: { kind: "plain", value: [] } },
  );
  const captured = { sum: token({ kind: "accumulator", id: 1, adds }) };
  const prepared = await prepareStage(
    stageOf({ chains: [[op("map", (n) => sum.add(n), captured)]] }),
    (name) => import(name),
  );
  const [split] = await splitsOf([5, 6]);
  const read: Flow = { kind: "read", input: 0, partition: 0, split: split! };
  for (let attempt = 0; attempt < 2; attempt++) {
    const flow: Flow = { kind: "apply", from: read, chain: 0, partition: 0 };
    const result = runTask(prepared, { stage: 4, partition: 0, attempt }, flow, new MemoryIO());
    assert.equal(result.kind, "value");
    const { updates } = result as Extract<TaskResult, { kind: "value" }>;
    assert.deepEqual(decodeValue(updates[0]!.bytes), [5, 6]);
  }
});

Deno.test("a broadcast is decoded once for all records", async () => {
  const io = new MemoryIO();
  io.broadcasts.set(3, encodeValue(new Map([[1, "one"], [2, "two"]])));
  const look = op("map", (n) => table.value.get(n), { table: token({ kind: "broadcast", id: 3 }) });
  await through([1, 2, 3], [look], {}, io);
  assert.deepEqual(io.records(), ["one", "two", undefined]);
  assert.equal(io.broadcastsRead, 1);
});

Deno.test("TaskContext inside of a task", async () => {
  const context: ClosureNode = { kind: "provided", module: "flint:task", name: "TaskContext" };
  const ask = op("map", () => {
    const current = TaskContext.get()!;
    return [current.stageId(), current.partitionId(), current.attemptNumber()];
  }, { TaskContext: context });
  assert.deepEqual((await through([0], [ask])).io.records(), [[4, 2, 1]]);
  const askMore = op("map", (key) => {
    const current = TaskContext.get()!;
    const { recordsRead } = current.taskMetrics();
    const interrupted = current.isInterrupted();
    return [current.numPartitions(), current.getLocalProperty(key), recordsRead, interrupted];
  }, { TaskContext: context });
  const { io } = await through(["pool", "toString"], [askMore], { properties: { pool: "fast" } });
  assert.deepEqual(io.records(), [[3, "fast", 2, false], [3, undefined, 2, false]]);
});

Deno.test("BarrierTaskContext inside of a task, and nowhere else", async () => {
  const captured: Record<string, ClosureNode> = {
    BarrierTaskContext: { kind: "provided", module: "flint:task", name: "BarrierTaskContext" },
    TaskContext: { kind: "provided", module: "flint:task", name: "TaskContext" },
  };
  const ask = op("map", (message) => {
    const context = BarrierTaskContext.get();
    const isCurrent = TaskContext.get() === context;
    context.barrier();
    const addresses = context.getTaskInfos().map(({ address }) => address);
    return [isCurrent, context.partitionId(), context.allGather(message), addresses];
  }, captured);
  const prepared = await prepareStage(stageOf({ chains: [[ask]] }), (name) => import(name));
  const [split] = await splitsOf(["hello"]);
  const from: Flow = { kind: "read", input: 0, partition: 0, split: split! };
  const flow: Flow = { kind: "apply", from, chain: 0, partition: 0 };
  const task = { stage: 4, partition: 2, attempt: 0 };
  const io = new MemoryIO();
  const info = { id: 1, stageAttempt: 0, addresses: ["127.0.0.1:5"] };
  assert.equal(runTask(prepared, task, flow, io, info).kind, "value");
  assert.deepEqual(io.records(), [[true, 2, ["allGather", "hello"], ["127.0.0.1:5"]]]);
  const plain = failureOf(runTask(prepared, task, flow, new MemoryIO()));
  assert.deepEqual([plain.code, plain.final], ["NotAvailable", true]);
  assert.match(plain.message, /not in a barrier stage\n.*rdd\.barrier\(\)/);
  assert.throws(() => BarrierTaskContext.get(), { code: "NotAvailable" });
  const wrong = await through([7], [ask]);
  assert.equal(failureOf(wrong.result).code, "NotAvailable");
});

/** A chain that registers listeners, which tell an accumulator, and fails where it is told to. */
function listening(failing: "nothing" | "task" | "completion" | "completions" | "promise") {
  const captured: Record<string, ClosureNode> = {
    TaskContext: { kind: "provided", module: "flint:task", name: "TaskContext" },
    log: token({ kind: "accumulator", id: 1, adds: "collection" }),
    failing: { kind: "plain", value: failing },
  };
  return op("mapPartitions", (records) => {
    const context = TaskContext.get()!;
    context.addTaskCompletionListener((told) => {
      log.add(`first ${told === context}`);
      if (failing === "completions") throw new TypeError("first");
    }).addTaskFailureListener((_, error) => log.add(`failed ${error}`));
    context.addTaskCompletionListener(() => {
      log.add("second");
      if (failing.startsWith("completion")) throw new RangeError("second");
      if (failing === "promise") return Promise.resolve() as unknown as void;
    });
    if (failing === "task") throw new Error("the task");
    return records;
  }, captured);
}

Deno.test("listeners are told at the end, the last one first, and can fail the task", async () => {
  const updatesOf = async (failing: Parameters<typeof listening>[0]) => {
    const { result } = await through([1], [listening(failing)]);
    if (result.kind !== "value") return failureOf(result);
    return decodeValue(result.updates[0]!.bytes);
  };
  assert.deepEqual(await updatesOf("nothing"), ["second", "first true"]);
  const task = await updatesOf("task") as FailureReport;
  assert.match(task.message, /mapPartitions's function at .* threw Error: the task/);
  const one = await updatesOf("completion") as FailureReport;
  assert.equal(one.message, "a task completion listener threw RangeError: second");
  const both = await updatesOf("completions") as FailureReport;
  assert.match(both.message, /threw RangeError: second; another threw TypeError: first$/);
  assert.equal(both.cause?.name, "RangeError");
  const promise = await updatesOf("promise") as FailureReport;
  assert.equal(promise.code, "PromiseReturned");
});

Deno.test("what was written is taken back where a listener fails the task", async () => {
  const exchange = {
    kind: "partition",
    partitioner: { kind: "hash", partitions: 1 },
  } as const;
  const output: StageOutput = { kind: "exchange", id: 7, exchange };
  const pairs = [["a", 1]];
  const good = await through(pairs, [listening("nothing")], { output });
  assert.deepEqual([good.result.kind, good.io.discarded], ["written", []]);
  const bad = await through(pairs, [listening("completion")], { output });
  assert.deepEqual([bad.result.kind, bad.io.discarded], ["failed", ["memory"]]);
});

const thrown: [string, UserFunction, RegExp][] = [
  [
    "an Error",
    () => (undefined as unknown as string).length,
    /^map's function at job\.ts:3:9 threw TypeError: Cannot read/,
  ],
  ["an Error with a code of its own", () => {
    throw Object.assign(new Error("no such file"), { code: "ENOENT" });
  }, /threw Error: no such file$/],
  ["null", () => {
    throw null;
  }, /threw null, which is no Error$/],
  ["a text", () => {
    throw "no";
  }, /threw "no", which is no Error$/],
];
for (const [name, fn, message] of thrown) {
  Deno.test(`the user's function throws ${name}`, async () => {
    const failure = failureOf((await through([{ a: 1 }], [op("map", fn)])).result);
    assert.equal(failure.name, "TaskError");
    assert.equal(failure.code, "TaskFailed");
    assert.match(failure.message, message);
    assert.equal(failure.record, '{"a":1}');
    assert.notEqual(failure.cause, undefined);
    assert.equal(failure.final, undefined, "another attempt may succeed");
  });
}

Deno.test("a Promise is an error that will not go away", async () => {
  // deno-lint-ignore require-await -- the mistake that is to be found
  const failure = failureOf((await through([7], [op("map", async (n) => n)])).result);
  assert.equal(failure.code, "PromiseReturned");
  assert.equal(failure.record, "7");
  assert.equal(failure.final, true);
});

Deno.test("an action's function that throws is named by its action", async () => {
  const fn = closureOf((records) => {
    for (const record of records) if (record === 2) throw new Error("two");
  });
  const output: StageOutput = { kind: "action", action: { kind: "apply", fn } };
  const failure = failureOf((await through([1, 2], [], { output, name: "foreach at x" })).result);
  assert.match(failure.message, /^foreach's function at job\.ts:3:9 threw Error: two$/);
  assert.equal(failure.record, "2");
});

Deno.test("the functions of an exchange are blamed for what they throw", async () => {
  const bad = closureOf(() => {
    throw new RangeError("no sum");
  });
  const create = closureOf((v) => v);
  const exchange: Exchange<Closure> = {
    kind: "combine",
    partitioner: { kind: "hash", partitions: 1 },
    create,
    mergeValue: bad,
    mergeCombiners: bad,
    mapSide: true,
  };
  const { result, io } = await through([["a", 1], ["a", 2]], [], {
    output: { kind: "exchange", id: 7, exchange },
  });
  assert.match(failureOf(result).message, /^combine's function at .* threw RangeError: no sum$/);
  assert.equal(io.closed, 0, "no output is left");
});

Deno.test("what was not granted: the act, the value and both ways to grant it", async () => {
  const grant = "Grant it to this stage by .withPermissions";
  for (
    const [said, expected, fields] of [
      [
        'read access to "/etc/passwd", run again with the --allow-read',
        `reading "/etc/passwd" was not granted\n  ${grant}({ read: ["/etc/passwd"] }), ` +
        "or to the whole job by --allow-read=/etc/passwd",
        { permission: "read", value: "/etc/passwd" },
      ],
      [
        'net access to "example.com:443", run again with the --allow-net',
        `network access to "example.com:443" was not granted\n  ${grant}` +
        '({ net: ["example.com:443"] }), or to the whole job by --allow-net=example.com:443',
        { permission: "net", value: "example.com:443" },
      ],
      [
        "env access, run again with the --allow-env",
        `env access was not granted\n  ${grant}({ env: true }), ` +
        "or to the whole job by --allow-env",
        { permission: "env", value: "" },
      ],
      [
        "write access to <TMP>, run again with the --allow-write",
        `write access was not granted\n  ${grant}({ write: true }), ` +
        "or to the whole job by --allow-write",
        { permission: "write", value: "" },
      ],
    ] as const
  ) {
    const fn = op("map", () => {
      const error = new Error(`Requires ${text} flag`);
      error.name = "NotCapable";
      throw new Error("wrapped", { cause: error });
    }, { text: { kind: "plain", value: said } });
    const failure = failureOf((await through([1], [fn])).result);
    assert.equal(failure.code, "PermissionDenied");
    assert.equal(failure.message, `map's function at job.ts:3:9: ${expected}`);
    assert.deepEqual(failure.fields, fields);
    assert.equal(failure.final, true);
  }
});
declare const text: string;

Deno.test("a damaged map output is lost input, also where it crosses the user's code", async () => {
  const io = new MemoryIO();
  io.input = () => ({
    kind: "blocks",
    blocks: (function* () {
      yield encodeBlock([1]);
      throw new MapOutputDamaged({ exchange: 7, partition: 5 }, "a byte changed");
    })(),
  });
  const exchange: Exchange<Closure> = { kind: "rebalance", partitions: 1 };
  const read: Flow = { kind: "read", input: 0, partition: 0 };
  const { result } = await run(
    {
      inputs: [{ kind: "exchange", id: 7, exchange }],
      chains: [[op("mapPartitions", (records) => [...records])]],
    },
    { kind: "apply", from: read, chain: 0, partition: 0 },
    io,
  );
  assert.equal(result.kind, "inputLost");
  const { exchange: id, partition, detail } = result as TaskResult & { kind: "inputLost" };
  assert.deepEqual([id, partition, detail], [7, 5, "a byte changed"]);
});

Deno.test("a local directory that refuses is told as such, not as the user's failure", async () => {
  const io = new MemoryIO();
  io.input = () => {
    throw new FileError("notFound", "open", "/tmp/flint-1/broadcast-3", {
      cause: new Error("gone"),
    });
  };
  const exchange: Exchange<Closure> = { kind: "rebalance", partitions: 1 };
  const { result } = await run(
    { inputs: [{ kind: "exchange", id: 7, exchange }] },
    { kind: "read", input: 0, partition: 0 },
    io,
  );
  const failure = failureOf(result);
  assert.deepEqual([failure.name, failure.code], ["OutputError", "OutputDenied"]);
  assert.match(failure.message, /^Cannot open \/tmp\/.*: gone\n {2}.*spark\.local\.dir/);
  assert.equal(failure.cause, undefined, "nothing of ours is shown");
});

Deno.test("cancelled: between batches, and also where the user's code swallows it", async () => {
  for (const swallow of [false, true]) {
    const io = new MemoryIO();
    let piecesRead = 0;
    io.pieces = function* () {
      for (;;) {
        if (++piecesRead === 3) io.cancelled = true;
        yield new TextEncoder().encode("line\n");
      }
    };
    const chain = swallow
      ? op("mapPartitions", function* (records) {
        try {
          yield* records.filter(() => false);
        } catch { /* goes on as if nothing had happened */ }
      })
      : op("filter", () => false);
    const file = { path: "/x", bytes: 1, version: "1" };
    const split = { data: { file, from: 0, to: 1 } };
    const read: Flow = { kind: "read", input: 0, partition: 0, split };
    const { result } = await run(
      { inputs: [{ kind: "source", format: "text", options: {} }], chains: [[chain]] },
      { kind: "apply", from: read, chain: 0, partition: 0 },
      io,
    );
    assert.equal(result.kind, "killed");
    assert.ok(piecesRead < 6);
  }
});

Deno.test("an error that came from the control thread as a report keeps its code", async () => {
  const io = new MemoryIO();
  io.pieces = () => {
    throw Object.assign(new Error("Cannot read it"), { name: "InputError", code: "InputChanged" });
  };
  const split = { data: { file: { path: "/x", bytes: 1, version: "1" }, from: 0, to: 1 } };
  const { result } = await run(
    { inputs: [{ kind: "source", format: "text", options: {} }] },
    { kind: "read", input: 0, partition: 0, split },
    io,
  );
  const failure = failureOf(result);
  assert.equal(failure.code, "InputChanged");
  assert.equal(failure.final, true);
});

const waits = () => op("mapAsync", (n: number) => Promise.resolve(n));

Deno.test("a task whose functions wait ends as any other", async () => {
  const numbers = Array.from({ length: 3000 }, (_, i) => i);
  const ops = [op("map", (n: number) => n + 1), waits(), op("filter", (n: number) => n % 2 === 0)];
  const limited: StageOutput = { kind: "action", action: { kind: "collect", limit: 3 } };
  assert.deepEqual((await through(numbers, ops, { output: limited })).io.records(), [2, 4, 6]);
  const all = await through(numbers, ops);
  assert.deepEqual(all.io.records(), numbers.map((n) => n + 1).filter((n) => n % 2 === 0));
  assert.equal(all.result.kind, "value");
  const add = closureOf((records) => [...records].reduce((a: number, b: number) => a + b));
  const reduced: StageOutput = { kind: "action", action: { kind: "apply", fn: add } };
  assert.deepEqual((await through([1, 2, 3], [waits()], { output: reduced })).io.records(), [6]);
});

Deno.test("what is kept for a function that cannot wait gives its memory back", async () => {
  const io = new MemoryIO();
  const spread = op("mapPartitions", (records) => [[...records].length]);
  const { result } = await through(["a".repeat(100_000), "b"], [waits(), spread], {}, io);
  assert.deepEqual(io.records(), [2]);
  assert.ok(result.metrics.memoryBytesMax >= 100_000);
  assert.equal(io.budget.bytesReserved, 0);
});

Deno.test("cancelled while functions wait, also where nothing comes out of them", async () => {
  const io = new MemoryIO();
  const numbers = Array.from({ length: 100 }, (_, i) => i);
  io.inputReady = () => {
    io.cancelled = true;
    return Promise.resolve();
  };
  const { result } = await through(numbers, [waits(), op("filter", () => false)], {}, io);
  assert.equal(result.kind, "killed");
});
