/** The actions of random programs: an entry each here and in pyspark_runner.py. */
import type { Random } from "../simulation/random.ts";
import { canonical, resultOf, resultOfTexts, rounded } from "./canonical.ts";
import { lambda } from "./lambdas.ts";
import { keyChoices } from "./choices.ts";
import type { Records, State } from "./growth.ts";
import { decoded, type Order, type Program, type Result, type Step } from "./program.ts";
import { isKey, isPair, isSortable, type PairShape, randomRecord, type Shape } from "./shapes.ts";

export type Action = Readonly<{
  weight: number;
  /** The step and how its result is compared; undefined where it cannot follow. */
  grow(state: State, random: Random): readonly [Step, Order] | undefined;
  run(records: Records, step: Step, program: Program): Promise<Result>;
}>;

/** An action with one result. */
function figure(
  operator: string,
  possible: (state: State) => boolean,
  value: (records: Records, step: Step) => Promise<unknown>,
  weight = 3,
): Action {
  return {
    weight,
    grow: (state) => possible(state) ? [{ operator }, "exact"] : undefined,
    run: async (records, step) => resultOfTexts([canonical(await value(records, step))]),
  };
}

/** An action whose result is a list of records. */
function list(
  grow: Action["grow"],
  values: (records: Records, step: Step) => Promise<Iterable<unknown>>,
  weight = 1,
): Action {
  return {
    weight,
    grow,
    run: async (records, step, program) => resultOf(program, await values(records, step)),
  };
}

const always = () => true;
const ofNumbers = ({ shape }: State) => shape === "number";
const sortable = ({ shape }: State) => isSortable(shape);

const pairsOfKeys = (shape: Shape): shape is PairShape => isPair(shape) && isKey(shape.key);

/** How records are compared that come as they lie. */
function orderOf({ order }: State): Order {
  return order === "exact" || order === "keys" ? order : "free";
}

function firstN(operator: string, possible: (state: State) => boolean): Action["grow"] {
  return (state, random) =>
    possible(state) ? [{ operator, count: random.below(9) }, "exact"] : undefined;
}

function merging(operator: string): Action["grow"] {
  return ({ shape }, random) => {
    if (shape === "number") return [{ operator, lambda: random.pick(["add", "larger"]) }, "exact"];
    return shape === "text" ? [{ operator, lambda: "later" }, "exact"] : undefined;
  };
}

function merged(
  operator: string,
  value: (records: Records, step: Step) => Promise<unknown>,
): Action {
  return { ...figure(operator, always, value), grow: merging(operator) };
}

export const ACTIONS: Readonly<Record<string, Action>> = {
  collect: list(
    (state) => [{ operator: "collect" }, orderOf(state)],
    (records) => records.collect(),
    10,
  ),
  toLocalIterator: list(
    (state) => [{ operator: "toLocalIterator" }, orderOf(state)],
    (records) => Array.fromAsync(records.toLocalIterator()),
    2,
  ),
  take: list(
    firstN("take", ({ order }) => order === "exact"),
    (records, step) => records.take(step.count!),
    8,
  ),
  top: list(firstN("top", sortable), (records, step) => records.top(step.count!)),
  takeOrdered: list(
    firstN("takeOrdered", sortable),
    (records, step) => records.takeOrdered(step.count!),
  ),
  /** What the greatest are ordered by: which of equal ones come is another matter. */
  topKeys: list(
    (state, random) => {
      const [lambda] = random.pick(keyChoices(state.shape));
      const step = { operator: "topKeys", lambda, count: random.below(9) };
      return isSortable(state.shape) ? [step, "exact"] : undefined;
    },
    async (records, step) => {
      const keyOf = lambda(step.lambda);
      return (await records.top(step.count!, keyOf)).map(keyOf);
    },
  ),
  collectAsMap: list(
    ({ shape, unique, order }) =>
      pairsOfKeys(shape) && (unique || order === "exact")
        ? [{ operator: "collectAsMap" }, "free"]
        : undefined,
    (records) => records.collectAsMap(),
    6,
  ),
  countByKey: list(
    ({ shape }) => pairsOfKeys(shape) ? [{ operator: "countByKey" }, "free"] : undefined,
    (records) => records.countByKey(),
  ),
  countByValue: list(
    ({ shape }) => isKey(shape) ? [{ operator: "countByValue" }, "free"] : undefined,
    (records) => records.countByValue(),
  ),
  reduceByKeyLocally: list(
    ({ shape }) =>
      pairsOfKeys(shape) && shape.value === "number"
        ? [{ operator: "reduceByKeyLocally", lambda: "add" }, "free"]
        : undefined,
    (records, step) => records.reduceByKeyLocally(lambda(step.lambda) as never),
    12,
  ),
  lookup: list(
    ({ shape }, random) =>
      pairsOfKeys(shape)
        ? [{ operator: "lookup", value: randomRecord(shape.key, random) }, "free"]
        : undefined,
    (records, step) => records.lookup(decoded(step.value!) as never),
  ),
  count: figure("count", always, (records) => records.count()),
  isEmpty: figure("isEmpty", always, (records) => records.isEmpty(), 1),
  first: figure("first", ({ order }) => order === "exact", (records) => records.first(), 8),
  sum: figure("sum", ofNumbers, (records) => records.sum()),
  max: figure("max", sortable, (records) => records.max()),
  min: figure("min", sortable, (records) => records.min()),
  reduce: merged("reduce", (records, step) => records.reduce(lambda(step.lambda) as never)),
  treeReduce: merged(
    "treeReduce",
    (records, step) => records.treeReduce(lambda(step.lambda) as never),
  ),
  fold: {
    ...figure(
      "fold",
      always,
      (records, step) => records.fold(decoded(step.value!), lambda(step.lambda) as never),
    ),
    grow: (state) =>
      ofNumbers(state) ? [{ operator: "fold", lambda: "add", value: 0 }, "exact"] : undefined,
  },
  aggregate: figure("aggregate", ofNumbers, (records) =>
    records.aggregate(
      [0, 0] as never,
      lambda("pairPlus") as never,
      lambda("pairsAdded") as never,
    )),
  treeAggregate: figure("treeAggregate", ofNumbers, (records) =>
    records.treeAggregate(
      [0, 0] as never,
      lambda("pairPlus") as never,
      lambda("pairsAdded") as never,
    )),
  /** The sum that an accumulator has after foreach(). */
  accumulated: figure("accumulated", ofNumbers, async (records) => {
    const sum = records.context.accumulator(0);
    await records.foreach((n) => sum.add(n));
    return sum.value;
  }),
  stats: {
    weight: 4,
    grow: (state) => ofNumbers(state) ? [{ operator: "stats" }, "exact"] : undefined,
    run: async (records) => {
      const { count, sum, mean, variance, max, min } = await records.stats();
      return resultOfTexts([String(count), ...[sum, mean, variance, max, min].map(rounded)]);
    },
  },
  histogram: {
    weight: 6,
    grow(state, random) {
      if (!ofNumbers(state)) return undefined;
      const buckets = random.chance(0.5)
        ? { values: [-10, 0, 0.25, 7, 100] }
        : { count: random.between(1, 5) };
      return [{ operator: "histogram", ...buckets }, "exact"];
    },
    run: async (records, step) => {
      const [edges, counts] = await records.histogram((step.count ?? step.values) as number[]);
      return resultOfTexts([canonical(edges), canonical(counts)]);
    },
  },
};
