/**
 * What tasks cost by themselves: whole jobs, one task after the other, in this isolate and without
 * any process beside it. For a profile:
 *
 *     deno run -A --cpu-prof bench/profile.ts words paths.txt [rounds]
 *
 *     words      word count of paths         sort      lines by themselves
 *     stats      5.1 M numbers, flatMap      numbers   5 M numbers by a function
 *     count      20 M numbers, map, filter   groups    words by their first two letters
 *
 * The input is read before the clock starts. Prints the milliseconds of each stage of each round;
 * the first round warms up.
 */
import { createCapturer } from "../core/closure/capture.ts";
import type { Closure } from "../core/closure/closure.ts";
import { boundsOf } from "../core/plan/bounds.ts";
import { type Exchange, partitionsOf } from "../core/plan/exchange.ts";
import type { NarrowOp } from "../core/plan/ops.ts";
import type { Options, PartitionId, Plan, Split, UserFunction } from "../core/plan/plan.ts";
import { cut, type StagePlan } from "../core/plan/stages.ts";
import { StatCounter } from "../core/statistics.ts";
import type { Action, ExchangeLocation, Flow, MapOutput } from "../core/task.ts";
import { localFileSystem } from "../io/local_files.ts";
import { sourceOf } from "../io/registry.ts";
import { createInspector } from "../runtime/inspector.ts";
import { LocalTaskIO, ownFolderName, StageInputs } from "../workers/local_io.ts";
import { denoPlatform } from "../workers/platform_deno.ts";
import { provided } from "../workers/provided.ts";
import { createRing } from "../workers/ring.ts";
import { prepareStage, runTask } from "../workers/run_task.ts";
import { WorkerLink } from "../workers/worker_link.ts";

const PARTITIONS = 6;
const WORKER_MEMORY_BYTES = 512 << 20;

const files = localFileSystem(denoPlatform);
const capturer = createCapturer({
  inspector: createInspector(),
  provided: Object.entries(provided).map(([name, exports]) => ({ name, exports })),
  tokenOf: () => undefined,
  warn() {},
});

let lastId = 0;

async function source(format: string, options: Options): Promise<Plan> {
  const splits = await sourceOf(format).split(options, { partitionsMin: PARTITIONS }, files);
  return { kind: "source", id: ++lastId, label: format, source: { format, options, splits } };
}

function narrow(from: Plan, kind: NarrowOp<Closure>["kind"], fn: UserFunction): Plan {
  const op = { kind, fn: capturer.capture(fn) };
  return { kind: "narrow", id: ++lastId, label: kind, from, op };
}

function exchanged(from: Plan, exchange: Exchange<Closure>): Plan {
  return { kind: "exchange", id: ++lastId, label: exchange.kind, from, exchange };
}

function summed(from: Plan): Plan {
  const add = capturer.capture((a: number, b: number) => a + b);
  return exchanged(from, {
    kind: "combine",
    partitioner: { kind: "hash", partitions: PARTITIONS },
    create: capturer.capture((value: number) => value),
    mergeValue: add,
    mergeCombiners: add,
    mapSide: true,
  });
}

function sorted(from: Plan, keyOf: UserFunction): Plan {
  const keyed = narrow(from, "map", (record) => [keyOf(record), record]);
  const partitioner = { kind: "range", partitions: PARTITIONS, ascending: true } as const;
  const exchange = exchanged(keyed, { kind: "sort", partitioner, ascending: true });
  return narrow(exchange, "map", (pair) => pair[1]);
}

const range = (end: number) => source("range", { start: 0, end, step: 1 });
const text = (path: string) => source("text", { path });

const jobs: Record<string, (path: string) => Promise<[Plan, Action<Closure>]>> = {
  async words(path) {
    const words = narrow(await text(path), "flatMap", (line) => line.split("/"));
    return [summed(narrow(words, "map", (word) => [word, 1])), { kind: "collect" }];
  },
  async groups(path) {
    const words = narrow(await text(path), "flatMap", (line) => line.split("/"));
    const pairs = narrow(words, "map", (word) => [word.slice(0, 2), word.length]);
    const partitioner = { kind: "hash", partitions: PARTITIONS } as const;
    return [exchanged(pairs, { kind: "group", partitioner }), { kind: "count" }];
  },
  async sort(path) {
    return [sorted(await text(path), (line) => line), { kind: "count" }];
  },
  async numbers() {
    return [sorted(await range(5_000_000), (x) => (x * 7_919) % 1_000_003), { kind: "count" }];
  },
  async stats() {
    const numbers = narrow(
      await range(1024),
      "flatMap",
      () => Array.from({ length: 5024 }, (_, i) => i),
    );
    const fn = capturer.capture((numbers) => new StatCounter(numbers).summary());
    return [numbers, { kind: "apply", fn }];
  },
  async count() {
    const doubled = narrow(await range(20_000_000), "map", (x) => x * 2);
    return [narrow(doubled, "filter", (x) => x % 3 === 0), { kind: "count" }];
  },
};

/** An engine of one thread: sources lie in memory, values are counted and dropped. */
class ProfileIO extends LocalTaskIO {
  pieces: readonly Uint8Array[] = [];

  override get cancelled(): boolean {
    return false;
  }

  override source(): Iterable<Uint8Array> {
    return this.pieces;
  }

  override emit(): void {}
}

class Profile {
  readonly #folder: string;
  readonly #locations: ExchangeLocation[] = [];

  constructor(folder: string) {
    this.#folder = folder;
    Deno.mkdirSync(`${folder}/${ownFolderName(0, 0, 0)}`);
  }

  /** Runs the tasks of a stage; returns the milliseconds that they took. */
  async run({ stage, flows }: StagePlan): Promise<number> {
    const prepared = await prepareStage(stage, (specifier) => import(specifier));
    const outputs: MapOutput[] = [];
    let durationMs = 0;
    for (const [partition, flow] of flows) {
      const io = this.#io(stage.id, partition);
      io.pieces = await this.#piecesOf(stage.inputs[0]!, flow);
      const start = performance.now();
      const result = runTask(prepared, { stage: stage.id, partition, attempt: 0 }, flow, io);
      durationMs += performance.now() - start;
      io[Symbol.dispose]();
      if (result.kind === "written") outputs.push(result.output);
      else if (result.kind !== "value") throw new Error(Deno.inspect(result));
    }
    const { output } = stage;
    if (output.kind === "exchange") {
      const bounds = boundsOf(outputs, partitionsOf(output.exchange));
      this.#locations.push({ id: output.id, outputs, bounds });
    }
    return durationMs;
  }

  #io(stage: number, partition: PartitionId): ProfileIO {
    const memory = {
      input: createRing(64),
      output: createRing(64),
      flags: new SharedArrayBuffer(64),
    };
    const place = {
      folders: [this.#folder],
      ownNames: [ownFolderName(0, 0, 0)],
      workerMemoryBytes: WORKER_MEMORY_BYTES,
    };
    const task = { stage, partition, attempt: 0 };
    const inputs = new StageInputs(this.#locations, WORKER_MEMORY_BYTES);
    const link = new WorkerLink(memory);
    return new ProfileIO(denoPlatform, link, place, task, inputs, WORKER_MEMORY_BYTES);
  }

  async #piecesOf(input: StagePlan["stage"]["inputs"][number], flow: Flow): Promise<Uint8Array[]> {
    while (flow.kind === "apply") flow = flow.from;
    if (input.kind !== "source" || flow.kind !== "read") return [];
    const { format, options } = input;
    return await Array.fromAsync(sourceOf(format).read(options, flow.split as Split, files));
  }
}

/** Runs a job once; gives the milliseconds of each of its stages. */
export async function* stagesOf(name: string, path: string): AsyncGenerator<number> {
  const [plan, action] = await jobs[name]!(path);
  const folder = Deno.makeTempDirSync({ prefix: "flint-profile-" });
  try {
    const profile = new Profile(folder);
    const numbers = { nextStage: () => ++lastId, name: `${action.kind} at profile` };
    for (const stage of cut(plan, action, numbers)) yield await profile.run(stage);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const [name = "", path = "", rounds = "3"] = Deno.args;
  if (!(name in jobs)) {
    console.error(`Name a job: profile.ts ${Object.keys(jobs).join(" | ")} [paths.txt] [rounds]`);
    Deno.exit(2);
  }
  for (let round = 0; round <= Number(rounds); round++) {
    const times = await Array.fromAsync(stagesOf(name, path));
    const sum = times.reduce((a, b) => a + b, 0);
    const parts = times.map((time) => time.toFixed(0)).join(" + ");
    console.log(`round ${round}: ${parts} = ${sum.toFixed(0)} ms`);
  }
}
