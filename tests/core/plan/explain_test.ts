import assert from "node:assert/strict";
import { explain } from "../../../core/plan/explain.ts";
import { StorageLevel } from "../../../core/storage_level.ts";
import {
  coalesce,
  cross,
  exchange,
  hash,
  inPlace,
  narrow,
  persisted,
  request,
  source,
  union,
  zip,
} from "./programs.ts";

Deno.test("explain: stages below one another, the last step first", () => {
  const plan = narrow(5, exchange(4, narrow(3, narrow(2, source(1, 2))), hash(4)));
  assert.equal(
    explain(plan),
    `
(4) map at job.ts:5 [5]
 |  partition at job.ts:4 [4]
 +-(2) map at job.ts:3 [3]
    |  map at job.ts:2 [2]
    |  textFile at job.ts:1 [1]`.trimStart(),
  );
});

Deno.test("explain: an exchange in place ends no stage", () => {
  const plan = inPlace(4, narrow(3, exchange(2, source(1, 2), hash(4))), hash(4));
  assert.equal(
    explain(plan),
    `
(4) partition at job.ts:4 [4]
 |  map at job.ts:3 [3]
 |  partition at job.ts:2 [2]
 +-(2) textFile at job.ts:1 [1]`.trimStart(),
  );
});

Deno.test("explain: sides of a union, with a stage below each", () => {
  const left = exchange(2, source(1, 12), hash(4));
  const right = exchange(4, narrow(6, source(3, 1)), hash(100));
  assert.equal(
    explain(narrow(7, union(5, left, right))),
    `
(104) map at job.ts:7 [7]
  |   union at job.ts:5 [5]
  |   partition at job.ts:2 [2]
  +-(12) textFile at job.ts:1 [1]
  |   partition at job.ts:4 [4]
  +-(1) map at job.ts:6 [6]
     |  textFile at job.ts:3 [3]`.trimStart(),
  );
});

Deno.test("explain: what two others read is explained once", () => {
  const shared = exchange(2, source(1, 3), hash(2));
  assert.equal(
    explain(coalesce(6, zip(5, narrow(3, shared), narrow(4, shared)), 1)),
    `
(1) coalesce at job.ts:6 [6]
 |  zip at job.ts:5 [5]
 |  map at job.ts:3 [3]
 |  partition at job.ts:2 [2]
 +-(3) textFile at job.ts:1 [1]
 |  map at job.ts:4 [4]
 |  partition at job.ts:2 [2], as above`.trimStart(),
  );
});

Deno.test("explain: what is persisted says how", () => {
  const plan = narrow(3, persisted(narrow(2, source(1, 2)), StorageLevel.MEMORY_ONLY));
  const lines = explain(plan).split("\n");
  assert.equal(lines[1], " |  map at job.ts:2 [2] [Memory Serialized 1x Replicated]");
  assert.equal(lines[2], " |  textFile at job.ts:1 [1]");
  const draft = narrow(2, request(1));
  const levelOf = ({ id }: { id: number }) => id === 1 ? StorageLevel.DISK_ONLY : undefined;
  assert.match(explain(draft, levelOf), /textFile at job.ts:1 \[1\] \[Disk Serialized/);
});

Deno.test("explain: counts that are open in a draft", () => {
  const draft = cross(5, exchange(2, request(1), hash(undefined)), request(3));
  assert.equal(
    explain(draft),
    `
(?) cartesian at job.ts:5 [5]
 |  partition at job.ts:2 [2]
 +-(?) textFile at job.ts:1 [1]
 |  textFile at job.ts:3 [3]`.trimStart(),
  );
});
