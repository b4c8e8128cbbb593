/** A real PySpark in one process, which takes programs and gives results, a line of JSON each. */
import { venv } from "../../bench/peers/venv.ts";
import type { Program, Result } from "./program.ts";

const PYSPARK_VERSION = "4.3.0";

/** A Python that has PySpark: the one named by FLINT_PYSPARK_PYTHON, else of a venv in the cache. */
export async function pythonWithPySpark(): Promise<string> {
  const packages = [`pyspark==${PYSPARK_VERSION}`];
  return Deno.env.get("FLINT_PYSPARK_PYTHON") ||
    await venv("python3", `pyspark-${PYSPARK_VERSION}`, packages);
}

/** Programs are answered in the order in which they are given, two of them at a time. */
export class PySparkPeer implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #waiting: PromiseWithResolvers<Result>[] = [];
  readonly #reading: Promise<void>;
  readonly #log: string;

  constructor(python: string) {
    this.#log = Deno.makeTempFileSync({ prefix: "flint-pyspark-", suffix: ".log" });
    // Through a shell, since what the JVM writes is worth a file but not an open pipe.
    this.#process = new Deno.Command("sh", {
      args: [
        "-c",
        'exec "$0" "$1" 2>"$2"',
        python,
        new URL("pyspark_runner.py", import.meta.url).pathname,
        this.#log,
      ],
      stdin: "piped",
      stdout: "piped",
      env: { PYSPARK_PYTHON: python, PYSPARK_DRIVER_PYTHON: python, PYTHONDONTWRITEBYTECODE: "1" },
    }).spawn();
    this.#input = this.#process.stdin.getWriter();
    this.#reading = this.#read();
  }

  /** What PySpark makes of `program`. */
  run(program: Program): Promise<Result> {
    const answer = Promise.withResolvers<Result>();
    this.#waiting.push(answer);
    const line = new TextEncoder().encode(`${JSON.stringify(program)}\n`);
    this.#input.write(line).catch((error) => answer.reject(error));
    return answer.promise;
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#waiting.shift()!.resolve(JSON.parse(line));
    }
    const log = (await Deno.readTextFile(this.#log)).slice(-2000);
    const ended = new Error(`PySpark has ended before it had answered:\n${log}`);
    for (const answer of this.#waiting.splice(0)) answer.reject(ended);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {});
    await this.#process.status;
    await this.#reading;
    await Deno.remove(this.#log);
  }
}
