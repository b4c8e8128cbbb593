/** The text that is measured with: made once for each size, in the temp folder. */
import { writePaths } from "./generate_paths.ts";

/** Where texts lie, and figures if nothing else is said. */
export function dataFolder(): string {
  const folder = `${Deno.env.get("TMPDIR") ?? "/tmp"}/flint-bench`;
  Deno.mkdirSync(folder, { recursive: true });
  return folder;
}

/** The path of a file of seeded paths of about `megabytes` MB. */
export function pathsFile(megabytes: number): string {
  const path = `${dataFolder()}/paths-${megabytes}.txt`;
  try {
    Deno.statSync(path);
  } catch {
    writePaths(`${path}.new`, megabytes * 1e6, 1);
    Deno.renameSync(`${path}.new`, path);
  }
  return path;
}
