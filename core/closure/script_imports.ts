/**
 * What the imported names of a script stand for, and which of them travel by name.
 */
import { importsOf } from "./function_source.ts";
import type { FunctionInfo, Inspector } from "./inspector.ts";
import type { KnownValues } from "./known_values.ts";

/** An imported name: the module it comes from, resolved, and the export; "*" is the whole module. */
export type Import = Readonly<{ specifier: string; name: string; byReference: boolean }>;

export interface ScriptImports {
  /**
   * Whether a value of a module's scope certainly need not be looked for among the imports: a plain
   * value, something that is known already, a function of the user's own. Which names are imported
   * stands in the text of the script, and that is dear to ask for.
   */
  isOwnValue(value: unknown): boolean;
  /** What a name in the module scope of a function's script stands for, if it is imported. */
  importOf(name: string, info: FunctionInfo): Import | undefined;
}

export function createScriptImports(
  inspector: Inspector,
  known: KnownValues,
  byReference: (url: string) => boolean,
): ScriptImports {
  const byScript = new Map<string, ReadonlyMap<string, Import>>();
  return {
    isOwnValue(value) {
      if (typeof value === "symbol") return false;
      if (typeof value !== "function" && (typeof value !== "object" || value === null)) return true;
      if (known.find(value) !== undefined) return true;
      if (typeof value !== "function") return false;
      const { scriptId } = inspector.functionInfo(value);
      const url = scriptId === undefined ? undefined : inspector.scriptUrl(scriptId);
      return url !== undefined && url !== "" && !byReference(url);
    },
    importOf(name, info) {
      if (info.scriptId === undefined) return undefined;
      let imports = byScript.get(info.scriptId);
      if (imports === undefined) {
        imports = read(info.scriptId);
        byScript.set(info.scriptId, imports);
        remember(imports, info);
      }
      return imports.get(name);
    },
  };

  function read(scriptId: string): ReadonlyMap<string, Import> {
    const imports = new Map<string, Import>();
    const url = inspector.scriptUrl(scriptId);
    const source = inspector.scriptSource(scriptId);
    if (url === undefined || source === undefined) return imports;
    // A package's own modules have addresses that mean nothing elsewhere: what they import from each
    // other travels by value where it has to travel at all.
    const isForeign = byReference(url);
    for (const [local, { specifier, name }] of importsOf(source)) {
      if (isForeign && !specifier.startsWith("node:")) continue;
      const resolved = inspector.resolve(specifier, url);
      imports.set(local, { specifier: resolved, name, byReference: byReference(resolved) });
    }
    return imports;
  }

  /** So that `const p = imported` travels by name as well. */
  function remember(imports: ReadonlyMap<string, Import>, { scopes }: FunctionInfo): void {
    const module = scopes.find((scope) => scope.kind === "module");
    if (module === undefined) return;
    for (const [local, each] of imports) {
      if (!each.byReference || !Object.hasOwn(module.variables, local)) continue;
      let value: unknown;
      try {
        value = module.variables[local];
      } catch {
        continue; // not initialised yet: a cycle of imports
      }
      known.rememberImport(value, each.specifier, each.name);
    }
  }
}
