/**
 * Operators that leave every record where it is.
 *
 * The functions that they make of the user's travel to the tasks as the user's own do, so they use
 * nothing but their arguments, what they were made of, and functions of core.
 */
import type { NarrowOp } from "../../core/plan/ops.ts";
import type { UserFunction } from "../../core/plan/plan.ts";
import {
  type AsyncOptions,
  callable,
  type KeepingOptions,
  partitionCount,
  wholeNumber,
} from "../arguments.ts";
import { CallSite } from "../call_site.ts";
import { isAsync, wrapped } from "../wrapped.ts";
import type { Dataset } from "../dataset.ts";

/** `barrier`: the operator begins a barrier stage. */
type WholeOptions = KeepingOptions & Readonly<{ barrier?: boolean }>;

function plain(
  data: Dataset,
  kind: NarrowOp<unknown>["kind"],
  operator: string,
  fn: UserFunction,
  { preservesPartitioning = false, barrier = false }: WholeOptions = {},
): Dataset {
  const more = {
    ...(preservesPartitioning && { keepsKeys: true }),
    ...(barrier && { barrier }),
  };
  return data.narrow(new CallSite(operator), { kind, fn: callable(fn, operator), ...more });
}

export function map(data: Dataset, fn: UserFunction, options: KeepingOptions): Dataset {
  return plain(data, "map", "map", fn, options);
}

export function filter(data: Dataset, fn: UserFunction): Dataset {
  const predicate = callable(fn, "filter");
  // A filter takes no record apart, so pairs keep their keys.
  return data.narrow(new CallSite("filter"), { kind: "filter", fn: predicate, keepsKeys: true });
}

export function flatMap(data: Dataset, fn: UserFunction, options: KeepingOptions): Dataset {
  return plain(data, "flatMap", "flatMap", fn, options);
}

export function mapPartitions(data: Dataset, fn: UserFunction, options: WholeOptions): Dataset {
  const each = callable(fn, "mapPartitions");
  // The user's function must not see the partition: a second parameter with a default is its own.
  const alone = wrapped(each, (records) => each(records));
  return plain(data, wholly(each), "mapPartitions", alone, options);
}

export function mapPartitionsWithIndex(
  data: Dataset,
  fn: UserFunction,
  options: WholeOptions,
): Dataset {
  const each = callable(fn, "mapPartitionsWithIndex");
  const swapped = wrapped(each, (records, partition) => each(partition, records));
  return plain(data, wholly(each), "mapPartitionsWithIndex", swapped, options);
}

/** An async function and an async generator can wait. */
function wholly(fn: UserFunction): "mapPartitions" | "mapPartitionsAsync" {
  return isAsync(fn) ? "mapPartitionsAsync" : "mapPartitions";
}

/** How many calls run at once if nobody says. */
const CONCURRENCY = 8;
const CONCURRENCY_MAX = 65_536;

export function mapAsync(
  data: Dataset,
  fn: UserFunction,
  { concurrency = CONCURRENCY }: AsyncOptions,
): Dataset {
  const op = {
    kind: "mapAsync",
    fn: callable(fn, "mapAsync"),
    concurrency: wholeNumber(concurrency, "mapAsync", "concurrency", 1, CONCURRENCY_MAX),
  } as const;
  return data.narrow(new CallSite("mapAsync"), op);
}

export function keyBy(data: Dataset, fn: UserFunction): Dataset {
  const keyOf = callable(fn, "keyBy");
  return plain(data, "map", "keyBy", wrapped(keyOf, (record) => [keyOf(record), record]));
}

export function coalesce(data: Dataset, partitions: number, shuffle: boolean): Dataset {
  const count = partitionCount(partitions ?? NaN, "coalesce")!;
  const site = new CallSite("coalesce");
  return shuffle
    ? data.exchange(site, { kind: "rebalance", partitions: count })
    : data.coalesce(site, count);
}

export function repartition(data: Dataset, partitions: number): Dataset {
  const count = partitionCount(partitions ?? NaN, "repartition");
  return data.exchange(new CallSite("repartition"), { kind: "rebalance", partitions: count });
}

export function glom(data: Dataset): Dataset {
  return plain(data, "mapPartitions", "glom", (records) => [[...records]]);
}
