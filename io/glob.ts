/**
 * Patterns of paths, as Hadoop has them: `*` and `?` (never a `/`), `[abc]`, `[a-z]`, `[^a]`,
 * `{one,two}`, and `\` before a character that means itself.
 */
import { InputError } from "../core/errors.ts";
import { FileError } from "../core/platform.ts";
import type { FileSystem } from "./file_system.ts";

/** The parts of a comma-separated list; commas in braces part nothing. */
export function listed(paths: string): string[] {
  const parts: string[] = [""];
  let depth = 0;
  for (let i = 0; i < paths.length; i++) {
    const char = paths[i]!;
    if (char === "{") depth++;
    if (char === "}") depth--;
    if (char === "," && depth <= 0) parts.push("");
    else parts[parts.length - 1] += char === "\\" ? char + (paths[++i] ?? "") : char;
  }
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

/**
 * The paths that match, sorted by code point; none if nothing does. A path that exists as it is
 * written is itself, whatever characters it has. Names that begin with `_` or `.` match only where
 * the pattern writes that character.
 */
export async function expand(pattern: string, files: FileSystem): Promise<string[]> {
  if (!/[*?[{\\]/.test(pattern)) return await exists(pattern, files) ? [pattern] : [];
  if (await exists(pattern, files)) return [pattern];
  const found = new Set<string>();
  for (const alternative of alternatives(pattern)) {
    for (const path of await matches(alternative, files)) found.add(path);
  }
  return [...found].sort(byCodePoint);
}

async function matches(pattern: string, files: FileSystem): Promise<string[]> {
  const root = /^(file:(\/\/(localhost)?)?)?\/*/.exec(pattern)![0];
  const names = pattern.slice(root.length).split("/").filter((name) => name !== "");
  let folders = [root];
  for (const [depth, name] of names.entries()) {
    const last = depth === names.length - 1;
    const next: string[] = [];
    for (const folder of folders) {
      for (const child of await children(folder, name, files)) {
        const path = folder === "" || folder.endsWith("/") ? folder + child : `${folder}/${child}`;
        if (last || (await kindOf(path, files)) === "folder") next.push(path);
      }
    }
    folders = next;
  }
  return folders;
}

/** The names in a folder that match one name of a pattern. */
async function children(folder: string, name: string, files: FileSystem): Promise<string[]> {
  const literal = literalOf(name);
  if (literal !== undefined) {
    const path = folder === "" || folder.endsWith("/") ? folder + literal : `${folder}/${literal}`;
    return await exists(path, files) ? [literal] : [];
  }
  const expression = expressionOf(name);
  const hidden = /^[_.]/.test(name);
  const all = await files.list(folder === "" ? "." : folder);
  return all.filter((child) => expression.test(child) && (hidden || !isHidden(child)));
}

/** Files that belong to whoever wrote the folder, such as `_SUCCESS` and `.crc`: not data. */
export function isHidden(name: string): boolean {
  return name.startsWith("_") || name.startsWith(".");
}

/** The name, if it has no special character but escapes. */
function literalOf(name: string): string | undefined {
  return /^([^*?[\\]|\\.)*$/s.test(name) ? name.replace(/\\(.)/gs, "$1") : undefined;
}

function expressionOf(name: string): RegExp {
  const source = name.replace(
    /\\([^])|(\*)|(\?)|\[([\^!]?)((?:\\[^]|[^\]\\])+)\]|([^])/gu,
    (_, escaped, star, any, not, set, other) => {
      if (star) return ".*";
      if (any) return ".";
      return set ? `[${not ? "^" : ""}${setOf(set)}]` : literally(escaped ?? other);
    },
  );
  try {
    return new RegExp(`^${source}$`, "su");
  } catch (cause) {
    throw new InputError(
      "InvalidPath",
      `Cannot read ${JSON.stringify(name)}: it is no pattern`,
      "Check what stands in [ ]",
      { cause },
    );
  }
}

/** What stands between `[` and `]`: a `-` makes a range, `\` takes the meaning of what follows it. */
function setOf(set: string): string {
  return set.replace(
    /\\([^])|([^])/gu,
    (_, escaped, other) =>
      other === "-" ? "-" : escaped === "-" ? "\\-" : literally(escaped ?? other),
  );
}

function literally(char: string): string {
  return /[\^$\\.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
}

/** `a{b,c{d,e}}` means `ab`, `acd` and `ace`. */
function alternatives(pattern: string): string[] {
  const open = indexOutsideEscapes(pattern, "{");
  if (open < 0) return [pattern];
  const choices = [""];
  let depth = 0;
  let at = open;
  for (; at < pattern.length; at++) {
    const char = pattern[at]!;
    if (char === "{" && depth++ === 0) continue;
    if (char === "}" && --depth === 0) break;
    if (char === "," && depth === 1) choices.push("");
    else choices[choices.length - 1] += char === "\\" ? char + (pattern[++at] ?? "") : char;
  }
  if (at === pattern.length) return [pattern.replace(/\{/, "\\{")];
  const before = pattern.slice(0, open);
  const after = pattern.slice(at + 1);
  return choices.flatMap((choice) => alternatives(before + choice + after));
}

function indexOutsideEscapes(pattern: string, wanted: string): number {
  for (let i = 0; i < pattern.length; i++) {
    if (pattern[i] === "\\") i++;
    else if (pattern[i] === wanted) return i;
  }
  return -1;
}

async function exists(path: string, files: FileSystem): Promise<boolean> {
  return await kindOf(path, files) !== undefined;
}

async function kindOf(path: string, files: FileSystem): Promise<string | undefined> {
  try {
    return (await files.info(path)).kind;
  } catch (error) {
    if (error instanceof FileError && error.kind === "notFound") return undefined;
    throw error;
  }
}

/** As the names in a folder are sorted; UTF-16 order would put astral characters before U+FFFD. */
function byCodePoint(a: string, b: string): number {
  const x = [...a];
  const y = [...b];
  for (let i = 0; i < x.length && i < y.length; i++) {
    if (x[i] !== y[i]) return x[i]!.codePointAt(0)! - y[i]!.codePointAt(0)!;
  }
  return x.length - y.length;
}
