/** Plans made by hand, with functions captured as the driver captures them. */
import { createCapturer } from "../../core/closure/capture.ts";
import type { Closure } from "../../core/closure/closure.ts";
import { decodeBlock } from "../../core/codec/codec.ts";
import type { Engine, EngineHost, Job } from "../../core/engine.ts";
import { EventBus, type Listener } from "../../core/events.ts";
import type { Exchange } from "../../core/plan/exchange.ts";
import type { PipeCommand } from "../../core/plan/ops.ts";
import type { Plan, UserFunction } from "../../core/plan/plan.ts";
import { memoryOptions, memorySource } from "../../io/memory.ts";
import { createInspector } from "../../runtime/inspector.ts";
import { createLocalEngine, type LocalEngineOptions } from "../../runtime/local/engine.ts";
import { NO_GRANTS } from "../../core/grants.ts";
import { provided } from "../../workers/provided.ts";

const capturer = createCapturer({
  inspector: createInspector(),
  provided: Object.entries(provided).map(([name, exports]) => ({ name, exports })),
  tokenOf: () => undefined,
  warn() {},
});

export function captured(fn: UserFunction): Closure {
  return capturer.capture(fn);
}

let lastPlan = 0;
let lastJob = 0;

/** The records, dealt out to so many partitions. */
export async function recordsPlan(records: readonly unknown[], partitions: number): Promise<Plan> {
  const options = memoryOptions(records, partitions);
  const hint = { partitionsMin: partitions };
  const splits = await memorySource.split(options, hint, undefined as never);
  return {
    kind: "source",
    id: lastPlan++,
    label: "parallelize at test.ts",
    source: { format: "memory", options, splits },
  };
}

export function mapped(from: Plan, fn: UserFunction): Plan {
  const op = { kind: "map", fn: captured(fn) } as const;
  return { kind: "narrow", id: lastPlan++, label: "map at test.ts", from, op };
}

/** The records, as lines, through a program. */
export function piped(from: Plan, argv: PipeCommand["argv"]): Plan {
  const command = { argv, env: {}, checkCode: false };
  const op = { kind: "pipe", fn: captured(String), command } as const;
  return { kind: "narrow", id: lastPlan++, label: "pipe at test.ts", from, op };
}

export function exchanged(from: Plan, exchange: Exchange<Closure>): Plan {
  return { kind: "exchange", id: lastPlan++, label: "exchange at test.ts", from, exchange };
}

/** The sum of the values of each key. */
export function summed(from: Plan, partitions: number): Plan {
  const add = captured((a: number, b: number) => a + b);
  return exchanged(from, {
    kind: "combine",
    partitioner: { kind: "hash", partitions },
    create: captured((value: number) => value),
    mergeValue: add,
    mergeCombiners: add,
    mapSide: true,
  });
}

export function collectOf(plan: Plan, more: Partial<Job> = {}): Job {
  return { id: lastJob++, plan, action: { kind: "collect" }, name: "collect at test.ts", ...more };
}

/** The records of all partitions, in the order of the partitions. */
export async function recordsOf(engine: Engine, job: Job): Promise<unknown[]> {
  const values = await Array.fromAsync(engine.run(job));
  return values.sort((a, b) => a.partition - b.partition)
    .flatMap(({ blocks }) => blocks.flatMap((block) => decodeBlock(block)));
}

/** A local engine in a temp folder, unless it is given others, and what it told its host. */
export function testEngine(
  { listener, ...options }: Partial<LocalEngineOptions> & { listener?: Listener } = {},
) {
  const own = options.folders === undefined
    ? Deno.makeTempDirSync({ prefix: "flint_engine_test_" })
    : undefined;
  const folder = own ?? options.folders![0]!;
  const warnings: string[] = [];
  const events: string[] = [];
  const bus = new EventBus(Date.now);
  bus.subscribe((event) => void events.push(event.type));
  if (listener !== undefined) bus.subscribe(listener);
  const host: EngineHost = {
    events: bus,
    accumulate() {},
    warn: (message) => void warnings.push(message),
    interrupted: () => Promise.resolve(),
  };
  const engine = createLocalEngine({
    executors: 1,
    slotsPerExecutor: 1,
    attemptsMax: 1,
    workerMemoryBytes: 64 << 20,
    executorMemoryBytes: 400 << 20,
    folders: [folder],
    grants: NO_GRANTS,
    ...options,
  }, host);
  return {
    engine,
    folder,
    events,
    warnings,
    /** The names in the folder: what has been left there. */
    left: () => [...Deno.readDirSync(folder)].map((entry) => entry.name),
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      if (own !== undefined) Deno.removeSync(own, { recursive: true });
    },
  };
}
