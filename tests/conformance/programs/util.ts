/** What stands beside the RDDs: errors from another process, and versions. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { TaskError } from "@flint/flint";
import type { Program } from "../program.ts";

const SUBMIT = fileURLToPath(new URL("../../../submit.ts", import.meta.url));

/** What `submit --version` answers where Deno says that it is `version`. */
async function submitUnder(version: string): Promise<{ code: number; said: string }> {
  const pretend = `Object.defineProperty(Deno, "version",
    { value: { ...Deno.version, deno: ${JSON.stringify(version)} } })`;
  const preload = `data:text/javascript,${encodeURIComponent(pretend)}`;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", `--preload=${preload}`, SUBMIT, "--version"],
  }).output();
  const decoder = new TextDecoder();
  return { code, said: decoder.decode(stdout) + decoder.decode(stderr) };
}

export const util: readonly Program[] = [
  {
    // An exception of the worker's own runtime stands for one of the JVM.
    name: "an error of the other side arrives with its class and its words",
    pyspark: "test_util.UtilTests.test_py4j_exception_message",
    async run(sc) {
      const lengths = sc.parallelize<string | null>([null]).map((text) => text!.length);
      await assert.rejects(lengths.collect(), (error: Error) => {
        assert(error instanceof TaskError);
        assert.match(error.message, /TypeError: Cannot read properties of null/);
        assert(error.cause instanceof Error);
        assert.equal(error.cause.name, "TypeError");
        assert.match(error.cause.message, /^Cannot read properties of null/);
        return true;
      });
    },
  },
  {
    name: "a version that is none is refused, as one that is too old",
    pyspark: "test_util.UtilTests.test_parsing_version_string",
    async run(sc) {
      assert.match(sc.version, /^\d+\.\d+\.\d+/);
      for (const version of ["abced", "", "2", "2.8.9", "1.46.3"]) {
        const { code, said } = await submitUnder(version);
        assert.deepEqual(
          [code, said.includes("Flint needs Deno 2.9 or newer")],
          [2, true],
          version,
        );
      }
      for (const version of ["2.9.6", "2.10.0", "3.0.0-rc.1"]) {
        const { code, said } = await submitUnder(version);
        assert.deepEqual([code, said.startsWith(`Flint ${sc.version} `)], [0, true], version);
      }
    },
  },
];
