/**
 * Where spilled data goes: private files in the task's own folders, and none left behind.
 *
 * MemoryBudget says whether to spill, SpillManager says where, Run is the handle of what was
 * spilled. The folders are used in turn, so that several disks share the load.
 */
import type { OutputError } from "../core/errors.ts";
import { FileError, type Platform, type WritableFile } from "../core/platform.ts";
import { diskFull } from "./full_disk.ts";
import { removeQuietly } from "./shuffle_file.ts";

/** Makes spill files and deletes every one of them, at the latest when it is disposed. */
export class SpillManager implements Disposable {
  readonly #platform: Platform;
  readonly #folders: readonly string[];
  readonly #full = new Set<string>();
  readonly #files = new Map<string, SpillFile>();
  #turn = 0;
  #number = 0;
  #spills = 0;
  #bytesSpilled = 0;

  /** `folders` exist and are the caller's alone. */
  constructor(platform: Platform, folders: readonly string[]) {
    this.#platform = platform;
    this.#folders = folders;
  }

  /** How many files were written to the end. */
  get spills(): number {
    return this.#spills;
  }

  /** The bytes of those files. */
  get bytesSpilled(): number {
    return this.#bytesSpilled;
  }

  /**
   * A new private file; `label` is part of its name, for people who look into the folder. It
   * counts as a spill once it is disposed. Throws an OutputError DiskFull where no folder has
   * room, and so does its `append`; `write` tries the next folder instead.
   */
  create(label: string): WritableFile {
    for (let tries = 0; tries < this.#folders.length; tries++) {
      const folder = this.#folders[this.#turn++ % this.#folders.length]!;
      if (this.#full.has(folder)) continue;
      try {
        const file = this.#createIn(folder, label);
        this.#files.set(file.path, file);
        return file;
      } catch (error) {
        if (!isNoSpace(error)) throw error;
        this.#full.add(folder);
      }
    }
    throw noRoom(this.#folders.join(", "), this.#bytesSpilled);
  }

  /**
   * Has `fill` write a new file and returns what it returns. Where a disk is full in the middle of
   * it, what was written is deleted and `fill` is called again with a file in the next folder: so
   * it must be able to start over.
   */
  write<T>(label: string, fill: (file: WritableFile) => T): T {
    for (;;) {
      const file = this.create(label) as SpillFile;
      try {
        const result = fill(file);
        file[Symbol.dispose]();
        return result;
      } catch (error) {
        this.release(file.path);
        const others = this.#folders.some((folder) => !this.#full.has(folder));
        if (!file.isDiskFull || !others) throw error;
      }
    }
  }

  /** Deletes a file that it made; any other path is left alone. */
  release(path: string): void {
    const file = this.#files.get(path);
    if (file === undefined) return;
    this.#files.delete(path);
    try {
      file.abandon();
    } finally {
      removeQuietly(this.#platform, path);
    }
  }

  [Symbol.dispose](): void {
    let failed: { error: unknown } | undefined;
    for (const path of [...this.#files.keys()]) {
      try {
        this.release(path);
      } catch (error) {
        // One file that cannot be closed keeps no other from being removed.
        failed ??= { error };
      }
    }
    if (failed !== undefined) throw failed.error;
  }

  #createIn(folder: string, label: string): SpillFile {
    for (;;) {
      const path = `${folder}/spill-${label}-${this.#number++}`;
      try {
        const file = this.#platform.files.create(path, { mode: 0o600 });
        return new SpillFile(file, {
          full: () => {
            this.#full.add(folder);
            return noRoom(folder, this.#bytesSpilled + file.bytes);
          },
          finished: (bytes) => {
            this.#spills++;
            this.#bytesSpilled += bytes;
          },
        });
      } catch (error) {
        // Another task of the same executor may use the folder too: take the next number.
        if (!(error instanceof FileError && error.kind === "exists")) throw error;
      }
    }
  }
}

type SpillFileHost = Readonly<{ full: () => OutputError; finished: (bytes: number) => void }>;

/** A file that says which disk is full, and that counts once it is complete. */
class SpillFile implements WritableFile {
  readonly #file: WritableFile;
  readonly #host: SpillFileHost;
  #isOpen = true;
  #isDiskFull = false;

  constructor(file: WritableFile, host: SpillFileHost) {
    this.#file = file;
    this.#host = host;
  }

  get path(): string {
    return this.#file.path;
  }

  get bytes(): number {
    return this.#file.bytes;
  }

  get isDiskFull(): boolean {
    return this.#isDiskFull;
  }

  append(bytes: Uint8Array): void {
    try {
      this.#file.append(bytes);
    } catch (error) {
      if (!isNoSpace(error)) throw error;
      this.#isDiskFull = true;
      throw this.#host.full();
    }
  }

  /** Closes the file without counting it. */
  abandon(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#file[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.abandon();
    this.#host.finished(this.#file.bytes);
  }
}

function isNoSpace(error: unknown): boolean {
  return error instanceof FileError && error.kind === "noSpace";
}

function noRoom(where: string, bytesSpilled: number): OutputError {
  return diskFull(
    `Cannot spill to ${where}: no space is left; this task has spilled ${bytesSpilled} bytes`,
  );
}
