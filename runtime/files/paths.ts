/** What users pass to name a file or an archive of this machine. */
import { resolve } from "node:path";
import { InputError, PlanError } from "../../core/errors.ts";
import { pathOf } from "../operators/sources.ts";

/** The path from the root of a path, a `file:` URL or its text. Throws where it is another URL. */
export function filePath(path: string | URL, operator: string): string {
  const text = pathOf(path, operator);
  const scheme = /^([a-z][a-z0-9+.-]+):(?=\/)/i.exec(text);
  if (path instanceof URL || scheme === null) return resolve(text);
  if (scheme[1] === "file") return resolve(text.replace(/^file:(\/\/(localhost)?(?=\/))?/, ""));
  throw new InputError(
    "InvalidPath",
    `Cannot read ${JSON.stringify(text)}: there is no file system for ${scheme[0]}//`,
    "Fetch it into a file, and add that",
  );
}

/** The path of an archive, and the name behind its `#`, if it has one. */
export function archivePath(path: string | URL): { path: string; folder: string | undefined } {
  const operator = "addArchive";
  if (path instanceof URL && path.protocol === "file:") {
    const folder = path.hash === "" ? undefined : decodeURIComponent(path.hash.slice(1));
    return { path: filePath(path, operator), folder };
  }
  if (typeof path !== "string") return { path: pathOf(path, operator), folder: undefined };
  const [, name, folder] = /^(.*?)(?:#([^#]*))?$/s.exec(path)!;
  if (folder !== "") return { path: filePath(name!, operator), folder };
  throw new PlanError(
    "InvalidArgument",
    `Cannot call ${operator}(): nothing stands behind the # of ${JSON.stringify(path)}`,
    "Name the folder there, or leave the # out",
  );
}
