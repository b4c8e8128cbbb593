/** The benchmarks as programs: that they measure, that a wrong answer is found out, what is compared. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { compared } from "../../bench/compare.ts";
import { digest } from "../../bench/contest.ts";
import { Answers } from "../../bench/answers.ts";
import { JOBS } from "../../bench/jobs.ts";
import { type Figure, Figures, isFigure, type Line, readLines } from "../../bench/measured.ts";
import { tables } from "../../bench/table.ts";

const RUN = fileURLToPath(new URL("../../bench/run.ts", import.meta.url));

const figure = (contestant: string, round: number, seconds: number, more = {}): Figure => ({
  kind: "figure",
  job: "sort",
  phase: "warm",
  rssBytes: 5e6,
  contestant,
  round,
  seconds,
  ...more,
});

const figures = (name: string, seconds: readonly number[]) =>
  seconds.map((second, i) => figure(name, i + 1, second));

Deno.test("Flint runs the seed's sort beside coreutils, and all figures are kept", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "flint-test-" });
  try {
    const out = `${folder}/measured.jsonl`;
    const options = ["--jobs", "sort", "--contestants", "flint,gnu", "--megabytes", "1"];
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--no-check", RUN, ...options, "--rounds", "2", "--out", out],
      env: { TMPDIR: folder },
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    const lines = readLines(out);
    const names = lines.filter((line) => line.kind === "contestant").map((c) => c.contestant);
    const measured = lines.filter(isFigure);
    assert.deepEqual(
      measured.map(({ contestant, phase, round }) => `${contestant} ${phase} ${round}`),
      [
        ...names.map((name) => `${name} cold 1`),
        ...[1, 2].flatMap((round) => names.map((name) => `${name} warm ${round}`)),
      ],
    );
    assert(names.includes("flint") && measured.every(({ seconds }) => seconds > 0));
    assert.match(new TextDecoder().decode(stdout), /\| sort +\| [\d.]+ s/);
    assert.deepEqual(
      Array.from(Deno.readDirSync(folder), ({ name }) => name).sort(),
      ["flint-bench", "measured.jsonl"],
    );
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("an answer that differs names both", () => {
  const answers = new Answers();
  answers.compare("flint", "3 7");
  answers.compare("gnu", "3 7");
  assert.throws(() => answers.compare("polars", "3 8"), /answers 3 8 where flint answers 3 7/);
});

Deno.test("a digest depends on every line and on their order", async () => {
  const of = (...lines: string[]) => digest(ReadableStream.from(lines));
  const all = await Promise.all([of("a", "b"), of("b", "a"), of("ab"), of("a", "b", "")]);
  assert.equal(new Set(all).size, all.length);
  assert.equal(all[0], "2 408365719"); // as `printf 'a\nb\n' | gzip -1 | tail -c8` says it
});

Deno.test("a job has changed only where its rounds and the baseline's lie apart", () => {
  const verdicts = (before: Figure[], after: Figure[]) =>
    compared(new Figures(before), new Figures(after), "flint", "pyspark");
  const before = figures("flint", [1, 1.2, 1.1]);
  assert.deepEqual(
    [[1.15, 1.3, 1.4], [1.21, 1.3, 1.4], [0.8, 0.9, 0.99]].map((seconds) =>
      verdicts(before, figures("flint", seconds))[0]!.verdict
    ),
    ["within the noise", "slower", "faster"],
  );
  const slow = [...figures("flint", [2, 2.4, 2.2]), ...figures("pyspark", [20, 24, 22])];
  const [row] = verdicts([...before, ...figures("pyspark", [10, 12, 11])], slow);
  assert.equal(row!.beside, "pyspark");
  assert(Math.abs(row!.change - 1) < 1e-9, "the mood of the machine was not taken out");
  assert.deepEqual(verdicts(before, []), []);
});

Deno.test("the table has medians, ratios round by round, marks, and who is missing", () => {
  const lines: Line[] = [
    { kind: "contestant", contestant: "flint", version: "Flint 1" },
    { kind: "contestant", contestant: "pyspark", version: "PySpark 4" },
    { kind: "absent", contestant: "pypy", reason: "there is no pypy3" },
    ...figures("flint", [1, 2, 4]),
    ...figures("pyspark", [7, 15, 24]),
    { ...figure("flint", 1, 9), job: "sort-out-of-core", bytesSpilled: 0, executorBytes: 1e9 },
  ];
  const text = tables(lines);
  assert.match(text, /\| sort +\| 2.00 s \| 15.0 s \(7.00×\) \| – +\|/);
  assert.match(text, /\| sort, PySpark +\| must 6× +\| 7.00× +\| yes +\|/);
  assert.match(text, /spilled +\| must be more than 0 +\| 0 MB +\| no +\|/);
  assert.match(text, /beside sort +\| must at most 8×, aim 6× +\| 4.50× +\| yes +\|/);
  assert.match(text, /largest executor +\| must at most 194 MB +\| 1000 MB +\| no +\|/);
  assert.match(text, /- PySpark on PyPy: there is no pypy3/);
});

Deno.test("every mark is held against a contestant that has the job", async () => {
  const { CONTESTANTS } = await import("../../bench/contestants.ts");
  for (const [job, { marks }] of Object.entries(JOBS)) {
    assert(CONTESTANTS.flint!.jobs.includes(job), job);
    for (const name of Object.keys(marks)) assert(CONTESTANTS[name]!.jobs.includes(job), job);
  }
});
