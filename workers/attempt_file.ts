/**
 * The file that one attempt at saving a partition writes: there if the attempt succeeds, also for a
 * partition without records, and gone if it fails.
 */
import type { Compression } from "../core/platform.ts";
import { type FileSystem, outputError, type OutputFile } from "../io/file_system.ts";

/** Where the bytes of an attempt go, and how they are packed. */
export type AttemptPlace = Readonly<{ path: string; compression?: Compression | undefined }>;

export class AttemptFile {
  readonly path: string;
  readonly #compression: Compression | undefined;
  readonly #files: FileSystem;
  #file: OutputFile | undefined;
  /** Of what was handed in, be it packed or not. */
  #bytes = 0;

  constructor(files: FileSystem, { path, compression }: AttemptPlace) {
    this.path = path;
    this.#compression = compression;
    this.#files = files;
  }

  /** Throws an OutputError. */
  async append(bytes: Uint8Array): Promise<void> {
    this.#bytes += bytes.length;
    await this.#attempt(async () => await (await this.#opened()).append(bytes));
  }

  /** The attempt has succeeded: the file stays. Throws an OutputError. */
  async keep(): Promise<void> {
    await this.#attempt(async () => await (await this.#opened()).close());
  }

  /** The attempt has failed: nothing stays. */
  async discard(): Promise<void> {
    if (this.#file === undefined) return;
    try {
      // First, so that closing it writes nothing out.
      await this.#files.remove(this.path);
    } catch {
      // How the task failed matters more, and the end of the job removes the folder around it.
    } finally {
      await this.#file.close().catch(() => undefined);
    }
  }

  async #opened(): Promise<OutputFile> {
    if (this.#file !== undefined) return this.#file;
    // In a folder that the job has made: one that has ended took it away, and nothing brings it back.
    return this.#file = await this.#files.create(this.path, this.#compression);
  }

  async #attempt(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      throw outputError(error, this.path, this.#bytes);
    }
  }
}
