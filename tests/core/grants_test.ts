import assert from "node:assert/strict";
import fc from "fast-check";
import {
  areSameGrants,
  flawOf,
  GRANT_NAMES,
  type Grants,
  grantsText,
  mergedGrants,
  NO_GRANTS,
} from "../../core/grants.ts";

const values = fc.oneof(
  fc.constant("all" as const),
  fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 4 }),
);
const anyGrants: fc.Arbitrary<Grants> = fc.record(
  Object.fromEntries(GRANT_NAMES.map((name) => [name, values])),
  { requiredKeys: [] },
);
/** Whether a value is granted, said in the plainest way. */
const has = (grants: Grants, name: keyof Grants, value: string) =>
  grants[name] === "all" || (grants[name] ?? []).includes(value);

Deno.test("merged, grants allow what one of them allows, and nothing else", () => {
  fc.assert(fc.property(fc.array(anyGrants, { maxLength: 3 }), (all) => {
    const merged = mergedGrants(all);
    for (const name of GRANT_NAMES) {
      for (const value of ["a", "b", "c", "d", "e"]) {
        assert.equal(has(merged, name, value), all.some((grants) => has(grants, name, value)));
      }
    }
  }));
});

Deno.test("merged grants have one form, in whatever order they come", () => {
  fc.assert(fc.property(fc.array(anyGrants, { maxLength: 3 }), (all) => {
    const merged = mergedGrants(all);
    assert.deepEqual(mergedGrants(all.toReversed()), merged);
    assert.deepEqual(mergedGrants([merged, NO_GRANTS, merged]), merged);
    assert.ok(Object.values(merged).every((granted) => granted.length > 0));
  }));
});

Deno.test("grants are the same if they grant the same", () => {
  fc.assert(fc.property(anyGrants, anyGrants, (a, b) => {
    const [left, right] = [mergedGrants([a]), mergedGrants([b])];
    const isSame = GRANT_NAMES.every((name) =>
      ["a", "b", "c", "d", "e"].every((value) => has(a, name, value) === has(b, name, value))
    );
    assert.equal(areSameGrants(left, right), isSame);
  }));
});

Deno.test("two values are not the same as one that has a comma or a blank", () => {
  assert.equal(areSameGrants({ run: ["a,b"] }, { run: ["a", "b"] }), false);
  assert.equal(areSameGrants({ read: ["/a net"] }, { read: ["/a"], net: "all" }), false);
});

Deno.test("as text, grants read like flags", () => {
  assert.equal(grantsText(NO_GRANTS), "");
  assert.equal(grantsText({ net: "all", read: ["/a", "/b"] }), "read=/a,/b net");
});

Deno.test("what Deno cannot make a permission of is a flaw", () => {
  const hosts = ["a", "a.example:443", "*.a.example", "10.0.0.0/8", "127.0.0.1:80", "[::1]:80"];
  for (const host of [...hosts, "_x.y", "unix:/socket"]) {
    assert.equal(flawOf("net", host), undefined);
  }
  const none = ["a b", "a/b", "::1", "a:", "a:65536", "[:::]", "1.1/9", "1.2.3.4/33", "*", "a..b"];
  for (const host of none) assert.match(flawOf("net", host)!, /^no host/, host);
  assert.match(flawOf("net", "https://a")!, /protocol/);
  assert.match(flawOf("sys", "shoe size")!, /^none of hostname, /);
  assert.equal(flawOf("sys", "cpus"), undefined);
  for (const name of GRANT_NAMES) {
    assert.equal(flawOf(name, ""), "empty");
    assert.match(flawOf(name, "a\0b")!, /NUL/);
  }
});
