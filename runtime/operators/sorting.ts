/**
 * Sorting: pairs travel to the partition whose range their key lies in and are merged there by key.
 *
 *     record ─ map ─► [key, record] ═ sort exchange ═► [key, record] in order ─ map ─► record
 *
 * The bounds of the ranges are found by the map tasks in their own output, so nothing runs when the
 * operator is called and the input is read once.
 */
import { pairOf } from "../../core/pair.ts";
import type { UserFunction } from "../../core/plan/plan.ts";
import { keyFunction, partitionCount, type SortOptions } from "../arguments.ts";
import { CallSite } from "../call_site.ts";
import type { Dataset } from "../dataset.ts";
import { userFunctionOf, wrapped } from "../wrapped.ts";
import { type PairOptions, partitionerOf } from "./keyed.ts";

export function sortBy(data: Dataset, fn: UserFunction, options: SortOptions): Dataset {
  return sortWith(data, new CallSite("sortBy"), keyFunction(fn, "sortBy"), options);
}

export function sortByKey(
  data: Dataset,
  keyOf: UserFunction | undefined,
  options: SortOptions,
): Dataset {
  const site = new CallSite("sortByKey");
  if (keyOf === undefined) return sortPairs(data, site, options);
  const order = keyFunction(keyOf, "sortByKey", "keyOf");
  const ofRecord = wrapped(order, (record) => order(pairOf(record)[0]));
  return sortWith(data, site, ofRecord, options);
}

function sortWith(
  data: Dataset,
  site: CallSite,
  keyOf: UserFunction,
  options: SortOptions,
): Dataset {
  const keyed = data.narrow(site, {
    kind: "map",
    fn: wrapped(userFunctionOf(keyOf), (record) => [keyOf(record), record]),
  });
  return sortPairs(keyed, site, options).narrow(site, { kind: "map", fn: (pair) => pair[1] });
}

function sortPairs(data: Dataset, site: CallSite, options: SortOptions): Dataset {
  const ascending = options.ascending ?? true;
  const partitions = partitionCount(options.partitions, site.operator);
  const partitioner = { kind: "range", partitions, ascending } as const;
  return data.exchange(site, { kind: "sort", partitioner, ascending });
}

export function repartitionAndSortWithinPartitions(
  data: Dataset,
  options: PairOptions & SortOptions & { keyOf?: UserFunction | undefined },
): Dataset {
  const site = new CallSite("repartitionAndSortWithinPartitions");
  const ascending = options.ascending ?? true;
  const partitioner = partitionerOf(site.operator, options);
  const sort = { kind: "sort", partitioner, ascending } as const;
  if (options.keyOf === undefined) return data.exchange(site, sort);
  // Pairs travel by their key. Then it stands aside while its partition is sorted, in place, by what
  // keyOf says; it is back before anybody sees the result, which is partitioned by it as before.
  const keyOf = keyFunction(options.keyOf, site.operator, "keyOf");
  const orderFirst = wrapped(keyOf, (record) => [keyOf(pairOf(record)[0]), record]);
  return data.exchange(site, { kind: "partition", partitioner })
    .narrow(site, { kind: "map", fn: orderFirst, keepsKeys: true })
    .exchange(site, sort)
    .narrow(site, { kind: "map", fn: (pair) => pair[1], keepsKeys: true });
}
