import assert from "node:assert/strict";
import { encodeValue } from "../../core/codec/binary.ts";
import { decodeBlock } from "../../core/codec/codec.ts";
import type { Plan, UserFunction } from "../../core/plan/plan.ts";
import { cut } from "../../core/plan/stages.ts";
import type { TaskResult } from "../../core/task.ts";
import { makeApplicationFolder } from "../../workers/application_folder.ts";
import { Channel } from "../../workers/channel.ts";
import { NO_GRANTS } from "../../core/grants.ts";
import { PROCESS_FLAGS } from "../../workers/permissions.ts";
import { denoLocks, denoPlatform } from "../../workers/platform_deno.ts";
import {
  type ExecutorOrder,
  type FromExecutor,
  fromExecutorShapes,
  type ToExecutor,
} from "../../workers/protocol.ts";
import { mapped, recordsPlan } from "../helpers/local_plans.ts";

const entry = new URL("../../workers/executor.ts", import.meta.url);
const config = new URL("../../deno.json", import.meta.url);

/** An executor whose driver is the test. */
async function startExecutor() {
  const directory = Deno.makeTempDirSync({ prefix: "flint_executor_test_" });
  const folder = makeApplicationFolder(denoPlatform, denoLocks, directory, {
    pid: Deno.pid,
    nonce: "0123456789abcdef",
  });
  const socketPath = `${folder.path}/socket`;
  const listener = Deno.listen({ transport: "unix", path: socketPath });
  const orderPath = `${folder.path}/order-0`;
  const order: ExecutorOrder = {
    setup: {
      memoryBytesMax: 400 << 20,
      executor: 0,
      slots: 1,
      folders: [folder.path],
      workerMemoryBytes: 1 << 24,
      storageBytesMax: 1 << 23,
      grants: NO_GRANTS,
    },
    token: "the secret",
    socketPath,
    folders: [folder.path],
  };
  Deno.writeTextFileSync(orderPath, JSON.stringify(order));
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      ...PROCESS_FLAGS,
      "--no-lock",
      "--config",
      decodeURIComponent(config.pathname),
      entry.href,
      orderPath,
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const channel = new Channel<ToExecutor, FromExecutor>(
    await listener.accept(),
    fromExecutorShapes,
  );
  const messages = channel.messages();
  return {
    folder,
    orderPath,
    child,
    channel,
    /** The next message of one of these kinds. */
    async next<K extends FromExecutor["kind"]>(...kinds: K[]) {
      for (;;) {
        const { value } = await messages.next();
        assert.ok(value !== undefined, "the executor closed its channel");
        if (kinds.includes(value.kind as K)) return value as FromExecutor & { kind: K };
      }
    },
    async run(plan: Plan) {
      const [{ stage, flows }] = cut(plan, { kind: "collect" }, {
        nextStage: () => 1,
        name: "x",
      }) as [ReturnType<typeof cut>[number]];
      await channel.send({ kind: "prepare", stage: 1, bytes: encodeValue(stage) });
      const task = { stage: 1, partition: 0, attempt: 0 };
      const info = { id: 0, stageAttempt: 0 };
      await channel.send({ kind: "launch", task, info, flow: flows.get(0)!, elsewhere: [] });
      return task;
    },
    async [Symbol.asyncDispose]() {
      channel.close();
      listener.close();
      await child.status;
      Deno.removeSync(directory, { recursive: true });
    },
  };
}

async function planOf(fn: UserFunction): Promise<Plan> {
  return mapped(await recordsPlan([20], 1), fn);
}

/** What a small task says in its last message, which is its only one. */
function valuesOf(result: TaskResult): unknown[] {
  assert.ok(result.kind === "value", `it ended as ${result.kind}`);
  return result.blocks.flatMap((block) => decodeBlock(block));
}

Deno.test("what is longer than a message's worth comes before the end, in order", async () => {
  await using executor = await startExecutor();
  await executor.next("ready");
  await executor.run(await planOf((n: number) => "long ".repeat(n * 100)));
  const value = await executor.next("value", "ended");
  assert.ok(value.kind === "value");
  assert.deepEqual(decodeBlock(value.bytes), ["long ".repeat(2000)]);
  assert.deepEqual(valuesOf((await executor.next("ended")).result), []);
  executor.folder[Symbol.dispose]();
});

Deno.test("an executor says its secret, then runs what it is given", async () => {
  await using executor = await startExecutor();
  assert.equal((await executor.next("hello")).token, "the secret");
  await executor.next("ready");
  assert.throws(() => Deno.statSync(executor.orderPath), Deno.errors.NotFound);
  const task = await executor.run(await planOf((n: number) => n + 1));
  const { result } = await executor.next("ended");
  assert.deepEqual(result.task, task);
  assert.deepEqual(valuesOf(result), [21]);
  executor.folder[Symbol.dispose]();
});

Deno.test("it answers while a task spins, and ends with its driver, which was dead", async () => {
  await using executor = await startExecutor();
  await executor.next("ready");
  await executor.run(
    await planOf(() => {
      for (;;);
    }),
  );
  for (let beats = 0; beats < 3; beats++) {
    assert.ok((await executor.next("heartbeat")).rssBytes > 0);
  }
  // A driver that dies gives its lock back, and closes its connections.
  const lock = `${executor.folder.path}/owner`;
  assert.equal(denoLocks.tryLock(lock), undefined);
  executor.folder.abandon();
  executor.channel.close();
  assert.equal((await executor.child.status).signal, "SIGKILL");
  assert.throws(() => Deno.statSync(executor.folder.path), Deno.errors.NotFound);
});

Deno.test("what user code posts is no message, and its files are not the executor's", async () => {
  await using executor = await startExecutor();
  await executor.next("ready");
  await executor.run(
    await planOf(() => {
      const forged = { kind: "ended", result: { kind: "value", blocks: [], updates: [] } };
      (globalThis as unknown as { postMessage(message: unknown): void }).postMessage(forged);
      const refused: string[] = [];
      for (const path of ["/etc/hostname", "/"]) {
        try {
          Deno.statSync(path);
        } catch (error) {
          refused.push((error as Error).name);
        }
      }
      return refused.join(" ");
    }),
  );
  const { result } = await executor.next("ended");
  assert.deepEqual(valuesOf(result), ["NotCapable NotCapable"], "a forged result was believed");
  executor.folder[Symbol.dispose]();
});
