/**
 * Operators over several datasets of pairs: all of them are one group exchange.
 *
 *     left    [k, v] ─ tag ─► [k, [0, v]] ┐ union     group
 *     right   [k, w] ─ tag ─► [k, [1, w]] ┴═══════► [k, Values] ─ parted by side ─► what is wanted
 *
 * Each side of a key is `Values` again, a view of a range of bytes: however many values a key has,
 * they are read one after the other and as often as they are needed.
 */
import { pairOf } from "../../core/pair.ts";
import type { UserFunction } from "../../core/plan/plan.ts";
import type { SidedValues } from "../../shuffle/side_values.ts";
import type { Values } from "../../shuffle/values.ts";
import { CallSite } from "../call_site.ts";
import { Dataset } from "../dataset.ts";
import { type PairOptions, partitionerOf, withKey } from "./keyed.ts";

/** So many values are a batch, which a task may hold; more are read again for each partner. */
const HELD_VALUES_MAX = 1024;

/** What a side without values stands for in an outer join. */
const MISSING: readonly unknown[] = [undefined];

type Sides = readonly [left: Values<unknown>, right: Values<unknown>];

export function cogroup(
  operator: "cogroup" | "groupWith",
  datasets: readonly Dataset[],
  options: PairOptions,
): Dataset {
  const site = new CallSite(operator);
  const count = datasets.length;
  return grouped(site, datasets, options).narrow(site, {
    kind: "map",
    fn: ([key, values]: [unknown, SidedValues]) => [key, values.sides(count)],
    keepsKeys: true,
  });
}

export function join(left: Dataset, right: Dataset, options: PairOptions): Dataset {
  return joined(new CallSite("join"), left, right, options, (sides) => sides);
}

export function leftOuterJoin(left: Dataset, right: Dataset, options: PairOptions): Dataset {
  const site = new CallSite("leftOuterJoin");
  return joined(site, left, right, options, ([some, other]) => [some, orMissing(other)]);
}

export function rightOuterJoin(left: Dataset, right: Dataset, options: PairOptions): Dataset {
  const site = new CallSite("rightOuterJoin");
  return joined(site, left, right, options, ([some, other]) => [orMissing(some), other]);
}

export function fullOuterJoin(left: Dataset, right: Dataset, options: PairOptions): Dataset {
  const site = new CallSite("fullOuterJoin");
  return joined(site, left, right, options, (sides) => sides.map(orMissing));
}

export function subtractByKey(left: Dataset, right: Dataset, options: PairOptions): Dataset {
  const site = new CallSite("subtractByKey");
  const keysAlone = right.narrow(site, { kind: "map", fn: (pair) => [pairOf(pair)[0], null] });
  return grouped(site, [left, keysAlone], options).narrow(site, {
    kind: "flatMap",
    fn: ([key, values]: [unknown, SidedValues]) => {
      const [kept, removed] = values.sides(2) as unknown as Sides;
      return removed.length === 0 ? withKey(key, kept) : [];
    },
    keepsKeys: true,
  });
}

/** Each value of the one side with each of the other, after `partners` has had its say. */
function joined(
  site: CallSite,
  left: Dataset,
  right: Dataset,
  options: PairOptions,
  partners: UserFunction,
): Dataset {
  return grouped(site, [left, right], options).narrow(site, {
    kind: "flatMap",
    fn: ([key, values]: [unknown, SidedValues]) => {
      const [some, others] = partners(values.sides(2));
      return crossed(key, some, others);
    },
    keepsKeys: true,
  });
}

/** All pairs with one key together, their values tagged with the index of their dataset. */
function grouped(site: CallSite, datasets: readonly Dataset[], options: PairOptions): Dataset {
  const partitioner = partitionerOf(site.operator, options);
  const tagged = datasets.map((data, side) =>
    data.narrow(site, {
      kind: "map",
      fn: (record) => {
        const pair = pairOf(record);
        return [pair[0], [side, pair[1]]];
      },
      keepsKeys: true,
    })
  );
  return Dataset.union(site.operator, tagged).exchange(site, { kind: "group", partitioner });
}

function orMissing(side: Values<unknown>): Iterable<unknown> {
  return side.length === 0 ? MISSING : side;
}

function* crossed(
  key: unknown,
  some: Iterable<unknown>,
  others: Values<unknown> | readonly unknown[],
): Generator<[unknown, [unknown, unknown]]> {
  if (others.length === 0) return;
  const again = others.length <= HELD_VALUES_MAX ? [...others] : others;
  for (const value of some) {
    for (const other of again) yield [key, [value, other]];
  }
}
