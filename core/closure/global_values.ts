/**
 * Values that every isolate has of its own, by the way to them from `globalThis`.
 *
 * A step is the name of a property; `@@iterator` stands for a well-known symbol, and a way that
 * begins with `%` for one of the few values that no global leads to.
 */

/** The way to a value, and whether it is the getter or the setter of the last step. */
export type GlobalWay = Readonly<{ path: readonly string[]; accessor?: "get" | "set" }>;

/** What `globalThis` had before the program's own modules ran: other names are the program's. */
export const globalNamesAtStart: ReadonlySet<string> = new Set(
  Object.getOwnPropertyNames(globalThis),
);

/** Values without a name: constructors of the kinds of functions, prototypes of iterators. */
function hiddenValues(): Record<string, object> {
  const prototypeOf = Object.getPrototypeOf;
  const functions = {
    AsyncFunction: prototypeOf(async function () {}),
    GeneratorFunction: prototypeOf(function* () {}),
    AsyncGeneratorFunction: prototypeOf(async function* () {}),
  };
  const hidden: Record<string, object> = { "%TypedArray%": prototypeOf(Uint8Array) };
  for (const [name, prototype] of Object.entries(functions)) {
    hidden[`%${name}%`] = prototype.constructor;
  }
  return hidden;
}

/** More steps than this lead nowhere that a program would hold on to. */
const STEPS_MAX = 4;

/** The ways to all global values that can be reached without running a getter. */
export function globalWays(): Map<unknown, GlobalWay> {
  const ways = new Map<unknown, GlobalWay>([[globalThis, { path: [] }]]);
  let level: [holder: object, path: readonly string[]][] = [[globalThis, []]];
  for (const [name, value] of Object.entries(hiddenValues())) {
    ways.set(value, { path: [name] });
    level.push([value, [name]]);
  }
  for (let steps = 1; steps <= STEPS_MAX; steps++) {
    const next: typeof level = [];
    for (const [holder, path] of level) {
      for (const key of Reflect.ownKeys(holder)) {
        const step = stepOf(key);
        if (step === undefined) continue;
        if (path.length === 0 && !globalNamesAtStart.has(step)) continue;
        const found = Object.getOwnPropertyDescriptor(holder, key)!;
        for (const part of ["value", "get", "set"] as const) {
          const value = found[part];
          if (!isObject(value) || ways.has(value)) continue;
          const way = [...path, step];
          ways.set(value, part === "value" ? { path: way } : { path: way, accessor: part });
          next.push([value, way]);
        }
      }
    }
    level = next;
  }
  return ways;
}

/** The value at the end of a way; undefined where this isolate has none. */
export function globalValueAt(way: GlobalWay): unknown {
  let value: unknown = globalThis;
  const steps = [...way.path];
  if (steps[0]?.startsWith("%")) value = hiddenValues()[steps.shift()!];
  const last = way.accessor === undefined ? undefined : steps.pop();
  for (const step of steps) {
    if (!isObject(value)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[keyOf(step)];
  }
  if (last === undefined || way.accessor === undefined || !isObject(value)) return value;
  return Object.getOwnPropertyDescriptor(value, keyOf(last))?.[way.accessor];
}

/** The way as people write it: `Array.prototype.map`. */
export function shownWay(way: GlobalWay): string {
  return way.path.join(".");
}

function stepOf(key: PropertyKey): string | undefined {
  if (typeof key !== "symbol") return String(key);
  const name = wellKnownName(key);
  return name === undefined ? undefined : `@@${name}`;
}

function keyOf(step: string): PropertyKey {
  return step.startsWith("@@") ? wellKnownSymbol(step.slice(2)) : step;
}

/** `iterator` for `Symbol.iterator`; undefined for other symbols. */
export function wellKnownName(symbol: symbol): string | undefined {
  const name = symbol.description?.replace(/^Symbol\./, "");
  return name !== undefined && (Symbol as unknown as Record<string, unknown>)[name] === symbol
    ? name
    : undefined;
}

export function wellKnownSymbol(name: string): symbol {
  return (Symbol as unknown as Record<string, symbol>)[name]!;
}

export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null || typeof value === "function";
}
