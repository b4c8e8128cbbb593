/**
 * Whether a task drew at random or asked for the time: another attempt at it might give something
 * else, and the scheduler must know (runtime/local/draws.ts).
 *
 *     Math.random · new Date() · Date() · Date.now · performance.now · crypto.randomUUID · …
 *        └── the same, after a note that it was called
 *
 * The functions are replaced once, before user code runs, so no way to them goes past the note: not a
 * name that a module took when it was loaded, nor a package. The note costs a few nanoseconds a
 * call. What a task learns from Node's modules, from files or from the network is not seen.
 */

type Scope = {
  Date: DateConstructor;
  Math: Math;
  Crypto: { prototype: Crypto };
  SubtleCrypto: { prototype: SubtleCrypto };
  Performance: { prototype: Performance };
  Temporal?: { Now: object };
};

export class Draws {
  #has = false;
  #hasForGood = false;

  /** Replaces the functions of a scope. */
  constructor(scope: object) {
    const { Math, Crypto, SubtleCrypto, Performance, Temporal, Date } = scope as Scope;
    const note = () => void (this.#has = true);
    noting(Math, ["random"], note);
    noting(Date, ["now"], note);
    noting(Crypto.prototype, ["getRandomValues", "randomUUID"], note);
    // A key is drawn, and with some algorithms so is a part of what comes out.
    noting(SubtleCrypto.prototype, ["generateKey", "encrypt", "sign", "wrapKey"], note);
    noting(Performance.prototype, ["now", "mark", "measure", "toJSON"], note);
    if (Temporal !== undefined) {
      noting(Temporal.Now, Object.getOwnPropertyNames(Temporal.Now), note);
    }
    (scope as Scope).Date = notingDate(Date, note);
  }

  /** Whether one of them was called since `forget`, or what was drawn is still there. */
  get has(): boolean {
    return this.#has || this.#hasForGood;
  }

  /** Another task begins. */
  forget(): void {
    this.#has = false;
  }

  /** Modules were loaded: what they have drawn meanwhile every later task can find in them. */
  keep(): void {
    this.#hasForGood ||= this.#has;
  }
}

type Methods = Record<string, (...args: unknown[]) => unknown>;

function noting(owner: object, names: readonly string[], note: () => void): void {
  for (const name of names) {
    const method = (owner as Methods)[name];
    if (typeof method !== "function") continue;
    const value = function (this: unknown, ...args: unknown[]) {
      note();
      return method.apply(this, args);
    };
    for (const key of ["name", "length"] as const) {
      Object.defineProperty(value, key, { value: method[key], configurable: true });
    }
    Object.defineProperty(owner, name, { value });
  }
}

/** `Date` as it is but for the note; dates that it makes are the same as those of the original. */
function notingDate(original: DateConstructor, note: () => void): DateConstructor {
  // One argument, as nearly all dates are made, does not take the slower way of any number of them.
  function Date(this: unknown, ...args: number[]): unknown {
    if (new.target === undefined) {
      note();
      return original();
    }
    if (args.length === 0) note();
    if (new.target !== Date as unknown) return Reflect.construct(original, args, new.target);
    if (args.length === 0) return new original();
    return args.length === 1 ? new original(args[0]!) : Reflect.construct(original, args);
  }
  Object.defineProperties(Date, Object.getOwnPropertyDescriptors(original));
  Object.defineProperty(original.prototype, "constructor", { value: Date });
  return Date as unknown as DateConstructor;
}
