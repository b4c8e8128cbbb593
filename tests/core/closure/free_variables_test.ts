/** What a text uses of the code around it. */
import assert from "node:assert/strict";
import { functionSourceOf, importsOf } from "../../../core/closure/function_source.ts";

const free: Record<string, string[]> = {
  "(x) => x + a": ["a"],
  "(x, y = b) => { const c = x; return c + d; }": ["b", "d"],
  "({ p, q: [r = s, ...t] }, ...u) => [p, r, t, u]": ["s"],
  "() => { v = 1; { let v = 2; } }": ["v"],
  "() => { f(); function f() { return g; } }": ["g"],
  "() => { if (a) { var b = 1; } return b; }": ["a"],
  "() => { for (const k in o) k; for (const v of l) v; for (let i = n; i; i++) i; }": [
    "o",
    "l",
    "n",
  ],
  "() => { try { t(); } catch (e) { e; } finally { z; } return e; }": ["t", "z", "e"],
  "() => { switch (s) { case c: let d = 1; default: d; } }": ["s", "c"],
  "() => { loop: for (;;) break loop; }": [],
  "() => o.p.q[r]": ["o", "r"],
  "() => ({ a, b: c, [d]: 1, e() { return f; } })": ["a", "c", "d", "f"],
  "function f() { return f(g); }": ["g"],
  "function () { return arguments; }": [],
  "function () { return () => arguments; }": [],
  "() => class A extends B { [k] = v; static { const w = 1; w; } m() { return A; } }": [
    "B",
    "k",
    "v",
  ],
  "() => { class C {} return new C(D); }": ["D"],
  "() => `${a}${tag`b`}`": ["a", "tag"],
  "async () => { for await (const x of xs) yield_(x); }": ["xs", "yield_"],
  "(a) => { const [b = a, c] = d; ({ e: f.g } = h); }": ["d", "f", "h"],
  "class A extends B { static s = c(); [d]() { return e; } f = g; static { h(); } }": ["e", "g"],
  "class A { m() { return [A, b]; } }": ["b"],
  "m(x) { return y; }": ["y"],
  "[k + 1](x) { return y; }": ["y"],
  "get p() { return y; }": ["y"],
  "async *[Symbol.iterator]() { yield y; }": ["y"],
  "#p() { return y; }": ["y"],
  "() => { using r = open(); r; }": ["open"],
};

Deno.test("free names", async (t) => {
  for (const [text, names] of Object.entries(free)) {
    await t.step(text, () => {
      assert.deepEqual([...functionSourceOf(text).usage.free], names);
    });
  }
});

Deno.test("assigned names", () => {
  const assigned = (text: string) => [...functionSourceOf(text).usage.assigned];
  assert.deepEqual(assigned("() => { a = 1; b++; [c, d.e] = f; ({ g, h: i = 1 } = {}); }"), [
    "a",
    "b",
    "c",
    "g",
    "i",
  ]);
  assert.deepEqual(assigned("() => { for (j of k); for (const l of m); }"), ["j"]);
  assert.deepEqual(assigned("(a) => { a = 1; let b; b += 1; c.d = 1; }"), []);
});

Deno.test("what arrows take from the function around them", () => {
  const outer = (text: string) => [...functionSourceOf(text).usage.outer];
  assert.deepEqual(outer("() => this.x"), ["this"]);
  assert.deepEqual(outer("() => () => [super.x, arguments]"), ["super", "arguments"]);
  assert.deepEqual(outer("() => function () { return [this, arguments, new.target]; }"), []);
  assert.deepEqual(outer("() => class { a = this; static { this.b; } m() { super.m(); } }"), []);
  assert.deepEqual(outer("() => class { [this.key]() {} }"), ["this"]);
  assert.deepEqual(outer("function () { return () => this; }"), []);
  assert.ok(functionSourceOf("m() { return () => super.m(); }").usage.usesSuper);
  assert.ok(!functionSourceOf("m() { return { n() { super.n(); } }; }").usage.usesSuper);
});

Deno.test("private names that belong elsewhere", () => {
  const names = (text: string) => [...functionSourceOf(text).usage.privateNames];
  assert.deepEqual(names("(o) => o.#a"), ["a"]);
  assert.deepEqual(names("(o) => #a in o"), ["a"]);
  assert.deepEqual(names("class { #a; m(o) { return o.#a + o.#b; } }"), ["b"]);
  assert.deepEqual(names("() => class { #a; m() { return class { n(o) { o.#a; } }; } }"), []);
});

Deno.test("a text keeps its lines when it is changed", () => {
  const text = `class A extends make(
  Base,
) {
  static opened = connect({
    port: 1,
  });
  #sum = start();
  ["a" +
    "b"]() {}
  static {
    register(this);
  }
}`;
  const { code } = functionSourceOf(text);
  assert.equal(code.split("\n").length, text.split("\n").length + 1);
  for (const gone of ["make", "Base", "connect", "register"]) assert.ok(!code.includes(gone), gone);
  assert.equal(code.split("\n")[6]?.trim(), "#sum = $$making.on ? 0 : start();");
});

Deno.test("imports of a module", () => {
  const text = `import a, { b as c, "d e" as f } from "m"; import * as g from "n"; import "o";
    import data from "./p.json" with { type: "json" };`;
  assert.deepEqual(Object.fromEntries(importsOf(text)), {
    a: { specifier: "m", name: "default" },
    c: { specifier: "m", name: "b" },
    f: { specifier: "m", name: "d e" },
    g: { specifier: "n", name: "*" },
  });
  assert.equal(importsOf("this is no module").size, 0);
});
