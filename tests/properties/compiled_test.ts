/**
 * The compiled chain does what the interpreted one does: the same outputs, the same calls of the
 * user's functions in the same order, the same errors with the same blame, the same closings.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { NarrowOp } from "../../core/plan/ops.ts";
import type { UserFunction } from "../../core/plan/plan.ts";
import { Blame } from "../../workers/pipeline/blame.ts";
import { compile, type CompiledChain, type Placed } from "../../workers/pipeline/compile.ts";
import { interpret } from "../../workers/pipeline/interpret.ts";
import { patient, present } from "../workers/pipeline/waiting_rig.ts";

type Log = (...entry: unknown[]) => void;
type Kind = (typeof KINDS)[number];
type Spec = Readonly<{ kind: Kind; make: (log: Log) => UserFunction }>;

const KINDS = ["map", "filter", "flatMap", "mapPartitions"] as const;

/** One and the same, so that records that hold it are equal. */
const PROMISE = Promise.resolve(0);

/** What the function of an operation does to a number, and what is odd about it. */
const oddities = fc.constantFrom(
  ...["none", "none", "none", "none", "throws", "throwsNull", "promise", "string", "nothing"],
);

const specs = fc.record({
  kind: fc.constantFrom(...KINDS),
  /** For flatMap and mapPartitions: how the records come back. */
  shape: fc.constantFrom("array", "generator", "plainIterator", "explosion"),
  oddity: oddities,
  /** The record at which the oddity shows. */
  at: fc.integer({ min: 0, max: 40 }),
}).map(({ kind, shape, oddity, at }): Spec => ({
  kind,
  make: (log) => functionOf(kind, shape, oddity, at, log),
}));

function functionOf(
  kind: Kind,
  shape: string,
  oddity: string,
  at: number,
  log: Log,
): UserFunction {
  const odd = (record: number): unknown => {
    if (record % 41 !== at) return undefined;
    if (oddity === "throws") throw new RangeError(`at ${record}`);
    if (oddity === "throwsNull") throw null;
    if (oddity === "promise") return PROMISE;
    if (oddity === "string") return "text";
    return oddity === "nothing" ? 7 : undefined;
  };
  switch (kind) {
    case "map":
      return (record: number) => {
        log("map", record);
        const result = odd(record);
        return typeof result === "object" ? result : record + 1;
      };
    case "filter":
      return (record: number) => {
        log("filter", record);
        const result = odd(record);
        return typeof result === "object" ? result : record % 3 !== 0;
      };
    case "flatMap":
      return (record: number) => {
        log("flatMap", record);
        return odd(record) ?? several(record, shape, log);
      };
    case "mapPartitions":
      return (records: IteratorObject<number>, partition: number) => {
        log("mapPartitions", partition);
        if (shape === "array") return [...records.take(700)].map((record) => odd(record) ?? record);
        return partly(records, shape === "explosion" ? 1 : 2, odd, log);
      };
  }
}

function several(record: number, shape: string, log: Log): Iterable<number> {
  if (shape === "array") return [record, record + 1];
  if (shape === "plainIterator") {
    let left = 2;
    return {
      [Symbol.iterator]: () => ({
        next: () => left-- > 0 ? { done: false, value: record } : { done: true, value: undefined },
      }),
    };
  }
  return (function* () {
    try {
      const count = shape === "explosion" && record % 10 === 0 ? 300 : 2;
      for (let i = 0; i < count; i++) {
        log("pulled", record, i);
        yield record + i;
      }
      if (record % 17 === 16) throw new Error(`late ${record}`);
    } finally {
      log("closed", record);
    }
  })();
}

/** Takes the input lazily; after 900 records it ends without having read the rest. */
function* partly(
  records: Iterable<number>,
  each: number,
  odd: (record: number) => unknown,
  log: Log,
): Generator<unknown> {
  let read = 0;
  try {
    for (const record of records) {
      log("read", record);
      for (let i = 0; i < each; i++) yield odd(record) ?? record;
      if (++read === 900) return;
    }
  } catch (error) {
    log("passing", String(error));
    throw error;
  } finally {
    log("partly closed");
  }
}

type Outcome = Readonly<
  { log: unknown[]; outputs: unknown[]; thrown?: string; culprit?: unknown }
>;

/** Runs a chain over batches of numbers; stops after `wanted` records as `take` does. */
function outcome(
  chain: (ops: readonly NarrowOp<Placed>[]) => CompiledChain,
  program: readonly Spec[],
  sizes: readonly number[],
  wanted: number,
): Outcome {
  const log: unknown[] = [];
  const blame = new Blame();
  const note: Log = (...entry) => log.push(entry);
  const fns = program.map((spec) => spec.make(note));
  const outputs: unknown[][] = [];
  const ops = program.map(({ kind }, k) => ({ kind, fn: { place: `job.ts:${k + 1}:1` } }));
  const run = chain(ops).instantiate(fns, blame, patient);
  try {
    for (const batch of present(run(numbers(sizes, note), 3))) {
      assert.ok(batch.length > 0 && batch.length <= 1024);
      outputs.push(batch.map((record) => record instanceof Promise ? "promise" : record));
      if (outputs.flat().length >= wanted) break;
    }
  } catch (thrown) {
    return { log, outputs, thrown: String(thrown), culprit: blame.of(thrown) };
  }
  return { log, outputs };
}

function* numbers(sizes: readonly number[], log: Log): Generator<number[]> {
  let next = 0;
  try {
    for (const size of sizes) yield Array.from({ length: size }, () => next++);
  } finally {
    log("source closed");
  }
}

Deno.test("a compiled chain does what the interpreted one does", () => {
  fc.assert(
    fc.property(
      fc.array(specs, { maxLength: 5 }),
      fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 5 }),
      fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 2000 })),
      (program, sizes, wanted) => {
        const compiled = outcome(compile, program, sizes, wanted);
        const interpreted = outcome(interpret, program, sizes, wanted);
        assert.deepEqual(compiled, interpreted);
      },
    ),
    { numRuns: 400 },
  );
});

const CONCURRENCY = 3;

/** The functions of chains that wait: pure, some of them for a turn or two. */
const later: Readonly<Record<NarrowOp<unknown>["kind"], UserFunction>> = {
  map: (n: number) => n + 1,
  filter: (n: number) => n % 3 !== 0,
  flatMap: (n: number) => [n, n * 2],
  mapPartitions: function* (records: Iterable<number>) {
    for (const n of records) yield n - 1;
  },
  mapAsync: async (n: number) => {
    for (let turn = 0; turn < n % 4; turn++) await undefined;
    if (n === 77) throw new RangeError("at 77");
    return n + 7;
  },
  mapPartitionsAsync: async function* (records: AsyncIterable<number>) {
    for await (const n of records) yield n;
    yield await Promise.resolve(3);
  },
  pipe: (n: number) => `${n}`,
};

async function outcomeLater(
  chain: (ops: readonly NarrowOp<Placed>[]) => CompiledChain,
  kinds: readonly NarrowOp<unknown>["kind"][],
  sizes: readonly number[],
): Promise<unknown> {
  const blame = new Blame();
  const fns = kinds.map((kind) => later[kind]);
  const ops = kinds.map((kind, k) => ({
    kind,
    fn: { place: `job.ts:${k + 1}:1` },
    concurrency: CONCURRENCY,
    command: { argv: ["cat"] as const, env: {}, checkCode: false },
  }));
  const run = chain(ops).instantiate(fns, blame, patient);
  try {
    const batches = await Array.fromAsync(run(numbers(sizes, () => {}), 3));
    assert.ok(batches.every((batch) => batch.length > 0 && batch.length <= 1024));
    return batches.flat();
  } catch (thrown) {
    // Of two operations that fail, the later one may be the first to: they run at the same time.
    const { step: { kind }, record } = blame.of(thrown)!;
    return { thrown: String(thrown), kind, record };
  }
}

Deno.test("a compiled chain that waits gives what the interpreted one gives", async () => {
  const kinds = Object.keys(later) as NarrowOp<unknown>["kind"][];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...kinds), { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 4 }),
      async (program, sizes) => {
        const compiled = await outcomeLater(compile, program, sizes);
        assert.deepEqual(compiled, await outcomeLater(interpret, program, sizes));
      },
    ),
    { numRuns: 500 },
  );
});
