/**
 * A platform whose Nth operation fails: the way in for every fault that a disk can have.
 *
 *     task ──► faultyPlatform ── counts, fails the Nth ──► denoPlatform
 *
 * It stands where the product calls the system, so that a sweep over N meets every operation that a
 * job does, in every place of the code that does one. Only operations to which a fault applies are
 * counted: the Nth read of a short read, whatever was written between.
 */
import {
  FileError,
  type FileErrorKind,
  type Files,
  type Platform,
  type ReadableFile,
  type WritableFile,
} from "../../core/platform.ts";

/**
 * - `EIO`: any operation is refused, and nothing is done.
 * - `ENOSPC`: a file or folder is not made, or of what is to be written the first half is.
 * - `short read`: a read gives half of what there is, as if the file ended there.
 * - `EOF`: a read gives nothing.
 * - `short write`: half of the bytes are written before the disk fails.
 * - `close error`: a file is closed or synced, and the system says that something went wrong.
 */
export const FAULTS = [
  "EIO",
  "ENOSPC",
  "short read",
  "EOF",
  "short write",
  "close error",
] as const;
export type Fault = typeof FAULTS[number];

/** Which operation fails: the `nth` from 1 on, and with `forever` all after it. */
export type FaultPlan = Readonly<{ fault: Fault; nth: number; forever: boolean }>;

/** Of files; and of messages, which are received and sent (faulty_messages.ts). */
type Act = "read" | "write" | "make" | "close" | "sync" | "other" | "receive" | "send";

const STRIKES: Readonly<Record<Fault, readonly Act[]>> = {
  "EIO": ["read", "write", "make", "sync", "other", "receive", "send"],
  "ENOSPC": ["write", "make", "sync", "send"],
  "short read": ["read", "receive"],
  "EOF": ["read", "receive"],
  "short write": ["write", "send"],
  "close error": ["close", "sync"],
};

/** Words of shared memory: the operations so far, the faults so far; is it armed, is a fault known? */
const [OPERATIONS, FIRED, ARMED, KNOWN] = [0, 1, 2, 3];

/** Counts operations, in all threads that share its memory, and says which of them fail. */
export class Faults {
  readonly plan: FaultPlan;
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  /** Called when an operation fails. */
  readonly #told: (what: string) => void;

  constructor(
    plan: FaultPlan,
    memory = new SharedArrayBuffer(16),
    told: (what: string) => void = () => undefined,
  ) {
    this.plan = plan;
    this.memory = memory;
    this.#words = new Int32Array(memory);
    this.#told = told;
  }

  /** The operations that the fault applies to, while it was armed. */
  get operations(): number {
    return Atomics.load(this.#words, OPERATIONS);
  }

  get fired(): number {
    return Atomics.load(this.#words, FIRED);
  }

  /** From now on operations count, and fail when it is their turn. */
  arm(): void {
    Atomics.store(this.#words, ARMED, 1);
  }

  disarm(): void {
    Atomics.store(this.#words, ARMED, 0);
  }

  /** Says in all threads that somebody knows of the fault. */
  know(): void {
    Atomics.store(this.#words, KNOWN, 1);
    Atomics.notify(this.#words, KNOWN);
  }

  /** Blocks until another thread knows of the fault. */
  waitUntilKnown(): void {
    Atomics.wait(this.#words, KNOWN, 0);
  }

  /** Counts an operation; true if it is to fail. */
  strikes(act: Act, path: string): boolean {
    const { fault, nth, forever } = this.plan;
    if (Atomics.load(this.#words, ARMED) === 0 || !STRIKES[fault].includes(act)) return false;
    const count = Atomics.add(this.#words, OPERATIONS, 1) + 1;
    if (count !== nth && !(forever && count > nth)) return false;
    Atomics.add(this.#words, FIRED, 1);
    this.#told(`${fault} at operation ${count}: ${act} ${path}`);
    return true;
  }

  /** The error of a fault that refuses. */
  error(act: string, path: string): FileError {
    const isFull = this.plan.fault === "ENOSPC";
    const kind: FileErrorKind = isFull ? "noSpace" : "other";
    const text = isFull
      ? "No space left on device (os error 28)"
      : "Input/output error (os error 5)";
    return new FileError(kind, act, path, { cause: new Error(`${text}, made by a test`) });
  }
}

/** `platform`, but what `faults` strikes goes wrong. */
export function faultyPlatform(platform: Platform, faults: Faults): Platform {
  const refuse = (act: Act, name: string, path: string) => {
    if (faults.strikes(act, path)) throw faults.error(name, path);
  };
  const { files } = platform;
  const faulty: Files = {
    info: (path) => (refuse("other", "look at", path), files.info(path)),
    list: (path) => (refuse("other", "list", path), files.list(path)),
    realPath: (path) => (refuse("other", "resolve", path), files.realPath(path)),
    open: (path) => (refuse("other", "open", path), new FaultyReadable(files.open(path), faults)),
    create(path, options) {
      refuse("make", "create", path);
      return new FaultyWritable(files.create(path, options), faults);
    },
    makeFolder: (
      path,
      options,
    ) => (refuse("make", "make the folder", path), files.makeFolder(path, options)),
    rename: (from, to) => (refuse("other", "rename", from), files.rename(from, to)),
    remove: (path) => (refuse("other", "remove", path), files.remove(path)),
    async syncLater(path) {
      refuse("sync", "sync", path);
      await files.syncLater(path);
    },
  };
  return { ...platform, files: faulty };
}

class FaultyReadable implements ReadableFile {
  readonly #file: ReadableFile;
  readonly #faults: Faults;
  #isOpen = true;

  constructor(file: ReadableFile, faults: Faults) {
    this.#file = file;
    this.#faults = faults;
  }

  get path(): string {
    return this.#file.path;
  }

  get bytes(): number {
    return this.#file.bytes;
  }

  readAt(offset: number, into: Uint8Array): number {
    const part = this.#struck(into);
    return part.length === 0 && into.length > 0 ? 0 : this.#file.readAt(offset, part);
  }

  async readAtLater(offset: number, into: Uint8Array): Promise<number> {
    const part = this.#struck(into);
    return part.length === 0 && into.length > 0 ? 0 : await this.#file.readAtLater(offset, part);
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (this.#faults.strikes("close", this.path)) throw this.#faults.error("close", this.path);
  }

  /** What is to be filled: all, or less where the file seems to end early. */
  #struck(into: Uint8Array): Uint8Array {
    if (!this.#faults.strikes("read", this.path)) return into;
    const { fault } = this.#faults.plan;
    if (fault === "EIO") throw this.#faults.error("read", this.path);
    return into.subarray(0, fault === "EOF" ? 0 : into.length >> 1);
  }
}

class FaultyWritable implements WritableFile {
  readonly #file: WritableFile;
  readonly #faults: Faults;
  #isOpen = true;

  constructor(file: WritableFile, faults: Faults) {
    this.#file = file;
    this.#faults = faults;
  }

  get path(): string {
    return this.#file.path;
  }

  get bytes(): number {
    return this.#file.bytes;
  }

  append(bytes: Uint8Array): void {
    if (!this.#faults.strikes("write", this.path)) return this.#file.append(bytes);
    if (this.#faults.plan.fault !== "EIO") this.#file.append(bytes.subarray(0, bytes.length >> 1));
    throw this.#faults.error("write", this.path);
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (this.#faults.strikes("close", this.path)) throw this.#faults.error("close", this.path);
  }
}
