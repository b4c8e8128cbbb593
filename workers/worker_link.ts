/**
 * The worker's end of the two rings that connect it with its control thread.
 *
 *     control thread ══ input ring: stages, tasks, pieces of inputs ══► worker
 *                    ◄═ output ring: blocks, results, wishes ══════════
 *                       cancel flag: one word, set by the control thread
 *
 * While a task runs the worker blocks on the rings. Several inputs may be open at once (`zip`): a
 * piece that comes while another input is being waited for is kept. There are never many, because
 * the control thread sends a further piece of an input only when one was taken.
 */
import { CancelledError, errorOf } from "../core/errors.ts";
import type { Options, Split } from "../core/plan/plan.ts";
import {
  decodeMessage,
  encodeMessage,
  type FromWorker,
  type ToWorker,
  toWorkerShapes,
} from "./protocol.ts";
import { RingReader, RingWriter } from "./ring.ts";

/** The shared memory between a worker and its control thread. */
export type LinkMemory = Readonly<{
  input: SharedArrayBuffer;
  output: SharedArrayBuffer;
  flags: SharedArrayBuffer;
}>;

/** The word of `flags` that is 1 while the running task is to end early. */
export const CANCEL_FLAG = 0;

type StreamMessage = ToWorker & { kind: "piece" | "streamEnded" | "streamFailed" };

const { load } = Atomics;

export class WorkerLink {
  readonly #input: RingReader;
  readonly #output: RingWriter;
  readonly #flags: Int32Array;
  /** What came for each open stream and was not taken yet. */
  readonly #streams = new Map<number, StreamMessage[]>();
  #streamCount = 0;

  constructor(memory: LinkMemory) {
    this.#input = new RingReader(memory.input);
    this.#output = new RingWriter(memory.output);
    this.#flags = new Int32Array(memory.flags);
  }

  get cancelled(): boolean {
    return load(this.#flags, CANCEL_FLAG) === 1;
  }

  /** Blocks while the control thread lags behind. */
  send(message: FromWorker): void {
    this.#output.send(encodeMessage(message));
  }

  /** The next message between two tasks; undefined at the end. */
  async receiveLater(): Promise<ToWorker | undefined> {
    const encoded = await this.#input.receiveLater();
    return encoded === undefined ? undefined : decodeMessage<ToWorker>(encoded, toWorkerShapes);
  }

  /** The bytes of a split as its source reads them; blocks for each piece. */
  *open(format: string, options: Options, split: Split): Generator<Uint8Array> {
    const stream = this.#streamCount++;
    this.#streams.set(stream, []);
    let open = true;
    try {
      this.send({ kind: "open", stream, format, options, split });
      while (true) {
        const message = this.#nextOf(stream);
        if (message.kind !== "piece") {
          open = false;
          if (message.kind === "streamFailed") throw errorOf(message.failure);
          return;
        }
        yield message.bytes;
        this.send({ kind: "more", stream });
      }
    } finally {
      this.#streams.delete(stream);
      if (open) this.send({ kind: "close", stream });
    }
  }

  /** Resolves once something has come for every open stream that was not taken yet. */
  async streamsReady(): Promise<void> {
    while (this.#streams.values().some((waiting) => waiting.length === 0)) {
      this.#sort(await this.#input.receiveLater());
    }
  }

  #nextOf(stream: number): StreamMessage {
    const waiting = this.#streams.get(stream)!;
    while (true) {
      const next = waiting.shift();
      if (next !== undefined) return next;
      this.#sort(this.#input.receive());
    }
  }

  #sort(encoded: Uint8Array | undefined): void {
    if (encoded === undefined) throw new CancelledError("Cancelled", "the executor is ending");
    const message = decodeMessage<ToWorker>(encoded, toWorkerShapes) as StreamMessage;
    // What comes for a stream that was closed in the meantime has no queue any more.
    this.#streams.get(message.stream)?.push(message);
  }
}
