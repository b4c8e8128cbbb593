/** What the runtime says where it refuses something, in the words that it has in this very run. */
import assert from "node:assert/strict";
import { lookup } from "node:dns/promises";
import { reportOf } from "../../core/errors.ts";
import { denialIn } from "../../workers/denials.ts";

const loadedAs: Record<string, string> = { LD_PRELOAD: "x", LD_AUDIT: "y" };

type Refused = readonly [act: () => unknown, permission: string, value: string, message: RegExp];

/** Each is refused to a program that may read everything and run `cat`. */
const refusals: readonly Refused[] = [
  [() => Deno.writeTextFileSync('/a "b"', ""), "write", '/a "b"', /^writing "\/a \\"b\\"" was/],
  [() => Deno.makeTempDirSync(), "write", "", /^write access .*\{ write: true \}.*-write$/s],
  [() => Deno.connect({ port: 1 }), "net", "127.0.0.1:1", /\{ net: \["127.0.0.1:1"\] \}/],
  [() => fetch("http://api.example"), "net", "api.example:80", /--allow-net=api.example:80$/],
  [() => lookup("a.example"), "net", "a.example", /^network access to "a.example" was/],
  [() => Deno.env.get("HOME"), "env", "HOME", /^reading the environment variable "HOME" was/],
  [() => Deno.env.toObject(), "env", "", /^env access .*\{ env: true \}.*--allow-env$/s],
  [() => new Deno.Command("ls").outputSync(), "run", "ls", /^running "ls" was/],
  [() => Deno.kill(1, "SIGCONT"), "run", "", /\{ run: true \}/],
  [
    () => new Deno.Command("cat", { env: loadedAs }).outputSync(),
    "run",
    "",
    /^running a program with a value for LD_AUDIT, LD_PRELOAD was .*\{ run: true \}.*-run$/s,
  ],
  [
    () => new Deno.Command("cat", { env: { LD_AUDIT: "y" } }).spawn(),
    "run",
    "",
    /for LD_AUDIT was/,
  ],
  [() => Deno.dlopen("/lib/x.so", {}), "ffi", "/lib/x.so", /^loading the native library/],
  [() => Deno.UnsafePointer.create(1n), "ffi", "", /\{ ffi: true \}/],
  [() => Deno.hostname(), "sys", "hostname", /^asking the system for "hostname" was/],
  [() => Deno.symlinkSync("/a", "/b"), "read write", "", /^making symbolic links was not granted/],
  [
    () => Deno.symlink("/a", "/b"),
    "read write",
    "",
    /\{ read: true, write: true \}\), or to the whole job by --allow-read --allow-write$/,
  ],
  [
    () => new Worker("data:,", { type: "module", deno: { permissions: { net: true } } }),
    "all",
    "",
    /^a worker that may do more than its task was not granted\n/,
  ],
];

async function thrownBy(act: () => unknown): Promise<unknown> {
  try {
    await act();
  } catch (error) {
    return error;
  }
  assert.fail(`${act} was not refused`);
}

Deno.test({
  name: "a refusal is known, whatever it is that was refused",
  permissions: { read: true, run: ["cat"] },
  async fn() {
    for (const [act, permission, value, message] of refusals) {
      const { cause, ...report } = reportOf(await thrownBy(act));
      const told = denialIn({ name: "Error", message: "wrapped", cause: { ...report, cause } });
      assert.deepEqual([told?.permission, told?.value], [permission, value], report.message);
      assert.match(told!.message, message);
    }
  },
});

Deno.test({
  name: "what only who may do everything may read is granted to no task",
  // What nobody is granted lies in /proc, which Linux alone has; CI runs there.
  ignore: Deno.build.os !== "linux",
  permissions: { read: true },
  async fn() {
    const environment = "/proc/self/environ";
    const told = denialIn(reportOf(await thrownBy(() => Deno.readTextFileSync(environment))));
    assert.deepEqual([told?.permission, told?.value], ["all", environment]);
    assert.match(
      told!.message,
      /^all access to .* was not granted\n {2}No task is granted everything/,
    );
  },
});

Deno.test("other errors are no refusals, also those that speak of one", () => {
  const { PermissionDenied } = Deno.errors;
  const others = ["Requires net access", "It requires run access to x", "getaddrinfo ENOTFOUND a"];
  for (const message of others) {
    for (const error of [new Error(message), new PermissionDenied(message)]) {
      assert.equal(denialIn(reportOf(error)), undefined);
    }
  }
});
