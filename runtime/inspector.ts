/**
 * What V8's inspector and the runtime know of functions and objects: the driver's implementation of
 * core/closure/inspector.ts, and places in TypeScript for errors that come back from workers.
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
import { fileURLToPath } from "node:url";
import { types } from "node:util";
import { markedFrameOf } from "../core/closure/code_place.ts";
import type { Brand, FunctionInfo, Inspector, VariableScope } from "../core/closure/inspector.ts";
import { assert } from "../core/errors.ts";

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
    const at = originalPosition(url, location.lineNumber, location.columnNumber);
    return `${shownPath(url)}:${at.line + 1}:${at.column + 1}`;
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

// ——— Imports ———

/**
 * `import.meta.resolve` knows the import map and the lock file, but answers with a path in the cache
 * for what comes from npm: such a path is taken back to the specifier that leads there.
 */
function resolveImport(specifier: string, base: string): string {
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

// ——— Places ———

type NodeModule = typeof import("node:module");
type SourceMap = NonNullable<ReturnType<NodeModule["findSourceMap"]>>;

/** Loaded when it is first needed: that takes some 15 ms. */
function nodeModule(): NodeModule {
  return process.getBuiltinModule("node:module");
}
const sourceMaps = new Map<string, SourceMap | undefined>();

/** The map of a script that ran in this process, by its URL; `findSourceMap` wants paths. */
function sourceMapOf(url: string): SourceMap | undefined {
  if (!url.startsWith("file:")) return undefined;
  if (!sourceMaps.has(url)) {
    let map: SourceMap | undefined;
    try {
      map = nodeModule().findSourceMap(fileURLToPath(url));
    } catch {
      map = undefined; // it is JavaScript, or has not run here
    }
    sourceMaps.set(url, map);
  }
  return sourceMaps.get(url);
}

/** The position in the source as it was written; lines and columns from 0, as all of them here. */
function originalPosition(
  url: string,
  line: number,
  column: number,
): { line: number; column: number } {
  const entry = sourceMapOf(url)?.findEntry(line, column);
  if (entry === undefined || !("originalLine" in entry)) return { line, column };
  // The map knows the beginnings of pieces; a piece is as far from its beginning as it was.
  const into = entry.generatedLine === line ? column - entry.generatedColumn : 0;
  return { line: entry.originalLine, column: entry.originalColumn + Math.max(0, into) };
}

/** A script as people name it: below the working folder where it lies there. */
function shownPath(url: string): string {
  if (!url.startsWith("file:")) return url === "" ? "<anonymous>" : url;
  const path = fileURLToPath(url);
  const folder = `${Deno.cwd()}/`;
  return path.startsWith(folder) ? path.slice(folder.length) : path;
}

/** Flint's own code: the folders beside this one. */
const flintRoot = new URL("../", import.meta.url).href;
const flintFolders = /^(core|io|shuffle|workers|spark|runtime|cli)\/|^(mod|submit)\.ts/;

/**
 * A stack trace as the user should see it: frames of functions that ran in a worker name their place
 * in TypeScript, and what Flint and the runtime did to call them is left out. A trace without such a
 * frame stays as it is.
 */
export function mapStack(stack: string): string {
  const lines = stack.split("\n").filter((line) => !isFlint(markedFrameOf(line)?.script));
  const frames = lines.map(markedFrameOf);
  const last = frames.findLastIndex((frame) => frame !== undefined);
  if (last < 0) return stack;
  const shown: string[] = [];
  for (const [index, line] of lines.entries()) {
    const frame = frames[index];
    if (frame !== undefined) shown.push(shownFrame(frame));
    else if (!isInternalFrame(line, index > last)) shown.push(line);
  }
  return shown.join("\n");
}

function shownFrame(frame: NonNullable<ReturnType<typeof markedFrameOf>>): string {
  const { line, column } = originalPosition(frame.script, frame.line - 1, frame.column - 1);
  const place = `${frame.script}:${line + 1}:${column + 1}`;
  return /\bat$/.test(frame.head) ? `${frame.head} ${place}` : `${frame.head} (${place})`;
}

function isInternalFrame(line: string, isBelow: boolean): boolean {
  if (!/^\s+at /.test(line)) return false;
  if (/[( ](ext|node|deno):/.test(line)) return true;
  if (/<anonymous>/.test(line)) return isBelow || /, <anonymous>:\d/.test(line);
  const at = line.indexOf(flintRoot);
  return at >= 0 && isFlint(line.slice(at));
}

/** Whether a script is Flint's own, such as what an operator puts around a function of the user. */
function isFlint(script: string | undefined): boolean {
  return script?.startsWith(flintRoot) === true &&
    flintFolders.test(script.slice(flintRoot.length));
}
