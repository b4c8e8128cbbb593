/**
 * Files, folders and archives that tasks shall find: copied into a folder of the application, which
 * tasks may read, under a name of their own.
 *
 *     addFile("/data/stop.txt")     ─► …/files/stop.txt          ─► SparkFiles.get("stop.txt")
 *     addArchive("/data/m.zip#m")   ─► …/files/m/ and what is in it
 *
 * A copy is made beside its place and renamed when it is whole. Jobs that are started meanwhile wait.
 */
import { basename } from "node:path";
import { InputError, PlanError } from "../../core/errors.ts";
import { FileError } from "../../core/platform.ts";
import { inputError } from "../../io/file_system.ts";
import { localFileSystem } from "../../io/local_files.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";
import type { ContentHash } from "./content_hash.ts";

/** How a file is added. */
export type AddFileOptions = Readonly<{
  /** Whether a folder is added with all that is in it; false by default, where that is an error. */
  recursive?: boolean | undefined;
}>;

/** What is to be added, and by which call. */
type Addition = Readonly<{ name: string; path: string; kind: Added["kind"]; operator: string }>;
type Added = Readonly<{ path: string; hash: string; kind: "file" | "archive" }>;
/** Makes the copy at `into`, and tells the hash what is in it. */
type Copy = (into: string, hash: ContentHash) => Promise<void>;

const { files } = denoPlatform;
const reader = localFileSystem(denoPlatform);
/** Spark lets added files be run as programs as well. */
const FILE_MODE = 0o700;

export class AddedFiles {
  readonly #folder: string;
  readonly #overwrite: boolean;
  readonly #added = new Map<string, Added>();
  /** One after the other: two of the same name must not meet. */
  #last: Promise<unknown> = Promise.resolve();
  #copies = 0;

  /** `overwrite`: `spark.files.overwrite`. */
  constructor(folder: string, overwrite: boolean) {
    this.#folder = folder;
    this.#overwrite = overwrite;
  }

  /** The paths of what was added, as they were given. */
  list(kind: Added["kind"]): string[] {
    return [...this.#added.values()].filter((added) => added.kind === kind)
      .map(({ path }) => path);
  }

  /** Rejects with an InputError where it cannot be read, a PlanError where the name is taken. */
  addFile(path: string, { recursive = false }: AddFileOptions, operator: string): Promise<void> {
    const name = basename(path);
    return this.#add({ name, path, kind: "file", operator }, async (into, hash) => {
      const info = files.info(path);
      if (info.kind !== "folder") return await copyFile(path, into, hash);
      if (recursive) return await copyFolder(files.realPath(path), into, hash);
      throw new PlanError(
        "InvalidArgument",
        `Cannot call ${operator}(): ${JSON.stringify(path)} is a folder`,
        "Add it with { recursive: true }",
      );
    });
  }

  /** Likewise; `folder` is the name that it is unpacked to. */
  addArchive(path: string, folder: string | undefined): Promise<void> {
    const name = folder ?? basename(path);
    const addition = { name, path, kind: "archive", operator: "addArchive" } as const;
    return this.#add(addition, async (into, hash) => {
      const { unpackArchive } = await import("./unpack.ts");
      await unpackArchive(path, into, hash);
    });
  }

  #add(addition: Addition, copy: Copy): Promise<void> {
    const added = this.#last.then(() => this.#addNow(addition, copy));
    this.#last = added.catch(() => undefined);
    return added;
  }

  async #addNow(
    { name, path, kind, operator }: Addition,
    copy: Copy,
  ): Promise<void> {
    if (name === "" || name === "." || name === ".." || /[/\0]/.test(name)) {
      throw new PlanError(
        "InvalidArgument",
        `Cannot call ${operator}(): ${JSON.stringify(name)} is no name for a file`,
        "Use a path that ends with a name",
      );
    }
    const copied = `${this.#folder}/.copy-${this.#copies++}`;
    try {
      files.makeFolder(this.#folder, { parents: true });
      const { ContentHash } = await import("./content_hash.ts");
      const content = new ContentHash();
      await copy(copied, content);
      this.#put(name, copied, { path, kind, hash: content.text() }, operator);
    } catch (error) {
      throw inputError(error, path);
    } finally {
      removeIfThere(copied);
    }
  }

  #put(name: string, copied: string, added: Added, operator: string): void {
    const present = this.#added.get(name);
    const place = `${this.#folder}/${name}`;
    if (present?.hash === added.hash && present.kind === added.kind) return;
    if (present !== undefined && !this.#overwrite) {
      throw new PlanError(
        "InvalidArgument",
        `Cannot call ${operator}(): ${
          JSON.stringify(name)
        } was added with other content already, ` +
          `from ${JSON.stringify(present.path)}`,
        "Give it another name, or set spark.files.overwrite",
      );
    }
    // A file is replaced in one step; a folder cannot be.
    if (files.info(copied).kind === "folder" || isFolder(place)) removeIfThere(place);
    files.rename(copied, place);
    this.#added.set(name, added);
  }
}

async function copyFile(path: string, into: string, hash: ContentHash): Promise<void> {
  if (files.info(path).kind !== "file") {
    throw new InputError(
      "InputUnsupported",
      `Cannot read ${JSON.stringify(path)}: it is a pipe, a socket or a device`,
      "Copy what it gives into a file and add that",
    );
  }
  hash.add("file");
  using file = files.create(into, { mode: FILE_MODE });
  for await (const piece of reader.read(path, 0, Infinity)) {
    hash.add(piece);
    file.append(piece);
  }
}

/** `path`: the real one, so that a link to a folder above it is noticed. */
async function copyFolder(
  path: string,
  into: string,
  hash: ContentHash,
  above: readonly string[] = [],
): Promise<void> {
  if (above.includes(path)) throw new FileError("loop", "copy", path);
  hash.add("folder");
  files.makeFolder(into);
  for (const name of files.list(path)) {
    hash.add(name);
    const child = `${path}/${name}`;
    if (files.info(child).kind === "folder") {
      await copyFolder(files.realPath(child), `${into}/${name}`, hash, [...above, path]);
    } else {
      await copyFile(child, `${into}/${name}`, hash);
    }
  }
  hash.add("end");
}

function isFolder(path: string): boolean {
  try {
    return files.info(path).kind === "folder";
  } catch (error) {
    if (error instanceof FileError && error.kind === "notFound") return false;
    throw error;
  }
}

function removeIfThere(path: string): void {
  try {
    files.remove(path);
  } catch (error) {
    if (!(error instanceof FileError) || error.kind !== "notFound") throw error;
  }
}
