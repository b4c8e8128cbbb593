/** Objects as nodes: what they are made of, their properties, prototype and private fields. */
import type { CaptureTable } from "./capture.ts";
import {
  type AnyFunction,
  type ClosureNode,
  type NodeIndex,
  type ObjectBody,
  type PrivateField,
  PropertyFlag,
  type PropertyNode,
} from "./closure.ts";
import { isObject } from "./global_values.ts";
import type { TypedArray } from "./plain_data.ts";
import { recipeOf } from "./platform_values.ts";
import * as refusal from "./refusal.ts";
import { obstacles, propertyWay, refusedValue, variableWay, type Way } from "./refusal.ts";

/** The node of an object that is not plain data. */
export function objectNode(table: CaptureTable, value: object, way: Way | undefined): ClosureNode {
  const recipe = recipeOf(value);
  if (recipe !== undefined) return { kind: "rebuilt", ...recipe };
  if (isClassPrototype(table, value)) {
    const { constructor } = value;
    return { kind: "prototypeOf", owner: table.reference(constructor, classWay(way, value)) };
  }
  const brand = table.state.inspector.brand(value);
  switch (brand) {
    case "ordinary":
      return ordinaryNode(table, value, way);
    case "array":
      return arrayNode(table, value as unknown[], way);
    case "map":
      return mapNode(table, value as Map<unknown, unknown>, way);
    case "set":
      return setNode(table, value as Set<unknown>, way);
    case "date": {
      const timeMs = Date.prototype.getTime.call(value as Date);
      return { kind: "date", timeMs, body: bodyOf(table, value, way) };
    }
    case "regexp": {
      const { source, flags, lastIndex } = value as RegExp;
      const body = bodyOf(table, value, way, (key) => key === "lastIndex");
      return { kind: "regexp", source, flags, lastIndex, body };
    }
    case "error":
      return { kind: "error", body: errorBody(table, value as Error, way) };
    case "boxed": {
      const inner = (value as { valueOf(): unknown }).valueOf();
      const body = bodyOf(table, value, way, (key) => key === "length" || isIndex(key));
      return { kind: "boxed", value: table.reference(inner, way), body };
    }
    case "buffer":
    case "sharedBuffer":
      return bufferNode(table, value as ArrayBuffer, brand === "sharedBuffer", way);
    case "view":
      return viewNode(table, value as TypedArray | DataView, way);
    case "promise":
      throw refusedValue(table.place, way, obstacles.promise);
    case "proxy":
      throw refusedValue(table.place, way, obstacles.proxy);
    case "generator":
      throw refusedValue(table.place, way, obstacles.generator);
    case "iterator":
      throw refusedValue(table.place, way, obstacles.iterator);
    case "arguments":
      throw refusedValue(table.place, way, obstacles.arguments);
    case "namespace":
      throw refusedValue(table.place, way, obstacles.namespace);
    case "weak":
      throw refusedValue(table.place, way, refusal.weakObject(classNameOf(value)));
  }
}

function ordinaryNode(table: CaptureTable, value: object, way: Way | undefined): ClosureNode {
  const known = nativeNodeOf(table, value, way);
  return known ?? { kind: "object", body: bodyOf(table, value, way) };
}

/**
 * An object whose state lies in the platform has a class of the platform: it travels by name, if
 * every isolate has it, or not at all.
 */
function nativeNodeOf(
  table: CaptureTable,
  value: object,
  way: Way | undefined,
): ClosureNode | undefined {
  for (
    let prototype = Object.getPrototypeOf(value);
    prototype !== null && prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    const name = table.state.nativeClassName(prototype);
    if (name === undefined) continue;
    const known = table.state.known.findNative(value);
    if (known !== undefined) return known;
    if (/Iterator\b|Iterator Helper/.test(name)) {
      throw refusedValue(table.place, way, obstacles.iterator);
    }
    throw refusedValue(table.place, way, refusal.nativeObject(name));
  }
  return undefined;
}

/** What every object has: `skip` leaves out properties that the node holds in another way. */
function bodyOf(
  table: CaptureTable,
  value: object,
  way: Way | undefined,
  skip: (key: PropertyKey) => boolean = () => false,
): ObjectBody {
  const body: { -readonly [K in keyof ObjectBody]: ObjectBody[K] } = {
    prototype: prototypeReference(table, value, way),
    properties: propertiesOf(table, value, way, skip),
  };
  if (Object.isFrozen(value)) body.integrity = "frozen";
  else if (Object.isSealed(value)) body.integrity = "sealed";
  else if (!Object.isExtensible(value)) body.integrity = "fixed";
  const privates = privatesOf(table, value, way);
  if (privates.length > 0) body.privates = privates;
  return body;
}

/** The properties of an object or function, without those that `skip` names. */
export function propertiesOf(
  table: CaptureTable,
  holder: object,
  way: Way | undefined,
  skip: (key: PropertyKey, property: PropertyDescriptor) => boolean,
): PropertyNode[] {
  const nodes: PropertyNode[] = [];
  for (const key of Reflect.ownKeys(holder)) {
    const property = Object.getOwnPropertyDescriptor(holder, key)!;
    if (skip(key, property)) continue;
    const name = typeof key === "symbol" ? table.reference(key, way) : key;
    nodes.push(propertyNode(table, holder, name, property, propertyWay(way, key)));
  }
  return nodes;
}

function propertyNode(
  table: CaptureTable,
  holder: object,
  key: string | NodeIndex,
  property: PropertyDescriptor,
  way: Way,
): PropertyNode {
  const flags = (property.enumerable ? PropertyFlag.enumerable : 0) |
    (property.configurable ? PropertyFlag.configurable : 0) |
    (property.writable ? PropertyFlag.writable : 0);
  if ("value" in property) {
    const value = table.reference(property.value, way, holder);
    return flags === PropertyFlag.all ? [key, value] : [key, value, flags];
  }
  const part = (fn: unknown) => fn === undefined ? -1 : table.reference(fn, way, holder);
  return [key, part(property.get), part(property.set), flags];
}

function prototypeReference(
  table: CaptureTable,
  value: object,
  way: Way | undefined,
): NodeIndex {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null) return table.reference(null, way);
  return table.reference(prototype, classWay(way, prototype));
}

/** Whether it is the prototype that a class came with: the class brings it along. */
function isClassPrototype(table: CaptureTable, value: object): boolean {
  const constructor = Object.getOwnPropertyDescriptor(value, "constructor")?.value;
  if (typeof constructor !== "function" || constructor.prototype !== value) return false;
  const { classes, known } = table.state;
  return classes.isClass(constructor) || known.find(constructor) !== undefined;
}

function classWay(way: Way | undefined, prototype: object): Way {
  const constructor = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  if (typeof constructor !== "function" || constructor.name === "") {
    return propertyWay(way, "__proto__");
  }
  const isNamed = way?.kind === "variable" && way.text === constructor.name;
  return isNamed ? way : variableWay(way, constructor.name);
}

/** The private fields of an instance, by the class that declares them. */
function privatesOf(
  table: CaptureTable,
  value: object,
  way: Way | undefined,
): [NodeIndex, PrivateField[]][] {
  const { classes, inspector, known } = table.state;
  const constructors = classesOf(value);
  if (!constructors.some((each) => (classes.syntaxOf(each)?.privateFields.length ?? 0) > 0)) {
    return [];
  }
  const left = [...inspector.privateFields(value)];
  const privates: [NodeIndex, PrivateField[]][] = [];
  for (const constructor of constructors) {
    const fields: PrivateField[] = [];
    for (const name of classes.syntaxOf(constructor)?.privateFields ?? []) {
      const at = left.findIndex(([each]) => each === name);
      if (at < 0) continue;
      const [[, inner]] = left.splice(at, 1) as [readonly [string, unknown]];
      fields.push([name, table.reference(inner, propertyWay(way, `#${name}`))]);
    }
    if (fields.length === 0) continue;
    if (known.find(constructor) !== undefined) {
      throw refusedValue(table.place, way, refusal.foreignPrivates(constructor.name));
    }
    privates.push([table.reference(constructor, classWay(way, constructor.prototype)), fields]);
  }
  return privates;
}

/** The classes of an object, base classes first. */
function classesOf(value: object): AnyFunction[] {
  const constructors: AnyFunction[] = [];
  for (
    let prototype = Object.getPrototypeOf(value);
    prototype !== null && prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    const constructor = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
    if (typeof constructor === "function") constructors.unshift(constructor);
  }
  return constructors;
}

function arrayNode(table: CaptureTable, array: unknown[], way: Way | undefined): ClosureNode {
  const elements: NodeIndex[] = [];
  const isLocked = !Object.isExtensible(array);
  for (let i = 0; i < array.length; i++) {
    const property = Object.getOwnPropertyDescriptor(array, i);
    elements.push(
      property !== undefined && isElement(property, isLocked)
        ? table.reference(property.value, propertyWay(way, String(i)), array)
        : -1,
    );
  }
  const body = bodyOf(
    table,
    array,
    way,
    (key) => key === "length" || isIndex(key) && elements[Number(key)]! >= 0,
  );
  return { kind: "array", elements, body };
}

/** Elements of arrays that are frozen as a whole are frozen again as a whole. */
function isElement(property: PropertyDescriptor, isLocked: boolean): boolean {
  if (!("value" in property) || property.enumerable !== true) return false;
  return isLocked || property.writable === true && property.configurable === true;
}

function isIndex(key: PropertyKey): boolean {
  return typeof key === "string" && /^(0|[1-9]\d*)$/.test(key);
}

function mapNode(
  table: CaptureTable,
  map: Map<unknown, unknown>,
  way: Way | undefined,
): ClosureNode {
  const entries: [NodeIndex, NodeIndex][] = [];
  for (const [key, value] of Map.prototype.entries.call(map)) {
    const shown = isObject(key) ? "…" : typeof key === "string" ? key : String(key);
    const inner = propertyWay(way, shown);
    entries.push([table.reference(key, inner), table.reference(value, inner)]);
  }
  return { kind: "map", entries, body: bodyOf(table, map, way) };
}

function setNode(table: CaptureTable, set: Set<unknown>, way: Way | undefined): ClosureNode {
  const members: NodeIndex[] = [];
  for (const member of Set.prototype.values.call(set)) {
    members.push(table.reference(member, propertyWay(way, "…")));
  }
  return { kind: "set", members, body: bodyOf(table, set, way) };
}

/** The stack is a text by the time it travels, however the engine keeps it. */
function errorBody(table: CaptureTable, error: Error, way: Way | undefined): ObjectBody {
  const body = bodyOf(table, error, way, (key) => key === "stack");
  const flags = PropertyFlag.configurable | PropertyFlag.writable;
  const stack: PropertyNode = ["stack", table.reference(String(error.stack), way), flags];
  return { ...body, properties: [...body.properties, stack] };
}

function bufferNode(
  table: CaptureTable,
  buffer: ArrayBuffer,
  shared: boolean,
  way: Way | undefined,
): ClosureNode {
  if (!shared && buffer.detached) throw refusedValue(table.place, way, obstacles.transferred);
  const bytes = new Uint8Array(buffer).slice();
  table.weigh(bytes.length, way);
  const { resizable, growable, maxByteLength: bytesMax } = buffer as ArrayBuffer & {
    growable?: boolean;
  };
  return { kind: "buffer", bytes, shared, ...(resizable || growable ? { bytesMax } : {}) };
}

function viewNode(
  table: CaptureTable,
  view: TypedArray | DataView,
  way: Way | undefined,
): ClosureNode {
  const type = view instanceof DataView ? "DataView" : view[Symbol.toStringTag] as string;
  return {
    kind: "view",
    type,
    buffer: table.reference(view.buffer, propertyWay(way, "buffer")),
    offsetBytes: view.byteOffset,
    length: view instanceof DataView ? view.byteLength : view.length,
    prototype: prototypeReference(table, view, way),
  };
}

/** The class of an object as people know it. */
function classNameOf(value: object): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}
