/**
 * What users get wrong: each a typed error that names the act, the value and the cure; the driver
 * lives, the context goes on working, and nothing is left.
 */
import assert from "node:assert/strict";
import { Workshop } from "./launch.ts";

/** A job that tries each expression and prints what it was told, then uses the context once more. */
function attempts(...expressions: string[]): string {
  const tries = expressions.map((expression) =>
    `await attempt(async () => { ${
      expression.startsWith("{") ? expression.slice(1, -1) : `await (${expression})`
    } });`
  );
  return `import { SparkContext } from "@flint/flint";
    const sc = new SparkContext();
    const ones = sc.parallelize([1, 1, 1], 2);
    async function attempt(body: () => Promise<unknown>) {
      try { await body(); console.log(JSON.stringify(["nothing", "", ""])); }
      catch (e) {
        const error = e as Error & { code?: string };
        console.log(JSON.stringify([error.constructor.name, String(error.code ?? ""), error.message]));
      }
    }
    ${tries.join("\n")}
    console.log(JSON.stringify(["usable", "", String(await ones.sum())]));
    await sc.stop();`;
}

type Expected = readonly [kind: string, code: string, message: RegExp];

/** Runs the attempts in one job and compares what each was told. */
async function tell(
  shop: Workshop,
  cases: Readonly<Record<string, Expected>>,
  ...options: string[]
): Promise<void> {
  const { stdout, stderr } = await shop.job(attempts(...Object.keys(cases)), ...options);
  const told = stdout.trim().split("\n").map((line) => JSON.parse(line) as string[]);
  Object.entries(cases).forEach(([expression, [kind, code, message]], index) => {
    const [ownKind, ownCode, ownMessage] = told[index] ?? [];
    const context = `${expression}\n→ ${told[index]}\n${stderr}`;
    assert.equal(ownKind, kind, context);
    assert.equal(ownCode, code, context);
    assert.match(ownMessage!, message, context);
  });
  assert.deepEqual(told.at(-1), ["usable", "", "3"], stderr);
}

Deno.test("input that is not there, or may not be read", async () => {
  using shop = new Workshop();
  await tell(shop, {
    'sc.textFile("/no/such/file").count()': ["InputError", "InputNotFound", /\/no\/such\/file/],
    'sc.textFile("/no/such/*.txt").count()': ["InputError", "InputNotFound", /\/no\/such\/\*\.txt/],
    'sc.textFile("").count()': ["InputError", "InvalidPath", /./],
    'sc.textFile("/dev/zero").count()': ["InputError", "InputUnsupported", /\/dev\/zero/],
  });
});

Deno.test("arguments that make no sense", async () => {
  using shop = new Workshop();
  await tell(shop, {
    "{ sc.parallelize([1], 0); }": ["PlanError", "InvalidArgument", /partitions.*0/],
    "{ sc.parallelize([1], 1.5); }": ["PlanError", "InvalidArgument", /1\.5/],
    "{ ones.map((x) => [x, x]).reduceByKey((a, b) => a + b, 0); }": [
      "PlanError",
      "InvalidArgument",
      /partitions/,
    ],
    "ones.take(-1)": ["PlanError", "InvalidArgument", /-1/],
    "sc.parallelize([] as number[]).reduce((a, b) => a + b)": ["PlanError", "EmptyCollection", /./],
    '{ new SparkContext({ master: "local[0]" }); }': ["ConfigError", "InvalidMaster", /local\[0\]/],
    '{ new SparkContext({ conf: { "flint.worker.memory": "512q" } }); }': [
      "ConfigError",
      "InvalidConfig",
      /512q/,
    ],
  });
});

Deno.test("functions that throw, or return what cannot be a record", async () => {
  using shop = new Workshop();
  await tell(shop, {
    '{ await ones.map((x) => { if (x === 1) throw new TypeError("odd"); return x; }).collect(); }':
      [
        "TaskError",
        "TaskFailed",
        /TypeError: odd/,
      ],
    "ones.map(() => () => 1).collect()": ["RecordError", "NotSerializable", /function/],
    "ones.map((x) => Promise.resolve(x)).collect()": ["RecordError", "PromiseReturned", /mapAsync/],
    "{ await ones.map(async (x) => await x).collect(); }": [
      "ClosureError",
      "PromiseReturned",
      /await/,
    ],
    "ones.flatMap((x) => x as unknown as number[]).collect()": ["RecordError", "NotIterable", /./],
    "ones.map((x) => [() => x, 1]).reduceByKey((a) => a).collect()": [
      "RecordError",
      "UnhashableKey",
      /function/,
    ],
  });
});

Deno.test("tasks that do what they were not granted", async () => {
  using shop = new Workshop();
  await tell(
    shop,
    {
      'ones.map(() => Deno.readTextFileSync("/etc/passwd").length).collect()': [
        "TaskError",
        "PermissionDenied",
        /--allow-read=\/etc\/passwd/,
      ],
      'ones.map(() => Deno.env.get("HOME")).collect()': [
        "TaskError",
        "PermissionDenied",
        /--allow-env=HOME/,
      ],
      'ones.mapPartitions(() => { new WebSocket("ws://127.0.0.1:9"); return []; }).collect()': [
        "TaskError",
        "PermissionDenied",
        /--allow-net=127\.0\.0\.1:9/,
      ],
    },
  );
});

Deno.test("what cannot travel is refused before anything runs", async () => {
  using shop = new Workshop();
  await tell(shop, {
    "ones.map((x) => sc.defaultParallelism + x).collect()": [
      "ClosureError",
      "ContextOnlyOnDriver",
      /sc/,
    ],
    "ones.map(async () => await ones.count()).collect()": [
      "ClosureError",
      "ContextOnlyOnDriver",
      /ones/,
    ],
    "{ const later = Promise.resolve(1); await ones.map((x) => { void later; return x; }).collect(); }":
      [
        "ClosureError",
        "NotShippable",
        /job-.*\.ts:\d+:\d+.*"later".*Promise[\s\S]*Await it/,
      ],
    '{ const file = Deno.openSync("/dev/null"); await ones.map((x) => { void file; return x; }).collect(); }':
      ["ClosureError", "NotShippable", /"file"[\s\S]*FsFile[\s\S]*mapPartitions/],
  });
});

Deno.test("output that exists is refused, and a failed save leaves nothing", async () => {
  using shop = new Workshop();
  const out = `${shop.folder}/out`;
  shop.write("taken/file", "");
  await tell(shop, {
    [`ones.saveAsTextFile(${JSON.stringify(`${shop.folder}/taken`)})`]: [
      "OutputError",
      "OutputExists",
      /taken/,
    ],
    [
      `ones.map((x) => { if (x > 0) throw new Error("half"); return x; }).saveAsTextFile(${
        JSON.stringify(out)
      })`
    ]: ["TaskError", "TaskFailed", /half/],
  });
  assert.throws(() => Deno.statSync(out), Deno.errors.NotFound);
});
