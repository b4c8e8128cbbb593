/**
 * Where records come from. A source works in three places, and each half needs only what is there:
 *
 *     driver           split    what is there, and how to part it          asynchronous
 *     control thread   read     the bytes of one split, with look-ahead    asynchronous, our code only
 *     worker           decode   bytes → batches of records                 synchronous, no permission
 *
 * So user code needs no permission because its *input* lies somewhere.
 */
import type { Options, Split } from "../core/plan/plan.ts";
import type { FileSystem } from "./file_system.ts";
import type { RecordTools } from "./record_tools.ts";

export interface Source {
  /** The name by which plans know it. */
  readonly format: string;
  /** Looks at what is there and parts it. Throws an InputError where there is nothing to read. */
  split(
    options: Options,
    hint: Readonly<{ partitionsMin: number }>,
    files: FileSystem,
  ): Promise<readonly Split[]>;
  /** The split itself holds all that `decode` needs: `read` is never called, the pieces are none. */
  readonly inSplit?: boolean;
  /** The bytes that `decode` needs for one split, in pieces of up to 1 MB. */
  read(options: Options, split: Split, files: FileSystem): AsyncIterable<Uint8Array>;
  /**
   * Batches of about 1,024 records, fewer where records are large. A piece may be overwritten once
   * the next one is asked for. A task hands `tools` in; formats that need none can do without.
   */
  decode(
    options: Options,
    split: Split,
    pieces: Iterable<Uint8Array>,
    tools?: RecordTools,
  ): Iterable<readonly unknown[]>;
}
