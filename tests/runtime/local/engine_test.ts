import assert from "node:assert/strict";
import { decodeBlock } from "../../../core/codec/codec.ts";
import { CancelledError, JobError, TaskError } from "../../../core/errors.ts";
import type { Plan } from "../../../core/plan/plan.ts";
import { type Seam, withPlan } from "../../chaos/executor_plan.ts";
import type { Fault } from "../../helpers/faulty_platform.ts";
import { NO_GRANTS } from "../../../core/grants.ts";
import {
  collectOf,
  exchanged,
  mapped,
  piped,
  recordsOf,
  recordsPlan,
  summed,
  testEngine,
} from "../../helpers/local_plans.ts";

const words = ["to", "be", "or", "not", "to", "be"];

async function wordCounts(partitions: number): Promise<Plan> {
  const pairs = mapped(await recordsPlan(words, 3), (word: string) => [word, 1]);
  return summed(pairs, partitions);
}

const sorted = (pairs: unknown[]) =>
  (pairs as [string, number][]).sort(([a], [b]) => a < b ? -1 : 1);

Deno.test("several jobs at once share the executors; a stage that ran is skipped", async () => {
  await using test = testEngine({ executors: 2 });
  const plan = await wordCounts(2);
  const doubled = mapped(await recordsPlan([1, 2, 3], 3), (n: number) => n * 2);
  const [counts, numbers] = await Promise.all([
    recordsOf(test.engine, collectOf(plan)),
    recordsOf(test.engine, collectOf(doubled)),
  ]);
  assert.deepEqual(sorted(counts), [["be", 2], ["not", 1], ["or", 1], ["to", 2]]);
  assert.deepEqual(numbers, [2, 4, 6]);
  const started = () => test.events.filter((type) => type === "stage.started").length;
  const before = started();
  assert.deepEqual(sorted(await recordsOf(test.engine, collectOf(plan))), sorted(counts));
  assert.equal(started(), before + 1, "the map stage ran again");
});

Deno.test("a sort seeks into sorted runs, with two slots, on two disks", async () => {
  const second = Deno.makeTempDirSync({ prefix: "flint_engine_test_" });
  {
    await using test = testEngine({
      slotsPerExecutor: 2,
      folders: [Deno.makeTempDirSync({ dir: second }), second],
    });
    const numbers = Array.from({ length: 5_000 }, (_, i) => (i * 7919) % 5_000);
    const pairs = mapped(await recordsPlan(numbers, 4), (n: number) => [n, n]);
    const plan = exchanged(pairs, {
      kind: "sort",
      ascending: true,
      partitioner: { kind: "range", partitions: 3, ascending: true },
    });
    const keys = (await recordsOf(test.engine, collectOf(plan))).map((pair) =>
      (pair as [number])[0]
    );
    assert.deepEqual(keys, numbers.toSorted((a, b) => a - b));
  }
  const left = [...Deno.readDirSync(second)].map((entry) => entry.name);
  Deno.removeSync(second, { recursive: true });
  assert.equal(left.length, 1, `left behind: ${left}`);
});

Deno.test("a lost map output is made again", async () => {
  await using test = testEngine();
  const plan = await wordCounts(1);
  const counts = await recordsOf(test.engine, collectOf(plan));
  const [application] = test.left();
  const executor = `${test.folder}/${application}/executor-0-0-disk-0`;
  const data = [...Deno.readDirSync(executor)].find(({ name }) => name.endsWith(".data"))!;
  Deno.removeSync(`${executor}/${data.name}`);
  assert.deepEqual(await recordsOf(test.engine, collectOf(plan)), counts);
});

Deno.test("what user code throws arrives with its place and its cause", async () => {
  await using test = testEngine();
  const plan = mapped(await recordsPlan([7], 1), (n: number) => {
    throw Object.assign(new RangeError(`no ${n}`), { status: 404 });
  });
  await assert.rejects(recordsOf(test.engine, collectOf(plan)), (error) => {
    assert.ok(error instanceof TaskError, String(error));
    assert.equal(error.place.partition, 0);
    const cause = error.cause as Error & { status: number };
    assert.deepEqual([cause.name, cause.message, cause.status], ["RangeError", "no 7", 404]);
    assert(cause instanceof RangeError, "a class of the language is kept");
    return true;
  });
  assert.deepEqual(await recordsOf(test.engine, collectOf(await recordsPlan([1], 1))), [1]);
});

const exits: readonly [act: RegExp, fn: (n: number) => unknown][] = [
  [/Deno\.exit\(3\) was called/, () => Deno.exit(3)],
  [/close\(\) was called/, () => (globalThis as unknown as { close(): void }).close()],
  [/nobody awaited was rejected: TypeError: adrift/, () => {
    Promise.reject(new TypeError("adrift"));
    return 1;
  }],
];

Deno.test("a task that ends its worker fails by name, and the next one has a new worker", async () => {
  await using test = testEngine();
  for (const [act, fn] of exits) {
    const plan = mapped(await recordsPlan([1], 1), fn);
    await assert.rejects(recordsOf(test.engine, collectOf(plan)), (error) => {
      assert.equal((error as JobError).code, "TaskExited", String(error));
      assert.match((error as Error).message, act);
      return true;
    });
    assert.deepEqual(await recordsOf(test.engine, collectOf(await recordsPlan([1], 1))), [1]);
  }
});

Deno.test("a task that kills its process is tried again, and then its job fails", async () => {
  await using test = testEngine();
  const plan = mapped(await recordsPlan([1], 1), () => Deno.kill(Deno.pid, "SIGKILL"));
  await assert.rejects(recordsOf(test.engine, collectOf(plan)), (error) => {
    assert.ok(error instanceof JobError, String(error));
    assert.match(error.message, /SIGKILL/);
    return true;
  });
  assert.ok(test.events.filter((type) => type === "executor.lost").length > 1);
  assert.deepEqual(await recordsOf(test.engine, collectOf(await recordsPlan([1], 1))), [1]);
});

Deno.test("a task that exhausts its memory ends its executor, and the job says so", async () => {
  await using test = testEngine({ executorMemoryBytes: 150 << 20 });
  const plan = mapped(await recordsPlan([1], 1), () => {
    const held: Uint8Array[] = [];
    for (;;) held.push(new Uint8Array(8 << 20).fill(1));
  });
  await assert.rejects(recordsOf(test.engine, collectOf(plan)), (error) => {
    assert.equal((error as JobError).code, "ExecutorOutOfMemory", String(error));
    return true;
  });
});

Deno.test("a job that is aborted ends at once, also while user code spins", async () => {
  await using test = testEngine();
  const plan = mapped(await recordsPlan([1], 1), () => {
    for (;;);
  });
  const controller = new AbortController();
  const running = recordsOf(test.engine, collectOf(plan, { signal: controller.signal }));
  setTimeout(() => controller.abort(new CancelledError("Cancelled", "enough")), 300);
  await assert.rejects(running, /enough/);
  assert.deepEqual(await recordsOf(test.engine, collectOf(await recordsPlan([1], 1))), [1]);
});

Deno.test("whoever stops listening ends the job", async () => {
  await using test = testEngine();
  const plan = mapped(await recordsPlan([1, 2], 2), (n: number) => {
    for (; n > 1;);
    return n;
  });
  for await (const { partition, blocks } of test.engine.run(collectOf(plan))) {
    assert.deepEqual([partition, decodeBlock(blocks[0]!)], [0, [1]]);
    break;
  }
  assert.deepEqual(await recordsOf(test.engine, collectOf(await recordsPlan([1], 1))), [1]);
});

Deno.test("tasks may do what was granted and nothing else", async () => {
  const file = Deno.makeTempFileSync();
  Deno.writeTextFileSync(file, "secret");
  try {
    const plan = mapped(
      await recordsPlan([file], 1),
      (path: string) => Deno.readTextFileSync(path),
    );
    {
      await using test = testEngine();
      await assert.rejects(recordsOf(test.engine, collectOf(plan)), /--allow-read/);
    }
    await using test = testEngine({ grants: { ...NO_GRANTS, read: [file] } });
    assert.deepEqual(await recordsOf(test.engine, collectOf(plan)), ["secret"]);
  } finally {
    Deno.removeSync(file);
  }
});

Deno.test("a value of many megabytes arrives whole", async () => {
  await using test = testEngine();
  const plan = mapped(await recordsPlan([3, 5], 2), (n: number) => "x".repeat(n << 20));
  const texts = await recordsOf(test.engine, collectOf(plan)) as string[];
  assert.deepEqual(texts.map((text) => text.length), [3 << 20, 5 << 20]);
});

Deno.test("a count is one value a partition; unwanted partitions do not run", async () => {
  await using test = testEngine();
  const plan = await recordsPlan([1, 2, 3, 4, 5], 3);
  const job = { ...collectOf(plan), action: { kind: "count" } as const, partitions: [2, 0] };
  const counts = new Map<number, unknown>();
  for await (const { partition, blocks } of test.engine.run(job)) {
    counts.set(partition, decodeBlock(blocks[0]!)[0]);
  }
  assert.deepEqual([...counts].sort(), [[0, 1], [2, 2]]);
});

Deno.test("stop ends running jobs, leaves nothing behind, and can be called again", async () => {
  await using test = testEngine();
  const plan = mapped(await recordsPlan([1], 1), () => {
    for (;;);
  });
  const running = recordsOf(test.engine, collectOf(plan));
  running.catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await test.engine[Symbol.asyncDispose]();
  await test.engine[Symbol.asyncDispose]();
  await assert.rejects(running, CancelledError);
  assert.deepEqual(test.left(), []);
  await assert.rejects(recordsOf(test.engine, collectOf(plan)), /has been stopped/);
});

Deno.test("a folder that is missing is refused with the setting that names it", () => {
  assert.throws(() => testEngine({ folders: ["/nowhere/at/all"] }), /spark\.local\.dir/);
});

Deno.test("what a listener does is told after what it heard of has been done", async () => {
  const controller = new AbortController();
  await using test = testEngine({
    listener: ({ type }) => type === "task.started" && controller.abort(new Error("at once")),
  });
  const plan = mapped(await recordsPlan([1], 1), (n: number) => n);
  const running = recordsOf(test.engine, collectOf(plan, { signal: controller.signal }));
  await assert.rejects(running, /at once/);
  // The executor was told to run a task and then to end it, not the other way round.
  assert.deepEqual(await recordsOf(test.engine, collectOf(await recordsPlan([1], 1))), [1]);
  assert.ok(!test.events.includes("executor.lost"), `${test.events}`);
});

const refusals: readonly [name: string, act: () => ReturnType<typeof testEngine>, why: RegExp][] = [
  [
    "a program that is broken",
    () => testEngine({ executors: 2, executorEntry: programOf('throw new Error("it is broken")') }),
    /4 times in a row: .*it is broken/,
  ],
  [
    "a program that just ends",
    () => testEngine({ executors: 2, executorEntry: programOf("export {}") }),
    /it ended with exit code 0/,
  ],
  [
    "a folder that has vanished",
    () => {
      const test = testEngine({ executors: 2 });
      Deno.removeSync(test.folder, { recursive: true });
      return test;
    },
    /No such file.*order-\d+.*\n.*spark\.local\.dir/,
  ],
  [
    "a disk that fails at its first operation",
    () => failing("files", "EIO", 1),
    /: it could not go on: cannot make the folder \/.*executor-\d+-0-disk-0: Input\/output error/,
  ],
  [
    "a connection that breaks as it says who it is",
    () => failing("executorLink", "EIO", 1),
    /: it was ended by SIGKILL: FileError: cannot send to the driver: Input\/output error/,
  ],
  [
    "a process that is killed within a message",
    () =>
      testEngine({
        executorEntry: executorWith(`async connect(path) {
          const connection = await Deno.connect({ transport: "unix", path });
          let writes = 0;
          return {
            read: (into) => connection.read(into),
            async write(bytes) {
              if (++writes === 1) return await connection.write(bytes);
              await connection.write(bytes.subarray(0, bytes.length >> 1));
              Deno.kill(Deno.pid, "SIGKILL");
            },
            close: () => connection.close(),
          };
        }`),
      }),
    /: it was ended by SIGKILL\n/,
  ],
  [
    "a worker that is gone within its first message",
    () => failing("rings", "short write", 1),
    /: it could not go on: the worker does not start: the other side of the ring is gone/,
  ],
];

/** An engine of whose executors all operations fail, from the nth on. */
function failing(seam: Seam, fault: Fault, nth: number): ReturnType<typeof testEngine> {
  const program = new URL("../../chaos/fixtures/faulty_executor.ts", import.meta.url);
  const plan = { seam, fault, nth, forever: true, spent: "/dev/null" };
  return testEngine({ executorEntry: withPlan(program, plan) });
}

function programOf(text: string): URL {
  return new URL(`data:application/javascript,${encodeURIComponent(text)}`);
}

for (const [name, act, why] of refusals) {
  Deno.test(`no executor starts: ${name}`, async () => {
    await using test = act();
    // The second job is smaller: what the first one asked for in vain must not count for it.
    for (const partitions of [3, 1]) {
      const plan = await recordsPlan([1, 2, 3], partitions);
      await assert.rejects(recordsOf(test.engine, collectOf(plan)), (error) => {
        assert.ok(error instanceof JobError, String(error));
        assert.equal(error.code, "ExecutorLost");
        assert.match(error.message, why);
        return true;
      });
    }
    Deno.mkdirSync(test.folder, { recursive: true });
  });
}

Deno.test("an executor that cannot go on is lost with what it says of that", async () => {
  // It hears its first order, and then the driver seems to have closed.
  await using test = failing("executorLink", "EOF", 2);
  const job = recordsOf(test.engine, collectOf(await recordsPlan([1, 2, 3], 3)));
  await assert.rejects(job, {
    code: "ExecutorLost",
    message: /it could not go on: its connection with the driver was closed/,
  });
});

/** The program of an executor in which something is as that piece of an ExecutorSystem says. */
function executorWith(changed: string): URL {
  const executor = new URL("../../../workers/executor.ts", import.meta.url);
  const platform = new URL("../../../workers/platform_deno.ts", import.meta.url);
  return programOf(`
    import { runExecutor, startWorker } from "${executor}";
    import { denoPlatform } from "${platform}";
    await runExecutor(Deno.args, {
      platform: denoPlatform,
      connect: (path) => Deno.connect({ transport: "unix", path }),
      start: (...args) => startWorker(new URL("./worker.ts", "${executor}"), ...args),
      ${changed},
    });`);
}

Deno.test("an error in a timer of an executor is told, and laid to no task", async () => {
  const memory = `memory() { throw new Error("nobody knows how much"); }`;
  const executorEntry = executorWith(`platform: { ...denoPlatform, ${memory} }`);
  await using test = testEngine({ executorEntry });
  const endless = mapped(await recordsPlan([1], 1), () => {
    for (;;);
  });
  await assert.rejects(recordsOf(test.engine, collectOf(endless)), {
    code: "ExecutorLost",
    message: /at last because it could not go on: nobody knows how much/,
  });
});

Deno.test("an executor that is stopped ends programs of which nobody has heard", async () => {
  // As one that is killed between the start of a program and telling of it.
  const executorEntry = executorWith(`async connect(path) {
    const connection = await Deno.connect({ transport: "unix", path });
    return {
      read: (into) => connection.read(into),
      write(bytes) {
        const isTold = new TextDecoder().decode(bytes).includes("programStarted");
        return isTold ? new Promise(() => {}) : connection.write(bytes);
      },
      close: () => connection.close(),
    };
  }`);
  await using test = testEngine({ executorEntry });
  const path = `${test.folder}/pid`;
  const script = `echo $$ > ${path}.new && mv ${path}.new ${path}; exec sleep 1000`;
  const plan = piped(await recordsPlan([1], 1), ["sh", "-c", script]);
  const stopped = assert.rejects(recordsOf(test.engine, collectOf(plan)), { code: "Cancelled" });
  while (!test.left().includes("pid")) await new Promise((resolve) => setTimeout(resolve, 5));
  const pid = Number(Deno.readTextFileSync(path));
  await test.engine[Symbol.asyncDispose]();
  await stopped;
  for (let round = 0; round < 100 && reaches("SIGCONT", pid); round++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.equal(reaches("SIGKILL", pid), false);
});

/** Sends a signal; false where there is no such process. */
function reaches(signal: Deno.Signal, pid: number): boolean {
  try {
    Deno.kill(pid, signal);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
