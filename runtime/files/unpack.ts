/**
 * Archives, unpacked into a folder. They may come from anywhere: no entry is written outside of the
 * folder, none replaces another, and a small file does not become an endless one.
 */
import { FlintError, InputError } from "../../core/errors.ts";
import { FileError } from "../../core/platform.ts";
import { inputError } from "../../io/file_system.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";
import type { ContentHash } from "./content_hash.ts";
import { type ArchiveEntry, entriesOf } from "./entries.ts";

const ENTRIES_MAX = 100_000;
/** What any archive may become, and what it may become in relation to its own length. */
const UNPACKED_BYTES_FREE = 64 * 1024 * 1024;
const UNPACKED_RATIO_MAX = 200;

const { files } = denoPlatform;

/**
 * Unpacks the archive at `path` into the new folder `into`. Throws an InputError: InputUnsupported for
 * an entry that is refused, CorruptInput where the archive is damaged; what was written stays.
 */
export async function unpackArchive(path: string, into: string, hash: ContentHash): Promise<void> {
  const unpacking = new Unpacking(path, into, hash);
  files.makeFolder(into);
  try {
    for await (const entry of entriesOf(path)) await unpacking.add(entry);
  } catch (error) {
    throw error instanceof FlintError ? error : damagedArchive(error, path);
  }
}

class Unpacking {
  readonly #path: string;
  readonly #into: string;
  readonly #hash: ContentHash;
  readonly #bytesMax: number;
  /** What has been written, by its path in the folder. */
  readonly #kinds = new Map<string, "file" | "folder">();
  #entries = 0;
  #bytes = 0;

  constructor(path: string, into: string, hash: ContentHash) {
    this.#path = path;
    this.#into = into;
    this.#hash = hash;
    this.#bytesMax = Math.max(UNPACKED_BYTES_FREE, files.info(path).bytes * UNPACKED_RATIO_MAX);
  }

  async add(entry: ArchiveEntry): Promise<void> {
    if (++this.#entries > ENTRIES_MAX) {
      throw this.#refused(`it has more than ${ENTRIES_MAX} entries`);
    }
    const names = this.#namesOf(entry);
    if (entry.kind === "other") {
      throw this.#refused(`its entry ${JSON.stringify(entry.name)} is a link or a device`);
    }
    if (names.length === 0) return;
    const parents = entry.kind === "folder" ? names.length : names.length - 1;
    for (let depth = 1; depth <= parents; depth++) {
      this.#makeFolder(names.slice(0, depth).join("/"), entry.name);
    }
    if (entry.kind === "file") await this.#write(names.join("/"), entry);
  }

  /** The names on the way to an entry. Throws where the way leads out of the folder. */
  #namesOf({ name }: ArchiveEntry): string[] {
    const names = name.split("/").filter((part) => part !== "" && part !== ".");
    const leadsOut = name.startsWith("/") || /^[a-z]:/i.test(name) || names.includes("..");
    if (leadsOut || name === "" || /[\0\\]/.test(name)) {
      throw this.#refused(`its entry ${JSON.stringify(name)} has no name in a folder`);
    }
    return names;
  }

  #makeFolder(way: string, name: string): void {
    const kind = this.#kinds.get(way);
    if (kind === "folder") return;
    if (kind === "file") throw this.#twice(name);
    this.#kinds.set(way, "folder");
    this.#hash.add(`folder ${way}`);
    files.makeFolder(`${this.#into}/${way}`);
  }

  async #write(way: string, entry: ArchiveEntry): Promise<void> {
    if (this.#kinds.has(way)) throw this.#twice(entry.name);
    this.#kinds.set(way, "file");
    this.#hash.add(`${entry.isProgram ? "program" : "file"} ${way}`);
    const mode = entry.isProgram ? 0o700 : 0o600;
    using file = files.create(`${this.#into}/${way}`, { mode });
    for await (const piece of entry.bytes()) {
      this.#bytes += piece.length;
      if (this.#bytes > this.#bytesMax) {
        throw this.#refused(`it becomes longer than ${this.#bytesMax} bytes`);
      }
      this.#hash.add(piece);
      file.append(piece);
    }
  }

  #twice(name: string): InputError {
    return this.#refused(`it has ${JSON.stringify(name)} twice`);
  }

  #refused(why: string): InputError {
    return new InputError(
      "InputUnsupported",
      `Cannot unpack ${JSON.stringify(this.#path)}: ${why}`,
      "Unpack it with a program that you trust, look at it, and add the folder with addFile()",
    );
  }
}

/** What a library says of an archive that it cannot read, or the system of a file. */
function damagedArchive(error: unknown, path: string): unknown {
  if (error instanceof FileError) return inputError(error, path);
  const found = error instanceof Error ? error.message : String(error);
  return new InputError(
    "CorruptInput",
    `Cannot unpack ${JSON.stringify(path)}: it is damaged or cut off (${found})`,
    "Check it with unzip -t or tar -t, and fetch it again",
    { cause: error },
  );
}
