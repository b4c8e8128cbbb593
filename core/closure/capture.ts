/**
 * From a function to data: the driver's half of shipping a closure.
 *
 *     Function ─► its text (function_source.ts) ─► free names ─► live values (inspector) ─► nodes
 *                                                                     │
 *         by its name: global, provided, import (known_values.ts) ◄───┤
 *         as it is: plain data (plain_data.ts) ◄──────────────────────┤
 *         by hand: token of a broadcast variable or accumulator ◄─────┤
 *         by value: objects (capture_values.ts), functions (capture_function.ts), whose values…
 *
 * Values are those of the moment of the capture, copied; what the program changes later does not
 * travel. The graph is walked with a list of what is left to do, not by recursion, so a list of a
 * million links is no problem.
 *
 * A known gap: V8 does not tell whether two functions share a variable, only what its value is. Two
 * functions that share an object share it in the worker too; two that share a `let` which one of them
 * assigns to get a copy each. The assignment is warned of.
 */
import { ClosureError } from "../errors.ts";
import type { UserFunction } from "../plan/plan.ts";
import { functionNode } from "./capture_function.ts";
import { objectNode } from "./capture_values.ts";
import { type ClassRegistry, createClassRegistry } from "./class_registry.ts";
import type { AnyFunction, Closure, ClosureNode, NodeIndex } from "./closure.ts";
import { functionSourceOf } from "./function_source.ts";
import { isObject, wellKnownName } from "./global_values.ts";
import type { Inspector } from "./inspector.ts";
import { KnownValues, type Provided } from "./known_values.ts";
import { createNativeClassNames } from "./native_classes.ts";
import { pathsIn, plainCopyOf, PlainFinder, type PlainTree } from "./plain_data.ts";
import { obstacles, refusedToken, refusedValue, variablesOn, type Way } from "./refusal.ts";
import { createScriptImports, type ScriptImports } from "./script_imports.ts";

export type CapturerOptions = Readonly<{
  inspector: Inspector;
  /** Flint's own modules that the worker holds: their exports travel by name. */
  provided: Provided;
  /**
   * The token of an object that the worker has its own form of, as plain data; undefined for all
   * others. May throw a ClosureError whose message says what the object is, in words that follow
   * "which is", with the cure: it is completed with the place and the variable.
   */
  tokenOf(value: object): unknown | undefined;
  /** Whether modules at this address travel by name. All but the user's own `file:` modules do by default. */
  byReference?(url: string): boolean;
  /** Hears of what works differently than it looks; each message once. */
  warn(message: string): void;
}>;

export interface Capturer {
  /**
   * The function as data, with all that it uses, as it is now. Throws a ClosureError with code
   * `NotShippable`, or whatever code `tokenOf` throws.
   */
  capture(fn: UserFunction): Closure;
  /** The class that has this id, if it was part of a capture. */
  classOf(id: string): AnyFunction | undefined;
  /**
   * The id of a class that was part of a capture: the same that it has in the worker. None for a
   * class with private fields, because no record can carry its instances.
   */
  idOf(constructor: AnyFunction): string | undefined;
  /** Whether instances of a class have private fields. */
  hasPrivateFields(constructor: AnyFunction): boolean;
}

/** What all captures of a context share. */
export type CaptureState = Readonly<{
  inspector: Inspector;
  known: KnownValues;
  classes: ClassRegistry;
  imports: ScriptImports;
  /** The name of a class of the platform by its prototype. */
  nativeClassName(prototype: object): string | undefined;
  warn(message: string): void;
}>;

/** Where the parts of a capture put what they find. */
export interface CaptureTable {
  readonly state: CaptureState;
  /** The place of the function that is being captured. */
  readonly place: string;
  /** The node of a value; the value itself is looked at later. `holder` has it as a property. */
  reference(value: unknown, way: Way | undefined, holder?: object): NodeIndex;
  /** A new node of its own; with `value`, it stands for that value from now on. */
  add(node: ClosureNode, value?: object): NodeIndex;
  /** The node that stands for a value already. */
  indexOf(value: object): NodeIndex | undefined;
  /** Counts what a closure weighs; `way` leads to what is heavy. */
  weigh(bytes: number, way: Way | undefined): void;
}

/** Makes a capturer for one context. Nothing costly happens before the first capture. */
export function createCapturer(options: CapturerOptions): Capturer {
  const { inspector } = options;
  const warned = new Set<string>();
  const known = new KnownValues(inspector, options.provided);
  const byReference = options.byReference ?? isForeign;
  const classes = createClassRegistry(inspector);
  const state: CaptureState = {
    inspector,
    known,
    classes,
    imports: createScriptImports(inspector, known, byReference),
    nativeClassName: createNativeClassNames(inspector, known),
    warn(message) {
      if (warned.has(message)) return;
      warned.add(message);
      options.warn(message);
    },
  };
  return {
    capture: (fn) => new Capture(state, options.tokenOf, fn).run(),
    classOf: (id) => classes.classOf(id),
    idOf: (constructor) =>
      classes.hasPrivateFields(constructor) ? undefined : classes.idOf(constructor),
    hasPrivateFields: (constructor) => classes.hasPrivateFields(constructor),
  };
}

/** Everything but the user's own files: packages lie in files too, but in folders known for it. */
function isForeign(url: string): boolean {
  return !url.startsWith("file:") || url.includes("/node_modules/") ||
    /\/npm\/[^/]+\.[^/]+\//.test(url);
}

/** Above this a closure had better be a broadcast variable. */
const BYTES_BEFORE_WARNING = 1 << 20;
/** What a node takes beside what it holds, roughly. */
const NODE_BYTES = 40;

type Pending = Readonly<{
  index: NodeIndex;
  value: object;
  way: Way | undefined;
  holder: object | undefined;
}>;

class Capture implements CaptureTable {
  readonly state: CaptureState;
  readonly #tokenOf: CapturerOptions["tokenOf"];
  readonly #fn: UserFunction;
  readonly #nodes: (ClosureNode | undefined)[] = [];
  readonly #indexes = new Map<unknown, NodeIndex>();
  readonly #pending: Pending[] = [];
  readonly #plain: PlainFinder;
  /** The tree that an object is inside of, and the tree's node. */
  readonly #trees = new Map<object, readonly [NodeIndex, PlainTree]>();
  readonly #paths = new Map<PlainTree, ReturnType<typeof pathsIn>>();
  #place: string | undefined;
  #bytes = 0;
  #heaviest: { bytes: number; way: Way | undefined } = { bytes: 0, way: undefined };

  constructor(state: CaptureState, tokenOf: CapturerOptions["tokenOf"], fn: UserFunction) {
    this.state = state;
    this.#tokenOf = tokenOf;
    this.#fn = fn;
    this.#plain = new PlainFinder(
      state.inspector,
      (value) =>
        this.#indexes.has(value) || this.#trees.has(value) || state.known.find(value) !== undefined,
    );
  }

  get place(): string {
    return this.#place ??= this.state.inspector.isProxy(this.#fn)
      ? "an unknown place"
      : this.state.inspector.place(this.#fn);
  }

  run(): Closure {
    const root = this.reference(this.#fn, undefined);
    for (let next = this.#pending.pop(); next !== undefined; next = this.#pending.pop()) {
      this.#nodes[next.index] = this.#nodeOf(next);
    }
    this.#warnIfHeavy();
    const nodes = this.#nodes as ClosureNode[];
    return {
      nodes,
      root,
      place: this.place,
      name: this.#fn.name,
      ...(isAsync(this.#fn, nodes[root]!) ? { async: true } : {}),
    };
  }

  reference(value: unknown, way: Way | undefined, holder?: object): NodeIndex {
    if (Object.is(value, -0)) return this.add({ kind: "negativeZero" });
    const seen = this.#indexes.get(value);
    if (seen !== undefined) return seen;
    if (!isObject(value)) {
      const node = typeof value === "symbol" ? symbolNode(value) : plainNode(value);
      if (typeof value === "string") this.weigh(value.length, way);
      return this.#put(node, value);
    }
    const inside = this.#insideOf(value);
    if (inside !== undefined) return this.#put(inside, value);
    const index = this.#put(undefined, value);
    this.#pending.push({ index, value, way, holder });
    return index;
  }

  add(node: ClosureNode, value?: object): NodeIndex {
    if (value !== undefined) return this.#put(node, value);
    return this.#nodes.push(node) - 1;
  }

  indexOf(value: object): NodeIndex | undefined {
    return this.#indexes.get(value);
  }

  weigh(bytes: number, way: Way | undefined): void {
    this.#bytes += bytes;
    if (bytes > this.#heaviest.bytes) this.#heaviest = { bytes, way };
  }

  #put(node: ClosureNode | undefined, value: unknown): NodeIndex {
    const index = this.#nodes.push(node) - 1;
    this.#indexes.set(value, index);
    return index;
  }

  #nodeOf({ index, value, way, holder }: Pending): ClosureNode {
    const known = this.state.known.find(value);
    if (known !== undefined) return this.#knownNode(known, value);
    if (this.state.inspector.isProxy(value)) {
      throw refusedValue(this.place, way, obstacles.proxy);
    }
    if (typeof value !== "function") {
      const tree = this.#plain.find(value);
      if (tree !== undefined) return this.#treeNode(tree, index, way);
    }
    const token = this.#token(value, way);
    if (token !== undefined) return { kind: "token", token };
    return typeof value === "function"
      ? functionNode(this, value, way, holder)
      : objectNode(this, value, way);
  }

  /** A class that travels by its name can be the class of records as well. */
  #knownNode(node: ClosureNode, value: object): ClosureNode {
    const { classes } = this.state;
    if (node.kind !== "import" && node.kind !== "provided") return node;
    if (typeof value !== "function" || !classes.isClass(value)) return node;
    return { ...node, class: classes.nameOf(value) };
  }

  #treeNode(tree: PlainTree, index: NodeIndex, way: Way | undefined): ClosureNode {
    const entry = [index, tree] as const;
    for (const member of tree.members) this.#trees.set(member, entry);
    this.weigh(tree.bytes, way);
    return plainNode(plainCopyOf(tree.root));
  }

  #insideOf(value: object): ClosureNode | undefined {
    const entry = this.#trees.get(value);
    if (entry === undefined) return undefined;
    const [of, tree] = entry;
    let paths = this.#paths.get(tree);
    if (paths === undefined) this.#paths.set(tree, paths = pathsIn(tree));
    return { kind: "inside", of, path: paths.get(value)! };
  }

  #token(value: object, way: Way | undefined): unknown {
    try {
      return this.#tokenOf(value);
    } catch (error) {
      if (error instanceof ClosureError) throw refusedToken(this.place, way, error);
      throw error;
    }
  }

  #warnIfHeavy(): void {
    const bytes = this.#bytes + this.#nodes.length * NODE_BYTES;
    if (bytes < BYTES_BEFORE_WARNING) return;
    const [variable] = variablesOn(this.#heaviest.way);
    const most = variable === undefined ? "" : `, most of it in "${variable}"`;
    this.state.warn(
      `The function at ${this.place} takes ${(bytes / (1 << 20)).toFixed(1)} MB along to every ` +
        `task${most}\n  Use sc.broadcast(), which sends it to each executor once`,
    );
  }
}

/** The functions that `bind` makes are as asynchronous as those they are made of. */
function isAsync(fn: object, node: ClosureNode): boolean {
  if (node.kind === "function") {
    return functionSourceOf(Function.prototype.toString.call(fn)).isAsync;
  }
  const tag = Object.prototype.toString.call(fn);
  return tag === "[object AsyncFunction]" || tag === "[object AsyncGeneratorFunction]";
}

function plainNode(value: unknown): ClosureNode {
  return { kind: "plain", value };
}

function symbolNode(symbol: symbol): ClosureNode {
  const registered = Symbol.keyFor(symbol);
  if (registered !== undefined) return { kind: "symbol", of: "registry", name: registered };
  const wellKnown = wellKnownName(symbol);
  if (wellKnown !== undefined) return { kind: "symbol", of: "wellKnown", name: wellKnown };
  return { kind: "symbol", of: "none", name: symbol.description };
}
