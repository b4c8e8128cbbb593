/**
 * Whose turn it is to start a task, where several jobs want to: Spark's two ways.
 *
 *     FIFO   jobs in the order in which they came; the first gets all that it can use
 *     FAIR   the pool that runs the fewest tasks for its weight; inside of it jobs as above
 *
 * Pure, as all of the scheduler is. A turn is one task: after each it is looked at again who runs how
 * much. Of pools that run alike it is the one whose last turn is longest ago, so that slots which
 * become free one by one are shared too (in Spark the name decides, and one pool may get them all).
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
}>;

/** Deals out turns. */
export class Pools {
  readonly #sharing: Sharing;
  /** The number of the last turn of each pool that claims something. */
  #lastTurns: ReadonlyMap<string, number> = new Map();
  #turns = 0;

  constructor(sharing: Sharing) {
    this.#sharing = sharing;
  }

  /**
   * Whose turn it is, again and again, for as long as one wants to. `claims` are in the order in which
   * their jobs came; `running` tells how many tasks of a pool hold a slot at this moment. Whoever is
   * given a turn starts a task or wants to no more; where neither can be, the walk has to end there,
   * and the turn does not count.
   */
  *turns<C extends Claim>(
    claims: readonly C[],
    running: (pool: string) => number,
  ): Generator<C> {
    const sharing = this.#sharing;
    switch (sharing.mode) {
      case "FIFO":
        for (const claim of claims) {
          while (claim.wants()) yield claim;
        }
        return;
      case "FAIR": {
        const lastTurns = new Map(
          claims.map(({ pool }) => [pool, this.#lastTurns.get(pool) ?? 0]),
        );
        this.#lastTurns = lastTurns;
        const loadOf = (pool: string) => running(pool) / (sharing.weights.get(pool) ?? 1);
        for (;;) {
          const next = fairest(claims, loadOf, lastTurns);
          if (next === undefined) return;
          yield next;
          lastTurns.set(next.pool, ++this.#turns);
        }
      }
    }
  }
}

/** The first that wants to, of the pool with the least load; of pools alike, see above. */
function fairest<C extends Claim>(
  claims: readonly C[],
  loadOf: (pool: string) => number,
  lastTurns: ReadonlyMap<string, number>,
): C | undefined {
  const seen = new Set<string>();
  let best: C | undefined;
  let [leastLoad, longestAgo] = [Infinity, Infinity];
  for (const claim of claims) {
    if (seen.has(claim.pool) || !claim.wants()) continue;
    seen.add(claim.pool);
    const [load, lastTurn] = [loadOf(claim.pool), lastTurns.get(claim.pool)!];
    if (load > leastLoad || load === leastLoad && lastTurn >= longestAgo) continue;
    best = claim;
    [leastLoad, longestAgo] = [load, lastTurn];
  }
  return best;
}
