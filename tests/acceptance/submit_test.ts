/** The launcher: a job's process is what it would be without us, and its exit code says how it went. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { finished, ROOT, Workshop } from "./launch.ts";

Deno.test("a job sees its own arguments, and is the main module", async () => {
  using shop = new Workshop();
  const { stdout, code } = await shop.job(
    `import process from "node:process";
     console.log(JSON.stringify([Deno.args, process.argv.slice(2), import.meta.main]));`,
    "in.txt",
    "--top",
    "5",
    "--",
    "--master",
    "x",
  );
  const args = ["in.txt", "--top", "5", "--master", "x"];
  assert.deepEqual(JSON.parse(stdout), [args, args, true]);
  assert.equal(code, 0);
});

Deno.test("a job's own deno.json counts: its aliases, in the driver and in tasks", async () => {
  using shop = new Workshop();
  shop.write("deno.json", `{ "imports": { /* a comment */ "twice": "./lib/twice.ts", }, }`);
  shop.write("lib/twice.ts", "export const twice = (x: number): number => 2 * x;");
  const job = shop.write(
    "jobs/deep/job.ts",
    `import { SparkContext } from "@flint/flint";
     import { twice } from "twice";
     await using sc = new SparkContext();
     console.log(await sc.parallelize([1, 2, 3], 2).map((x) => twice(x)).collect());`,
  );
  const { stdout, stderr, code } = await shop.submit("--master", "local[2]", job);
  assert.equal(stdout, "[ 2, 4, 6 ]\n", stderr);
  assert.equal(code, 0);
});

Deno.test("a job in a workspace imports what the workspace and its members have", async () => {
  using shop = new Workshop();
  shop.write(
    "deno.jsonc",
    `{ "workspace": ["./app", "./lib"], "imports": { "@root/": "./shared/" } }`,
  );
  shop.write("shared/add.ts", "export const add = (x: number): number => x + 1000;");
  shop.write("lib/deno.json", `{ "name": "@me/lib", "exports": { "./twice": "./twice.ts" } }`);
  shop.write(
    "lib/twice.ts",
    `import { add } from "@root/add.ts"; export const twice = (x: number): number => add(2 * x);`,
  );
  shop.write("app/deno.json", "{}");
  const job = shop.write(
    "app/job.ts",
    `import { SparkContext } from "@flint/flint";
     import { twice } from "@me/lib/twice";
     await using sc = new SparkContext();
     console.log(await sc.parallelize([1, 2], 2).map((x) => twice(x)).collect());`,
  );
  const { stdout, stderr, code } = await shop.submit("--check", "--master", "local[1]", job);
  assert.equal(stdout, "[ 1002, 1004 ]\n", stderr);
  assert.equal(code, 0);
});

Deno.test("--check obeys the compiler options beside the job, wherever it is started", async () => {
  using shop = new Workshop();
  shop.write("strict/deno.json", `{ "compilerOptions": { "noUnusedLocals": true } }`);
  const job = shop.write("strict/job.ts", "const unused = 1; console.log('ran');");
  assert.equal((await shop.submit(job)).stdout, "ran\n");
  const { code, stdout, stderr } = await shop.submit("--check", job);
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /'unused' is declared/);
});

Deno.test("a launcher that is killed takes the job with it", async () => {
  using shop = new Workshop();
  const job = shop.write(
    "job.ts",
    `import { SparkContext } from "@flint/flint";
     await using sc = new SparkContext();
     await sc.range(2).count();
     console.log("started");
     await sc.range(2).foreach(() => { for (;;); });`,
  );
  const child = shop.start(["--no-progress", "--master", "local[1]", job]);
  const reader = child.stdout.getReader();
  assert.match(new TextDecoder().decode((await reader.read()).value), /started/);
  child.kill("SIGKILL");
  // What the launcher itself had in the temp folder stays until the next one starts.
  await shop.assertNothingLeft(new RegExp(`^flint-${child.pid}-`));
  await Promise.all([child.status, reader.cancel(), child.stderr.cancel()]);
  await shop.job("");
});

Deno.test("a driver whose heap is full says what helps", async () => {
  using shop = new Workshop();
  const text = "const all = []; for (;;) all.push({ n: all.length });";
  const { code, stderr } = await shop.job(text, "--driver-memory", "64m");
  assert.notEqual(code, 0);
  assert.match(stderr, /the 64m of --driver-memory.*\n.*for await/);
});

Deno.test("exit codes: the job's own, 1 for an uncaught error, 2 for bad usage", async () => {
  using shop = new Workshop();
  assert.equal((await shop.job("Deno.exit(7)")).code, 7);
  assert.equal(
    (await shop.job(`import process from "node:process"; process.exitCode = 9;`)).code,
    9,
  );
  const thrown = await shop.job("throw new Error('the job failed')");
  assert.equal(thrown.code, 1);
  assert.match(thrown.stderr, /the job failed/);
  const missing = await shop.submit("missing.ts");
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /there is no job file .*missing\.ts/);
  const folder = await shop.submit(shop.folder);
  assert.equal(folder.code, 2);
  const typo = await shop.submit("--mastre", "local", "job.ts");
  assert.equal(typo.code, 2);
  assert.match(typo.stderr, /unknown option --mastre.*--master/);
});

Deno.test("wrong settings are refused before the job starts", async () => {
  using shop = new Workshop();
  const job = shop.write("job.ts", "console.log('started')");
  const refused = async (message: RegExp, ...words: string[]) => {
    const { code, stdout, stderr } = await shop.submit(...words, job);
    assert.equal(code, 2, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, message);
  };
  await refused(/flint\.worker\.memry.*flint\.worker\.memory/s, "--conf", "flint.worker.memry=1g");
  await refused(
    /spark\.executor\.memry.*spark\.executor\.memory/s,
    "-c",
    "spark.executor.memry=1g",
  );
  await refused(/512q/, "--worker-memory", "512q");
  await refused(/local\[0\]/, "--master", "local[0]");
});

Deno.test("precedence: code, then options, then the properties file, then defaults", async () => {
  using shop = new Workshop();
  const properties = shop.write(
    "flint.conf",
    "# settings\nspark.app.name from-file\nflint.worker.memory=64m\nspark.sql.x = 1\n",
  );
  const job = shop.write(
    "job.ts",
    `import { SparkContext } from "@flint/flint";
     await using sc = new SparkContext({ conf: { "flint.worker.memory": "8m" } });
     const get = (key: string) => sc.conf.get(key);
     console.log(sc.master, get("spark.app.name"), get("flint.worker.memory"), Deno.env.get("FLINT_SUBMITTED"));
     await sc.parallelize([1]).count();`,
  );
  const { stdout, stderr } = await shop.submit(
    "--properties-file",
    properties,
    "--name",
    "from-option",
    "--worker-memory",
    "32m",
    job,
    "--master",
    "local[1]",
  );
  assert.equal(stdout, "local[1] from-option 8m undefined\n", stderr);
  assert.equal(stderr.match(/spark\.sql\.x/g)?.length, 1, stderr);
});

Deno.test("--check starts nothing when the types are wrong", async () => {
  using shop = new Workshop();
  const job = shop.write(
    "job.ts",
    `import { SparkContext } from "@flint/flint";
     console.log("started");
     await using sc = new SparkContext();
     sc.parallelize(["a"]).reduceByKey((a, b) => a + b);`,
  );
  const { code, stdout, stderr } = await shop.submit("--check", job);
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /job\.ts:4/);
});

Deno.test("a script that just ends, ends; with the context left open", async () => {
  using shop = new Workshop();
  const { code, stdout, stderr } = await shop.job(
    `import { SparkContext } from "@flint/flint";
     const sc = new SparkContext();
     console.log(await sc.parallelize([1, 2, 3]).count());`,
  );
  assert.equal(stdout, "3\n", stderr);
  assert.equal(code, 0);
});

Deno.test("Ctrl-C ends a job that spins, with 130 and nothing left", async () => {
  using shop = new Workshop();
  const job = shop.write(
    "job.ts",
    `import { SparkContext } from "@flint/flint";
     const sc = new SparkContext();
     setTimeout(() => console.log("running"), 700);
     await sc.parallelize([1, 2], 2).map((x) => { for (;;); return x; }).collect();`,
  );
  const child = shop.start(["--master", "local[2]", job]);
  const ended = finished(child);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  child.kill("SIGINT");
  assert.equal((await ended).code, 130);
  await shop.assertNothingLeft();
});

for (const [signal, exitCode] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test(`${signal} during a save removes what was written, and only that`, async () => {
    using shop = new Workshop();
    const [first, second] = [`${shop.folder}/first`, `${shop.folder}/second`];
    const job = shop.write(
      "job.ts",
      `import { SparkContext } from "@flint/flint";
       const sc = new SparkContext();
       await sc.parallelize([1], 1).saveAsTextFile(${JSON.stringify(first)});
       const slow = sc.range(1e9, undefined, 1, 2).map((n) => {
         if (n % 5e8 === 1000) console.log("writing");
         return n;
       });
       try {
         await slow.saveAsTextFile(${JSON.stringify(second)});
       } finally {
         console.log("the program goes on");
       }`,
    );
    const child = shop.start(["--no-progress", "--master", "local[2]", job]);
    const errors = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
    for (let log = ""; !log.includes("writing");) {
      const { value, done } = await errors.read();
      assert(!done, log);
      log += value;
    }
    assert(existsSync(`${second}/_temporary`));
    child.kill(signal);
    assert.equal((await child.status).code, exitCode);
    assert.equal(await new Response(child.stdout).text(), "");
    await errors.cancel();
    assert(!existsSync(second), "what was half written is there");
    assert(existsSync(`${first}/_SUCCESS`), "what was complete is gone");
    await shop.assertNothingLeft();
  });
}

Deno.test("executors end when the driver is killed, and the next start takes its folder away", async () => {
  using shop = new Workshop();
  const text = (body: string) =>
    `import { SparkContext } from "@flint/flint";
     const sc = new SparkContext();
     ${body}`;
  const job = shop.write(
    "job.ts",
    text(
      `const done = sc.parallelize([1, 2], 2).map((x) => { for (;;); return x; }).collect();
       setTimeout(() => Deno.kill(Deno.pid, "SIGKILL"), 700);
       await done;`,
    ),
  );
  const { code } = await finished(shop.start(["--master", "local[2]", job]));
  assert.notEqual(code, 0);
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const { stdout } = await shop.job(text(`console.log(await sc.range(5).count());`));
  assert.equal(stdout, "5\n");
  await shop.assertNothingLeft();
});

Deno.test("as a task of Flint's deno.json: paths start in the user's folder", async () => {
  using shop = new Workshop();
  shop.write("in the folder/data.txt", "found\n");
  shop.write(
    "in the folder/job.ts",
    `import { SparkContext } from "@flint/flint";
     await using sc = new SparkContext();
     console.log(await sc.textFile("data.txt").first(), ...Deno.args);`,
  );
  const { INIT_CWD: _, ...environment } = Deno.env.toObject();
  const command = new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "--config", `${ROOT}deno.json`, "submit"]
      .concat("job.ts", "--master", "local", "--", "a b"),
    cwd: `${shop.folder}/in the folder`,
    clearEnv: true,
    // A task that is started by a task, as this test may be, has the folder of the first one.
    env: { ...environment, TMPDIR: shop.temp, NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  const { stdout, stderr } = await finished(command.spawn());
  assert.equal(stdout, "found a b\n", stderr);
  await shop.assertNothingLeft();
});
