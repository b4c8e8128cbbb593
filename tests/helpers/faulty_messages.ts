/**
 * Connections and rings of which the Nth operation fails, as those on files do (faulty_platform.ts).
 *
 * | fault         | connection                                  | ring                                   |
 * | ------------- | ------------------------------------------- | -------------------------------------- |
 * | `EIO`         | reading or writing is refused               | one side has broken it                 |
 * | `ENOSPC`      | half is written, the rest is refused        |                                        |
 * | `short read`  | one byte is read: no harm                   |                                        |
 * | `short write` | half is written: no harm                    | half a message, and the worker is gone |
 * | `EOF`         | the other side seems to have closed         | the worker is gone                     |
 */
import type { SocketListener } from "../../runtime/local/pool.ts";
import type { ByteStream } from "../../workers/channel.ts";
import { RingReader, RingWriter } from "../../workers/ring.ts";
import type { Faults } from "./faulty_platform.ts";

const exit = Deno.exit;

/** One end of a connection. */
export class FaultyStream implements ByteStream {
  readonly #stream: ByteStream;
  readonly #faults: Faults;
  /** The other end, for people. */
  readonly #to: string;

  constructor(stream: ByteStream, faults: Faults, to: string) {
    this.#stream = stream;
    this.#faults = faults;
    this.#to = to;
  }

  async read(into: Uint8Array): Promise<number | null> {
    if (!this.#faults.strikes("receive", this.#to)) return await this.#stream.read(into);
    const { fault } = this.#faults.plan;
    if (fault === "EOF") return null;
    if (fault === "short read") return await this.#stream.read(into.subarray(0, 1));
    throw this.#faults.error("receive from", this.#to);
  }

  async write(bytes: Uint8Array): Promise<number> {
    if (!this.#faults.strikes("send", this.#to)) return await this.#stream.write(bytes);
    const { fault } = this.#faults.plan;
    const half = bytes.subarray(0, Math.ceil(bytes.length / 2));
    const written = fault === "EIO" ? 0 : await this.#stream.write(half);
    if (fault === "short write") return written;
    throw this.#faults.error("send to", this.#to);
  }

  close(): void {
    this.#stream.close();
  }
}

/** What listens as `listener` does, for connections that fail. */
export function faultyListener(listener: SocketListener, faults: Faults): SocketListener {
  return {
    unref: () => listener.unref(),
    close: () => listener.close(),
    async *[Symbol.asyncIterator]() {
      for await (const connection of listener) {
        const stream = new FaultyStream(connection, faults, "an executor");
        yield Object.assign(stream, { unref: () => connection.unref() });
      }
    },
  };
}

/** A worker's side of the ring from its control thread. */
export class FaultyReader extends RingReader {
  readonly #faults: Faults;

  constructor(memory: SharedArrayBuffer, faults: Faults) {
    super(memory);
    this.#faults = faults;
  }

  override receive(): Uint8Array | undefined {
    this.#strike();
    return super.receive();
  }

  override async receiveLater(): Promise<Uint8Array | undefined> {
    this.#strike();
    return await super.receiveLater();
  }

  #strike(): void {
    if (!this.#faults.strikes("receive", "the control thread")) return;
    if (this.#faults.plan.fault === "EOF") leave();
    this.break();
  }
}

/** A worker's side of the ring to its control thread. */
export class FaultyWriter extends RingWriter {
  readonly #faults: Faults;

  constructor(memory: SharedArrayBuffer, faults: Faults) {
    super(memory);
    this.#faults = faults;
  }

  override send(parts: readonly Uint8Array[]): void {
    if (!this.#faults.strikes("send", "the control thread")) return super.send(parts);
    if (this.#faults.plan.fault === "short write") {
      const [first, second, ...rest] = parts;
      try {
        super.send([first!, new Uncopied(second!), ...rest]);
      } catch {
        return leave();
      }
    }
    this.break();
    super.send(parts);
  }
}

/** Bytes that are announced with their message and never get there. */
class Uncopied extends Uint8Array {
  override subarray(): never {
    throw new Error("the message is cut here");
  }
}

/** The worker is gone, without a word. */
function leave(): never {
  exit();
  throw new Error("the worker is gone");
}
