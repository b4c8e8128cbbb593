import assert from "node:assert/strict";
import { OPTIONS as SETTINGS } from "../../runtime/config/options.ts";
import { help, OPTIONS, parseArguments, UsageError } from "../../cli/args.ts";

const refused = (words: string, message: RegExp) =>
  assert.throws(
    () => parseArguments(words.split(" ")),
    (error) => error instanceof UsageError && message.test(error.message),
  );

Deno.test("options before the job file are Flint's, in every way of writing them", () => {
  const submission = parseArguments(
    "--master local[8] --name=counts -c a.b=c=d --conf x=1 --allow-read --allow-net=a:1,b job.ts"
      .split(" "),
  );
  assert.equal(submission.action, "run");
  assert.equal(submission.job, "job.ts");
  assert.deepEqual(submission.jobArguments, []);
  assert.deepEqual(submission.conf, {
    "spark.master": "local[8]",
    "spark.app.name": "counts",
    "a.b": "c=d",
    x: "1",
    "flint.allow.read": "*",
    "flint.allow.net": "a:1,b",
  });
});

Deno.test("after the job file only the closed list is Flint's", () => {
  const submission = parseArguments(
    "job.ts in.txt --master local[2] --name mine -v -c k=v --help --conf a=b --top 5 --no-progress"
      .split(" "),
  );
  assert.deepEqual(submission.jobArguments, [
    ..."in.txt --name mine -v -c k=v --help --top 5".split(" "),
  ]);
  assert.deepEqual(submission.conf, { "spark.master": "local[2]", a: "b" });
  assert.equal(submission.progress, false);
  assert.equal(submission.verbose, false);
});

Deno.test("everything after -- is the job's, and -- itself is not", () => {
  const { jobArguments, conf } = parseArguments("job.ts a -- --master x -- y".split(" "));
  assert.deepEqual(jobArguments, ["a", "--master", "x", "--", "y"]);
  assert.deepEqual(conf, {});
});

Deno.test("a later option wins over an earlier one", () => {
  assert.deepEqual(
    parseArguments("--master local[1] job.ts --master local[2]".split(" ")).conf,
    { "spark.master": "local[2]" },
  );
});

Deno.test("what is not understood is refused with the option's name and the right one", () => {
  refused("--mastre local job.ts", /unknown option --mastre.*--master/);
  refused("--frobnicate job.ts", /unknown option --frobnicate$/);
  refused("--conf job.ts", /--conf KEY=VALUE/);
  refused("--master", /--master needs a value/);
  refused("--verbose=yes job.ts", /--verbose takes no value/);
  refused("--verbose", /no job file/);
});

Deno.test("help and version need no job file, and the help names every option", () => {
  assert.equal(parseArguments(["--help"]).action, "help");
  assert.equal(parseArguments(["-h"]).action, "help");
  assert.equal(parseArguments(["--version"]).action, "version");
  for (const name of Object.keys(OPTIONS)) assert.ok(help().includes(`--${name}`), name);
});

Deno.test("the help tells of every setting, by its option or by its key", () => {
  const byOption = ["flint.progress", "flint.verbose"];
  for (const option of Object.values(OPTIONS)) if ("key" in option) byOption.push(option.key);
  for (const key of Object.keys(SETTINGS)) {
    assert.equal(help().includes(key), !byOption.includes(key), key);
  }
});
