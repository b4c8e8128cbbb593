/** Operators that bring records of equal keys together. */
import { keyChoices, mergeChoices } from "./choices.ts";
import {
  combining,
  hashed,
  joining,
  KEYS_MAX,
  type Operator,
  other,
  pairOf,
  parts,
} from "./growth.ts";
import { lambda } from "./lambdas.ts";
import { isSimple, mixed, randomSource, type Shape } from "./shapes.ts";

const eitherSide = (left: Shape, right: Shape): Shape => ({ key: left, value: right });
const mayMiss = (left: Shape, right: Shape): Shape => ({
  key: mixed([left, right]),
  value: mixed([left, right]),
});

export const KEYED_OPERATORS: Readonly<Record<string, Operator>> = {
  reduceByKey: combining(
    "reduceByKey",
    (value, random) =>
      isSimple(value) ? [{ lambda: random.pick(mergeChoices(value)) }, value] : undefined,
    (records, step) => records.reduceByKey(lambda(step.lambda) as never, step.partitions),
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
  listByKey: {
    weight: 6,
    // A list is one value, which has to be held as a whole.
    grow(state, random) {
      const pair = pairOf(state);
      if (!pair || !isSimple(pair.value) || state.size > KEYS_MAX) return undefined;
      const shape = { key: pair.key, value: { elements: pair.value } };
      return [{ operator: "listByKey", partitions: parts(random) }, hashed(state, shape, true)];
    },
    run: (records, step) =>
      records.aggregateByKey(
        [] as never,
        lambda("appended") as never,
        lambda("joined") as never,
        step.partitions,
      ).mapValues(lambda("sorted") as never),
  },
  groupByKey: combining(
    "groupByKey",
    (value) => isSimple(value) ? [{}, { elements: value }] : undefined,
    (records, step) => records.groupByKey(step.partitions).mapValues(lambda("sorted") as never),
    3,
  ),
  groupBy: {
    weight: 6,
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
    ["number", "text"],
  ),
  cogroupThree: {
    weight: 3,
    grow(state, random) {
      const pair = pairOf(state);
      if (!pair || !isSimple(pair.value)) return undefined;
      const source = (value: Shape) => randomSource({ key: pair.key, value }, 8, random);
      const step = { operator: "cogroupThree", other: source("number"), third: source("text") };
      const shape: Shape = { key: pair.key, value: { elements: { elements: "any" } } };
      return [step, hashed(state, shape, true)];
    },
    run: (records, step, sc) =>
      records.cogroup(other(step.other, sc), other(step.third, sc))
        .mapValues(lambda("sortedSides") as never),
  },
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
};
