import assert from "node:assert/strict";
import fc from "fast-check";
import { createRing, RingBrokenError, RingReader, RingWriter } from "../../workers/ring.ts";

const echoUrl = new URL("../fixtures/ring_echo_worker.ts", import.meta.url);

/** A thread that sends back every message it receives, blocking on both rings. */
function startEcho(capacityBytes: number) {
  const toWorker = createRing(capacityBytes);
  const fromWorker = createRing(capacityBytes);
  const worker = new Worker(echoUrl, { type: "module" });
  worker.postMessage({ toWorker, fromWorker });
  return {
    writer: new RingWriter(toWorker),
    reader: new RingReader(fromWorker),
    [Symbol.dispose]: () => worker.terminate(),
  };
}

function bytesOf(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 0xff);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

Deno.test("messages of any length come out whole and in order, through a thread and back", async () => {
  using echo = startEcho(64);
  const message = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(fc.array(message, { maxLength: 8 }), async (messages) => {
      const sending = (async () => {
        for (const parts of messages) await echo.writer.sendLater(parts);
      })();
      for (const parts of messages) {
        assert.deepEqual(await echo.reader.receiveLater(), joined(parts));
      }
      await sending;
    }),
    { numRuns: 100 },
  );
});

Deno.test("the blocking and the awaiting form of one side can take turns", async () => {
  using echo = startEcho(1024);
  for (let i = 0; i < 50; i++) {
    const message = bytesOf(i * 7, i);
    if (i % 2 === 0) echo.writer.send([message]);
    else await echo.writer.sendLater([message]);
    const back = i % 3 === 0 ? echo.reader.receive() : await echo.reader.receiveLater();
    assert.deepEqual(back, message);
  }
});

Deno.test("a receive that blocks goes on where one that awaits has got to", async () => {
  const ring = createRing(256);
  const [writer, reader] = [new RingWriter(ring), new RingReader(ring)];
  /** The first word of a ring: how many bytes have been written. */
  const words = new Int32Array(ring);
  for (const unwritten of [1, 50, 101, 103]) {
    const [long, short] = [bytesOf(100, unwritten), bytesOf(3, unwritten)];
    writer.send([long]);
    Atomics.sub(words, 0, unwritten);
    const awaited = reader.receiveLater();
    Atomics.add(words, 0, unwritten);
    assert.deepEqual(reader.receive(), long);
    writer.send([short]);
    assert.deepEqual(await awaited, short);
  }
});

Deno.test("a message far longer than the ring goes through in pieces", async () => {
  using echo = startEcho(4096);
  const message = bytesOf(3_000_000, 5);
  const sending = echo.writer.sendLater([message]);
  assert.deepEqual(await echo.reader.receiveLater(), message);
  await sending;
});

Deno.test("positions wrap at 2^32 without a trace", () => {
  const memory = createRing(64);
  const words = new Int32Array(memory, 0, 16);
  words[0] = words[1] = -10;
  const writer = new RingWriter(memory);
  const reader = new RingReader(memory);
  for (let i = 0; i < 20; i++) {
    writer.send([bytesOf(i, i)]);
    assert.deepEqual(reader.receive(), bytesOf(i, i));
  }
});

Deno.test("after the end the reader gets what is there, then undefined", async () => {
  const memory = createRing(64);
  const writer = new RingWriter(memory);
  const reader = new RingReader(memory);
  writer.send([bytesOf(10, 1)]);
  writer.end();
  assert.deepEqual(await reader.receiveLater(), bytesOf(10, 1));
  assert.equal(await reader.receiveLater(), undefined);
  assert.equal(reader.receive(), undefined);
});

Deno.test("the end reaches a thread that is waiting, and comes back through it", async () => {
  using echo = startEcho(64);
  const waiting = echo.reader.receiveLater();
  echo.writer.end();
  assert.equal(await waiting, undefined);
});

Deno.test("a break wakes a reader and a writer that wait", async () => {
  const empty = createRing(64);
  const reading = new RingReader(empty).receiveLater();
  new RingWriter(empty).break();
  await assert.rejects(reading, RingBrokenError);

  const full = createRing(64);
  const writing = new RingWriter(full).sendLater([new Uint8Array(100)]);
  new RingReader(full).break();
  await assert.rejects(writing, RingBrokenError);
  assert.throws(() => new RingWriter(full).send([new Uint8Array(1)]), RingBrokenError);
});

Deno.test("a break wakes a thread that blocks", async () => {
  using echo = startEcho(64);
  // The thread blocks in `send`: nobody reads what it sends back.
  const stuck = echo.writer.sendLater([new Uint8Array(500)]).then(() =>
    echo.writer.sendLater([new Uint8Array(500)])
  );
  stuck.catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 20));
  echo.reader.break();
  // Its ring is broken, so it breaks ours: that is how we learn that it woke up.
  await assert.rejects(stuck, RingBrokenError);
});

Deno.test("a ring that ends within a message has lost its other side", () => {
  const memory = createRing(64);
  const writer = new RingWriter(memory);
  new DataView(memory).setUint32(64, 50, true);
  Atomics.store(new Int32Array(memory), 0, 4);
  writer.end();
  assert.throws(() => new RingReader(memory).receive(), RingBrokenError);
});

Deno.test("a capacity that is not a power of two is refused", () => {
  assert.throws(() => createRing(1000), /power of two/);
});
