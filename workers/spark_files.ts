/** Where tasks and driver find what was added with `addFile` and `addArchive`. */
import { InputError, PlanError, shown } from "../core/errors.ts";
import { FileError, type Platform } from "../core/platform.ts";

/** Where the files are: the worker knows one folder, the driver that of its latest context. */
type Place = Readonly<{ platform: Platform; root: () => string | undefined }>;

let place: Place | undefined;

export function provideFiles(found: Place): void {
  place = found;
}

/** The folder of an application in which added files lie, given its folders. */
export function filesFolder(folders: readonly string[]): string {
  return `${folders[0]}/files`;
}

/**
 * Finds files that were added with {@linkcode SparkContext.addFile}, in functions that run in tasks
 * and on the driver; PySpark's `SparkFiles`. On the driver it speaks of the context that was made
 * last and has not been stopped.
 *
 * @example
 * ```ts
 * import { SparkContext, SparkFiles } from "@flint/flint";
 * import assert from "node:assert/strict";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${folder}/test.txt`, "100");
 * await using sc = new SparkContext({ master: "local[2]" });
 * await sc.addFile(`${folder}/test.txt`);
 * const scaled = sc.parallelize([1, 2, 3, 4]).mapPartitions(function* (numbers) {
 *   const factor = Number(Deno.readTextFileSync(SparkFiles.get("test.txt")));
 *   for (const n of numbers) yield n * factor;
 * });
 * assert.deepEqual(await scaled.collect(), [100, 200, 300, 400]);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export class SparkFiles {
  /**
   * The path of an added file, folder or archive by its name; of what is in a folder by its path from
   * there. Throws an InputError (InputNotFound) where nothing of that name was added, or not yet.
   *
   * @example
   * ```ts
   * import { SparkContext, SparkFiles } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * const file = await Deno.makeTempFile({ suffix: ".txt" });
   * const name = file.slice(file.lastIndexOf("/") + 1);
   * await using sc = new SparkContext({ master: "local" });
   * await sc.addFile(file);
   * assert.equal(SparkFiles.get(name), `${SparkFiles.getRootDirectory()}/${name}`);
   * await Deno.remove(file);
   * ```
   */
  static get(name: string): string {
    const root = SparkFiles.getRootDirectory();
    if (typeof name !== "string" || name === "") {
      throw new PlanError(
        "InvalidArgument",
        `Cannot call SparkFiles.get(): name is ${shown(name)}`,
        "Use the name of a file that was added, without its folder",
      );
    }
    const path = `${root}/${name}`;
    if (isThere(path)) return path;
    // A path of nothing would do harm: a module that was not found once is never found by a worker.
    throw new InputError(
      "InputNotFound",
      `There is no added file ${JSON.stringify(name)}`,
      "Add it with sc.addFile(), and await that",
    );
  }

  /**
   * The folder in which all that was added lies. Tasks may read it.
   *
   * @example
   * ```ts
   * import { SparkContext, SparkFiles } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const roots = sc.range(2).map(() => SparkFiles.getRootDirectory());
   * assert.equal(await roots.first(), SparkFiles.getRootDirectory());
   * ```
   */
  static getRootDirectory(): string {
    const root = place?.root();
    if (root !== undefined) return root;
    throw new PlanError(
      "ContextStopped",
      "Cannot call SparkFiles.getRootDirectory(): there is no context",
      "Make a SparkContext first",
    );
  }
}

function isThere(path: string): boolean {
  try {
    place!.platform.files.info(path);
    return true;
  } catch (error) {
    if (error instanceof FileError && ["notFound", "invalidPath"].includes(error.kind)) {
      return false;
    }
    throw error;
  }
}
