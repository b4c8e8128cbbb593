/**
 * Barrier stages: all tasks of such a stage run at the same time, so that they can wait for one
 * another. That holds only where every task of the stage has one partition of the barrier, and every
 * partition of the barrier one task:
 *
 *     barrier ─ map ─ zip with another             as it should be
 *     barrier ─╥─ union, coalesce, cartesian       the barrier's partitions are some of the stage's,
 *                                                  or several are one: refused
 *     take, first, lookup …                        some of the tasks only: refused
 *
 * What lies before the barrier, or behind an exchange, is free.
 */
import { PlanError } from "../errors.ts";
import { inputsOf, type PartitionId, type Plan, type PlanId } from "./plan.ts";
import { inputsFirst } from "./walk.ts";

/**
 * The datasets with a barrier between them and the beginning of their stage. `counts`: how many
 * partitions each has. Throws a PlanError (InvalidArgument) for one that cannot be computed so.
 */
export function behindBarriers(
  plan: Plan,
  counts: ReadonlyMap<PlanId, number>,
): ReadonlySet<PlanId> {
  const behind = new Set<PlanId>();
  for (const node of inputsFirst(plan)) {
    if (node.kind === "narrow" && node.op.barrier === true) {
      behind.add(node.id);
      continue;
    }
    // An exchange ends the stage, unless nothing moves in it.
    if (node.kind === "exchange" && node.inPlace !== true) continue;
    const sides = inputsOf(node).filter((side) => behind.has(side.id));
    if (sides.length === 0) continue;
    refuseShape(node, sides, counts);
    behind.add(node.id);
  }
  return behind;
}

function refuseShape(
  node: Plan,
  sides: readonly Plan[],
  counts: ReadonlyMap<PlanId, number>,
): void {
  const count = counts.get(node.id)!;
  const different = sides.find((side) => counts.get(side.id) !== count);
  if (different !== undefined || node.kind === "cross") {
    const from = counts.get((different ?? node).id);
    throw new PlanError(
      "InvalidArgument",
      `Cannot compute ${node.label} in a barrier stage: its ${count} partitions are not the ` +
        `${from} of ${(different ?? sides[0]!).label} one by one`,
      "Put an exchange between them, such as repartition(), or do it before barrier()",
    );
  }
  if (sides.length > 1) {
    throw new PlanError(
      "InvalidArgument",
      `Cannot compute ${node.label} in a barrier stage: it depends on several barriers, ` +
        sides.map((side) => side.label).join(" and "),
      "Put an exchange behind all of them but one, such as repartition()",
    );
  }
}

/** Throws a PlanError (InvalidArgument) unless all partitions of a barrier stage are `wanted`. */
export function refusePart(name: string, wanted: readonly PartitionId[], count: number): void {
  if (wanted.length === count) return;
  throw new PlanError(
    "InvalidArgument",
    `Cannot run ${name} on ${wanted.length} of the ${count} partitions of a barrier stage: ` +
      "its tasks run together or not at all",
    "Compute all of it and take what you need on the driver, as in (await rdd.collect())[0]",
  );
}
