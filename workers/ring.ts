/**
 * A byte ring in shared memory between two threads: one writes, one reads.
 *
 *     writer ──► [ ....██████████████...... ] ──► reader       a message: length, then its bytes;
 *                      ▲ read        ▲ written                 one longer than the ring goes in pieces
 *
 * Each side comes in two forms that speak the same way: one blocks its thread (`send`, `receive`:
 * the worker, which must not await between two records), one awaits (`sendLater`, `receiveLater`:
 * the control thread, which must stay awake). Positions count bytes and wrap at 2^32.
 *
 * A side that has to wait notes the other side's signal first, looks for room or bytes second, and
 * then sleeps only if the signal is still the same. Whatever happens in between, be it a byte, the
 * end or a break, changes the signal, so no wake-up is lost and neither side hangs.
 */
import { assert, FlintError } from "../core/errors.ts";

/** Taken before any user code runs in the thread. */
const { add, compareExchange, load, notify, store, wait, waitAsync } = Atomics;
const { min } = Math;

/** The words at the start of the shared memory. */
const WRITTEN = 0;
const READ = 1;
/** Changes when there may be more to read. */
const READABLE = 2;
/** Changes when there may be more room. */
const WRITABLE = 3;
const STATE = 4;

const OPEN = 0;
/** The writer will write no more; what is there can still be read. */
const ENDED = 1;
/** One side has given up; what is there is void. */
const BROKEN = 2;

const CONTROL_BYTES = 64;
const LENGTH_BYTES = 4;
/** A length above it can only be damage. */
const MESSAGE_BYTES_MAX = 2 ** 31 - 1;

/** The other side of a ring has gone: nothing sent arrives any more, nothing more comes. */
export class RingBrokenError extends FlintError {
  constructor() {
    super("Cancelled", "the other side of the ring is gone");
  }
}

/** Shared memory for a ring. `bytes` is its capacity: a power of two up to 2^30. */
export function createRing(bytes: number): SharedArrayBuffer {
  assert(
    Number.isInteger(Math.log2(bytes)) && bytes >= 8 && bytes <= 2 ** 30,
    `a ring of ${bytes} bytes is not a power of two`,
  );
  return new SharedArrayBuffer(CONTROL_BYTES + bytes);
}

/** What both sides know: the words, the bytes and how to wait for one another. */
class Side {
  protected readonly words: Int32Array;
  protected readonly bytes: Uint8Array;
  protected readonly mask: number;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory, 0, CONTROL_BYTES / 4);
    this.bytes = new Uint8Array(memory, CONTROL_BYTES);
    this.mask = this.bytes.length - 1;
  }

  protected get state(): number {
    return load(this.words, STATE);
  }

  /** How many bytes lie between the two positions. */
  protected get filled(): number {
    return (load(this.words, WRITTEN) - load(this.words, READ)) >>> 0;
  }

  protected wake(signal: number): void {
    add(this.words, signal, 1);
    notify(this.words, signal);
  }

  protected sleep(signal: number, seen: number): void {
    wait(this.words, signal, seen);
  }

  protected async sleepLater(signal: number, seen: number): Promise<void> {
    const outcome = waitAsync(this.words, signal, seen);
    if (outcome.async) await outcome.value;
  }

  /** Gives up: both sides throw a RingBrokenError from now on, also where they are waiting. */
  break(): void {
    store(this.words, STATE, BROKEN);
    this.wake(READABLE);
    this.wake(WRITABLE);
  }
}

/** The writing side. Messages are sent whole and in order; only one `send` runs at a time. */
export class RingWriter extends Side {
  /** Sends the parts as one message; blocks the thread while the ring is full. */
  send(parts: readonly Uint8Array[]): void {
    for (const part of this.#framed(parts)) {
      let sent = 0;
      while (sent < part.length) {
        const seen = load(this.words, WRITABLE);
        const count = this.#put(part, sent);
        if (count === 0) this.sleep(WRITABLE, seen);
        sent += count;
      }
    }
  }

  /** The same for a thread that must not block. */
  async sendLater(parts: readonly Uint8Array[]): Promise<void> {
    for (const part of this.#framed(parts)) {
      let sent = 0;
      while (sent < part.length) {
        const seen = load(this.words, WRITABLE);
        const count = this.#put(part, sent);
        if (count === 0) await this.sleepLater(WRITABLE, seen);
        sent += count;
      }
    }
  }

  /** Says that no more will come. The reader gets what is there, then the end. */
  end(): void {
    compareExchange(this.words, STATE, OPEN, ENDED);
    this.wake(READABLE);
  }

  #framed(parts: readonly Uint8Array[]): readonly Uint8Array[] {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    assert(length <= MESSAGE_BYTES_MAX, `a message of ${length} bytes is too long for a ring`);
    const prefix = new Uint8Array(LENGTH_BYTES);
    new DataView(prefix.buffer).setUint32(0, length, true);
    return [prefix, ...parts];
  }

  /** Copies as much of `part` as there is room for, from `from` on; returns how much. */
  #put(part: Uint8Array, from: number): number {
    const state = this.state;
    if (state === BROKEN) throw new RingBrokenError();
    assert(state === OPEN, "a ring was written to after its end");
    const count = min(part.length - from, this.bytes.length - this.filled);
    if (count === 0) return 0;
    const written = load(this.words, WRITTEN);
    const at = written & this.mask;
    const first = min(count, this.bytes.length - at);
    this.bytes.set(part.subarray(from, from + first), at);
    if (first < count) this.bytes.set(part.subarray(from + first, from + count), 0);
    store(this.words, WRITTEN, written + count | 0);
    this.wake(READABLE);
    return count;
  }
}

/**
 * The reading side. How far the message at hand has come is kept here and not in the call: while a
 * `receiveLater` waits, a `receive` may go on where it stands, and the other gets the next message.
 */
export class RingReader extends Side {
  readonly #prefix = new Uint8Array(LENGTH_BYTES);
  /** What is being filled: the prefix, then the message. */
  #into = this.#prefix;
  #filled = 0;

  /** The next message in memory of its own, or undefined at the end; blocks the thread. */
  receive(): Uint8Array | undefined {
    for (;;) {
      const seen = load(this.words, READABLE);
      const message = this.#advance();
      if (message !== "later") return message;
      this.sleep(READABLE, seen);
    }
  }

  /** The same for a thread that must not block. */
  async receiveLater(): Promise<Uint8Array | undefined> {
    for (;;) {
      const seen = load(this.words, READABLE);
      const message = this.#advance();
      if (message !== "later") return message;
      await this.sleepLater(READABLE, seen);
    }
  }

  /** Waits until something can be received, or nothing more comes; calls nothing that can be replaced. */
  async readable(): Promise<void> {
    for (;;) {
      const seen = load(this.words, READABLE);
      if (this.filled > 0 || this.state !== OPEN) return;
      await this.sleepLater(READABLE, seen);
    }
  }

  /** Takes what there is, up to the end of the message; undefined at the end of the ring. */
  #advance(): Uint8Array | "later" | undefined {
    for (;;) {
      while (this.#filled < this.#into.length) {
        const count = this.#take(this.#into, this.#filled);
        if (count === undefined) return this.#ended();
        if (count === 0) return "later";
        this.#filled += count;
      }
      const filled = this.#into;
      this.#filled = 0;
      this.#into = filled === this.#prefix ? this.#allocate() : this.#prefix;
      if (filled !== this.#prefix) return filled;
    }
  }

  #allocate(): Uint8Array<ArrayBuffer> {
    const length = new DataView(this.#prefix.buffer).getUint32(0, true);
    assert(length <= MESSAGE_BYTES_MAX, `a ring announced a message of ${length} bytes`);
    return new Uint8Array(length);
  }

  /** Between two messages; a thread that is gone has maybe not come so far. */
  #ended(): undefined {
    if (this.#into !== this.#prefix || this.#filled > 0) throw new RingBrokenError();
  }

  /** Copies what there is into `into`, from `from` on; undefined at the end of the ring. */
  #take(into: Uint8Array, from: number): number | undefined {
    // The state is looked at before the bytes: the writer's last bytes come before its end.
    const state = this.state;
    if (state === BROKEN) throw new RingBrokenError();
    const count = min(into.length - from, this.filled);
    if (count === 0) return state === ENDED ? undefined : 0;
    const read = load(this.words, READ);
    const at = read & this.mask;
    const first = min(count, this.bytes.length - at);
    into.set(this.bytes.subarray(at, at + first), from);
    if (first < count) into.set(this.bytes.subarray(0, count - first), from + first);
    store(this.words, READ, read + count | 0);
    this.wake(WRITABLE);
    return count;
  }
}
