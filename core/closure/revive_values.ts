/** Objects from their nodes: made bare first, filled when all are there. */
import {
  type AnyFunction,
  type ClosureNode,
  type ObjectBody,
  PropertyFlag,
  type PropertyNode,
} from "./closure.ts";
import { corrupt } from "./corrupt.ts";
import { globalValueAt, isObject, shownWay, wellKnownSymbol } from "./global_values.ts";
import { plainCopyOf, plainValueAt } from "./plain_data.ts";
import type { RevivedTable } from "./revive.ts";
import { anyArguments, making } from "./revive_function.ts";

type ValueNode = Exclude<ClosureNode, { kind: "function" }>;
type Constructor = new (...args: unknown[]) => object;

/** The value of a node that is no function: objects are still without what is in them. */
export function makeValue(table: RevivedTable, node: ValueNode): unknown {
  switch (node.kind) {
    case "plain":
      return plainCopyOf(node.value);
    case "inside":
      return plainValueAt(table.valueOf(node.of), node.path);
    case "negativeZero":
      return -0;
    case "symbol":
      return symbolOf(node.of, node.name);
    case "global":
      return globalOf(node);
    case "import":
      return importedOf(table, node);
    case "provided":
      return providedOf(table, node);
    case "token":
      return table.tokens(node.token);
    case "object":
      return instanceOf(table, node.body, undefined);
    case "array":
      return instanceOf(table, node.body, () => new Array(node.elements.length));
    case "map":
      return instanceOf(table, node.body, () => new Map());
    case "set":
      return instanceOf(table, node.body, () => new Set());
    case "date": {
      const { timeMs } = node;
      const date = instanceOf(table, node.body, () => new Date(timeMs)) as Date;
      Date.prototype.setTime.call(date, timeMs);
      return date;
    }
    case "regexp":
      return instanceOf(table, node.body, () => {
        const regexp = new RegExp(node.source, node.flags);
        regexp.lastIndex = node.lastIndex;
        return regexp;
      });
    case "error":
      return instanceOf(table, node.body, newError);
    case "boxed":
      return instanceOf(table, node.body, () => Object(table.valueOf(node.value)));
    case "buffer":
      return bufferOf(node);
    case "view":
      return viewOf(table, node);
    case "rebuilt":
      return rebuiltOf(node);
    case "prototypeOf":
      return (table.valueOf(node.owner) as AnyFunction).prototype;
    case "bound": {
      const target = table.valueOf(node.target) as AnyFunction;
      const args = node.arguments.map((index) => table.valueOf(index));
      return named(target.bind(table.valueOf(node.thisValue), ...args), node.name);
    }
  }
  throw corrupt(`a node is of kind "${(node as ClosureNode).kind}"`);
}

/** Puts in what is in an object, once all that it may refer to is made. */
export function fillValue(table: RevivedTable, node: ValueNode, value: unknown): void {
  if (!("body" in node)) return;
  const object = value as object;
  if (node.kind === "array") {
    node.elements.forEach((index, at) => {
      if (index >= 0) (object as unknown[])[at] = table.valueOf(index);
    });
  } else if (node.kind === "map") {
    for (const [key, inner] of node.entries) {
      Map.prototype.set.call(object, table.valueOf(key), table.valueOf(inner));
    }
  } else if (node.kind === "set") {
    for (const index of node.members) Set.prototype.add.call(object, table.valueOf(index));
  }
  fillBody(table, node.body, object);
}

function fillBody(table: RevivedTable, body: ObjectBody, object: object): void {
  defineProperties(table, object, body.properties);
  for (const [declaredBy, privates] of body.privates ?? []) {
    const fields = new Map<string, unknown>();
    for (const [name, index] of privates) fields.set(name, table.valueOf(index));
    table.assigners.get(table.valueOf(declaredBy))?.(object, fields);
  }
  switch (body.integrity) {
    case "frozen":
      table.atEnd(() => Object.freeze(object));
      break;
    case "sealed":
      table.atEnd(() => Object.seal(object));
      break;
    case "fixed":
      table.atEnd(() => Object.preventExtensions(object));
      break;
    case undefined:
      break;
  }
}

/** Defines properties as they were, whatever setters and defaults say. */
export function defineProperties(
  table: RevivedTable,
  object: object,
  properties: readonly PropertyNode[],
): void {
  for (const property of properties) {
    const key = typeof property[0] === "number"
      ? table.valueOf(property[0]) as symbol
      : property[0];
    const flags = (property.length === 4 ? property[3] : property[2]) ?? PropertyFlag.all;
    const descriptor: PropertyDescriptor = {
      enumerable: (flags & PropertyFlag.enumerable) !== 0,
      configurable: (flags & PropertyFlag.configurable) !== 0,
    };
    if (property.length === 4) {
      const [, get, set] = property;
      if (get >= 0) descriptor.get = table.valueOf(get) as () => unknown;
      if (set >= 0) descriptor.set = table.valueOf(set) as (value: unknown) => void;
    } else {
      descriptor.writable = (flags & PropertyFlag.writable) !== 0;
      descriptor.value = table.valueOf(property[1]);
    }
    Object.defineProperty(object, key, descriptor);
  }
}

/** An object without its properties. One with private fields has to be made by its class. */
function instanceOf(
  table: RevivedTable,
  body: ObjectBody,
  makePlain: (() => object) | undefined,
): object {
  const prototype = table.valueOf(body.prototype) as object | null;
  if (body.privates !== undefined) return bareInstance(prototype!.constructor as Constructor);
  if (makePlain === undefined) {
    return prototype === Object.prototype ? {} : Object.create(prototype);
  }
  const object = makePlain();
  if (Object.getPrototypeOf(object) !== prototype) Object.setPrototypeOf(object, prototype);
  return object;
}

function bareInstance(constructor: Constructor): object {
  making.on = true;
  try {
    const instance = Reflect.construct(constructor, anyArguments) as object;
    for (const key of Reflect.ownKeys(instance)) {
      if (Object.getOwnPropertyDescriptor(instance, key)!.configurable) {
        Reflect.deleteProperty(instance, key);
      }
    }
    return instance;
  } finally {
    making.on = false;
  }
}

/** An error that has not looked at the stack it is made on. */
function newError(): Error {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return new Error();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function symbolOf(of: "registry" | "wellKnown" | "none", name: string | undefined): symbol {
  switch (of) {
    case "registry":
      return Symbol.for(name ?? "");
    case "wellKnown":
      return wellKnownSymbol(name ?? "");
    case "none":
      return Symbol(name);
  }
}

function globalOf(way: Extract<ClosureNode, { kind: "global" }>): unknown {
  const value = globalValueAt(way);
  if (value === undefined) throw corrupt(`${shownWay(way)} does not exist in this worker`);
  return value;
}

function importedOf(
  table: RevivedTable,
  { specifier, name, member, class: className }: Extract<ClosureNode, { kind: "import" }>,
): unknown {
  let value = exportOf(table.surroundings.modules.get(specifier), specifier, name);
  if (member !== undefined) {
    if (!isObject(value) || !(member in value)) {
      throw corrupt(`${name} of ${specifier} has no property "${member}"`);
    }
    value = (value as Record<string, unknown>)[member];
  }
  if (className !== undefined) table.rememberClass(className, value as AnyFunction);
  return value;
}

function providedOf(
  table: RevivedTable,
  { module, name, class: className }: Extract<ClosureNode, { kind: "provided" }>,
): unknown {
  const value = exportOf(table.surroundings.providedModules[module], module, name);
  if (className !== undefined) table.rememberClass(className, value as AnyFunction);
  return value;
}

function exportOf(
  module: Readonly<Record<string, unknown>> | undefined,
  specifier: string,
  name: string,
): unknown {
  if (module === undefined) throw corrupt(`this worker has no module "${specifier}"`);
  if (name === "*") return module;
  if (!(name in module)) throw corrupt(`module "${specifier}" has no export "${name}"`);
  return module[name];
}

function bufferOf(
  { bytes, shared, bytesMax }: Extract<ClosureNode, { kind: "buffer" }>,
): ArrayBufferLike {
  const options = bytesMax === undefined ? undefined : { maxByteLength: bytesMax };
  const buffer = shared
    ? new SharedArrayBuffer(bytes.length, options)
    : new ArrayBuffer(bytes.length, options);
  new Uint8Array(buffer).set(bytes);
  return buffer;
}

function viewOf(
  table: RevivedTable,
  { type, buffer, offsetBytes, length, prototype }: Extract<ClosureNode, { kind: "view" }>,
): object {
  const View = (globalThis as unknown as Record<string, Constructor>)[type];
  if (View === undefined) throw corrupt(`${type} does not exist in this worker`);
  const view = new View(table.valueOf(buffer), offsetBytes, length);
  const expected = table.valueOf(prototype) as object;
  if (Object.getPrototypeOf(view) !== expected) Object.setPrototypeOf(view, expected);
  return view;
}

function rebuiltOf(
  { path, by, arguments: args }: Extract<ClosureNode, { kind: "rebuilt" }>,
): unknown {
  const constructor = globalOf({ kind: "global", path });
  if (by === "from") return (constructor as { from(...args: unknown[]): unknown }).from(...args);
  return new (constructor as Constructor)(...args);
}

function named<F extends AnyFunction>(fn: F, name: string): F {
  if (fn.name !== name) Object.defineProperty(fn, "name", { value: name, configurable: true });
  return fn;
}
