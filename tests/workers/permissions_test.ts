import assert from "node:assert/strict";
import { ConfigError } from "../../core/errors.ts";
import { NO_GRANTS } from "../../core/grants.ts";
import { parseGrants, workerPermissions } from "../../workers/permissions.ts";

Deno.test("grants are nothing, all, or a list", () => {
  const grants = parseGrants({ read: "", write: "*", net: "db:9042, s3.local" });
  assert.deepEqual(grants, { write: "all", net: ["db:9042", "s3.local"] });
});

Deno.test("a list with an empty name, a star, a NUL or what is no host is refused and names the setting", () => {
  for (const text of ["a,,b", "a,", "*,a", "a\0b"]) {
    assert.throws(() => parseGrants({ read: text }), (error) => {
      assert.ok(error instanceof ConfigError);
      return error.code === "InvalidConfig" && error.message.includes("flint.allow.read");
    });
  }
  assert.throws(
    () => parseGrants({ net: "db:9042,http://api" }),
    /flint\.allow\.net=.*: "http:\/\/api" is an address with a protocol/,
  );
});

Deno.test("a worker has its own folders and the grants, and nothing else", () => {
  assert.deepEqual(workerPermissions(NO_GRANTS, ["/app"], ["/app/own"]), {
    read: ["/app", "/app/own"],
    write: ["/app/own"],
    net: [],
    env: [],
    run: [],
    ffi: [],
    sys: [],
    import: [],
  });
  const granted = workerPermissions(
    { read: "all", write: ["/out"], run: ["git"] },
    ["/app"],
    ["/app/own"],
  );
  assert.equal(granted.read, true);
  assert.deepEqual(granted.write, ["/app/own", "/out"]);
  assert.deepEqual(granted.run, ["git"]);
  assert.deepEqual(granted.net, []);
});
