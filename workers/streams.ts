/**
 * The inputs that a worker has open, as its control thread feeds them.
 *
 *     Source.read ──► piece ──► ring ──► worker        at most PIECES_AHEAD that were not taken yet
 *
 * Reading runs ahead of the worker, so that the disk or the network works while records are made.
 */
import { reportOf } from "../core/errors.ts";
import { KeptAbsent } from "./kept_errors.ts";
import type { ToWorker } from "./protocol.ts";

const PIECES_AHEAD = 3;

type Stream = { credits: number; wake: (() => void) | undefined; closed: boolean };

export class Streams {
  readonly #streams = new Map<number, Stream>();
  readonly #send: (message: ToWorker) => Promise<void>;

  constructor(send: (message: ToWorker) => Promise<void>) {
    this.#send = send;
  }

  /** Feeds `pieces` to the worker until they end, fail or are no longer wanted. */
  open(id: number, pieces: () => AsyncIterable<Uint8Array>): void {
    const stream: Stream = { credits: PIECES_AHEAD, wake: undefined, closed: false };
    this.#streams.set(id, stream);
    void this.#feed(id, stream, pieces);
  }

  /** The worker has taken a piece. */
  more(id: number): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    stream.credits++;
    stream.wake?.();
  }

  close(id: number): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    this.#streams.delete(id);
    stream.closed = true;
    stream.wake?.();
  }

  /** Ends all inputs at once; a worker that waits for one of them gets `error`. */
  async failAll(error: Error): Promise<void> {
    const failure = reportOf(error);
    const ids = [...this.#streams.keys()];
    for (const id of ids) this.close(id);
    for (const stream of ids) await this.#send({ kind: "streamFailed", stream, failure });
  }

  async #feed(
    id: number,
    stream: Stream,
    pieces: () => AsyncIterable<Uint8Array>,
  ): Promise<void> {
    try {
      for await (const bytes of pieces()) {
        while (stream.credits === 0 && !stream.closed) {
          await new Promise<void>((resolve) => stream.wake = resolve);
        }
        if (stream.closed) return;
        stream.credits--;
        await this.#send({ kind: "piece", stream: id, bytes });
      }
      if (!stream.closed) await this.#send({ kind: "streamEnded", stream: id });
    } catch (error) {
      if (stream.closed) return;
      await this.#send(
        error instanceof KeptAbsent
          ? { kind: "keptAbsent", stream: id, detail: error.message }
          : { kind: "streamFailed", stream: id, failure: reportOf(error) },
      );
    } finally {
      this.#streams.delete(id);
    }
  }
}
