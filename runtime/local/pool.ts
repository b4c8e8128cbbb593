/**
 * The executors of the local engine: started on demand, listened to, ended.
 *
 *     recruit(n) ─► spawn ──► hello on the socket ──► ready ──► send · heard ──► lost
 *
 * The pool knows processes and messages, and nothing about jobs. While nobody works, nothing in it
 * keeps the driver's process alive.
 */
import type { ExecutorId } from "../../core/task.ts";
import { VERSION } from "../../core/version.ts";
import { type ByteStream, Channel } from "../../workers/channel.ts";
import {
  type ExecutorSetup,
  type FromExecutor,
  fromExecutorShapes,
  type ToExecutor,
} from "../../workers/protocol.ts";
import { type Ending, ExecutorProcess } from "./executor_process.ts";
import { hexOf } from "./folders.ts";

/** Connections as they come in; none of them keeps the process alive once it is told. */
export type SocketListener =
  & AsyncIterable<ByteStream & { unref(): void }>
  & Readonly<{ unref(): void; close(): void }>;

export type PoolOptions = Readonly<{
  /** What every executor is told; each gets its own number. */
  setup: Omit<ExecutorSetup, "executor" | "memoryBytesMax">;
  socketPath: string;
  /** Listens at that path: on a Unix domain socket, unless a test has connections that fail. */
  listen?: ((socketPath: string) => SocketListener) | undefined;
  /** The program of the executors, as `ExecutorProcessOptions` has it. */
  entry?: URL | undefined;
  /** All folders of the application: executors that lose their driver remove them. */
  allFolders: readonly string[];
  /** Environment variables of the executors, beside those of the driver. */
  environment?: Readonly<Record<string, string>> | undefined;
  /** Resident memory of one executor, and the heap limit of each of its isolates, in bytes. */
  executorMemoryBytes: number;
}>;

export type PoolHost = Readonly<{
  /** A message of an executor: `ready` comes first, once. */
  heard: (executor: ExecutorId, message: FromExecutor) => void;
  /** An executor is gone, after its last message. */
  lost: (executor: ExecutorId, ending: Ending) => void;
  /** An executor is to get no new tasks for want of memory, or may get some again. */
  paused: (executor: ExecutorId, isPaused: boolean, reason: string) => void;
  /** An executor could not be started. */
  startFailed: (reason: string) => void;
  /** A line that an executor printed. */
  printed: (executor: ExecutorId, line: string) => void;
}>;

const CHECK_MS = 1_000;
const TOKEN_BYTES = 32;
/** As long as timers can wait. */
const KEEP_ALIVE_MS = 2 ** 31 - 1;

export class Pool {
  readonly #options: PoolOptions;
  readonly #host: PoolHost;
  readonly #listener: SocketListener;
  /** Those that live, be they ready or on their way. */
  readonly #executors = new Map<ExecutorId, ExecutorProcess>();
  /** Those that could not even be spawned, of which nobody has been told yet. */
  #failing = 0;
  readonly #accepting: Promise<void>;
  #checkTimer: ReturnType<typeof setInterval> | undefined;
  #checkedMs = performance.now();
  #lastExecutor = -1;
  #keepAlive: ReturnType<typeof setInterval> | undefined;
  #isStopped = false;

  constructor(options: PoolOptions, host: PoolHost) {
    this.#options = options;
    this.#host = host;
    this.#listener = (options.listen ?? listen)(options.socketPath);
    this.#listener.unref();
    this.#accepting = this.#accept();
  }

  /** Sees to it that so many executors live or are on their way; says of each that does not start. */
  recruit(count: number): void {
    while (this.#executors.size + this.#failing < count && !this.#isStopped) this.#start();
  }

  send(executor: ExecutorId, message: ToExecutor): void {
    this.#executors.get(executor)?.send(message);
  }

  /** Ends an executor at once; `lost` follows. */
  kill(executor: ExecutorId, ending: Ending): void {
    this.#executors.get(executor)?.kill(ending);
  }

  /**
   * Whether the driver's process has to stay alive for the executors: while a job runs. Nothing else
   * in the pool keeps it alive, so that a moment without an open operation ends nothing.
   */
  setReferenced(isReferenced: boolean): void {
    if (!isReferenced) {
      clearInterval(this.#keepAlive);
      this.#keepAlive = undefined;
    } else this.#keepAlive ??= setInterval(() => undefined, KEEP_ALIVE_MS);
  }

  /** Ends all executors and waits until they are gone. Can be called again. */
  async stop(): Promise<void> {
    // Waiting for processes must keep this one alive.
    this.setReferenced(true);
    const gone = [...this.#executors.values()].map((executor) => executor.gone);
    this.stopNow();
    await Promise.all([this.#accepting, ...gone]);
    this.setReferenced(false);
  }

  /** The same without waiting, for a process that is ending. */
  stopNow(): void {
    for (const executor of this.#executors.values()) {
      executor.kill({ fault: "stopped", reason: "the context was stopped" });
    }
    if (this.#isStopped) return;
    this.#isStopped = true;
    clearInterval(this.#checkTimer);
    this.#listener.close();
  }

  #start(): void {
    const executor = ++this.#lastExecutor;
    const { setup, socketPath, entry, environment, allFolders, executorMemoryBytes } =
      this.#options;
    try {
      const process = new ExecutorProcess(
        {
          order: {
            setup: { ...setup, executor, memoryBytesMax: executorMemoryBytes },
            token: hexOf(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES))),
            socketPath,
            folders: allFolders,
          },
          entry,
          environment,
          heapBytesMax: executorMemoryBytes,
          memoryBytesMax: executorMemoryBytes,
        },
        {
          heard: (message) => this.#host.heard(executor, message),
          paused: (isPaused, reason) => this.#host.paused(executor, isPaused, reason),
          lost: (ending, wasReady) => this.#lost(executor, ending, wasReady),
          printed: (line) => this.#host.printed(executor, line),
        },
      );
      this.#executors.set(executor, process);
    } catch (error) {
      // Told later, as every end is; until then it counts as one that is on its way.
      this.#failing++;
      queueMicrotask(() => {
        this.#failing--;
        this.#host.startFailed((error as Error).message);
      });
    }
    this.#watch();
  }

  #lost(executor: ExecutorId, ending: Ending, wasReady: boolean): void {
    this.#executors.delete(executor);
    if (wasReady || ending.fault === "stopped") this.#host.lost(executor, ending);
    else this.#host.startFailed(ending.reason);
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) void this.#greet(connection);
  }

  /** Finds out which executor calls. Whoever does not say the secret of one is sent away. */
  async #greet(connection: ByteStream & { unref(): void }): Promise<void> {
    connection.unref();
    const channel = new Channel<ToExecutor, FromExecutor>(connection, fromExecutorShapes);
    const messages = channel.messages();
    try {
      const { value: hello } = await messages.next();
      if (hello?.kind === "hello") {
        const process = this.#expecting(hello.token);
        if (process !== undefined && hello.version === VERSION) {
          return process.connected(channel, messages);
        }
        process?.kill({ fault: "exited", reason: otherVersion(hello.version) });
      }
    } catch {
      // Not one of ours.
    }
    channel.close();
  }

  #expecting(token: string): ExecutorProcess | undefined {
    return this.#executors.values().find((process) =>
      !process.isConnected && process.token === token
    );
  }

  /** Looks once a second whether all executors are alive. */
  #watch(): void {
    if (this.#checkTimer !== undefined) return;
    this.#checkedMs = performance.now();
    this.#checkTimer = setInterval(() => this.#check(), CHECK_MS);
    Deno.unrefTimer(this.#checkTimer as unknown as number);
  }

  #check(): void {
    const nowMs = performance.now();
    // A driver that did not run, because of user code or of a closed lid, has heard nobody.
    const wasHeldUp = nowMs - this.#checkedMs > 2 * CHECK_MS;
    this.#checkedMs = nowMs;
    for (const executor of this.#executors.values()) {
      if (wasHeldUp) executor.forgiveSilence(nowMs);
      else executor.checkLife(nowMs);
    }
  }
}

function listen(path: string): SocketListener {
  return Deno.listen({ transport: "unix", path });
}

/** Its program is loaded when it starts: long after that of the driver, perhaps. */
function otherVersion(version: string): string {
  return `its Flint is ${version}, and that of the program ${VERSION}: ` +
    "Flint was replaced while the program ran, so start it again";
}
