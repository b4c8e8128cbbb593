/** Lines through a program that reads and writes as chance has it: what goes in comes out. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Blame } from "../../../workers/pipeline/blame.ts";
import { linesOf, piped, pipedLater } from "../../../workers/pipeline/pipe.ts";
import type { PipedProgram } from "../../../workers/task_io.ts";
import { Echo } from "./waiting_rig.ts";

const step = { kind: "pipe", place: "job.ts:1:9" };

function lines(batch: readonly unknown[]): Iterable<Uint8Array> {
  return linesOf(batch, String, step, new Blame());
}

const line = fc.string({ unit: "grapheme", maxLength: 30 }).map((text) =>
  text.replaceAll("\n", " ")
);
const batches = fc.array(fc.array(line, { maxLength: 20 }), { maxLength: 10 });
const chances = fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1 });

function repeated(chances: readonly number[]): () => number {
  let at = 0;
  return () => chances.some((chance) => chance < 0.7) ? chances[at++ % chances.length]! : 0.5;
}

Deno.test("every line comes back once and in order, however the bytes are cut", async () => {
  await fc.assert(
    fc.asyncProperty(batches, chances, async (batches, chances) => {
      const programs = [new Echo(repeated(chances)), new Echo(repeated(chances))];
      const now = [...piped(batches, lines, () => programs[0]!)];
      const later = async function* () {
        for (const batch of batches) yield await Promise.resolve(batch);
      };
      const async = await Array.fromAsync(pipedLater(later(), lines, () => programs[1]!));
      assert.deepEqual(now.flat(), batches.flat());
      assert.deepEqual(async.flat(), batches.flat());
      assert.ok(programs.every((program) => program.isDisposed));
    }),
  );
});

/** A program that does what it was told, whatever it is given. */
function scripted(events: (Uint8Array | "fed" | "ended")[], room: boolean[]) {
  const fed: string[] = [];
  const program: PipedProgram = {
    get hasRoom() {
      return room[0] ?? false;
    },
    feed(bytes) {
      fed.push(new TextDecoder().decode(bytes));
      room.shift();
    },
    endInput: () => void (room.length = 0),
    next: () => {
      room.shift();
      return events.shift()!;
    },
    nextLater: () => Promise.resolve(events.shift()!),
    [Symbol.dispose]() {
      fed.push("disposed");
    },
  };
  return { program, fed };
}

const utf8 = (text: string) => new TextEncoder().encode(text);

Deno.test("lines end with LF alone; bytes that are no UTF-8 become U+FFFD", () => {
  const bytes = new Uint8Array([...utf8("\ufeffa\r\n\nb\r\u2028c"), 0xff, 0xfe, 10, 0xe2, 0x82]);
  const { program } = scripted([bytes.subarray(0, 7), bytes.subarray(7), "ended"], []);
  const read = [...piped([], lines, () => program)].flat();
  assert.deepEqual(read, ["\ufeffa\r", "", "b\r\u2028c\ufffd\ufffd", "\ufffd"]);
});

Deno.test("what a program writes before it reads is handed on before more is made", () => {
  const { program, fed } = scripted([utf8("ready\n"), "fed", utf8("x\n"), "ended"], [false, true]);
  const made: string[] = [];
  const input = function* () {
    try {
      for (const letter of "abc") yield [(made.push(letter), letter)];
    } finally {
      made.push("closed");
    }
  };
  const read = piped(input(), lines, () => program);
  assert.deepEqual(read.next().value, ["ready"]);
  assert.deepEqual(made, []);
  assert.deepEqual(read.next().value, ["x"]);
  assert.deepEqual([fed, made], [["a\n"], ["a"]]);
  assert.equal(read.next().done, true);
  assert.deepEqual([fed, made], [["a\n", "disposed"], ["a", "closed"]]);
});

Deno.test("a batch is fed in pieces of about 64 KB, a long line whole", () => {
  const long = "x".repeat(1 << 20);
  const pieces = [...lines([...Array(100_000).fill("a"), long, "b"])];
  assert.deepEqual(pieces.map(({ length }) => length), [65536, 65536, 65536, 1051969, 2]);
});

Deno.test("a record that has no text is laid to its record", () => {
  const blame = new Blame();
  const odd = Object.create(null);
  const take = () => [...linesOf(["a", odd], (record) => String(record), step, blame)];
  assert.throws(take, (error) => blame.of(error)?.record?.value === odd);
});

Deno.test("a line without end is refused before it fills the memory", () => {
  const endless: PipedProgram = {
    ...scripted([], []).program,
    hasRoom: false,
    next: () => new Uint8Array(32 << 20),
  };
  const read = piped([], lines, () => endless);
  assert.throws(() => read.next(), { code: "RecordTooLarge" });
});
