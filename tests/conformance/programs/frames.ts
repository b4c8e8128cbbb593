/** The frames between programs and executors. */
import assert from "node:assert/strict";
import { type ByteStream, Channel } from "../../../workers/channel.ts";
import { type FromExecutor, fromExecutorShapes } from "../../../workers/protocol.ts";
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
    // What is between the processes has no public name, so this looks at our own channel.
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
];
