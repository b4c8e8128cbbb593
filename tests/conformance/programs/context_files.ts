/** What a context puts into files: checkpoints, and files for tasks. */
import assert from "node:assert/strict";
import { InputError, SparkFiles } from "@flint/flint";
import type { Program } from "../program.ts";

export const contextFiles: readonly Program[] = [
  {
    name: "a checkpoint is written with the next action, and read from then on",
    pyspark: "test_context.CheckpointTests.test_basic_checkpointing",
    settings: {},
    async run(sc, kit) {
      const folder = await kit.folder();
      sc.setCheckpointDir(folder);
      const computed = sc.accumulator(0);
      const rdd = sc.parallelize([1, 2, 3, 4], 2).flatMap((n) => {
        computed.add(1);
        return Array.from({ length: n }, (_, index) => index + 1);
      });
      assert.equal(rdd.isCheckpointed(), false);
      assert.equal(rdd.getCheckpointFile(), undefined);
      rdd.checkpoint();
      const records = await rdd.collect();
      assert.deepEqual(records, [1, 1, 2, 1, 2, 3, 1, 2, 3, 4]);
      assert.equal(rdd.isCheckpointed(), true);
      const written = computed.value;
      assert.deepEqual(await rdd.collect(), records);
      assert.equal(computed.value, written, "it is read, not computed");
      assert(rdd.getCheckpointFile()!.includes(folder));
    },
  },
  {
    name: "a checkpoint can be read by whoever knows its path",
    pyspark: "test_context.CheckpointTests.test_checkpoint_and_restore",
    settings: {},
    async run(sc, kit) {
      sc.setCheckpointDir(await kit.folder());
      const rdd = sc.parallelize([1, 2, 3, 4], 2).flatMap((n) => [n]);
      rdd.checkpoint();
      assert.equal(await rdd.count(), 4);
      const restored = sc.checkpointFile<number>(rdd.getCheckpointFile()!);
      assert.deepEqual(await restored.collect(), [1, 2, 3, 4]);
    },
  },
  {
    name: "a local checkpoint is kept by the executors, and its lineage cut",
    pyspark: "test_context.LocalCheckpointTests.test_basic_localcheckpointing",
    settings: {},
    async run(sc) {
      const rdd = sc.parallelize([1, 2, 3, 4], 2)
        .flatMap((n) => Array.from({ length: n }, (_, index) => index + 1));
      assert.deepEqual([rdd.isCheckpointed(), rdd.isLocallyCheckpointed()], [false, false]);
      rdd.localCheckpoint();
      const records = await rdd.collect();
      assert.deepEqual(records, [1, 1, 2, 1, 2, 3, 1, 2, 3, 4]);
      assert.deepEqual([rdd.isCheckpointed(), rdd.isLocallyCheckpointed()], [true, true]);
      assert.deepEqual(await rdd.collect(), records);
    },
  },
  {
    // A module of TypeScript stands for one of Python.
    name: "tasks find a module once it has been added",
    pyspark: "test_context.AddFileTests.test_add_py_file",
    settings: {},
    async run(sc, kit) {
      const module = `${await kit.folder()}/userlibrary.ts`;
      await Deno.writeTextFile(module, `export const hello = (): string => "Hello World!";`);
      const greetings = sc.parallelize([1]).mapAsync(async () => {
        const { hello } = await import(`file://${SparkFiles.get("userlibrary.ts")}`);
        return hello() as string;
      });
      await assert.rejects(greetings.first(), InputError);
      await sc.addPyFile(module);
      assert.equal(await greetings.first(), "Hello World!");
    },
  },
  {
    name: "a file that was added is a copy, for the program as well",
    pyspark: "test_context.AddFileTests.test_add_file_locally",
    settings: {},
    async run(sc, kit) {
      const file = `${await kit.folder()}/hello.txt`;
      await Deno.writeTextFile(file, "Hello World!");
      await sc.addFile(file);
      const copy = SparkFiles.get("hello.txt");
      assert.notEqual(copy, file);
      assert.equal(await Deno.readTextFile(copy), "Hello World!");
      const inTask = sc.range(1).map(() => Deno.readTextFileSync(SparkFiles.get("hello.txt")));
      assert.equal(await inTask.first(), "Hello World!");
    },
  },
  {
    name: "a folder that was added is there with all that is in it",
    pyspark: "test_context.AddFileTests.test_add_file_recursively_locally",
    settings: {},
    async run(sc, kit) {
      const folder = `${await kit.folder()}/hello`;
      await Deno.mkdir(`${folder}/sub_hello`, { recursive: true });
      await Deno.writeTextFile(`${folder}/hello.txt`, "Hello World!");
      await Deno.writeTextFile(`${folder}/sub_hello/sub_hello.txt`, "Sub Hello World!");
      await sc.addFile(folder, true);
      const copy = SparkFiles.get("hello");
      assert.notEqual(copy, folder);
      assert.equal(await Deno.readTextFile(`${copy}/hello.txt`), "Hello World!");
      const sub = await Deno.readTextFile(`${copy}/sub_hello/sub_hello.txt`);
      assert.equal(sub, "Sub Hello World!");
    },
  },
];
