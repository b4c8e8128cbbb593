/** Operators that look at one record after the other. */
import {
  filterChoices,
  flatMapChoices,
  keyChoices,
  type LambdaChoice,
  mapChoices,
} from "./choices.ts";
import { choosing, kept, KEYS_MAX, type Operator, pairOf, SPREAD_CHARS } from "./growth.ts";
import { lambda } from "./lambdas.ts";
import { decoded } from "./program.ts";
import { isPair, isSortable, type PairShape, randomRecord, type Shape } from "./shapes.ts";

export const NARROW_OPERATORS: Readonly<Record<string, Operator>> = {
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
    (state, [, value]) => kept(state, { key: (state.shape as PairShape).key, value }, state.unique),
    (records, step) => records.mapValues(lambda(step.lambda) as never),
  ),
  flatMapValues: choosing(
    "flatMapValues",
    ({ shape }) => isPair(shape) ? flatMapChoices({ shape: shape.value }) : [],
    (state, [, value]) =>
      kept(state, { key: (state.shape as PairShape).key, value }, false, state.size * 3),
    (records, step) => records.flatMapValues(lambda(step.lambda) as never),
    1,
  ),
  filterByRange: {
    weight: 2,
    grow(state, random) {
      const pair = pairOf(state);
      if (!pair || !isSortable(pair.key)) return undefined;
      const values = [randomRecord(pair.key, random), randomRecord(pair.key, random)];
      return [{ operator: "filterByRange", values }, kept(state, pair, state.unique)];
    },
    run: (records, { values }) => {
      const [lower, upper] = values!.map(decoded);
      return records.filterByRange(lower as never, upper as never);
    },
  },
  zipWithIndex: {
    weight: 1,
    grow: (state) =>
      state.order === "exact"
        ? [{ operator: "zipWithIndex" }, kept(state, { key: state.shape, value: "number" })]
        : undefined,
    run: (records) => records.zipWithIndex(),
  },
  zipSelf: {
    weight: 3,
    // Each side is computed by itself: an order that depends on timing would part the pairs. Both
    // sides hold what they read, so that little of a tight budget is left for a sort behind them.
    grow: (state) =>
      state.order === "exact" && state.size <= KEYS_MAX
        ? [{ operator: "zipSelf" }, kept(state, { key: state.shape, value: state.shape })]
        : undefined,
    run: (records) => records.zip(records),
  },
};
