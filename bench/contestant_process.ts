/** A contestant that is running: asked word by word (contest.ts), watched by its memory. */
import { type Answer, type Given, linesOf } from "./contest.ts";
import type { Launch } from "./contestants.ts";
import { descendants, isAlive, kill, memoryBytes } from "../tests/chaos/processes.ts";

const SAMPLE_MS = 100;
const STDERR_CHARS = 2000;
/** A contestant that has not ended so long after its last word is ended. */
const PATIENCE_MS = 20_000;

/** An answer, how long it took from outside, and the memory that it took. */
export type Asked = Readonly<{
  answer: Answer;
  /** From the question, or from the start of the process where it is the first, to the answer. */
  elapsedSeconds: number;
  /**
   * The highest sum of what its processes had at one moment, looked at every 100 ms; what they share
   * counts for each of them.
   */
  rssBytes: number;
}>;

export class ContestantProcess implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncGenerator<string, undefined>;
  readonly #draining: Promise<void>;
  #stderr = "";
  #sinceMs = performance.now();
  #isFirst = true;

  constructor({ command, args, env = {} }: Launch, given: Given) {
    this.#process = new Deno.Command(command, {
      args: [...args],
      env: { ...env, PYTHONDONTWRITEBYTECODE: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#process.stdin.getWriter();
    this.#lines = linesOf(this.#process.stdout);
    this.#draining = this.#drain();
    this.#say(Object.entries(given).map((pair) => pair.join("=")).join("\t"));
  }

  /** Throws where the process ends before it has answered. */
  async ask(word: "run" | "check"): Promise<Asked> {
    let rssBytes = 0;
    const sample = () => {
      const pids = [this.#process.pid, ...descendants(this.#process.pid)];
      rssBytes = Math.max(rssBytes, pids.reduce((sum, pid) => sum + memoryBytes(pid), 0));
    };
    const timer = setInterval(sample, SAMPLE_MS);
    try {
      if (!this.#isFirst) this.#sinceMs = performance.now();
      this.#isFirst = false;
      this.#say(word);
      const answer = await this.#answer();
      const elapsedSeconds = (performance.now() - this.#sinceMs) / 1000;
      sample();
      return { answer, elapsedSeconds, rssBytes };
    } finally {
      clearInterval(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { pid } = this.#process;
    const all = [pid, ...descendants(pid)];
    await this.#input.close().catch(() => {});
    const timer = setTimeout(() => void kill(all.filter(isAlive)), PATIENCE_MS);
    for await (const _ of this.#lines);
    await this.#process.status;
    await this.#draining;
    clearTimeout(timer);
  }

  #say(words: string): void {
    // Where it has ended, that is noticed when its answer is read.
    this.#input.write(new TextEncoder().encode(`${words}\n`)).catch(() => {});
  }

  async #answer(): Promise<Answer> {
    for (;;) {
      const { value: line } = await this.#lines.next();
      if (line === undefined) throw new Error(await this.#ending());
      // A shell may write its prompt before it.
      const at = line.indexOf("answer {");
      if (at >= 0) return JSON.parse(line.slice(at + "answer ".length));
    }
  }

  async #ending(): Promise<string> {
    const { code } = await this.#process.status;
    await this.#draining;
    return `it ended with ${code} before it had answered:\n${this.#stderr}`;
  }

  async #drain(): Promise<void> {
    for await (const text of this.#process.stderr.pipeThrough(new TextDecoderStream())) {
      this.#stderr = (this.#stderr + text).slice(-STDERR_CHARS);
    }
  }
}
