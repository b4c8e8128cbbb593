/**
 * Operators over pairs. All that move records are one exchange; `reduceByKey` is `combineByKey`.
 */
import type { Partitioner } from "../../core/plan/exchange.ts";
import type { UserFunction } from "../../core/plan/plan.ts";
import { pairOf } from "../../core/pair.ts";
import { callable, type KeyedOptions, partitionCount } from "../arguments.ts";
import { CallSite } from "../call_site.ts";
import type { Dataset } from "../dataset.ts";
import { wrapped } from "../wrapped.ts";
import { firstValues } from "../zero.ts";

// deno-lint-ignore no-explicit-any -- the key is the user's
export type PairOptions = KeyedOptions<any>;

export function keys(data: Dataset): Dataset {
  return data.narrow(new CallSite("keys"), { kind: "map", fn: (record) => pairOf(record)[0] });
}

export function values(data: Dataset): Dataset {
  return data.narrow(new CallSite("values"), { kind: "map", fn: (record) => pairOf(record)[1] });
}

export function mapValues(data: Dataset, fn: UserFunction): Dataset {
  const change = callable(fn, "mapValues");
  return data.narrow(new CallSite("mapValues"), {
    kind: "map",
    fn: wrapped(change, (record) => {
      const pair = pairOf(record);
      return [pair[0], change(pair[1])];
    }),
    keepsKeys: true,
  });
}

export function flatMapValues(data: Dataset, fn: UserFunction): Dataset {
  const each = callable(fn, "flatMapValues");
  return data.narrow(new CallSite("flatMapValues"), {
    kind: "flatMap",
    fn: wrapped(each, (record) => {
      const [key, value] = pairOf(record);
      const found = each(value);
      // What cannot be taken apart goes back as it is, for the pipeline to say what is wrong.
      const isIterable = typeof found === "object" && found !== null && Symbol.iterator in found;
      return isIterable ? withKey(key, found) : found;
    }),
    keepsKeys: true,
  });
}

/** A pair of the key and each of the values, one after the other. */
export function* withKey(key: unknown, values: Iterable<unknown>): Generator<[unknown, unknown]> {
  for (const value of values) yield [key, value];
}

export function partitionBy(data: Dataset, options: PairOptions): Dataset {
  const partitions = partitionCount(options.partitions ?? NaN, "partitionBy");
  const partitioner = partitionerOf("partitionBy", { ...options, partitions });
  return data.exchange(new CallSite("partitionBy"), { kind: "partition", partitioner });
}

export function combineByKey(
  data: Dataset,
  functions: Readonly<Record<"create" | "mergeValue" | "mergeCombiners", UserFunction>>,
  options: PairOptions,
): Dataset {
  const operator = "combineByKey";
  return data.exchange(new CallSite(operator), {
    kind: "combine",
    partitioner: partitionerOf(operator, options),
    create: callable(functions.create, operator, "create"),
    mergeValue: callable(functions.mergeValue, operator, "mergeValue"),
    mergeCombiners: callable(functions.mergeCombiners, operator, "mergeCombiners"),
    mapSide: true,
  });
}

export function reduceByKey(
  data: Dataset,
  fn: UserFunction,
  options: PairOptions,
  operator = "reduceByKey",
): Dataset {
  const merge = callable(fn, operator);
  return data.exchange(new CallSite(operator), {
    kind: "combine",
    partitioner: partitionerOf(operator, options),
    create: (value) => value,
    mergeValue: merge,
    mergeCombiners: merge,
    mapSide: true,
  });
}

export function foldByKey(
  data: Dataset,
  zero: unknown,
  fn: UserFunction,
  options: PairOptions,
): Dataset {
  const operator = "foldByKey";
  const merge = callable(fn, operator);
  return aggregated(data, operator, zero, { mergeValue: merge, mergeCombiners: merge }, options);
}

export function aggregateByKey(
  data: Dataset,
  zero: unknown,
  functions: Readonly<Record<"mergeValue" | "mergeCombiners", UserFunction>>,
  options: PairOptions,
): Dataset {
  const operator = "aggregateByKey";
  const mergeValue = callable(functions.mergeValue, operator, "mergeValue");
  const mergeCombiners = callable(functions.mergeCombiners, operator, "mergeCombiners");
  return aggregated(data, operator, zero, { mergeValue, mergeCombiners }, options);
}

function aggregated(
  data: Dataset,
  operator: string,
  zero: unknown,
  { mergeValue, mergeCombiners }: Readonly<Record<"mergeValue" | "mergeCombiners", UserFunction>>,
  options: PairOptions,
): Dataset {
  const first = firstValues(zero, operator);
  return data.exchange(new CallSite(operator), {
    kind: "combine",
    partitioner: partitionerOf(operator, options),
    create: wrapped(mergeValue, (value) => mergeValue(first(), value)),
    mergeValue,
    mergeCombiners,
    mapSide: true,
  });
}

export function groupByKey(data: Dataset, options: PairOptions): Dataset {
  const partitioner = partitionerOf("groupByKey", options);
  return data.exchange(new CallSite("groupByKey"), { kind: "group", partitioner });
}

export function groupBy(data: Dataset, fn: UserFunction, options: PairOptions): Dataset {
  const site = new CallSite("groupBy");
  const keyOf = callable(fn, "groupBy");
  const partitioner = partitionerOf("groupBy", options);
  return data
    .narrow(site, { kind: "map", fn: wrapped(keyOf, (record) => [keyOf(record), record]) })
    .exchange(site, { kind: "group", partitioner });
}

/** How keys are divided where `options` say so. Throws a PlanError (InvalidArgument). */
export function partitionerOf(
  operator: string,
  { partitions, partitionFunction }: PairOptions,
): Partitioner<UserFunction, number | undefined> {
  const count = partitionCount(partitions, operator);
  if (partitionFunction === undefined) return { kind: "hash", partitions: count };
  const fn = callable(partitionFunction, operator, "partitionFunction");
  return { kind: "custom", partitions: count, fn };
}
