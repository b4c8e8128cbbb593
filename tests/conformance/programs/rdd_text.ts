/** Text files, written and read. */
import assert from "node:assert/strict";
import { InputError } from "@flint/flint";
import { refused } from "../../helpers/shared_context.ts";
import type { Program } from "../program.ts";

const GREETING = "\u00a1Hola, mundo!";

/** What the part files of a folder hold, one after the other. */
async function partsOf(folder: string): Promise<string> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  const parts = names.filter((name) => name.startsWith("part-")).sort();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const texts = parts.map(async (name) => decoder.decode(await Deno.readFile(`${folder}/${name}`)));
  return (await Promise.all(texts)).join("");
}

export const text: readonly Program[] = [
  {
    name: "text beyond ASCII is written as UTF-8",
    pyspark: "test_rdd.test_save_as_textfile_with_unicode",
    async run(sc, kit) {
      const folder = `${await kit.folder()}/out`;
      await sc.parallelize([GREETING]).saveAsTextFile(folder);
      assert.equal(await partsOf(folder), `${GREETING}\n`);
      assert.deepEqual(await sc.textFile(folder).collect(), [GREETING]);
    },
  },
  {
    // In PySpark bytes are decoded and written as text; here they are written as they are.
    name: "bytes are written as the text that they are",
    pyspark: "test_rdd.test_save_as_textfile_with_utf8",
    async run(sc, kit) {
      const folder = `${await kit.folder()}/out`;
      await sc.parallelize([new TextEncoder().encode(GREETING)]).saveAsTextFile(folder);
      assert.equal(await partsOf(folder), `${GREETING}\n`);
    },
  },
  {
    name: "the first pair of a text file with itself",
    pyspark: "test_rdd.test_cartesian_on_textfile",
    async run(sc, kit) {
      const file = `${await kit.folder()}/hello.txt`;
      await Deno.writeTextFile(file, "Hello World!\n");
      const lines = sc.textFile(file);
      assert.deepEqual(await lines.cartesian(lines).collect(), [["Hello World!", "Hello World!"]]);
    },
  },
  {
    // Object files are what pickle files are in PySpark.
    name: "records in object files come back as they were, and can be mapped",
    pyspark: "test_rdd.test_transforming_pickle_file",
    async run(sc, kit) {
      const folder = `${await kit.folder()}/out`;
      const records = ["Hello", "World!", 7n, new Map([[1, [undefined, new Date(0)]]])];
      await sc.parallelize(records, 2).saveAsPickleFile(folder);
      const read = sc.pickleFile<(typeof records)[number]>(folder);
      assert.deepEqual(await read.map((record) => record).collect(), records);
      assert.deepEqual(await sc.objectFile(folder).collect(), records);
    },
  },
  {
    name: "a text file can be dealt out anew",
    pyspark: "test_rdd.test_repartition_on_textfile",
    async run(sc, kit) {
      const file = `${await kit.folder()}/hello.txt`;
      await Deno.writeTextFile(file, "Hello World!\n");
      assert.deepEqual(await sc.textFile(file).repartition(1).collect(), ["Hello World!"]);
    },
  },
  {
    name: "input that is gone fails the job, and only that one",
    pyspark: "test_rdd.test_deleting_input_files",
    async run(sc, kit) {
      const file = `${await kit.folder()}/hello.txt`;
      await Deno.writeTextFile(file, "Hello World!");
      const lines = sc.textFile(file).filter(() => true);
      assert.equal(await lines.count(), 1);
      await Deno.remove(file);
      await refused(() => lines.count(), InputError, "InputNotFound", /hello\.txt/);
      assert.equal(await sc.range(3).count(), 3);
    },
  },
];
