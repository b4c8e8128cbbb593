// `deno task bench`: the loops that chains of operations are compiled to, fed with batches of 1,024.
import assert from "node:assert/strict";
import type { NarrowOp } from "../core/plan/ops.ts";
import type { UserFunction } from "../core/plan/plan.ts";
import { Blame } from "../workers/pipeline/blame.ts";
import { compile } from "../workers/pipeline/compile.ts";
import { isPresent } from "../workers/pipeline/feed.ts";
import type { Waiting } from "../workers/pipeline/waiting.ts";
import { benchNow, lines, words } from "./suite.ts";

type Op = readonly [kind: NarrowOp<unknown>["kind"], fn: UserFunction];
type Records = readonly unknown[];

const RECORDS = 100_000;
const BATCH = 1024;

const never = () => {
  throw new Error("nothing waits here");
};
const waiting: Waiting = { check: () => {}, inputReady: never, keep: never, start: never };

/** The number of records that come out, and the last one. */
function passed(ops: readonly Op[], batches: readonly Records[]): readonly [number, unknown] {
  const compiled = compile(ops.map(([kind]) => ({ kind, fn: { place: "bench" } })));
  const chain = compiled.instantiate(ops.map(([, fn]) => fn), new Blame(), waiting);
  const out = chain(batches, 0);
  assert(isPresent(out));
  let [count, last]: [number, unknown] = [0, undefined];
  for (const batch of out) {
    count += batch.length;
    last = batch.at(-1);
  }
  return [count, last];
}

function batched(records: Records): Records[] {
  return Array.from(
    { length: Math.ceil(records.length / BATCH) },
    (_, i) => records.slice(i * BATCH, (i + 1) * BATCH),
  );
}

const numbers = Array.from({ length: RECORDS }, (_, i) => i);
const wordList = words(RECORDS / 5).slice(0, RECORDS);
const lineList = lines(RECORDS / 10);

/** The operations, the records, and what comes out by arrays alone. */
const chains: Readonly<Record<string, readonly [ops: readonly Op[], records: Records, Records]>> = {
  "100,000 numbers: map, filter, map": [
    [["map", (x) => x + 1], ["filter", (x) => x % 3 === 0], ["map", (x) => x * 2]],
    numbers,
    numbers.map((x) => x + 1).filter((x) => x % 3 === 0).map((x) => x * 2),
  ],
  "100,000 words: map to pairs": [
    [["map", (word) => [word, 1]]],
    wordList,
    wordList.map((word) => [word, 1]),
  ],
  "10,000 lines: split, map to pairs": [
    [["flatMap", (line) => line.split("/")], ["map", (word) => [word, 1]]],
    lineList,
    lineList.flatMap((line) => line.split("/")).map((word) => [word, 1]),
  ],
  "100,000 numbers: mapPartitions, map": [
    [
      ["mapPartitions", (records: IteratorObject<number>) => records.filter((x) => x % 3 === 0)],
      ["map", (x) => x * 2],
    ],
    numbers,
    numbers.filter((x) => x % 3 === 0).map((x) => x * 2),
  ],
};

for (const [name, [ops, records, expected]] of Object.entries(chains)) {
  const batches = batched(records);
  assert.deepEqual(passed(ops, batches), [expected.length, expected.at(-1)]);
  benchNow("pipeline", name, () => passed(ops, batches));
}
