/**
 * Messages over a stream of bytes, such as a Unix domain socket.
 *
 *     message ──► frame │ frame │ … │ last frame        frame:  u32 length │ u8 last │ bytes
 *
 * A message of any length goes in frames of at most 1 MB, so that nobody allocates what a damaged
 * length says. Sending waits while the other side lags behind; several may send at once, their
 * messages go one after the other.
 */
import { assert, JobError } from "../core/errors.ts";
import { decodeMessage, encodeMessage, type Message, type Shapes } from "./protocol.ts";

/** The two ends of a stream: what `Deno.Conn` and its like on other runtimes have. */
export interface ByteStream {
  /** Reads some bytes; null at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes some of the bytes and returns how many. */
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

const FRAME_BYTES_MAX = 1 << 20;
const FRAME_HEADER_BYTES = 5;
const MESSAGE_BYTES_MAX = 2 ** 31;
const READ_BYTES = 256 << 10;
/** Parts up to this size are copied together, to be written in one call. */
const SMALL_BYTES = 32 << 10;

/** The other side has closed, or is gone, before a message was whole. */
export class MessageCutShort extends JobError {
  constructor() {
    super("ExecutorLost", "the channel of an executor ended within a message");
  }
}

/** One end of a connection on which `Out` is said and `In` is heard. */
export class Channel<Out extends Message, In extends Message> {
  readonly #stream: ByteStream;
  readonly #shapes: Shapes<In>;
  /** What has been read and not taken yet. */
  readonly #buffer = new Uint8Array(READ_BYTES);
  #start = 0;
  #end = 0;
  #lastSend: Promise<void> = Promise.resolve();
  #closed = false;
  /** Why this side has closed, where something could not be sent. */
  #fault: Error | undefined;

  constructor(stream: ByteStream, shapes: Shapes<In>) {
    this.#stream = stream;
    this.#shapes = shapes;
  }

  /**
   * Resolves once the system has taken the message. Where it cannot be sent the connection is closed,
   * as the other side would wait for it in vain or take what follows for the rest of it: this
   * rejects, and so do `messages`.
   */
  send(message: Out): Promise<void> {
    const parts = encodeMessage(message);
    const sent = this.#lastSend.then(() => this.#write(parts));
    this.#lastSend = sent.catch(() => undefined);
    return sent;
  }

  /**
   * The messages of the other side, until it closes. Throws a JobError if one is damaged or cut short,
   * and what the stream throws.
   */
  async *messages(): AsyncGenerator<In> {
    for (let next = await this.#next(); next !== undefined; next = await this.#next()) {
      yield decodeMessage<In>(next, this.#shapes);
    }
  }

  /** Closes the connection; what waits on it ends. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stream.close();
  }

  async #write(parts: readonly Uint8Array[]): Promise<void> {
    try {
      for (const frame of framesOf(parts)) {
        for (const piece of frame) await this.#writeAll(piece);
      }
    } catch (error) {
      if (!this.#closed) this.#fault = error as Error;
      this.close();
      throw error;
    }
  }

  async #writeAll(piece: Uint8Array): Promise<void> {
    let written = 0;
    while (written < piece.length) written += await this.#stream.write(piece.subarray(written));
  }

  async #next(): Promise<Uint8Array | undefined> {
    const frames: Uint8Array[] = [];
    let bytes = 0;
    const header = new Uint8Array(FRAME_HEADER_BYTES);
    while (true) {
      if (!await this.#fill(header)) {
        if (frames.length > 0) throw new MessageCutShort();
        return undefined;
      }
      const length = new DataView(header.buffer).getUint32(0, true);
      const last = header[4] === 1;
      bytes += length;
      if (length > FRAME_BYTES_MAX || bytes > MESSAGE_BYTES_MAX || header[4]! > 1) {
        throw damaged(`a frame of ${length} bytes was announced`);
      }
      const frame = new Uint8Array(length);
      if (!await this.#fill(frame) && length > 0) throw new MessageCutShort();
      frames.push(frame);
      if (last) return frames.length === 1 ? frames[0] : joined(frames, bytes);
    }
  }

  /** Fills `into`; false if the stream ended before its first byte. */
  async #fill(into: Uint8Array): Promise<boolean> {
    let filled = 0;
    while (filled < into.length) {
      if (this.#start < this.#end) {
        const count = Math.min(into.length - filled, this.#end - this.#start);
        into.set(this.#buffer.subarray(this.#start, this.#start + count), filled);
        this.#start += count;
        filled += count;
        continue;
      }
      const wanted = into.length - filled;
      const direct = wanted >= READ_BYTES;
      const count = await this.#read(direct ? into.subarray(filled) : this.#buffer);
      if (count === null) {
        if (filled > 0) throw new MessageCutShort();
        return false;
      }
      if (direct) {
        filled += count;
      } else {
        this.#start = 0;
        this.#end = count;
      }
    }
    return true;
  }

  /** Null also where this side has closed, unless it had to. */
  async #read(into: Uint8Array): Promise<number | null> {
    let count: number | null = null;
    try {
      count = await this.#stream.read(into);
    } catch (error) {
      if (!this.#closed) throw error;
    }
    if (this.#fault !== undefined) throw this.#fault;
    return count;
  }
}

/** Frames, each as pieces to be written one after the other. Small messages are one piece. */
function* framesOf(parts: readonly Uint8Array[]): Generator<readonly Uint8Array[]> {
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  assert(total <= MESSAGE_BYTES_MAX, `a message of ${total} bytes is too long for a channel`);
  if (total <= SMALL_BYTES) {
    yield [joined([frameHeader(total, true), ...parts], FRAME_HEADER_BYTES + total)];
    return;
  }
  let left = total;
  let frame: Uint8Array[] = [];
  let room = Math.min(left, FRAME_BYTES_MAX);
  frame.push(frameHeader(room, room === left));
  for (const part of parts) {
    let from = 0;
    while (from < part.length) {
      const count = Math.min(part.length - from, room);
      frame.push(part.subarray(from, from + count));
      from += count;
      left -= count;
      room -= count;
      if (room > 0 || left === 0) continue;
      yield frame;
      room = Math.min(left, FRAME_BYTES_MAX);
      frame = [frameHeader(room, room === left)];
    }
  }
  yield frame;
}

function frameHeader(length: number, last: boolean): Uint8Array {
  const header = new Uint8Array(FRAME_HEADER_BYTES);
  new DataView(header.buffer).setUint32(0, length, true);
  header[4] = last ? 1 : 0;
  return header;
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function damaged(what: string): JobError {
  return new JobError("ExecutorLost", `the channel of an executor is damaged: ${what}`);
}
