/** The operators of random programs: an entry each here and in pyspark_runner.py. */
import type { RDD, SparkContext } from "@flint/flint";
import type { Random } from "../simulation/random.ts";
import type { DifferenceName } from "./differences.ts";
import { lambda } from "./lambdas.ts";
import { decoded, type Source, type Step } from "./program.ts";
import {
  isList,
  isPair,
  isSimple,
  isSortable,
  type PairShape,
  randomSource,
  type Shape,
} from "./shapes.ts";

// deno-lint-ignore no-explicit-any -- the generator knows the types, the compiler does not
export type Records = RDD<any>;

/** What is known of the records before a step. */
export type State = Readonly<{
  shape: Shape;
  /** About as many records at most. */
  size: number;
  /** `exact`, `keys` (right after a sort), or why PySpark's order is another one. */
  order: "exact" | "keys" | DifferenceName;
  /** Whether both languages have the same records in the same partitions. */
  placed: boolean;
  /** Whether no key comes twice. */
  unique: boolean;
}>;

export type Operator = Readonly<{
  /** How often it is drawn. */
  weight: number;
  /** The step and what it makes of the records; undefined where it cannot follow. */
  grow(state: State, random: Random): readonly [Step, State] | undefined;
  run(records: Records, step: Step, sc: SparkContext): Records;
}>;

/** No operator makes more records than about this. */
const SIZE_MAX = 6000;
/** Records are made from so few values that there are hardly more keys than this. */
const KEYS_MAX = 400;
/** The characters of the text in each record of `spread`. */
const SPREAD_CHARS = 200;

/** Operators by which records of a task have to be held. */
export const HOLDING: readonly string[] = ["sortBy", "sortByKey", "groupByKey", "partitionBy"];

type LambdaChoice = readonly [name: string, shape: Shape];

function mapChoices({ shape }: State): LambdaChoice[] {
  const all: LambdaChoice[] = [["one", { key: shape, value: "number" }]];
  if (shape === "number") {
    all.push(["plusOne", "number"], ["modulo7", "number"], ["negative", "number"]);
    all.push(["toText", "text"], ["withModulo3", { key: "number", value: "number" }]);
  } else if (shape === "text") {
    all.push(["codePoints", "number"], ["exclaimed", "text"], ["begin", "text"]);
    all.push(["withLength", { key: "number", value: "text" }]);
  } else if (isPair(shape)) {
    all.push(["swap", { key: shape.value, value: shape.key }]);
    all.push(["nest", { key: shape, value: "number" }], ["around", { ...shape, value: shape }]);
  } else if (isList(shape)) {
    all.push(["size", "number"]);
  }
  return all;
}

function filterChoices(shape: Shape): string[] {
  if (shape === "number") return ["isSmall", "isPositive", "isSomething"];
  return shape === "text" ? ["isLong", "isSomething"] : ["isSomething"];
}

function flatMapChoices({ shape }: { shape: Shape }): LambdaChoice[] {
  const all: LambdaChoice[] = [["twice", shape], ["twice", shape], ["twice", shape], [
    "none",
    shape,
  ]];
  if (shape === "number") all.push(["andNext", shape], ["andNext", shape]);
  if (shape === "text") all.push(["words", "text"], ["letters", "text"], ["words", "text"]);
  if (isList(shape)) all.push(["elements", shape.elements], ["elements", shape.elements]);
  return all;
}

/** The lambdas that merge two values, in any order. */
function mergeChoices(shape: Shape): string[] {
  if (shape === "number") return ["add", "larger"];
  return shape === "text" ? ["later"] : [];
}

function keyChoices(shape: Shape): LambdaChoice[] {
  if (shape === "number") return [["modulo7", "number"], ["identity", "number"]];
  if (shape === "text") return [["codePoints", "number"], ["begin", "text"], ["identity", "text"]];
  return [["identity", shape]];
}

/** The values a pair can have where a value is changed and the key is not. */
function pairOf(state: State): PairShape | undefined {
  return isPair(state.shape) ? state.shape : undefined;
}

/** After an exchange by hash. */
function hashed(state: State, shape: Shape, unique: boolean, size = state.size): State {
  return { shape, size, order: "placement", placed: false, unique };
}

/** A sort may be followed by what keeps the order of keys only if that is all of it. */
function kept(state: State, shape: Shape, unique = false, size = state.size): State {
  const order = state.order === "keys" ? "ties" : state.order;
  return { ...state, shape, size, order, unique };
}

function other(source: Source | undefined, sc: SparkContext): Records {
  return sc.parallelize(source!.records.map(decoded) as never[], source!.partitions);
}

const parts = (random: Random) => random.between(1, 4);

/** An operator that combines the values of each key. */
function combining(
  operator: string,
  resultOf: (value: Shape, random: Random) => readonly [Partial<Step>, Shape] | undefined,
  run: Operator["run"],
  weight = 2,
): Operator {
  return {
    weight,
    grow(state, random) {
      const pair = pairOf(state);
      const result = pair && resultOf(pair.value, random);
      if (!pair || !result) return undefined;
      const step = { operator, partitions: parts(random), ...result[0] };
      const size = Math.min(state.size, KEYS_MAX);
      return [step, hashed(state, { key: pair.key, value: result[1] }, true, size)];
    },
    run,
  };
}

/** An operator with a few records of another dataset of pairs. */
function joining(
  operator: string,
  valueOf: (left: Shape, right: Shape) => Shape | undefined,
  run: Operator["run"],
): Operator {
  const few = 8;
  return {
    weight: 2,
    grow(state, random) {
      const pair = pairOf(state);
      const right = random.pick(["number", "text"] as const);
      const value = pair && valueOf(pair.value, right);
      if (!pair || !value || state.size * few > SIZE_MAX) return undefined;
      const others = randomSource({ key: pair.key, value: right }, few, random);
      const step = { operator, partitions: parts(random), other: others };
      return [step, hashed(state, { key: pair.key, value }, false, state.size * few)];
    },
    run,
  };
}

/** An operator with records of the same shape. */
function withSame(
  operator: string,
  after: (state: State, added: number) => State,
  run: Operator["run"],
): Operator {
  return {
    weight: 1,
    grow(state, random) {
      const others = randomSource(state.shape, 12, random);
      const added = others.records.length;
      return [{ operator, partitions: parts(random), other: others }, after(state, added)];
    },
    run,
  };
}

function choosing(
  operator: string,
  choices: (state: State) => readonly LambdaChoice[],
  after: (state: State, choice: LambdaChoice) => State,
  run: Operator["run"],
  weight = 2,
): Operator {
  return {
    weight,
    grow(state, random) {
      const all = choices(state);
      if (all.length === 0) return undefined;
      const choice = random.pick(all);
      const next = after(state, choice);
      return next.size > SIZE_MAX ? undefined : [{ operator, lambda: choice[0] }, next];
    },
    run,
  };
}

const eitherSide = (left: Shape, right: Shape): Shape => ({ key: left, value: right });
const mayMiss = (): Shape => ({ key: "any", value: "any" });

export const OPERATORS: Readonly<Record<string, Operator>> = {
  /** Only where a program begins that is to spill. */
  spread: {
    weight: 0,
    grow: (state, random) => {
      const count = random.between(60, 110);
      const shape: Shape = { key: state.shape, value: "text" };
      return [{ operator: "spread", count }, kept(state, shape, false, state.size * count)];
    },
    run: (records, { count }) =>
      records.flatMap((x) =>
        Array.from({ length: count! }, (_, i) => [x, String(i % 10).repeat(SPREAD_CHARS)])
      ),
  },
  map: choosing(
    "map",
    mapChoices,
    (state, [, shape]) => kept(state, shape),
    (records, step) => records.map(lambda(step.lambda) as never),
    4,
  ),
  /** Numbers of anything, since several actions take numbers only. */
  measure: {
    weight: 1,
    grow: (state) => [{ operator: "measure", lambda: "measure" }, kept(state, "number")],
    run: (records, step) => records.map(lambda(step.lambda) as never),
  },
  filter: choosing(
    "filter",
    ({ shape }) => filterChoices(shape).map((name) => [name, shape]),
    (state, [, shape]) => kept(state, shape, state.unique),
    (records, step) => records.filter(lambda(step.lambda)),
  ),
  flatMap: choosing(
    "flatMap",
    flatMapChoices,
    (state, [, shape]) => kept(state, shape, false, state.size * 3),
    (records, step) => records.flatMap(lambda(step.lambda) as never),
  ),
  mapPartitions: choosing(
    "mapPartitions",
    ({ shape }) => [["eachOfPart", shape], ["onesOfPart", { key: shape, value: "number" }]],
    (state, [, shape]) => kept(state, shape),
    (records, step) => records.mapPartitions(lambda(step.lambda) as never),
    1,
  ),
  mapPartitionsWithIndex: choosing(
    "mapPartitionsWithIndex",
    ({ shape, placed }) => [
      ["unindexed", shape],
      ...(placed ? [["indexed", { key: "number", value: shape }]] as LambdaChoice[] : []),
    ],
    (state, [, shape]) => kept(state, shape),
    (records, step) => records.mapPartitionsWithIndex(lambda(step.lambda) as never),
  ),
  keyBy: choosing(
    "keyBy",
    ({ shape }) => keyChoices(shape),
    (state, [, key]) => kept(state, { key, value: state.shape }),
    (records, step) => records.keyBy(lambda(step.lambda) as never),
  ),
  keys: {
    weight: 1,
    grow: (state) =>
      isPair(state.shape) ? [{ operator: "keys" }, kept(state, state.shape.key)] : undefined,
    run: (records) => records.keys(),
  },
  values: {
    weight: 1,
    grow: (state) =>
      isPair(state.shape) ? [{ operator: "values" }, kept(state, state.shape.value)] : undefined,
    run: (records) => records.values(),
  },
  mapValues: choosing(
    "mapValues",
    (state) => isPair(state.shape) ? mapChoices({ ...state, shape: state.shape.value }) : [],
    (state, [, value]) => kept(state, { key: pairOf(state)!.key, value }, state.unique),
    (records, step) => records.mapValues(lambda(step.lambda) as never),
  ),
  flatMapValues: choosing(
    "flatMapValues",
    ({ shape }) => isPair(shape) ? flatMapChoices({ shape: shape.value }) : [],
    (state, [, value]) => kept(state, { key: pairOf(state)!.key, value }, false, state.size * 3),
    (records, step) => records.flatMapValues(lambda(step.lambda) as never),
    1,
  ),
  zipWithIndex: {
    weight: 1,
    grow: (state) =>
      state.order === "exact"
        ? [{ operator: "zipWithIndex" }, kept(state, { key: state.shape, value: "number" })]
        : undefined,
    run: (records) => records.zipWithIndex(),
  },
  zipSelf: {
    weight: 1,
    // Each side is computed by itself: an order that depends on timing would part the pairs. Both
    // sides hold what they read, so that little of a tight budget is left for a sort behind them.
    grow: (state) =>
      state.order === "exact" && state.size <= KEYS_MAX
        ? [{ operator: "zipSelf" }, kept(state, { key: state.shape, value: state.shape })]
        : undefined,
    run: (records) => records.zip(records),
  },
  union: withSame(
    "union",
    (state, added) => ({ ...kept(state, state.shape, false, state.size + added), placed: false }),
    (records, step, sc) => records.union(other(step.other, sc)),
  ),
  unionSelf: {
    weight: 1,
    grow: (state) =>
      state.size * 2 > SIZE_MAX ? undefined : [
        { operator: "unionSelf" },
        { ...kept(state, state.shape, false, state.size * 2), placed: false },
      ],
    run: (records) => records.union(records),
  },
  intersection: withSame(
    "intersection",
    (state) => hashed(state, state.shape, false),
    (records, step, sc) => records.intersection(other(step.other, sc)),
  ),
  subtract: withSame(
    "subtract",
    (state) => hashed(state, state.shape, state.unique),
    (records, step, sc) => records.subtract(other(step.other, sc), step.partitions),
  ),
  cartesian: {
    weight: 1,
    grow(state, random) {
      const others = randomSource(random.pick(["number", "text", "any"] as const), 5, random);
      const value: Shape = others.records.every((record) => typeof record === "string")
        ? "text"
        : "any";
      if (state.size * 5 > SIZE_MAX) return undefined;
      const shape: Shape = { key: state.shape, value };
      return [
        { operator: "cartesian", other: others },
        hashed(state, shape, false, state.size * 5),
      ];
    },
    run: (records, step, sc) => records.cartesian(other(step.other, sc)),
  },
  coalesce: {
    weight: 1,
    grow(state, random) {
      const partitions = random.between(1, 3);
      const after = { ...kept(state, state.shape, state.unique), placed: partitions === 1 };
      return [{ operator: "coalesce", partitions }, after];
    },
    run: (records, step) => records.coalesce(step.partitions!),
  },
  repartition: {
    weight: 1,
    grow: (state, random) => [
      { operator: "repartition", partitions: parts(random) },
      hashed(state, state.shape, state.unique),
    ],
    run: (records, step) => records.repartition(step.partitions!),
  },
  partitionBy: {
    weight: 1,
    grow: (state, random) =>
      isPair(state.shape)
        ? [{ operator: "partitionBy", partitions: parts(random) }, {
          ...hashed(state, state.shape, state.unique),
        }]
        : undefined,
    run: (records, step) => records.partitionBy(step.partitions!),
  },
  partitionByFunction: {
    weight: 2,
    grow: (state, random) =>
      isPair(state.shape) && state.shape.key === "number"
        ? [{ operator: "partitionByFunction", partitions: parts(random) }, {
          ...hashed(state, state.shape, state.unique),
          placed: true,
        }]
        : undefined,
    run: (records, step) =>
      records.partitionBy(step.partitions!, lambda("bothToPartition") as never),
  },
  distinct: {
    weight: 2,
    grow: (state, random) => [
      { operator: "distinct", partitions: parts(random) },
      hashed(state, state.shape, false),
    ],
    run: (records, step) => records.distinct(step.partitions),
  },
  reduceByKey: combining(
    "reduceByKey",
    (value, random) =>
      isSimple(value) ? [{ lambda: random.pick(mergeChoices(value)) }, value] : undefined,
    (records, step) => records.reduceByKey(lambda(step.lambda) as never, step.partitions),
    3,
  ),
  foldByKey: combining(
    "foldByKey",
    (value) => value === "number" ? [{ lambda: "add", value: 0 }, "number"] : undefined,
    (records, step) =>
      records.foldByKey(step.value as never, lambda(step.lambda) as never, step.partitions),
  ),
  combineByKey: combining(
    "combineByKey",
    (value) => value === "number" ? [{}, { key: "number", value: "number" }] : undefined,
    (records, step) =>
      records.combineByKey(
        lambda("pairOfOne") as never,
        lambda("pairPlus") as never,
        lambda("pairsAdded") as never,
        step.partitions,
      ),
  ),
  aggregateByKey: combining(
    "aggregateByKey",
    (value) => value === "number" ? [{}, { key: "number", value: "number" }] : undefined,
    (records, step) =>
      records.aggregateByKey(
        [0, 0] as never,
        lambda("pairPlus") as never,
        lambda("pairsAdded") as never,
        step.partitions,
      ),
  ),
  groupByKey: combining(
    "groupByKey",
    (value) => isSimple(value) ? [{}, { elements: value }] : undefined,
    (records, step) => records.groupByKey(step.partitions).mapValues(lambda("sorted") as never),
    3,
  ),
  groupBy: {
    weight: 1,
    grow(state, random) {
      if (!isSimple(state.shape)) return undefined;
      const [name, key] = random.pick(keyChoices(state.shape));
      const step = { operator: "groupBy", lambda: name, partitions: parts(random) };
      return [step, hashed(state, { key, value: { elements: state.shape } }, true, KEYS_MAX)];
    },
    run: (records, step) =>
      records.groupBy(lambda(step.lambda) as never, step.partitions)
        .mapValues(lambda("sorted") as never),
  },
  cogroup: joining(
    "cogroup",
    (left, right) =>
      isSimple(left) ? { key: { elements: left }, value: { elements: right } } : undefined,
    (records, step, sc) =>
      records.cogroup(other(step.other, sc), step.partitions as never)
        .mapValues(lambda("sortedSides") as never),
  ),
  join: joining(
    "join",
    eitherSide,
    (records, step, sc) => records.join(other(step.other, sc), step.partitions),
  ),
  leftOuterJoin: joining(
    "leftOuterJoin",
    mayMiss,
    (records, step, sc) =>
      records.leftOuterJoin(other(step.other, sc), step.partitions)
        .mapValues(lambda("orMinusOne") as never),
  ),
  rightOuterJoin: joining(
    "rightOuterJoin",
    mayMiss,
    (records, step, sc) =>
      records.rightOuterJoin(other(step.other, sc), step.partitions)
        .mapValues(lambda("orMinusOne") as never),
  ),
  fullOuterJoin: joining(
    "fullOuterJoin",
    mayMiss,
    (records, step, sc) =>
      records.fullOuterJoin(other(step.other, sc), step.partitions)
        .mapValues(lambda("orMinusOne") as never),
  ),
  subtractByKey: joining(
    "subtractByKey",
    (left) => left,
    (records, step, sc) => records.subtractByKey(other(step.other, sc), step.partitions),
  ),
  sortBy: {
    weight: 2,
    grow(state, random) {
      if (!isSortable(state.shape)) return undefined;
      const [name] = random.pick(keyChoices(state.shape));
      const ascending = random.chance(0.6);
      const step = { operator: "sortBy", lambda: name, ascending, partitions: parts(random) };
      const order = name === "identity" ? "exact" : "keys";
      return [step, { ...state, order, placed: false }];
    },
    run: (records, step) => records.sortBy(lambda(step.lambda), step.ascending, step.partitions),
  },
  sortByKey: {
    weight: 2,
    grow(state, random) {
      if (!isPair(state.shape) || !isSortable(state.shape.key)) return undefined;
      const ascending = random.chance(0.6);
      const step = { operator: "sortByKey", ascending, partitions: parts(random) };
      return [step, { ...state, order: state.unique ? "exact" : "keys", placed: false }];
    },
    run: (records, step) => records.sortByKey(step.ascending, step.partitions),
  },
};
