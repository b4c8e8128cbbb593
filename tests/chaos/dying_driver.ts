/** A driver that is killed where it says that it is (jobs/dying_driver.ts), and what is left of it. */
import { existsSync, readdirSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { commandLine, descendants, isAlive, kill } from "./processes.ts";

const JOB = fileURLToPath(new URL("jobs/dying_driver.ts", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const GONE_MS_MAX = 2_000;

/** A driver that is to die, and all that it has started. */
export class DyingDriver {
  readonly out: string;
  readonly #temp: string;
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #log: Promise<string>;
  #said = "";
  #below: number[] = [];

  constructor(phase: string, folder: string, temp: string) {
    this.out = `${folder}/out-${crypto.randomUUID()}`;
    this.#temp = temp;
    const heap = phase === "full heap" ? ["--v8-flags=--max-old-space-size=64"] : [];
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--config", CONFIG, ...heap, JOB, phase, this.out, temp],
      env: { TMPDIR: temp, NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#log = new Response(this.#child.stderr).text();
  }

  /** Resolves once it has said that it is there. */
  async reaches(phase: string): Promise<void> {
    while (!this.#said.includes(`${phase}\n`)) {
      const { value, done } = await this.#lines.read();
      if (done) throw new Error(`the driver never said ${phase}: ${await this.#log}`);
      this.#said += value;
    }
  }

  /** By SIGKILL; `together`: with all of its executors and their programs. */
  async die(together: boolean): Promise<void> {
    const all = () => [this.#child.pid, ...descendants(this.#child.pid)];
    // Stopped, so that nothing new is started between the look and the end.
    if (together) { for (const pid of all()) Deno.kill(pid, "SIGSTOP"); }
    this.#below = all();
    await kill(together ? this.#below : [this.#child.pid]);
    await this.#rest();
  }

  /** The exit code with which it ends by itself. */
  async ended(limitMs: number): Promise<number> {
    await this.reaches("idle");
    this.#below = descendants(this.#child.pid);
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), limitMs);
    const [{ code }] = await Promise.all([this.#child.status, this.#rest()]);
    clearTimeout(timer);
    return code;
  }

  /** Whether its output says that it is complete. */
  get isMarked(): boolean {
    return existsSync(`${this.out}/_SUCCESS`);
  }

  /** How many processes beside those `alive` are there when two seconds have passed. */
  async processesLeft(alive: ReadonlySet<number>): Promise<number> {
    const endMs = performance.now() + GONE_MS_MAX;
    const running = () =>
      new Set([...this.#below.filter(isAlive), ...this.#marked()].filter((pid) => !alive.has(pid)));
    while (running().size > 0 && performance.now() < endMs) await pause(20);
    const left = running();
    for (const pid of left) console.error(`left: ${pid} ${commandLine(pid).join(" ")}`);
    return left.size;
  }

  async #rest(): Promise<void> {
    while (!(await this.#lines.read()).done);
    await this.#child.status;
  }

  /** All processes of drivers like it, wherever they hang now: their command lines name the folder. */
  #marked(): number[] {
    return readdirSync("/proc").map(Number).filter((pid) =>
      pid > 0 && isAlive(pid) && commandLine(pid).join(" ").includes(this.#temp)
    );
  }
}
