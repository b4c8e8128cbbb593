/**
 * Flint and PySpark on the same text, in turn, whole processes from start to exit.
 *
 *     deno task compare [--megabytes 200] [--rounds 3] [--python python3] [--memory 512m]
 *
 * Prints the median of each and the median of the ratios of rounds, which is what a noisy machine
 * leaves meaningful. The Python must have pyspark; without it, only Flint is measured.
 */
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { writePaths } from "./generate_paths.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

const { values } = parseArgs({
  options: {
    megabytes: { type: "string", default: "200" },
    rounds: { type: "string", default: "3" },
    python: { type: "string", default: "python3" },
    memory: { type: "string", default: "512m" },
    master: { type: "string", default: "local[2]" },
  },
});

/** Runs a program to its end and returns the seconds it took and what it printed. */
async function timed(
  program: string,
  args: string[],
): Promise<{ seconds: number; printed: string }> {
  const start = performance.now();
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`${program} failed:\n${new TextDecoder().decode(stderr)}`);
  return {
    seconds: (performance.now() - start) / 1000,
    printed: new TextDecoder().decode(stdout).trim(),
  };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}

const folder = Deno.makeTempDirSync({ prefix: "flint-compare-" });
try {
  const text = `${folder}/paths.txt`;
  writePaths(text, Number(values.megabytes) * 1e6, 1);
  const { master, memory } = values;
  const flint = () =>
    timed(Deno.execPath(), [
      ...["run", "-A", "--quiet", `${ROOT}submit.ts`, "--master", master],
      ...["--worker-memory", memory, "--no-progress", `${ROOT}bench/programs/word_count.ts`, text],
    ]);
  const pyspark = () =>
    timed(values.python, [`${ROOT}bench/peers/word_count.py`, text, master, memory]);
  const { success: havePeer } = await new Deno.Command(values.python, {
    args: ["-c", "import pyspark"],
    stderr: "null",
  }).output();

  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 1; round <= Number(values.rounds); round++) {
    const own = await flint();
    ours.push(own.seconds);
    let line = `round ${round}: Flint ${own.seconds.toFixed(2)} s`;
    if (havePeer) {
      const peer = await pyspark();
      theirs.push(peer.seconds);
      if (peer.printed !== own.printed) {
        throw new Error(`different answers: ${own.printed} and ${peer.printed}`);
      }
      line += `, PySpark ${peer.seconds.toFixed(2)} s`;
    }
    console.log(`${line}   (${own.printed})`);
  }
  console.log(`Flint, median of ${ours.length}: ${median(ours).toFixed(2)} s`);
  if (havePeer) {
    const ratio = median(theirs.map((seconds, round) => seconds / ours[round]!));
    console.log(`PySpark, median: ${median(theirs).toFixed(2)} s; ratio ${ratio.toFixed(2)}`);
  } else {
    console.log(`${values.python} has no pyspark: nothing to compare with`);
  }
} finally {
  Deno.removeSync(folder, { recursive: true });
}
