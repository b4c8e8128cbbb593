/**
 * What V8's inspector and the runtime know of functions and objects: the driver's implementation of
 * core/closure/inspector.ts.
 *
 * The inspector is asked synchronously. Deno carries a command out at once and only delivers the
 * answer later, through `process.nextTick`; while a command is posted, `nextTick` is a list that is
 * worked off before the call returns.
 *
 * One thing must not be done: to capture from inside an evaluation of the inspector itself. A cell of
 * `deno jupyter` and a line of `deno repl` are such evaluations, and the second one ends the process
 * with a panic that nothing can catch. Callers there let a timer pass first
 * (`await new Promise((resolve) => setTimeout(resolve))`; a microtask is not enough). Jobs and Flint's
 * own shell are no such evaluations.
 */
import { Session } from "node:inspector";
import { types } from "node:util";
import type { Brand, FunctionInfo, Inspector, VariableScope } from "../core/closure/inspector.ts";
import { assert } from "../core/errors.ts";
import { resolveImport } from "./import_specifier.ts";
import { nodeModule, placeText } from "./source_places.ts";

/** An inspector of this isolate. It connects when it is first asked. Needs `--allow-sys`. */
export function createInspector(): Inspector {
  return new V8Inspector();
}

type RemoteObject = Readonly<{ objectId?: string; value?: unknown; unserializableValue?: string }>;
type RemoteProperty = Readonly<{ name: string; value?: RemoteObject }>;
type RemoteProperties = Readonly<{
  internalProperties?: readonly RemoteProperty[];
  privateProperties?: readonly RemoteProperty[];
}>;
type Location = Readonly<{ scriptId: string; lineNumber: number; columnNumber: number }>;
type ScriptAddress = Readonly<{ scriptId: string; url: string }>;

/** Where values are laid down for the inspector, and where it lays down what it finds. */
const slotName = "flint.inspector.slot";
const slot = Symbol.for(slotName);
const slots = globalThis as unknown as Record<symbol, unknown>;
const objectGroup = "flint";

class V8Inspector implements Inspector {
  #session: Session | undefined;
  readonly #urls = new Map<string, string>();
  readonly #sources = new Map<string, string>();
  readonly #locations = new WeakMap<object, Location>();
  readonly #places = new WeakMap<object, string>();

  functionInfo(fn: object): FunctionInfo {
    try {
      const { internalProperties = [] } = this.#properties(fn);
      const internal = new Map(internalProperties.map(({ name, value }) => [name, value]));
      const location = internal.get("[[FunctionLocation]]")?.value as Location | undefined;
      if (location !== undefined) this.#locations.set(fn, location);
      const target = internal.get("[[TargetFunction]]");
      return {
        scriptId: location?.scriptId,
        line: location?.lineNumber ?? 0,
        column: location?.columnNumber ?? 0,
        scopes: this.#scopes(internal.get("[[Scopes]]")),
        bound: target === undefined ? undefined : {
          target: this.#valueOf(target),
          thisValue: this.#valueOf(internal.get("[[BoundThis]]")),
          arguments: Array.from(this.#valueOf(internal.get("[[BoundArgs]]")) as unknown[]),
        },
      };
    } finally {
      this.#release();
    }
  }

  privateFields(object: object): [name: string, value: unknown][] {
    try {
      const { privateProperties = [] } = this.#properties(object);
      return privateProperties.flatMap(({ name, value }) =>
        value === undefined ? [] : [[name.replace(/^#/, ""), this.#valueOf(value)]]
      );
    } finally {
      this.#release();
    }
  }

  scriptUrl(scriptId: string): string | undefined {
    // From what costs nothing to what costs most: V8 hashes every script when the debugger comes.
    for (const ask of [this.#askStack, this.#askProfiler, this.#askDebugger]) {
      const url = this.#urls.get(scriptId);
      if (url !== undefined) return url;
      ask.call(this);
    }
    return this.#urls.get(scriptId);
  }

  scriptSource(scriptId: string): string | undefined {
    let source = this.#sources.get(scriptId);
    if (source !== undefined) return source;
    this.#post("Debugger.enable");
    try {
      const answer = this.#post("Debugger.getScriptSource", { scriptId });
      source = (answer as { scriptSource: string }).scriptSource;
    } catch {
      return undefined; // the engine does not know it, or has let go of it
    } finally {
      this.#post("Debugger.disable");
    }
    this.#sources.set(scriptId, source);
    return source;
  }

  place(fn: object): string {
    let place = this.#places.get(fn);
    if (place === undefined) {
      place = this.#findPlace(fn);
      this.#places.set(fn, place);
    }
    return place;
  }

  brand(value: object): Brand {
    return brandOf(value);
  }

  isProxy(value: object): boolean {
    return types.isProxy(value);
  }

  resolve(specifier: string, base: string): string {
    return resolveImport(specifier, base);
  }

  *systemModules(): Iterable<readonly [specifier: string, exports: object]> {
    const loader = process as unknown as { getBuiltinModule(name: string): object | undefined };
    for (const name of nodeModule().builtinModules) {
      if (/^_|inspector|test|sqlite|repl/.test(name)) continue; // loading these has effects
      const specifier = `node:${name}`;
      let exports: object | undefined;
      try {
        exports = loader.getBuiltinModule(specifier);
      } catch {
        continue; // listed, but not there
      }
      if (exports !== undefined) yield [specifier, exports];
    }
  }

  #findPlace(fn: object): string {
    if (!this.#locations.has(fn)) {
      const { bound } = this.functionInfo(fn);
      if (typeof bound?.target === "function") return this.place(bound.target);
    }
    const location = this.#locations.get(fn);
    if (location === undefined) return "an unknown place (it is native)";
    const url = this.scriptUrl(location.scriptId) ?? "";
    return placeText(url, location.lineNumber, location.columnNumber);
  }

  #scopes(list: RemoteObject | undefined): VariableScope[] {
    if (list === undefined) return [];
    const found = this.#valueOf(list) as { description: string; object: Record<string, unknown> }[];
    return Array.from(found, ({ description, object }) => ({
      kind: description.startsWith("Module")
        ? "module"
        : description.startsWith("Global")
        ? "global"
        : "other",
      variables: object,
    }));
  }

  /** The scripts of the frames below this one: nearly always the job's own is among them. */
  #askStack(): void {
    const { exceptionDetails } = this.#post("Runtime.evaluate", {
      expression: "throw new Error()",
      objectGroup,
      silent: true,
    }) as { exceptionDetails?: { stackTrace?: { callFrames: ScriptAddress[] } } };
    this.#note(exceptionDetails?.stackTrace?.callFrames ?? []);
  }

  /** The scripts whose functions have been called: about 10 ms. */
  #askProfiler(): void {
    this.#post("Profiler.enable");
    try {
      const { result } = this.#post("Profiler.getBestEffortCoverage") as {
        result: ScriptAddress[];
      };
      this.#note(result);
    } finally {
      this.#post("Profiler.disable");
    }
  }

  /** All scripts: about 50 ms the first time. */
  #askDebugger(): void {
    this.#post("Debugger.enable"); // tells of each
    this.#post("Debugger.disable");
  }

  #note(scripts: readonly ScriptAddress[]): void {
    for (const { scriptId, url } of scripts) this.#urls.set(scriptId, url);
  }

  #properties(object: object): RemoteProperties {
    slots[slot] = object;
    const answer = this.#post("Runtime.evaluate", {
      expression: `globalThis[Symbol.for("${slotName}")]`,
      objectGroup,
    });
    slots[slot] = undefined;
    const { objectId } = (answer as { result: RemoteObject }).result;
    return this.#post("Runtime.getProperties", { objectId, ownProperties: true });
  }

  /** The value itself of what the inspector describes. */
  #valueOf(remote: RemoteObject | undefined): unknown {
    if (remote === undefined) return undefined;
    if (remote.unserializableValue !== undefined) return numberOf(remote.unserializableValue);
    if (remote.objectId === undefined) return remote.value;
    this.#post("Runtime.callFunctionOn", {
      objectId: remote.objectId,
      functionDeclaration: `function () { globalThis[Symbol.for("${slotName}")] = this; }`,
    });
    const value = slots[slot];
    slots[slot] = undefined;
    return value;
  }

  #release(): void {
    this.#post("Runtime.releaseObjectGroup", { objectGroup });
  }

  #post(method: string, parameters: object = {}): object {
    const session = this.#session ??= this.#connected();
    const held: (() => void)[] = [];
    const { nextTick } = process;
    process.nextTick = (callback: (...args: unknown[]) => void, ...args: unknown[]) => {
      held.push(() => callback(...args));
    };
    let answer: object | undefined;
    let failure: Error | undefined;
    try {
      session.post(method, parameters, (error: Error | null, result?: object) => {
        if (error) failure = error;
        else answer = result ?? {};
      });
      for (let next = held.shift(); next !== undefined; next = held.shift()) next();
    } finally {
      process.nextTick = nextTick;
    }
    if (failure !== undefined) throw failure;
    assert(answer !== undefined, `the inspector did not answer ${method} at once`);
    return answer;
  }

  #connected(): Session {
    const session = new Session();
    session.connect();
    session.on("Debugger.scriptParsed", (message: unknown) => {
      this.#note([(message as { params: ScriptAddress }).params]);
    });
    return session;
  }
}

/** Numbers that JSON does not have: `NaN`, `-0`, `Infinity`, `12n`. */
function numberOf(text: string): number | bigint {
  return text.endsWith("n") ? BigInt(text.slice(0, -1)) : Number(text);
}

function brandOf(value: object): Brand {
  if (types.isProxy(value)) return "proxy";
  if (Array.isArray(value)) return "array";
  if (types.isMap(value)) return "map";
  if (types.isSet(value)) return "set";
  if (types.isDate(value)) return "date";
  if (types.isRegExp(value)) return "regexp";
  if (types.isNativeError(value)) return "error";
  if (ArrayBuffer.isView(value)) return "view";
  if (types.isArrayBuffer(value)) return "buffer";
  if (types.isSharedArrayBuffer(value)) return "sharedBuffer";
  if (types.isPromise(value)) return "promise";
  if (types.isWeakMap(value) || types.isWeakSet(value) || isWeak(value)) return "weak";
  if (types.isGeneratorObject(value)) return "generator";
  if (types.isMapIterator(value) || types.isSetIterator(value)) return "iterator";
  if (types.isBoxedPrimitive(value)) return "boxed";
  if (types.isArgumentsObject(value)) return "arguments";
  if (types.isModuleNamespaceObject(value)) return "namespace";
  return "ordinary";
}

function isWeak(value: object): boolean {
  return value instanceof WeakRef || value instanceof FinalizationRegistry;
}
