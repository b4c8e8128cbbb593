import assert from "node:assert/strict";
import { BuiltIns, StartedTimers } from "../../workers/left_behind.ts";

/** Changes to built-ins, each with what takes it back. */
const CHANGES: Readonly<Record<string, (later: DisposableStack) => void>> = {
  "a method is replaced": (later) => {
    const { map } = Array.prototype;
    later.defer(() => void Object.defineProperty(Array.prototype, "map", { value: map }));
    Object.defineProperty(Array.prototype, "map", { value: () => [] });
  },
  "a property is added": (later) => {
    const prototype = Object.prototype as { forged?: number };
    later.defer(() => delete prototype.forged);
    Object.defineProperty(prototype, "forged", { value: 1, configurable: true });
  },
  "a property is removed": (later) => {
    const { at } = String.prototype;
    later.defer(() => {
      const value = at;
      Object.defineProperty(String.prototype, "at", { value, configurable: true, writable: true });
    });
    delete (String.prototype as { at?: unknown }).at;
  },
  "a getter is replaced": (later) => {
    const size = Object.getOwnPropertyDescriptor(Map.prototype, "size")!;
    later.defer(() => void Object.defineProperty(Map.prototype, "size", size));
    Object.defineProperty(Map.prototype, "size", { get: () => 7 });
  },
  "a built-in is replaced": (later) => {
    const scope = globalThis as { Set: unknown };
    const original = scope.Set;
    later.defer(() => void (scope.Set = original));
    scope.Set = class Forged {};
  },
  "what iterators share is changed": (later) => {
    const prototype = Object.getPrototypeOf([].values());
    const { next } = prototype;
    later.defer(() => void Object.defineProperty(prototype, "next", { value: next }));
    Object.defineProperty(prototype, "next", { value: () => ({ done: true }) });
  },
  "what typed arrays share is changed": (later) => {
    const prototype = Object.getPrototypeOf(Uint8Array).prototype;
    const { subarray } = prototype;
    later.defer(() => void Object.defineProperty(prototype, "subarray", { value: subarray }));
    Object.defineProperty(prototype, "subarray", { value: () => [] });
  },
};

for (const [what, change] of Object.entries(CHANGES)) {
  Deno.test(`${what}: it is noticed, and taken back it is as before`, () => {
    const builtIns = new BuiltIns(globalThis);
    const later = new DisposableStack();
    change(later);
    const { haveChanged } = builtIns;
    later.dispose();
    assert.equal(haveChanged, true);
    assert.equal(builtIns.haveChanged, false);
  });
}

Deno.test("names that are added to the global scope, and what code does all the time, are no change", async () => {
  const builtIns = new BuiltIns(globalThis);
  const scope = globalThis as { cache?: unknown };
  scope.cache = new Map();
  /(\d+)/.exec("matched 12");
  await import("node:util");
  await new Promise((resolve) => setTimeout(resolve, 0));
  new Intl.DateTimeFormat("de").format(0);
  assert.equal(builtIns.haveChanged, false);
  delete scope.cache;
});

/** A scope with timers of its own; a test fires them. */
function timerScope() {
  const fire: (() => void)[] = [];
  const start = (run: () => void) => fire.push(run) - 1;
  const scope = { setTimeout: start, setInterval: start, clearTimeout() {}, clearInterval() {} };
  return { scope: scope as Record<keyof typeof scope, (arg?: unknown) => unknown>, fire };
}

Deno.test("a timer runs until it has fired or was cleared, an interval until it was cleared", () => {
  const { scope, fire } = timerScope();
  const timers = new StartedTimers(scope);
  assert.equal(timers.stillRun, false);
  const seen: string[] = [];
  scope.setTimeout(() => seen.push("timeout"));
  assert.equal(timers.stillRun, true);
  fire[0]!();
  assert.equal(timers.stillRun, false);
  const interval = scope.setInterval(() => seen.push("interval"));
  fire[1]!();
  assert.equal(timers.stillRun, true);
  scope.clearInterval(interval);
  assert.equal(timers.stillRun, false);
  scope.clearTimeout(scope.setTimeout(() => {}));
  assert.equal(timers.stillRun, false);
  assert.deepEqual(seen, ["timeout", "interval"]);
});

Deno.test("a timer that starts itself anew still runs, and one whose function throws does not", () => {
  const { scope, fire } = timerScope();
  const timers = new StartedTimers(scope);
  scope.setTimeout(() =>
    scope.setTimeout(() => {
      throw new RangeError("odd");
    })
  );
  fire[0]!();
  assert.equal(timers.stillRun, true);
  assert.throws(() => fire[1]!(), RangeError);
  assert.equal(timers.stillRun, false);
});
