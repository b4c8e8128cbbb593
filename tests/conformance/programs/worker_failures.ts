/** What goes wrong in executors: it is told as what it is, and the next job is right. */
import assert from "node:assert/strict";
import {
  CancelledError,
  InputError,
  JobError,
  type SparkContext,
  TaskContext,
  TaskError,
} from "@flint/flint";
import { executorPids, onLine, processGone, until } from "../executors.ts";
import type { Program } from "../program.ts";

/** The next job is right. */
async function assertWell(sc: SparkContext): Promise<void> {
  assert.equal(await sc.range(0, 100, 1, 8).map((n) => n * n).sum(), 328_350);
}

export const workerFailures: readonly Program[] = [
  {
    name: "a job that is cancelled ends although its tasks never would, and so do their processes",
    pyspark: "test_worker.WorkerTests.test_cancel_task",
    async run(sc) {
      const pids: number[] = [];
      const started = Promise.withResolvers<void>();
      using _listening = onLine(sc, (line) => {
        const pid = line.match(/^endless in (\d+)$/)?.[1];
        if (pid === undefined) return;
        pids.push(Number(pid));
        started.resolve();
      });
      const job = sc.range(1).foreach(() => {
        console.log(`endless in ${Deno.pid}`);
        for (;;);
      });
      const told = assert.rejects(job, CancelledError);
      await started.promise;
      sc.cancelAllJobs();
      await told;
      await processGone(pids[0]!);
      await assertWell(sc);
    },
  },
  {
    name: "a job after one that failed is right",
    pyspark: "test_worker.WorkerTests.test_after_exception",
    async run(sc) {
      const failing = sc.range(0, 4, 1, 4).foreach((n) => {
        throw new Error(`record ${n}`);
      });
      await assert.rejects(failing, TaskError);
      await assertWell(sc);
    },
  },
  {
    // What stands for SystemExit: the ways to end a process, and things that are no Error.
    name: "a task that exits, or throws what is no Error, fails and does not hang",
    pyspark: "test_worker.WorkerTests.test_after_non_exception_error",
    async run(sc) {
      const thrown = [null, undefined, {}, "text", Symbol("s")];
      for (let index = 0; index < thrown.length; index++) {
        const failing = sc.range(1).foreach(() => {
          throw [null, undefined, {}, "text", Symbol("s")][index];
        });
        await assert.rejects(failing, (error: TaskError) => {
          assert(error instanceof TaskError);
          assert.match(error.message, /which is no Error/);
          return true;
        });
      }
      const exiting = sc.range(1).foreach(() => Deno.exit(0));
      await assert.rejects(exiting, (error: JobError) => {
        assert(error instanceof JobError, error.stack);
        assert.equal(error.code, "TaskExited");
        assert.match(error.message, /Deno\.exit\(0\)/);
        return true;
      });
      await assertWell(sc);
    },
  },
  {
    // What stands for an exception of the JVM: one of the engine's own, outside of the task.
    name: "a job whose input was deleted fails, and the next one is right",
    pyspark: "test_worker.WorkerTests.test_after_jvm_exception",
    async run(sc, kit) {
      const file = `${await kit.folder()}/text`;
      await Deno.writeTextFile(file, "one\ntwo\n");
      const lines = sc.textFile(file, 1);
      assert.equal(await lines.count(), 2);
      await Deno.remove(file);
      await assert.rejects(lines.count(), InputError);
      await assertWell(sc);
    },
  },
  {
    name: "what an error says arrives whole, whatever characters it has",
    pyspark: "test_worker.WorkerTests.test_python_exception_non_hanging",
    async run(sc) {
      for (
        const text of [
          "测试中的错误",
          "é\u0301 😀",
          "half of a pair: \ud83d",
          "\0\x1b[31m\n\ttwo lines",
        ]
      ) {
        const failing = sc.range(1).foreach(() => {
          throw new Error(text);
        });
        await assert.rejects(failing, (error: TaskError) => {
          assert.equal((error.cause as Error).message, text);
          assert(error.message.includes(text));
          return true;
        });
      }
      await assertWell(sc);
    },
  },
  {
    // The limit of a process of Python is that of its addresses; ours is that of its heap.
    name: "an executor has the memory that was set, and no more",
    pyspark: "test_worker.WorkerMemoryTest.test_memory_limit",
    settings: { "spark.executor.memory": "200m", "spark.task.maxFailures": "1" },
    async run(sc) {
      const limit = sc.range(1).mapPartitions(async function* () {
        const { getHeapStatistics } = await import("node:v8");
        yield getHeapStatistics().heap_size_limit;
      });
      // V8 adds its young generation, of three semi-spaces of 4 MB.
      const [heapBytes] = await limit.collect();
      assert(heapBytes! >= 200 << 20 && heapBytes! <= 216 << 20, `${heapBytes}`);
      const hoarding = sc.range(1).map(() => {
        const hoard: unknown[] = [];
        for (;;) hoard.push(new Array(1000).fill(hoard.length));
      });
      await assert.rejects(hoarding.count(), (error: JobError) => {
        assert(error instanceof JobError, error.stack);
        assert.equal(error.code, "ExecutorOutOfMemory");
        return true;
      });
      await assertWell(sc);
    },
  },
  {
    // V8 itself catches a SIGSEGV that comes from outside.
    name: "an executor that a signal ends is told by the name of the signal",
    pyspark: "test_worker.WorkerSegfaultTest.test_python_segfault",
    async run(sc) {
      using _listening = onLine(sc, (line) => {
        const pid = line.match(/^to be ended: (\d+)$/)?.[1];
        if (pid !== undefined) Deno.kill(Number(pid), "SIGABRT");
      });
      const job = sc.range(1).foreach(() => {
        console.log(`to be ended: ${Deno.pid}`);
        for (;;);
      });
      await assert.rejects(job, (error: JobError) => {
        assert(error instanceof JobError, error.stack);
        assert.match(error.message, /SIGABRT/);
        return true;
      });
      await assertWell(sc);
    },
  },
  {
    name: "executors that are ended while they are idle are replaced",
    pyspark: "test_worker.WorkerPoolCrashTest.test_worker_crash",
    async run(sc) {
      const pids = await executorPids(sc);
      let lost = 0;
      sc.addSparkListener({ onExecutorRemoved: () => void lost++ });
      Deno.kill(pids[0]!, "SIGTERM");
      await until(() => lost === 1);
      await assertWell(sc);
      const now = await executorPids(sc);
      assert(now.includes(pids[1]!) && !now.includes(pids[0]!));
    },
  },
  {
    // PySpark's daemon ends when its standard input is closed; an executor when its channel is.
    name: "executors end with the program, also where it had no time to stop them",
    pyspark: "test_daemon.DaemonTests.test_termination_stdin",
    async run(sc, kit) {
      const script = `${await kit.folder()}/job.ts`;
      await Deno.writeTextFile(
        script,
        `import { SparkContext } from "@flint/flint";
         const sc = new SparkContext({ master: ${JSON.stringify(sc.master)} });
         setInterval(() => {}, 1000);
         console.log(await sc.range(0, 8, 1, 8).map(() => Deno.pid).distinct().collect());`,
      );
      const config = new URL("../../../deno.json", import.meta.url).pathname;
      const program = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--config", config, script],
        stdout: "piped",
      }).spawn();
      let text = "";
      for await (const part of program.stdout.pipeThrough(new TextDecoderStream())) {
        text += part;
        if (!text.includes("]")) continue;
        program.kill("SIGKILL");
        break;
      }
      await program.status;
      const pids = text.match(/\d+/g)!.map(Number);
      assert(pids.length >= 1);
      await Promise.all(pids.map(processGone));
    },
  },
  {
    name: "an executor that is told to end ends, also in the middle of a task",
    pyspark: "test_daemon.DaemonTests.test_termination_sigterm",
    async run(sc) {
      const ended: number[] = [];
      using _listening = onLine(sc, (line) => {
        const pid = Number(line.match(/^in (\d+)$/)?.[1]);
        if (Number.isNaN(pid) || ended.length > 0) return;
        ended.push(pid);
        Deno.kill(pid, "SIGTERM");
      });
      // The first attempt spins until it is gone; the second one finds that and goes on.
      const job = sc.range(1).map(() => {
        console.log(`in ${Deno.pid}`);
        const attemptNumber = TaskContext.get()!.attemptNumber();
        while (attemptNumber === 0);
        return attemptNumber;
      });
      assert.deepEqual(await job.collect(), [1]);
      await processGone(ended[0]!);
      await assertWell(sc);
    },
  },
];
