/**
 * What the imported names of a script stand for, and which of them travel by name.
 */
import { importsOf } from "./function_source.ts";
import type { FunctionInfo, Inspector } from "./inspector.ts";
import type { KnownValues } from "./known_values.ts";

/** An imported name: the module it comes from, resolved, and the export; "*" is the whole module. */
export type Import = Readonly<{ specifier: string; name: string; byReference: boolean }>;

export interface ScriptImports {
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
    const script = inspector.script(scriptId);
    if (script === undefined) return imports;
    // A package's own modules have addresses that mean nothing elsewhere: what they import from each
    // other travels by value where it has to travel at all.
    const isForeign = byReference(script.url);
    for (const [local, { specifier, name }] of importsOf(script.source)) {
      if (isForeign && !specifier.startsWith("node:")) continue;
      const resolved = inspector.resolve(specifier, script.url);
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
