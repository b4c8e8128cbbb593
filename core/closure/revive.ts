/**
 * From data back to a function: the worker's half of shipping a closure.
 *
 *     Closure ─ loadClosure ─► modules imported, texts compiled        once
 *                   │
 *                   └─ revive ─► every captured value made anew        for each task
 *
 * A task must not see what another one did to a captured object, so each revival has objects, classes
 * and functions of its own; only the compiled texts are shared. Each node is made in two steps, so
 * that cycles are no problem: first all things that can be referred to, then what is in them.
 *
 * This file and workers/pipeline/compile.ts are the only ones that make code from text.
 */
import type { UserFunction } from "../plan/plan.ts";
import type { AnyFunction, ClassName, Closure, ClosureNode, FunctionNode } from "./closure.ts";
import { corrupt } from "./corrupt.ts";
import { type Binder, fillFunction, makeFunction, type Surroundings } from "./revive_function.ts";
import { fillValue, makeValue } from "./revive_values.ts";

export type Module = Readonly<Record<string, unknown>>;

/** A closure with all that has to be loaded for it. */
export interface LoadedClosure {
  /**
   * The function, with captured values of its own. `tokens` gives what stands for a token here;
   * `common` holds the classes that it has in common with other functions. Throws a ClosureError
   * with code `ClosureCorrupt` where this isolate lacks something.
   */
  revive(tokens: (token: unknown) => unknown, common?: CommonClasses): Revived;
}

/**
 * The classes of several revivals: one that two functions captured is one class for both, so that
 * what one of them makes is an instance of what the other one knows.
 */
export class CommonClasses {
  readonly byId = new Map<string, AnyFunction>();
  /** How the private fields of a class's instances are set. */
  readonly assigners: RevivedTable["assigners"] = new Map();
}

/** A function that can be called, and the classes that came with it. */
export type Revived = Readonly<{
  fn: UserFunction;
  /** The classes of this revival by id: those of records that its functions make. */
  classes: ReadonlyMap<string, AnyFunction>;
  /** Those among them whose instances have private fields, which no record can carry. */
  privateClasses: ReadonlySet<AnyFunction>;
}>;

/**
 * Prepares a closure: imports what it needs through `importModule`. `providedModules` are Flint's own
 * modules, under the names that the capturer was given.
 */
export async function loadClosure(
  closure: Closure,
  importModule: (specifier: string) => Promise<Record<string, unknown>>,
  providedModules: Readonly<Record<string, Record<string, unknown>>>,
): Promise<LoadedClosure> {
  const specifiers = new Set<string>();
  for (const node of closure.nodes) if (node.kind === "import") specifiers.add(node.specifier);
  const modules = new Map<string, Module>();
  await Promise.all(
    [...specifiers].map(async (specifier) => {
      modules.set(specifier, await importModule(specifier));
    }),
  );
  const surroundings = { modules, providedModules, importModule };
  return {
    revive: (tokens, common = new CommonClasses()) =>
      new Revival(closure, surroundings, tokens, common).run(),
  };
}

/** The values of one revival, made as they are asked for. */
export interface RevivedTable {
  readonly surroundings: Surroundings;
  readonly tokens: (token: unknown) => unknown;
  /** How the variables of a function get their values. */
  readonly binders: Map<FunctionNode, Binder>;
  /** How the private fields of a class's instances are set. */
  readonly assigners: Map<unknown, (instance: object, fields: Map<string, unknown>) => void>;
  /** The value of a node: made, but perhaps not filled yet. */
  valueOf(index: number): unknown;
  node(index: number): ClosureNode;
  /** Makes a class known to records. */
  rememberClass(name: ClassName, constructor: AnyFunction): void;
  /** Runs when all values are filled. */
  atEnd(act: () => void): void;
}

class Revival implements RevivedTable {
  readonly surroundings: Surroundings;
  readonly tokens: (token: unknown) => unknown;
  readonly #classes = new Map<string, AnyFunction>();
  readonly #privateClasses = new Set<AnyFunction>();
  readonly binders: RevivedTable["binders"] = new Map();
  readonly assigners: RevivedTable["assigners"];
  readonly #common: CommonClasses;
  readonly #closure: Closure;
  readonly #values: unknown[];
  readonly #states: Uint8Array; // 0: nothing, 1: being made, 2: made, 3: made by another revival
  readonly #last: (() => void)[] = [];

  constructor(
    closure: Closure,
    surroundings: Surroundings,
    tokens: (token: unknown) => unknown,
    common: CommonClasses,
  ) {
    this.#common = common;
    this.assigners = common.assigners;
    this.#closure = closure;
    this.surroundings = surroundings;
    this.tokens = tokens;
    this.#values = new Array(closure.nodes.length);
    this.#states = new Uint8Array(closure.nodes.length);
  }

  run(): Revived {
    const { nodes, root } = this.#closure;
    const fn = this.valueOf(root);
    for (let index = 0; index < nodes.length; index++) this.valueOf(index);
    for (let index = 0; index < nodes.length; index++) this.#fill(index);
    for (const act of this.#last) act();
    for (const [id, constructor] of this.#classes) this.#common.byId.set(id, constructor);
    if (typeof fn !== "function") throw corrupt(`node ${root} is no function`);
    return {
      fn: fn as UserFunction,
      classes: this.#classes,
      privateClasses: this.#privateClasses,
    };
  }

  node(index: number): ClosureNode {
    const node = this.#closure.nodes[index];
    if (node === undefined) throw corrupt(`there is no node ${index}`);
    return node;
  }

  valueOf(index: number): unknown {
    const state = this.#states[index];
    if (state === 0) {
      this.#states[index] = 1;
      const node = this.node(index);
      const common = this.#commonClass(node);
      this.#values[index] = common ??
        (node.kind === "function" ? makeFunction(this, node) : makeValue(this, node));
      this.#states[index] = common === undefined ? 2 : 3;
    } else if (state === 1) {
      throw corrupt(`node ${index} is needed to make itself`);
    } else if (state === undefined) {
      throw corrupt(`there is no node ${index}`);
    }
    return this.#values[index];
  }

  #commonClass(node: ClosureNode): AnyFunction | undefined {
    if (node.kind !== "function" || node.class === undefined) return undefined;
    const known = this.#common.byId.get(node.class.id);
    if (known !== undefined) this.rememberClass(node.class, known);
    return known;
  }

  rememberClass({ id, hasPrivateFields }: ClassName, constructor: AnyFunction): void {
    this.#classes.set(id, constructor);
    if (hasPrivateFields) this.#privateClasses.add(constructor);
  }

  atEnd(act: () => void): void {
    this.#last.push(act);
  }

  #fill(index: number): void {
    if (this.#states[index] === 3) return;
    const node = this.node(index);
    const value = this.#values[index];
    if (node.kind === "function") fillFunction(this, node, value as object);
    else fillValue(this, node, value);
  }
}
