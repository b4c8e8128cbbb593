/** What is seen of an output if its job dies, fails or is late at any step of saving it. */
import assert from "node:assert/strict";
import { FileError } from "../../core/platform.ts";
import type { FileSystem } from "../../io/file_system.ts";
import { localFileSystem } from "../../io/local_files.ts";
import type { SavedPart } from "../../io/sink.ts";
import { textSink } from "../../io/text.ts";
import { AttemptFile } from "../../workers/attempt_file.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";

const files = localFileSystem(denoPlatform);
const JOB = 7;
const PARTS = 3;

/** The same files; `before` is called with each act and may throw in its place. */
function watched(before: (act: string) => void): FileSystem {
  const last = (path: string) => path.slice(path.lastIndexOf("/") + 1);
  const watch = <A extends unknown[], R>(name: string, act: (...args: A) => Promise<R>) =>
  (
    ...args: A
  ) =>
    Promise.try(() => {
      before([name, ...args.filter((arg) => typeof arg === "string").map(last)].join(" "));
      return act(...args);
    });
  return {
    ...files,
    makeFolder: watch("makeFolder", files.makeFolder),
    rename: watch("rename", files.rename),
    remove: watch("remove", files.remove),
    sync: watch("sync", files.sync),
    create: watch("create", async (path, compression) => {
      const file = await files.create(path, compression);
      return { append: watch("append", file.append), close: watch("close", () => file.close()) };
    }),
  };
}

function attemptAt(options: { path: string }, partition: number, attempt = 0): AttemptFile {
  const path = textSink.attemptPath(options, JOB, { stage: 3, partition, attempt });
  return new AttemptFile(files, { path });
}

async function saved(options: { path: string }, through = files): Promise<void> {
  await textSink.begin(options, JOB, through);
  try {
    const parts: SavedPart[] = [];
    for (let partition = 0; partition < PARTS; partition++) {
      const file = attemptAt(options, partition, partition === 1 ? 1 : 0);
      await file.append(new TextEncoder().encode(`${partition}\n`));
      await file.keep();
      parts.push({ partition, path: file.path, records: 1 });
    }
    // One that was given up.
    await attemptAt(options, 1).keep();
    await textSink.commit(options, JOB, parts, through);
  } catch (error) {
    await textSink.abort(options, JOB, through);
    throw error;
  }
}

/** All names below a folder; none if it is not there. */
async function names(path: string): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(path)) {
      found.push(name);
      if (isDirectory) found.push(...await names(`${path}/${name}`));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found.sort();
}

const COMPLETE = ["_SUCCESS", "part-00000", "part-00001", "part-00002"];

async function inFolder(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "flint-parts-" });
  try {
    await act(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** How many acts saving takes. */
async function actsOf(folder: string): Promise<string[]> {
  const acts: string[] = [];
  await saved({ path: `${folder}/whole` }, watched((act) => void acts.push(act)));
  assert.deepEqual(await names(`${folder}/whole`), COMPLETE);
  return acts;
}

Deno.test("the parts and their names are on the disk before the mark of success is there", async () => {
  await inFolder(async (folder) => {
    const acts = await actsOf(folder);
    assert.deepEqual(acts, [
      "makeFolder ",
      "makeFolder whole",
      "makeFolder _temporary",
      "makeFolder 7",
      "rename 3-0_0 part-00000",
      "rename 3-1_1 part-00001",
      "rename 3-2_0 part-00002",
      "rename 7 _discarded",
      "remove _discarded",
      "remove _temporary",
      "sync whole",
      "sync ",
      "create _SUCCESS",
      "close",
      "sync whole",
    ]);
  });
  // A part file is made safe when its attempt closes it: the rename comes after.
  const synced: string[] = [];
  const platform = {
    ...denoPlatform,
    files: {
      ...denoPlatform.files,
      syncLater(path: string) {
        synced.push(path);
        return denoPlatform.files.syncLater(path);
      },
    },
  };
  await inFolder(async (folder) => {
    for (const [name, compression] of [["a"], ["b", "gzip"]] as const) {
      const file = new AttemptFile(localFileSystem(platform), {
        path: `${folder}/${name}`,
        compression,
      });
      await file.append(new Uint8Array(9));
      await file.keep();
    }
    assert.deepEqual(synced, [`${folder}/a`, `${folder}/b`]);
  });
});

Deno.test("a driver that dies at any step leaves a mark of success only on a complete output", async () => {
  await inFolder(async (folder) => {
    const steps = (await actsOf(folder)).length;
    for (let step = 0; step < steps; step++) {
      const options = { path: `${folder}/dead-${step}` };
      let acts = 0;
      const dying = watched(() => {
        if (acts++ >= step) throw new Error("dead");
      });
      await assert.rejects(saved(options, dying));
      const found = await names(options.path);
      if (found.includes("_SUCCESS")) assert.deepEqual(found, COMPLETE, `step ${step}`);
      else assert.ok(step < steps - 2, `step ${step}: the mark is missing`);
    }
  });
});

Deno.test("a job whose save fails at any step leaves nothing, and the cause is told", async () => {
  await inFolder(async (folder) => {
    const steps = (await actsOf(folder)).length;
    for (let step = 0; step < steps; step++) {
      const options = { path: `${folder}/failed-${step}` };
      let acts = 0;
      const failing = watched((act) => {
        if (acts++ === step) {
          throw new FileError("noSpace", act, options.path, { cause: new Error("planted") });
        }
      });
      await assert.rejects(saved(options, failing), { code: "DiskFull" }, `step ${step}`);
      await assert.rejects(Deno.stat(options.path), Deno.errors.NotFound, `step ${step}`);
    }
  });
});

Deno.test("an attempt that comes late brings nothing back, be the output complete or given up", async () => {
  await inFolder(async (folder) => {
    const options = { path: `${folder}/out` };
    const late = attemptAt(options, 0, 9);
    await textSink.begin(options, JOB, files);
    const written = attemptAt(options, 2, 9);
    await written.append(new Uint8Array(3));
    await textSink.abort(options, JOB, files);
    await assert.rejects(late.keep(), { name: "OutputError" });
    await written.discard();
    await assert.rejects(Deno.stat(options.path), Deno.errors.NotFound);
    await saved(options);
    await assert.rejects(attemptAt(options, 0, 8).append(new Uint8Array(1)), {
      name: "OutputError",
    });
    assert.deepEqual(await names(options.path), COMPLETE);
  });
});

Deno.test("a save whose folder was removed under it leaves alone what somebody else saves there", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/out`;
    const [first, second] = [{ path, claim: "a" }, { path, claim: "b" }];
    await textSink.begin(first, JOB, files);
    await Deno.remove(path, { recursive: true });
    await textSink.begin(second, JOB, files);
    await assert.rejects(textSink.commit(first, JOB, [], files), { code: "OutputDenied" });
    await textSink.abort(first, JOB, files);
    await textSink.commit(second, JOB, [], files);
    await textSink.abort(first, JOB, files);
    assert.deepEqual(await names(path), ["_SUCCESS"]);
  });
});

Deno.test("an output that exists is refused, also an empty folder, a file or a broken link", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/empty`);
    await Deno.writeTextFile(`${folder}/file`, "mine");
    await Deno.symlink(`${folder}/nowhere`, `${folder}/link`);
    for (const name of ["empty", "file", "link", "empty/"]) {
      const options = { path: `${folder}/${name}` };
      await assert.rejects(textSink.begin(options, JOB, files), { code: "OutputExists" }, name);
    }
    assert.deepEqual(await names(folder), ["empty", "file", "link"]);
  });
});
