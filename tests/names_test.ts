/**
 * The score: which of the public names of PySpark 4.3 are here. `deno test -A tests/names_test.ts`
 * prints one line a class.
 */
import assert from "node:assert/strict";
import * as flint from "@flint/flint";
import { LEFT_OUT, nameHere, PYSPARK, SCALA } from "./public_names.ts";

type ClassName = keyof typeof PYSPARK;

/** Interfaces have no names at run time: the type checker says that these are what they seem. */
const SHAPES: { [K in ClassName]?: object } = {
  AccumulatorParam: {
    zero: () => 0,
    addInPlace: Math.max,
  } satisfies flint.AccumulatorParam<number>,
  SparkJobInfo: { jobId: 0, stageIds: [0], status: "RUNNING" } satisfies flint.SparkJobInfo,
  SparkStageInfo: {
    stageId: 0,
    currentAttemptId: 0,
    name: "count",
    numTasks: 1,
    numActiveTasks: 1,
    numCompletedTasks: 0,
    numFailedTasks: 0,
  } satisfies flint.SparkStageInfo,
  SparkExecutorInfo: {
    executorId: 0,
    host: "localhost",
    slots: 1,
    numRunningTasks: 0,
    memoryBytesMax: 1,
  } satisfies flint.SparkExecutorInfo,
};

Deno.test("every public name of PySpark is here", async () => {
  const { SparkContext } = flint;
  await using sc = new SparkContext({ master: "local" });
  const instances: { [K in ClassName]?: object } = {
    RDD: sc.range(1),
    SparkContext: sc,
    Broadcast: sc.broadcast(1),
    Accumulator: sc.accumulator(0),
    pyspark: { ...flint, ...SHAPES },
    ...SHAPES,
  };
  const has = (className: ClassName, name: string): boolean => {
    const exported = (flint as Record<string, unknown>)[className] as { prototype?: object };
    const named = nameHere(name);
    const places = [instances[className], exported?.prototype];
    // Every class has a name and a length, which are none of its own members.
    if (!(named in Function.prototype)) places.push(exported);
    return places.some((place) => place !== undefined && named in place);
  };
  const missing: string[] = [];
  const score = (title: string, className: ClassName, names: readonly string[]) => {
    const wanted = names.filter((name) => !Object.hasOwn(LEFT_OUT, `${className}.${name}`));
    const absent = wanted.filter((name) => !has(className, name));
    missing.push(...absent.map((name) => `${className}.${name}`));
    const out = names.length - wanted.length;
    const note = out === 0 ? "" : `, ${out} left out on purpose`;
    console.log(`${title} ${wanted.length - absent.length} of ${wanted.length}${note}`);
  };
  for (const [name, names] of Object.entries(PYSPARK)) score(name, name as ClassName, names);
  for (const [name, names] of Object.entries(SCALA)) {
    score(`${name}, from Scala`, name as ClassName, names);
  }
  assert.deepEqual(missing, []);
});

Deno.test("the lists of names are complete", () => {
  assert.equal(PYSPARK.RDD.length, 106);
  assert.equal(PYSPARK.SparkContext.length, 54);
  for (const [name, names] of Object.entries(PYSPARK)) {
    assert.equal(new Set(names).size, names.length, name);
  }
  for (const name of Object.keys(LEFT_OUT)) {
    const [className, member] = name.split(".") as [ClassName, string];
    assert(PYSPARK[className].includes(member), name);
  }
});
