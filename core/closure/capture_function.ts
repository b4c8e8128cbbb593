/** Functions and classes as nodes: their text, and references to what it uses. */
import type { CaptureTable } from "./capture.ts";
import { propertiesOf } from "./capture_values.ts";
import type { ClassSyntax } from "./class_source.ts";
import type {
  AnyFunction,
  ClassPart,
  ClosureNode,
  NodeIndex,
  PrivateField,
  PropertyNode,
} from "./closure.ts";
import { type FunctionSource, functionSourceOf } from "./function_source.ts";
import { globalNamesAtStart } from "./global_values.ts";
import type { FunctionInfo } from "./inspector.ts";
import * as refusal from "./refusal.ts";
import {
  obstacles,
  propertyWay,
  refusedUse,
  refusedValue,
  variableWay,
  type Way,
} from "./refusal.ts";

/** Names that mean the same everywhere and cannot be declared. */
const fixedNames = new Set(["undefined", "NaN", "Infinity", "arguments", "globalThis"]);
/** Own properties of functions that come with the text. */
const textProperties = new Set<PropertyKey>(["length", "name", "prototype", "arguments", "caller"]);

/** The node of a function; `holder` is the object that it was found on as a property. */
export function functionNode(
  table: CaptureTable,
  value: object,
  way: Way | undefined,
  holder: object | undefined,
): ClosureNode {
  const fn = value as AnyFunction;
  const { inspector } = table.state;
  const info = inspector.functionInfo(fn);
  if (info.bound !== undefined) return boundNode(table, fn, info.bound, way);
  const url = info.scriptId === undefined ? "" : inspector.scriptUrl(info.scriptId) ?? "";
  const text = Function.prototype.toString.call(fn);
  if (info.scriptId === undefined || /^(ext|node):/.test(url) || isNativeText(text)) {
    return nativeNode(table, fn, way);
  }
  const source = sourceOf(table, text, way);
  refuseOuterUses(table, source, way);
  const { names, values } = variables(table, fn, source, info, way);
  table.weigh(source.code.length, way);
  const usesModule = source.usage.importMetas.length + source.usage.dynamicImports.length > 0;
  return {
    kind: "function",
    form: source.form,
    source: source.code,
    names,
    values,
    name: ownName(fn),
    properties: ownProperties(table, fn, source.class, way),
    prototype: changedPrototype(table, fn, source, way),
    superObject: superObject(table, source, holder, way),
    moduleUrl: usesModule ? url : undefined,
    imports: resolvedImports(table, source, url),
    class: source.class === undefined ? undefined : classPart(table, fn, source.class, way),
    script: url,
    line: info.line - source.anchor.line,
    column: source.anchor.line > 0 ? 0 : Math.max(0, info.column - source.anchor.column),
  };
}

function boundNode(
  table: CaptureTable,
  fn: AnyFunction,
  bound: NonNullable<FunctionInfo["bound"]>,
  way: Way | undefined,
): ClosureNode {
  return {
    kind: "bound",
    target: table.reference(bound.target, way),
    thisValue: table.reference(bound.thisValue, variableWay(way, "this")),
    arguments: bound.arguments.map((each) => table.reference(each, way)),
    name: fn.name,
  };
}

function isNativeText(text: string): boolean {
  return /\{\s*\[native code\]\s*\}$/.test(text);
}

function nativeNode(table: CaptureTable, fn: AnyFunction, way: Way | undefined): ClosureNode {
  const known = table.state.known.findNative(fn);
  if (known !== undefined) return known;
  throw refusedValue(table.place, way, refusal.nativeFunction(fn.name));
}

function sourceOf(table: CaptureTable, text: string, way: Way | undefined): FunctionSource {
  try {
    return functionSourceOf(text);
  } catch (error) {
    throw refusedValue(table.place, way, refusal.unreadable((error as Error).message));
  }
}

function refuseOuterUses(table: CaptureTable, source: FunctionSource, way: Way | undefined): void {
  const { outer, privateNames } = source.usage;
  for (const use of outer) {
    switch (use) {
      case "this":
        throw refusedUse(table.place, way, obstacles.outerThis);
      case "super":
        throw refusedUse(table.place, way, obstacles.outerSuper);
      case "arguments":
        throw refusedUse(table.place, way, obstacles.outerArguments);
    }
  }
  for (const name of privateNames) {
    throw refusedUse(table.place, way, refusal.privateName(name));
  }
}

/** The variables that the function uses, with the nodes of their values. */
function variables(
  table: CaptureTable,
  fn: AnyFunction,
  source: FunctionSource,
  info: FunctionInfo,
  way: Way | undefined,
): { names: string[]; values: NodeIndex[] } {
  const names: string[] = [];
  const values: NodeIndex[] = [];
  const { inspector, warn } = table.state;
  for (const name of source.usage.free) {
    if (fixedNames.has(name)) continue;
    const index = variable(table, name, info, variableWay(way, name));
    if (index === undefined) continue; // a global of the platform, or not declared here either
    names.push(name);
    values.push(index);
    if (source.usage.assigned.has(name)) {
      warn(
        `The function at ${inspector.place(fn)} assigns to the captured variable "${name}": ` +
          "every task changes a copy of its own\n  Use sc.accumulator() to add up over all tasks",
      );
    }
  }
  for (const name of source.usage.fieldKeyNames) {
    if (!names.includes(name) && !globalNamesAtStart.has(name)) {
      throw refusedUse(table.place, way, obstacles.computedField);
    }
  }
  if (source.usage.callsEval) {
    warn(
      `The function at ${inspector.place(fn)} calls eval(): variables that only the evaluated ` +
        "text uses do not travel\n  Use them in the function itself, outside the text",
    );
  }
  return { names, values };
}

function variable(
  table: CaptureTable,
  name: string,
  info: FunctionInfo,
  way: Way,
): NodeIndex | undefined {
  for (const scope of info.scopes) {
    if (scope.kind === "global") break;
    if (!Object.hasOwn(scope.variables, name)) continue;
    let value: unknown;
    try {
      value = scope.variables[name];
    } catch {
      throw refusedValue(table.place, way, obstacles.noValueYet);
    }
    if (scope.kind !== "module") return table.reference(value, way);
    return moduleVariable(table, name, value, info, way);
  }
  if (globalNamesAtStart.has(name) || !(name in globalThis)) return undefined;
  return table.reference((globalThis as Record<string, unknown>)[name], way);
}

function moduleVariable(
  table: CaptureTable,
  name: string,
  value: unknown,
  info: FunctionInfo,
  way: Way,
): NodeIndex {
  if (table.state.imports.isOwnValue(value)) return table.reference(value, way);
  const imported = table.state.imports.importOf(name, info);
  if (imported === undefined) return table.reference(value, way);
  if (!imported.byReference) {
    return imported.name === "*"
      ? namespaceNode(table, value as object, way)
      : table.reference(value, way);
  }
  if (typeof value !== "symbol") return table.reference(value, way); // known by identity
  const { specifier } = imported;
  return table.add({ kind: "import", specifier, name: imported.name });
}

/** A module of the user's own travels by value, as an object of its exports. */
function namespaceNode(table: CaptureTable, namespace: object, way: Way): NodeIndex {
  const known = table.state.known.find(namespace);
  if (known !== undefined) return table.reference(namespace, way);
  const seen = table.indexOf(namespace);
  if (seen !== undefined) return seen;
  const properties: PropertyNode[] = [];
  for (const name of Object.keys(namespace)) {
    const inner = propertyWay(way, name);
    let value: unknown;
    try {
      value = (namespace as Record<string, unknown>)[name];
    } catch {
      throw refusedValue(table.place, inner, obstacles.noValueYet);
    }
    properties.push([name, table.reference(value, inner)]);
  }
  const prototype = table.reference(null, way);
  return table.add({ kind: "object", body: { prototype, properties } }, namespace);
}

function ownName(fn: AnyFunction): string | undefined {
  const name = Object.getOwnPropertyDescriptor(fn, "name")?.value;
  return typeof name === "string" ? name : undefined;
}

function ownProperties(
  table: CaptureTable,
  fn: AnyFunction,
  syntax: ClassSyntax | undefined,
  way: Way | undefined,
): PropertyNode[] {
  return propertiesOf(
    table,
    fn,
    way,
    (key, property) =>
      textProperties.has(key) &&
        !(syntax !== undefined && key === "name" && isOwnValue(property)) ||
      syntax !== undefined && isInText(property, syntax),
  );
}

/** `static name = …` is a property as any other; the name that a class has by itself is no string field. */
function isOwnValue(property: PropertyDescriptor): boolean {
  return property.writable === true;
}

/** Whether the text of a class gives a method or accessor already. */
function isInText(property: PropertyDescriptor, { methodTexts }: ClassSyntax): boolean {
  const given = (part: unknown) =>
    typeof part === "function" && methodTexts.has(Function.prototype.toString.call(part));
  if ("value" in property) return given(property.value);
  return (property.get === undefined || given(property.get)) &&
    (property.set === undefined || given(property.set));
}

/** The prototype of an old-style constructor, unless it is the one that every function has. */
function changedPrototype(
  table: CaptureTable,
  fn: AnyFunction,
  source: FunctionSource,
  way: Way | undefined,
): NodeIndex | undefined {
  const prototype = Object.getOwnPropertyDescriptor(fn, "prototype")?.value;
  if (source.form === "class" || typeof prototype !== "object" || prototype === null) {
    return undefined;
  }
  const isUntouched = Object.getPrototypeOf(prototype) === Object.prototype &&
    Reflect.ownKeys(prototype).length === 1 &&
    Object.getOwnPropertyDescriptor(prototype, "constructor")?.value === fn;
  const isGenerator = !Object.hasOwn(prototype, "constructor") &&
    Reflect.ownKeys(prototype).length === 0;
  if (isGenerator) return undefined;
  if (!isUntouched || table.indexOf(prototype) !== undefined) {
    return table.reference(prototype, propertyWay(way, "prototype"));
  }
  table.add({ kind: "prototypeOf", owner: table.reference(fn, way) }, prototype);
  return undefined;
}

function superObject(
  table: CaptureTable,
  source: FunctionSource,
  holder: object | undefined,
  way: Way | undefined,
): NodeIndex | undefined {
  if (source.form === "class" || !source.usage.usesSuper) return undefined;
  if (holder === undefined) throw refusedUse(table.place, way, obstacles.looseSuper);
  return table.reference(Object.getPrototypeOf(holder), way);
}

function resolvedImports(
  table: CaptureTable,
  source: FunctionSource,
  url: string,
): Record<string, string> | undefined {
  if (source.importedSpecifiers.length === 0) return undefined;
  const imports: Record<string, string> = {};
  for (const specifier of source.importedSpecifiers) {
    imports[specifier] = table.state.inspector.resolve(specifier, url);
  }
  return imports;
}

function classPart(
  table: CaptureTable,
  constructor: AnyFunction,
  syntax: ClassSyntax,
  way: Way | undefined,
): ClassPart {
  const { classes, inspector } = table.state;
  const superclass = Object.getPrototypeOf(constructor);
  const prototypeProperties = propertiesOf(
    table,
    constructor.prototype,
    propertyWay(way, "prototype"),
    (key, property) => key === "constructor" || isInText(property, syntax),
  );
  const privates: PrivateField[] = [];
  if (syntax.privateFields.length > 0) {
    for (const [name, value] of inspector.privateFields(constructor)) {
      if (!syntax.privateFields.includes(name)) continue;
      privates.push([name, table.reference(value, propertyWay(way, `#${name}`))]);
    }
  }
  return {
    ...classes.nameOf(constructor),
    superclass: syntax.hasSuperclass
      ? table.reference(superclass, variableWay(way, superclass.name || "its superclass"))
      : undefined,
    keys: computedKeys(table, constructor, syntax, way),
    prototypeProperties,
    privates,
  };
}

/** The keys that the computed methods of a class have got: those of the properties with their text. */
function computedKeys(
  table: CaptureTable,
  constructor: AnyFunction,
  syntax: ClassSyntax,
  way: Way | undefined,
): NodeIndex[] {
  const taken = new Map<object, Set<PropertyKey>>();
  return syntax.computed.map(({ text, isStatic }) => {
    const holder = isStatic ? constructor : constructor.prototype;
    const used = taken.get(holder) ?? new Set();
    taken.set(holder, used);
    const key = Reflect.ownKeys(holder).find((each) => {
      const { value, get, set } = Object.getOwnPropertyDescriptor(holder, each)!;
      return !used.has(each) &&
        [value, get, set].some((part) =>
          typeof part === "function" && Function.prototype.toString.call(part) === text
        );
    });
    // Replaced or removed since: what the class has now comes with its properties.
    if (key === undefined) return table.reference("(a computed key that is gone)", way);
    used.add(key);
    return table.reference(key, way);
  });
}
