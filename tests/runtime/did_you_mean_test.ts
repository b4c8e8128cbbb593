import assert from "node:assert/strict";
import { didYouMean, editsBetween, nearest } from "../../runtime/did_you_mean.ts";

Deno.test("a slip is an edit or two, or another case", () => {
  const known = ["spark.master", "spark.app.name"];
  assert.equal(nearest("spark.mastr", known), "spark.master");
  assert.equal(nearest("spark.amster", known), "spark.master");
  assert.equal(nearest("SPARK.MASTER", known), "spark.master");
  assert.equal(nearest("spark.maestro1", known), undefined);
  assert.equal(nearest("spark.ui.port", known), undefined);
  assert.equal(didYouMean("spark.mastr", known), '; did you mean "spark.master"?');
  assert.equal(didYouMean("x", known), "");
});

Deno.test("edits: add, drop, change, swap", () => {
  const cases: [string, string, number][] = [
    ["", "", 0],
    ["abc", "abc", 0],
    ["abc", "abcd", 1],
    ["abc", "ab", 1],
    ["abc", "abd", 1],
    ["abc", "bac", 1],
    ["abcd", "badc", 2],
    ["abc", "xyz", 3],
  ];
  for (const [a, b, edits] of cases) {
    assert.equal(editsBetween(a, b), edits, `${a} → ${b}`);
    assert.equal(editsBetween(b, a), edits, `${b} → ${a}`);
  }
});
