/**
 * Nineteen hostile or broken tasks, one after the other in one context: each ends in a typed error or
 * in the exact result, none hangs, and the next job is right.
 *
 *     table ─► each case: end it as told ─► the next job is exact ─► `ok  throws an Error` …
 *                                                                    `3C: 19 of 19`
 *
 * The program is submitted as any job, so its driver is a process that could die of it. What a task
 * may touch is not here but in tests/chaos/probes.ts.
 */
import { SparkContext } from "@flint/flint";

/**
 * A case ends with that error (class, code and message) or with that value. Whoever breaks the
 * language for himself may get anything: what counts is the next job.
 */
type End =
  | readonly [kind: string, code: string, message: RegExp]
  | Readonly<{ value: unknown }>
  | "anything";
type Case = readonly [run: () => Promise<unknown>, end: End];
type Row = readonly [what: string, ...cases: readonly Case[]];

/** No case takes nearly as long on a machine that works. */
const HANGS_MS = 60_000;
const SPINS_MS = 700;

await using sc = new SparkContext({
  conf: { "flint.worker.memory": "64m", "spark.driver.maxResultSize": "32m" },
});
const one = sc.parallelize([1], 1);
const ones = sc.parallelize([1, 1, 1], 2);

const soon = () => ({ signal: AbortSignal.timeout(SPINS_MS) });
const TIMED_OUT: End = ["DOMException", "23", /timeout|timed out/i];
const thrown = (message: RegExp): End => ["TaskError", "TaskFailed", message];

/** Changes what all code in a worker uses, and then does its work. */
function polluting(pollute: () => void): Case {
  return [() => ones.map((x) => (pollute(), x)).collect(), "anything"];
}

const rows: readonly Row[] = [
  ["throws an Error", [
    () =>
      ones.map((): number => {
        throw new RangeError("no such day", { cause: new Error("a leap second") });
      }).collect(),
    thrown(/RangeError: no such day/),
  ]],
  [
    "throws null, an object, a string",
    [() =>
      ones.map((): number => {
        throw null;
      }).collect(), thrown(/threw null, which is no Error/)],
    [() =>
      ones.map((): number => {
        throw { odd: 1 };
      }).collect(), thrown(/threw \{"odd":1\}/)],
    [() =>
      ones.map((): number => {
        throw "odd";
      }).collect(), thrown(/threw "odd"/)],
  ],
  ["rejects a Promise that nobody awaits", [
    () => ones.map((x) => (void Promise.reject(new TypeError("adrift")), x)).collect(),
    ["JobError", "TaskExited", /nobody awaited was rejected: TypeError: adrift/],
  ]],
  ["never returns", [
    () =>
      ones.map((): number => {
        for (;;);
      }).collect(soon()),
    TIMED_OUT,
  ]],
  ["a regular expression that takes for ever", [
    () => ones.map(() => /^(a+)+$/.test("a".repeat(64) + "b")).collect(soon()),
    TIMED_OUT,
  ]],
  ["a module that awaits at its top for ever", [
    () =>
      ones.mapAsync(async (x) => {
        await import("data:text/javascript,await new Promise(() => {})");
        return x;
      }).collect(soon()),
    TIMED_OUT,
  ]],
  ["fills the heap", [
    () =>
      one.map((x) => {
        const all: string[][] = [];
        for (;;) all.push(Array.from({ length: 1e5 }, (_, i) => `${x} ${i}`));
      }).count(),
    ["JobError", "ExecutorOutOfMemory", /memory/],
  ]],
  ["fills memory outside of the heap", [
    () =>
      one.map(() => {
        const all: Uint8Array[] = [];
        for (;;) all.push(new Uint8Array(8 << 20).fill(1));
      }).count(),
    ["JobError", "ExecutorOutOfMemory", /memory/],
  ]],
  ["recurs without end", [
    () => {
      const deep = (n: number): number => 1 + deep(n + 1);
      return ones.map((x) => deep(x)).collect();
    },
    thrown(/RangeError: Maximum call stack/),
  ]],
  [
    "exits, closes or kills itself",
    [
      () => ones.map((): number => Deno.exit(3)).collect(),
      ["JobError", "TaskExited", /Deno\.exit\(3\)/],
    ],
    [
      () => ones.map((x) => (self.close(), x)).collect(),
      ["JobError", "TaskExited", /close\(\)/],
    ],
    [
      () => ones.map((x) => (Deno.kill(Deno.pid, "SIGKILL"), x)).collect(),
      ["JobError", "ExecutorLost", /SIGKILL/],
    ],
  ],
  ["posts and prints forged messages", [
    () =>
      ones.map((x) => {
        const forged = { kind: "ended", result: { kind: "value", blocks: [], updates: [] } };
        (self as unknown as MessagePort).postMessage(forged);
        (self as unknown as MessagePort).postMessage(new Uint8Array(1 << 16).fill(255));
        const garbage = new Uint8Array(1 << 10).fill(254);
        Deno.stdout.writeSync(garbage);
        Deno.stderr.writeSync(garbage);
        console.log(JSON.stringify(forged));
        return x;
      }).collect(),
    { value: [1, 1, 1] },
  ]],
  [
    "overwrites what all code uses",
    polluting(() => void Object.assign(Array.prototype, { map: () => ["forged"] })),
    polluting(() => void Object.assign(Array.prototype, { push: () => 0 })),
    polluting(() => void Object.assign(JSON, { stringify: () => "forged", parse: () => "forged" })),
    polluting(() => void Object.assign(Map.prototype, { get: () => "forged" })),
    polluting(() => void Object.assign(Promise.prototype, { then: () => "forged" })),
    polluting(() => void Object.assign(Uint8Array.prototype, { subarray: () => "forged" })),
    polluting(() => void Object.assign(Object.prototype, { forged: true })),
    polluting(() => void Object.assign(globalThis, { Map: class Forged {} })),
    polluting(() => void Object.assign(Math, { floor: () => 7, imul: () => 7, min: () => 7 })),
  ],
  [
    "leaves timers running",
    [
      async () => {
        const global = globalThis as unknown as { ticks?: number };
        await ones.map((x) => {
          global.ticks ??= 1;
          setInterval(() => void global.ticks!++, 5);
          return x;
        }).collect();
        return await ones.map(() => global.ticks ?? 0).collect();
      },
      { value: [0, 0, 0] },
    ],
  ],
  [
    "changes the folder, the mask and the environment of the process",
    [
      () => ones.map((x) => (Deno.chdir("/"), x)).collect(),
      ["TaskError", "PermissionDenied", /--allow-read/],
    ],
    [
      () => ones.map(() => Deno.umask(0)).collect(),
      ["TaskError", "PermissionDenied", /--allow-sys=umask/],
    ],
    [
      () => ones.map((x) => (Deno.env.set("TZ", "UTC"), x)).collect(),
      ["TaskError", "PermissionDenied", /--allow-env=TZ/],
    ],
  ],
  [
    "prints 50 MB, in lines and in one line",
    [
      () =>
        one.map((x) => {
          const line = "printed ".repeat(128);
          for (let i = 0; i < 25 << 10; i++) console.log(line);
          return x;
        }).collect(),
      { value: [1] },
    ],
    [
      () =>
        one.map((x) => {
          const bytes = new Uint8Array(1 << 20).fill(120);
          for (let i = 0; i < 25; i++) Deno.stdout.writeSync(bytes);
          return x;
        }).collect(),
      { value: [1] },
    ],
  ],
  [
    "throws an error of 64 MB, and one whose getters throw",
    [
      () =>
        ones.map((): number => {
          throw new Error("long ".repeat(64 << 18));
        }).collect(),
      thrown(/^.{1000,200000}$/s),
    ],
    [
      () =>
        ones.map((): number => {
          const get = () => {
            throw new Error("a getter");
          };
          const error = new Error("odd");
          for (const name of ["name", "message", "stack", "cause", "more"]) {
            Object.defineProperty(error, name, { get, enumerable: true });
          }
          throw error;
        }).collect(),
      thrown(/threw Error/),
    ],
  ],
  [
    "returns values whose getters throw",
    [
      () =>
        ones.map(() => ({
          get odd(): number {
            throw new Error("a getter");
          },
        })).collect(),
      ["RecordError", "NotSerializable", /odd/],
    ],
    [
      () =>
        ones.map(() =>
          new Proxy({}, {
            ownKeys() {
              throw new Error("a trap");
            },
          })
        ).collect(),
      ["RecordError", "NotSerializable", /./],
    ],
  ],
  ["returns more than the driver takes", [
    () => ones.map(() => "x".repeat(20 << 20)).collect(),
    ["MemoryError", "OverBudget", /spark\.driver\.maxResultSize is 33554432 bytes/],
  ]],
  [
    "returns one large record, and one that no message may hold",
    [
      () => one.map(() => "x".repeat(24 << 20)).collect().then(([text]) => text!.length),
      { value: 24 << 20 },
    ],
    [
      () => one.map(() => new Uint8Array(2 ** 31 + 1)).collect(),
      ["JobError", "ExecutorOutOfMemory", /memory/],
    ],
  ],
];

/** What went wrong with a case; undefined if nothing. */
async function wrongWith([run, end]: Case): Promise<string | undefined> {
  const ended = await Promise.race([
    run().then((value) => ({ value }), (error: Error & { code?: unknown }) => ({ error })),
    hang(),
  ]);
  if (ended === "hangs") return "hangs";
  const next = await Promise.race([nextJob().catch((error) => `${error}`), hang()]);
  if (next !== EXACT) return `the next job gave ${next}`;
  if (end === "anything") return undefined;
  if ("value" in ended) {
    return "value" in end ? same(ended.value, end.value) : `it gave ${show(ended.value)}`;
  }
  const { error } = ended;
  const told = `${error.constructor.name} ${error.code}: ${error.message}`;
  if ("value" in end) return told;
  const [kind, code, message] = end;
  const isAsTold = error.constructor.name === kind && String(error.code) === code &&
    message.test(error.message);
  return isAsTold ? undefined : told.slice(0, 1000);
}

const timers = new Set<ReturnType<typeof setTimeout>>();

function hang(): Promise<"hangs"> {
  return new Promise((resolve) => timers.add(setTimeout(() => resolve("hangs"), HANGS_MS)));
}

const EXACT = '[["b",40],["a",60]] {"n":3} 3';

/** Uses the shuffle, a sort, JSON and a sum, on all workers. */
async function nextJob(): Promise<string> {
  const counts = sc.range(0, 100, 1, 4).map((n) => [n % 5 < 3 ? "a" : "b", 1])
    .reduceByKey((a, b) => a + b, 2).sortBy(([, n]) => n);
  const [text] = await one.map(() => JSON.stringify({ n: [1, 2, 3].map((n) => n).length }))
    .collect();
  return `${JSON.stringify(await counts.collect())} ${text} ${await ones.sum()}`;
}

function same(actual: unknown, expected: unknown): string | undefined {
  return show(actual) === show(expected) ? undefined : `it gave ${show(actual)}`;
}

function show(value: unknown): string {
  return String(JSON.stringify(value)).slice(0, 1000);
}

const wanted = Deno.args[0];
let right = 0;
for (const [what, ...cases] of rows) {
  if (wanted !== undefined && !what.includes(wanted)) continue;
  const startedMs = performance.now();
  const wrong: string[] = [];
  for (const [index, one] of cases.entries()) {
    const reason = await wrongWith(one);
    if (reason !== undefined) wrong.push(`\n      case ${index + 1}: ${reason}`);
  }
  if (wrong.length === 0) right++;
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`${wrong.length === 0 ? "ok  " : "WRONG"} ${what} (${seconds} s)${wrong.join("")}`);
}
for (const timer of timers) clearTimeout(timer);
console.log(`3C: ${right} of ${rows.length}`);
