import assert from "node:assert/strict";
import { ConfigError } from "../../core/errors.ts";
import {
  NO_GRANTS,
  parseGrants,
  processFlags,
  workerPermissions,
} from "../../workers/permissions.ts";

Deno.test("grants are nothing, all, or a list", () => {
  const grants = parseGrants({ read: "", write: "*", net: "db:9042, s3.local" });
  assert.deepEqual(grants, { ...NO_GRANTS, write: "all", net: ["db:9042", "s3.local"] });
});

Deno.test("a list with an empty name, a star or a NUL is refused and names the setting", () => {
  for (const text of ["a,,b", "a,", "*,a", "a\0b"]) {
    assert.throws(() => parseGrants({ read: text }), (error) => {
      assert.ok(error instanceof ConfigError);
      return error.code === "InvalidConfig" && error.message.includes("flint.allow.read");
    });
  }
});

Deno.test("a worker has its own folders and the grants, and nothing else", () => {
  assert.deepEqual(workerPermissions(NO_GRANTS, ["/app"], ["/app/own"]), {
    ...NO_GRANTS,
    read: ["/app", "/app/own"],
    write: ["/app/own"],
    import: [],
  });
  const granted = workerPermissions(
    { ...NO_GRANTS, read: "all", write: ["/out"], run: ["git"] },
    ["/app"],
    ["/app/own"],
  );
  assert.equal(granted.read, true);
  assert.deepEqual(granted.write, ["/app/own", "/out"]);
  assert.deepEqual(granted.run, ["git"]);
  assert.deepEqual(granted.net, []);
});

Deno.test("the process around it reads, writes and runs, and may connect and so on as granted", () => {
  assert.deepEqual(processFlags(NO_GRANTS, "/s"), [
    "--no-prompt",
    "--allow-read",
    "--allow-write",
    "--allow-run",
    "--allow-net=unix:/s",
  ]);
  const flags = processFlags(
    { ...NO_GRANTS, net: ["db:1"], env: "all", run: ["a,b", "c"], sys: ["hostname"] },
    "/s",
  );
  assert.deepEqual(flags.slice(4), [
    "--allow-net=unix:/s,db:1",
    "--allow-env",
    "--allow-sys=hostname",
  ]);
  assert.ok(processFlags({ ...NO_GRANTS, net: "all" }, "/s").includes("--allow-net"));
});
