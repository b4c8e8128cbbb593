/**
 * One Web Worker as its control thread sees it: messages in, messages out, and an end that is
 * noticed however it comes.
 *
 * A worker can end without any event: by `Deno.exit`, by `self.close`, or in a way that nobody
 * thought of. So it locks a file of its own when it starts, and the control thread waits for that
 * lock: the system releases it when the worker is gone, and not before.
 */
import type { WorkerPlace } from "./local_io.ts";
import type { WorkerPermissions } from "./permissions.ts";
import {
  decodeMessage,
  encodeMessage,
  type FromWorker,
  fromWorkerShapes,
  type ToWorker,
} from "./protocol.ts";
import { createRing, RingReader, RingWriter } from "./ring.ts";
import { CANCEL_FLAG, LEFT_FLAG, type LinkMemory, PRESSED_FLAG, TURN_FLAG } from "./worker_link.ts";

/** What a worker is told when it starts, by the only `postMessage` there is. */
export type WorkerSetup =
  & WorkerPlace
  & Readonly<{
    memory: LinkMemory;
    /** The file that the worker locks while it lives; it exists. */
    alivePath: string;
  }>;

/** How long a start may take before the worker counts as dead. */
const START_MS_MAX = 30_000;

/** Room for some pieces of input (1 MB each at most), and for some blocks of output. */
const INPUT_BYTES = 2 << 20;
const OUTPUT_BYTES = 1 << 20;

export type TaskWorkerHost = Readonly<{
  /** Starts the isolate of workers/worker.ts. */
  start: (name: string, permissions: WorkerPermissions) => Worker;
  /** Resolves once nobody holds the lock on that file. */
  unlocked: (path: string) => Promise<void>;
  /** Called for each message, one after the other; the next one waits for the promise. */
  heard: (message: FromWorker) => Promise<void>;
  /**
   * Called once, after the last message: the worker is gone. `error`: what it threw, if it did.
   * `wasReady`: it had started.
   */
  gone: (error: string | undefined, wasReady: boolean) => void;
}>;

export class TaskWorker {
  readonly #worker: Worker;
  readonly #host: TaskWorkerHost;
  readonly #alivePath: string;
  readonly #flags: Int32Array;
  readonly #input: RingWriter;
  readonly #output: RingReader;
  /** The end of the output ring, which the worker itself cannot be trusted to write. */
  readonly #outputEnd: RingWriter;
  readonly #startTimer: ReturnType<typeof setTimeout>;
  #lastSend: Promise<void> = Promise.resolve();
  #error: string | undefined;
  #isReady = false;

  constructor(
    setup: Omit<WorkerSetup, "memory">,
    permissions: WorkerPermissions,
    host: TaskWorkerHost,
  ) {
    this.#host = host;
    this.#alivePath = setup.alivePath;
    const memory: LinkMemory = {
      input: createRing(INPUT_BYTES),
      output: createRing(OUTPUT_BYTES),
      flags: new SharedArrayBuffer(64),
    };
    this.#flags = new Int32Array(memory.flags);
    this.#input = new RingWriter(memory.input);
    this.#output = new RingReader(memory.output);
    this.#outputEnd = new RingWriter(memory.output);
    this.#worker = host.start(setup.ownNames[0]!, permissions);
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#error = event.message;
      this.#end();
    });
    this.#startTimer = setTimeout(() => {
      this.#error = `it did not start within ${START_MS_MAX / 1000} s`;
      this.#end();
    }, START_MS_MAX);
    this.#worker.postMessage({ ...setup, memory } satisfies WorkerSetup);
    void this.#output.readable().then(() => this.#watch());
    void this.#listen();
  }

  /** Sends after whatever is being sent; resolves also when the worker is gone. */
  send(message: ToWorker): Promise<void> {
    const parts = encodeMessage(message);
    this.#lastSend = this.#lastSend.then(() => this.#input.sendLater(parts)).catch(() => undefined);
    return this.#lastSend;
  }

  /** Tells the running task to end early, or takes that back for the next one. */
  setCancelled(cancelled: boolean): void {
    Atomics.store(this.#flags, CANCEL_FLAG, cancelled ? 1 : 0);
  }

  /** What is sent from now on may be of another stage: the worker looks at what was left in it. */
  turn(): void {
    Atomics.add(this.#flags, TURN_FLAG, 1);
  }

  /** Whether it ended by itself, before it looked at what it was sent last. */
  get hasLeft(): boolean {
    return Atomics.load(this.#flags, LEFT_FLAG) === 1;
  }

  /** Tells the tasks of the worker to spill early, or takes that back. */
  setPressed(isPressed: boolean): void {
    Atomics.store(this.#flags, PRESSED_FLAG, isPressed ? 1 : 0);
  }

  /** Ends the worker, which runs no task; `gone` is called when nothing runs in it any more. */
  retire(): void {
    if (!this.#isReady) return this.#end();
    this.#worker.terminate();
    this.#input.break();
  }

  async #listen(): Promise<void> {
    try {
      for (;;) {
        const encoded = await this.#output.receiveLater();
        if (encoded === undefined) break;
        const message = decodeMessage<FromWorker>(encoded, fromWorkerShapes);
        if (message.kind === "ready") {
          this.#isReady = true;
          clearTimeout(this.#startTimer);
        }
        await this.#host.heard(message);
      }
    } catch (error) {
      this.#error ??= error instanceof Error ? error.message : String(error);
    }
    this.#end();
    this.#host.gone(this.#error, this.#isReady);
  }

  /** Since before it sent its first byte the worker holds its lock. */
  #watch(): void {
    this.#host.unlocked(this.#alivePath).then(() => this.#outputEnd.end());
  }

  #end(): void {
    clearTimeout(this.#startTimer);
    this.#worker.terminate();
    this.#input.break();
    this.#outputEnd.end();
  }
}
