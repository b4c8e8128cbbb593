import assert from "node:assert/strict";
import fc from "fast-check";
import { JobError } from "../../core/errors.ts";
import { type ByteStream, Channel } from "../../workers/channel.ts";
import {
  decodeMessage,
  encodeMessage,
  type FromExecutor,
  fromExecutorShapes,
  type ToWorker,
  toWorkerShapes,
} from "../../workers/protocol.ts";
import { FaultyStream } from "../helpers/faulty_messages.ts";
import { Faults } from "../helpers/faulty_platform.ts";

/** A stream that hands out `bytes` in pieces of at most `pieceBytes`, and takes as few at once. */
function streamOf(bytes: Uint8Array, pieceBytes: number) {
  const written: number[] = [];
  let at = 0;
  const stream: ByteStream = {
    read(into) {
      const count = Math.min(pieceBytes, into.length, bytes.length - at);
      if (count === 0) return Promise.resolve(null);
      into.set(bytes.subarray(at, at + count));
      at += count;
      return Promise.resolve(count);
    },
    write(piece) {
      const count = Math.min(pieceBytes, piece.length);
      for (let i = 0; i < count; i++) written.push(piece[i]!);
      return Promise.resolve(count);
    },
    close() {},
  };
  return { stream, written: () => Uint8Array.from(written) };
}

async function encoded(messages: readonly FromExecutor[], pieceBytes = 1 << 20) {
  const { stream, written } = streamOf(new Uint8Array(0), pieceBytes);
  const channel = new Channel<FromExecutor, FromExecutor>(stream, fromExecutorShapes);
  await Promise.all(messages.map((message) => channel.send(message)));
  return written();
}

async function decoded(bytes: Uint8Array, pieceBytes = 1 << 20): Promise<FromExecutor[]> {
  const { stream } = streamOf(bytes, pieceBytes);
  const channel = new Channel<FromExecutor, FromExecutor>(stream, fromExecutorShapes);
  return await Array.fromAsync(channel.messages());
}

const task = { stage: 3, partition: 7, attempt: 1 };
const valueOf = (bytes: Uint8Array): FromExecutor => ({ kind: "value", task, bytes });
const bytesIn = (message: FromExecutor | undefined) =>
  message?.kind === "value" ? message.bytes : assert.fail(`not a value: ${message?.kind}`);

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

Deno.test("a message comes out as it went in, with its bytes as they are", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const message: ToWorker = { kind: "piece", stream: 4, bytes };
  assert.deepEqual(
    decodeMessage<ToWorker>(joined(encodeMessage(message)), toWorkerShapes),
    message,
  );
  assert.ok(encodeMessage(message).includes(bytes), "the bytes were copied");
});

Deno.test("messages pass a channel in order, however the stream cuts them", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 }),
      fc.integer({ min: 1, max: 50 }),
      async (loads, pieceBytes) => {
        const messages = await decoded(await encoded(loads.map(valueOf), pieceBytes), pieceBytes);
        assert.deepEqual(
          messages.map((message) => [...bytesIn(message)]),
          loads.map((l) => [...l]),
        );
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("a message longer than a frame goes in several, at every length around the limit", async () => {
  for (const length of [32_000, (1 << 20) - 60, 1 << 20, (1 << 20) + 1, 3_000_001]) {
    const load = new Uint8Array(length).fill(9);
    load[length - 1] = 8;
    const [message, ...rest] = await decoded(await encoded([valueOf(load)]), 100_000);
    assert.equal(rest.length, 0);
    assert.ok(isEqual(bytesIn(message), load), `${length} bytes came out wrong`);
  }
});

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

Deno.test("what is damaged is refused with a JobError, wherever it is cut or changed", async () => {
  const whole = await encoded([{ kind: "heartbeat", rssBytes: 5 }, valueOf(new Uint8Array(9))]);
  for (let cut = 1; cut < whole.length; cut++) {
    try {
      const messages = await decoded(whole.subarray(0, cut));
      assert.equal(messages.length, 1, `cut at ${cut}`);
    } catch (error) {
      assert.ok(error instanceof JobError, `cut at ${cut}: ${error}`);
    }
  }
  await fc.assert(
    fc.asyncProperty(
      fc.nat(whole.length - 1),
      fc.integer({ min: 1, max: 255 }),
      async (at, change) => {
        const damaged = whole.slice();
        damaged[at]! ^= change;
        try {
          await decoded(damaged);
        } catch (error) {
          assert.ok(error instanceof JobError, String(error));
        }
      },
    ),
  );
});

Deno.test("a message of another kind or with a wrong field is refused", () => {
  const refused = (message: unknown, pattern: RegExp) =>
    assert.throws(
      () =>
        decodeMessage<FromExecutor>(
          joined(encodeMessage(message as FromExecutor)),
          fromExecutorShapes,
        ),
      (error) => error instanceof JobError && pattern.test(error.message),
    );
  refused({ kind: "launch", task }, /kind is not known/);
  refused({ kind: "toString" }, /kind is not known/);
  refused({ kind: "heartbeat", rssBytes: -1 }, /field of "heartbeat"/);
  refused({ kind: "value", task: { stage: 1 }, bytes: new Uint8Array(1) }, /field of "value"/);
  refused({ kind: "ended", result: { kind: "value", task, metrics: {} } }, /field of "ended"/);
  refused({ kind: "ended", result: { kind: "written", task, metrics: {}, updates: [] } }, /ended/);
  refused("hello", /kind is not known/);
});

for (const fault of ["EIO", "ENOSPC"] as const) {
  Deno.test(`a message that cannot be sent closes the channel, for both of its sides: ${fault}`, async () => {
    using listener = Deno.listen({ port: 0 });
    const [here, there] = await Promise.all([
      Deno.connect({ port: (listener.addr as Deno.NetAddr).port }),
      listener.accept(),
    ]);
    const faults = new Faults({ fault, nth: fault === "EIO" ? 3 : 2, forever: false });
    faults.arm();
    const stream = new FaultyStream(here, faults, "the other side");
    const channel = new Channel<FromExecutor, FromExecutor>(stream, fromExecutorShapes);
    const other = new Channel<FromExecutor, FromExecutor>(there, fromExecutorShapes);
    // The first operation to which EIO applies is this one, which waits while the others are done.
    const heard = Array.fromAsync(channel.messages());
    const arriving = Array.fromAsync(other.messages());
    await channel.send({ kind: "ready" });
    const refused = { message: /cannot send to the other side/ };
    await assert.rejects(channel.send({ kind: "heartbeat", rssBytes: 1 }), refused);
    await assert.rejects(channel.send({ kind: "heartbeat", rssBytes: 2 }));
    await assert.rejects(heard, refused);
    if (fault === "EIO") assert.deepEqual((await arriving).map(({ kind }) => kind), ["ready"]);
    else await assert.rejects(arriving, { code: "ExecutorLost" });
    other.close();
  });
}
