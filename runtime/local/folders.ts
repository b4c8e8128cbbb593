/**
 * Where the local engine works: a private folder in each local directory, and a socket.
 *
 * Sockets need short paths (108 bytes on Linux, 104 on macOS), so where the first folder's path is
 * long the socket gets a folder of its own below /tmp.
 */
import { OutputError, PlanError } from "../../core/errors.ts";
import { FileError } from "../../core/platform.ts";
import {
  type ApplicationFolder,
  makeApplicationFolder,
  removeAllAbandoned,
} from "../../workers/application_folder.ts";
import { denoLocks, denoPlatform } from "../../workers/platform_deno.ts";

const SOCKET_PATH_BYTES_MAX = 100;
const SOCKET = "socket";
const SHORT_DIRECTORY = "/tmp";

/** The folders of one application. Disposing them removes them. */
export type LocalFolders =
  & Disposable
  & Readonly<{
    /** One in each of the local directories, in their order. */
    paths: readonly string[];
    socketPath: string;
    /** Whatever has to go at the end: `paths`, and the socket's folder if it is none of them. */
    all: readonly string[];
  }>;

/**
 * Makes the folders, and removes what dead applications left in the same directories. Throws an
 * OutputError where a directory is missing or cannot be written, a PlanError (PermissionDenied) where
 * it was not granted to this program.
 */
export function makeLocalFolders(directories: readonly string[]): LocalFolders {
  const owner = { pid: Deno.pid, nonce: newNonce() };
  const made: ApplicationFolder[] = [];
  const make = (directory: string): string => {
    try {
      removeAllAbandoned(denoPlatform, denoLocks, directory);
      const folder = makeApplicationFolder(denoPlatform, denoLocks, directory, owner);
      made.push(folder);
      return folder.path;
    } catch (error) {
      const isGranted = !(error instanceof FileError) || error.kind !== "notGranted";
      throw isGranted ? error : notGranted(directory, error);
    }
  };
  const dispose = () => {
    for (const folder of made) folder[Symbol.dispose]();
  };
  try {
    const paths = [...new Set(directories.map((path) => realPath(path)))].map(make);
    const isShort = socketBytes(paths[0]!) <= SOCKET_PATH_BYTES_MAX;
    const socketFolder = isShort ? paths[0]! : make(SHORT_DIRECTORY);
    return {
      paths,
      all: made.map((folder) => folder.path),
      socketPath: `${socketFolder}/${SOCKET}`,
      [Symbol.dispose]: dispose,
    };
  } catch (error) {
    dispose();
    throw error instanceof FileError ? unusable(error) : error;
  }
}

function socketBytes(folder: string): number {
  return new TextEncoder().encode(`${folder}/${SOCKET}`).length;
}

function realPath(path: string): string {
  return denoPlatform.files.realPath(path);
}

/** Where a directory leads to that was granted, or where the socket goes instead. */
function notGranted(directory: string, cause: FileError): PlanError {
  return new PlanError(
    "PermissionDenied",
    `Cannot use ${directory} for files or the socket: it was not granted to this program`,
    `Start it with --allow-read=${directory} --allow-write=${directory}, or with -A`,
    { cause },
  );
}

function unusable(error: FileError): OutputError {
  return new OutputError(
    "OutputDenied",
    `Cannot use ${error.path} for shuffle and spill files: ${error.message}`,
    "Name folders that exist and can be written in spark.local.dir or SPARK_LOCAL_DIRS",
    { cause: error },
  );
}

/** What tells an application's folder from those of others. */
export function newNonce(): string {
  return hexOf(crypto.getRandomValues(new Uint8Array(8)));
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
