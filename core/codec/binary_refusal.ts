/**
 * What cannot travel in a record, and how it is told: with its path in the value and the cure.
 *
 * The writer keeps no path, for it would pay for it with every property. It only says which object
 * stopped it; the path is searched afterwards.
 */
import { driverOnly } from "../driver_only.ts";
import { RecordError, reportOf, shown } from "../errors.ts";
import { functionOnly } from "../function_only.ts";
import { VALUE_DEPTH_MAX } from "./binary_tags.ts";

/** Thrown by the writer when it meets `part`; never leaves it. */
export class Unwritable extends Error {
  readonly part: unknown;

  constructor(part: unknown) {
    super("a part of a value cannot be written");
    this.part = part;
  }
}

/** What `error` means, which was thrown while `whole` was written: a getter's is a RecordError. */
export function refusalOf(whole: unknown, error: unknown): unknown {
  if (error instanceof Unwritable) return refusal(whole, error.part);
  const { path, isUnreadable } = find(whole, NOTHING);
  if (!isUnreadable) return error;
  const { name, message } = reportOf(error);
  return new RecordError(
    "NotSerializable",
    `Cannot encode a value: reading ${path === "" ? "it" : path} threw ${name}: ${message}`,
    "Make it a plain object whose properties can be read",
    { cause: error },
  );
}

/** The RecordError `NotSerializable` for `whole`, because of `part`. */
function refusal(whole: unknown, part: unknown): RecordError {
  const { path, depth } = find(whole, part);
  if (depth > VALUE_DEPTH_MAX && typeof part === "object") {
    return new RecordError(
      "NotSerializable",
      `Cannot encode ${shown(whole)}: it is nested more than ${VALUE_DEPTH_MAX} deep`,
      "Make it flatter, for example an array of nodes that name each other by index",
    );
  }
  const here = typeof part === "object" && part !== null ? driverOnly(part) : undefined;
  if (here !== undefined) {
    return new RecordError(
      "ContextOnlyOnDriver",
      `Cannot encode a value: ${path === "" ? "it" : path} is ${here}, which stays on the driver`,
      "Put in what it holds: collect() it first, or join() the datasets",
    );
  }
  const shared = typeof part === "object" && part !== null ? functionOnly(part) : undefined;
  const [what, cure] = shared === undefined ? kindAndCure(part) : [
    `${shared}, which travels in functions and not in records`,
    "Use it in the function itself",
  ];
  const where = path === "" ? "it" : path;
  const value = typeof whole === "object" ? shown(whole) : "a record";
  return new RecordError(
    "NotSerializable",
    `Cannot encode ${value}: ${where} is ${what}`,
    cure,
  );
}

function kindAndCure(part: unknown): readonly [what: string, cure: string] {
  if (typeof part === "function") {
    return [
      part.name === "" ? "a function" : `a function (${part.name})`,
      "Functions travel in closures, not in records",
    ];
  }
  if (typeof part !== "object" || part === null) {
    return [`a ${typeof part}`, "Use a string in its place"];
  }
  if (part instanceof Promise) {
    return ["a Promise", "Did you forget await? Use mapAsync() for asynchronous functions"];
  }
  const name: string = Object.getPrototypeOf(part)?.constructor?.name || "an unnamed class";
  if (part instanceof WeakRef) return ["a WeakRef", "Use what it refers to: reference.deref()"];
  if (part instanceof WeakMap || part instanceof WeakSet) {
    return [`a ${name}`, "Use a Map or a Set: what is weak has no list of what is in it"];
  }
  if (ArrayBuffer.isView(part)) {
    return [`an instance of ${name}`, "Copy it, for example with new Uint8Array(bytes)"];
  }
  const base = slottedClassOf(part);
  if (base !== undefined && base !== Error) {
    return [`an instance of ${name}`, `Make it a plain ${plainName(base.name)}`];
  }
  if (Symbol.iterator in part && typeof (part as { next?: unknown }).next === "function") {
    return ["an iterator", "Make an array of it: [...iterator]"];
  }
  return [
    `an instance of ${name}, a class that is not known in the workers`,
    `Give it to sc.registerClass(${name}), or make it a plain object: private fields cannot travel`,
  ];
}

/** Number, String and Boolean wrap what is wanted. */
function plainName(name: string): string {
  return ["Number", "String", "Boolean"].includes(name) ? name.toLowerCase() : name;
}

const SLOTTED_CLASSES = [
  Array,
  Map,
  Set,
  Date,
  RegExp,
  Error,
  ArrayBuffer,
  Promise,
  WeakMap,
  WeakSet,
  WeakRef,
  Number,
  String,
  Boolean,
];

/** The built-in class because of which an object is more than its properties, if there is one. */
export function slottedClassOf(object: object): { readonly name: string } | undefined {
  return SLOTTED_CLASSES.find((constructor) => object instanceof constructor) ??
    (ArrayBuffer.isView(object) ? DataView : undefined);
}

/** What is in no value. */
const NOTHING = {};

type Place = Readonly<{ value: unknown; step: string; from: Place | undefined; depth: number }>;

/** The way from `whole` to `part`, or to the first that cannot be read; depth first, as the writer went, but without a stack to overflow. */
function find(
  whole: unknown,
  part: unknown,
): { path: string; depth: number; isUnreadable?: true } {
  const seen = new Set<unknown>();
  const places: Place[] = [{ value: whole, step: "", from: undefined, depth: 1 }];
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    if (place.value === part) return { path: pathOf(place), depth: place.depth };
    if (typeof place.value !== "object" || place.value === null || seen.has(place.value)) continue;
    seen.add(place.value);
    const from = place;
    const depth = place.depth + 1;
    const children: Place[] = [];
    try {
      for (const [step, read] of childrenOf(place.value)) {
        const child = { value: NOTHING as unknown, step, from, depth };
        children.push(child);
        child.value = read();
      }
    } catch {
      return { path: pathOf(children.at(-1) ?? place), depth, isUnreadable: true };
    }
    for (const child of children.reverse()) places.push(child);
  }
  return { path: "", depth: 0 };
}

function* childrenOf(object: object): Generator<readonly [step: string, read: () => unknown]> {
  if (object instanceof Map) {
    for (const [key, value] of object) {
      yield [`.key(${shown(key, 30)})`, () => key];
      yield [`.get(${shown(key, 30)})`, () => value];
    }
  } else if (object instanceof Set) {
    let index = 0;
    for (const item of object) yield [`.item(${index++})`, () => item];
  } else if (!ArrayBuffer.isView(object)) {
    if (object instanceof Error) yield [".cause", () => object.cause];
    for (const name of Object.keys(object)) {
      yield [stepText(object, name), () => (object as Record<string, unknown>)[name]];
    }
  }
}

function stepText(object: object, name: string): string {
  if (Array.isArray(object)) return `[${name}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)
    ? `.${name}`
    : `[${JSON.stringify(name)}]`;
}

function pathOf(place: Place): string {
  const steps: string[] = [];
  for (let at: Place | undefined = place; at !== undefined; at = at.from) steps.push(at.step);
  return steps.reverse().join("");
}
