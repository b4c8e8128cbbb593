/** What an executor keeps: room, who has to make it, files, and what nobody wants any more. */
import assert from "node:assert/strict";
import { decodeBlock, encodeBlock } from "../../core/codec/codec.ts";
import { FileError, type Platform } from "../../core/platform.ts";
import type { KeptElsewhere, KeptId } from "../../core/task.ts";
import { BlockCache } from "../../workers/block_cache.ts";
import { KeptAbsent } from "../../workers/kept_errors.ts";
import { KeptExports } from "../../workers/kept_exports.ts";
import { TaskKeeping } from "../../workers/keeping.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";
import type { BlockPlace, KeptWhere } from "../../workers/task_io.ts";

const MEMORY: KeptWhere = { memory: true, disk: false };
const BOTH: KeptWhere = { memory: true, disk: true };
const DISK: KeptWhere = { memory: false, disk: true };

/** A block of 1,000 bytes or a little more that says which it is. */
function block(number: number): Uint8Array {
  return encodeBlock([[number, "x".repeat(1000)]]);
}
const BLOCK_BYTES = block(0).length;

/** A cache with room for so many blocks, in a folder of its own. */
function rig(blocksMax: number, platform: Platform = denoPlatform) {
  const folder = Deno.makeTempDirSync({ prefix: "flint_cache_test_" });
  const dropped: string[] = [];
  const cache = new BlockCache({
    platform,
    executor: 3,
    folders: [folder],
    bytesMax: blocksMax * BLOCK_BYTES,
    dropped: ({ dataset, partition }) => void dropped.push(`${dataset}/${partition}`),
  });
  const host = { platform: denoPlatform, cache, folders: [folder], fetch: noFetch };
  const task = () => new TaskKeeping(host, []);
  return {
    cache,
    folder,
    dropped,
    host,
    task,
    /** A task that makes a partition of blocks with these numbers; where they went. */
    make(id: KeptId, where: KeptWhere, numbers: readonly number[], mayHold = true): BlockPlace[] {
      const keeping = task();
      const places = numbers.map((number) => keeping.put(id, where, mayHold, block(number)));
      keeping.end(id, where, places.every((place) => place !== "nowhere"));
      keeping.finish(true);
      return places;
    },
    async read(id: KeptId): Promise<unknown[]> {
      const blocks = await Array.fromAsync(task().read(id));
      return blocks.flatMap((bytes) => decodeBlock(bytes)).map((pair) => (pair as unknown[])[0]);
    },
    files: (): string[] => [...filesBelow(folder)].sort(),
    [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }),
  };
}

const noFetch = () => Promise.resolve(undefined);

function* filesBelow(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* filesBelow(`${folder}/${name}`);
    else yield `${folder}/${name}`;
  }
}

const id = (dataset: number, partition: number): KeptId => ({ dataset, partition });
const absent = { message: /no executor keeps it/ };

Deno.test("a partition is there for others when its task has ended well, and not before", async () => {
  using room = rig(10);
  const keeping = room.task();
  assert.equal(keeping.put(id(1, 0), MEMORY, true, block(7)), "memory");
  keeping.end(id(1, 0), MEMORY, true);
  await assert.rejects(room.read(id(1, 0)), absent);
  assert.equal((await Array.fromAsync(keeping.read(id(1, 0)))).length, 1, "its own task reads it");
  assert.deepEqual(keeping.finish(true), [
    { ...id(1, 0), bytesInMemory: BLOCK_BYTES, bytesOnDisk: 0 },
  ]);
  assert.deepEqual(await room.read(id(1, 0)), [7]);
});

Deno.test("what a failed task made goes, and so does what is not whole", async () => {
  using room = rig(10);
  const failed = room.task();
  failed.put(id(1, 0), BOTH, true, block(1));
  failed.put(id(1, 1), DISK, true, block(2));
  failed.end(id(1, 0), BOTH, true);
  failed.end(id(1, 1), DISK, true);
  assert.equal(room.files().length, 2, "a data file and its index");
  assert.deepEqual(failed.finish(false), []);
  const partial = room.task();
  partial.put(id(1, 2), BOTH, true, block(3));
  assert.deepEqual(partial.finish(true), []);
  assert.equal(room.cache.bytesInMemory, 0);
  assert.deepEqual(room.files(), []);
  await assert.rejects(room.read(id(1, 0)), absent);
});

Deno.test("room is made by what was used longest ago, never by the dataset that is stored", async () => {
  using room = rig(4);
  room.make(id(1, 0), MEMORY, [0]);
  room.make(id(1, 1), MEMORY, [1]);
  room.make(id(2, 0), MEMORY, [2]);
  await room.read(id(1, 0));
  // Three of four are taken; two more blocks need one to go: the one that was used longest ago.
  assert.deepEqual(room.make(id(3, 0), MEMORY, [3, 4]), ["memory", "memory"]);
  assert.deepEqual(room.dropped, ["1/1"]);
  assert.deepEqual(await room.read(id(1, 0)), [0]);
  assert.equal(room.cache.bytesInMemory, 4 * BLOCK_BYTES);
  // The other partitions of dataset 3 do not make room for it; those of others do, one by one.
  assert.deepEqual(
    room.make(id(3, 1), MEMORY, [5, 6, 7]),
    ["memory", "memory", "nowhere"],
  );
  assert.deepEqual(room.dropped, ["1/1", "2/0", "1/0"]);
  assert.equal(room.cache.bytesInMemory, 2 * BLOCK_BYTES, "what does not fit is not kept");
  await assert.rejects(room.read(id(3, 1)), absent);
});

Deno.test("nobody goes where it would not be enough", () => {
  using room = rig(2);
  room.make(id(1, 0), MEMORY, [0]);
  const huge = encodeBlock(["x".repeat(3 * BLOCK_BYTES)]);
  const keeping = room.task();
  assert.equal(keeping.put(id(2, 0), MEMORY, true, huge), "nowhere");
  assert.deepEqual(room.dropped, []);
});

Deno.test("with a disk, what has to make room goes to a file and is read from there", async () => {
  using room = rig(2);
  room.make(id(1, 0), BOTH, [0, 1]);
  assert.deepEqual(room.files(), []);
  room.make(id(2, 0), MEMORY, [2, 3]);
  assert.deepEqual(room.dropped, []);
  assert.deepEqual(await room.read(id(1, 0)), [0, 1]);
  assert.equal(room.files().length, 2);
  assert.deepEqual(room.make(id(2, 1), BOTH, [4, 5]), ["disk", "disk"], "in the midst of it too");
  assert.deepEqual(await room.read(id(2, 1)), [4, 5]);
});

Deno.test("what the task's own budget has no room for goes to a file, or nowhere", async () => {
  using room = rig(10);
  assert.deepEqual(room.make(id(1, 0), BOTH, [0, 1], false), ["disk", "disk"]);
  assert.deepEqual(await room.read(id(1, 0)), [0, 1]);
  assert.deepEqual(room.make(id(1, 1), MEMORY, [2], false), ["nowhere"]);
  assert.deepEqual(room.make(id(1, 2), DISK, [3]), ["disk"]);
  assert.equal(room.cache.bytesInMemory, 0);
});

Deno.test("a file that is not what was written is noticed, and the partition is gone", async () => {
  using room = rig(10);
  room.make(id(1, 0), DISK, [0, 1]);
  const path = room.files().find((name) => name.endsWith(".data"))!;
  const bytes = Deno.readFileSync(path);
  bytes[bytes.length - 5]! ^= 1;
  Deno.writeFileSync(path, bytes);
  await assert.rejects(room.read(id(1, 0)), { message: /checksum/ });
  assert.deepEqual(room.dropped, ["1/0"]);
  assert.deepEqual(room.files(), []);
  await assert.rejects(room.read(id(1, 0)), absent);
});

Deno.test("a dataset that is forgotten goes with its files, also while it is being made", async () => {
  using room = rig(10);
  room.make(id(1, 0), DISK, [0]);
  room.make(id(1, 1), MEMORY, [1]);
  room.make(id(2, 0), MEMORY, [2]);
  const late = room.task();
  late.put(id(1, 2), MEMORY, true, block(3));
  room.cache.forget(1);
  late.end(id(1, 2), MEMORY, true);
  assert.equal((await Array.fromAsync(late.read(id(1, 2)))).length, 1, "its own task goes on");
  assert.deepEqual(late.finish(true), []);
  assert.deepEqual(room.files(), []);
  assert.deepEqual(room.dropped, [], "whoever forgets need not be told");
  assert.equal(room.cache.bytesInMemory, BLOCK_BYTES);
  assert.deepEqual(await room.read(id(2, 0)), [2]);
});

Deno.test("two tasks that make the same partition: the first one is kept", async () => {
  using room = rig(10);
  const [first, second] = [room.task(), room.task()];
  for (const task of [first, second]) {
    task.put(id(1, 0), MEMORY, true, block(1));
    task.end(id(1, 0), MEMORY, true);
  }
  assert.equal(first.finish(true).length, 1);
  assert.deepEqual(second.finish(true), []);
  assert.equal(room.cache.bytesInMemory, BLOCK_BYTES);
  assert.deepEqual(await room.read(id(1, 0)), [1]);
});

Deno.test("an empty partition is kept as well", async () => {
  using room = rig(1);
  for (const [partition, where] of [MEMORY, BOTH, DISK].entries()) {
    room.make(id(1, partition), where, []);
    assert.deepEqual(await room.read(id(1, partition)), []);
  }
});

Deno.test("what another executor keeps is read from the file that it writes", async () => {
  using holder = rig(10);
  holder.make(id(1, 0), MEMORY, [0, 1]);
  const fetch = () => Promise.resolve(holder.cache.exported(id(1, 0)));
  const keeping = new TaskKeeping({ ...holder.host, cache: rigless(), fetch }, [
    { ...id(1, 0), executor: 3 },
  ]);
  const blocks = await Array.fromAsync(keeping.read(id(1, 0)));
  assert.deepEqual(blocks.map((bytes) => (decodeBlock(bytes)[0] as unknown[])[0]), [0, 1]);
  assert.equal(holder.cache.bytesInMemory, 2 * BLOCK_BYTES, "the holder goes on holding it");
  assert.equal(holder.cache.exported(id(1, 9)), undefined);
  holder.cache.forget(1);
  await assert.rejects(Array.fromAsync(keeping.read(id(1, 0))), absent);
});

Deno.test("a file that another executor finds damaged goes; what is in memory too is written again", async () => {
  using holder = rig(10);
  const exports: KeptExports = new KeptExports(holder.cache, (message) => {
    if (message.kind === "keptExported") reader.answered({ ...message, kind: "keptFile" });
  });
  const reader = new KeptExports(rigless(), (message) => {
    if (message.kind !== "wantKept") return;
    queueMicrotask(() => exports.answer({ ...message, kind: "exportKept", reader: 4 }));
  });
  const host = {
    ...holder.host,
    cache: rigless(),
    fetch: (place: KeptElsewhere, damaged?: string) => reader.fetch(place, damaged),
  };
  for (const [partition, where] of [DISK, MEMORY].entries()) {
    holder.make(id(1, partition), where, [0, 1]);
    const place = { ...id(1, partition), executor: 3 };
    const read = () => Array.fromAsync(new TaskKeeping(host, [place]).read(place));
    assert.equal((await read()).length, 2);
    const path = `${holder.folder}/${holder.cache.exported(place)}`;
    const bytes = Deno.readFileSync(path);
    bytes[bytes.length - 1]! ^= 255;
    Deno.writeFileSync(path, bytes);
    await assert.rejects(read(), KeptAbsent);
    assert.equal(holder.files().includes(path), false);
    if (where === MEMORY) assert.equal((await read()).length, 2);
    else await assert.rejects(read(), absent);
  }
  assert.deepEqual(holder.dropped, ["1/0"]);
});

/** The cache of an executor that keeps nothing. */
function rigless(): BlockCache {
  return new BlockCache({
    platform: denoPlatform,
    executor: 4,
    folders: [],
    bytesMax: 0,
    dropped: () => {},
  });
}

Deno.test("a full disk fails the task that writes, and never the one that wants room", () => {
  const files = {
    ...denoPlatform.files,
    makeFolder: (path: string) => denoPlatform.files.makeFolder(path),
    create: () => {
      throw new FileError("noSpace", "create", "/kept");
    },
  };
  using room = rig(1, { ...denoPlatform, files });
  assert.throws(() => room.make(id(1, 0), DISK, [0]), { code: "DiskFull" });
  room.make(id(1, 1), BOTH, [1]);
  assert.deepEqual(room.make(id(2, 0), MEMORY, [2]), ["memory"]);
  assert.deepEqual(room.dropped, ["1/1"], "what could not be written is gone");
  assert.equal(room.cache.exported(id(2, 0)), undefined);
});
