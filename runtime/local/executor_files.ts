/**
 * What executors write below the application's folders, as far as somebody still reads it.
 *
 *     executor-3-0-disk-0/
 *       exchange-7-map-1-0.data    its task told the driver: it outlives the executor
 *       exchange-7-map-2-0.data    the executor died before it could: nobody will ever ask for it
 *
 * Map outputs outlive the executor that wrote them (docs/decisions/0007). All else that a lost
 * executor has left would stay to the application's end: spills, what it kept, and outputs of
 * tasks that were not to end.
 */
import { FileError, type Platform } from "../../core/platform.ts";
import type { ExecutorId } from "../../core/task.ts";
import { removeOutput } from "../../shuffle/shuffle_file.ts";
import { shuffleFilePath } from "../../workers/local_io.ts";

export class ExecutorFiles {
  readonly #platform: Platform;
  readonly #folders: readonly string[];
  /** The names of the map outputs that may be asked for. */
  readonly #outputs = new Set<string>();
  /** The folders of executors that are gone, as long as an output is left in them. */
  readonly #gone = new Set<string>();

  /** `folders`: those of the application, one on each disk. */
  constructor(platform: Platform, folders: readonly string[]) {
    this.#platform = platform;
    this.#folders = folders;
  }

  /** The driver has heard of a map output. */
  wrote(output: string): void {
    this.#outputs.add(output);
  }

  /** Removes map outputs that nobody will ask for any more. */
  discard(outputs: readonly string[]): void {
    const ofGone = new Set<string>();
    for (const output of outputs) {
      this.#outputs.delete(output);
      const path = shuffleFilePath(this.#folders, output);
      removing(() => removeOutput(this.#platform, path));
      const folder = path.slice(0, path.lastIndexOf("/"));
      if (this.#gone.has(folder)) ofGone.add(folder);
    }
    for (const folder of ofGone) this.#removeUnread(folder);
  }

  /** Removes what an executor whose process has ended leaves, but for its map outputs. */
  lost(executor: ExecutorId): void {
    for (const folder of this.#folders) {
      for (const name of this.#list(folder)) {
        if (name.startsWith(`executor-${executor}-`)) this.#removeUnread(`${folder}/${name}`);
      }
    }
  }

  /** Removes all in a folder of a lost executor but its map outputs; without one, the folder. */
  #removeUnread(path: string): void {
    const own = path.slice(path.lastIndexOf("/") + 1);
    const files = this.#list(path);
    const unread = files.filter((file) =>
      !this.#outputs.has(`${own}/${file.replace(/\.index$/, ".data")}`)
    );
    if (unread.length < files.length) {
      this.#gone.add(path);
      for (const file of unread) removing(() => this.#platform.files.remove(`${path}/${file}`));
    } else {
      this.#gone.delete(path);
      removing(() => this.#platform.files.remove(path));
    }
  }

  #list(folder: string): readonly string[] {
    try {
      return this.#platform.files.list(folder);
    } catch (error) {
      if (error instanceof FileError) return [];
      throw error;
    }
  }
}

/** What cannot be removed now is removed with the application's folder. */
function removing(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
  }
}
