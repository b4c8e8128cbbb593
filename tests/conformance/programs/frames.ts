/** What is said between programs and executors: it has no public name, so this looks inside. */
import assert from "node:assert/strict";
import { JobError } from "@flint/flint";
import { type ByteStream, Channel } from "../../../workers/channel.ts";
import { type FromExecutor, fromExecutorShapes } from "../../../workers/protocol.ts";
import { collectOf, recordsOf, recordsPlan, testEngine } from "../../helpers/local_plans.ts";
import type { Program } from "../program.ts";

/** A stream that is written and read in pieces of `pieceBytes` at most. */
function streamOf(written: number[], pieceBytes: number): ByteStream {
  let read = 0;
  return {
    read(into) {
      const piece = written.slice(read, read + Math.min(pieceBytes, into.length));
      into.set(piece);
      read += piece.length;
      return Promise.resolve(piece.length === 0 ? null : piece.length);
    },
    write(bytes) {
      written.push(...bytes.subarray(0, pieceBytes));
      return Promise.resolve(Math.min(bytes.length, pieceBytes));
    },
    close() {},
  };
}

export const frames: readonly Program[] = [
  {
    name: "messages of every length arrive whole, however the stream cuts them",
    pyspark: "test_broadcast.test_chunked_stream",
    async run() {
      const task = { stage: 0, partition: 1, attempt: 2 };
      for (const length of [0, 1, 10, 100, 10_000]) {
        const bytes = Uint8Array.from({ length }, (_, index) => index * 7);
        for (const pieceBytes of [1, 2, 5, 8192]) {
          const stream = streamOf([], pieceBytes);
          const channel = new Channel<FromExecutor, FromExecutor>(stream, fromExecutorShapes);
          for (let round = 0; round < 2; round++) {
            await channel.send({ kind: "value", task, bytes });
          }
          const received = await Array.fromAsync(channel.messages());
          const message = { kind: "value", task, bytes };
          assert.deepEqual(received.map((one) => ({ ...one })), [message, message]);
        }
      }
    },
  },
  {
    // Versions of Flint stand for those of Python.
    name: "an executor of another version is refused, and the job says so",
    pyspark: "test_worker.WorkerTests.test_with_different_versions_of_python",
    async run() {
      const executorEntry = new URL("../../fixtures/other_executor.ts", import.meta.url);
      await using test = testEngine({ executorEntry });
      const job = recordsOf(test.engine, collectOf(await recordsPlan([1], 1)));
      await assert.rejects(job, (error: JobError) => {
        assert(error instanceof JobError, String(error));
        assert.match(error.message, /its Flint is 0\.0\.1-other, and that of the program \d/);
        return true;
      });
    },
  },
];
