import assert from "node:assert/strict";
import { Channel } from "../../../workers/channel.ts";
import { makeApplicationFolder } from "../../../workers/application_folder.ts";
import { NO_GRANTS } from "../../../core/grants.ts";
import { denoLocks, denoPlatform } from "../../../workers/platform_deno.ts";
import {
  type FromExecutor,
  fromExecutorShapes,
  type ToExecutor,
} from "../../../workers/protocol.ts";
import { makeLocalFolders } from "../../../runtime/local/folders.ts";
import { Pool } from "../../../runtime/local/pool.ts";

function temporaryFolder(): Disposable & { path: string } {
  const path = Deno.makeTempDirSync({ prefix: "flint_pool_test_" });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

/** A pool, and a way to wait for what it tells. */
function testPool(directory: string) {
  const folders = makeLocalFolders([directory]);
  const told: string[] = [];
  let wake: () => void = () => undefined;
  const tell = (what: string) => {
    told.push(what);
    wake();
  };
  const pool = new Pool(
    {
      setup: {
        slots: 1,
        folders: folders.paths,
        workerMemoryBytes: 1 << 24,
        storageBytesMax: 1 << 23,
        grants: NO_GRANTS,
      },
      socketPath: folders.socketPath,
      allFolders: folders.all,
      executorMemoryBytes: 400 << 20,
    },
    {
      heard: (executor, message) => tell(`${message.kind} ${executor}`),
      lost: (executor, { fault }) => tell(`lost ${executor} ${fault}`),
      paused: (executor, isPaused) => tell(`paused ${executor} ${isPaused}`),
      startFailed: (reason) => tell(`startFailed ${reason}`),
      printed() {},
    },
  );
  pool.setReferenced(true);
  return {
    pool,
    folders,
    told,
    async until(count: number): Promise<void> {
      while (told.length < count) await new Promise<void>((resolve) => wake = resolve);
    },
    async [Symbol.asyncDispose]() {
      await pool.stop();
      folders[Symbol.dispose]();
    },
  };
}

async function connectTo(path: string): Promise<Channel<FromExecutor, ToExecutor>> {
  const connection = await Deno.connect({ transport: "unix", path });
  return new Channel(connection, fromExecutorShapes as never);
}

Deno.test("executors are started once, and one that was killed is told and gone", async () => {
  using folder = temporaryFolder();
  await using test = testPool(folder.path);
  test.pool.recruit(2);
  test.pool.recruit(2);
  await test.until(2);
  assert.deepEqual(test.told.toSorted(), ["ready 0", "ready 1"]);
  test.pool.kill(1, { fault: "stopped", reason: "test" });
  await test.until(3);
  assert.equal(test.told[2], "lost 1 stopped");
  test.pool.recruit(2);
  await test.until(4);
  assert.equal(test.told[3], "ready 2", "an id was used twice");
});

Deno.test("whoever does not say the secret of an executor is sent away", async () => {
  using folder = temporaryFolder();
  await using test = testPool(folder.path);
  // One is on its way, so there is a secret to be guessed.
  test.pool.recruit(1);
  const stranger = await connectTo(test.folders.socketPath);
  await stranger.send({ kind: "hello", token: "guessed", version: "0" });
  assert.equal((await stranger.messages().next()).done, true);
  stranger.close();
  const babbler = await Deno.connect({ transport: "unix", path: test.folders.socketPath });
  await babbler.write(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
  assert.equal(await babbler.read(new Uint8Array(10)), null);
  babbler.close();
  await test.until(1);
  assert.deepEqual(test.told, ["ready 0"]);
});

Deno.test("the folder is private; its socket is short wherever it lies", () => {
  using folder = temporaryFolder();
  const deep = `${folder.path}/${"deep".repeat(30)}`;
  Deno.mkdirSync(deep);
  using folders = makeLocalFolders([deep, deep]);
  assert.equal(folders.paths.length, 1, "the same directory was used twice");
  assert.equal(Deno.statSync(folders.paths[0]!).mode! & 0o777, 0o700);
  assert.ok(folders.socketPath.length < 104);
  assert.equal(folders.all.length, 2);
});

Deno.test("what a dead application left is removed by the next one, a living one's stays", () => {
  using folder = temporaryFolder();
  const make = (nonce: string) =>
    makeApplicationFolder(denoPlatform, denoLocks, folder.path, { pid: 1, nonce });
  const dead = make("00000000000000aa");
  dead.abandon();
  using living = make("00000000000000bb");
  using folders = makeLocalFolders([folder.path]);
  assert.throws(() => Deno.statSync(dead.path), Deno.errors.NotFound);
  assert.ok(Deno.statSync(living.path).isDirectory);
  assert.ok(Deno.statSync(folders.paths[0]!).isDirectory);
});

const program = new URL("../../fixtures/driver_program.ts", import.meta.url);

const endings: readonly [ending: string, signal: Deno.Signal | undefined, code: number][] = [
  ["by itself", undefined, 0],
  ["by exit", undefined, 7],
  ["by error", undefined, 1],
  ["at once", undefined, 1],
  ["by signal", "SIGINT", 130],
  ["by signal", "SIGTERM", 143],
  ["by signal", "SIGKILL", 137],
];

for (const [ending, signal, code] of endings) {
  Deno.test(`a driver that ends ${ending} ${signal ?? ""} leaves nothing behind`, async () => {
    using folder = temporaryFolder();
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", "--no-check", program.href, ending, folder.path],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const output = child.stdout.getReader();
    if (signal !== undefined) {
      await output.read();
      child.kill(signal);
    }
    assert.equal((await child.status).code, code);
    await output.cancel();
    const left = async () => [
      ...[...Deno.readDirSync(folder.path)].map((entry) => entry.name),
      ...await processesNaming(folder.path),
    ];
    // The executors remove what a driver could not, and end; that takes them a moment.
    for (let tries = 0; (await left()).length > 0 && tries < 40; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.deepEqual(await left(), []);
  });
}

/** The command lines of living processes in which `text` stands. */
async function processesNaming(text: string): Promise<string[]> {
  const { stdout } = await new Deno.Command("ps", { args: ["-eo", "args"] }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line.includes(text));
}

Deno.test("each executor that cannot be spawned is told, later, and counts until then", async () => {
  using folder = temporaryFolder();
  await using test = testPool(folder.path);
  // Where the order would be written.
  for (const path of test.folders.all) Deno.removeSync(path, { recursive: true });
  test.pool.recruit(2);
  test.pool.recruit(3);
  assert.deepEqual(test.told, []);
  await test.until(3);
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(test.told.length, 3);
  for (const told of test.told) assert.match(told, /^startFailed .*No such file/);
});
