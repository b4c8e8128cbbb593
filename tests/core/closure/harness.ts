/** A capturer as the driver has it, and a worker to call what it captured. */
import { type Capturer, createCapturer } from "../../../core/closure/capture.ts";
import type { Closure } from "../../../core/closure/closure.ts";
import { decodeValue, encodeValue } from "../../../core/codec/binary.ts";
import { ClosureError } from "../../../core/errors.ts";
import type { UserFunction } from "../../../core/plan/plan.ts";
import { createInspector } from "../../../runtime/inspector.ts";
import * as provided from "./fixtures/provided.ts";
import type { Answer, Request } from "./fixtures/worker.ts";

/** Stands for a broadcast variable: the worker has its own form of it. */
export class Shared {
  constructor(readonly id: number) {}
}

/** Stands for the SparkContext. */
export class Context {
  close(): void {}
}

/** A closure after a journey as bytes. */
export function sent(closure: Closure): Closure {
  return decodeValue(encodeValue(closure)) as Closure;
}

export type Harness = Readonly<{ capturer: Capturer; warnings: string[] }>;

export function newHarness(): Harness {
  const warnings: string[] = [];
  const capturer = createCapturer({
    inspector: createInspector(),
    provided: [{ name: "provided", exports: provided }],
    tokenOf(value) {
      if (value instanceof Shared) return { shared: value.id };
      if (value instanceof Context) {
        throw new ClosureError(
          "ContextOnlyOnDriver",
          "the SparkContext, which lives only on the driver",
          "Do it outside the function, or ship the values themselves",
        );
      }
      return undefined;
    },
    warn: (message) => warnings.push(message),
  });
  return { capturer, warnings };
}

/** A worker without permissions. */
export class Remote implements Disposable {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #calls = 0;

  constructor() {
    const url = new URL("./fixtures/worker.ts", import.meta.url);
    this.#worker = new Worker(url, { type: "module", deno: { permissions: "none" } });
    this.#worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      this.#waiting.get(data.id)!(data);
      this.#waiting.delete(data.id);
    };
  }

  /** The answer of the closure's function in the worker. */
  call(closure: Closure, args: unknown[] = []): Promise<Answer> {
    const request: Request = { id: ++this.#calls, closure: sent(closure), args };
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#waiting.set(request.id, resolve);
    this.#worker.postMessage(request);
    return promise;
  }

  async value({ capturer }: Harness, fn: UserFunction, args: unknown[] = []): Promise<unknown> {
    const { value, thrown, stack } = await this.call(capturer.capture(fn), args);
    if (thrown !== undefined) throw new Error(`in the worker: ${thrown}\n${stack}`);
    return value;
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}
