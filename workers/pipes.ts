/**
 * The programs that records of a slot's task are piped through, as its control thread runs them.
 *
 *     worker ── feed ──► written to the program ── fed ──►      at most FEEDS_AHEAD (worker_link.ts)
 *            ◄─ piece ── read from the program                  at most PIECES_AHEAD (streams.ts)
 *
 * They run here and not in the worker, so that the user's functions beside them may run nothing. Which
 * program it is the driver has said, with the stage; the worker only names one of them.
 */
import { type ErrorCode, PlanError, shown, TaskError } from "../core/errors.ts";
import type { PipeCommand } from "../core/plan/ops.ts";
import { FileError } from "../core/platform.ts";
import type { Task } from "../core/task.ts";
import type { FromExecutor, ToWorker } from "./protocol.ts";
import type { Streams } from "./streams.ts";

/** A program that was started. */
export interface RunningProgram {
  readonly pid: number;
  /** What it writes. */
  readonly output: AsyncIterable<Uint8Array>;
  /** What it says to the one who started it. */
  readonly errors: AsyncIterable<Uint8Array>;
  /** Resolves once the system has taken the bytes; rejects where the program reads no more. */
  write(bytes: Uint8Array): Promise<void>;
  /** It gets no more; also where it reads no more. */
  endInput(): Promise<void>;
  readonly ended: Promise<Readonly<{ code: number; signal: string | undefined }>>;
  /** Ends it at once, with all that it has started. */
  kill(): void;
}

export type PipesHost = Readonly<{
  /** Throws a FileError where the program cannot be started. */
  startProgram: (command: PipeCommand) => RunningProgram;
  streams: Streams;
  send: (message: ToWorker) => Promise<void>;
  report: (message: FromExecutor) => Promise<void>;
  /** Writes to the log of the executor. */
  print: (text: string) => void;
}>;

type Piped = { readonly program: RunningProgram; lastWrite: Promise<void>; isRead: boolean };

const LAST_WORDS_CHARS = 1_000;
/** Something that the program left behind may hold its error output open. */
const LAST_WORDS_MS_MAX = 500;

export class Pipes {
  readonly #host: PipesHost;
  readonly #piped = new Map<number, Piped>();

  constructor(host: PipesHost) {
    this.#host = host;
  }

  /** Starts the program of `command`; what it writes is the stream. */
  open(stream: number, command: PipeCommand, task: Task): void {
    let program: RunningProgram;
    try {
      program = this.#host.startProgram(command);
    } catch (error) {
      return this.#host.streams.open(stream, () => failing(notStarted(command, error)));
    }
    this.#piped.set(stream, { program, lastWrite: Promise.resolve(), isRead: true });
    this.#host.streams.open(stream, () => this.#output(stream, program, command, task));
  }

  /** Hands bytes to the program of the stream, after those before; says when it has read them. */
  feed(stream: number, bytes: Uint8Array): void {
    const piped = this.#piped.get(stream);
    if (piped === undefined) return;
    piped.lastWrite = piped.lastWrite.then(async () => {
      // That a program reads no more is no fault: `head` is meant to.
      if (piped.isRead) await piped.program.write(bytes).catch(() => void (piped.isRead = false));
      await this.#host.send({ kind: "fed", stream, wanted: piped.isRead });
    });
  }

  feedEnded(stream: number): void {
    const piped = this.#piped.get(stream);
    if (piped === undefined) return;
    piped.lastWrite = piped.lastWrite.then(() => piped.program.endInput());
  }

  /** Nobody reads the stream any more. */
  close(stream: number): void {
    this.#piped.get(stream)?.program.kill();
  }

  closeAll(): void {
    for (const { program } of this.#piped.values()) program.kill();
  }

  async *#output(
    stream: number,
    program: RunningProgram,
    command: PipeCommand,
    task: Task,
  ): AsyncGenerator<Uint8Array> {
    const { pid } = program;
    void this.#host.report({ kind: "programStarted", pid });
    const ended = program.ended.finally(() => this.#host.report({ kind: "programEnded", pid }));
    const lastWords = this.#lastWords(program);
    try {
      yield* program.output;
      const { code, signal } = await ended;
      if (command.checkCode && code !== 0) {
        throw badEnd(command, signal ?? `exit code ${code}`, await lastWords(), task);
      }
    } finally {
      program.kill();
      this.#piped.delete(stream);
    }
  }

  /** Hands on what the program says, and remembers the end of it. */
  #lastWords({ errors }: RunningProgram): () => Promise<string> {
    let last = "";
    const decoder = new TextDecoder();
    const listen = async () => {
      for await (const bytes of errors) {
        const text = decoder.decode(bytes, { stream: true });
        this.#host.print(text);
        last = (last + text).slice(-LAST_WORDS_CHARS);
      }
    };
    const heard = listen().catch(() => undefined);
    return async () => {
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, LAST_WORDS_MS_MAX);
      await Promise.race([heard, late]);
      clearTimeout(timer);
      return last.trim();
    };
  }
}

// deno-lint-ignore require-yield -- a stream that has nothing but its failure
async function* failing(error: Error): AsyncGenerator<Uint8Array> {
  await Promise.reject(error);
}

const REASONS: Readonly<Partial<Record<FileError["kind"], [ErrorCode, string, string]>>> = {
  notFound: [
    "NotAvailable",
    "there is no such program",
    "Install it, or give the path of the program; PATH of env counts where it is set",
  ],
  denied: ["PermissionDenied", "the system denies it", "It must be a file that can be executed"],
};

function notStarted({ argv: [program] }: PipeCommand, error: unknown): Error {
  const kind = error instanceof FileError ? error.kind : "other";
  const cause = error instanceof FileError ? error.cause : error;
  const said = cause instanceof Error ? cause.message : String(cause);
  const [code, reason, cure] = REASONS[kind] ??
    ["NotAvailable", said, "See the limits of the system, such as the length of all arguments"];
  return new PlanError(code, `Cannot run ${shown(program)} for pipe(): ${reason}`, cure, { cause });
}

function badEnd({ argv }: PipeCommand, how: string, lastWords: string, task: Task): Error {
  const said = lastWords === "" ? "" : `\n  It said at last: ${lastWords}`;
  const command = shown(argv.join(" "));
  return new TaskError(
    "TaskFailed",
    `The program ${command} of pipe() ended with ${how}${said}`,
    task,
  );
}
