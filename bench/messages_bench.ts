// `deno task bench`: what processes and threads say to one another: encoding, rings, a socket.
import assert from "node:assert/strict";
import { NO_METRICS } from "../core/task.ts";
import { Channel } from "../workers/channel.ts";
import {
  decodeMessage,
  encodeMessage,
  type FromExecutor,
  fromExecutorShapes,
  type FromWorker,
  fromWorkerShapes,
  type ToExecutor,
  toExecutorShapes,
} from "../workers/protocol.ts";
import { createRing, RingReader, RingWriter } from "../workers/ring.ts";
import { bench, benchNow } from "./suite.ts";

const MESSAGES = 1000;
const task = { stage: 3, partition: 17, attempt: 0 };
const loads = { "no load": 0, "a load of 64 KB": 64 << 10 };

const ended: FromExecutor = {
  kind: "ended",
  result: { kind: "value", task, metrics: NO_METRICS, blocks: [], updates: [] },
};
benchNow("1,000 messages", "encode and decode the end of a task", () => {
  let attempts = 0;
  for (let i = 0; i < MESSAGES; i++) {
    const [prefix, header, bytes] = encodeMessage(ended);
    const encoded = new Uint8Array(prefix!.length + header!.length + bytes!.length);
    encoded.set(prefix!);
    encoded.set(header!, prefix!.length);
    const message = decodeMessage<FromExecutor>(encoded, fromExecutorShapes);
    attempts += message.kind === "ended" ? message.result.task.attempt + 1 : 0;
  }
  assert.equal(attempts, MESSAGES);
  return attempts;
});

for (const [name, bytes] of Object.entries(loads)) {
  const memory = createRing(1 << 20);
  const [writer, reader] = [new RingWriter(memory), new RingReader(memory)];
  const load = new Uint8Array(bytes).fill(7);
  benchNow("1,000 messages", `through a ring, ${name}`, () => {
    let sum = 0;
    for (let i = 0; i < MESSAGES; i++) {
      writer.send(encodeMessage({ kind: "emit", bytes: load }));
      const message = decodeMessage<FromWorker>(reader.receive()!, fromWorkerShapes);
      sum += message.kind === "emit" ? message.bytes.length : NaN;
    }
    assert.equal(sum, MESSAGES * bytes);
    return sum;
  });
}

const folder = Deno.makeTempDirSync({ prefix: "flint-bench-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const listener = Deno.listen({ transport: "unix", path: `${folder}/socket` });
const [near, far] = await Promise.all([
  Deno.connect({ transport: "unix", path: `${folder}/socket` }),
  listener.accept(),
]);
listener.close();
const driver = new Channel<ToExecutor, FromExecutor>(near, fromExecutorShapes);
const heard = new Channel<FromExecutor, ToExecutor>(far, toExecutorShapes).messages();
for (const [name, bytes] of Object.entries(loads)) {
  const load = new Uint8Array(bytes).fill(7);
  bench("1,000 messages", `through a socket, ${name}`, async () => {
    let sum = 0;
    const sent = Array.from(
      { length: MESSAGES },
      () => driver.send({ kind: "prepare", stage: 1, bytes: load }),
    );
    for (let i = 0; i < MESSAGES; i++) {
      const { value } = await heard.next();
      sum += value?.kind === "prepare" ? value.bytes.length : NaN;
    }
    await Promise.all(sent);
    assert.equal(sum, MESSAGES * bytes);
    return sum;
  });
}
