/** Runs programs on Flint, in one context for each budget. */
import { PlanError, SparkContext } from "@flint/flint";
import { ACTIONS } from "./actions.ts";
import { failureOf } from "./canonical.ts";
import type { Records } from "./growth.ts";
import { OPERATORS } from "./operators.ts";
import { type Budget, decoded, type Program, type Result } from "./program.ts";

/** A task holds less than a program has, or far more. */
const MEMORY: Readonly<Record<Budget, string>> = { tight: "256k", roomy: "512m" };

/** A result, and how often tasks wrote to disk what they held. */
export type FlintResult = Readonly<{ result: Result; spills: number }>;

export class FlintRunner implements AsyncDisposable {
  readonly #contexts: Readonly<Record<Budget, SparkContext>>;
  #spills = 0;

  constructor() {
    this.#contexts = { tight: this.#context("tight"), roomy: this.#context("roomy") };
  }

  async run(program: Program): Promise<FlintResult> {
    this.#spills = 0;
    const result = await this.#result(program);
    return { result, spills: this.#spills };
  }

  async #result(program: Program): Promise<Result> {
    const sc = this.#contexts[program.budget];
    const { records, partitions } = program.source;
    try {
      let rdd: Records = sc.parallelize(records.map(decoded) as never[], partitions);
      const action = program.steps.at(-1)!;
      for (const step of program.steps.slice(0, -1)) {
        rdd = OPERATORS[step.operator]!.run(rdd, step, sc);
      }
      return await ACTIONS[action.operator]!.run(rdd, action, program);
    } catch (error) {
      if (error instanceof PlanError && error.code === "EmptyCollection") return failureOf("empty");
      return failureOf(error instanceof Error ? `${error.stack ?? error}` : String(error));
    }
  }

  #context(budget: Budget): SparkContext {
    const conf = { "flint.worker.memory": MEMORY[budget], "flint.progress": "false" };
    const sc = new SparkContext({ master: "local[2]", name: `differential, ${budget}`, conf });
    sc.events.subscribe((event) => {
      if (event.type === "task.ended") this.#spills += event.metrics.spills;
    });
    return sc;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Object.values(this.#contexts).map((sc) => sc.stop()));
  }
}
