/** What cannot travel is refused with the function's place, the variable, what it is and the cure. */
import assert from "node:assert/strict";
import { ClosureError } from "../../../core/errors.ts";
import type { UserFunction } from "../../../core/plan/plan.ts";
import { config, usesHelper } from "./fixtures/places.ts";
import { Closed } from "./fixtures/provided.ts";
import { Context, newHarness } from "./harness.ts";

/** The message after `Cannot ship the function at <place>: `, and the code. */
function refusalOf(fn: UserFunction): { story: string; place: string; code: string } {
  try {
    newHarness().capturer.capture(fn);
  } catch (error) {
    assert.ok(error instanceof ClosureError, `not a ClosureError: ${error}`);
    const match = /^Cannot ship the function at (.*?:\d+:\d+): (.*)$/s.exec(error.message);
    assert.ok(match, error.message);
    return { place: match[1]!, story: match[2]!, code: error.code };
  }
  assert.fail("it was captured");
}

const refusals: Record<string, { make: () => UserFunction; story: string; code?: string }> = {
  "a connection": {
    make: () => {
      const listener = Deno.listen({ port: 0 });
      listener.close();
      const server = { listener };
      return () => server.listener.addr;
    },
    story: 'it uses "server.listener", which is a Deno.Listener\n' +
      "  Open it inside mapPartitions(), where it lives in the worker",
  },
  "a file": {
    make: () => {
      const file = Deno.openSync(new URL(import.meta.url));
      file.close();
      return () => file.readable;
    },
    story: 'it uses "file", which is a Deno.FsFile\n' +
      "  Open it inside mapPartitions(), where it lives in the worker",
  },
  "a port": {
    make: () => {
      const { port1: port } = new MessageChannel();
      port.close();
      return () => port;
    },
    story: 'it uses "port", which is a MessagePort\n' +
      "  Open it inside mapPartitions(), where it lives in the worker",
  },
  "a Promise": {
    make: () => {
      const found = { rates: [Promise.resolve(1)] };
      return () => found.rates[0];
    },
    story: 'it uses "found.rates[0]", which is a Promise\n  Await it first and use the result',
  },
  "a Proxy": {
    make: () => {
      const proxy = new Proxy({}, {
        ownKeys: () => assert.fail("a trap ran"),
        getPrototypeOf: () => assert.fail("a trap ran"),
      });
      return () => proxy;
    },
    story: 'it uses "proxy", which is a Proxy\n' +
      "  Copy what the function needs into an ordinary object first",
  },
  "a WeakMap": {
    make: () => {
      const cache = new WeakMap();
      return () => cache;
    },
    story:
      'it uses "cache", which is a WeakMap\n  Use a Map or Set, or make it inside the function',
  },
  "a generator": {
    make: () => {
      const values = (function* () {
        yield 1;
      })();
      return () => values.next();
    },
    story: 'it uses "values", which is a generator\n' +
      "  Turn it into an array first, as in: const values = [...generator]",
  },
  "an iterator": {
    make: () => {
      const values = [1].values();
      return () => values.next();
    },
    story: 'it uses "values", which is an iterator\n' +
      "  Turn it into an array first, as in: const values = [...iterator]",
  },
  "the iterator of a Map": {
    make: () => {
      const entries = new Map([["key", { rows: new Map([[1, 2]]).entries() }]]);
      return () => entries;
    },
    story: 'it uses "entries.key.rows", which is an iterator\n' +
      "  Turn it into an array first, as in: const values = [...iterator]",
  },
  "a native function of this process alone": {
    make: () => {
      const { resolve } = Promise.withResolvers();
      return () => resolve(1);
    },
    story: 'it uses "resolve", which is a native function that only this process has\n' +
      "  Make it inside the function, or once a partition in mapPartitions()",
  },
  "this in an arrow of a method": {
    make: () => {
      class Service {
        factor = 2;
        job() {
          return (x: number) => x * this.factor;
        }
      }
      return new Service().job();
    },
    story: 'it uses "this" of the code around it\n' +
      "  Copy what it needs to a local variable first, as in: const factor = this.factor",
  },
  "this in an arrow that another function uses": {
    make: () => {
      class Service {
        factor = 2;
        scale = (x: number) => x * this.factor;
      }
      const { scale } = new Service();
      return (x: number) => scale(x);
    },
    story: 'it uses "scale", which uses "this" of the code around it\n' +
      "  Copy what it needs to a local variable first, as in: const factor = this.factor",
  },
  "a private field in an arrow": {
    make: () => {
      class Service {
        #factor = 2;
        job(other: Service) {
          return (x: number) => x * other.#factor;
        }
      }
      return new Service().job(new Service());
    },
    story: "it uses the private field #factor of a class around it\n" +
      "  Copy it to a local variable first, as in: const factor = this.#factor",
  },
  "arguments in an arrow": {
    make: () => {
      function outer(..._: number[]) {
        return () => arguments[0];
      }
      return outer(1);
    },
    story: 'it uses "arguments" of the function around it\n' +
      "  Give the function around it a rest parameter, as in: (...values) => …",
  },
  "super in a loose method": {
    make: () => {
      const base = { name: () => "base" };
      const derived = {
        __proto__: base,
        name() {
          return super.toString();
        },
      };
      return derived.name;
    },
    story: 'it uses "super", which belongs to the object it was taken from\n' +
      "  Use the object itself, as in: (x) => object.method(x)",
  },
  "a variable before its declaration": {
    make: () => readsEarly(true),
    story: 'it uses "later", which is a variable that has no value yet\n' +
      "  Declare it above the call that ships the function",
  },
  "the context": {
    make: () => {
      const app = { sc: new Context() };
      return () => app.sc.close();
    },
    story: 'it uses "app.sc", which is the SparkContext, which lives only on the driver\n' +
      "  Do it outside the function, or ship the values themselves",
    code: "ContextOnlyOnDriver",
  },
  "a module that was imported dynamically": {
    make: () => {
      const module = dynamic;
      return () => module;
    },
    story: 'it uses "module", which is a module that was imported dynamically\n' +
      "  Import it at the top of the file, or inside the function",
  },
  "a transferred buffer": {
    make: () => {
      const buffer = new ArrayBuffer(8);
      structuredClone(buffer, { transfer: [buffer] });
      return () => buffer;
    },
    story: 'it uses "buffer", which is an ArrayBuffer that has been transferred\n' +
      "  Use it before it is transferred, or transfer a copy",
  },
  "something that a class of the function holds": {
    make: () => {
      class Store {
        static ready = Promise.resolve();
      }
      const store = new Store();
      return () => store;
    },
    story: 'it uses "store", which uses "Store.ready", which is a Promise\n' +
      "  Await it first and use the result",
  },
  "an instance of an imported class with private fields": {
    make: () => {
      const closed = new Closed();
      return () => closed.value;
    },
    story:
      'it uses "closed", which is a Closed, whose private fields only its own module can set\n' +
      "  Make it inside the function, or once a partition in mapPartitions()",
  },
  "a bound function's target": {
    make: () => {
      const wait = function (this: { done: Promise<void> }) {
        return this.done;
      };
      return wait.bind({ done: Promise.resolve() });
    },
    story: 'it uses "this.done", which is a Promise\n  Await it first and use the result',
  },
};

function readsEarly(stop: boolean): UserFunction {
  const read = () => later;
  if (stop) return read;
  const later = 1;
  return read;
}

const dynamic = await import("./fixtures/library.ts");

Deno.test("what cannot travel is refused", async (t) => {
  for (const [name, { make, story, code = "NotShippable" }] of Object.entries(refusals)) {
    await t.step(name, () => {
      const refusal = refusalOf(make());
      assert.equal(refusal.story, story);
      assert.equal(refusal.code, code);
      assert.match(refusal.place, /^tests\/core\/closure\/refusals_test\.ts:\d+:\d+$/);
    });
  }
});

Deno.test("a refusal names the place in TypeScript and every function on the way", () => {
  config.db = Promise.resolve(1);
  assert.deepEqual(refusalOf(usesHelper), {
    place: "tests/core/closure/fixtures/places.ts:23:27",
    story: 'it uses "usesConfig", which uses "config.db", which is a Promise\n' +
      "  Await it first and use the result",
    code: "NotShippable",
  });
});

Deno.test("warnings: assignments, eval, weight, each once", () => {
  const { capturer, warnings } = newHarness();
  let count = 0;
  const counts = () => ++count;
  const reads = () => count;
  capturer.capture(() => [counts(), reads()]);
  capturer.capture(counts);
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0]!,
    /^The function at .*refusals_test\.ts:\d+:\d+ assigns to the captured variable "count": every task changes a copy of its own\n {2}Use sc\.accumulator\(\)/,
  );

  // deno-lint-ignore no-eval -- it is what is warned of
  capturer.capture((text: string) => eval(text));
  assert.match(warnings[1]!, /calls eval\(\)/);

  const big = { rows: "x".repeat(2 << 20), small: 1 };
  capturer.capture(() => big.rows);
  assert.match(
    warnings[2]!,
    /takes 2\.0 MB along to every task, most of it in "big"\n.*sc\.broadcast/,
  );
  assert.equal(warnings.length, 3);
});
