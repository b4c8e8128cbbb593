/** What travels: each function is called here and, captured and revived, in a worker without permissions. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as path from "node:path";
import { parse as parseScript } from "acorn";
import * as acorn from "acorn";
import acornDefault from "npm:acorn@8.19.0/package.json" with { type: "json" };
import type { UserFunction } from "../../../core/plan/plan.ts";
import Pair, { OFFSET, shifted } from "./fixtures/library.ts";
import * as library from "./fixtures/library.ts";
import { newHarness, Remote, Shared } from "./harness.ts";
import { Provided, provideNext } from "./fixtures/provided.ts";
import * as provided from "./fixtures/provided.ts";

/** `make` gives the function; `want` is what it should give, if not what it gives here. */
type Case = { make: () => UserFunction; args?: unknown[]; want?: unknown };

// deno-lint-ignore no-explicit-any -- odd objects are what is tested
type Any = any;

const harness = newHarness();

async function check(
  t: Deno.TestContext,
  remote: Remote,
  cases: Record<string, Case>,
): Promise<void> {
  for (const [name, { make, args = [], ...rest }] of Object.entries(cases)) {
    await t.step(name, async () => {
      const fn = make();
      const got = await remote.value(harness, fn, args);
      assert.deepStrictEqual(got, "want" in rest ? rest.want : await fn(...args));
    });
  }
}

const factor = 3;
let reassigned = 1;

function makeAdder(a: number) {
  const unused = new WeakMap();
  void (() => unused);
  return (b: number) => (c: number) => a + b + c;
}

function perIteration(): UserFunction[] {
  const functions: UserFunction[] = [];
  for (let i = 0; i < 3; i++) functions.push(() => i * 10);
  return functions;
}

function shadowing(_x: number): UserFunction {
  const y = 2;
  return (x: number) => {
    {
      const y = x + 1;
      if (y > 100) return y;
    }
    try {
      throw { q: 1 };
    } catch ({ q }: Any) {
      x += q;
    }
    const { a: { b = y } = {} as Any, ...rest } = {} as Any;
    next: for (const z of [x]) {
      if (z < 0) continue next;
    }
    return x + b + Object.keys(rest).length + (() => hoisted())();
    function hoisted() {
      return 5;
    }
  };
}

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1);
}
const even = (n: number): boolean => n === 0 ? true : odd(n - 1);
const odd = (n: number): boolean => n === 0 ? false : even(n - 1);

const functionCases: Record<string, Case> = {
  "a constant of the module": { make: () => (x: number) => x * factor, args: [4] },
  "a parameter of the function around": { make: () => makeAdder(1)(2), args: [3], want: 6 },
  "a function that makes functions": {
    make: () => {
      const make = makeAdder(5);
      return () => make(1)(1);
    },
  },
  "the value at the time of the capture": {
    make: () => {
      const read = () => reassigned;
      reassigned = 99;
      return read;
    },
    want: 99,
  },
  "the variable of a loop": { make: () => perIteration()[2]!, want: 20 },
  "names that hide others": { make: () => shadowing(1), args: [5] },
  "a default parameter": { make: () => (x = factor, y = x + factor) => x + y, want: 9 },
  "recursion of a declaration": { make: () => factorial, args: [6], want: 720 },
  "recursion of two constants": { make: () => even, args: [10], want: true },
  "recursion of a named expression": {
    make: () =>
      function fib(n: number): number {
        return n < 2 ? n : fib(n - 1) + fib(n - 2);
      },
    args: [10],
    want: 55,
  },
  "recursion through a variable": {
    make: () => {
      const self = (n: number): string => n === 0 ? "done" : self(n - 1);
      return self;
    },
    args: [3],
    want: "done",
  },
  "an async arrow": {
    make: () => async (x: number) => {
      await null;
      return x * factor;
    },
    args: [2],
    want: 6,
  },
  "a generator": {
    make: () =>
      function* (n: number) {
        for (let i = 0; i < n; i++) yield i * factor;
      },
    args: [3],
    want: [0, 3, 6],
  },
  "an async generator": {
    make: () =>
      async function* () {
        yield await Promise.resolve(factor);
      },
    want: [3],
  },
  "arguments, new.target and this": {
    make: () =>
      function (this: unknown, ..._: unknown[]) {
        return [arguments.length, new.target === undefined, this === undefined];
      },
    args: [1, 2],
  },
  "a using declaration": {
    make: () => () => {
      const log: string[] = [];
      {
        using _resource = { [Symbol.dispose]: () => log.push("closed") };
        log.push("used");
      }
      return log;
    },
    want: ["used", "closed"],
  },
  "new syntax": {
    make: () => {
      const tag = (s: TemplateStringsArray, ...v: number[]) => s.raw.join("|") + v.join(",");
      return (o: Any) => [tag`a${1}b`, o?.x?.y ?? "none", /[\p{L}--[a-z]]/v.test("É")];
    },
    args: [null],
  },
  "a bound function": { make: () => withMethods.add.bind({ base: 100 } as Any, 1), want: 101 },
  "a function with properties": {
    make: () => {
      const scaled = Object.assign((x: number) => x * scaled.by, { by: 7 });
      return scaled;
    },
    args: [2],
    want: 14,
  },
  "a function of the language": { make: () => Math.max, args: [1, 5, 2], want: 5 },
  "names of functions": {
    make: () => {
      const named = () => 1;
      return () => [named.name, (() => 1).name, factorial.name];
    },
  },
  "a variable of the same name as its function": {
    make: () => {
      const f = function g() {
        return g.name;
      };
      return () => f();
    },
  },
};

const table = new Map([["a", 1], ["b", 2]]);
const frozen = Object.freeze({ list: [1, 2] });
const own = Symbol("own");
const bySymbol = { [own]: 1, [Symbol.for("shared")]: 2 };
const bytes = new Uint8Array([1, 2, 3, 4]);
const part = new Uint16Array(bytes.buffer, 2, 1);
const accessors = {
  stored: 2,
  get value() {
    return this.stored * 10;
  },
  set value(x) {
    this.stored = x;
  },
};
const cycle: Any = { name: "c" };
cycle.self = cycle;
const counter = { n: 0 };
const count = () => ++counter.n;
const counted = () => counter.n;
const keyPart = "comp";
const withMethods = {
  base: 10,
  add(x: number) {
    return this.base + x;
  },
  *upTo(n: number) {
    for (let i = 0; i < n; i++) yield i;
  },
  [keyPart + "uted"](x: number) {
    return x - 1;
  },
  [Symbol.iterator]() {
    return [1, 2][Symbol.iterator]();
  },
};

const valueCases: Record<string, Case> = {
  "a Map": { make: () => (key: string) => table.get(key), args: ["b"], want: 2 },
  "Set, Date, RegExp, bigint": {
    make: () => {
      const [set, date, regexp, big] = [new Set([1]), new Date(5), /a(.)/gi, 10n];
      return () => [set.has(1), date.getTime(), "xab".match(regexp)![0], big * 2n];
    },
  },
  "undefined, NaN, -0, null, -Infinity": {
    make: () => {
      const values = [undefined, NaN, -0, null, -Infinity];
      const [nothing, zero] = [undefined, -0];
      return () => [...values, nothing, zero];
    },
  },
  "typed arrays that share a buffer": {
    make: () => () => {
      bytes[2] = 9;
      return [part[0], bytes instanceof Uint8Array, part.byteOffset];
    },
    want: [9 + 4 * 256, true, 2],
  },
  "DataView": {
    make: () => {
      const view = new DataView(new ArrayBuffer(8));
      view.setInt16(0, 7);
      return () => view.getInt16(0);
    },
  },
  "an ArrayBuffer beside its view": {
    make: () => {
      const view = new Float64Array([1, 2]);
      const data = { view, more: 1 };
      const { buffer } = view;
      return () => {
        data.view[0] = 8;
        return [new Float64Array(buffer)[0], data.view.buffer === buffer];
      };
    },
    want: [8, true],
  },
  "a SharedArrayBuffer, copied": {
    make: () => {
      const cells = new Int32Array(new SharedArrayBuffer(8));
      cells[0] = 5;
      return () => [Atomics.add(cells, 0, 1), cells.buffer instanceof SharedArrayBuffer];
    },
    want: [5, true],
  },
  "a resizable buffer": {
    make: () => {
      const buffer = new ArrayBuffer(2, { maxByteLength: 8 });
      return () => [buffer.resizable, buffer.maxByteLength, buffer.byteLength];
    },
  },
  "an Error with cause and fields": {
    make: () => {
      const error = Object.assign(new TypeError("bad", { cause: "why" }), { code: 5 });
      return () => [
        error instanceof TypeError,
        error.message,
        error.cause,
        error.code,
        error.stack!.includes("bad"),
      ];
    },
  },
  "symbols as keys": {
    make: () => () => [bySymbol[own], (bySymbol as Any)[Symbol.for("shared")]],
  },
  "an array with a hole and a property": {
    make: () => {
      // deno-lint-ignore no-sparse-arrays
      const array: Any = [1, , 3];
      array.extra = "e";
      return () => [array.length, 1 in array, array.extra, array[2]];
    },
    want: [3, false, "e", 3],
  },
  "frozen, sealed and fixed objects": {
    make: () => {
      const list = Object.freeze([1, () => 2]);
      const sealed = Object.seal({ a: 1 });
      const fixed = Object.preventExtensions({ a: 1 });
      return () => [
        Object.isFrozen(frozen),
        frozen.list[1],
        Object.isFrozen(list),
        list.length,
        Object.isSealed(sealed),
        Object.isFrozen(sealed),
        Object.isExtensible(fixed),
        Object.isSealed(fixed),
      ];
    },
    want: [true, 2, true, 2, true, false, false, false],
  },
  "read-only and hidden properties": {
    make: () => {
      const object = Object.defineProperties({}, {
        fixed: { value: 1, enumerable: true },
        hidden: { value: 2, writable: true },
      });
      return () => JSON.stringify(Object.getOwnPropertyDescriptors(object));
    },
  },
  "an object without prototype": {
    make: () => {
      const object = Object.assign(Object.create(null), { a: 1 });
      return () => [Object.getPrototypeOf(object), object.a];
    },
  },
  "a property named __proto__": {
    make: () => {
      const object = JSON.parse('{"__proto__": 1}');
      return () => [Object.keys(object), Object.getPrototypeOf(object) === Object.prototype];
    },
  },
  "getters and setters": {
    make: () => () => {
      accessors.value = 5;
      return accessors.value;
    },
    want: 50,
  },
  "methods that use this": { make: () => (x: number) => withMethods.add(x), args: [1] },
  "a method on its own, computed key": {
    make: () => (withMethods as Any).computed,
    args: [5],
    want: 4,
  },
  "a method on its own, generator": { make: () => withMethods.upTo, args: [2], want: [0, 1] },
  "a method on its own, symbol key": {
    make: () => {
      const iterate = withMethods[Symbol.iterator];
      return () => [...{ [Symbol.iterator]: iterate }];
    },
    want: [1, 2],
  },
  "a getter on its own": {
    make: () =>
      Object.getOwnPropertyDescriptor(
        {
          get sum() {
            return factor + 1;
          },
        },
        "sum",
      )!.get!,
    want: 4,
  },
  "a method that uses super": {
    make: () => {
      const base = { name: () => "base" };
      const derived = {
        __proto__: base,
        name() {
          return "derived from " + super["name" as never];
        },
      };
      return () => derived.name().slice(0, 12);
    },
  },
  "a cycle": { make: () => () => cycle.self.self === cycle && cycle.name, want: "c" },
  "an object that two functions share": {
    make: () => () => [count(), count(), counted()],
    want: [1, 2, 2],
  },
  "a part of plain data that is reached twice": {
    make: () => {
      const rows = { list: [{ id: 1 }, { id: 2 }], byId: new Map([[1, { deep: [0] }]]) };
      const second = rows.list[1]!;
      const deep = rows.byId.get(1)!.deep;
      return () => {
        second.id = 20;
        deep.push(7);
        return [rows.list[1]!.id, rows.byId.get(1)!.deep];
      };
    },
    want: [20, [0, 7]],
  },
  "a list of many links": {
    make: () => {
      let list: Any = null;
      for (let i = 0; i < 20_000; i++) list = { next: list, run: i === 0 ? count : undefined };
      return () => {
        let length = 0;
        for (let at = list; at !== null; at = at.next) length++;
        return length;
      };
    },
  },
  "values of the platform": {
    make: () => {
      const url = new URL("http://a/b");
      const decoder = new TextDecoder("utf-16le");
      const numbers = new Intl.NumberFormat("de-DE", { minimumFractionDigits: 2 });
      const collator = new Intl.Collator("sv");
      return () => [
        url.pathname,
        decoder.encoding,
        numbers.format(1234.5),
        ["z", "ä"].sort(collator.compare),
      ];
    },
  },
  "boxed values": {
    make: () => {
      const text = Object.assign(Object("abc"), { extra: 1 });
      return () => [text + "d", text.extra, typeof text];
    },
  },
};

enum Color {
  Red,
  Green = 5,
}
// deno-lint-ignore no-namespace
namespace Space {
  export const z = 5;
  export function plusZ(x: number) {
    return x + z;
  }
}
const { max } = Math;
const log = console.log;
const hasOwn = Object.prototype.hasOwnProperty;
(globalThis as Any).globalOfTheTest = 12;
declare const globalOfTheTest: number;
declare const undeclared: unknown;

const nameCases: Record<string, Case> = {
  "enum and namespace": {
    make: () => () => [Color.Green, Color[5], Space.z, Space.plusZ(1)],
    want: [5, "Green", 5, 6],
  },
  "a destructured function of the language": {
    make: () => (...x: number[]) => max(...x),
    args: [1, 5, 2],
  },
  "other functions of the platform": {
    make: () => () => [typeof log, hasOwn.call({ a: 1 }, "a")],
  },
  "a timer and a class behind getters": {
    make: () => {
      const [later, Encoder, random] = [setTimeout, TextEncoder, crypto];
      return () => [typeof later, new Encoder().encoding, typeof random.getRandomValues];
    },
  },
  "globals by name": {
    make: () => () => [Math.max(1, 2), JSON.stringify({ a: 1 }), typeof structuredClone],
  },
  "a global of the program by name": { make: () => () => globalOfTheTest, want: 12 },
  "a global of the program as a property": {
    make: () => () => (globalThis as Any).globalOfTheTest ?? "absent",
    want: "absent",
  },
  "typeof of what is not declared": { make: () => () => typeof undeclared, want: "undefined" },
  "an npm import": {
    make: () => (text: string) => parseScript(text, { ecmaVersion: 2022 }).type,
    args: ["1+1"],
  },
  "an npm namespace": { make: () => () => typeof acorn.Parser, want: "function" },
  "an npm function in a variable": {
    make: () => {
      const parse = parseScript;
      return (text: string) => parse(text, { ecmaVersion: 2022 }).type;
    },
    args: ["1"],
  },
  "an npm function taken from a namespace": {
    make: () => {
      const { tokenizer } = acorn;
      return (text: string) => [...tokenizer(text, { ecmaVersion: 2022 })].length;
    },
    args: ["1 + 2"],
  },
  "plain data of an import": { make: () => () => acornDefault.name, want: "acorn" },
  "node: imports": {
    make: () => () => [
      createHash("sha1").update("a").digest("hex").slice(0, 6),
      path.join("a", "b"),
    ],
  },
  "a node: function in a variable": {
    make: () => {
      const hash = createHash;
      return () => hash("sha1").update("a").digest("hex").slice(0, 4);
    },
  },
  "own file": { make: () => (x: number) => shifted(x) + OFFSET, args: [1], want: 202 },
  "own file, a class": { make: () => () => new Pair(4).whole(), want: 8 },
  "own file, as a namespace": {
    make: () => () => library.shifted(1) + library.OFFSET,
    want: 202,
  },
  "import.meta.url": { make: () => () => import.meta.url },
  "import.meta.filename": { make: () => () => [import.meta.filename, import.meta.dirname] },
  "import() of a package": {
    make: () => async () => typeof (await import("acorn")).parse,
    want: "function",
  },
  "what Flint provides": {
    make: () => () => {
      const first = provideNext();
      return [provided.provideNext() - first, new Provided(4).doubled()];
    },
    want: [1, 8],
  },
  "an instance of a provided class": {
    make: () => {
      const instance = new Provided(21);
      return () => [instance.doubled(), instance instanceof Provided];
    },
  },
  "a token": {
    make: () => {
      const shared = new Shared(7);
      return () => shared;
    },
    want: { token: { shared: 7 }, revived: true },
  },
};

class Point {
  constructor(public x: number, public y: number) {}
  norm() {
    return Math.hypot(this.x, this.y);
  }
  get sum() {
    return this.x + this.y;
  }
  static origin() {
    return new Point(0, 0);
  }
  static count = 41;
}
class Solid extends Point {
  constructor(x: number, y: number, public z: number) {
    super(x, y);
  }
  override norm() {
    return super.norm() + this.z;
  }
}
class Secret {
  static made = 0;
  #start = 1;
  #n;
  constructor(n: number) {
    this.#n = n;
    Secret.made++;
  }
  reveal() {
    return this.#start + this.#n;
  }
  restart(n: number) {
    this.#start = n;
    return this;
  }
  #hidden() {
    return 7;
  }
  callHidden() {
    return this.#hidden();
  }
}
class DoubleSecret extends Secret {
  #n = 5;
  constructor() {
    super(100);
    this.#n = 6;
  }
  all() {
    return this.reveal() + this.#n;
  }
}
class CodedError extends Error {
  constructor(message: string, public code: number) {
    super(message);
    this.name = "CodedError";
  }
}
class Tally extends Map<string, number> {
  total() {
    let total = 0;
    for (const value of this.values()) total += value;
    return total;
  }
}
function OldStyle(this: Any, a: number) {
  this.a = a;
}
OldStyle.prototype.get = function () {
  return this.a;
};
function Untouched(this: Any) {
  this.b = 1;
}
function added(method: Any, _context: unknown) {
  return function (this: unknown, ...args: unknown[]) {
    return method.apply(this, args) + 1000;
  };
}
class Decorated {
  @added
  plus(x: number) {
    return x;
  }
}
let sideEffects = 0;
class Registry {
  static readonly started = ++sideEffects;
  static #total = 5;
  static {
    sideEffects += 10;
  }
  readonly made = ++sideEffects;
  #options: { deep: number };
  constructor({ options: { deep } }: { options: { deep: number } }) {
    this.#options = { deep };
    sideEffects += 100;
  }
  get deep() {
    return this.#options.deep;
  }
  static total() {
    return Registry.#total++;
  }
}
Registry.total();
class Extended {
  base() {
    return "base";
  }
}
(Extended.prototype as Any).added = () => "added";
const methodKey = { name: "keyed" };
class Keyed {
  [methodKey.name + "1"]() {
    return "computed";
  }
  static [Symbol.hasInstance](value: unknown) {
    return value === 1;
  }
}

const classCases: Record<string, Case> = {
  "new and instanceof": {
    make: () => (x: number) => {
      const point = new Point(x, 4);
      return [point.norm(), point.sum, point instanceof Point];
    },
    args: [3],
    want: [5, 7, true],
  },
  "static state": { make: () => () => [Point.count, Point.origin().sum], want: [41, 0] },
  "an instance keeps its class": {
    make: () => {
      const point = new Point(3, 4);
      return () => [point.norm(), point instanceof Point, point.constructor === Point];
    },
  },
  "a derived class": {
    make: () => {
      const solid = new Solid(3, 4, 1);
      return () => [solid.norm(), solid instanceof Point, new Solid(6, 8, 1).norm()];
    },
  },
  "private fields": {
    make: () => {
      const secret = new Secret(10).restart(42);
      return () => [secret.reveal(), secret.callHidden(), new Secret(1).reveal()];
    },
    want: [52, 7, 2],
  },
  "private fields of the same name in base and derived class": {
    make: () => {
      const secret = new DoubleSecret();
      secret.restart(3);
      return () => secret.all();
    },
    want: 109,
  },
  "an Error class": {
    make: () => {
      const error = new CodedError("m", 3);
      return () => [
        error instanceof CodedError,
        error instanceof Error,
        error.code,
        error.name,
        error.message,
      ];
    },
  },
  "a thrown Error of a captured class": {
    make: () => () => {
      try {
        throw new CodedError("x", 9);
      } catch (error) {
        return [(error as CodedError).code, error instanceof CodedError];
      }
    },
  },
  "a Map class": {
    make: () => {
      const tally = new Tally([["a", 1], ["b", 2]]);
      return () => [tally.total(), tally instanceof Tally];
    },
  },
  "an old-style constructor": {
    make: () => {
      const object = new (OldStyle as Any)(4);
      return () => [
        object.get(),
        object instanceof (OldStyle as Any),
        new (OldStyle as Any)(5).get(),
      ];
    },
  },
  "an old-style constructor without methods": {
    make: () => {
      const object = new (Untouched as Any)();
      return () => [object instanceof (Untouched as Any), object.b];
    },
  },
  "a decorated method": { make: () => () => new Decorated().plus(1), want: 1001 },
  "no initializer or constructor runs again": {
    make: () => {
      const registry = new Registry({ options: { deep: 3 } });
      sideEffects = 0;
      return () => [
        sideEffects,
        Registry.started,
        registry.made,
        registry.deep,
        Registry.total(),
        new Registry({ options: { deep: 4 } }).deep,
      ];
    },
    want: [0, 1, 12, 3, 6, 4],
  },
  "a prototype that was added to": {
    make: () => () => [new Extended().base(), (new Extended() as Any).added()],
  },
  "computed keys": {
    make: () => () => [(new Keyed() as Any).keyed1(), 1 as Any instanceof Keyed],
  },
  "a class and one that extends it, each naming the other": {
    make: () => {
      class Base {
        twin(): unknown {
          return new Derived();
        }
      }
      class Derived extends Base {}
      return () => new Base().twin() instanceof Base;
    },
  },
  "this copied to a local": {
    make: () => {
      class Service {
        factor = 2;
        job() {
          const { factor } = this;
          return (x: number) => x * factor;
        }
      }
      return new Service().job();
    },
    args: [4],
    want: 8,
  },
};

Deno.test("what is captured here works in a worker without permissions", async (t) => {
  using remote = new Remote();
  await t.step(
    "functions travel with the variables around them",
    (t) => check(t, remote, functionCases),
  );
  await t.step("values of every kind travel", (t) => check(t, remote, valueCases));
  await t.step("names and modules travel", (t) => check(t, remote, nameCases));
  await t.step("classes travel by value", (t) => check(t, remote, classCases));
});
