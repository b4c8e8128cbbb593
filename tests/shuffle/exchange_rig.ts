/** Runs an exchange from end to end in one process, with its slow twin beside it. */
import assert from "node:assert/strict";
import { compareBytes, encodeKey } from "../../core/key.ts";
import { hashBytes, partitionOf } from "../../core/key_hash.ts";
import { readKey } from "../../core/key_reader.ts";
import { type Exchange, type Partitioner, partitionsOf } from "../../core/plan/exchange.ts";
import type { UserFunction } from "../../core/plan/plan.ts";
import type { WritableFile } from "../../core/platform.ts";
import type { MapOutput } from "../../core/task.ts";
import type { BlockSink, ExchangeInput, ExchangeSink, RunSink } from "../../shuffle/carrier.ts";
import { MemoryBudget } from "../../shuffle/memory_budget.ts";
import { rangeOf } from "../../shuffle/partitioner.ts";
import { readExchange } from "../../shuffle/reader.ts";
import type { Run } from "../../shuffle/run.ts";
import { SpillManager } from "../../shuffle/spill_manager.ts";
import type { Values } from "../../shuffle/values.ts";
import { createWriter } from "../../shuffle/writer.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";

export type TestExchange = Exchange<UserFunction>;
export type Pair = readonly [key: unknown, value: unknown];
export type PartitionRecords = readonly unknown[];

export const platform = denoPlatform;
export const folder = Deno.makeTempDirSync({ prefix: "flint-exchange-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

const OUTPUT: MapOutput = { file: "test", records: 0, bytes: 0 };

/** Keeps blocks by partition, and insists on ascending partitions. */
export class MemorySink implements BlockSink {
  readonly kind = "blocks";
  readonly blocks = new Map<number, Uint8Array[]>();
  readonly blockBytes: number[] = [];
  closed = false;
  disposed = false;
  #last = 0;

  write(partition: number, block: Uint8Array, records: number): void {
    assert.ok(partition >= this.#last, "partitions do not ascend");
    assert.ok(records > 0, "an empty block");
    this.#last = partition;
    this.blockBytes.push(block.length);
    // Copied to an odd address: blocks have to be relocatable.
    const copy = new Uint8Array(block.length + 3).subarray(3);
    copy.set(block);
    const blocks = this.blocks.get(partition) ?? [];
    blocks.push(copy);
    this.blocks.set(partition, blocks);
  }

  close(): MapOutput {
    this.closed = true;
    return OUTPUT;
  }

  [Symbol.dispose](): void {
    this.disposed = true;
  }
}

/** Keeps runs in a file of its own. */
export class FileSink implements RunSink {
  readonly kind = "runs";
  readonly path = `${folder}/runs-${crypto.randomUUID()}`;
  runs: readonly Run[] = [];

  create(): WritableFile {
    return platform.files.create(this.path);
  }

  seal(): void {}

  close(runs: readonly Run[]): MapOutput {
    this.runs = runs;
    return OUTPUT;
  }

  [Symbol.dispose](): void {}
}

export type RigOptions = Readonly<{
  bytesMax?: number;
  sink?: "blocks" | "runs";
  /** Bounds of a range partitioner, as sorted. */
  bounds?: readonly Uint8Array[];
  batchRecords?: number;
}>;

export type RigResult = Readonly<{
  partitions: readonly PartitionRecords[];
  spills: number;
  bytesPeak: number;
  outputs: readonly MapOutput[];
}>;

/** `inputs` are the records of each map partition. Values are taken out as arrays. */
export function runExchange(
  exchange: TestExchange,
  inputs: readonly PartitionRecords[],
  options: RigOptions = {},
): RigResult {
  const { bytesMax = 1 << 28, bounds, batchRecords = 7 } = options;
  const filesBefore = fileCount();
  let spills = 0;
  let bytesPeak = 0;
  const task = <T>(work: (budget: MemoryBudget, spills: SpillManager) => T): T => {
    const budget = new MemoryBudget(bytesMax);
    using manager = new SpillManager(platform, [folder]);
    const result = work(budget, manager);
    assert.equal(budget.bytesReserved, 0, "memory was not given back");
    assert.ok(budget.bytesPeak <= bytesMax, "more than the budget");
    spills += manager.spills;
    bytesPeak = Math.max(bytesPeak, budget.bytesPeak);
    return result;
  };

  const sinks: (MemorySink | FileSink)[] = [];
  const outputs = inputs.map((records, partition) =>
    task((budget, spills) => {
      const sink = options.sink === "runs" ? new FileSink() : new MemorySink();
      sinks.push(sink);
      using writer = createWriter(exchange, {
        platform,
        budget,
        spills,
        sink: sink as ExchangeSink,
        partition,
        bounds,
      });
      for (let at = 0; at < records.length; at += batchRecords) {
        writer.add(records.slice(at, at + batchRecords));
      }
      return writer.finish();
    })
  );
  const partitions = Array.from(
    { length: partitionsOf(exchange) },
    (_, partition) =>
      task((budget, spills) => {
        const input = inputOf(exchange, sinks, partition, bounds);
        const io = { platform, budget, spills, partition };
        const records: unknown[] = [];
        for (const batch of readExchange(exchange, input, io)) {
          assert.ok(batch.length > 0 && batch.length <= 1024);
          records.push(
            ...batch.map((record) => exchange.kind === "group" ? listed(record) : record),
          );
        }
        return records;
      }),
  );
  for (const sink of sinks) if (sink instanceof FileSink) Deno.removeSync(sink.path);
  assert.equal(fileCount(), filesBefore, "files were left behind");
  return { partitions, spills, bytesPeak, outputs };
}

function inputOf(
  exchange: TestExchange,
  sinks: readonly (MemorySink | FileSink)[],
  partition: number,
  bounds?: readonly Uint8Array[],
): ExchangeInput {
  if (sinks[0] instanceof FileSink) {
    assert.equal(exchange.kind, "sort");
    const range = rangeOf(exchange as Extract<TestExchange, { kind: "sort" }>, partition, bounds);
    return { kind: "runs", runs: sinks.flatMap((sink) => (sink as FileSink).runs), range };
  }
  const blocks = sinks.flatMap((sink) => (sink as MemorySink).blocks.get(partition) ?? []);
  return { kind: "blocks", blocks };
}

export function listed(record: unknown): unknown {
  const [key, values] = record as [unknown, Values<unknown>];
  const list = values.toArray();
  assert.equal(list.length, values.length);
  assert.deepEqual([...values], list, "a second iteration differs");
  return [key, list];
}

export function fileCount(): number {
  return fileNames().length;
}

/** The paths of the files that tasks have now. */
export function fileNames(): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => `${folder}/${name}`);
}

// The slow twin -----------------------------------------------------------------------------------

/** What the exchange promises, from arrays and Maps. */
export function twinOf(
  exchange: TestExchange,
  inputs: readonly PartitionRecords[],
  bounds: readonly Uint8Array[] = [],
): PartitionRecords[] {
  const out: unknown[][] = Array.from({ length: partitionsOf(exchange) }, () => []);
  switch (exchange.kind) {
    case "rebalance":
      inputs.forEach((records, map) =>
        records.forEach((record, i) => out[(map + i) % out.length]!.push(record))
      );
      return out;
    case "partition":
      for (const record of inputs.flat()) {
        out[twinPartition(exchange.partitioner, (record as Pair)[0])]!.push(record);
      }
      return out;
    case "combine":
      return twinGroups(exchange.partitioner, inputs, (groups) => {
        const { create, mergeValue, mergeCombiners, mapSide } = exchange;
        const fold = (values: readonly unknown[]) =>
          values.slice(1).reduce((c, v) => mergeValue(c, v), create(values[0]));
        return mapSide
          ? groups.map(fold).reduce((a, b) => mergeCombiners(a, b))
          : fold(groups.flat());
      });
    case "group":
      return twinGroups(exchange.partitioner, inputs, (groups) => groups.flat());
    case "sort": {
      const entries = inputs.flat().map((record) => {
        const [key, value] = record as Pair;
        const bytes = encodeKey(key);
        if (!exchange.ascending) bytes.forEach((byte, i) => bytes[i] = 255 - byte);
        return { key, value, bytes };
      });
      entries.sort((a, b) => order(a.bytes, b.bytes));
      for (const { key, value, bytes } of entries) {
        const partition = exchange.partitioner.kind === "range"
          ? Math.min(bounds.filter((bound) => order(bound, bytes) <= 0).length, out.length - 1)
          : twinPartition(exchange.partitioner, key);
        out[partition]!.push([canonical(key), value]);
      }
      return out;
    }
  }
}

const order = (a: Uint8Array, b: Uint8Array) => compareBytes(a, 0, a.length, b, 0, b.length);
const canonical = (key: unknown) => readKey(encodeKey(key));
const hashOf = (bytes: Uint8Array) =>
  hashBytes(new DataView(bytes.buffer, bytes.byteOffset), 0, bytes.length) >>> 0;

function twinPartition(partitioner: Partitioner<UserFunction, number>, key: unknown): number {
  const { partitions } = partitioner;
  if (partitioner.kind === "hash") return partitionOf(hashOf(encodeKey(key)), partitions);
  assert.equal(partitioner.kind, "custom");
  return ((partitioner as { fn: UserFunction }).fn(key) % partitions + partitions) % partitions;
}

/** `result` is given the values of a key, one list for each map partition that has any. */
function twinGroups(
  partitioner: Partitioner<UserFunction, number>,
  inputs: readonly PartitionRecords[],
  result: (groups: readonly (readonly unknown[])[]) => unknown,
): PartitionRecords[] {
  const groups = new Map<string, { bytes: Uint8Array; lists: Map<number, unknown[]> }>();
  inputs.forEach((records, map) => {
    for (const record of records) {
      const [key, value] = record as Pair;
      const bytes = encodeKey(key);
      const name = bytes.join();
      if (!groups.has(name)) groups.set(name, { bytes, lists: new Map() });
      const { lists } = groups.get(name)!;
      lists.set(map, [...lists.get(map) ?? [], value]);
    }
  });
  const out: unknown[][] = Array.from({ length: partitioner.partitions }, () => []);
  const sorted = [...groups.values()].sort((a, b) =>
    hashOf(a.bytes) - hashOf(b.bytes) || order(a.bytes, b.bytes)
  );
  for (const { bytes, lists } of sorted) {
    const key = readKey(bytes);
    out[twinPartition(partitioner, key)]!.push([key, result([...lists.values()])]);
  }
  return out;
}
