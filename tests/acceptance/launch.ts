/** Runs jobs as a user does: with `submit.ts`, in processes of their own, and looks at what is left. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The checkout that is tested. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export type Ended = Readonly<{ code: number; stdout: string; stderr: string }>;

/** A folder for the files of one test, gone with it. */
export class Workshop implements Disposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "flint-test-" });
  /** The temp folder of the jobs that are run. */
  readonly temp = `${this.folder}/temp`;

  constructor() {
    Deno.mkdirSync(this.temp);
  }

  /** Writes a file and returns its path. */
  write(name: string, text: string | Uint8Array): string {
    const path = `${this.folder}/${name}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    if (typeof text === "string") Deno.writeTextFileSync(path, text);
    else Deno.writeFileSync(path, text);
    return path;
  }

  /** Starts `submit` with these words. */
  start(words: readonly string[], options: Readonly<{ cwd?: string }> = {}): Deno.ChildProcess {
    return new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", `${ROOT}submit.ts`, ...words],
      cwd: options.cwd ?? this.folder,
      env: { TMPDIR: this.temp, NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /** Runs `submit` to its end and asserts that nothing is left on disk or running. */
  async submit(...words: string[]): Promise<Ended> {
    const ended = await finished(this.start(words));
    await this.assertNothingLeft();
    return ended;
  }

  /** Runs a job given as text. */
  async job(text: string, ...words: string[]): Promise<Ended> {
    const path = this.write(`job-${crypto.randomUUID()}.ts`, text);
    return await this.submit("--master", "local[2]", path, ...words);
  }

  /** Waits up to five seconds for processes to end, then asserts that nothing but `kept` is left. */
  async assertNothingLeft(kept = /^$/): Promise<void> {
    const left = () => this.#left().filter((name) => !kept.test(name));
    for (let waited = 0; waited < 5000 && left().length > 0; waited += 50) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.deepEqual(left(), []);
  }

  #left(): string[] {
    const processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(this.temp);
      } catch {
        return false; // it has just ended
      }
    });
    return [...readdirSync(this.temp), ...processes.map((pid) => `process ${pid}`)];
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

/** The output and exit code of a process. */
export async function finished(child: Deno.ChildProcess): Promise<Ended> {
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
