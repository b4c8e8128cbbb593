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

// deno-lint-ignore no-explicit-any -- the key is the user's
type Options = KeyedOptions<any>;

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

export function partitionBy(data: Dataset, options: Options): Dataset {
  const partitions = partitionCount(options.partitions ?? NaN, "partitionBy");
  const partitioner = partitionerOf("partitionBy", { ...options, partitions });
  return data.exchange(new CallSite("partitionBy"), { kind: "partition", partitioner });
}

export function combineByKey(
  data: Dataset,
  functions: Readonly<Record<"create" | "mergeValue" | "mergeCombiners", UserFunction>>,
  options: Options,
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

export function reduceByKey(data: Dataset, fn: UserFunction, options: Options): Dataset {
  const operator = "reduceByKey";
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

export function groupByKey(data: Dataset, options: Options): Dataset {
  const partitioner = partitionerOf("groupByKey", options);
  return data.exchange(new CallSite("groupByKey"), { kind: "group", partitioner });
}

function partitionerOf(
  operator: string,
  { partitions, partitionFunction }: Options,
): Partitioner<UserFunction, number | undefined> {
  const count = partitionCount(partitions, operator);
  if (partitionFunction === undefined) return { kind: "hash", partitions: count };
  const fn = callable(partitionFunction, operator, "partitionFunction");
  return { kind: "custom", partitions: count, fn };
}
