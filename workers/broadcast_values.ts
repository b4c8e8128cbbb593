/**
 * Broadcasts as a worker holds them: decoded when a task asks for them, once for all its tasks.
 *
 *     stage 3 uses 1, 2      1, 2 decoded
 *     stage 4 uses 2         1 is let go of when stage 4 comes, 2 need not be decoded again
 *
 * So a loop of jobs over one broadcast decodes it once in each worker, and what no stage uses any
 * more takes no memory once there is another stage. A value that holds instances of classes is
 * decoded for each task: every task has classes of its own, and its instances must be of those.
 */
import { type ClassTable, decodeValue } from "../core/codec/binary.ts";
import type { BroadcastId } from "../core/engine.ts";

export class BroadcastValues {
  readonly #shared = new Map<BroadcastId, Readonly<{ value: unknown }>>();

  /** The value for a task that has those classes. The task asks once, and keeps it. */
  value(id: BroadcastId, bytes: () => Uint8Array, classes: ClassTable): unknown {
    const known = this.#shared.get(id);
    if (known !== undefined) return known.value;
    let hasInstances = false;
    const value = decodeValue(bytes(), {
      classes: {
        idOf: (constructor) => classes.idOf(constructor),
        classOf(name) {
          hasInstances = true;
          return classes.classOf(name);
        },
      },
    });
    if (!hasInstances) this.#shared.set(id, { value });
    return value;
  }

  /** Lets go of all others. */
  keepOnly(ids: ReadonlySet<BroadcastId>): void {
    for (const id of this.#shared.keys()) {
      if (!ids.has(id)) this.#shared.delete(id);
    }
  }

  /** Lets go of one; whoever asks again decodes it again. */
  drop(id: BroadcastId): void {
    this.#shared.delete(id);
  }
}
