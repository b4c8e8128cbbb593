/**
 * Whose turn it is to start a task, where several jobs want to: Spark's two ways.
 *
 *     FIFO   jobs in the order in which they came; the first gets all that it can use
 *     FAIR   the pool that runs the fewest tasks for its weight; inside of it jobs as above
 *
 * Pure, as all of the scheduler is. A turn is one task: after each it is looked at again who runs how
 * much, so that slots which become free one by one are shared as well as many at once.
 */

/** How jobs share the executors. */
export type Sharing =
  | Readonly<{ mode: "FIFO" }>
  /** `weights`: of pools, above 0; a pool that is not named has 1. */
  | Readonly<{ mode: "FAIR"; weights: ReadonlyMap<string, number> }>;

export const FIRST_COME: Sharing = { mode: "FIFO" };

/** Somebody who wants to start tasks. */
export type Claim = Readonly<{
  pool: string;
  /** Whether it has a task that it could start now. */
  wants(): boolean;
  /** How many tasks it runs now. */
  running(): number;
}>;

/**
 * Whose turn it is, again and again, for as long as one wants to. `claims` are in the order in which
 * their jobs came. Whoever is given a turn starts a task or wants to no more, or the walk has to end.
 */
export function* turns<C extends Claim>(claims: readonly C[], sharing: Sharing): Generator<C> {
  switch (sharing.mode) {
    case "FIFO":
      for (const claim of claims) {
        while (claim.wants()) yield claim;
      }
      return;
    case "FAIR":
      for (;;) {
        const next = fairest(claims, sharing.weights);
        if (next === undefined) return;
        yield next;
      }
  }
}

/** The first that wants to, of the pool with the least load; of pools alike, of the first in order. */
function fairest<C extends Claim>(
  claims: readonly C[],
  weights: ReadonlyMap<string, number>,
): C | undefined {
  const pools = new Map<string, { running: number; first: C | undefined }>();
  for (const claim of claims) {
    let pool = pools.get(claim.pool);
    if (pool === undefined) pools.set(claim.pool, pool = { running: 0, first: undefined });
    pool.running += claim.running();
    if (pool.first === undefined && claim.wants()) pool.first = claim;
  }
  let best: C | undefined;
  let least = Infinity;
  for (const [name, { running, first }] of pools) {
    const load = running / (weights.get(name) ?? 1);
    if (first === undefined || load >= least) continue;
    best = first;
    least = load;
  }
  return best;
}
