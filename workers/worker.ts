/**
 * The worker that runs tasks: the entry point of the Web Worker, and a message loop.
 *
 *     prepare ─► compile the stage once        locate ─► where its inputs lie
 *     launch  ─► runTask, blocking, or runTaskLater ─► ended
 *
 * Whatever is needed from the global scope is taken before user code runs, and the rings are known
 * to this module alone: nothing that user code posts or patches reaches the control thread. Nor does
 * it reach another stage: where something was left behind, the worker ends and the next one goes on.
 */
import { decodeValue } from "../core/codec/binary.ts";
import type { BroadcastId } from "../core/engine.ts";
import { type FailureReport, reportOf } from "../core/errors.ts";
import type { Platform } from "../core/platform.ts";
import {
  type ExchangeLocation,
  NO_METRICS,
  type Stage,
  type StageId,
  type TaskResult,
} from "../core/task.ts";
import { BroadcastValues } from "./broadcast_values.ts";
import { Draws } from "./draws.ts";
import { watchExits } from "./exits.ts";
import { BuiltIns, StartedTimers } from "./left_behind.ts";
import { LocalTaskIO, StageInputs } from "./local_io.ts";
import { denoLocks, denoPlatform } from "./platform_deno.ts";
import type { ToWorker } from "./protocol.ts";
import { type PreparedStage, prepareStage } from "./prepare_stage.ts";
import { RingBrokenError } from "./ring.ts";
import { runOnDisks } from "./run_on_disks.ts";
import { runTask, runTaskLater } from "./run_task.ts";
import { filesFolder, provideFiles } from "./spark_files.ts";
import type { WorkerSetup } from "./task_worker.ts";
import { type LinkMemory, WorkerLink } from "./worker_link.ts";

/** A stage that is ready, or why it cannot be; and where its inputs lie. */
type Entry = {
  prepared: PreparedStage | undefined;
  failure: FailureReport | undefined;
  inputs: StageInputs;
};

/** What every task of the worker has. */
type Surroundings = Readonly<
  { setup: WorkerSetup; link: WorkerLink; platform: Platform; draws: Draws }
>;

/** Of a stage that has been told of no exchange. */
const NOTHING_READ = new StageInputs([], 0);

const exit = Deno.exit;

function isCalledByNode(): boolean {
  return new Error().stack?.includes("node:process") ?? false;
}

/** What a worker stands on. Tests have one that fails when it is to. */
export type WorkerSystem = Readonly<{
  platform: Platform;
  /** The worker's end of the rings in that memory. */
  link: (memory: LinkMemory) => WorkerLink;
}>;

const SYSTEM: WorkerSystem = { platform: denoPlatform, link: (memory) => new WorkerLink(memory) };

async function serve(setup: WorkerSetup, { platform, link: linkIn }: WorkerSystem): Promise<void> {
  const link = linkIn(setup.memory);
  provideFiles({ platform, root: () => filesFolder(setup.folders) });
  watchExits(self, [
    // `process.exit` ends here as well, and its module is loaded only if somebody asks for it.
    { owner: Deno, method: "exit", name: () => isCalledByNode() ? "process.exit" : "Deno.exit" },
    { owner: self, method: "close", name: () => "close" },
  ], {
    report: (act, cause) => link.send({ kind: "exiting", act, ...(cause ? { cause } : {}) }),
    end: () => exit(),
  });
  const draws = new Draws(self);
  const builtIns = new BuiltIns(self);
  const timers = new StartedTimers(self);
  // Held until the worker ends, in whatever way: that is how the control thread learns of it.
  using _alive = denoLocks.lock(setup.alivePath);
  link.send({ kind: "ready" });
  const stages = new Map<StageId, Entry>();
  const broadcasts = new BroadcastValues();
  for (;;) {
    if (await link.turnsToAnother() && (builtIns.haveChanged || timers.stillRun)) {
      link.leave();
      return exit();
    }
    const message = await link.receiveLater();
    if (message === undefined) return;
    const result = await handle(message, stages, broadcasts, { setup, link, platform, draws });
    if (result === undefined) continue;
    await turn();
    link.send({ kind: "ended", result });
  }
}

async function handle(
  message: ToWorker,
  stages: Map<StageId, Entry>,
  broadcasts: BroadcastValues,
  around: Surroundings,
): Promise<TaskResult | undefined> {
  switch (message.kind) {
    case "prepare":
      stages.set(message.stage, await prepare(message.bytes, broadcasts, around.draws));
      broadcasts.keepOnly(usedBy(stages));
      return undefined;
    case "locate": {
      const entry = stages.get(message.stage);
      const locations = decodeValue(message.bytes) as readonly ExchangeLocation[];
      if (entry) entry.inputs = new StageInputs(locations, around.setup.workerMemoryBytes);
      return undefined;
    }
    case "release":
      stages.delete(message.stage);
      return undefined;
    case "dropBroadcast":
      broadcasts.drop(message.broadcast);
      return undefined;
    case "launch":
      return await run(message, stages.get(message.task.stage), around);
    case "met":
    case "notMet":
    case "piece":
    case "fed":
    case "streamEnded":
    case "streamFailed":
    case "keptAbsent":
    case "keptBlock":
      // Of a stream that was closed before it came.
      return undefined;
  }
}

/** The broadcasts that functions of these stages may ask for. */
function usedBy(stages: ReadonlyMap<StageId, Entry>): Set<BroadcastId> {
  return new Set([...stages.values()].flatMap(({ prepared }) => [...prepared?.broadcastIds ?? []]));
}

async function prepare(
  bytes: Uint8Array,
  broadcasts: BroadcastValues,
  draws: Draws,
): Promise<Entry> {
  try {
    draws.forget();
    const stage = decodeValue(bytes) as Stage;
    const prepared = await prepareStage(stage, (specifier) => import(specifier), broadcasts);
    return { prepared, failure: undefined, inputs: NOTHING_READ };
  } catch (error) {
    return { prepared: undefined, failure: reportOf(error), inputs: NOTHING_READ };
  } finally {
    draws.keep();
  }
}

async function run(
  { task, info, flow, memoryBytes }: ToWorker & { kind: "launch" },
  entry: Entry | undefined,
  { setup, link, platform, draws }: Surroundings,
): Promise<TaskResult> {
  const failed = (failure: FailureReport): TaskResult => (
    { task, metrics: NO_METRICS, kind: "failed", failure }
  );
  if (entry?.prepared === undefined) {
    return failed(entry?.failure ?? reportOf(new Error(`stage ${task.stage} was not prepared`)));
  }
  try {
    const { prepared, inputs } = entry;
    // The others of a barrier stage have met it already: they all begin anew, or none.
    const writer = { partition: task.partition, attempt: info.id };
    const disks = info.addresses === undefined ? setup.folders.length : 1;
    draws.forget();
    const result = await runOnDisks(
      disks,
      (turn) => new LocalTaskIO(platform, link, setup, writer, inputs, memoryBytes, turn),
      (io) =>
        prepared.waits
          ? runTaskLater(prepared, task, flow, io, info)
          : runTask(prepared, task, flow, io, info),
    );
    const isGood = result.kind === "value" || result.kind === "written";
    return isGood && draws.has ? { ...result, drew: true } : result;
  } catch (error) {
    if (error instanceof RingBrokenError) throw error;
    return failed(reportOf(error));
  }
}

const hop = new MessageChannel();

/** Lets the event loop turn once, so that a Promise that the task left behind is heard of now. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    hop.port1.onmessage = () => resolve();
    hop.port2.postMessage(null);
  });
}

/** Serves the control thread that says hello. */
export function serveTasks(system: WorkerSystem = SYSTEM): void {
  let isServing = false;
  // The listener stays, although there is one message only: a worker that listens to nothing ends.
  self.addEventListener("message", (event) => {
    if (isServing) return;
    isServing = true;
    serve((event as MessageEvent<WorkerSetup>).data, system).catch((error) => {
      if (!(error instanceof RingBrokenError)) throw error;
      // The control thread has given this worker up: nobody is left to be told.
      exit();
    });
  });
}

if (import.meta.main) serveTasks();
