/**
 * Files and folders as sources and sinks see them, wherever they lie: on this machine
 * (io/local_files.ts), in an object store, behind HDFS. Only the driver and the control thread of
 * an executor hold one; a task never does.
 *
 * Every method throws a FileError; `inputError` and `outputError` make of it what people read.
 */
import { FlintError, InputError, OutputError } from "../core/errors.ts";
import { type Compression, FileError, type FileInfo, firstThrown } from "../core/platform.ts";

export interface FileSystem {
  info(path: string): Promise<FileInfo>;
  /** The names in a folder, sorted by code point. */
  list(path: string): Promise<readonly string[]>;
  /** The path from the root, with every link followed. */
  realPath(path: string): Promise<string>;
  /**
   * The bytes from offset `from` up to `to`, or to the end of the file if that comes first, in
   * pieces of up to 1 MB. A piece may be overwritten once the next one is asked for.
   */
  read(path: string, from: number, to: number): AsyncIterable<Uint8Array>;
  /** What a packed file holds, likewise; `corrupt` where it is damaged or cut off. */
  readPacked(path: string, compression: Compression): AsyncIterable<Uint8Array>;
  /** A new file, packed as `compression` says; `exists` if there is one of that name. */
  create(path: string, compression?: Compression): Promise<OutputFile>;
  /** A new folder; `exists` if there is something of that name, unless `parents` is set. */
  makeFolder(path: string, options?: Readonly<{ parents?: boolean }>): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Tells the user something about a file that is no reason to stop. */
  warn(message: string): void;
  /** A file, or a folder with all that is in it. */
  remove(path: string): Promise<void>;
  /** Which names a folder has is safe from a power cut. */
  sync(folder: string): Promise<void>;
}

/** A new file that grows at its end. */
export interface OutputFile {
  append(bytes: Uint8Array): Promise<void>;
  /** The file is complete, safe from a power cut, and closed. */
  close(): Promise<void>;
}

/** What people read when an input cannot be read: `path` as they wrote it. */
export function inputError(thrown: unknown, path: string): unknown {
  const error = firstThrown(thrown);
  if (error instanceof FlintError || !(error instanceof FileError)) return error;
  const failed = (
    code:
      | "InputNotFound"
      | "InputDenied"
      | "InvalidPath"
      | "InputUnsupported"
      | "CorruptInput"
      | "TooManyOpenFiles",
    what: string,
    cure: string,
  ) => new InputError(code, `Cannot read ${JSON.stringify(path)}: ${what}`, cure, { cause: error });
  switch (error.kind) {
    case "notFound":
      return failed("InputNotFound", "there is no such file or folder", "Check the path");
    case "denied":
      return failed(
        "InputDenied",
        `the system does not let this user read ${error.path}`,
        "Change its permissions, or run as a user who may read it",
      );
    case "notGranted":
      return failed(
        "InputDenied",
        "reading it was not granted to this process",
        `Run it with --allow-read=${error.path}`,
      );
    case "invalidPath":
      return failed(
        "InvalidPath",
        causeOf(error) ?? "the system takes no such path",
        "Use a path of this machine, or a file: URL",
      );
    case "loop":
      return failed("InvalidPath", "its links go round in a circle", "Remove one of the links");
    case "isFolder":
      return failed("InputUnsupported", `${error.path} is a folder`, "Name the files in it");
    case "corrupt":
      return failed(
        "CorruptInput",
        `its packed data is damaged or cut off (${causeOf(error)})`,
        "Check it with gzip --test or zstd --test, and fetch it again",
      );
    case "tooManyOpen":
      return failed("TooManyOpenFiles", "too many files are open", RAISE_LIMIT);
    case "exists":
    case "noSpace":
    case "other":
      return failed("CorruptInput", error.message, "Check the disk and the limits of the system");
  }
}

/**
 * What people read when an output cannot be written: `path` as they wrote it. `bytes`: how much of it
 * there was to write until then, where that is known.
 */
export function outputError(thrown: unknown, path: string, bytes?: number): unknown {
  const error = firstThrown(thrown);
  if (error instanceof FlintError || !(error instanceof FileError)) return error;
  const failed = (
    code: "OutputExists" | "OutputDenied" | "DiskFull" | "TooManyOpenFiles",
    what: string,
    cure: string,
  ) =>
    new OutputError(code, `Cannot write ${JSON.stringify(path)}: ${what}`, cure, { cause: error });
  switch (error.kind) {
    case "exists":
      return failed("OutputExists", "it exists already", "Remove it, or save to another path");
    case "denied":
      return failed(
        "OutputDenied",
        `the system does not let this user write ${error.path}`,
        "Change its permissions, or save to another path",
      );
    case "notGranted":
      return failed(
        "OutputDenied",
        "writing it was not granted to this process",
        `Run it with --allow-write=${error.path}`,
      );
    case "noSpace":
      return failed(
        "DiskFull",
        `the disk is full${
          bytes === undefined ? "" : `; ${bytes} bytes were to be written so far`
        }`,
        "Make room, or save to another disk",
      );
    case "tooManyOpen":
      return failed("TooManyOpenFiles", "too many files are open", RAISE_LIMIT);
    case "notFound":
    case "isFolder":
    case "invalidPath":
    case "loop":
    case "corrupt":
    case "other":
      return failed("OutputDenied", causeOf(error) ?? error.message, "Check the path");
  }
}

const RAISE_LIMIT = "Raise the limit (ulimit -n), or run fewer tasks at once";

function causeOf(error: FileError): string | undefined {
  return error.cause instanceof Error ? error.cause.message : undefined;
}
