/** What a terminal shows of an error that nobody catches: what, the cure, where; no line of ours. */
import assert from "node:assert/strict";
import { Workshop } from "./launch.ts";

const CASES: readonly (readonly [program: string, shown: string])[] = [
  [
    `function parse(line: string) { throw new RangeError("no x in " + line); }
await sc.parallelize(["{}"], 1).map((line) => parse(line)).collect();`,
    `TaskError: map's function at JOB:4:37 threw RangeError: no x in {}
  in partition 0 of stage 0 (collect at JOB:4:60), at the record "{}"
await sc.parallelize(["{}"], 1).map((line) => parse(line)).collect();
^
    at async JOB:4:1
Caused by: RangeError: no x in {}
    at parse (JOB:3:38)
    at JOB:4:47`,
  ],
  [
    `await sc.parallelize([1], 1).map((n) => () => n).count();
await sc.parallelize([1], 1).map((n) => () => n).collect();`,
    `RecordError: Cannot encode a record: it is a function
  Functions travel in closures, not in records
  in partition 0 of stage 1 (collect at JOB:4:50)
await sc.parallelize([1], 1).map((n) => () => n).collect();
^
    at async JOB:4:1`,
  ],
  [
    `await sc.parallelize([1, "a"] as unknown[], 2).sortBy((x) => x).count();`,
    `RecordError: Cannot sort keys of different types: number, string
  Make them one type first, for example sortBy((x) => String(x))
  in stage 0 (sortBy at JOB:3:48)
await sc.parallelize([1, "a"] as unknown[], 2).sortBy((x) => x).count();
^
    at async JOB:3:1`,
  ],
  [
    `await sc.parallelize([1], 1).map(() => Deno.exit(3)).count();`,
    `JobError: Deno.exit(3) was called in a task
  End the task by returning, or by throwing an error that says why
  in partition 0 of stage 0 (count at JOB:3:54)
await sc.parallelize([1], 1).map(() => Deno.exit(3)).count();
^
    at async JOB:3:1`,
  ],
  [
    `const adrift = (n: number) => { Promise.reject(new TypeError("adrift")); return n; };
await sc.parallelize([1], 1).map(adrift).count();`,
    `JobError: a Promise that nobody awaited was rejected: TypeError: adrift
  Catch it where it is made, with promise.catch(); what has to wait goes into mapAsync()
  in partition 0 of stage 0 (count at JOB:4:42)
await sc.parallelize([1], 1).map(adrift).count();
^
    at async JOB:4:1
Caused by: TypeError: adrift
    at adrift (JOB:3:48)`,
  ],
  [
    `for await (const line of sc.textFile("/no/such/file")) console.log(line);`,
    `InputError: Cannot read "/no/such/file": there is no such file or folder
  Check the path
for await (const line of sc.textFile("/no/such/file")) console.log(line);
                 ^
    at async JOB:3:18`,
  ],
  [
    `const later = Promise.resolve(1);
await sc.parallelize([1], 1).map(() => later).count();`,
    `ClosureError: Cannot ship the function at JOB:4:34: it uses "later", which is a Promise
  Await it first and use the result
await sc.parallelize([1], 1).map(() => later).count();
^
    at async JOB:4:1`,
  ],
];

for (const [program, shown] of CASES) {
  Deno.test(`an uncaught ${shown.split("\n", 1)}`, async () => {
    using shop = new Workshop();
    const job = `import { SparkContext } from "@flint/flint";
const sc = new SparkContext();
${program}
`;
    const { code, stderr } = await shop.job(job);
    assert.equal(code, 1);
    const told = stderr.slice(stderr.indexOf("error: Uncaught"))
      .replaceAll(/(file:\/\/\S*\/)?job-[\w-]+\.ts/g, "JOB");
    assert.equal(told.trimEnd(), `error: Uncaught (in promise) ${shown}`);
  });
}

Deno.test("a task that takes too much memory is told the flags", async () => {
  using shop = new Workshop();
  const job = `import { SparkContext } from "@flint/flint";
    const sc = new SparkContext();
    await sc.range(1).map(() => {
      const held: Uint8Array[] = [];
      for (;;) held.push(new Uint8Array(8 << 20).fill(1));
    }).count();`;
  const { code, stderr } = await shop.job(job, "--executor-memory", "150m");
  assert.equal(code, 1);
  assert.match(
    stderr,
    /JobError: Partition \d+ of stage 0 .* ran its executor out of memory.*\n.*--executor-memory.*--worker-memory/,
  );
});

Deno.test("executors that cannot start: the job says why, and nothing is left", async () => {
  using shop = new Workshop();
  const job = `import { SparkContext } from "@flint/flint";
    const sc = new SparkContext();
    await sc.range(1).count();`;
  const { code, stderr } = await shop.job(job, "--executor-memory", "1m");
  assert.equal(code, 1);
  assert.match(
    stderr,
    /JobError: No executor could be started, 4 times in a row: its JavaScript heap/,
  );
  assert.match(stderr, /\n {2}Check that .*--executor-memory/);
});
