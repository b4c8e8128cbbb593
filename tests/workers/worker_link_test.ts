/** The worker's end of a program: what it says, and when it may be fed. */
import assert from "node:assert/strict";
import {
  decodeMessage,
  encodeMessage,
  type FromWorker,
  fromWorkerShapes,
  type ToWorker,
} from "../../workers/protocol.ts";
import { createRing, RingReader, RingWriter } from "../../workers/ring.ts";
import { WorkerLink } from "../../workers/worker_link.ts";

/** A link, and a control thread that says what the test says. */
function rig() {
  const [input, output] = [createRing(1 << 16), createRing(1 << 16)];
  const link = new WorkerLink({ input, output, flags: new SharedArrayBuffer(64) });
  const [toWorker, fromWorker] = [new RingWriter(input), new RingReader(output)];
  return {
    link,
    say: (message: ToWorker) => toWorker.send(encodeMessage(message)),
    heard: (): FromWorker => decodeMessage<FromWorker>(fromWorker.receive()!, fromWorkerShapes),
  };
}

const bytes = new Uint8Array([97, 10]);

Deno.test("a program is fed while it has room, and never again once it wants no more", () => {
  const { link, say, heard } = rig();
  using program = link.pipe(3);
  const start = heard();
  assert(start.kind === "pipe" && start.pipe === 3);
  const { stream } = start;
  while (program.hasRoom) program.feed(bytes);
  assert.throws(() => program.feed(bytes), /room/);
  for (let fed = 0; fed < 4; fed++) assert.deepEqual(heard(), { kind: "feed", stream, bytes });
  say({ kind: "fed", stream, wanted: true });
  assert.deepEqual([program.next(), program.hasRoom], ["fed", true]);
  say({ kind: "fed", stream, wanted: false });
  assert.deepEqual([program.next(), program.hasRoom], ["fed", false]);
  say({ kind: "piece", stream, bytes });
  assert.deepEqual(program.next(), bytes);
  assert.equal(heard().kind, "more");
});

Deno.test("a program is ended where it is left, unless it has ended", async () => {
  const { link, say, heard } = rig();
  const [left, ended, failed] = [link.pipe(0), link.pipe(1), link.pipe(2)];
  const streams = [heard(), heard(), heard()].map((start) => start.kind === "pipe" && start.stream);
  const [first, second, third] = streams as [number, number, number];
  const failure = { name: "PlanError", code: "NotAvailable", message: "no such program" } as const;
  say({ kind: "streamFailed", stream: third, failure });
  say({ kind: "streamEnded", stream: second });
  assert.equal(await ended.nextLater(), "ended");
  assert.throws(() => failed.next(), { name: "PlanError", code: "NotAvailable" });
  for (const program of [ended, failed, left, left]) {
    program[Symbol.dispose]();
    assert.equal(program === left || !program.hasRoom, true);
  }
  assert.deepEqual(heard().kind, "close");
  link.send({ kind: "ready" });
  assert.deepEqual(heard().kind, "ready", "only one was closed");
  // What comes for it afterwards is for nobody.
  say({ kind: "piece", stream: first, bytes });
  say({ kind: "release", stage: 1 });
});

Deno.test("several who await messages share the one that comes", async () => {
  const { link, say, heard } = rig();
  using one = link.pipe(0);
  using two = link.pipe(1);
  const [first, second] = [heard(), heard()].map((start) => start.kind === "pipe" && start.stream);
  const both = Promise.all([one.nextLater(), two.nextLater()]);
  say({ kind: "fed", stream: second as number, wanted: true });
  say({ kind: "streamEnded", stream: first as number });
  assert.deepEqual(await both, ["ended", "fed"]);
});
