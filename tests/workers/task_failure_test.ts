import assert from "node:assert/strict";
import { OutputError } from "../../core/errors.ts";
import { FileError } from "../../core/platform.ts";
import { outputError } from "../../io/file_system.ts";
import { Blame } from "../../workers/pipeline/blame.ts";
import { RingBrokenError } from "../../workers/ring.ts";
import { badEnd, servingFailure } from "../../workers/task_failure.ts";

const eio = (act: string) =>
  new FileError("other", act, "/disk/spill", { cause: new Error("Input/output error") });

function failureOf(thrown: unknown) {
  const end = badEnd(thrown, new Blame(), false);
  assert.equal(end.kind, "failed");
  return (end as Extract<typeof end, { kind: "failed" }>).failure;
}

/** What `using` throws where the body has thrown and closing fails as well. */
function whileClosing(thrown: unknown): unknown {
  try {
    using _file = {
      [Symbol.dispose]() {
        throw eio("close");
      },
    };
    throw thrown;
  } catch (error) {
    assert(error instanceof SuppressedError);
    return error;
  }
}

Deno.test("what went wrong first is told, and not that cleaning up failed too", () => {
  const failure = failureOf(whileClosing(whileClosing(eio("write"))));
  assert.deepEqual([failure.name, failure.code], ["OutputError", "OutputDenied"]);
  assert.match(failure.message, /^Cannot write \/disk\/spill: Input\/output error\n/);
  const written = outputError(whileClosing(eio("write")), "/out") as OutputError;
  assert.equal(written.code, "OutputDenied");
});

Deno.test("what user code suppresses is its own", () => {
  const thrown = new SuppressedError(new Error("closing"), new Error("working"), "both");
  assert.equal(failureOf(thrown).name, "SuppressedError");
});

Deno.test("a disk that has failed once is tried again; a full one and one that refuses are not", () => {
  assert.equal(failureOf(eio("write")).final, false);
  assert.equal(failureOf(new FileError("denied", "write", "/disk/spill")).final, true);
  assert.equal(failureOf(new OutputError("DiskFull", "every folder is full")).final, true);
});

Deno.test("the same holds for what the control thread does for a task", () => {
  const full = outputError(new FileError("noSpace", "write", "/out/part"), "/out/part", 150);
  assert.deepEqual([servingFailure(full).code, servingFailure(full).final], ["DiskFull", true]);
  assert.equal(servingFailure(outputError(eio("write"), "/out/part")).final, false);
  assert.equal(servingFailure(whileClosing(eio("write"))).code, "OutputDenied");
});

Deno.test("a task whose ring is broken has nobody to tell how it ended", () => {
  assert.throws(() => failureOf(new RingBrokenError()), RingBrokenError);
});
