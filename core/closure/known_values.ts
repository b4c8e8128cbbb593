/**
 * Values that travel by their name, because the worker has them too: globals, what Flint provides,
 * exports of packages, parts of the runtime. They are recognised by identity, wherever the program
 * keeps them.
 */
import type { ClosureNode } from "./closure.ts";
import { globalNamesAtStart, type GlobalWay, globalWays, isObject } from "./global_values.ts";
import type { Inspector } from "./inspector.ts";

/** Modules of Flint that the worker holds. */
export type Provided = readonly Readonly<{ name: string; exports: object }>[];

/** Globals behind getters that are objects, not classes or functions. */
const objectsBehindGetters = ["crypto", "process", "navigator", "caches"];
/** An imported object with more properties than this is data, not a namespace. */
const MEMBERS_MAX = 2000;

export class KnownValues {
  readonly #inspector: Inspector;
  readonly #provided: Provided;
  readonly #imported = new Map<unknown, ClosureNode>();
  #named: Map<unknown, ClosureNode> | undefined;
  #ways: Map<unknown, GlobalWay> | undefined;
  #hasSystemModules = false;

  constructor(inspector: Inspector, provided: Provided) {
    this.#inspector = inspector;
    this.#provided = provided;
  }

  /** The node of a value that is known; undefined for all others. */
  find(value: unknown): ClosureNode | undefined {
    this.#named ??= this.#providedValues();
    const provided = this.#named.get(value);
    if (provided !== undefined) return provided;
    const way = this.wayTo(value);
    if (way !== undefined) return { kind: "global", ...way };
    return this.#imported.get(value);
  }

  /** The way to a global value, as far as it can be reached without running a getter. */
  wayTo(value: unknown): GlobalWay | undefined {
    this.#ways ??= globalWays();
    return this.#ways.get(value);
  }

  /**
   * Looks where `find` does not: behind the getters of `globalThis`, which load parts of the platform
   * when they are first used, and in the modules of the runtime. For values that are known to be no
   * code of the program.
   */
  findNative(value: object): ClosureNode | undefined {
    const way = this.#wayBehindGetter(value);
    if (way !== undefined) {
      this.#ways!.set(value, way);
      return { kind: "global", ...way };
    }
    if (!this.#hasSystemModules) {
      this.#hasSystemModules = true;
      for (const [specifier, exports] of this.#inspector.systemModules()) {
        this.#remember(exports, { kind: "import", specifier, name: "default" });
        for (const [name, member] of dataProperties(exports)) {
          this.#remember(member, { kind: "import", specifier, name });
        }
      }
    }
    return this.#imported.get(value);
  }

  /** Remembers an imported value and, where it is a namespace of sorts, its members. */
  rememberImport(value: unknown, specifier: string, name: string): void {
    if (!isObject(value) || this.#imported.has(value)) return;
    this.#remember(value, { kind: "import", specifier, name });
    for (const [member, inner] of dataProperties(value)) {
      const node: ClosureNode = name === "*"
        ? { kind: "import", specifier, name: member }
        : { kind: "import", specifier, name, member };
      this.#remember(inner, node);
    }
  }

  #remember(value: unknown, node: ClosureNode): void {
    if (isObject(value) && !this.#imported.has(value) && this.find(value) === undefined) {
      this.#imported.set(value, node);
    }
  }

  #providedValues(): Map<unknown, ClosureNode> {
    const named = new Map<unknown, ClosureNode>();
    for (const { name: module, exports } of this.#provided) {
      named.set(exports, { kind: "provided", module, name: "*" });
      for (const [name, value] of dataProperties(exports)) {
        if (isObject(value) && !named.has(value)) {
          named.set(value, { kind: "provided", module, name });
        }
      }
    }
    return named;
  }

  #wayBehindGetter(value: object): GlobalWay | undefined {
    const names = typeof value === "function" ? [value.name] : objectsBehindGetters;
    for (const name of names) {
      if (globalNamesAtStart.has(name) && globalNamed(name) === value) return { path: [name] };
    }
    const constructor = Object.getOwnPropertyDescriptor(value, "constructor")?.value;
    if (typeof constructor === "function" && constructor.prototype === value) {
      const name = constructor.name;
      if (globalNamesAtStart.has(name) && globalNamed(name) === constructor) {
        return { path: [name, "prototype"] };
      }
    }
    return undefined;
  }
}

function globalNamed(name: string): unknown {
  try {
    return (globalThis as Record<string, unknown>)[name];
  } catch {
    return undefined; // a getter that the permissions refuse
  }
}

function* dataProperties(holder: object): Iterable<[name: string, value: unknown]> {
  const names = Object.keys(holder);
  if (names.length > MEMBERS_MAX) return;
  for (const name of names) {
    let found: PropertyDescriptor | undefined;
    try {
      found = Object.getOwnPropertyDescriptor(holder, name);
    } catch {
      continue; // an export of a module that has not come so far yet
    }
    if (found !== undefined && "value" in found) yield [name, found.value];
  }
}
