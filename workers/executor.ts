/**
 * The control thread of an executor: the entry point of the child process.
 *
 *     driver ◄═ socket ═► control thread ◄═ rings ═► worker of slot 0, 1, …
 *                         our code only              the user's code
 *
 * It moves messages, answers for its life every quarter of a second even while a task spins, and
 * ends the process as soon as the driver is gone. What it is to do, and the secret by which the
 * driver knows it, comes in a private file: arguments can be read by others.
 */
import { assert, reportOf } from "../core/errors.ts";
import { NO_GRANTS } from "../core/grants.ts";
import type { Platform } from "../core/platform.ts";
import type { StageId } from "../core/task.ts";
import { VERSION } from "../core/version.ts";
import { sinkOf, sourceOf } from "../io/registry.ts";
import { localFileSystem } from "../io/local_files.ts";
import { removeIfAbandoned } from "./application_folder.ts";
import { BlockCache } from "./block_cache.ts";
import { type ByteStream, Channel, MessageCutShort } from "./channel.ts";
import { KeptExports } from "./kept_exports.ts";
import { denoLocks, denoPlatform, startProgram } from "./platform_deno.ts";
import { memoryLevel } from "./memory_levels.ts";
import {
  type ExecutorOrder,
  type ExecutorSetup,
  type FromExecutor,
  type ToExecutor,
  toExecutorShapes,
} from "./protocol.ts";
import { Slot, type SlotHost, type StageEntry } from "./slot.ts";

const HEARTBEAT_MS = 250;
/** A driver that is ending closes its connections first; soon after it is gone or has cleaned up. */
const ABANDONED_MS_MAX = 1_000;
/** How long saying why it ends may take: a driver that is held up cannot hear it. */
const ENDING_MS_MAX = 1_000;

/** What an executor stands on. Tests have one that fails when it is to. */
export type ExecutorSystem = Readonly<{
  platform: Platform;
  /** Connects with the driver, which listens at that path. */
  connect: (socketPath: string) => Promise<ByteStream>;
  /** Starts a worker: the isolate of workers/worker.ts, or of a program like it. */
  start: SlotHost["start"];
}>;

const SYSTEM: ExecutorSystem = {
  platform: denoPlatform,
  connect: (path) => Deno.connect({ transport: "unix", path }),
  start: (name, permissions) =>
    startWorker(new URL("./worker.ts", import.meta.url), name, permissions),
};

/** A worker that runs `program`, with these permissions and no others. */
export function startWorker(
  program: URL,
  ...[name, permissions]: Parameters<SlotHost["start"]>
): Worker {
  return new Worker(program, {
    type: "module",
    name,
    deno: { permissions: permissions as Deno.PermissionOptionsObject },
  });
}

class Executor {
  readonly #system: ExecutorSystem;
  readonly #channel: Channel<FromExecutor, ToExecutor>;
  readonly #stages = new Map<StageId, StageEntry>();
  readonly #cache: BlockCache;
  readonly #exports: KeptExports;
  readonly #slots: readonly Slot[];
  readonly #memoryBytesMax: number;
  /** Rejects with what this process cannot go on after. */
  readonly #broken = Promise.withResolvers<never>();
  #isBeating = false;

  constructor(
    channel: Channel<FromExecutor, ToExecutor>,
    setup: ExecutorSetup,
    system: ExecutorSystem,
  ) {
    this.#system = system;
    this.#channel = channel;
    this.#memoryBytesMax = setup.memoryBytesMax;
    this.#cache = new BlockCache({
      platform: system.platform,
      executor: setup.executor,
      folders: setup.folders,
      bytesMax: setup.storageBytesMax,
      dropped: (id) => this.#report({ kind: "keptDropped", ...id }),
    });
    this.#exports = new KeptExports(this.#cache, (message) => void this.#report(message));
    const host = this.#slotHost(setup);
    this.#slots = Array.from({ length: setup.slots }, (_, i) => new Slot(i, setup, host));
  }

  /** Serves the driver until it closes the connection. Throws what it cannot go on after. */
  async run(): Promise<void> {
    addEventListener("error", (event) => {
      event.preventDefault();
      this.#broken.reject(event.error);
    });
    addEventListener("unhandledrejection", (event) => {
      event.preventDefault();
      this.#broken.reject(event.reason);
    });
    // The driver may launch tasks once the first worker is there; the others can be on the way.
    for (const slot of this.#slots) slot.warmUp();
    setInterval(() => this.#beat(), HEARTBEAT_MS);
    try {
      await Promise.race([this.#listen(), this.#broken.promise]);
    } finally {
      for (const slot of this.#slots) slot.end();
    }
  }

  async #listen(): Promise<void> {
    for await (const message of this.#channel.messages()) this.#heard(message);
  }

  #heard(message: ToExecutor): void {
    switch (message.kind) {
      case "prepare": {
        const { stage, bytes, save, commands = [], grants = NO_GRANTS } = message;
        this.#stages.set(stage, { stage, bytes, save, commands, grants, locations: undefined });
        return;
      }
      case "locate":
        this.#stageOf(message.stage).locations = message.bytes;
        return;
      case "release":
        this.#stages.delete(message.stage);
        for (const slot of this.#slots) slot.release(message.stage);
        return;
      case "dropBroadcast":
        for (const slot of this.#slots) slot.dropBroadcast(message.broadcast);
        return;
      case "launch": {
        const slot = this.#slots.find((candidate) => candidate.isFree);
        assert(slot !== undefined, "an executor was given more tasks than it has slots");
        slot.launch(this.#stageOf(message.task.stage), message);
        return;
      }
      case "met":
      case "notMet":
        for (const slot of this.#slots) slot.answer(message);
        return;
      case "cancel":
        for (const slot of this.#slots) slot.cancel(message.task, message.reason);
        return;
      case "forgetKept":
        return this.#cache.forget(message.dataset);
      case "exportKept":
        return this.#exports.answer(message);
      case "keptFile":
        return this.#exports.answered(message);
      case "end":
        for (const slot of this.#slots) slot.end();
        return end();
    }
  }

  #stageOf(stage: StageId): StageEntry {
    const entry = this.#stages.get(stage);
    assert(entry !== undefined, `stage ${stage} was used before it was prepared`);
    return entry;
  }

  /** One heartbeat at a time: a driver that lags behind is not sent a queue of them. */
  #beat(): void {
    const { rssBytes } = this.#system.platform.memory();
    const isPressed = memoryLevel(rssBytes, this.#memoryBytesMax) !== "normal";
    for (const slot of this.#slots) slot.setPressed(isPressed);
    if (this.#isBeating) return;
    this.#isBeating = true;
    this.#channel.send({ kind: "heartbeat", rssBytes }).then(
      () => void (this.#isBeating = false),
      // The connection is gone: whoever reads from it learns that too, and ends the process.
      () => undefined,
    );
  }

  /** Says something to the driver; resolves when it has been sent, or cannot be. */
  #report(message: FromExecutor): Promise<void> {
    return this.#channel.send(message).catch(() => undefined);
  }

  #slotHost({ folders }: ExecutorSetup): SlotHost {
    const folder = Deno.cwd();
    const { platform, start } = this.#system;
    const files = localFileSystem(platform, printOnce);
    return {
      platform,
      files,
      start,
      unlocked: denoLocks.unlocked,
      // User code may change the folder of the process to one that it may read.
      startProgram: (command) => startProgram(command, folder),
      print: (text) => printText(text),
      read: (format, options, split) => sourceOf(format).read(options, split, files),
      attemptPlace: ({ format, options, job }, task) => {
        const sink = sinkOf(format);
        const path = sink.attemptPath(options, job, task);
        return { path, compression: sink.compression?.(options) };
      },
      keeping: {
        platform,
        cache: this.#cache,
        folders,
        fetch: (wanted, damaged) => this.#exports.fetch(wanted, damaged),
      },
      report: (message) => this.#report(message),
      broken: (reason) => this.#broken.reject(new Error(reason)),
    };
  }
}

/** The driver is gone, or wants it. SIGKILL: a worker that spins could hold up an orderly exit. */
function end(): never {
  Deno.kill(Deno.pid, "SIGKILL");
  throw new Error("unreachable");
}

const printed = new Set<string>();

function printOnce(line: string): void {
  if (printed.has(line)) return;
  printed.add(line);
  print(line);
}

/** Writes a line to the log of the executor. */
function print(line: string): void {
  printText(`${line}\n`);
}

function printText(text: string): void {
  try {
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  } catch (error) {
    // The driver that reads it is gone, and there is still something to clean up.
    if (!isDriverGone(error)) throw error;
  }
}

/** The order is read once: workers could read it as well. */
function takeOrder(path: string): ExecutorOrder {
  const order = JSON.parse(Deno.readTextFileSync(path)) as ExecutorOrder;
  Deno.removeSync(path);
  return order;
}

/** Removes the application's folders if the driver dies within so long and could not do it. */
async function removeAbandoned(folders: readonly string[], msMax: number): Promise<void> {
  const deadlineMs = performance.now() + msMax;
  let left = folders;
  for (;;) {
    left = left.filter((folder) => !removeIfAbandoned(denoPlatform, denoLocks, folder));
    if (left.length === 0 || performance.now() >= deadlineMs) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Runs an executor to its end. The argument of its process is the path of the order. */
export async function runExecutor(
  [orderPath]: readonly string[],
  system: ExecutorSystem = SYSTEM,
): Promise<void> {
  assert(orderPath !== undefined, "an executor needs the path of its order");
  // Ctrl-C reaches every process of the terminal. What it means, the driver decides.
  Deno.addSignalListener("SIGINT", () => {});
  let folders: readonly string[] = [];
  let waitMs = ABANDONED_MS_MAX;
  try {
    const order = takeOrder(orderPath);
    folders = order.folders;
    const connection = await system.connect(order.socketPath);
    const channel = new Channel<FromExecutor, ToExecutor>(connection, toExecutorShapes);
    await channel.send({ kind: "hello", token: order.token, version: VERSION });
    await sayingWhy(channel, () => new Executor(channel, order.setup, system).run());
  } catch (error) {
    if (!isDriverGone(error)) {
      print(Deno.inspect(error));
      // It is this process that ends, and not the driver.
      waitMs = 0;
    }
  }
  await removeAbandoned(folders, waitMs);
  end();
}

/** Does something to its end, and tells the driver why that has come, if there is one that hears it. */
async function sayingWhy(
  channel: Channel<FromExecutor, ToExecutor>,
  act: () => Promise<void>,
): Promise<void> {
  let reason = "its connection with the driver was closed";
  try {
    await act();
    print(reason);
  } catch (error) {
    reason = reportOf(error).message;
    throw error;
  } finally {
    const sent = channel.send({ kind: "ending", reason }).catch(() => undefined);
    await Promise.race([sent, new Promise((resolve) => setTimeout(resolve, ENDING_MS_MAX))]);
  }
}

function isDriverGone(error: unknown): boolean {
  const { BrokenPipe, ConnectionRefused, ConnectionReset, NotFound } = Deno.errors;
  return [BrokenPipe, ConnectionRefused, ConnectionReset, MessageCutShort, NotFound].some((gone) =>
    error instanceof gone
  );
}

if (import.meta.main) await runExecutor(Deno.args);
