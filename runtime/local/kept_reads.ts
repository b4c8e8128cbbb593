/**
 * The driver's part when an executor reads what another one keeps (workers/kept_exports.ts): it hands
 * on the wish and the answer, and answers for those who are gone.
 */
import type { ExecutorId } from "../../core/task.ts";
import type { FromExecutor, ToExecutor } from "../../workers/protocol.ts";

type Wish = Readonly<{ reader: ExecutorId; request: number }>;

export class KeptReads {
  readonly #send: (executor: ExecutorId, message: ToExecutor) => void;
  /** The wishes that wait for an answer, by the executor that is to give it. */
  readonly #open = new Map<ExecutorId, Wish[]>();

  constructor(send: (executor: ExecutorId, message: ToExecutor) => void) {
    this.#send = send;
  }

  /** An executor can be asked from now on. */
  welcome(executor: ExecutorId): void {
    this.#open.set(executor, []);
  }

  wanted(reader: ExecutorId, message: FromExecutor & { kind: "wantKept" }): void {
    const { request, dataset, partition, executor: holder, damaged } = message;
    const open = this.#open.get(holder);
    if (open === undefined) return this.#send(reader, { kind: "keptFile", request });
    open.push({ reader, request });
    const found = damaged === undefined ? {} : { damaged };
    this.#send(holder, { kind: "exportKept", reader, request, dataset, partition, ...found });
  }

  exported(holder: ExecutorId, message: FromExecutor & { kind: "keptExported" }): void {
    const { reader, request, file } = message;
    const open = this.#open.get(holder);
    const index = open?.findIndex((wish) => wish.reader === reader && wish.request === request);
    if (open === undefined || index === undefined || index < 0) return;
    open.splice(index, 1);
    this.#send(reader, { kind: "keptFile", request, ...(file === undefined ? {} : { file }) });
  }

  /** An executor is gone: whoever waits for its answer gets one. */
  lost(executor: ExecutorId): void {
    const open = this.#open.get(executor) ?? [];
    this.#open.delete(executor);
    for (const { reader, request } of open) this.#send(reader, { kind: "keptFile", request });
  }
}
