/** Records through real programs, which read, write and end as they like. */
import assert from "node:assert/strict";
import { PlanError, RecordError, SparkContext, TaskError } from "../../mod.ts";
import { refused, test } from "../helpers/shared_context.ts";

const sc = new SparkContext({ master: "local[2]", name: "pipe" });
Deno.test.afterAll(() => sc.stop());

/** Tells apart what this run of the tests has started from all else on the machine. */
const mark = crypto.randomUUID();

/** Programs of this run of the tests that are still there. */
async function left(): Promise<string[]> {
  const { stdout } = await new Deno.Command("ps", { args: ["-A", "-o", "args="] }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line.includes(mark));
}

/** A program that ends when nobody reads it is gone soon, not at once. */
async function noneLeft(): Promise<void> {
  for (let round = 0; round < 100 && (await left()).length > 0; round++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.deepEqual(await left(), []);
}

/** A shell that does that; `mark` is in its arguments. */
function shell(script: string): string[] {
  return ["sh", "-c", script, mark];
}

/** It and its child do nothing, for long. */
const quiet = `sh -c 'sleep 1000; true' ${mark}; true`;

test("lines go through a program, partition by partition", async () => {
  const words = sc.parallelize(["b", "", "a", "d", "c"], 2);
  assert.deepEqual(await words.pipe("cat").collect(), ["b", "", "a", "d", "c"]);
  assert.deepEqual(await words.pipe("sort").glom().collect(), [["", "b"], ["a", "c", "d"]]);
  assert.deepEqual(await words.pipe(["grep", "-c", "."]).collect(), ["1", "3"]);
  assert.equal(await words.pipe("grep -v 'a\\|b'").count(), 3);
  // A program runs for an empty partition as well.
  assert.deepEqual(await sc.parallelize([], 2).pipe("wc -l").map(Number).collect(), [0, 0]);
});

test("a record is its text; line feeds at its end are one, others part it", async () => {
  const records = sc.parallelize([1, null, [2, 3], "x\n\n", "y\nz", 5n, undefined], 1);
  const lines = ["1", "null", "2,3", "x", "y", "z", "5", "undefined"];
  assert.deepEqual(await records.pipe("cat").collect(), lines);
  const odd = sc.parallelize([1], 1).map(() => Object.create(null)).pipe("cat");
  await refused(() => odd.collect(), TaskError, "TaskFailed", /^pipe's function at .*TypeError/);
});

test("what follows and what comes before go on as ever", async () => {
  const counts = sc.parallelize(["to be", "or not", "to be"], 2)
    .flatMap((line) => line.split(" ")).pipe("cat").pipe(["tr", "a-z", "A-Z"])
    .map((word) => [word, 1]).reduceByKey((a, b) => a + b);
  assert.equal((await counts.collectAsMap()).get("BE"), 2);
  const piped = sc.range(0, 10, 1, 2).pipe("cat");
  assert.equal(await piped.union(piped).zip(piped.union(piped)).count(), 20);
  assert.equal(await piped.cartesian(piped).count(), 100);
  assert.deepEqual(await piped.sortBy((n) => -n).pipe("head -n 1").take(1), ["9"]);
});

test("long lines, many lines and other scripts arrive whole", async () => {
  const long = sc.range(0, 4, 1, 2).map((n) => `${n}é`.repeat(1 << 19)).pipe("cat");
  assert.equal(await long.map((line) => line.length).sum(), 4 * 2 ** 20);
  assert.deepEqual(await long.map((line) => line[1]).distinct().collect(), ["é"]);
  const many = sc.range(0, 200_000, 1, 2).pipe("cat");
  assert.equal(await many.map(Number).sum(), 19_999_900_000);
  const texts = ["äöü", "日本語", "🦕", "\u2028", "a\rb", "\ufeffmark"];
  assert.deepEqual(await sc.parallelize(texts, 1).pipe("cat").collect(), texts);
});

test("bytes that are no text become U+FFFD", async () => {
  const garbage = sc.range(0, 1, 1, 1).pipe(["printf", "a\\377\\376b\\nlast\\303"]);
  assert.deepEqual(await garbage.collect(), ["a\ufffd\ufffdb", "last\ufffd"]);
});

test("a program need not read, nor end by itself", async () => {
  const many = sc.range(0, 100_000, 1, 2);
  assert.deepEqual(await many.pipe("true").collect(), []);
  assert.deepEqual(await many.pipe("head -n 1").collect(), ["0", "50000"]);
  assert.deepEqual(await many.pipe(shell("echo first; cat >/dev/null; echo last")).collect(), [
    ...["first", "last", "first", "last"],
  ]);
  assert.deepEqual(await many.pipe(["yes", mark]).take(3), [mark, mark, mark]);
  assert.deepEqual(await many.pipe(["yes", mark]).map((line) => line[0]).first(), mark[0]);
  assert.equal(await many.pipe(shell(`echo one; ${quiet}`)).first(), "one");
  await noneLeft();
});

test("input without end goes through as far as it is wanted", async () => {
  const closed = sc.accumulator(0);
  const endless = sc.range(0, 1, 1, 1).mapPartitions(function* () {
    try {
      for (let n = 0;; n++) yield n;
    } finally {
      closed.add(1);
    }
  });
  assert.deepEqual(await endless.pipe("cat").take(3), ["0", "1", "2"]);
  assert.deepEqual(await endless.pipe("head -n 2").collect(), ["0", "1"]);
  assert.equal(closed.value, 2);
});

test("exit codes count where they are asked for", async () => {
  const numbers = sc.range(0, 2, 1, 1);
  assert.deepEqual(await numbers.pipe("false").collect(), []);
  assert.deepEqual(await numbers.pipe("grep 7", undefined, false).collect(), []);
  assert.deepEqual(await numbers.pipe("cat", { checkCode: true }).collect(), ["0", "1"]);
  const failed = (command: string[], message: RegExp) =>
    refused(
      () => numbers.pipe(command, { checkCode: true }).collect(),
      TaskError,
      "TaskFailed",
      message,
    );
  await failed(
    ["grep", "7"],
    /The program "grep 7" of pipe\(\) ended with exit code 1\n.*partition 0/,
  );
  await failed(shell("echo no luck >&2; exit 3"), /exit code 3\n {2}It said at last: no luck\n/);
  await failed(shell("kill -9 $$"), /ended with SIGKILL/);
  await refused(
    () => numbers.pipe("false", {}, true).collect(),
    TaskError,
    "TaskFailed",
    /exit code 1/,
  );
});

test("a failing program is tried again as often as user code", async () => {
  await using own = new SparkContext({ master: "local[1,3]" });
  const folder = await Deno.makeTempDir();
  try {
    // Fails twice: each try leaves a folder.
    const script =
      `mkdir ${folder}/1 2>/dev/null && exit 1; mkdir ${folder}/2 2>/dev/null && exit 1; cat`;
    const piped = own.range(0, 2, 1, 1).pipe(shell(script), { checkCode: true });
    assert.deepEqual(await piped.collect(), ["0", "1"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

test("the environment has what is given, and nothing else", async () => {
  const one = sc.range(0, 1, 1, 1);
  assert.deepEqual(await one.pipe("env").collect(), []);
  assert.deepEqual(await one.pipe("env", { A: "1" }).collect(), ["A=1"]);
  assert.deepEqual(await one.pipe("env", { env: { B: "é 2" } }).collect(), ["B=é 2"]);
  // These are variables, because options are no texts.
  const named = one.pipe("env", { env: "x", checkCode: "y" }).pipe("sort");
  assert.deepEqual(await named.collect(), ["checkCode=y", "env=x"]);
});

test("a program that cannot be started is named", async () => {
  const one = sc.range(0, 1, 1, 1);
  await refused(
    () => one.pipe("no-such-program-here").collect(),
    PlanError,
    "NotAvailable",
    /Cannot run "no-such-program-here" for pipe\(\): there is no such program\n {2}Install it/,
  );
  await refused(() => one.pipe("/etc/passwd").count(), PlanError, "PermissionDenied", /executed/);
  const long = one.pipe(["true", "x".repeat(1 << 22)]);
  await refused(() => long.count(), PlanError, "NotAvailable", /[Aa]rgument list too long/);
  assert.equal(await one.pipe("cat").count(), 1);
});

Deno.test("what is wrong with the arguments is said at the call", () => {
  const one = sc.range(1);
  const wrong = (act: () => unknown, message: RegExp) => {
    assert.throws(act, (error: PlanError) => {
      assert.equal(error.code, "InvalidArgument");
      return message.test(error.message);
    });
  };
  wrong(() => one.pipe(""), /command is ""/);
  wrong(() => one.pipe([]), /command is \[\]/);
  wrong(() => one.pipe(["a\0b"]), /command is/);
  wrong(() => one.pipe("grep 'x"), /a quote in it has no end/);
  wrong(() => one.pipe(7 as never), /command is 7/);
  wrong(() => one.pipe("cat", { A: 1 } as never), /the variable "A" of env is 1/);
  wrong(() => one.pipe("cat", { "A=B": "" }), /the variable "A=B"/);
  wrong(() => one.pipe("cat", "LANG=C" as never), /env is "LANG=C"/);
  wrong(() => one.pipe("cat", {}, 1 as never), /checkCode is 1/);
});

Deno.test({
  name: "a program that this one may not run is refused at the call, with the cure",
  permissions: { run: ["cat"] },
  fn() {
    assert.throws(() => sc.range(1).pipe("grep x"), (error: PlanError) => {
      assert.equal(error.code, "PermissionDenied");
      return /running "grep" was not granted.*\n.*--allow-run=grep/.test(error.message);
    });
    sc.range(1).pipe("cat");
  },
});

test("the functions beside a pipe may run nothing", async () => {
  const sneaky = sc.range(1).pipe("cat").map((line) => {
    new Deno.Command("cat").outputSync();
    return line;
  });
  await refused(() => sneaky.collect(), TaskError, "PermissionDenied", /--allow-run=cat/);
});

test("programs in stages that wait", async () => {
  const later = sc.range(0, 3000, 1, 2).mapAsync(async (n) => {
    await undefined;
    return n;
  });
  assert.equal(await later.pipe("cat").map(Number).sum(), 4_498_500);
  assert.equal(await later.pipe("cat").mapAsync((line) => Promise.resolve(+line)).sum(), 4_498_500);
  assert.deepEqual(await later.pipe(["yes", mark]).take(1), [mark]);
  assert.deepEqual(await later.pipe("head -n 1").collect(), ["0", "1500"]);
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "0123456789\n".repeat(30_000));
    const read = sc.textFile(path, 1).mapAsync((line) => Promise.resolve(line));
    const twice = read.pipe("cat").mapAsync((line) => Promise.resolve(line.length)).pipe("cat");
    assert.equal(await twice.map(Number).sum(), 300_000);
    assert.deepEqual(await twice.take(1), ["10"]);
  } finally {
    await Deno.remove(path);
  }
  await noneLeft();
});

test("a cancelled job leaves no program behind, and the next one runs", async () => {
  const stuck = sc.range(0, 2, 1, 2).pipe(shell(quiet));
  await assert.rejects(stuck.collect({ signal: AbortSignal.timeout(300) }), {
    name: "TimeoutError",
  });
  const later = sc.range(0, 2, 1, 2).mapAsync((n) => Promise.resolve(n));
  await assert.rejects(
    later.pipe(shell(quiet)).collect({ signal: AbortSignal.timeout(300) }),
    { name: "TimeoutError" },
  );
  await noneLeft();
  assert.equal(await sc.range(5).pipe("cat").count(), 5);
});

test("a task that is killed takes its programs along", async () => {
  const spinning = sc.range(0, 1, 1, 1).pipe(shell(`echo go; ${quiet}`)).map((line) => {
    for (;;) if (line === "") return line;
  });
  await assert.rejects(spinning.collect({ signal: AbortSignal.timeout(300) }), {
    name: "TimeoutError",
  });
  const leaving = sc.range(0, 1, 1, 1).pipe(shell(`echo go; ${quiet}`)).map((line) => {
    if (line === "go") Deno.exit(3);
    return line;
  });
  await assert.rejects(leaving.collect(), { code: "TaskExited" });
  await noneLeft();
});

test("a stopped context leaves no program behind", async () => {
  const own = new SparkContext({ master: "local[1]" });
  const stuck = own.range(0, 1, 1, 1).pipe(shell(`echo go; ${quiet}`));
  const collected = stuck.collect().catch((error) => error);
  while ((await left()).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await own.stop();
  assert.equal((await collected).code, "Cancelled");
  await noneLeft();
});

test("a line that does not end is refused", async () => {
  const endless = sc.range(0, 1, 1, 1).pipe(shell("yes | tr -d '\\n'"));
  await refused(() => endless.count(), RecordError, "RecordTooLarge", /more than 128 MB/);
  await noneLeft();
});
