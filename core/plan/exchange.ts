/**
 * The edge between two pipelines: what is promised about the records that come out of it.
 *
 *     map task                                  reduce task
 *     records ─► key bytes ─► partition ─► block ══► block ─► merge ─► records
 *
 * An exchange is data, so two of them can be compared: "is this already partitioned that way?" is
 * `samePartitioner`, not a guess. What comes out is a function of what went in alone; the order is
 * fixed, so a retry under other memory pressure gives the same sequence.
 */
import type { Node, PlanId } from "./plan.ts";

/**
 * Which partition a key belongs to.
 *
 * - `hash`: by the high bits of the hash of its canonical bytes (core/key.ts).
 * - `range`: by where it lies among bounds that the map side finds in its own output; the
 *   partitions are then ordered like the keys, from the least (or, descending, from the greatest).
 *   In a plan it names the exchange whose bounds they are.
 * - `custom`: `fn(key)`, an integer, taken modulo `partitions` as PySpark does.
 */
export type Partitioner<F, N> =
  | Readonly<{ kind: "hash"; partitions: N }>
  | Readonly<{ kind: "range"; partitions: N; ascending: boolean; exchange?: PlanId }>
  | Readonly<{ kind: "custom"; partitions: N; fn: F }>;

/**
 * An exchange over functions `F` and partition counts `N`.
 *
 * | kind         | in      | out                  | order inside a partition                       |
 * | ------------ | ------- | -------------------- | ---------------------------------------------- |
 * | `rebalance`  | any     | the same, dealt out  | map partition, position                         |
 * | `partition`  | [K, V]  | the same             | map partition, position                         |
 * | `combine`    | [K, V]  | [K, C], a key once   | hash, key bytes                                 |
 * | `group`      | [K, V]  | [K, Values<V>]       | hash, key bytes; values: map partition, position |
 * | `sort`       | [K, V]  | the same             | key, then map partition, position               |
 *
 * `combine`: C is `create(v)` for a key's first value, `mergeValue(c, v)` for the next ones on the
 * map side, `mergeCombiners(a, b)` where two partial results meet. With `mapSide: false` values
 * travel as they are and are combined where they arrive.
 */
export type Exchange<F, N = number> =
  | Readonly<{ kind: "rebalance"; partitions: N }>
  | Readonly<{ kind: "partition"; partitioner: Partitioner<F, N> }>
  | Readonly<
    {
      kind: "combine";
      partitioner: Partitioner<F, N>;
      create: F;
      mergeValue: F;
      mergeCombiners: F;
      mapSide: boolean;
    }
  >
  | Readonly<{ kind: "group"; partitioner: Partitioner<F, N> }>
  | Readonly<{ kind: "sort"; partitioner: Partitioner<F, N>; ascending: boolean }>;

/** How many partitions come out of an exchange. */
export function partitionsOf<F, N>(exchange: Exchange<F, N>): N {
  return exchange.kind === "rebalance" ? exchange.partitions : exchange.partitioner.partitions;
}

/**
 * Whether two partitioners put every key into the same partition. Only what is certain counts: two
 * custom functions are the same if they are the same object, and two range partitioners only if they
 * are of one exchange, because each exchange finds its bounds in its own data.
 */
export function samePartitioner<F, N>(a: Partitioner<F, N>, b: Partitioner<F, N>): boolean {
  if (a.partitions !== b.partitions) return false;
  switch (a.kind) {
    case "hash":
      return b.kind === "hash";
    case "range":
      return b.kind === "range" && a.exchange !== undefined && a.exchange === b.exchange;
    case "custom":
      return b.kind === "custom" && a.fn === b.fn;
  }
}

/**
 * By what the records of a dataset are surely partitioned already: the partitioner of the exchange
 * that they come from, if every operation since has left the keys where they were. Whether a union
 * has, only its plan tells.
 */
export function partitionerOf<F, S, N>(node: Node<F, S, N>): Partitioner<F, N> | undefined {
  for (let at = node;;) {
    switch (at.kind) {
      case "exchange":
        return at.exchange.kind === "rebalance" ? undefined : at.exchange.partitioner;
      case "narrow":
        if (at.op.kind !== "filter" && at.op.keepsKeys !== true) return undefined;
        at = at.from;
        break;
      case "union":
        // Where the partitions of the sides stand one after the other, an index has moved.
        if (at.aligned !== true) return undefined;
        at = at.from[0]!;
        break;
      case "source":
        return at.partitioner;
      case "zip":
      case "cross":
      case "coalesce":
        return undefined;
    }
  }
}
