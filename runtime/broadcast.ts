/** A value that is sent to each executor once, instead of with every function that uses it. */
import { type ClassTable, decodeValue } from "../core/codec/binary.ts";
import type { BroadcastId } from "../core/engine.ts";
import { PlanError } from "../core/errors.ts";
import { FUNCTION_ONLY } from "../core/function_only.ts";

/** What a broadcast asks of the driver. */
type Home = Readonly<{
  classes: ClassTable;
  unpersist(): Promise<void>;
  unpublish(): Promise<void>;
}>;

/** A broadcast of bytes that the engine has. */
export let makeBroadcast: <T>(id: BroadcastId, bytes: Uint8Array, home: Home) => Broadcast<T>;
/** Whether a broadcast's value has been taken away. */
export let isDestroyed: (broadcast: Broadcast<unknown>) => boolean;

/**
 * A value for all tasks; PySpark's `Broadcast`. Made by {@linkcode SparkContext.broadcast}.
 *
 * The value is that of the moment when the broadcast was made: what the program changes afterwards
 * does not travel. It is for reading only: tasks that run in the same worker share it. It stays for
 * as long as the program or a dataset can reach the broadcast, or until it is destroyed.
 *
 * @example
 * ```ts
 * import { SparkContext } from "@flint/flint";
 * import assert from "node:assert/strict";
 *
 * await using sc = new SparkContext({ master: "local" });
 * const names = sc.broadcast(new Map([[1, "one"], [2, "two"]]));
 * const words = sc.parallelize([2, 1]).map((n) => names.value.get(n));
 * assert.deepEqual(await words.collect(), ["two", "one"]);
 * ```
 */
export class Broadcast<T> implements Disposable {
  /** Its number, unique in its context. */
  readonly id: number;
  readonly #home: Home;
  #bytes: Uint8Array | undefined;
  #decoded: { value: T } | undefined;

  static {
    makeBroadcast = (id, bytes, home) => new Broadcast(id, bytes, home);
    isDestroyed = (broadcast) => broadcast.#bytes === undefined;
  }

  private constructor(id: BroadcastId, bytes: Uint8Array, home: Home) {
    this.id = id;
    this.#bytes = bytes;
    this.#home = home;
  }

  /** The value, in a task and on the driver. Throws a PlanError once it has been destroyed. */
  get value(): T {
    const bytes = this.#bytesOrThrow();
    this.#decoded ??= { value: decodeValue(bytes, { classes: this.#home.classes }) as T };
    return this.#decoded.value;
  }

  /**
   * Has the executors and the driver let go of what they have decoded; the value comes back when it
   * is asked for. The encoded copy that the executors share stays until {@linkcode Broadcast.destroy}.
   * Whoever wants to wait awaits the promise, with `blocking` or without. Rejects with a PlanError once
   * it has been destroyed.
   */
  unpersist(blocking?: boolean): Promise<void>;
  async unpersist(): Promise<void> {
    this.#bytesOrThrow();
    this.#decoded = undefined;
    await this.#home.unpersist();
  }

  /**
   * Takes the value away everywhere, for good: an action whose functions use it is a ClosureError
   * from now on, and a job that runs and has not read it yet fails. Safe to call twice. `blocking` is
   * as for {@linkcode Broadcast.unpersist}.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const b = sc.broadcast([1, 2, 3, 4, 5]);
   * assert.deepEqual(b.value, [1, 2, 3, 4, 5]);
   * const rdd = sc.parallelize([0, 0]).flatMap(() => b.value);
   * assert.deepEqual(await rdd.collect(), [1, 2, 3, 4, 5, 1, 2, 3, 4, 5]);
   * await b.unpersist();
   * await b.destroy();
   * await assert.rejects(rdd.collect(), /uses "b", which is a broadcast that has been destroyed/);
   * ```
   */
  destroy(blocking?: boolean): Promise<void>;
  async destroy(): Promise<void> {
    if (this.#bytes === undefined) return;
    this.#bytes = undefined;
    this.#decoded = undefined;
    await this.#home.unpublish();
  }

  /** Destroys it at the end of a `using` block; errors of the engine are not waited for. */
  [Symbol.dispose](): void {
    this.destroy().catch(() => {});
  }

  /** What it is, for those who meet one in a record. */
  get [FUNCTION_ONLY](): string {
    return "a broadcast";
  }

  /** What the console shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return `Broadcast[${this.id}]${this.#bytes === undefined ? " (destroyed)" : ""}`;
  }

  #bytesOrThrow(): Uint8Array {
    if (this.#bytes !== undefined) return this.#bytes;
    throw new PlanError(
      "NotAvailable",
      `Cannot use broadcast ${this.id}: it has been destroyed`,
      "Destroy it after the last job that uses it",
    );
  }
}
