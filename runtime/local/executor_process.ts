/**
 * One executor as its driver sees it: a child process, a connection, signs of life, an end.
 *
 *     order, spawn ─► hello (the secret) ─► ready ─► values, results, heartbeats ─► lost
 *
 * It ends in one way only: the process is gone. Everything else that can be wrong with it (silence,
 * a damaged message, too much memory, a task that does not stop) makes it be killed, which takes a
 * few milliseconds and always works.
 */
import { dirname } from "node:path";
import { JobError } from "../../core/errors.ts";
import { type Channel, MessageCutShort } from "../../workers/channel.ts";
import { memoryLevel } from "../../workers/memory_levels.ts";
import { PROCESS_FLAGS } from "../../workers/permissions.ts";
import { killGroup } from "../../workers/platform_deno.ts";
import type { ExecutorOrder, FromExecutor, ToExecutor } from "../../workers/protocol.ts";
import type { ExecutorFault } from "./scheduler.ts";
import { ExecutorLog } from "./executor_log.ts";

/** Why an executor is gone. */
export type Ending = Readonly<{ fault: ExecutorFault; reason: string }>;

export type ExecutorProcessOptions = Readonly<{
  order: ExecutorOrder;
  /** The program that it runs: workers/executor.ts, unless a test has one of its own. */
  entry?: URL | undefined;
  /** Environment variables of the process, beside those of the driver. */
  environment?: Readonly<Record<string, string>> | undefined;
  /** The V8 heap limit of each of its isolates. */
  heapBytesMax: number;
  /** Its resident memory: near it the process is killed (workers/memory_levels.ts). */
  memoryBytesMax: number;
}>;

export type ExecutorProcessHost = Readonly<{
  /** A message of an executor that is ready; the next one waits for the promise. */
  heard: (message: FromExecutor) => void;
  /**
   * Called with each heartbeat while it holds so much memory that it should get no new tasks, and once
   * when it holds less. `reason` has the figures.
   */
  paused: (isPaused: boolean, reason: string) => void;
  /** Called once, at the end. `wasReady`: it could take tasks. */
  lost: (ending: Ending, wasReady: boolean) => void;
  /** A line that the process printed, once it is ready. */
  printed: (line: string) => void;
}>;

const ENTRY = new URL("../../workers/executor.ts", import.meta.url);
const CONFIG = new URL("../../deno.json", import.meta.url);
const START_MS_MAX = 30_000;
const SILENCE_MS_MAX = 10_000;
/** How long a process may take to end that has closed its connection, or was asked to end. */
const END_MS_MAX = 2_000;
const MEGABYTE = 2 ** 20;
/** V8's young generation, of three such spaces, counts in each isolate of an executor. */
const SEMI_SPACE_MEGABYTES = 4;
/**
 * Buffers of 128 KB or more get memory of their own, which goes back to the system with them. Left to
 * itself, the C library of GNU takes them from its heap after it has freed the first, and keeps that
 * heap: 10 to 15 MB of an executor that sorts under 8m. Other C libraries ignore both.
 */
const MALLOC = { MALLOC_MMAP_THRESHOLD_: "131072", MALLOC_TRIM_THRESHOLD_: "262144" };
/** Lines of its output that are kept, to say why it ended. */
const LAST_LINES = 20;

/** How V8 ends a process whose heap is full: by a trap, whose number is 5. */
const TRAP_CODE = 128 + 5;

export class ExecutorProcess {
  readonly id: number;
  readonly #options: ExecutorProcessOptions;
  readonly #host: ExecutorProcessHost;
  readonly #child: Deno.ChildProcess;
  readonly #startedMs = performance.now();
  readonly #lastLines: string[] = [];
  readonly #logs: ExecutorLog[] = [];
  /** Resolves when the process is gone and all that it said has been heard. */
  readonly gone: Promise<void>;
  #channel: Channel<ToExecutor, FromExecutor> | undefined;
  #conversation: Promise<void> = Promise.resolve();
  /** Programs that it runs for pipes: they must not outlive it. */
  readonly #programs = new Set<number>();
  /** It was given a stage that pipes: it may be starting a program of which nobody has heard yet. */
  #mayStartPrograms = false;
  #isReady = false;
  #isPaused = false;
  #lastHeardMs = performance.now();
  #endTimer: ReturnType<typeof setTimeout> | undefined;
  /** Why it was killed, if it was. */
  #killedFor: Ending | undefined;

  constructor(options: ExecutorProcessOptions, host: ExecutorProcessHost) {
    this.id = options.order.setup.executor;
    this.#options = options;
    this.#host = host;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: executorArguments(options, writeOrder(options.order)),
      env: {
        ...MALLOC,
        ...(Deno.stderr.isTerminal() ? {} : { NO_COLOR: "1" }),
        ...options.environment,
      },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    // A job that runs keeps the driver alive (pool.ts); an executor by itself does not.
    this.#child.unref();
    const output = [
      this.#copyLines(this.#child.stdout),
      this.#copyLines(this.#child.stderr),
    ];
    this.gone = this.#waitForEnd(output);
  }

  get token(): string {
    return this.#options.order.token;
  }

  get isConnected(): boolean {
    return this.#channel !== undefined;
  }

  /** Takes over the connection on which the process said its secret. */
  connected(
    channel: Channel<ToExecutor, FromExecutor>,
    messages: AsyncIterator<FromExecutor>,
  ): void {
    this.#channel = channel;
    this.#conversation = this.#listen(messages);
  }

  /** Sends after what was sent before; to a process that is gone, nothing. */
  send(message: ToExecutor): void {
    if (message.kind === "prepare" && message.commands !== undefined) this.#mayStartPrograms = true;
    if (message.kind === "launch") { for (const log of this.#logs) log.renew(); }
    this.#channel?.send(message).catch(() => undefined);
  }

  /**
   * Ends the process; `lost` follows. At once, but for one that may run programs: those it knows before
   * we hear of them, so it ends them itself, and is killed where it does not.
   */
  kill(ending: Ending): void {
    const isFirst = this.#killedFor === undefined;
    this.#killedFor ??= ending;
    // One that does not answer starts nothing either.
    if (!this.#mayStartPrograms || ending.fault === "heartbeat") return this.#killNow();
    if (!isFirst) return;
    this.send({ kind: "end" });
    this.#killLater(() => this.#killNow());
  }

  #killNow(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    this.#killPrograms();
  }

  /** Looked at every second: is it silent for too long? */
  checkLife(nowMs: number): void {
    if (!this.#isReady && nowMs - this.#startedMs > START_MS_MAX) {
      const reason = `it was not ready after ${START_MS_MAX / 1000} s`;
      return this.kill({ fault: "heartbeat", reason });
    }
    if (this.#isReady && nowMs - this.#lastHeardMs > SILENCE_MS_MAX) {
      const reason = `it was silent for ${SILENCE_MS_MAX / 1000} s`;
      this.kill({ fault: "heartbeat", reason });
    }
  }

  /** The driver itself was held up: silence before this moment means nothing. */
  forgiveSilence(nowMs: number): void {
    this.#lastHeardMs = nowMs;
  }

  async #listen(messages: AsyncIterator<FromExecutor>): Promise<void> {
    try {
      for (let next = await messages.next(); !next.done; next = await messages.next()) {
        this.#lastHeardMs = performance.now();
        this.#heard(next.value);
      }
    } catch (error) {
      if (!isOtherEndGone(error)) {
        const reason = error instanceof JobError
          ? error.message
          : `its connection failed: ${(error as Error).message}`;
        return this.kill({ fault: "heartbeat", reason });
      }
    }
    // As it does when the process ends.
    this.#killLater(() => this.kill({ fault: "heartbeat", reason: "it closed its channel" }));
  }

  #killLater(kill: () => void): void {
    clearTimeout(this.#endTimer);
    this.#endTimer = setTimeout(kill, END_MS_MAX);
  }

  #heard(message: FromExecutor): void {
    if (message.kind === "ready") {
      // A worker that was replaced says so too.
      if (this.#isReady) return;
      this.#isReady = true;
      for (const line of this.#lastLines) this.#host.printed(line);
    }
    if (message.kind === "programStarted") this.#programs.add(message.pid);
    if (message.kind === "programEnded") this.#programs.delete(message.pid);
    if (message.kind === "heartbeat") return this.#checkMemory(message.rssBytes);
    if (message.kind === "ending") {
      return this.kill({ fault: "heartbeat", reason: `it could not go on: ${message.reason}` });
    }
    this.#host.heard(message);
  }

  /** Its programs are in process groups of their own, so that they do not end with it. */
  #killPrograms(): void {
    for (const pid of this.#programs) {
      try {
        killGroup(pid);
      } catch {
        // This process may run executors only: a program ends when nobody reads or writes it.
      }
    }
    this.#programs.clear();
  }

  #checkMemory(rssBytes: number): void {
    const { memoryBytesMax } = this.#options;
    const level = memoryLevel(rssBytes, memoryBytesMax);
    const reason = `it used ${megabytes(rssBytes)} MB of memory and may use ` +
      `${megabytes(memoryBytesMax)} MB (spark.executor.memory)`;
    if (level === "full") return this.kill({ fault: "outOfMemory", reason });
    const isPaused = level === "paused";
    if (!this.#isReady || !isPaused && !this.#isPaused) return;
    this.#isPaused = isPaused;
    this.#host.paused(isPaused, reason);
  }

  async #copyLines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    const log = new ExecutorLog((line) => this.#line(line));
    this.#logs.push(log);
    for await (const text of stream.pipeThrough(new TextDecoderStream())) log.take(text);
    log.end();
  }

  #line(line: string): void {
    this.#lastLines.push(line);
    if (this.#lastLines.length > LAST_LINES) this.#lastLines.shift();
    // What one says that does not start is in the error of the job.
    if (this.#isReady) this.#host.printed(line);
  }

  async #waitForEnd(output: readonly Promise<void>[]): Promise<void> {
    const status = await this.#child.status;
    clearTimeout(this.#endTimer);
    await Promise.allSettled(output);
    await this.#conversation;
    this.#killPrograms();
    clearTimeout(this.#endTimer);
    this.#channel?.close();
    this.#host.lost(this.#endingOf(status), this.#isReady);
  }

  #endingOf(status: Deno.CommandStatus): Ending {
    const text = this.#lastLines.join("\n");
    // V8 ends the process while its channel closes: what V8 says is the reason.
    const isHeapFull = status.code === TRAP_CODE || /heap out of memory|heap limit/.test(text);
    if (isHeapFull && this.#killedFor?.fault !== "stopped") {
      const limit = megabytes(this.#options.heapBytesMax);
      return { fault: "outOfMemory", reason: `its JavaScript heap passed ${limit} MB` };
    }
    if (this.#killedFor !== undefined) return this.#killedFor;
    const said = text === "" ? "" : `: ${text}`;
    if (status.signal !== null) {
      // Once it is ready, what it printed is what tasks have to say.
      const why = this.#isReady ? "" : said;
      return { fault: "signal", reason: `it was ended by ${status.signal}${why}` };
    }
    return { fault: "exited", reason: `it ended with exit code ${status.code}${said}` };
  }
}

function isOtherEndGone(error: unknown): boolean {
  const { BrokenPipe, ConnectionReset } = Deno.errors;
  return [BrokenPipe, ConnectionReset, MessageCutShort].some((gone) => error instanceof gone);
}

/** Written at once, not later: the process is to find it however busy this one is. */
function writeOrder(order: ExecutorOrder): string {
  const path = `${dirname(order.socketPath)}/order-${order.setup.executor}`;
  Deno.writeTextFileSync(path, JSON.stringify(order), { createNew: true, mode: 0o600 });
  return path;
}

function executorArguments(options: ExecutorProcessOptions, orderPath: string): string[] {
  const v8Flags = [
    `--max-old-space-size=${megabytes(options.heapBytesMax)}`,
    `--max-semi-space-size=${SEMI_SPACE_MEGABYTES}`,
  ];
  return [
    "run",
    ...PROCESS_FLAGS,
    "--cached-only",
    "--no-lock",
    "--unstable-worker-options",
    ...(CONFIG.protocol === "file:" ? ["--config", fromFileUrl(CONFIG)] : ["--no-config"]),
    `--v8-flags=${v8Flags.join(",")}`,
    (options.entry ?? ENTRY).href,
    orderPath,
  ];
}

function fromFileUrl(url: URL): string {
  return decodeURIComponent(url.pathname);
}

function megabytes(bytes: number): number {
  return Math.round(bytes / MEGABYTE);
}
