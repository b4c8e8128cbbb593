/** A value that is sent to each executor once, instead of with every function that uses it. */
import { type ClassTable, decodeValue } from "../core/codec/binary.ts";
import type { BroadcastId } from "../core/engine.ts";
import { PlanError } from "../core/errors.ts";

/** What a broadcast asks of the driver. */
type Home = Readonly<{
  classes: ClassTable;
  unpublish(id: BroadcastId): Promise<void>;
}>;

/** A broadcast of bytes that the engine has. */
export let makeBroadcast: <T>(id: BroadcastId, bytes: Uint8Array, home: Home) => Broadcast<T>;
/** Whether a broadcast's value has been taken away. */
export let isDestroyed: (broadcast: Broadcast<unknown>) => boolean;

/**
 * A value for all tasks; PySpark's `Broadcast`. Made by {@linkcode SparkContext.broadcast}.
 *
 * The value is that of the moment when the broadcast was made: what is changed afterwards, here or
 * in a task, is seen by nobody else.
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
   * Lets go of the driver's decoded copy; the value comes back when it is asked for. The executors
   * hold one encoded copy together, which is shared and stays until {@linkcode Broadcast.destroy}.
   */
  unpersist(): void {
    this.#decoded = undefined;
  }

  /** Takes the value away everywhere, for good. A job that still uses it fails. */
  async destroy(): Promise<void> {
    if (this.#bytes === undefined) return;
    this.#bytes = undefined;
    this.#decoded = undefined;
    await this.#home.unpublish(this.id);
  }

  /** Destroys it at the end of a `using` block; errors of the engine are not waited for. */
  [Symbol.dispose](): void {
    this.destroy().catch(() => {});
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
