/**
 * Operators that join records by where they stand: by position, by partition, each with each.
 *
 * Numbering needs to know what only a running job can: how long the partitions are, or how many.
 * So that nothing runs in the call, the question is a part of the dataset:
 *
 *     data ─┬───────────────────────────────────────────────────────────╥─ [record, number]
 *           ├─ lengths ══► one partition ─ [starts] ─╥─ [index, starts] ─╜ zip
 *           └─ indexes ──────────────────────────────╜ cross
 *
 * `indexes` has the index of each partition and reads nothing. What the lengths were is kept as the
 * output of an exchange, so the next action does not count again.
 */
import { RecordError } from "../../core/errors.ts";
import type { UserFunction } from "../../core/plan/plan.ts";
import { callable } from "../arguments.ts";
import { CallSite } from "../call_site.ts";
import { Dataset } from "../dataset.ts";

export function zip(left: Dataset, right: Dataset): Dataset {
  const site = new CallSite("zip");
  const headed = left.narrow(site, { kind: "mapPartitions", fn: headedByIndex });
  return Dataset.zip(site, [headed, right], pairsInStep);
}

/** The index of the partition, for messages, and then its records. */
function* headedByIndex(records: Iterable<unknown>, partition: number): Generator<unknown> {
  yield partition;
  yield* records;
}

/** Pairs of what stands at the same position; refuses sides that differ in length. */
function* pairsInStep(
  lefts: Iterator<unknown>,
  rights: Iterator<unknown>,
): Generator<[unknown, unknown]> {
  const partition = lefts.next().value;
  for (let count = 0;; count++) {
    const left = lefts.next();
    const right = rights.next();
    if (left.done !== true && right.done !== true) {
      yield [left.value, right.value];
      continue;
    }
    if (left.done === true && right.done === true) return;
    const leftCount = count + recordsFrom(left, lefts);
    const rightCount = count + recordsFrom(right, rights);
    throw new RecordError(
      "UnequalPartitions",
      `Cannot zip partition ${partition}: ` +
        `it has ${leftCount} records on the left and ${rightCount} on the right`,
      "Zip what was made of one dataset by map(), or number both with zipWithIndex() and join them",
    );
  }
}

/** How many records there are from that step of the iteration on. */
function recordsFrom(step: IteratorResult<unknown>, rest: Iterator<unknown>): number {
  let count = 0;
  for (let at = step; at.done !== true; at = rest.next()) count++;
  return count;
}

export function zipPartitions(
  sides: readonly [Dataset, ...Dataset[]],
  fn: UserFunction,
): Dataset {
  const site = new CallSite("zipPartitions");
  return Dataset.zip(site, sides, callable(fn, "zipPartitions"));
}

export function cartesian(left: Dataset, right: Dataset): Dataset {
  return left.cross(new CallSite("cartesian"), right);
}

export function zipWithIndex(data: Dataset): Dataset {
  const site = new CallSite("zipWithIndex");
  const lengths = data.narrow(site, {
    kind: "mapPartitions",
    fn: (records) => {
      let length = 0;
      for (const _ of records) length++;
      return [length];
    },
  });
  return numbered(data, gathered(lengths, site), site, function* (records, [index, lengths]) {
    let number = 0;
    for (let before = 0; before < index; before++) number += lengths[before];
    for (const record of records) yield [record, number++];
  });
}

export function zipWithUniqueId(data: Dataset): Dataset {
  const site = new CallSite("zipWithUniqueId");
  const all = gathered(indexes(data, site), site);
  return numbered(data, all, site, function* (records, [index, { length: partitions }]) {
    let number = index;
    for (const record of records) {
      yield [record, number];
      number += partitions;
    }
  });
}

/** What `number(records, [partition, gathered])` makes of each partition. */
function numbered(data: Dataset, all: Dataset, site: CallSite, number: UserFunction): Dataset {
  const told = indexes(data, site).cross(site, all);
  return Dataset.zip(
    site,
    [data, told],
    (records: Iterable<unknown>, told: Iterator<unknown>) => number(records, told.next().value),
  );
}

/** The index of each partition, in the partition. */
function indexes(data: Dataset, site: CallSite): Dataset {
  return data.narrow(site, { kind: "mapPartitions", fn: (_, partition) => [partition] });
}

/** All records, which are few, as one array in one partition; in the order of the partitions. */
function gathered(data: Dataset, site: CallSite): Dataset {
  return data.exchange(site, { kind: "rebalance", partitions: 1 })
    .narrow(site, { kind: "mapPartitions", fn: (records) => [[...records]] });
}
