import assert from "node:assert/strict";
import { ConfigError } from "../../core/errors.ts";
import { noSparkEngine, parseMaster } from "../../runtime/master.ts";

/** executors, slots of each, attempts, memory of each in bytes */
function local(text: string): unknown[] {
  const master = parseMaster(text, 6);
  assert(master.kind === "local");
  return [master.executors, master.slotsPerExecutor, master.attempts, master.executorMemoryBytes];
}

Deno.test("local masters", () => {
  assert.deepEqual(local("local"), [1, 1, 1, undefined]);
  assert.deepEqual(local("local[4]"), [4, 1, 1, undefined]);
  assert.deepEqual(local("local[*]"), [6, 1, 1, undefined]);
  assert.deepEqual(local(" local[ 4 , 3 ] "), [4, 1, 3, undefined]);
  assert.deepEqual(local("local[*,2]"), [6, 1, 2, undefined]);
  assert.deepEqual(local("local-cluster[2, 3, 1024]"), [2, 3, undefined, 2 ** 30]);
  assert.deepEqual(local("local-cluster[2,3,512m]"), [2, 3, undefined, 2 ** 29]);
  assert.deepEqual(local("local-cluster[2,3,2g]"), [2, 3, undefined, 2 ** 31]);
});

Deno.test("clusters are recognised, and not in this version", () => {
  for (const text of ["spark://host:7077", "yarn", "k8s://https://host:443"]) {
    const master = parseMaster(text, 1);
    assert.equal(master.kind, "spark");
    const error = noSparkEngine(master);
    assert.equal(error.code, "NotAvailable");
    assert.match(error.message, /local\[\*\]/);
  }
});

Deno.test("everything else is refused with the value and the grammar", () => {
  const wrong = [
    "",
    "local[0]",
    "local[-1]",
    "local[1.5]",
    "local[]",
    "local[2,0]",
    "local[a]",
    "local[5000]",
    "local-cluster[0,1,1]",
    "local-cluster[1,1]",
    "local-cluster[1,1,0]",
    "local-cluster[1,1,512q]",
    "spark://",
    "mesos://host",
    "Local",
    "local2",
  ];
  for (const text of wrong) {
    assert.throws(() => parseMaster(text, 1), (error) => {
      assert(error instanceof ConfigError);
      assert.equal(error.code, "InvalidMaster");
      assert(error.message.includes(`"${text}"`), error.message);
      assert.match(error.message, /\n {2}Use /);
      return true;
    });
  }
});
