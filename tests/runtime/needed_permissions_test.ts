/** A program that was started with few permissions: what it needs is enough, and what is missing is said. */
import assert from "node:assert/strict";

const config = new URL("../../deno.json", import.meta.url);
const flint = new URL("../../mod.ts", import.meta.url);
// In a short path there is room for the socket as well.
const folder = Deno.realPathSync(Deno.makeTempDirSync({ dir: "/tmp", prefix: "flint_needed_" }));
const job = `${folder}/job.ts`;
Deno.writeTextFileSync(
  job,
  `import { SparkContext } from "${flint}";
  try {
    await using sc = new SparkContext({ master: "local[2]", conf: { "spark.local.dir": Deno.args[0] } });
    const factor = 2;
    const sums = sc.range(0, 6, 1, 3).map((n) => [n % 2, n * factor]).reduceByKey((a, b) => a + b);
    console.log(JSON.stringify(await sums.sortByKey().collect()));
    const secret = sc.range(1).map(() => Deno.readTextFileSync("${job}"));
    await secret.collect().catch(({ code }) => console.log(code));
  } catch (error) {
    console.log(error.name, error.code, error.message);
  }`,
);
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

/** What the job prints when it is started with these flags, and works in that folder. */
async function started(flags: readonly string[], localDir = folder): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--config",
      config.pathname,
      "--no-check",
      ...flags,
      job,
      localDir,
    ],
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return decoder.decode(stdout) + decoder.decode(stderr);
}

/** As docs/guide/permissions.md has them. */
const needed: Readonly<Record<string, string>> = {
  read: `--allow-read=${folder}`,
  write: `--allow-write=${folder}`,
  run: `--allow-run=${Deno.execPath()}`,
  net: "--allow-net",
  sys: "--allow-sys",
};

Deno.test("a job runs with the permissions that a context needs, and with no others", async () => {
  const expected = "[[0,12],[1,18]]\nPermissionDenied\n";
  assert.equal(await started(Object.values(needed)), expected);
  assert.equal(await started(["--allow-all", `--deny-read=${folder}/other`]), expected);
});

for (const missing of Object.keys(needed)) {
  Deno.test(`without --allow-${missing} the context says what to do`, async () => {
    const { [missing]: flag, ...others } = needed;
    const said = await started(Object.values(others));
    assert.match(said, /^PlanError PermissionDenied Cannot make a SparkContext: .* not granted \w/);
    assert.equal(said.split("Start it with ")[1], `${flag}, or with -A\n`);
  });
}

Deno.test("what is granted for others counts as missing", async () => {
  const others = ["--allow-net=api.example", "--allow-run=cat", "--allow-sys=hostname"];
  const said = await started([...others, "--allow-read"]);
  const flags = ["write", "net", "run", "sys"].map((name) => needed[name]).join(" ");
  assert.equal(said.split("Start it with ")[1], `${flags}, or with -A\n`);
  assert.match(said, /not granted writing "\S+", network access to "unix:\S+", running "\S+", /);
});

Deno.test("a folder that leads to another one needs both", async () => {
  const link = `${folder}/link`;
  Deno.symlinkSync(folder, link);
  const flags = Object.values(needed).map((flag) => flag.replace(`=${folder}`, `=${link}`));
  const said = await started(flags, link);
  const cure = `Start it with --allow-read=${folder} --allow-write=${folder}, or with -A`;
  assert.match(said, /^PlanError PermissionDenied Cannot use /);
  assert.equal(said.split("\n")[1]!.trim(), cure);
});
