import assert from "node:assert/strict";
import { CallSite, userPlace } from "../../runtime/call_site.ts";

const HOME = new URL("../../", import.meta.url).href;

Deno.test("a call site is the user's line, in TypeScript", () => {
  interface Erased {
    readonly nothing: string;
  }
  const site = new CallSite("map");
  const empty: Partial<Erased> = {};
  assert.deepEqual(empty, {});
  assert.match(site.text, /^map at call_site_test\.ts:10:16$/);
  assert.equal(site.text, site.text);
});

Deno.test("frames of Flint and of the runtime are passed over; examples and tests are users", () => {
  const stack = (...places: string[]) =>
    ["Error", ...places.map((place) => `    at f (${place})`)].join("\n");
  const own = `${HOME}runtime/rdd.ts:1:2`;
  assert.equal(
    userPlace(stack(own, "ext:core/mod.js:1:1", "file:///home/job.ts:3:4")),
    "job.ts:3:4",
  );
  assert.equal(userPlace(stack(own, `${HOME}mod.ts:1:1`, `${HOME}examples/a.ts:5:6`)), "a.ts:5:6");
  assert.equal(userPlace(stack(own, `${HOME}runtime/rdd.ts$1-2.ts:7:8`)), "rdd.ts$1-2.ts:7:8");
  assert.equal(userPlace(stack(own, "node:internal/x:1:1")), undefined);
  assert.equal(userPlace("Error\n    at file:///a%20b/my%20job.ts:1:2"), "my job.ts:1:2");
  assert.equal(userPlace("Error\n    at async file:///a/j.ts:1:2"), "j.ts:1:2");
  assert.equal(userPlace("Error\n    at async Promise.all (index 0)"), undefined);
  assert.equal(userPlace(""), undefined);
});
