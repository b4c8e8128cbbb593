/**
 * Which types jobs, listeners and the ways to make a context have. `deno check` is the test: every
 * `@ts-expect-error` has to be one, and every `gives` has to hold exactly.
 */
import { SparkConf, SparkContext, type SparkListener } from "../../mod.ts";

/** Compiles only if T and U are the same type. */
type Same<T, U> = (<X>() => X extends T ? 1 : 2) extends (<X>() => X extends U ? 1 : 2) ? true
  : false;
function gives<U>(): <R>(result: R, same: Same<R, U>) => void {
  return () => {};
}

export function making(): SparkContext[] {
  // @ts-expect-error the name comes after the master
  new SparkContext({ master: "local" }, "name");
  // @ts-expect-error a master is a text
  new SparkContext(4);
  return [
    new SparkContext(),
    new SparkContext("local", "name", { "spark.default.parallelism": 4 }),
    new SparkContext(new SparkConf()),
    SparkContext.getOrCreate({ name: "name" }),
  ];
}

export function jobs(sc: SparkContext): void {
  gives<Promise<number>>()(sc.withJobGroup("a", () => sc.range(3).count()), true);
  gives<Promise<string>>()(
    sc.withJobGroup("a", { description: "b", tags: ["c"], pool: "d" }, () => Promise.resolve("e")),
    true,
  );
  gives<number>()(sc.withLocalProperties({ a: "1", b: undefined }, () => 1), true);
  // @ts-expect-error a property is a text
  sc.withLocalProperties({ a: 1 }, () => 1);
  // @ts-expect-error there is no such option
  sc.withJobGroup("a", { colour: "red" }, () => 1);
  // @ts-expect-error there is no such level
  sc.setLogLevel("LOUD");

  const words = sc.parallelize(["a", "b"]);
  gives<Promise<[string, number][]>>()(
    sc.runJob(words, (part) => [...part].map((word) => [word, 1]), [0]),
    true,
  );
  gives<Promise<string[]>>()(sc.runJob(words, (part) => part, { partitions: [0] }), true);
  // @ts-expect-error what a partition becomes is iterable
  sc.runJob(words, () => 1);
}

export const listener: SparkListener = {
  onJobStart: ({ job, stages }) => console.log(job.toFixed(), stages.length),
  onTaskEnd: ({ metrics, outcome }) => console.log(metrics.durationMs, outcome.ok),
  // @ts-expect-error a job that starts has no outcome yet
  onStageSubmitted: ({ outcome }) => console.log(outcome),
};
