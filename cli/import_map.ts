/**
 * The import map of a job: what its own deno.json says, and `@flint/flint`.
 *
 * A job may lie in any folder and knows nothing of ours. Its nearest `deno.json` gives its aliases;
 * a workspace above it lends it its own. The packages that Flint itself imports are mapped in a scope
 * of their own, so that a job is free to use other versions of them.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { parse } from "jsonc-parser";

type Mapping = Record<string, string>;
type ConfigFile = Readonly<{
  imports?: Mapping;
  scopes?: Record<string, Mapping>;
  importMap?: string;
  workspace?: unknown;
}>;

/** An import map as a `data:` URL, for a job in `folder` and the Flint whose `mod.ts` lies in `home`. */
export function importMapFor(folder: string, home: URL): string {
  const imports: Mapping = {};
  const scopes: Record<string, Mapping> = {};
  for (const path of configFiles(folder)) {
    const own = mapOf(path);
    // The nearer file wins over the workspace above it.
    for (const [name, target] of Object.entries(own.imports)) imports[name] ??= target;
    for (const [scope, mapping] of Object.entries(own.scopes)) scopes[scope] ??= mapping;
  }
  const { imports: ours = {} } = readConfig(new URL("deno.json", home).pathname);
  scopes[home.href] = absolute(ours, home.href);
  imports["@flint/flint"] = new URL("mod.ts", home).href;
  return `data:application/json,${encodeURIComponent(JSON.stringify({ imports, scopes }))}`;
}

/** The configuration file nearest to `folder`, and the workspace that it belongs to. */
function* configFiles(folder: string): Iterable<string> {
  let nearest = true;
  for (let at = folder;; at = dirname(at)) {
    const path = ["deno.json", "deno.jsonc"].map((name) => join(at, name)).find(existsSync);
    if (path !== undefined && (nearest || readConfig(path).workspace !== undefined)) {
      yield path;
      nearest = false;
    }
    if (dirname(at) === at) return;
  }
}

/** The mappings of a configuration file, or of the import map that it names. */
function mapOf(path: string): { imports: Mapping; scopes: Record<string, Mapping> } {
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
  return (parse(readFileSync(path, "utf8"), [], { allowTrailingComma: true }) ?? {}) as ConfigFile;
}
