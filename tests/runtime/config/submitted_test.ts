import assert from "node:assert/strict";
import { SUBMITTED_VARIABLE, submittedSettings } from "../../../runtime/config/submitted.ts";

const SPARK_CONF = new URL("../../../runtime/config/spark_conf.ts", import.meta.url).href;

/** What a program prints that was started with settings from `submit`. */
async function printed(script: string, submitted: string, ...flags: string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", "--no-lock", ...flags, script],
    env: { [SUBMITTED_VARIABLE]: submitted, NO_COLOR: "1" },
  }).output();
  return (new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr)).trim();
}

Deno.test("code wins over options of submit, these over the properties file", async () => {
  const submitted = JSON.stringify({
    conf: { "spark.app.name": "option", "flint.worker.memory": "2m" },
    properties: { "spark.app.name": "file", "spark.python.worker.memory": "3m", "spark.x.y": "z" },
  });
  const script = `
    const { SparkConf } = await import(${JSON.stringify(SPARK_CONF)});
    const conf = new SparkConf({ "spark.app.name": "code" });
    const left = Deno.env.get(${JSON.stringify(SUBMITTED_VARIABLE)});
    console.log(JSON.stringify([conf.getAll(), left ?? "gone"]));`;
  assert.deepEqual(JSON.parse(await printed(script, submitted)), [
    [["flint.worker.memory", "2m"], ["spark.app.name", "code"], ["spark.x.y", "z"]],
    "gone",
  ]);
});

Deno.test("without submit there is nothing submitted", () => {
  assert.deepEqual(submittedSettings(), { conf: {}, properties: {} });
});

Deno.test("without permission to read the environment nothing is asked and nothing breaks", async () => {
  const script = `
    import { SparkConf } from ${JSON.stringify(SPARK_CONF)};
    console.log(JSON.stringify(new SparkConf().getAll()));`;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, script);
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-lock", "--no-prompt", file],
      env: { [SUBMITTED_VARIABLE]: JSON.stringify({ conf: { "spark.app.name": "x" } }) },
    }).output();
    assert.equal(new TextDecoder().decode(stdout).trim(), "[]");
  } finally {
    await Deno.remove(file);
  }
});
