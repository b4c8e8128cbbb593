/** Operators of which records lie where, and in which order; and over sets of records. */
import { keyChoices } from "./choices.ts";
import {
  hashed,
  kept,
  type Operator,
  other,
  pairOf,
  PARTITIONS_MAX,
  parts,
  SIZE_MAX,
  withSame,
} from "./growth.ts";
import { lambda } from "./lambdas.ts";
import { isKey, isPair, isSortable, randomSource, type Shape } from "./shapes.ts";

export const PLACING_OPERATORS: Readonly<Record<string, Operator>> = {
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
    (state) => isKey(state.shape) ? hashed(state, state.shape, false) : undefined,
    (records, step, sc) => records.intersection(other(step.other, sc)),
  ),
  subtract: withSame(
    "subtract",
    (state) => isKey(state.shape) ? hashed(state, state.shape, state.unique) : undefined,
    (records, step, sc) => records.subtract(other(step.other, sc), step.partitions),
  ),
  cartesian: {
    weight: 1,
    grow(state, random) {
      if (state.size * 5 > SIZE_MAX) return undefined;
      const value = random.pick(["number", "text", "any", "loose"] as const);
      const others = randomSource(value, 5, random);
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
      pairOf(state)
        ? [
          { operator: "partitionBy", partitions: parts(random) },
          hashed(state, state.shape, state.unique),
        ]
        : undefined,
    run: (records, step) => records.partitionBy(step.partitions!),
  },
  partitionByFunction: {
    weight: 8,
    grow: (state, random) =>
      isPair(state.shape) && state.shape.key === "number"
        ? [
          { operator: "partitionByFunction", partitions: parts(random) },
          { ...hashed(state, state.shape, state.unique), placed: true },
        ]
        : undefined,
    run: (records, step) =>
      records.partitionBy(step.partitions!, lambda("bothToPartition") as never),
  },
  sortInPartitions: {
    weight: 8,
    grow(state, random) {
      if (pairOf(state)?.key !== "number") return undefined;
      const ascending = random.chance(0.5);
      const step = { operator: "sortInPartitions", lambda: "key", ascending };
      const order = state.unique ? "exact" : "keys";
      return [{ ...step, partitions: parts(random) }, { ...state, order, placed: true }];
    },
    run: (records, { partitions, ascending }) =>
      records.repartitionAndSortWithinPartitions({
        ...{ partitions: partitions!, ascending: ascending! },
        partitionFunction: lambda("bothToPartition") as never,
      }),
  },
  glom: {
    weight: 20,
    grow: (state) =>
      state.placed
        ? [{ operator: "glom", lambda: "measures" }, {
          ...kept(state, { elements: "number" }),
          ...{ order: "exact", placed: false, size: PARTITIONS_MAX },
        }]
        : undefined,
    run: (records, step) => records.glom().map(lambda(step.lambda) as never),
  },
  glomSizes: {
    weight: 20,
    grow: (state) =>
      state.placed
        ? [{ operator: "glomSizes", lambda: "size" }, {
          ...kept(state, "number"),
          ...{ order: "exact", placed: false, size: PARTITIONS_MAX },
        }]
        : undefined,
    run: (records, step) => records.glom().map(lambda(step.lambda) as never),
  },
  distinct: {
    weight: 2,
    grow: (state, random) =>
      isKey(state.shape)
        ? [{ operator: "distinct", partitions: parts(random) }, hashed(state, state.shape, false)]
        : undefined,
    run: (records, step) => records.distinct(step.partitions),
  },
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
