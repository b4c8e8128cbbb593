/** Records through programs of the system. */
import assert from "node:assert/strict";
import { TaskError } from "@flint/flint";
import { refused } from "../../helpers/shared_context.ts";
import type { Program } from "../program.ts";

export const piping: readonly Program[] = [
  {
    name: "pipe takes what a program writes, and its exit code where it is asked to",
    pyspark: "test_rdd.test_pipe_functions",
    async run(sc) {
      const texts = sc.parallelize(["1", "2", "3"]);
      assert.deepEqual(await texts.pipe("cat").collect(), ["1", "2", "3"]);
      // a program that fails, and one that finds nothing and calls that a failure
      for (const command of [["sh", "-c", "exit 3"], "grep 4"]) {
        assert.deepEqual(await texts.pipe(command).collect(), []);
        for (
          const checked of [texts.pipe(command, {}, true), texts.pipe(command, { checkCode: true })]
        ) {
          await refused(() => checked.collect(), TaskError, "TaskFailed", /code (3|1)\b/);
        }
      }
      assert.deepEqual(await sc.parallelize(["4"], 1).pipe("grep 4", {}, true).collect(), ["4"]);
    },
  },
  {
    name: "pipe speaks UTF-8",
    pyspark: "test_rdd.test_pipe_unicode",
    async run(sc) {
      const texts = ["\u6d4b\u8bd5", "1", "\u{1f600}"];
      assert.deepEqual(await sc.parallelize(texts).pipe("cat").collect(), texts);
    },
  },
];
