/**
 * Folders that vanish while a program runs, as where somebody tidies up the temp folder: they are made
 * again for what is written next. What lay in them is lost, and whoever reads it says so.
 */
import { FileError, type Platform } from "../core/platform.ts";

/** The same platform, but where one of `folders` is gone `create` makes it again, once. */
export function withFoldersMadeAgain(platform: Platform, folders: readonly string[]): Platform {
  const { files } = platform;
  return {
    ...platform,
    files: {
      ...files,
      create(path, options) {
        try {
          return files.create(path, options);
        } catch (error) {
          const folder = path.slice(0, path.lastIndexOf("/"));
          const isGone = error instanceof FileError && error.kind === "notFound";
          if (!isGone || !folders.includes(folder)) throw error;
          makeAgain(platform, folder, error);
          return files.create(path, options);
        }
      },
    },
  };
}

/** `gone` is thrown where it cannot be made: what was to be written matters, not how it was mended. */
function makeAgain({ files }: Platform, folder: string, gone: FileError): void {
  try {
    files.makeFolder(folder);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    // Another task of the executor may have been faster.
    if (error.kind !== "exists") throw gone;
  }
}
