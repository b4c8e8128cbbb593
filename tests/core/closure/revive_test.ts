/** What revived functions are: new for each task, known by place, with their classes. */
import assert from "node:assert/strict";
import type { UserFunction } from "../../../core/plan/plan.ts";
import { ClosureError } from "../../../core/errors.ts";
import type { Closure, ClosureNode } from "../../../core/closure/closure.ts";
import { loadClosure } from "../../../core/closure/revive.ts";
import { mapStack } from "../../../runtime/source_places.ts";
import { checked, Checker, sumOf } from "./fixtures/places.ts";
import * as provided from "./fixtures/provided.ts";
import { Closed, Provided } from "./fixtures/provided.ts";
import { type Harness, newHarness, Remote, sent } from "./harness.ts";

const places = new URL("./fixtures/places.ts", import.meta.url).href;

function load({ capturer }: Harness, fn: UserFunction) {
  const closure = sent(capturer.capture(fn));
  return loadClosure(closure, (specifier) => import(specifier), {});
}

Deno.test("each revival has captured values of its own", async () => {
  const seen = { keys: [1], by: new Map([["a", [1]]]), bytes: new Uint8Array(2) };
  class Total {
    static sum = 0;
  }
  const loaded = await load(newHarness(), (x: number) => {
    seen.keys.push(x);
    seen.by.get("a")!.push(x);
    return [seen.keys.length, seen.by.get("a")!.length, seen.bytes[0]!++, Total.sum += x];
  });
  const [first, second] = [loaded.revive(String).fn, loaded.revive(String).fn];
  assert.deepEqual(first(5), [2, 2, 0, 5]);
  assert.deepEqual(first(5), [3, 3, 1, 10]);
  assert.deepEqual(second(5), [2, 2, 0, 5]);
  assert.deepEqual([seen.keys, seen.bytes[0], Total.sum], [[1], 0, 0]);
});

Deno.test("what the program changes after the capture does not travel", async () => {
  const options = { factor: 2, list: [1] };
  const harness = newHarness();
  const closure = harness.capturer.capture(() => [options.factor, options.list.length]);
  options.factor = 3;
  options.list.push(2);
  const loaded = await loadClosure(closure, (specifier) => import(specifier), {});
  assert.deepEqual(loaded.revive(String).fn(), [2, 1]);
});

Deno.test("async functions are known by their closure", () => {
  const { capturer } = newHarness();
  const isAsync = (fn: UserFunction) => capturer.capture(fn).async ?? false;
  assert.ok(isAsync(async () => {}));
  assert.ok(isAsync(async function* () {}));
  assert.ok(isAsync((async () => {}).bind(null)));
  assert.ok(!isAsync(() => 1));
  assert.ok(!isAsync(Math.max));
  assert.ok(!isAsync(() => async () => {}));
});

Deno.test("classes have the same ids on the driver and in each revival", async () => {
  const harness = newHarness();
  const { capturer } = harness;
  class City {
    constructor(readonly name: string) {}
  }
  class Guarded extends City {
    #size = 1;
    get size() {
      return this.#size;
    }
  }
  const newLocal = (n: number) =>
    class Local {
      readonly n = n;
    };
  const [one, two] = [newLocal(1), newLocal(2)];
  const loaded = await load(harness, () => [new City("a"), new Guarded("b"), new one(), new two()]);
  const { fn, classes, privateClasses } = loaded.revive(String);
  const made: object[] = fn();
  const ids = [City, one, two].map((each) => capturer.idOf(each)!);
  assert.equal(new Set(ids).size, 3);
  assert.match(ids[0]!, /^City@tests\/core\/closure\/revive_test\.ts:\d+:\d+$/);
  assert.deepEqual(ids.map((id) => classes.get(id)), [0, 2, 3].map((at) => made[at]!.constructor));
  assert.deepEqual(ids.map((id) => capturer.classOf(id)), [City, one, two]);
  assert.deepEqual([...privateClasses], [made[1]!.constructor]);
  assert.equal(capturer.idOf(Guarded), undefined);
  assert.ok(capturer.hasPrivateFields(Guarded) && !capturer.hasPrivateFields(City));
  assert.notEqual(loaded.revive(String).classes.get(ids[0]!), classes.get(ids[0]!));
});

Deno.test("classes that travel by name have ids too", async () => {
  const { capturer } = newHarness();
  const closure = sent(capturer.capture(() => [Provided, Closed]));
  const loaded = await loadClosure(closure, () => assert.fail(), { provided: { ...provided } });
  const { classes, privateClasses } = loaded.revive(String);
  assert.equal(classes.get(capturer.idOf(Provided)!), Provided);
  assert.deepEqual([...privateClasses], [Closed]);
});

Deno.test("an error in a worker names the line of the TypeScript", async (t) => {
  using remote = new Remote();
  const { capturer } = newHarness();
  const stackOf = async (fn: UserFunction, ...args: unknown[]) => {
    const answer = await remote.call(capturer.capture(fn), args);
    assert.ok(answer.thrown, "it did not throw");
    const lines = mapStack(answer.stack!).split("\n");
    return lines.filter((line) => !line.includes("fixtures/worker.ts")).join("\n");
  };

  await t.step("in a lambda of several lines", async () => {
    const stack = await stackOf(checked, { id: 1, city: "x", price: -1 });
    const frames = [`    at checked (${places}:14:11)`];
    assert.equal(stack, ["RangeError: price -1", ...frames].join("\n"));
  });
  await t.step("in a function that the function calls by way of the language", async () => {
    const stack = await stackOf(sumOf, [{ id: 1, city: "x", price: -1 }]);
    const frames = [
      `    at checked (${places}:14:11)`,
      "    at Array.map (<anonymous>)",
      `    at sumOf (${places}:37:10)`,
    ];
    assert.equal(stack, ["RangeError: price -1", ...frames].join("\n"));
  });
  await t.step("in a method of a class", async () => {
    const checker = new Checker(3);
    const stack = await stackOf((id: number) => checker.check({ id, city: "x" }), 4);
    assert.equal(stack.split("\n")[1], `    at Checker.check (${places}:30:13)`);
    assert.match(stack.split("\n")[2]!, /at (file:.*)revive_test\.ts:\d+:\d+$/);
  });
  await t.step("a stack without revived code stays as it is", () => {
    const { stack } = new Error("x");
    assert.equal(mapStack(stack!), stack);
  });
});

Deno.test("a closure that makes no sense is refused", async (t) => {
  const reviveOf = async (nodes: unknown[]) => {
    const closure: Closure = { nodes: nodes as ClosureNode[], root: 0, place: "", name: "" };
    return (await loadClosure(closure, (specifier) => import(specifier), {})).revive(String);
  };
  const base = {
    kind: "function",
    form: "expression",
    source: "(() => x)",
    names: ["x"],
    values: [1],
    properties: [],
    script: "",
    line: 0,
    column: 0,
  };
  const broken: Record<string, unknown[]> = {
    "no function": [{ kind: "plain", value: 1 }],
    "a node that is not there": [base],
    "an unknown kind": [base, { kind: "riddle" }],
    "a global that is not there": [base, { kind: "global", path: ["Nowhere", "at"] }],
    "a module that Flint does not have": [base, { kind: "provided", module: "m", name: "n" }],
    "a text that is no code": [{ ...base, source: "(() => }" }, { kind: "plain", value: 1 }],
  };
  for (const [name, nodes] of Object.entries(broken)) {
    await t.step(name, () =>
      assert.rejects(
        reviveOf(nodes),
        (error) => error instanceof ClosureError && error.code === "ClosureCorrupt",
      ));
  }
});
