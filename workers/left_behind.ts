/**
 * What the tasks of a stage left in their worker that another stage would meet there: language
 * built-ins that are no longer what they were, and timers that still run.
 *
 * A worker is used for many stages, because a new one costs some ten milliseconds. One in which
 * something was left behind ends between two stages, and the next stage gets a new one. Names that
 * user code adds to the global scope may stay: caches for later tasks live there.
 */
import { assert } from "../core/errors.ts";

const BUILT_INS =
  "Object Function Array String Number Boolean Symbol BigInt Date RegExp Promise Proxy Reflect " +
  "Map Set WeakMap WeakSet WeakRef FinalizationRegistry Error AggregateError EvalError RangeError " +
  "ReferenceError SyntaxError TypeError URIError JSON Math Atomics Iterator ArrayBuffer " +
  "SharedArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array " +
  "Int32Array Uint32Array Float32Array Float64Array BigInt64Array BigUint64Array TextEncoder " +
  "TextDecoder";

/** Taken before any user code runs. */
const { getOwnPropertyDescriptor, ownKeys } = Reflect;

type Scope = Record<string, unknown>;
type Property = Readonly<{ owner: object; name: PropertyKey; is: PropertyDescriptor }>;

/** The built-ins of a scope as they were when this was made. */
export class BuiltIns {
  readonly #owners: readonly Readonly<{ owner: object; size: number }>[];
  readonly #properties: readonly Property[];

  constructor(scope: object) {
    const names = BUILT_INS.split(" ");
    const owners = ownersIn(scope as Scope, names);
    this.#owners = owners.map((owner) => ({ owner, size: ownKeys(owner).length }));
    this.#properties = [
      ...names.map((name) => property(scope, name)),
      ...owners.flatMap((owner) => ownKeys(owner).map((name) => property(owner, name))),
    ];
  }

  /** Whether a property was added, removed or replaced. Uses nothing that could be. */
  get haveChanged(): boolean {
    for (let i = 0; i < this.#owners.length; i++) {
      const { owner, size } = this.#owners[i]!;
      if (ownKeys(owner).length !== size) return true;
    }
    for (let i = 0; i < this.#properties.length; i++) {
      const { owner, name, is } = this.#properties[i]!;
      const now = getOwnPropertyDescriptor(owner, name);
      if (now === undefined || now.value !== is.value && is.value === is.value) return true;
      if (now.get !== is.get || now.set !== is.set) return true;
    }
    return false;
  }
}

function property(owner: object, name: PropertyKey): Property {
  const is = getOwnPropertyDescriptor(owner, name);
  assert(is !== undefined, `there is no ${String(name)} in the global scope`);
  return { owner, name, is };
}

/** The built-ins themselves, their prototypes, and prototypes that have no name. */
function ownersIn(scope: Scope, names: readonly string[]): readonly object[] {
  const owners = new Set<object>();
  const add = (value: unknown) => {
    if (typeof value === "object" && value !== null || typeof value === "function") {
      owners.add(value);
    }
  };
  for (const name of names) {
    const builtIn = scope[name] as { prototype?: unknown };
    add(builtIn);
    add(builtIn.prototype);
  }
  const nameless = [
    Uint8Array,
    [].values(),
    new Map().entries(),
    new Set().entries(),
    function* () {}.prototype,
    async function* () {}.prototype,
  ];
  for (const value of nameless) add(Object.getPrototypeOf(value));
  for (const value of nameless.slice(-2)) add(Object.getPrototypeOf(Object.getPrototypeOf(value)));
  add(Object.getPrototypeOf(Uint8Array).prototype);
  return [...owners];
}

/** Ways to start and to end a timer; timers are numbers or objects, as the runtime likes. */
type Start = (run: (...args: unknown[]) => unknown, ...rest: unknown[]) => unknown;
type Clear = (timer?: unknown) => void;
type Timers = {
  setTimeout: Start;
  setInterval: Start;
  clearTimeout: Clear;
  clearInterval: Clear;
};

/** Knows the timers that are started in a scope from now on. */
export class StartedTimers {
  readonly #running = new Set<unknown>();

  constructor(scope: object) {
    const timers = scope as Timers;
    const { setTimeout, setInterval, clearTimeout, clearInterval } = timers;
    timers.setTimeout = (run, ...rest) => {
      const ended = (...args: unknown[]) => {
        this.#running.delete(timer);
        run(...args);
      };
      const timer = this.#noted(setTimeout(typeof run === "function" ? ended : run, ...rest));
      return timer;
    };
    timers.setInterval = (run, ...rest) => this.#noted(setInterval(run, ...rest));
    timers.clearTimeout = (timer) => this.#forget(timer, clearTimeout);
    timers.clearInterval = (timer) => this.#forget(timer, clearInterval);
  }

  /** Whether some have neither ended nor been cleared; one that was ended in another way counts too. */
  get stillRun(): boolean {
    return this.#running.size > 0;
  }

  #noted(timer: unknown): unknown {
    this.#running.add(timer);
    return timer;
  }

  #forget(timer: unknown, clear: Clear): void {
    this.#running.delete(timer);
    clear(timer);
  }
}
