/**
 * Functions and classes from their text. A text is compiled once, into a factory whose result can be
 * given its variables later: that is what makes functions possible that refer to each other.
 *
 *     (function (…) { "use strict"; let half, rates; return [(
 *                                                                  ← as many lines as in the script
 *               (key) => half(rates.get(key))
 *     ), ($$values) => { half = $$values[0]; rates = $$values[1]; }, …]; })
 *     //# sourceURL=flint-closure:file:///home/me/job.ts
 */
import { linesAbove, markedUrl } from "./code_place.ts";
import type { AnyFunction, FunctionNode } from "./closure.ts";
import { corrupt } from "./corrupt.ts";
import type { Module, RevivedTable } from "./revive.ts";
import { defineProperties } from "./revive_values.ts";

/** Where revived code finds modules. */
export type Surroundings = Readonly<{
  modules: ReadonlyMap<string, Module>;
  providedModules: Readonly<Record<string, Record<string, unknown>>>;
  importModule(specifier: string): Promise<Record<string, unknown>>;
}>;

/** Gives the variables of a function their values. */
export type Binder = (values: readonly unknown[]) => void;
type Assigner = (instance: object, fields: Map<string, unknown>) => void;

/** While `on`, constructors make bare instances: none of the user's code in them runs. */
export const making = { on: false };

/**
 * Stands for any argument of a constructor while instances are made: taking it apart gives itself
 * again, however deep, so that parameters that are patterns are no problem.
 */
const anyArgument: unknown = new Proxy(function () {}, {
  get: (_target, key) =>
    key === Symbol.iterator
      ? function* () {
        for (;;) yield anyArgument;
      }
      : key === Symbol.toPrimitive
      ? () => ""
      : anyArgument,
  ownKeys: () => ["prototype"],
});
/** More parameters than this are not taken apart. */
export const anyArguments: readonly unknown[] = new Array(24).fill(anyArgument);

type Factory = (
  importMeta: object | undefined,
  load: ((specifier: unknown, options?: unknown) => Promise<unknown>) | undefined,
  keys: readonly unknown[],
  superclass: unknown,
  isMaking: typeof making,
  superArguments: readonly unknown[],
) => readonly [made: object, bind: Binder, assigner: () => Assigner | undefined];

const factoriesByText = new Map<string, Factory>();
const factoriesByNode = new WeakMap<FunctionNode, Factory>();

/** The function of a node; its variables and properties come with `fillFunction`. */
export function makeFunction(table: RevivedTable, node: FunctionNode): unknown {
  let factory = factoriesByNode.get(node);
  if (factory === undefined) factoriesByNode.set(node, factory = factoryOf(node));
  const { class: part } = node;
  const superclass = part?.superclass;
  const [made, bind, assigner] = factory(
    node.moduleUrl === undefined ? undefined : importMetaOf(node.moduleUrl),
    node.moduleUrl === undefined ? undefined : loaderOf(table.surroundings, node),
    part === undefined ? [] : part.keys.map((index) => table.valueOf(index)),
    superclass === undefined ? undefined : table.valueOf(superclass),
    making,
    superclass !== undefined && isClassByText(table, superclass) ? anyArguments : [],
  );
  table.binders.set(node, bind);
  const fn = node.form === "method" ? methodOf(table, node, made) : made;
  if (node.prototype !== undefined) {
    Object.defineProperty(fn, "prototype", { value: table.valueOf(node.prototype) });
  }
  if (node.name !== undefined && (fn as { name: unknown }).name !== node.name) {
    Object.defineProperty(fn, "name", { value: node.name, configurable: true });
  }
  if (part !== undefined) {
    table.rememberClass(part, fn as AnyFunction);
    const assign = assigner();
    if (assign !== undefined) table.assigners.set(fn, assign);
  }
  return fn;
}

/** Gives a function its variables and properties. */
export function fillFunction(table: RevivedTable, node: FunctionNode, fn: object): void {
  table.binders.get(node)!(node.values.map((index) => table.valueOf(index)));
  defineProperties(table, fn, node.properties);
  const part = node.class;
  if (part === undefined) return;
  defineProperties(table, (fn as AnyFunction).prototype, part.prototypeProperties);
  if (part.privates.length === 0) return;
  const fields = new Map<string, unknown>();
  for (const [name, index] of part.privates) fields.set(name, table.valueOf(index));
  table.assigners.get(fn)?.(fn, fields);
}

function factoryOf(node: FunctionNode): Factory {
  const text = factoryText(node);
  let factory = factoriesByText.get(text);
  if (factory === undefined) {
    try {
      factory = (0, eval)(text) as Factory;
    } catch (error) {
      throw corrupt(`its text is refused (${(error as Error).message})`, error);
    }
    factoriesByText.set(text, factory);
  }
  return factory;
}

function factoryText(node: FunctionNode): string {
  const { names } = node;
  const declaration = names.length === 0 ? "" : `let ${names.join(", ")}; `;
  const bindings = names.map((name, index) => `${name} = $$values[${index}];`);
  // The brackets before the text go to the line above, so that its first column is that of the script.
  const brackets = node.form === "method" ? "({" : "(";
  const text = node.source.slice(brackets.length);
  return "(function ($importMeta, $$load, $$keys, $$super, $$making, $$superArguments) { " +
    `"use strict"; ${declaration}let $$assign; return [${brackets}` +
    "\n".repeat(Math.max(0, node.line) + linesAbove) + " ".repeat(node.column) + text +
    `, ($$values) => { ${bindings.join(" ")} }, () => $$assign]; })` +
    `\n//# sourceURL=${markedUrl(node.script)}`;
}

/** A method is made in an object, which is also where its `super` begins. */
function methodOf(table: RevivedTable, node: FunctionNode, home: object): object {
  if (node.superObject !== undefined) {
    Object.setPrototypeOf(home, table.valueOf(node.superObject) as object | null);
  }
  const { value, get, set } = Object.getOwnPropertyDescriptor(home, "m")!;
  return value ?? get ?? set;
}

function isClassByText(table: RevivedTable, index: number): boolean {
  const node = table.node(index);
  return node.kind === "function" && node.form === "class";
}

/** What `import.meta` says in the user's module; `main` is false, as it is in every module but one. */
function importMetaOf(url: string): object {
  const resolve = (specifier: string) => new URL(specifier, url).href;
  if (!url.startsWith("file:")) return { url, main: false, resolve };
  const filename = decodeURIComponent(new URL(url).pathname);
  return { url, main: false, resolve, filename, dirname: filename.replace(/\/[^/]*$/, "") };
}

function loaderOf({ importModule }: Surroundings, node: FunctionNode) {
  return (specifier: unknown): Promise<unknown> => {
    const written = String(specifier);
    const isRelative = /^\.{0,2}\//.test(written);
    const resolved = node.imports?.[written] ??
      (isRelative ? new URL(written, node.moduleUrl).href : written);
    return importModule(resolved);
  };
}
