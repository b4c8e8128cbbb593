/**
 * The worker's end of the two rings that connect it with its control thread.
 *
 *     control thread ══ input ring: stages, tasks, pieces of inputs ══► worker
 *                    ◄═ output ring: blocks, results, wishes ══════════
 *                       flags: words that say what must be heard while the rings are not read
 *
 * While a task runs the worker blocks on the rings. Several inputs may be open at once (`zip`): a
 * piece that comes while another input is being waited for is kept. There are never many, because
 * the control thread sends a further piece of an input only when one was taken. A program that
 * records are piped through is such an input too, which is fed in the same measured way.
 */
import { assert, CancelledError, errorOf } from "../core/errors.ts";
import type { Options, Split } from "../core/plan/plan.ts";
import type { KeptId, Meeting } from "../core/task.ts";
import { KeptLost } from "./kept_errors.ts";
import {
  decodeMessage,
  encodeMessage,
  type FromWorker,
  type ToWorker,
  toWorkerShapes,
} from "./protocol.ts";
import { RingReader, RingWriter } from "./ring.ts";
import type { BlockPlace, KeptWhere, PipedProgram } from "./task_io.ts";

/** The shared memory between a worker and its control thread. */
export type LinkMemory = Readonly<{
  input: SharedArrayBuffer;
  output: SharedArrayBuffer;
  flags: SharedArrayBuffer;
}>;

/** The word of `flags` that is 1 while the running task is to end early. */
export const CANCEL_FLAG = 0;
/** The word that changes whenever the control thread turns to another stage. */
export const TURN_FLAG = 1;
/** The word that is 1 once the worker has ended by itself, between two stages. */
export const LEFT_FLAG = 2;
/** The word of `flags` that is 1 while tasks are to spill early: their executor holds too much. */
export const PRESSED_FLAG = 3;

/** How much a program is given ahead of what it has read. */
const FEEDS_AHEAD = 4;

type MeetingAnswer = ToWorker & { kind: "met" | "notMet" };
type StreamMessage = ToWorker & {
  kind: "piece" | "fed" | "streamEnded" | "streamFailed" | "keptAbsent" | "keptBlock";
};

/** A wish that is answered in a stream, before that has a number. */
type Streamless = WithoutStream<FromWorker & { kind: "openKept" | "keep" }>;
type WithoutStream<M> = M extends unknown ? Omit<M, "stream"> : never;

const { load, store } = Atomics;

export class WorkerLink {
  readonly #input: RingReader;
  readonly #output: RingWriter;
  readonly #flags: Int32Array;
  /** What came for each open stream of a source and was not taken yet. */
  readonly #streams = new Map<number, StreamMessage[]>();
  /** The same for the streams of programs. */
  readonly #programs = new Map<number, StreamMessage[]>();
  /** What came for the task that waits for the others of its barrier stage. */
  #answer: MeetingAnswer | undefined;
  /** All who await a message await the same one: only one `receiveLater` may run at a time. */
  #arriving: Promise<void> | undefined;
  #streamCount = 0;
  #turn = 0;

  /** `input` and `output` are the worker's sides of the two rings in that memory. */
  constructor(
    memory: LinkMemory,
    input = new RingReader(memory.input),
    output = new RingWriter(memory.output),
  ) {
    this.#input = input;
    this.#output = output;
    this.#flags = new Int32Array(memory.flags);
  }

  get cancelled(): boolean {
    return load(this.#flags, CANCEL_FLAG) === 1;
  }

  get isPressed(): boolean {
    return load(this.#flags, PRESSED_FLAG) === 1;
  }

  /** Blocks while the control thread lags behind. */
  send(message: FromWorker): void {
    this.#output.send(encodeMessage(message));
  }

  /**
   * Waits for the next message, and says whether it may be one of another stage than those before.
   * Relies on nothing that tasks could have replaced.
   */
  async turnsToAnother(): Promise<boolean> {
    await this.#input.readable();
    const turn = load(this.#flags, TURN_FLAG);
    const isAnother = turn !== this.#turn;
    this.#turn = turn;
    return isAnother;
  }

  /** Says that the worker ends by itself: what has been sent to it belongs to the next one. */
  leave(): void {
    store(this.#flags, LEFT_FLAG, 1);
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
    this.send({ kind: "open", stream, format, options, split });
    yield* this.#pieces(stream);
  }

  /** The blocks of a kept partition; undefined where it is not there. Blocks until that is known. */
  openKept(id: KeptId): Iterable<Uint8Array> | undefined {
    const stream = this.#opened({ kind: "openKept", id });
    const isThere = this.#isThere(stream, this.#nextOf(this.#streams.get(stream)!));
    return isThere ? this.#pieces(stream, id) : undefined;
  }

  /** The same for a task that waits for promises: the thread is never blocked. */
  async openKeptLater(id: KeptId): Promise<AsyncIterable<Uint8Array> | undefined> {
    const stream = this.#opened({ kind: "openKept", id });
    const isThere = this.#isThere(stream, await this.#nextOfLater(this.#streams.get(stream)!));
    return isThere ? this.#piecesLater(stream, id) : undefined;
  }

  /** Hands in a block of a partition that is to be kept, and says where it went. */
  keep(id: KeptId, where: KeptWhere, mayHold: boolean, bytes: Uint8Array): BlockPlace {
    const stream = this.#opened({ kind: "keep", id, ...where, mayHold, bytes });
    return this.#placeIn(stream, this.#nextOf(this.#streams.get(stream)!));
  }

  /** The same for a task that waits for promises. */
  async keepLater(
    id: KeptId,
    where: KeptWhere,
    mayHold: boolean,
    bytes: Uint8Array,
  ): Promise<BlockPlace> {
    const stream = this.#opened({ kind: "keep", id, ...where, mayHold, bytes });
    return this.#placeIn(stream, await this.#nextOfLater(this.#streams.get(stream)!));
  }

  /** Sends what is answered in a stream of its own. */
  #opened(message: Streamless): number {
    const stream = this.#streamCount++;
    this.#streams.set(stream, []);
    this.send({ ...message, stream });
    return stream;
  }

  #isThere(stream: number, first: StreamMessage): boolean {
    if (first.kind === "keptAbsent") this.#streams.delete(stream);
    else this.#streams.get(stream)!.unshift(first);
    return first.kind !== "keptAbsent";
  }

  #placeIn(stream: number, answer: StreamMessage): BlockPlace {
    this.#streams.delete(stream);
    if (answer.kind === "streamFailed") throw errorOf(answer.failure);
    return answer.kind === "keptBlock" ? answer.place : "nowhere";
  }

  /** What comes for a stream; `id`: the kept partition that it reads. */
  *#pieces(stream: number, id?: KeptId): Generator<Uint8Array> {
    let open = true;
    try {
      while (true) {
        const message = this.#nextOf(this.#streams.get(stream)!);
        if (message.kind !== "piece") {
          open = false;
          return throwWhere(message, id);
        }
        yield message.bytes;
        this.send({ kind: "more", stream });
      }
    } finally {
      this.#streams.delete(stream);
      if (open) this.send({ kind: "close", stream });
    }
  }

  async *#piecesLater(stream: number, id: KeptId): AsyncGenerator<Uint8Array> {
    let open = true;
    try {
      while (true) {
        const message = await this.#nextOfLater(this.#streams.get(stream)!);
        if (message.kind !== "piece") {
          open = false;
          return throwWhere(message, id);
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
      await this.#arrival();
    }
  }

  /** Blocks until the control thread says that all tasks of the stage are here, or will not be. */
  meet(meeting: Meeting, message: string): readonly string[] {
    this.send({ kind: "meet", meeting, message });
    while (this.#answer === undefined) this.#sort(this.#input.receive());
    const answer = this.#answer;
    this.#answer = undefined;
    if (answer.kind === "notMet") throw errorOf(answer.failure);
    return answer.messages;
  }

  /** Starts the program of a pipe of the stage; what goes wrong is thrown where it is read from. */
  pipe(pipe: number): PipedProgram {
    const stream = this.#streamCount++;
    const waiting: StreamMessage[] = [];
    this.#programs.set(stream, waiting);
    this.send({ kind: "pipe", stream, pipe });
    return new LinkedProgram(stream, {
      send: (message) => this.send(message),
      next: () => this.#nextOf(waiting),
      nextLater: async () => {
        while (waiting.length === 0) await this.#arrival();
        return waiting.shift()!;
      },
      forget: () => this.#programs.delete(stream),
    });
  }

  #nextOf(waiting: StreamMessage[]): StreamMessage {
    while (true) {
      const next = waiting.shift();
      if (next !== undefined) return next;
      this.#sort(this.#input.receive());
    }
  }

  async #nextOfLater(waiting: StreamMessage[]): Promise<StreamMessage> {
    while (waiting.length === 0) await this.#arrival();
    return waiting.shift()!;
  }

  #arrival(): Promise<void> {
    return this.#arriving ??= this.#input.receiveLater().then((encoded) => {
      this.#arriving = undefined;
      this.#sort(encoded);
    });
  }

  #sort(encoded: Uint8Array | undefined): void {
    if (encoded === undefined) throw new CancelledError("Cancelled", "the executor is ending");
    const message = decodeMessage<ToWorker>(encoded, toWorkerShapes);
    if (message.kind === "met" || message.kind === "notMet") {
      this.#answer = message;
      return;
    }
    const { stream } = message as StreamMessage;
    // What comes for a stream that was closed in the meantime has no queue any more.
    (this.#streams.get(stream) ?? this.#programs.get(stream))?.push(message as StreamMessage);
  }
}

/** The end of a stream is no error, unless it says so; `id`: the kept partition that it reads. */
function throwWhere(end: StreamMessage, id: KeptId | undefined): void {
  if (end.kind === "streamFailed") throw errorOf(end.failure);
  if (end.kind === "keptAbsent" && id !== undefined) throw new KeptLost([id], end.detail);
}

type ProgramHost = Readonly<{
  send: (message: FromWorker) => void;
  next: () => StreamMessage;
  nextLater: () => Promise<StreamMessage>;
  forget: () => void;
}>;

class LinkedProgram implements PipedProgram {
  readonly #stream: number;
  readonly #host: ProgramHost;
  #credits = FEEDS_AHEAD;
  #takesInput = true;
  #isOpen = true;

  constructor(stream: number, host: ProgramHost) {
    this.#stream = stream;
    this.#host = host;
  }

  get hasRoom(): boolean {
    return this.#takesInput && this.#credits > 0;
  }

  feed(bytes: Uint8Array): void {
    assert(this.hasRoom, "a program was fed more than it has room for");
    this.#credits--;
    this.#host.send({ kind: "feed", stream: this.#stream, bytes });
  }

  endInput(): void {
    if (!this.#takesInput) return;
    this.#takesInput = false;
    this.#host.send({ kind: "feedEnded", stream: this.#stream });
  }

  next(): Uint8Array | "fed" | "ended" {
    return this.#heard(this.#host.next());
  }

  async nextLater(): Promise<Uint8Array | "fed" | "ended"> {
    return this.#heard(await this.#host.nextLater());
  }

  [Symbol.dispose](): void {
    this.#host.forget();
    if (this.#isOpen) this.#host.send({ kind: "close", stream: this.#stream });
    this.#isOpen = false;
  }

  #heard(message: StreamMessage): Uint8Array | "fed" | "ended" {
    switch (message.kind) {
      case "piece":
        this.#host.send({ kind: "more", stream: this.#stream });
        return message.bytes;
      case "fed":
        this.#credits++;
        this.#takesInput &&= message.wanted;
        return "fed";
      case "streamEnded":
      case "keptAbsent":
      case "keptBlock":
        this.#isOpen = this.#takesInput = false;
        return "ended";
      case "streamFailed":
        this.#isOpen = this.#takesInput = false;
        throw errorOf(message.failure);
    }
  }
}
