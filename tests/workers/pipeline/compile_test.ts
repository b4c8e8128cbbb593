import assert from "node:assert/strict";
import type { NarrowOp } from "../../../core/plan/ops.ts";
import type { UserFunction } from "../../../core/plan/plan.ts";
import { FlintError } from "../../../core/errors.ts";
import { Blame } from "../../../workers/pipeline/blame.ts";
import { compile } from "../../../workers/pipeline/compile.ts";
import { patient, present } from "./waiting_rig.ts";

type Op = [kind: NarrowOp<unknown>["kind"], fn: UserFunction];

function chainOf(...ops: Op[]) {
  const blame = new Blame();
  const compiled = compile(ops.map(([kind], k) => ({ kind, fn: { place: `job.ts:${k + 1}:9` } })));
  const chain = compiled.instantiate(ops.map(([, fn]) => fn), blame, patient);
  return { blame, run: (...batches: unknown[][]) => present(chain(batches, 5)) };
}

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  assert.fail("nothing was thrown");
}

Deno.test("operations are fused and keep their order", () => {
  const { run } = chainOf(
    ["flatMap", (line: string) => line.split(" ")],
    ["filter", (word: string) => word !== ""],
    ["map", (word: string) => [word, 1]],
  );
  assert.deepEqual([...run(["a b", ""], [], ["c"])], [[["a", 1], ["b", 1]], [["c", 1]]]);
});

Deno.test("a chain without operations hands its batches through", () => {
  assert.deepEqual([...chainOf().run([1], [2, 3])], [[1], [2, 3]]);
});

Deno.test("functions get one argument and no this", () => {
  const seen: unknown[] = [];
  const { run } = chainOf(["map", function (this: unknown, ...given: unknown[]) {
    seen.push(this, given);
    return 0;
  }]);
  [...run(["7"])];
  assert.deepEqual(seen, [undefined, ["7"]]);
});

Deno.test("a flatMap that makes too much of a record yields in the middle of the batch", () => {
  let made = 0;
  const { run } = chainOf(["flatMap", function* () {
    for (;;) yield made++;
  }]);
  for (const batch of run([1])) {
    assert.equal(batch.length, 1024);
    if (made > 4000) break;
  }
  assert.equal(made, 4 * 1024);
});

Deno.test("mapPartitions gets a lazy iterator with helpers, and the partition", () => {
  const { run } = chainOf(
    [
      "mapPartitions",
      (records: IteratorObject<number>, partition: number) =>
        records.filter((n) => n % 2 === 1).map((n) => [n, partition]).take(2),
    ],
    ["map", ([n, partition]: [number, number]) => `${n}/${partition}`],
  );
  assert.deepEqual([...run([1, 2, 3], [4, 5])].flat(), ["1/5", "3/5"]);
});

Deno.test("what mapPartitions leaves unread is closed when its result has ended", () => {
  let closed = false;
  const { run } = chainOf(
    ["flatMap", function* () {
      try {
        for (;;) yield 1;
      } finally {
        closed = true;
      }
    }],
    ["mapPartitions", (records: Iterator<number>) => [records.next().value]],
  );
  assert.deepEqual([...run(["x"])], [[1]]);
  assert.ok(closed);
});

Deno.test("an early close runs finally in the user's generators, from the inside out", () => {
  const closed: string[] = [];
  const forever = (name: string) =>
    function* () {
      try {
        for (;;) yield name;
      } finally {
        closed.push(name);
      }
    };
  const { run } = chainOf(["flatMap", forever("outer")], ["flatMap", forever("inner")]);
  for (const _ of run([1])) break;
  assert.deepEqual(closed, ["inner", "outer"]);
});

Deno.test("who threw, and at which record", () => {
  const boom = new TypeError("boom");
  const { run, blame } = chainOf(
    ["map", (n: number) => n * 2],
    ["mapPartitions", function* (records: Iterable<number>) {
      try {
        yield* records;
      } catch (error) {
        assert.equal(error, boom, "the user's code around it sees the error as it is");
        throw error;
      }
    }],
    ["map", (n: number) => {
      if (n === 6) throw boom;
      return n;
    }],
  );
  assert.equal(thrownBy(() => [...run([1, 2, 3])]), boom);
  assert.deepEqual(blame.of(boom), {
    step: { kind: "map", place: "job.ts:3:9" },
    record: { value: 6 },
  });
});

Deno.test("a generator of flatMap that throws late is blamed, not the operation after it", () => {
  const { run, blame } = chainOf(
    ["flatMap", function* (n: number) {
      yield n;
      throw null;
    }],
    ["filter", () => true],
  );
  assert.equal(thrownBy(() => [...run([4])]), null);
  assert.deepEqual(blame.of(null)?.step.kind, "flatMap");
  assert.deepEqual(blame.of(null)?.record, { value: 4 });
});

Deno.test("an error of the input is nobody's fault, also where it crosses the user's code", () => {
  const lost = new Error("disk gone");
  const chain = compile([
    { kind: "map", fn: { place: "a" } },
    { kind: "mapPartitions", fn: { place: "b" } },
  ]);
  const blame = new Blame();
  const input = function* () {
    yield [1];
    throw lost;
  };
  const fns = [(x: unknown) => x, (records: Iterable<unknown>) => [...records]];
  const run = chain.instantiate(fns, blame, patient);
  assert.equal(thrownBy(() => [...present(run(input(), 0))]), lost);
  assert.equal(blame.of(lost), undefined);
});

const refusals: [string, Op, string, RegExp][] = [
  [
    "map",
    ["map", async (x) => await x],
    "PromiseReturned",
    /^map's function at job\.ts:1:9 returned a Promise\n {2}Did you forget await/,
  ],
  ["filter", ["filter", async () => await true], "PromiseReturned", /^filter's function/],
  ["flatMap", ["flatMap", async () => await []], "PromiseReturned", /^flatMap's function/],
  [
    "a string",
    ["flatMap", () => "abc"],
    "NotIterable",
    /returned the string "abc".*\n.*split\(""\)/,
  ],
  ["nothing", ["flatMap", () => undefined], "NotIterable", /returned undefined: not iterable/],
  ["an object", ["flatMap", () => ({ a: 1 })], "NotIterable", /returned \{"a":1\}/],
  [
    "a promised partition",
    ["mapPartitions", async () => await []],
    "PromiseReturned",
    /^mapPartitions's function/,
  ],
  [
    "an async generator",
    ["mapPartitions", async function* () {
      yield await 1;
    }],
    "NotIterable",
    /an async iterable/,
  ],
  ["a string for a partition", ["mapPartitions", () => "abc"], "NotIterable", /the string/],
];
for (const [name, op, code, message] of refusals) {
  Deno.test(`refused: ${name}`, () => {
    const { run, blame } = chainOf(op);
    const error = thrownBy(() => [...run([1])]);
    assert.ok(error instanceof FlintError);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.equal(blame.of(error)?.step.place, "job.ts:1:9");
  });
}

Deno.test("two chains of the same operations do not share a loop", () => {
  const names = [chainOf(["map", () => fail()]), chainOf(["map", () => fail()])].map(({ run }) => {
    const error = thrownBy(() => [...run([1])]) as Error;
    return /flint:loop-\d+/.exec(error.stack ?? "")?.[0];
  });
  assert.ok(names[0] !== undefined && names[0] !== names[1]);
});

function fail(): never {
  throw new Error("for its stack");
}
