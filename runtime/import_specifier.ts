/**
 * The specifier by which a worker imports what the driver has imported.
 *
 * `import.meta.resolve` knows the import map and the lock file, but answers with a path in the cache
 * for what comes from npm: such a path is taken back to the specifier that leads there.
 */

/** A specifier that means the same in every process, for one that was written in module `base`. */
export function resolveImport(specifier: string, base: string): string {
  if (/^\.{0,2}\//.test(specifier)) return new URL(specifier, base).href;
  if (/^(node|jsr|https?|data|file):/.test(specifier)) return specifier;
  let resolved: string;
  try {
    resolved = import.meta.resolve(specifier);
  } catch {
    return specifier;
  }
  const found = packageOf(resolved);
  if (found === undefined) return resolved;
  const parts = specifier.replace(/^npm:\/?/, "").split("/");
  for (const subpath of subpathsOf(parts, found.path)) {
    const candidate = `npm:${found.name}@${found.version}${subpath}`;
    if (resolvesTo(candidate, resolved)) return candidate;
  }
  return `npm:${found.name}@${found.version}`;
}

/** The package that a file of a cache or of a `node_modules` folder belongs to. */
function packageOf(url: string): { name: string; version: string; path: string } | undefined {
  const cached = /\/npm\/[^/]+\/((?:@[^/]+\/)?[^/]+)\/(\d[^/]*)\/(.*)$/.exec(url);
  if (cached !== null && !url.includes("/node_modules/")) {
    const [, name, version, path] = cached;
    // A second copy of the same version lies beside it as `1.2.3_1`.
    return { name: name!, version: version!.replace(/_\d+$/, ""), path: path! };
  }
  const installed = /^(.*\/node_modules\/((?:@[^/]+\/)?[^/]+))\/(.*)$/.exec(url);
  if (installed === null) return undefined;
  try {
    const manifest = JSON.parse(Deno.readTextFileSync(new URL(`${installed[1]}/package.json`)));
    return { name: manifest.name, version: manifest.version, path: installed[3]! };
  } catch {
    return undefined;
  }
}

/** What may follow the package in a specifier, likeliest first. */
function* subpathsOf(parts: readonly string[], path: string): Iterable<string> {
  yield "";
  for (let from = 1; from < parts.length; from++) yield `/${parts.slice(from).join("/")}`;
  yield `/${path}`;
  yield `/${path.replace(/\.[^./]+$/, "")}`;
}

function resolvesTo(specifier: string, url: string): boolean {
  try {
    return import.meta.resolve(specifier) === url;
  } catch {
    return false;
  }
}
