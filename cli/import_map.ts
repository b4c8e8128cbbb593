/**
 * The import map of a job: what its own deno.json says, and `@flint/flint`.
 *
 * A job may lie in any folder and knows nothing of ours. Its nearest `deno.json` gives its aliases;
 * a workspace above it lends it its own, and the packages of all its members. The packages that Flint
 * itself imports are mapped in a scope of their own, so that a job is free to use other versions.
 */
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { parse } from "jsonc-parser";
import {
  type ApplicationFolder,
  makeApplicationFolder,
  removeAllAbandoned,
} from "../workers/application_folder.ts";
import { newNonce } from "../runtime/local/folders.ts";
import { denoLocks, denoPlatform } from "../workers/platform_deno.ts";
import { exists } from "./exists.ts";

type Mapping = Record<string, string>;
/** What Deno's `--import-map` takes; all targets are absolute. */
export type ImportMap = Readonly<{ imports: Mapping; scopes: Record<string, Mapping> }>;
type ConfigFile = Readonly<{
  imports?: Mapping;
  scopes?: Record<string, Mapping>;
  importMap?: string;
  /** The folders of its members, as a list or as `{ members }`. */
  workspace?: unknown;
  /** What a member is called, and which modules it offers. */
  name?: string;
  exports?: string | Mapping;
}>;

/** The import map of a job in `folder`, with the Flint whose `mod.ts` lies in `home`. */
export function importMapFor(folder: string, home: URL): ImportMap {
  const imports: Mapping = {};
  const scopes: Record<string, Mapping> = {};
  for (const path of configFiles(folder)) {
    const own = mapOf(path);
    // The nearer file wins over the workspace above it.
    for (const [name, target] of Object.entries(own.imports)) imports[name] ??= target;
    for (const [scope, mapping] of Object.entries(own.scopes)) scopes[scope] ??= mapping;
    for (const member of [path, ...memberFiles(path)]) {
      for (const [name, target] of Object.entries(exportsOf(member))) imports[name] ??= target;
      // A member's aliases are for its own modules; those of the job's own file are everybody's.
      if (member !== path) scopes[folderUrl(member)] ??= mapOf(member).imports;
    }
  }
  const { imports: ours = {} } = readConfig(new URL("deno.json", home).pathname);
  scopes[home.href] = absolute(ours, home.href);
  imports["@flint/flint"] = new URL("mod.ts", home).href;
  return { imports, scopes };
}

/**
 * An import map in a file, gone when it is disposed. Inside of a workspace, Deno 2.9 panics over one
 * that is a `data:` URL. It lies in a folder like those of applications, in the temp folder: what a
 * launcher leaves there that is killed, the next one removes.
 */
export class ImportMapFile implements Disposable {
  readonly path: string;
  readonly #folder: ApplicationFolder;

  constructor(map: ImportMap) {
    const directory = Deno.realPathSync(Deno.env.get("TMPDIR") || "/tmp");
    removeAllAbandoned(denoPlatform, denoLocks, directory);
    this.#folder = makeApplicationFolder(denoPlatform, denoLocks, directory, {
      pid: Deno.pid,
      nonce: newNonce(),
    });
    this.path = `${this.#folder.path}/imports.json`;
    Deno.writeTextFileSync(this.path, JSON.stringify(map));
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

/** The configuration file nearest to `folder`, and the workspace that it belongs to. */
function* configFiles(folder: string): Iterable<string> {
  let nearest = true;
  for (let at = folder;; at = dirname(at)) {
    const path = configIn(at);
    if (path !== undefined && (nearest || readConfig(path).workspace !== undefined)) {
      yield path;
      nearest = false;
    }
    if (dirname(at) === at) return;
  }
}

/** The configuration files of the members of the workspace at `path`. */
function memberFiles(path: string): string[] {
  const { workspace } = readConfig(path);
  const members = Array.isArray(workspace)
    ? workspace
    : (workspace as { members?: unknown } | undefined)?.members;
  if (!Array.isArray(members)) return [];
  const folders = members.flatMap((member) => foldersOf(dirname(path), String(member).split("/")));
  return folders.map(configIn).filter((member) => member !== undefined);
}

/** The folders below `base` that a member's path names; `*` stands for any name. */
function foldersOf(base: string, [segment, ...rest]: readonly string[]): string[] {
  if (segment === undefined) return [base];
  if (segment !== "*") return foldersOf(join(base, segment), rest);
  if (!exists(base)) return [];
  return [...Deno.readDirSync(base)]
    .filter((entry) => entry.isDirectory)
    .flatMap((entry) => foldersOf(join(base, entry.name), rest));
}

/** `@me/lib` and `@me/lib/deep`, for a member of that name whose exports are `.` and `./deep`. */
function exportsOf(path: string): Mapping {
  const { name, exports } = readConfig(path);
  if (name === undefined || exports === undefined) return {};
  const modules = typeof exports === "string" ? { ".": exports } : exports;
  return Object.fromEntries(
    Object.entries(modules).map(([key, target]) => [
      `${name}${key.slice(1)}`,
      new URL(target, pathToFileURL(path)).href,
    ]),
  );
}

function folderUrl(path: string): string {
  return new URL("./", pathToFileURL(path)).href;
}

function configIn(folder: string): string | undefined {
  return ["deno.json", "deno.jsonc"].map((name) => join(folder, name)).find(exists);
}

/** The mappings of a configuration file, or of the import map that it names. */
function mapOf(path: string): ImportMap {
  let config = readConfig(path);
  let base = pathToFileURL(path).href;
  if (config.importMap !== undefined && config.imports === undefined) {
    const target = new URL(config.importMap, base);
    if (target.protocol === "file:") {
      config = readConfig(target.pathname);
      base = target.href;
    }
  }
  const scopes = Object.entries(config.scopes ?? {}).map(([scope, mapping]) => [
    /^\.{0,2}\//.test(scope) ? new URL(scope, base).href : scope,
    absolute(mapping, base),
  ]);
  return { imports: absolute(config.imports ?? {}, base), scopes: Object.fromEntries(scopes) };
}

/** Relative targets are relative to the file that they stand in. */
function absolute(mapping: Mapping, base: string): Mapping {
  return Object.fromEntries(
    Object.entries(mapping).flatMap(([name, target]) => {
      const url = /^\.{0,2}\//.test(target) ? new URL(target, base).href : target;
      // Deno's own shorthand: an alias of a package also stands for what lies below it.
      const below = /^(npm|jsr):\/?/.test(url) && !name.endsWith("/")
        ? [[`${name}/`, `${url.replace(/^(npm|jsr):\/?/, "$1:/")}/`] as const]
        : [];
      return [[name, url] as const, ...below];
    }),
  );
}

function readConfig(path: string): ConfigFile {
  return (parse(Deno.readTextFileSync(path), [], { allowTrailingComma: true }) ?? {}) as ConfigFile;
}
