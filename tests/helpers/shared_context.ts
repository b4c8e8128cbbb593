/** What the tests of operators on a real engine share. */
import assert from "node:assert/strict";

/**
 * A test that uses a context of its file, whose processes outlive it: so they are no leak of the test.
 * That contexts leave nothing behind is held by tests/runtime/local and tests/acceptance.
 */
export function test(name: string, body: () => Promise<void>): void {
  Deno.test({ name, fn: body, sanitizeOps: false, sanitizeResources: false });
}

/** Asserts that `act` fails with an error of that class and code, and with such a message. */
export async function refused(
  act: () => unknown,
  kind: abstract new (...args: never[]) => Error,
  code: string,
  message: RegExp,
): Promise<void> {
  await assert.rejects(async () => await act(), (error: Error & { code?: string }) => {
    assert(error instanceof kind, `${error.stack}`);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });
}
