/** What stages may do is what they were granted, in real executors. */
import assert from "node:assert/strict";
import { type Event, PlanError, SparkContext, TaskError, type TaskPermissions } from "../../mod.ts";
import { refused, test } from "../helpers/shared_context.ts";

// One slot: whatever a stage leaves behind, the next one would meet.
const sc = new SparkContext({ master: "local[1]", name: "permissions" });
const folder = Deno.makeTempDirSync({ prefix: "flint_permissions_" });
const greeting = `${folder}/greeting`;
const secret = `${folder}/secret`;
Deno.writeTextFileSync(greeting, "hello");
Deno.writeTextFileSync(secret, "42");
Deno.test.afterAll(async () => {
  await sc.stop();
  Deno.removeSync(folder, { recursive: true });
});

/** A server that says yes, and counts how often. */
function startServer() {
  let asked = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    asked++;
    return new Response("yes");
  });
  return {
    host: `127.0.0.1:${server.addr.port}`,
    get asked() {
      return asked;
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** What the events say that stages were granted, and denied, while `act` runs. */
async function audit(context: SparkContext, act: () => Promise<unknown>) {
  const granted: Record<string, unknown> = {};
  const denied: string[] = [];
  using _subscription = context.events.subscribe((event: Event) => {
    if (event.type === "stage.started") granted[event.name.split(" ")[0]!] = event.grants;
    if (event.type === "permission.denied") denied.push(`${event.permission}=${event.value}`);
  });
  await act().catch((error) => assert(error instanceof TaskError, error));
  return { granted, denied };
}

const one = sc.range(0, 1, 1, 1);

test("a host is granted to one stage, and refused to the next one", async () => {
  await using server = startServer();
  const { host } = server;
  const ask = async <T>(record: T) => {
    const answer = await (await fetch(`http://${host}/`)).text();
    return [record, answer] as const;
  };
  const asked = one.mapAsync(ask).withPermissions({ net: [host] });
  assert.deepEqual(await asked.collect(), [[0, "yes"]]);
  const behind = asked.reduceByKey((a) => a).mapAsync(ask);
  const { granted, denied } = await audit(sc, () => behind.collect());
  assert.deepEqual(granted, { reduceByKey: { net: [host] }, collect: {} });
  assert.deepEqual(denied, [`net=${host}`]);
  const cure = `withPermissions\\(\\{ net: \\["${host}"\\] \\}\\).*--allow-net=${host}`;
  await refused(() => behind.collect(), TaskError, "PermissionDenied", new RegExp(cure));
  assert.equal(server.asked, 2);
  assert.equal(await behind.withPermissions({ net: [host] }).count(), 1);
});

test("files, one by one, also as addresses; what follows in the stage may read them too", async () => {
  const read = (path: string) => one.map(() => Deno.readTextFileSync(path));
  const permissions = { read: [new URL(`file://${greeting}`)] };
  assert.deepEqual(await read(greeting).withPermissions(permissions).collect(), ["hello"]);
  await refused(
    () => read(secret).withPermissions(permissions).collect(),
    TaskError,
    "PermissionDenied",
    /reading ".*secret" was not granted/,
  );
  const later = one.withPermissions({ read: [folder] }).map(() => Deno.readTextFileSync(secret));
  assert.deepEqual(await later.collect(), ["42"]);
  await refused(
    () => one.withPermissions({ read: [folder] }).map(() => Deno.removeSync(secret)).count(),
    TaskError,
    "PermissionDenied",
    /writing ".*secret"/,
  );
});

test("variables, programs, libraries and facts, each named", async () => {
  const acts: Record<string, [TaskPermissions, () => unknown]> = {
    env: [{ env: ["HOME"] }, () => Deno.env.get("HOME")],
    run: [{ run: ["true"] }, () => new Deno.Command("true").outputSync().code],
    sys: [{ sys: ["hostname"] }, () => Deno.hostname()],
    write: [{ write: [`${folder}/new`] }, () => Deno.writeTextFileSync(`${folder}/new`, "")],
  };
  for (const [name, [permissions, act]] of Object.entries(acts)) {
    const tried = one.map(() => String(act()));
    await refused(() => tried.collect(), TaskError, "PermissionDenied", new RegExp(`${name}: \\[`));
    assert.equal(await tried.withPermissions(permissions).count(), 1, name);
    assert.equal(await tried.withPermissions({ [name]: true }).count(), 1, name);
    await assert.rejects(tried.withPermissions({ [name]: false }).count(), {
      code: "PermissionDenied",
    });
  }
  const loaded = one.map(() => String(Deno.dlopen(greeting, {})));
  await assert.rejects(loaded.collect(), { code: "PermissionDenied" });
  // Granted, it is found to be no library.
  await assert.rejects(loaded.withPermissions({ ffi: [greeting] }).collect(), {
    code: "TaskFailed",
  });
});

test("what takes several permissions, or one that no task is given, is heard of", async () => {
  const remote = "https://code.example/mod.ts";
  const imported = one.mapAsync(async () => Object.keys(await import(remote)));
  assert.deepEqual((await audit(sc, () => imported.count())).denied, ["import=code.example:443"]);
  const link = `${folder}/link`;
  const linked = one.map(() => Deno.symlinkSync("greeting", link));
  const own = linked.withPermissions({ read: [folder], write: [folder] });
  assert.deepEqual((await audit(sc, () => own.count())).denied, ["read write="]);
  assert.equal(await linked.withPermissions({ read: true, write: true }).count(), 1);
  assert.equal(Deno.readLinkSync(link), "greeting");
  if (Deno.build.os !== "linux") return;
  const asked = one.map(() => Deno.readTextFileSync("/proc/self/environ").length);
  const read = asked.withPermissions({ read: true });
  assert.deepEqual((await audit(sc, () => read.count())).denied, ["all=/proc/self/environ"]);
});

test("nothing that a stage leaves behind reaches the next one", async () => {
  const leave = one.mapAsync(async () => {
    const { secret } = globalThis as { secret?: () => string };
    if (secret !== undefined) return secret();
    Object.assign(globalThis, { secret: () => Deno.readTextFileSync(text) });
    return await Promise.resolve("none");
  });
  const text = secret;
  const granted = leave.withPermissions({ read: [secret] });
  // The same permissions are the same worker, as two stages without any have one.
  assert.deepEqual(await granted.collect(), ["none"]);
  assert.deepEqual(await granted.collect(), ["42"]);
  assert.deepEqual(await leave.collect(), ["none"]);
  assert.deepEqual(await granted.collect(), ["none"]);
});

test("a persisted dataset is made with its permissions, and read with them", async () => {
  using kept = one.map(() => Deno.readTextFileSync(greeting)).withPermissions({ read: [greeting] })
    .persist();
  for (let round = 0; round < 2; round++) {
    const { granted, denied } = await audit(sc, () => kept.collect());
    assert.deepEqual([granted, denied], [{ collect: { read: [greeting] } }, []]);
  }
});

test("records, partitions and how they are divided stay as they are", async () => {
  const pairs = sc.parallelize([["a", 1], ["b", 2], ["a", 3]] as [string, number][], 2);
  const divided = pairs.partitionBy(3).withPermissions({ sys: ["hostname"] });
  assert.equal(await divided.getNumPartitions(), 3);
  const host = () => Deno.hostname().length > 0;
  const sums = divided.reduceByKey((a, b) => a + b).filter(host);
  // Nothing moves, so that it is one stage with the permissions.
  const { granted } = await audit(sc, () => sums.collect());
  assert.deepEqual(granted, { partitionBy: {}, collect: { sys: ["hostname"] } });
  assert.deepEqual(new Map(await sums.collect()), new Map([["a", 4], ["b", 2]]));
});

test("what the whole job may do is told of each stage, with the programs of its pipes", async () => {
  const conf = { "flint.allow.env": "USER,HOME" };
  await using own = new SparkContext({ master: "local[1]", conf });
  const events: Event[] = [];
  own.events.subscribe((event) => events.push(event));
  await own.range(1).pipe("sort").pipe("cat").withPermissions({ env: ["LANG"] }).count();
  const [started] = events.filter((event) => event.type === "stage.started");
  assert.deepEqual(started?.grants, { env: ["HOME", "LANG", "USER"] });
  assert.deepEqual(started?.programs, ["sort", "cat"]);
});

test("two slots of one executor may do different things at the same time", async () => {
  const asking = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<Response>();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    asking.resolve();
    return answer.promise;
  });
  const host = `127.0.0.1:${server.addr.port}`;
  await using own = new SparkContext({ master: "local-cluster[1,2,1024]" });
  const ask = own.range(0, 1, 1, 1).mapAsync(async () =>
    await (await fetch(`http://${host}`)).text()
  );
  const granted = ask.withPermissions({ net: [host] }).collect();
  await asking.promise;
  await refused(() => ask.collect(), TaskError, "PermissionDenied", /network access/);
  answer.resolve(new Response("both"));
  assert.deepEqual(await granted, ["both"]);
});

test("a worker that cannot be ended does not hold up the stage that comes next", async () => {
  await using own = new SparkContext({ master: "local[1]" });
  const spin = () => {
    for (;;);
  };
  // No timer, with which the worker would leave by itself; and not before the task has ended.
  const spinning = own.range(0, 1, 1, 1).withPermissions({ env: ["HOME"] }).map(() => {
    const word = new Int32Array(new SharedArrayBuffer(4));
    void (Atomics.waitAsync(word, 0, 0, 200).value as Promise<unknown>).then(spin);
  });
  assert.equal(await spinning.count(), 1);
  await new Promise((resolve) => setTimeout(resolve, 400));
  assert.equal(await own.range(0, 2, 1, 1).map((n) => n + 1).sum(), 3);
});

Deno.test("what is no permission is refused at the call, with the cure", () => {
  const wrong = (permissions: unknown, message: RegExp) => {
    assert.throws(() => one.withPermissions(permissions as TaskPermissions), (error) => {
      assert(error instanceof PlanError && error.code === "InvalidArgument", String(error));
      assert.match(error.message, message);
      return true;
    });
  };
  wrong(undefined, /permissions is undefined\n {2}Pass what is allowed/);
  wrong(["net"], /permissions is \["net"\]/);
  wrong({ nett: true }, /no permission "nett"; did you mean "net"\?\n {2}Use read, write, net/);
  wrong({ import: ["jsr.io"] }, /"import".*\n {2}Executors load no code but the program's own/);
  wrong({ net: "api.example" }, /net is "api.example"\n {2}Pass a list: net: \["api.example"\]/);
  wrong({ net: [""] }, /net has "" in its list, which is empty/);
  wrong({ net: ["https://api.example"] }, /an address with a protocol/);
  wrong({ net: [80] }, /net has 80 in its list\n {2}Use texts/);
  wrong({ net: [new URL("http://a")] }, /net has URL/);
  wrong({ read: [new URL("http://a")] }, /path is http:\/\/a\//);
  wrong({ read: "inherit" }, /read is "inherit"/);
  wrong({ env: 1 }, /env is 1\n {2}Use true for all of the kind, or a list/);
  wrong({ sys: ["shoe size"] }, /none of hostname, /);
  assert.match(
    one.withPermissions({}).explain(),
    /^\(\?\) withPermissions at permissions_test\.ts:/,
  );
});

Deno.test({
  name: "nobody grants what they do not have themselves",
  permissions: { net: ["api.example"], read: [folder] },
  fn() {
    const denied = (permissions: TaskPermissions, message: RegExp) => {
      assert.throws(() => one.withPermissions(permissions), (error) => {
        assert(error instanceof PlanError && error.code === "PermissionDenied", String(error));
        assert.match(error.message, message);
        return true;
      });
    };
    one.withPermissions({ net: ["api.example", "api.example:443"], read: [greeting] });
    denied({ net: ["b.example"] }, /access to "b\.example" was not .*\n.*--allow-net=b\.example$/);
    denied(
      { net: true },
      /all of "net" was not granted to this .*\n {2}Start it with --allow-net$/,
    );
    denied({ read: ["/etc/passwd"] }, /reading "\/etc\/passwd"/);
    denied({ run: ["git"] }, /running "git".*\n.*--allow-run=git/);
  },
});
