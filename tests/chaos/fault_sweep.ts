/**
 * One job and one fault, from end to end in one thread: what figure 8 does many thousand times.
 *
 *     text ─► flatMap ─► reduceByKey (spills) ─► sort (spills) ─► save ─► two files, and _SUCCESS
 *
 * `verdictOf` says what is wrong with a run; nothing is if the output is exact, or if the job failed
 * with an error that names a code and left no output; and if in both cases no file is left behind
 * and the same engine does the next job right.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Job } from "../../core/engine.ts";
import { FlintError, TaskError } from "../../core/errors.ts";
import type { Plan, UserFunction } from "../../core/plan/plan.ts";
import { localFileSystem } from "../../io/local_files.ts";
import { textSource } from "../../io/text.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";
import { type FaultPlan, Faults, faultyPlatform } from "../helpers/faulty_platform.ts";
import { captured, exchanged, mapped, summed } from "../helpers/local_plans.ts";
import { OneThreadEngine } from "./one_thread_engine.ts";

/** So little that both exchanges spill. */
const WORKER_MEMORY_BYTES = 128 * 1024;
const LINES = 250;
const WORDS_PER_LINE = 8;
const WORDS = 1200;

export type Run = Readonly<{
  /** Whether the fault came to pass; a sweep ends with the first run in which it does not. */
  fired: boolean;
  /** The operations of the first job that the fault applies to. */
  operations: number;
  /** The code of the error with which the job failed; undefined if the output is exact. */
  code: string | undefined;
  /** What is wrong with it. */
  wrong: string | undefined;
}>;

/** A job whose input lies in a folder, and its answer, which does not come from Flint. */
export class SweepJob {
  readonly expected: string;
  /** Where its input lies, and its runs have their files. */
  readonly folder: string;
  readonly #exchanges: number[] = [];
  readonly #plan: Promise<Plan>;
  #serial = 0;

  constructor(folder: string) {
    this.folder = folder;
    const lines: string[] = [];
    const counts = new Map<string, number>();
    for (let i = 0; i < LINES; i++) {
      const words = Array.from(
        { length: WORDS_PER_LINE },
        (_, j) => `${((i * 31 + j * 577) * 7919) % WORDS}`.padStart(40, "word "),
      );
      for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
      lines.push(words.join("|"));
    }
    writeFileSync(`${folder}/input`, lines.join("\n") + "\n");
    const sorted = [...counts].sort(([a], [b]) => a < b ? -1 : 1);
    this.expected = sorted.map(([word, count]) => `${word} ${count}\n`).join("");
    this.#plan = this.#made();
  }

  /** Runs it under a fault. `planted`: the answer that is expected is another one. */
  async run(plan: FaultPlan, attemptsMax: number, planted = false): Promise<Run> {
    const root = mkdtempSync(`${this.folder}/run-`);
    try {
      const faults = new Faults(plan);
      const folders = [`${root}/disk-0`, `${root}/disk-1`];
      for (const folder of folders) mkdirSync(folder);
      const engine = new OneThreadEngine({
        platform: faultyPlatform(denoPlatform, faults),
        folders,
        workerMemoryBytes: WORKER_MEMORY_BYTES,
        attemptsMax,
      });
      faults.arm();
      const first = await this.saved(engine, `${root}/first`, planted);
      faults.disarm();
      const leftAfter = unfinished(folders);
      const next = await this.saved(engine, `${root}/next`, planted);
      for (const exchange of this.#exchanges) engine.forget(exchange);
      // A disk that fails at everything for ever lets nothing be removed: that is done with the folder.
      const isStuck = plan.forever && plan.fault === "EIO";
      const left = isStuck ? [] : [...leftAfter, ...filesIn(folders)];
      const wrong = first.wrong ??
        (next.code === undefined ? next.wrong : `the next job failed with ${next.wrong}`) ??
        (left.length > 0 ? `left behind: ${left.join(", ")}` : undefined) ??
        (engine.spills < 4 ? "it has not spilled" : undefined);
      return { fired: faults.fired > 0, operations: faults.operations, code: first.code, wrong };
    } finally {
      rmSync(root, { recursive: true });
    }
  }

  /** Saves to `path` on that engine, and looks at what is there. */
  async saved(
    engine: Readonly<{ run(job: Job): Promise<unknown> }>,
    path: string,
    planted = false,
  ): Promise<Pick<Run, "code" | "wrong">> {
    const job: Job = {
      id: this.#serial++,
      plan: await this.#plan,
      action: { kind: "save", format: "text", options: { path } },
      name: "saveAsTextFile at sweep.ts",
    };
    try {
      await engine.run(job);
    } catch (error) {
      const isTyped = error instanceof FlintError && !(error instanceof TaskError) &&
        error.code !== "Bug";
      const left = namesIn(path);
      const wrong = !isTyped
        ? `no typed error: ${error instanceof Error ? error.stack : error}`
        : left.length > 0
        ? `half an output: ${left.join(", ")}`
        : undefined;
      return { code: isTyped ? error.code : "none", wrong };
    }
    const names = namesIn(path).join();
    const text = ["part-00000", "part-00001"].map((name) => readFileSync(`${path}/${name}`, "utf8"))
      .join("");
    const isExact = names === "_SUCCESS,part-00000,part-00001" &&
      text === this.expected + (planted ? "one line more\n" : "");
    return { code: undefined, wrong: isExact ? undefined : `a wrong answer (${names})` };
  }

  async #made(): Promise<Plan> {
    const options = { path: `${this.folder}/input` };
    const files = localFileSystem(denoPlatform);
    const splits = await textSource.split(options, { partitionsMin: 2 }, files);
    const source: Plan = {
      kind: "source",
      id: -1,
      label: "textFile at sweep.ts",
      source: { format: "text", options, splits },
    };
    const words = flatMapped(source, (line: string) => line.split("|"));
    const ones = mapped(words, (word: string) => [word, 1]);
    const counts = summed(ones, 2);
    const sorted = exchanged(counts, {
      kind: "sort",
      partitioner: { kind: "range", partitions: 2, ascending: true },
      ascending: true,
    });
    this.#exchanges.push(counts.id, sorted.id);
    return mapped(sorted, ([word, count]: [string, number]) => `${word} ${count}`);
  }
}

function flatMapped(from: Plan, fn: UserFunction): Plan {
  return { ...mapped(from, fn), op: { kind: "flatMap", fn: captured(fn) } } as Plan;
}

/** What a task is to have removed at its end: all but whole map outputs. */
function unfinished(folders: readonly string[]): string[] {
  return filesIn(folders).filter((name) => !/\.(data|index)$/.test(name));
}

function filesIn(folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile()).map((entry) => entry.name)
  );
}

/** The names in a folder, sorted; none if it is not there. */
function namesIn(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch {
    return [];
  }
}
